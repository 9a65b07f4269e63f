// What happens in calendars.
import Type from 'typebox'
import { defineEvent } from '../../../core/events.ts'
import { Nullable } from '../../../drivers/http/index.ts'

const aggregate = 'calendar_event'
const Id = Type.String({ examples: ['cmi8z2n4w0q5t1v7x3y9b6d2'] })
const UserIds = Type.Array(Id, { description: 'Whom it concerns, besides whoever did it.' })
const OwnerId = Type.String({ examples: ['cmi8z2n4w0q5t1v7x3y9b6d2'], description: 'Who organizes the event.' })
const Start = Type.String({ format: 'date-time', description: 'When the event, or the instance, begins.' })
const Recurrence = Nullable(
  Type.String({
    examples: ['2030-05-06T09:00:00'],
    description: 'The instance of a series that it is about; null: all of it.',
  }),
)

/** Those whom it concerns, and whoever organizes the event. */
const live = {
  users: ({ payload }: { payload: unknown }) => {
    const { userIds, ownerId } = payload as { userIds: string[]; ownerId: string }
    return [...userIds, ownerId]
  },
}

const About = { ownerId: OwnerId, userIds: UserIds, start: Start, recurrenceId: Recurrence }

export const CalendarInvited = defineEvent({
  name: 'calendar.invited',
  aggregate,
  summary: 'People are invited to an event.',
  schema: Type.Object(About),
  live,
})

export const CalendarChanged = defineEvent({
  name: 'calendar.changed',
  aggregate,
  summary: 'An event takes place at another time, or is something else than before.',
  schema: Type.Object({
    ...About,
    fields: Type.Array(Type.String({ examples: ['start'] }), { description: 'What was changed.' }),
  }),
  live,
})

export const CalendarCancelled = defineEvent({
  name: 'calendar.cancelled',
  aggregate,
  summary: 'An event, or an instance of it, does not take place, or people are not invited any more.',
  schema: Type.Object(About),
  live,
})

export const CalendarAnswered = defineEvent({
  name: 'calendar.answered',
  aggregate,
  summary: 'Somebody who is invited said whether they come.',
  schema: Type.Object({
    ownerId: OwnerId,
    userIds: Type.Array(Id, { description: 'Who answered.' }),
    status: Type.String({ examples: ['ACCEPTED'] }),
  }),
  live,
})

export const CalendarReminder = defineEvent({
  name: 'calendar.reminder',
  aggregate,
  summary: 'An event is about to begin. Each person is told once of each instance and reminder.',
  schema: Type.Object({
    ...About,
    minutesBefore: Type.Integer(),
    channel: Type.String({ examples: ['notification'], description: 'notification, mail or both; mails are sent.' }),
  }),
  live,
})

export const calendarModuleEvents = [
  CalendarInvited,
  CalendarChanged,
  CalendarCancelled,
  CalendarAnswered,
  CalendarReminder,
]
