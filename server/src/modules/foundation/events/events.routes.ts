// Events over HTTP: one stream of server-sent events.
import { type Route, route } from '../../../drivers/http/index.ts'
import { EventsQuery, EventText } from './events.schema.ts'
import type { Events } from './events.service.ts'

export function eventRoutes(events: Pick<Events, 'open'>): Route[] {
  return [
    route({
      method: 'GET',
      path: '/events',
      operation: 'events.stream',
      access: 'user',
      bases: ['canonical'],
      summary: 'Listen to what happens in the tenant, as it happens',
      description:
        'Server-sent events in the order in which they were committed, each to whoever may know of it by the rights of that moment. With `Last-Event-ID` the stream goes on exactly after that event, on whatever node.',
      query: EventsQuery,
      headers: {
        'last-event-id': {
          description: 'The id of the last event that arrived: the stream goes on after it.',
          idOf: 'event',
        },
      },
      answer: EventText,
      streams: true,
      errors: ['events.unknown_type', 'events.too_many_streams', 'events.busy'],
      handle: ({ actor, query, headers, stream }) => events.open(actor, query, headers['last-event-id'], stream!),
    }),
  ]
}
