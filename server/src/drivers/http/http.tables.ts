// What the HTTP edge remembers: request counters and answers given once under an idempotency key.
import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { moment, momentNow, tenantId } from '../database/columns.ts'

/** Unlogged: a crash of the server empties it. */
export const rateLimits = pgTable(
  'rate_limits',
  { key: text().primaryKey(), hits: integer().notNull().default(0), resetsAt: moment().notNull() },
  (table) => [index('rate_limits_resetsAt_idx').on(table.resetsAt)],
)

export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    tenantId: tenantId(),
    actor: text().notNull(),
    key: text().notNull(),
    /** SHA-256 of what was asked, encrypted. */
    requestHash: text().notNull(),
    /** What was answered, encrypted; null while the first request is under way. */
    answer: text(),
    createdAt: momentNow(),
    /** The request that may commit under the key. */
    claim: text().notNull(),
    /** Set by the transaction of the change itself. */
    committedAt: moment(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.actor, table.key] }),
    index('idempotency_keys_createdAt_idx').on(table.createdAt),
  ],
)

export type RateLimitRow = typeof rateLimits.$inferSelect
export type IdempotencyKeyRow = typeof idempotencyKeys.$inferSelect
