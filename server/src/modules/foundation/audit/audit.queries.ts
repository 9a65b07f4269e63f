// The audit trail's SQL. Entries are appended by the database function that keeps the chain; nothing else writes here.
import { type Executor, type Sql, sql, type Tx, where } from '../../../drivers/database/index.ts'
import type { AuditQuery } from './audit.schema.ts'

export interface AuditRow {
  id: string
  seq: number
  at: Date
  actor: string
  actorId: string | null
  tokenId: string | null
  action: string
  targetType: string
  targetId: string
  changes: Record<string, unknown> | null
  ip: string | null
  requestId: string | null
  hash: string
}

/** An entry before it has its place in the chain. */
export interface NewEntry {
  id: string
  actor: string
  actorId: string | null
  tokenId: string | null
  sessionId: string | null
  action: string
  targetType: string
  targetId: string
  changes: Record<string, unknown> | null
  ip: string | null
  requestId: string | null
}

export function append(db: Executor, entries: NewEntry[]): Promise<number> {
  return db.run(sql`SELECT audit_append(${JSON.stringify(entries)}::jsonb)`)
}

export function list(
  db: Executor,
  query: AuditQuery,
  limit: number,
  offset: number,
  beforeSeq: number | undefined,
): Promise<AuditRow[]> {
  return db.query<AuditRow>(sql`
    SELECT id, seq, at, actor, "actorId", "tokenId", action, "targetType", "targetId", changes, ip, "requestId", hash
    FROM audit_logs ${where([...filters(query), beforeSeq !== undefined && sql`seq < ${beforeSeq}`])}
    ORDER BY seq DESC LIMIT ${limit} OFFSET ${offset}`)
}

export async function count(db: Executor, query: AuditQuery): Promise<number> {
  const conditions = filters(query)
  // Without a filter the chain's head knows: sequence numbers have no gaps.
  const row = conditions.length
    ? await db.one<{ total: number }>(sql`SELECT count(*) AS total FROM audit_logs ${where(conditions)}`)
    : await db.one<{ total: number }>(sql`SELECT seq AS total FROM audit_heads`)
  return row?.total ?? 0
}

export interface ChainRow {
  /** How many entries hold, from the first on. */
  checked: number
  badSeq: number | null
  fault: string | null
}

/** Reads the whole chain of a tenant, as far as the handle sees it. */
export async function verify(db: Executor, tenantId: string): Promise<ChainRow> {
  return (await db.one<ChainRow>(sql`SELECT checked, "badSeq", fault FROM audit_verify(${tenantId})`))!
}

/** The same however long it takes; needs a transaction. */
export async function verifyPatiently(tx: Tx, tenantId: string): Promise<ChainRow> {
  await tx.run(sql`SELECT set_config('statement_timeout', '0', true)`)
  return verify(tx, tenantId)
}

/** Every tenant, deleted ones included, or the one with this id or slug. */
export function listTenants(db: Executor, only: string | undefined): Promise<{ id: string }[]> {
  return db.query<{ id: string }>(
    sql`SELECT id FROM tenants ${where([only !== undefined && sql`(id = ${only} OR slug = ${only})`])} ORDER BY id`,
  )
}

function filters({ actor, action, target, from, to }: AuditQuery): Sql[] {
  return [
    actor !== undefined && sql`"actorId" = ${actor}`,
    action !== undefined &&
      (action.includes('.') ? sql`action = ${action}` : sql`starts_with(action, ${`${action}.`})`),
    target !== undefined && sql`"targetId" = ${target}`,
    from !== undefined && sql`at >= ${from}`,
    to !== undefined && sql`at <= ${to}`,
  ].filter((condition): condition is Sql => condition !== false)
}
