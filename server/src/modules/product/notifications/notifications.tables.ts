// Notifications, each for one person, and what people want to hear of.
import { sql } from 'drizzle-orm'
import {
  boolean,
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
} from 'drizzle-orm/pg-core'
import {
  cascade,
  idOf,
  keyOf,
  moment,
  setNull,
  tenantId,
  tenantIdOfKey,
  utc,
  utcNow,
} from '../../../drivers/database/columns.ts'

export const notifications = pgTable(
  'notifications',
  {
    id: text().primaryKey(),
    userId: text().notNull().references(idOf('users'), cascade),
    type: text().notNull(),
    title: text().notNull(),
    content: text().notNull(),
    link: text(),
    payload: jsonb().$type<unknown>(),
    read: boolean().notNull().default(false),
    readAt: utc(),
    createdAt: utcNow(),
    tenantId: tenantId(),
    /** Null: another back end wrote it, in words of its own. */
    eventName: text(),
    eventId: text(),
    kind: text(),
    subjectType: text(),
    subjectId: text(),
    senderId: text().references(idOf('users'), setNull),
    /** How many things it tells of. */
    times: integer().notNull().default(1),
    /** False: it is there to be sent by mail only. */
    inApp: boolean().notNull().default(true),
    mailedAt: moment(),
  },
  (table) => [
    index('notifications_userId_read_idx').on(table.userId, table.read),
    index('notifications_tenantId_userId_createdAt_id_idx').on(
      table.tenantId,
      table.userId,
      table.createdAt.desc(),
      table.id.desc(),
    ),
    uniqueIndex('notifications_tenantId_userId_eventId_key').on(table.tenantId, table.userId, table.eventId),
    uniqueIndex('notifications_unread_messages_key')
      .on(table.tenantId, table.userId, table.subjectId)
      .where(sql`kind = 'message' AND NOT read`),
    index('notifications_tenantId_userId_unread_idx').on(table.tenantId, table.userId).where(sql`NOT read`),
    index('notifications_createdAt_idx').on(table.createdAt),
    index('notifications_senderId_idx').on(table.senderId),
  ],
)

export const notificationPreferences = pgTable(
  'notification_preferences',
  {
    tenantId: tenantIdOfKey(),
    userId: text().notNull(),
    kind: text().notNull(),
    channel: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.userId, table.kind] }),
    check('notification_preferences_channel_check', sql`channel IN ('in_app', 'mail', 'both', 'off')`),
    foreignKey({
      name: 'notification_preferences_userId_fkey',
      columns: [table.tenantId, table.userId],
      foreignColumns: keyOf('memberships', 'tenantId', 'userId'),
    })
      .onDelete(cascade.onDelete)
      .onUpdate(cascade.onUpdate),
  ],
)

export type NotificationRow = typeof notifications.$inferSelect
