// The activity log: what people did lately, for the dashboard. Evidence is kept by the audit log.
import { index, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
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
  ],
)

export type ActivityLogRow = typeof activityLogs.$inferSelect
