// What happens to access: that somebody was given some. Nobody hears it live, as it names everybody who was given it at once.
import Type from 'typebox'
import { defineEvent } from '../../../core/events.ts'

const Ids = Type.Array(Type.String({ examples: ['cmi8z2n4w0q5t1v7x3y9b6d2'] }))

export const contentGiven = defineEvent({
  name: 'content.given',
  aggregate: 'content',
  summary: 'A document, a file or a folder was shared with people and teams: with these.',
  schema: Type.Object({
    kind: Type.String({ examples: ['document'] }),
    userIds: Ids,
    teamIds: Ids,
  }),
})
