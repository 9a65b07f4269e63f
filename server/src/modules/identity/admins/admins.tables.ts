// Accounts of the back-office realm.
import { sql } from 'drizzle-orm'
import { check, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { moment, momentNow } from '../../../drivers/database/columns.ts'

export const admins = pgTable(
  'admins',
  {
    id: text().primaryKey(),
    email: text().notNull(),
    username: text().notNull(),
    name: text().notNull(),
    password: text().notNull(),
    avatar: text(),
    status: text({ enum: ['ACTIVE', 'SUSPENDED'] })
      .notNull()
      .default('ACTIVE'),
    lastLoginAt: moment(),
    createdAt: momentNow(),
    updatedAt: momentNow(),
    deletedAt: moment(),
  },
  (table) => [
    check('admins_status_check', sql`${table.status} IN ('ACTIVE', 'SUSPENDED')`),
    uniqueIndex('admins_email_key').on(sql`lower(${table.email})`),
    uniqueIndex('admins_username_key').on(sql`lower(${table.username})`),
  ],
)

export type AdminRow = typeof admins.$inferSelect
