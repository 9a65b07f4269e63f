// What the HTTP edge remembers: request counters and answers given once under an idempotency key.
import { index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
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
    requestHash: text().notNull(),
    /** Null while the first request is under way. */
    status: integer(),
    answer: jsonb().$type<unknown>(),
    createdAt: momentNow(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.actor, table.key] }),
    index('idempotency_keys_createdAt_idx').on(table.createdAt),
  ],
)

export type RateLimitRow = typeof rateLimits.$inferSelect
export type IdempotencyKeyRow = typeof idempotencyKeys.$inferSelect
