// What happens to personal access tokens.
import Type from 'typebox'
import { byPerson, defineEvent, type Fact } from '../../../core/events.ts'

const aggregate = 'token'
const schema = Type.Object({ userId: Type.String({ description: 'Whose it is.' }) })
const live = { users: ({ payload }: Fact<{ userId: string }>) => [payload.userId], inPerson: true } as const

export const tokenEvents = [
  defineEvent({
    name: 'tokens.created',
    aggregate,
    summary: 'A person made a personal access token.',
    schema,
    live,
    follows: { 'tokens.create': byPerson },
  }),
  defineEvent({
    name: 'tokens.revoked',
    aggregate,
    summary: 'A person revoked a personal access token.',
    schema,
    live,
    follows: { 'tokens.revoke': byPerson },
  }),
]
