// The audit trail's SQL. Entries are appended by the database function that keeps the chain; nothing else writes here.
import { countUpTo, type Executor, type Sql, sql, type Tx, where } from '../../../drivers/database/index.ts'
import type { AuditFilter } from './audit.schema.ts'

export interface AuditRow {
  id: string
  chain: number
  seq: number
  at: Date
  /** The time to the microsecond, as text: where a list goes on. */
  moment: string
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

/** Time, chain and number of the entry that the last page ended with. */
export type Place = [moment: string, chain: number, seq: number]

export function list(
  db: Executor,
  query: AuditFilter,
  limit: number,
  offset: number,
  after: Place | undefined,
): Promise<AuditRow[]> {
  return db.query<AuditRow>(sql`
    SELECT id, chain, seq, at, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS moment, actor, "actorId",
      "tokenId", action, "targetType", "targetId", changes, ip, "requestId", hash
    FROM audit_logs ${where([...filters(query), after && sql`(at, chain, seq) < (${after[0]}, ${after[1]}, ${after[2]})`])}
    ORDER BY at DESC, chain DESC, seq DESC LIMIT ${limit} OFFSET ${offset}`)
}

export async function count(db: Executor, query: AuditFilter): Promise<number> {
  const conditions = filters(query)
  if (conditions.length) return countUpTo(db, sql`FROM audit_logs ${where(conditions)}`)
  // Without a filter the chains' ends know: sequence numbers have no gaps.
  const row = await db.one<{ total: number }>(sql`SELECT sum(seq - "firstSeq" + 1)::bigint AS total FROM audit_heads`)
  return row?.total ?? 0
}

export interface ChainRow {
  /** How many entries hold, chain by chain, up to the first that does not. */
  checked: number
  badChain: number | null
  badSeq: number | null
  fault: string | null
}

/** Reads all chains of a tenant, as far as the handle sees them. */
export async function verify(db: Executor, tenantId: string): Promise<ChainRow> {
  return (await db.one<ChainRow>(sql`SELECT checked, "badChain", "badSeq", fault FROM audit_verify(${tenantId})`))!
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

/** Where a chain begins after entries were forgotten: the number and the hash of the last one that is gone. */
export interface Beginning {
  /** How many entries of the tenant went this time. */
  entries: number
  chain: number
  through: number
  hash: string
}

/** Forgets entries older than the age, at most so many of each chain. Nothing comes back where nothing went. */
export function forget(tx: Tx, olderThanSeconds: number, most: number): Promise<Beginning[]> {
  return tx.query<Beginning>(
    sql`SELECT entries, chain, through, hash FROM audit_forget(now() - make_interval(secs => ${olderThanSeconds}), ${most})`,
  )
}

function filters({ actor, action, target, from, to }: AuditFilter): Sql[] {
  return [
    actor !== undefined && sql`"actorId" = ${actor}`,
    action !== undefined &&
      (action.includes('.') ? sql`action = ${action}` : sql`starts_with(action, ${`${action}.`})`),
    target !== undefined && sql`"targetId" = ${target}`,
    from !== undefined && sql`at >= ${from}`,
    to !== undefined && sql`at <= ${to}`,
  ].filter((condition): condition is Sql => condition !== false)
}
