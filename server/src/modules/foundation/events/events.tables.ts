// Events in each tenant's order, where the order ends, and what subscribers still have to do.

import { sql } from 'drizzle-orm'
import { bigint, check, foreignKey, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { cascade, moment, tenantId, tenantIdOfKey } from '../../../drivers/database/columns.ts'

export const eventHeads = pgTable(
  'event_heads',
  { tenantId: tenantId(), seq: bigint({ mode: 'number' }).notNull(), lastId: text().notNull() },
  (table) => [primaryKey({ columns: [table.tenantId] })],
)

export const events = pgTable(
  'events',
  {
    tenantId: tenantId(),
    id: text().notNull(),
    /** When it was written among all events. */
    written: bigint({ mode: 'number' }).notNull().generatedAlwaysAsIdentity(),
    /** Its place in the tenant's order, given after COMMIT. */
    seq: bigint({ mode: 'number' }),
    name: text().notNull(),
    aggregate: text().notNull(),
    aggregateId: text().notNull(),
    payload: jsonb().$type<Record<string, unknown>>().notNull(),
    actor: text().notNull(),
    actorId: text(),
    occurredAt: moment().notNull().default(sql`clock_timestamp()`),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.id] }),
    uniqueIndex('events_tenantId_seq_key').on(table.tenantId, table.seq),
    index('events_tenantId_occurredAt_idx').on(table.tenantId, table.occurredAt),
    index('events_unnumbered_idx').on(table.tenantId, table.written).where(sql`seq IS NULL`),
  ],
)

export const eventDeliveries = pgTable(
  'event_deliveries',
  {
    tenantId: tenantIdOfKey(),
    subscriber: text().notNull(),
    eventId: text().notNull(),
    seq: bigint({ mode: 'number' }).notNull(),
    aggregate: text().notNull(),
    aggregateId: text().notNull(),
    /** Of one subscriber and aggregate one is queued: it has a job. */
    state: text().$type<'waiting' | 'queued' | 'dead'>().notNull(),
    /** Set in the transaction of the effect. */
    doneAt: moment(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.subscriber, table.eventId] }),
    check('event_deliveries_state_check', sql`state IN ('waiting', 'queued', 'dead')`),
    foreignKey({ columns: [table.tenantId, table.eventId], foreignColumns: [events.tenantId, events.id] })
      .onDelete(cascade.onDelete)
      .onUpdate(cascade.onUpdate),
    index('event_deliveries_order_idx').on(
      table.tenantId,
      table.subscriber,
      table.aggregate,
      table.aggregateId,
      table.seq,
    ),
    index('event_deliveries_tenantId_eventId_idx').on(table.tenantId, table.eventId),
  ],
)
