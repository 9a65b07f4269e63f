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
    seq: bigint({ mode: 'number' }).notNull(),
    id: text().notNull(),
    name: text().notNull(),
    aggregate: text().notNull(),
    aggregateId: text().notNull(),
    payload: jsonb().$type<Record<string, unknown>>().notNull(),
    actor: text().notNull(),
    actorId: text(),
    occurredAt: moment().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.seq] }),
    uniqueIndex('events_tenantId_id_key').on(table.tenantId, table.id),
    index('events_tenantId_occurredAt_idx').on(table.tenantId, table.occurredAt),
  ],
)

export const eventDeliveries = pgTable(
  'event_deliveries',
  {
    tenantId: tenantIdOfKey(),
    subscriber: text().notNull(),
    seq: bigint({ mode: 'number' }).notNull(),
    eventId: text().notNull(),
    aggregate: text().notNull(),
    aggregateId: text().notNull(),
    /** Of one subscriber and aggregate one is queued: it has a job. */
    state: text().$type<'waiting' | 'queued' | 'dead'>().notNull(),
    /** Set in the transaction of the effect. */
    doneAt: moment(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.subscriber, table.seq] }),
    check('event_deliveries_state_check', sql`state IN ('waiting', 'queued', 'dead')`),
    foreignKey({ columns: [table.tenantId, table.seq], foreignColumns: [events.tenantId, events.seq] })
      .onDelete(cascade.onDelete)
      .onUpdate(cascade.onUpdate),
    uniqueIndex('event_deliveries_tenantId_subscriber_eventId_key').on(table.tenantId, table.subscriber, table.eventId),
    index('event_deliveries_order_idx').on(
      table.tenantId,
      table.subscriber,
      table.aggregate,
      table.aggregateId,
      table.seq,
    ),
    index('event_deliveries_tenantId_seq_idx').on(table.tenantId, table.seq),
  ],
)
