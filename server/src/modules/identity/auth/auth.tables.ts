// Secrets sent by mail.
import { sql } from 'drizzle-orm'
import { check, index, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, idOf, moment, momentNow } from '../../../drivers/database/columns.ts'

export const oneTimeTokens = pgTable(
  'one_time_tokens',
  {
    id: text().primaryKey(),
    userId: text().notNull().references(idOf('users'), cascade),
    purpose: text({ enum: ['reset', 'verify', 'change'] }).notNull(),
    tokenHash: text().notNull(),
    /** The address it was sent to: the new one of a change; a link of another purpose ends with a changed address. */
    email: text().notNull(),
    expiresAt: moment().notNull(),
    usedAt: moment(),
    createdAt: momentNow(),
  },
  (table) => [
    check('one_time_tokens_purpose_check', sql`${table.purpose} IN ('reset', 'verify', 'change')`),
    uniqueIndex('one_time_tokens_tokenHash_key').on(table.tokenHash),
    index('one_time_tokens_userId_purpose_idx').on(table.userId, table.purpose),
    index('one_time_tokens_expiresAt_idx').on(table.expiresAt),
  ],
)

export type OneTimeTokenRow = typeof oneTimeTokens.$inferSelect
