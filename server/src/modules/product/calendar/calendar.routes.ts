// The calendar over HTTP: events and instances of them.
import { alias, Deleted, IdList, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import { invitingRoutes } from './calendar.inviting.routes.ts'
import {
  BatchResult,
  CalendarEvent,
  CalendarEvents,
  EventChanges,
  EventQuery,
  NewEvent,
  Rescheduling,
  ScopeQuery,
} from './calendar.schema.ts'
import type { Calendar } from './calendar.service.ts'

const ERRORS = ['calendar.not_found', 'calendar.not_organizer'] as const
const CHANGES = [...ERRORS, 'calendar.changed_meanwhile', 'calendar.too_many'] as const
const PARAMS = IdParams('calendar event')

export function calendarRoutes(calendar: Calendar): Route[] {
  return [...readingRoutes(calendar), ...writingRoutes(calendar), ...invitingRoutes(calendar)]
}

function readingRoutes(calendar: Calendar): Route[] {
  return [
    route({
      method: 'GET',
      path: '/calendar/events',
      operation: 'calendar.list',
      access: 'calendar:view',
      summary: 'List what takes place in a time',
      description:
        'What one organizes, or is invited to and did not decline, each instance of a series by itself, in order. Two years at most; a year back and a year on when nothing is said. `meta.nextCursor` goes on; of more than 2,000 instances `meta.total` is 2,001.',
      query: EventQuery,
      answer: CalendarEvents,
      errors: ['calendar.range_too_full'],
      handle: ({ actor, query }) => calendar.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/calendar/events/:id',
      operation: 'calendar.get',
      access: 'calendar:view',
      summary: 'Read an event, or an instance of one',
      description: 'A series by itself is shown with its first instance.',
      params: PARAMS,
      answer: CalendarEvent,
      errors: ['calendar.not_found'],
      handle: ({ actor, params }) => calendar.get(actor, params.id),
    }),
  ]
}

function writingRoutes(calendar: Calendar): Route[] {
  const update = route({
    method: 'PUT',
    path: '/calendar/events/:id',
    operation: 'calendar.update',
    access: 'calendar:edit',
    summary: 'Change an event, an instance of it, or an instance and what follows',
    description:
      'Fields that are left out stay. Attendees, guests and reminders are those of the whole series, and take the place of those before. Changing what follows makes a series of its own, which is answered.',
    params: PARAMS,
    body: EventChanges,
    answer: CalendarEvent,
    errors: CHANGES,
    handle: ({ actor, params, body, facts, ifMatch }) =>
      calendar.edit(actor, params.id, body, { version: ifMatch, facts }),
  })
  return [
    route({
      method: 'POST',
      path: '/calendar/events',
      operation: 'calendar.create',
      access: 'calendar:edit',
      summary: 'Make an event',
      description: 'Whoever is invited gets a mail with a calendar part.',
      body: NewEvent,
      status: 201,
      answer: CalendarEvent,
      errors: ['calendar.too_many'],
      handle: ({ actor, body, facts }) => calendar.create(actor, body, facts),
    }),
    update,
    alias(update, { method: 'PATCH', operation: 'calendar.edit' }),
    route({
      method: 'PATCH',
      path: '/calendar/events/:id/reschedule',
      operation: 'calendar.reschedule',
      access: 'calendar:edit',
      summary: 'Have an event take place at another time',
      params: PARAMS,
      body: Rescheduling,
      answer: CalendarEvent,
      errors: CHANGES,
      handle: ({ actor, params, body, facts, ifMatch }) =>
        calendar.edit(actor, params.id, body, { version: ifMatch, facts, action: 'calendar.reschedule' }),
    }),
    route({
      method: 'POST',
      path: '/calendar/events/batch-delete',
      operation: 'calendar.batchDelete',
      access: 'calendar:edit',
      summary: 'Cancel many events',
      description: 'Each is authorised by itself; the answer says of each whether it went, and why not.',
      body: IdList('calendar event'),
      answer: BatchResult,
      handle: ({ actor, body, facts }) => calendar.removeMany(actor, body.ids, facts),
    }),
    route({
      method: 'DELETE',
      path: '/calendar/events/:id',
      operation: 'calendar.delete',
      access: 'calendar:edit',
      summary: 'Cancel an event, an instance of it, or an instance and what follows',
      description: 'Whoever is invited is told. For its organizer.',
      params: PARAMS,
      query: ScopeQuery,
      answer: Deleted,
      errors: ERRORS,
      handle: async ({ actor, params, query, facts }) => {
        await calendar.remove(actor, params.id, query.scope, facts)
        return { message: 'The event was deleted.', id: params.id }
      },
    }),
  ]
}
