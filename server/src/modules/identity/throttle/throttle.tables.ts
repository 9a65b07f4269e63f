// The counters of failed attempts.
import { index, integer, pgTable, text } from 'drizzle-orm/pg-core'
import { moment } from '../../../drivers/database/columns.ts'

export const throttles = pgTable(
  'throttles',
  {
    key: text().primaryKey(),
    failures: integer().notNull().default(0),
    windowEndsAt: moment().notNull(),
    lockedUntil: moment(),
    pending: integer().notNull().default(0),
    pendingSince: moment(),
    /** How often the name was locked in a row: what the next lock's length depends on. */
    locks: integer().notNull().default(0),
  },
  (table) => [index('throttles_windowEndsAt_idx').on(table.windowEndsAt)],
)

export type ThrottleRow = typeof throttles.$inferSelect
