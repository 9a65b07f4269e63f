// What comes in and what goes out of the calendar.
import Type, { type Static } from 'typebox'
import {
  Body,
  Email,
  IdOf,
  Nullable,
  OneOf,
  PageQuery,
  pageAnswer,
  Text,
  Timestamp,
} from '../../../drivers/http/index.ts'
import { batchResult } from '../access/index.ts'
import { ACCESS } from './calendar.policy.ts'

export const TYPES = ['meeting', 'task', 'reminder', 'holiday', 'event'] as const
export const CHANNELS = ['notification', 'mail', 'both'] as const
export const ANSWERS = ['ACCEPTED', 'DECLINED', 'TENTATIVE'] as const
export const STATUSES = ['PENDING', ...ANSWERS] as const
export type Status = (typeof STATUSES)[number]
export const SCOPES = ['this', 'following', 'all'] as const
export type Scope = (typeof SCOPES)[number]

const When = (description: string, example: string) =>
  Type.String({ minLength: 10, maxLength: 40, description, examples: [example] })
const Start = When(
  'A point in time with its offset; or a time on the clock of `timeZone`, without one; or, for whole days, a date.',
  '2030-05-06T09:00:00',
)
const End = When(
  'The same. Of whole days it is the day after the last; the day of the start means one day.',
  '2030-05-06T10:00:00',
)
const Moment = Type.String({ minLength: 10, maxLength: 40 })

const Recurrence = Type.Object(
  {
    rule: Type.String({
      minLength: 6,
      maxLength: 500,
      description:
        'RRULE of RFC 5545: FREQ from YEARLY to HOURLY, INTERVAL, COUNT or UNTIL, BY…, WKST. The start must be its first instance.',
      examples: ['FREQ=WEEKLY;BYDAY=MO'],
    }),
    exdates: Type.Optional(
      Type.Array(Moment, { maxItems: 1_000, description: 'When it does not take place although the rule says so.' }),
    ),
    rdates: Type.Optional(
      Type.Array(Moment, { maxItems: 366, description: 'When it takes place although the rule does not say so.' }),
    ),
  },
  { additionalProperties: false },
)
export type Recurrence = Static<typeof Recurrence>

const Reminder = Type.Object(
  {
    minutesBefore: Type.Integer({ minimum: 0, maximum: 40_320, examples: [10] }),
    channel: Type.Optional(OneOf(CHANNELS, { default: 'notification' })),
  },
  { additionalProperties: false },
)
export type ReminderInput = Static<typeof Reminder>

const AttendeeIds = Type.Array(IdOf('user'), {
  maxItems: 100,
  uniqueItems: true,
  description: 'Members of the tenant.',
})
const GuestList = Type.Array(Email, { maxItems: 50, uniqueItems: true, description: 'People without an account.' })
const Reminders = Type.Array(Reminder, { maxItems: 5, uniqueItems: true })

const Zone = Type.String({ minLength: 1, maxLength: 64, description: 'An IANA name.', examples: ['Europe/Paris'] })
const OptionalText = (max: number) => Type.Optional(Nullable(Type.String({ maxLength: max })))

const What = {
  description: OptionalText(10_000),
  location: OptionalText(500),
  type: Type.Optional(OneOf(TYPES)),
  color: Type.Optional(Nullable(Type.String({ maxLength: 32, pattern: '^[#A-Za-z0-9(),.% -]*$' }))),
  allDay: Type.Optional(Type.Boolean()),
  timeZone: Type.Optional(Zone),
  recurrence: Type.Optional(Type.Unsafe<Recurrence | null>({ ...Recurrence, type: ['object', 'null'] })),
  attendeeIds: Type.Optional(AttendeeIds),
  guests: Type.Optional(GuestList),
  reminders: Type.Optional(Reminders),
}

const EXAMPLE = {
  title: 'Weekly of the masons',
  start: '2030-05-06T09:00:00',
  end: '2030-05-06T10:00:00',
  timeZone: 'Europe/Paris',
}

export const NewEvent = Body(
  { title: Text(200), start: Start, end: End, ...What },
  {
    examples: [
      { ...EXAMPLE, recurrence: { rule: 'FREQ=WEEKLY;BYDAY=MO' }, reminders: [{ minutesBefore: 10 }] },
      EXAMPLE,
    ],
  },
)
export type NewEvent = Static<typeof NewEvent>

const ScopeField = Type.Optional(
  OneOf(SCOPES, {
    description:
      'Of a series: `this` instance, it and the `following`, or `all`. An instance by itself means `this`, a series `all`.',
  }),
)

export const EventChanges = Body(
  { title: Type.Optional(Text(200)), start: Type.Optional(Start), end: Type.Optional(End), ...What, scope: ScopeField },
  { examples: [{ title: 'Weekly of the masons and carpenters' }] },
)
export type EventChanges = Static<typeof EventChanges>

