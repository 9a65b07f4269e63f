// What is asked of the stream of events, and what comes.
import Type, { type Static } from 'typebox'
import { IdOf } from '../../../drivers/http/index.ts'

const ONE_TYPE = '[a-z][a-zA-Z]{0,49}\\.(\\*|[a-z][a-z_]{0,49})'

export const EventsQuery = Type.Object({
  types: Type.Optional(
    Type.String({
      maxLength: 1_000,
      pattern: `^${ONE_TYPE}(,${ONE_TYPE}){0,19}$`,
      description: 'Only these events, between commas: names, or `users.*` for all of a noun.',
      examples: ['users.*,members.added'],
    }),
  ),
  lastEventId: Type.Optional(
    IdOf('event', {
      description: 'Where to go on, for clients that cannot send the header Last-Event-ID; the header wins.',
    }),
  ),
})
export type EventsQuery = Static<typeof EventsQuery>

export const EventText = Type.String({
  description:
    'Blocks of `id`, `event` and `data` lines. `data` is JSON: id, name, occurredAt, aggregate, aggregateId and payload, as the catalogue of events says. Beside events of the product: `ready` first, `reset` when what was missed is not kept any more, `bye` before the server closes.',
  examples: [
    'retry: 2000\nid: cmi8z2n4w0q5t1v7x3y9b6d2\nevent: ready\ndata: {}\n\nid: cmi8z2n5x1r6u2w8y4z0c7e3\nevent: users.created\ndata: {"id":"cmi8z2n5x1r6u2w8y4z0c7e3","name":"users.created","occurredAt":"2026-11-21T09:30:00.000Z","aggregate":"user","aggregateId":"cmi8z2n4w0q5t1v7x3y9b6d2","payload":{"status":"ACTIVE"}}\n\n',
  ],
})
