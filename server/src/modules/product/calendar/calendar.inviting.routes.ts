// The calendar over HTTP: who is invited, what they answer, and feeds.
import Type from 'typebox'
import { IdParams, Message, type Route, route } from '../../../drivers/http/index.ts'
import { Answer, AttendeeParams, CalendarEvent, Feed, FeedQuery, Invitees, NewFeed } from './calendar.schema.ts'
import type { Calendar } from './calendar.service.ts'

const ERRORS = ['calendar.not_found', 'calendar.not_organizer'] as const
const PARAMS = IdParams('calendar event')

export function invitingRoutes(calendar: Calendar): Route[] {
  return [
    route({
      method: 'POST',
      path: '/calendar/events/:id/attendees',
      operation: 'calendar.addAttendees',
      access: 'calendar:edit',
      summary: 'Invite people to an event',
      description: 'Members of the tenant, and guests by their addresses. Each gets a mail with a calendar part.',
      params: PARAMS,
      body: Invitees,
      answer: CalendarEvent,
      errors: [...ERRORS, 'calendar.too_many'],
      handle: ({ actor, params, body, facts }) => calendar.add(actor, params.id, body, facts),
    }),
    route({
      method: 'DELETE',
      path: '/calendar/events/:id/attendees/:attendeeId',
      operation: 'calendar.removeAttendee',
      access: 'calendar:view',
      summary: 'Take somebody off the list of an event',
      description: 'For its organizer; anybody takes themselves off.',
      params: AttendeeParams,
      answer: Message,
      errors: [...ERRORS, 'calendar.attendee_not_found'],
      handle: async ({ actor, params, facts }) => {
        await calendar.drop(actor, params, facts)
        return { message: 'The invitation was taken back.' }
      },
    }),
    route({
      method: 'POST',
      path: '/calendar/events/:id/answer',
      operation: 'calendar.answer',
      access: 'calendar:view',
      summary: 'Say whether one comes',
      description: 'For oneself, and for the whole series.',
      params: PARAMS,
      body: Answer,
      answer: CalendarEvent,
      errors: ['calendar.not_found', 'calendar.attendee_not_found'],
      handle: ({ actor, params, body, facts }) => calendar.answer(actor, params.id, body.status, facts),
    }),
    ...feedRoutes(calendar),
  ]
}

function feedRoutes(calendar: Calendar): Route[] {
  return [
    route({
      method: 'GET',
      path: '/calendar/feed',
      operation: 'calendar.getFeed',
      access: 'session',
      summary: 'Whether one’s calendar has an address for other programs',
      answer: Feed,
      handle: ({ actor }) => calendar.feedOf(actor),
    }),
    route({
      method: 'POST',
      path: '/calendar/feed',
      operation: 'calendar.makeFeed',
      access: 'session',
      summary: 'Make an address of one’s calendar for other programs',
      description: 'Secret, shown this once, and in the place of the one before. Whoever has it reads the calendar.',
      status: 201,
      answer: NewFeed,
      handle: ({ actor, facts }) => calendar.makeFeed(actor, facts),
    }),
    route({
      method: 'DELETE',
      path: '/calendar/feed',
      operation: 'calendar.revokeFeed',
      access: 'session',
      summary: 'End the address of one’s calendar',
      answer: Message,
      errors: ['calendar.feed_not_found'],
      handle: async ({ actor, facts }) => {
        await calendar.revokeFeed(actor, facts)
        return { message: 'The address of the calendar was ended.' }
      },
    }),
    route({
      method: 'GET',
      path: '/calendar/feed.ics',
      operation: 'calendar.feed',
      access: { public: 'calendar programs send no token; the address holds a secret of 256 bits' },
      summary: 'A calendar as iCalendar (RFC 5545), by its secret address',
      query: FeedQuery,
      headers: { 'if-none-match': 'The entity tag that the caller has.' },
      answer: Type.String(),
      binary: ['text/calendar'],
      errors: ['calendar.feed_not_found'],
      handle: ({ query, headers }) => calendar.readFeed(query.token, headers['if-none-match']),
    }),
  ]
}
