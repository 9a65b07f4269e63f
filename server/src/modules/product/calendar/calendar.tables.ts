// Calendar events, who attends them, and when to remind of them.
import { boolean, index, pgEnum, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { cascade, idOf, tenantId, utc, utcNow } from '../../../drivers/database/columns.ts'

export const attendeeStatus = pgEnum('AttendeeStatus', ['PENDING', 'ACCEPTED', 'DECLINED'])

export const calendarEvents = pgTable(
  'calendar_events',
  {
    id: text().primaryKey(),
    title: text().notNull(),
    description: text(),
    startAt: utc().notNull(),
    endAt: utc().notNull(),
    type: text().notNull(),
    color: text(),
    allDay: boolean().notNull().default(false),
    location: text(),
    ownerId: text().notNull().references(idOf('users'), cascade),
    createdAt: utcNow(),
    updatedAt: utcNow(),
    tenantId: tenantId(),
  },
  (table) => [
    index('calendar_events_ownerId_idx').on(table.ownerId),
    index('calendar_events_startAt_endAt_idx').on(table.startAt, table.endAt),
    index('calendar_events_tenantId_startAt_endAt_idx').on(table.tenantId, table.startAt, table.endAt),
  ],
)

export const eventAttendees = pgTable(
  'event_attendees',
  {
    eventId: text()
      .notNull()
      .references(() => calendarEvents.id, cascade),
    userId: text().notNull().references(idOf('users'), cascade),
    status: attendeeStatus().notNull().default('PENDING'),
    createdAt: utcNow(),
    tenantId: tenantId(),
  },
  (table) => [
    primaryKey({ columns: [table.eventId, table.userId] }),
    index('event_attendees_tenantId_userId_idx').on(table.tenantId, table.userId),
    index('event_attendees_userId_idx').on(table.userId),
  ],
)

export const eventReminders = pgTable(
  'event_reminders',
  {
    id: text().primaryKey(),
    eventId: text()
      .notNull()
      .references(() => calendarEvents.id, cascade),
    remindAt: utc().notNull(),
    createdAt: utcNow(),
    tenantId: tenantId(),
  },
  (table) => [
    index('event_reminders_tenantId_remindAt_idx').on(table.tenantId, table.remindAt),
    index('event_reminders_eventId_idx').on(table.eventId),
  ],
)

export type CalendarEventRow = typeof calendarEvents.$inferSelect
export type EventAttendeeRow = typeof eventAttendees.$inferSelect
export type EventReminderRow = typeof eventReminders.$inferSelect
