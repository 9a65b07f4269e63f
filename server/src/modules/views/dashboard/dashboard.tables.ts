// The activity log that the other back end writes, and the figures that are kept for the dashboard. Evidence is kept by the audit log.
import { bigint, date, index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { cascade, idOf, tenantId, utcNow } from '../../../drivers/database/columns.ts'

export const activityLogs = pgTable(
  'activity_logs',
  {
    id: text().primaryKey(),
    actorId: text().notNull().references(idOf('users'), cascade),
    action: text().notNull(),
    targetType: text().notNull(),
    targetId: text().notNull(),
    metadata: jsonb().$type<unknown>(),
    createdAt: utcNow(),
    tenantId: tenantId(),
  },
  (table) => [
    index('activity_logs_actorId_idx').on(table.actorId),
    index('activity_logs_createdAt_idx').on(table.createdAt),
    index('activity_logs_targetType_targetId_idx').on(table.targetType, table.targetId),
    index('activity_logs_tenantId_createdAt_id_idx').on(table.tenantId, table.createdAt.desc(), table.id.desc()),
    index('activity_logs_tenantId_actorId_createdAt_idx').on(table.tenantId, table.actorId, table.createdAt.desc()),
  ],
)

/** Sums of changes: how many of a kind came on a day and are still there. */
export const dailyTotals = pgTable(
  'daily_totals',
  {
    id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    tenantId: tenantId(),
    kind: text().notNull(),
    type: text().notNull().default(''),
    day: date().notNull(),
    items: bigint({ mode: 'number' }).notNull(),
    bytes: bigint({ mode: 'number' }).notNull().default(0),
  },
  (table) => [index('daily_totals_tenantId_kind_day_idx').on(table.tenantId, table.kind, table.day)],
)

/** Up to which day the job has counted. */
export const dailyCounts = pgTable('daily_counts', { tenantId: tenantId(), through: date() }, (table) => [
  primaryKey({ columns: [table.tenantId] }),
])

export type ActivityLogRow = typeof activityLogs.$inferSelect
