// What happens to sessions, other than that they are used.
import Type from 'typebox'
import { byPerson, defineEvent, type Fact, nothingMore } from '../../../core/events.ts'

const Owner = Type.Object({ userId: Type.String({ description: 'Whose it was.' }) })
const live = { users: ({ payload }: Fact<{ userId: string }>) => [payload.userId], inPerson: true } as const

export const sessionEvents = [
  defineEvent({
    name: 'sessions.ended',
    aggregate: 'session',
    summary: 'A person ended one of their sessions.',
    schema: Owner,
    live,
    follows: { 'sessions.end': byPerson },
  }),
  defineEvent({
    name: 'sessions.replayed',
    aggregate: 'session',
    summary: 'A session ended because a used refresh token was presented again: somebody may have stolen it.',
    schema: Owner,
    live,
    follows: { 'sessions.replay': ({ changes }) => ({ userId: String(changes?.ownerId) }) },
  }),
  defineEvent({
    name: 'sessions.new_device',
    aggregate: 'session',
    summary: 'A person signed in on a device that was not used before.',
    schema: Owner,
    live,
    follows: { 'auth.login': (deed, doer) => (deed.changes?.newDevice === true ? byPerson(deed, doer) : undefined) },
  }),
  defineEvent({
    name: 'sessions.all_ended',
    aggregate: 'user',
    summary: 'Every session of a person was ended at once, by them or by the back office.',
    schema: Type.Object({}),
    live: { users: ({ aggregateId }) => [aggregateId], inPerson: true },
    follows: { 'sessions.end_all': nothingMore },
  }),
]
