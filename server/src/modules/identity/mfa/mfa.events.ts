// What happens to second factors.
import Type from 'typebox'
import { defineEvent, type Fact, nothingMore } from '../../../core/events.ts'

const aggregate = 'user'
const schema = Type.Object({})
const live = { users: ({ aggregateId }: Fact) => [aggregateId], inPerson: true } as const

export const mfaEvents = [
  defineEvent({
    name: 'mfa.enabled',
    aggregate,
    summary: 'A person added a second factor.',
    schema,
    live,
    follows: { 'mfa.enroll': nothingMore },
  }),
  defineEvent({
    name: 'mfa.disabled',
    aggregate,
    summary: 'Second factors of a person were removed, by them or by the back office.',
    schema,
    live,
    follows: { 'mfa.remove': nothingMore, 'mfa.reset': nothingMore },
  }),
  defineEvent({
    name: 'mfa.recovery_code_used',
    aggregate,
    summary: 'A person signed in, or proved themselves, by a recovery code.',
    schema,
    live,
    follows: { 'mfa.recovery_code': nothingMore },
  }),
]
