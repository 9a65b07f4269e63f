// The audit log, and where each chain of a tenant begins and ends. Written by the function audit_append only.
import { sql } from 'drizzle-orm'
import { bigint, index, jsonb, pgTable, primaryKey, smallint, text } from 'drizzle-orm/pg-core'
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
    chain: smallint().notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.chain, table.seq] }),
    index('audit_logs_tenantId_at_chain_seq_idx').on(
      table.tenantId,
      table.at.desc(),
      table.chain.desc(),
      table.seq.desc(),
    ),
    index('audit_logs_tenantId_actorId_at_idx').on(table.tenantId, table.actorId, table.at.desc()),
    index('audit_logs_tenantId_action_at_idx').on(table.tenantId, table.action, table.at.desc()),
    index('audit_logs_tenantId_targetId_at_idx').on(table.tenantId, table.targetId, table.at.desc()),
  ],
)

export const auditHeads = pgTable(
  'audit_heads',
  {
    tenantId: tenantId(),
    seq: bigint({ mode: 'number' }).notNull(),
    hash: text().notNull(),
    chain: smallint().notNull().default(0),
    /** The first entry that is kept, and the hash of the one before it. */
    firstSeq: bigint({ mode: 'number' }).notNull().default(1),
    firstPrevious: text().notNull().default(sql`repeat('0'::text, 64)`),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.chain] })],
)

export type AuditLogRow = typeof auditLogs.$inferSelect
export type AuditHeadRow = typeof auditHeads.$inferSelect
