// Calendar events, what differs in single instances, who attends them, when to remind of them, and the feeds.
import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import {
  cascade,
  idOf,
  keyOf,
  moment,
  momentNow,
  tenantId,
  tenantIdOfKey,
  utc,
  utcNow,
} from '../../../drivers/database/columns.ts'

export const attendeeStatus = pgEnum('AttendeeStatus', ['PENDING', 'ACCEPTED', 'DECLINED'])

/** What a clock on the wall shows. */
const wall = () => timestamp({ precision: 3, mode: 'date' })

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
    timeZone: text().notNull().default('UTC'),
    /** When the first instance begins; a trigger sets it for rows of the other back end. */
    wallStart: wall().notNull(),
    /** FREQ=… of RFC 5545; null: it takes place once. */
    rule: text(),
    /** When the last instance of the rule begins; null: there is no last one, or no rule. */
    lastAt: moment(),
    /** Wall times. */
    exdates: text().array().notNull().default(sql`'{}'`),
    rdates: text().array().notNull().default(sql`'{}'`),
    /** All instances lie in here. */
    spanStart: utc().notNull(),
    spanEnd: utc().notNull(),
    /** Counts the changes of when and where. */
    sequence: integer().notNull().default(0),
    /** Whether the span is wider than 32 days: those are few, and looked for apart. */
    isLong: boolean().notNull().default(false),
  },
  (table) => [
    index('calendar_events_ownerId_idx').on(table.ownerId),
    index('calendar_events_startAt_endAt_idx').on(table.startAt, table.endAt),
    index('calendar_events_tenantId_startAt_endAt_idx').on(table.tenantId, table.startAt, table.endAt),
    uniqueIndex('calendar_events_tenantId_id_key').on(table.tenantId, table.id),
    index('calendar_events_tenantId_ownerId_span_idx').on(
      table.tenantId,
      table.ownerId,
      table.isLong,
      table.spanStart,
      table.spanEnd,
    ),
  ],
)

const ofEvent = (name: string, table: { tenantId: never; eventId: never }) =>
  foreignKey({ name, columns: [table.tenantId, table.eventId], foreignColumns: keyOf('calendar_events') })
    .onDelete('cascade')
    .onUpdate('cascade')

/** Instances that are not what their series says. */
export const calendarOverrides = pgTable(
  'calendar_overrides',
  {
    tenantId: tenantIdOfKey(),
    eventId: text().notNull(),
    /** The wall time that the rule gives. */
    recurrenceId: wall().notNull(),
    startAt: moment().notNull(),
    endAt: moment().notNull(),
    /** Of title, description, location, type and color those that differ. */
    changes: jsonb().notNull(),
    updatedAt: momentNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.eventId, table.recurrenceId] }),
    ofEvent('calendar_overrides_eventId_fkey', table as never),
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
    /** Counts while the status is PENDING. */
    isTentative: boolean().notNull().default(false),
    answeredAt: moment(),
  },
  (table) => [
    primaryKey({ columns: [table.eventId, table.userId] }),
    index('event_attendees_tenantId_userId_idx').on(table.tenantId, table.userId),
    index('event_attendees_userId_idx').on(table.userId),
  ],
)

/** Who is invited by an address alone. */
export const calendarGuests = pgTable(
  'calendar_guests',
  { tenantId: tenantIdOfKey(), eventId: text().notNull(), email: text().notNull(), createdAt: momentNow() },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.eventId, table.email] }),
    ofEvent('calendar_guests_eventId_fkey', table as never),
  ],
)

export const eventReminders = pgTable(
  'event_reminders',
  {
    id: text().primaryKey(),
    eventId: text()
      .notNull()
      .references(() => calendarEvents.id, cascade),
    /** The next time. */
    remindAt: utc().notNull(),
    createdAt: utcNow(),
    tenantId: tenantId(),
    /** Null: the other back end wrote it, and it reminds once. */
    minutesBefore: integer(),
    channel: text({ enum: ['notification', 'mail', 'both'] })
      .notNull()
      .default('notification'),
    /** The job that waits for the next time. */
    jobId: text(),
    /** There is nothing left to remind of. */
    doneAt: moment(),
  },
  (table) => [
    check('event_reminders_channel_check', sql`${table.channel} IN ('notification', 'mail', 'both')`),
    index('event_reminders_tenantId_remindAt_idx').on(table.tenantId, table.remindAt),
    index('event_reminders_eventId_idx').on(table.eventId),
    index('event_reminders_due_idx').on(table.remindAt).where(sql`${table.doneAt} IS NULL AND ${table.jobId} IS NULL`),
  ],
)

/** Who was reminded of what: each person once of each instance. */
export const calendarReminded = pgTable(
  'calendar_reminded',
  {
    tenantId: tenantIdOfKey(),
    eventId: text().notNull(),
    userId: text().notNull().references(idOf('users'), cascade),
    startAt: moment().notNull(),
    remindAt: moment().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.eventId, table.userId, table.startAt, table.remindAt] }),
    ofEvent('calendar_reminded_eventId_fkey', table as never),
    index('calendar_reminded_userId_idx').on(table.userId),
  ],
)

/** One secret address of a person's calendar. */
export const calendarFeeds = pgTable(
  'calendar_feeds',
  {
    tenantId: tenantIdOfKey(),
    userId: text().notNull(),
    /** SHA-256, hexadecimal. */
    tokenHash: text().notNull(),
    createdAt: momentNow(),
    readAt: moment(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.userId] }),
    foreignKey({
      name: 'calendar_feeds_userId_fkey',
      columns: [table.tenantId, table.userId],
      foreignColumns: keyOf('memberships', 'tenantId', 'userId'),
    })
      .onDelete('cascade')
      .onUpdate('cascade'),
    uniqueIndex('calendar_feeds_tenantId_tokenHash_key').on(table.tenantId, table.tokenHash),
  ],
)

export type CalendarEventRow = typeof calendarEvents.$inferSelect
export type EventReminderRow = typeof eventReminders.$inferSelect
