// Notifications, each for one person.
import { boolean, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { cascade, idOf, tenantId, utc, utcNow } from '../../../drivers/database/columns.ts'

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
  },
  (table) => [
    index('notifications_userId_read_idx').on(table.userId, table.read),
    index('notifications_tenantId_userId_createdAt_id_idx').on(
      table.tenantId,
      table.userId,
      table.createdAt.desc(),
      table.id.desc(),
    ),
  ],
)

export type NotificationRow = typeof notifications.$inferSelect
