// What the back office does that the people concerned hear of.
import Type from 'typebox'
import { defineEvent, type Fact, nothingMore } from '../../../core/events.ts'

const aggregate = 'user'
const schema = Type.Object({})
const live = { users: ({ aggregateId }: Fact) => [aggregateId], inPerson: true } as const

export const impersonationEvents = [
  defineEvent({
    name: 'impersonation.begun',
    aggregate,
    summary: 'An administrator of the back office begins to act in the name of a person.',
    schema,
    live,
    follows: { 'impersonation.begin': nothingMore },
  }),
  defineEvent({
    name: 'impersonation.ended',
    aggregate,
    summary: 'An administrator of the back office stopped acting in the name of a person.',
    schema,
    live,
    follows: { 'impersonation.end': nothingMore },
  }),
]