export const Rescheduling = Body(
  { start: Start, end: End, timeZone: Type.Optional(Zone), scope: ScopeField },
  { examples: [{ start: '2030-05-06T11:00:00', end: '2030-05-06T12:00:00', timeZone: 'Europe/Paris' }] },
)

export const Invitees = Body(
  {
    userId: Type.Optional(IdOf('user')),
    attendeeIds: Type.Optional(AttendeeIds),
    guests: Type.Optional(GuestList),
  },
  { examples: [{ attendeeIds: ['cmi8z2n4w0q5t1v7x3y9b6d2'] }] },
)
export type Invitees = Static<typeof Invitees>

export const Answer = Body({ status: OneOf(ANSWERS) }, { examples: [{ status: 'ACCEPTED' }] })

export const ScopeQuery = Type.Object({ scope: ScopeField })

export const EventQuery = Type.Object({
  start: Type.Optional(
    Type.String({ format: 'date-time', maxLength: 40, description: 'What ends after this. A year ago when left out.' }),
  ),
  end: Type.Optional(
    Type.String({
      format: 'date-time',
      maxLength: 40,
      description: 'What begins before this. A year on when left out.',
    }),
  ),
  type: Type.Optional(OneOf(TYPES)),
  search: Type.Optional(Type.String({ maxLength: 200, description: 'In titles, descriptions and locations.' })),
  userId: Type.Optional(
    IdOf('user', { description: 'Whose calendar: one’s own when left out; another with calendar:manage.' }),
  ),
  declined: Type.Optional(Type.Boolean({ description: 'Also what one is invited to and declined.' })),
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1 })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_000, default: 500 })),
  cursor: PageQuery.cursor,
})
export type EventQuery = Static<typeof EventQuery>

const Person = Type.Object({ id: IdOf('user'), name: Type.String(), avatar: Nullable(Type.String()) })
const Attendee = Type.Object({
  id: IdOf('user'),
  name: Type.String(),
  avatar: Nullable(Type.String()),
  status: OneOf(STATUSES),
})

export const CalendarEvent = Type.Object(
  {
    id: IdOf('calendar event', { description: 'Of the event, or of this instance of it.' }),
    seriesId: Nullable(IdOf('calendar event', { description: 'Of the series; null where it takes place once.' })),
    recurrenceId: Nullable(
      Type.String({ description: 'What the rule says of when this instance begins, on the clock of its zone.' }),
    ),
    title: Type.String(),
    description: Nullable(Type.String()),
    location: Nullable(Type.String()),
    type: Type.String(),
    color: Nullable(Type.String()),
    allDay: Type.Boolean({ description: 'Whole days are the same dates in every zone; they are written in UTC.' }),
    timeZone: Type.String({ examples: ['Europe/Paris'] }),
    start: Timestamp,
    end: Timestamp,
    startLocal: Type.String({ examples: ['2030-05-06T09:00:00'], description: 'On the clock of the zone.' }),
    endLocal: Type.String({ examples: ['2030-05-06T10:00:00'] }),
    recurrence: Type.Unsafe<{ rule: string; exdates: string[]; rdates: string[] } | null>({
      type: ['object', 'null'],
      properties: {
        rule: { type: 'string' },
        exdates: { type: 'array', items: { type: 'string' } },
        rdates: { type: 'array', items: { type: 'string' } },
      },
      required: ['rule', 'exdates', 'rdates'],
    }),
    organizer: Person,
    attendees: Type.Array(Attendee),
    guests: Type.Array(Type.String()),
    reminders: Type.Array(
      Type.Object({
        minutesBefore: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
        channel: OneOf(CHANNELS),
        remindAt: Nullable(Timestamp),
      }),
    ),
    access: OneOf(ACCESS),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { title: 'CalendarEvent' },
)
export type CalendarEvent = Static<typeof CalendarEvent>

export const CalendarEvents = pageAnswer(CalendarEvent)

export const BatchResult = batchResult('calendar event', 'CalendarEventsDeleted')

export const AttendeeParams = Type.Object({
  id: IdOf('calendar event'),
  attendeeId: IdOf('user', { maxLength: 254, description: 'The person’s id, or the address of a guest.' }),
})

export const FeedQuery = Type.Object({ token: Type.String({ minLength: 1, maxLength: 200 }) })
export const Feed = Type.Object(
  {
    exists: Type.Boolean(),
    createdAt: Nullable(Timestamp),
    readAt: Nullable(Timestamp),
  },
  { title: 'CalendarFeed' },
)
export type Feed = Static<typeof Feed>
export const NewFeed = Type.Object(
  { url: Type.String({ description: 'Secret, and shown this once.' }), createdAt: Timestamp },
  { title: 'NewCalendarFeed' },
)
export type NewFeed = Static<typeof NewFeed>
