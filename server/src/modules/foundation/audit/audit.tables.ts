// The audit log and where each tenant's chain ends. Written by the function audit_append only.
import { bigint, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { moment, tenantId } from '../../../drivers/database/columns.ts'

export const auditLogs = pgTable(
  'audit_logs',
  {
    id: text().notNull(),
    tenantId: tenantId(),
    seq: bigint({ mode: 'number' }).notNull(),
    at: moment().notNull(),
    actor: text().notNull(),
    actorId: text(),
    tokenId: text(),
    sessionId: text(),
    action: text().notNull(),
    targetType: text(),
    targetId: text(),
    changes: jsonb().$type<Record<string, unknown>>(),
    ip: text(),
    requestId: text(),
    previousHash: text().notNull(),
    hash: text().notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.seq] }),
    uniqueIndex('audit_logs_tenantId_id_key').on(table.tenantId, table.id),
    index('audit_logs_tenantId_at_idx').on(table.tenantId, table.at.desc()),
    index('audit_logs_tenantId_actorId_idx').on(table.tenantId, table.actorId),
    index('audit_logs_tenantId_action_idx').on(table.tenantId, table.action),
    index('audit_logs_tenantId_targetType_targetId_idx').on(table.tenantId, table.targetType, table.targetId),
  ],
)

export const auditHeads = pgTable(
  'audit_heads',
  { tenantId: tenantId(), seq: bigint({ mode: 'number' }).notNull(), hash: text().notNull() },
  (table) => [primaryKey({ columns: [table.tenantId] })],
)

export type AuditLogRow = typeof auditLogs.$inferSelect
export type AuditHeadRow = typeof auditHeads.$inferSelect
