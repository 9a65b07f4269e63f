// The SQL of blobs, of who has them, and of how much is whose.
import { type Executor, sql, type Tx } from '../../../drivers/database/index.ts'
import type { BlobRow, LeftBlobRow } from './storage.tables.ts'

export type Blob = Pick<BlobRow, 'id' | 'bytes' | 'sha256' | 'provider' | 'storageId' | 'thumbnail'>
export type Place = Pick<BlobRow, 'provider' | 'storageId'>
export type TenantBlob = Blob & Pick<BlobRow, 'tenantId' | 'state' | 'userId'>

const COLUMNS = sql`id, bytes, sha256, provider, "storageId", thumbnail`

/** The row that is there before the first byte. */
export function begin(db: Executor, id: string, userId: string, { provider, storageId }: Place): Promise<number> {
  return db.run(sql`
    INSERT INTO blobs (id, "userId", provider, "storageId") VALUES (${id}, ${userId}, ${provider}, ${storageId})`)
}

export interface Used {
  userId: string
  bytes: number
}

/**
 * Adds to what the tenant and the person have; answers what each has now, the tenant first. Both stay locked until the
 * transaction ends, in one order for all.
 */
export function charge(tx: Tx, userId: string, bytes: number): Promise<Used[]> {
  return tx.query<Used>(sql`
    INSERT INTO storage_usage AS u ("userId", bytes)
    SELECT one.who, ${bytes}::bigint FROM unnest(ARRAY['', ${userId}]::text[]) one (who) ORDER BY one.who
    ON CONFLICT ("tenantId", "userId") DO UPDATE SET bytes = u.bytes + excluded.bytes
    RETURNING "userId", bytes::float8 AS bytes`)
}

export function usage(db: Executor, userId: string): Promise<Used[]> {
  return db.query<Used>(sql`
    SELECT "userId", bytes::float8 AS bytes FROM storage_usage WHERE "userId" IN ('', ${userId})`)
}

/** Writes down what is reserved for an upload; false when it was removed meanwhile. */
export async function grow(db: Executor, id: string, bytes: number): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE blobs SET bytes = ${bytes}, "touchedAt" = now() WHERE id = ${id} AND state = 'arriving'`)
  return written > 0
}

/** All of it is there: its size and its hash. */
export async function arrive(db: Executor, id: string, bytes: number, sha256: string): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE blobs SET bytes = ${bytes}, sha256 = ${sha256}, "touchedAt" = now() WHERE id = ${id} AND state = 'arriving'`)
  return written > 0
}

/** One at a time of uploads with the same content: the second one finds the first. */
export async function lockContent(tx: Tx, sha256: string): Promise<void> {
  await tx.run(
    sql`SELECT pg_advisory_xact_lock(hashtextextended('blob ' || current_setting('app.tenant_id') || ${sha256}, 0))`,
  )
}

export function findArrived(db: Executor, id: string): Promise<Blob | undefined> {
  return db.one<Blob>(sql`
    SELECT ${COLUMNS} FROM blobs WHERE id = ${id} AND state = 'arriving' AND sha256 IS NOT NULL FOR UPDATE`)
}

/** One with the same content that somebody has, which gets one owner more. */
export function share(db: Executor, { sha256, bytes, provider, storageId }: Blob): Promise<Blob | undefined> {
  return db.one<Blob>(sql`
    UPDATE blobs SET refs = refs + 1 WHERE id = (
      SELECT id FROM blobs WHERE sha256 = ${sha256} AND bytes = ${bytes} AND state = 'kept' AND refs > 0
        AND provider IS NOT DISTINCT FROM ${provider} AND "storageId" IS NOT DISTINCT FROM ${storageId}
      ORDER BY id LIMIT 1 FOR UPDATE)
    RETURNING ${COLUMNS}`)
}

/** Its first owner has it. */
export function keep(db: Executor, id: string): Promise<number> {
  return db.run(sql`UPDATE blobs SET state = 'kept', refs = 1, "userId" = '' WHERE id = ${id}`)
}

/** Nobody needs it: the next sweep removes it. */
export function forsake(db: Executor, id: string): Promise<number> {
  return db.run(sql`
    UPDATE blobs SET state = 'kept', refs = 0, "userId" = '', "touchedAt" = 'epoch' WHERE id = ${id} AND refs = 0`)
}

/** One owner more; false when it is gone. */
export async function retain(db: Executor, id: string): Promise<boolean> {
  return (await db.run(sql`UPDATE blobs SET refs = refs + 1 WHERE id = ${id} AND state = 'kept' AND refs > 0`)) > 0
}

/** Writes down whether a small picture lies beside it; false when nobody has it any more. */
export async function setThumbnail(db: Executor, id: string, state: 'making' | 'made' | 'none'): Promise<boolean> {
  return (await db.run(sql`UPDATE blobs SET thumbnail = ${state} WHERE id = ${id} AND state = 'kept' AND refs > 0`)) > 0
}

export function find(db: Executor, id: string): Promise<Blob | undefined> {
  return db.one<Blob>(sql`SELECT ${COLUMNS} FROM blobs WHERE id = ${id} AND state = 'kept' AND refs > 0`)
}

/** Locks an upload that nobody took over. */
export function lockArriving(db: Executor, id: string): Promise<TenantBlob | undefined> {
  return db.one<TenantBlob>(sql`
    SELECT ${COLUMNS}, "tenantId", state, "userId" FROM blobs WHERE id = ${id} AND state = 'arriving' FOR UPDATE`)
}

/** What nobody has and nobody touched for so long: uploads that broke off, and blobs that were let go. Sees all tenants. */
export function forsaken(db: Executor, seconds: number, limit: number): Promise<TenantBlob[]> {
  return db.query<TenantBlob>(sql`
    SELECT ${COLUMNS}, "tenantId", state, "userId" FROM blobs
    WHERE refs = 0 AND "touchedAt" < now() - make_interval(secs => ${seconds})
    ORDER BY "touchedAt" LIMIT ${limit}`)
}

/** The row, for as long as nobody else has it or works on it. */
export function lockForsaken(db: Executor, id: string, seconds: number): Promise<TenantBlob | undefined> {
  return db.one<TenantBlob>(sql`
    SELECT ${COLUMNS}, "tenantId", state, "userId" FROM blobs
    WHERE id = ${id} AND refs = 0 AND "touchedAt" < now() - make_interval(secs => ${seconds}) FOR UPDATE SKIP LOCKED`)
}

export function remove(db: Executor, id: string): Promise<number> {
  return db.run(sql`DELETE FROM blobs WHERE id = ${id}`)
}

export type Inspected = Blob & Pick<BlobRow, 'state' | 'refs'>

/** Blobs in the order of their ids, those that arrive among them. */
export function inspected(db: Executor, after: string, limit: number): Promise<Inspected[]> {
  return db.query<Inspected>(sql`
    SELECT ${COLUMNS}, state, refs FROM blobs WHERE id > ${after} ORDER BY id LIMIT ${limit}`)
}

export function lockKept(tx: Tx, id: string): Promise<Inspected | undefined> {
  return tx.one<Inspected>(
    sql`SELECT ${COLUMNS}, state, refs FROM blobs WHERE id = ${id} AND state = 'kept' FOR UPDATE`,
  )
}

export function setReferences(tx: Tx, id: string, refs: number): Promise<number> {
  return tx.run(sql`UPDATE blobs SET refs = ${refs}, "touchedAt" = now() WHERE id = ${id}`)
}

/** What everybody has, locked until the transaction ends. */
export function lockUsage(tx: Tx): Promise<Used[]> {
  return tx.query<Used>(sql`SELECT "userId", bytes::float8 AS bytes FROM storage_usage ORDER BY "userId" FOR UPDATE`)
}

export function setUsage(tx: Tx, userId: string, bytes: number): Promise<number> {
  return tx.run(sql`
    INSERT INTO storage_usage ("userId", bytes) VALUES (${userId}, ${bytes})
    ON CONFLICT ("tenantId", "userId") DO UPDATE SET bytes = excluded.bytes`)
}

/** What is reserved for uploads under way; none of them ends before the transaction does. */
export function reserved(tx: Tx): Promise<Used[]> {
  return tx.query<Used>(sql`
    WITH arriving AS (SELECT "userId", bytes FROM blobs WHERE state = 'arriving' FOR UPDATE)
    SELECT "userId", sum(bytes)::float8 AS bytes FROM arriving GROUP BY "userId"`)
}

/** The keys of bytes that tenants left who are gone. */
export async function left(db: Executor, provider: LeftBlobRow['provider'], limit: number): Promise<string[]> {
  const rows = await db.query<{ key: string }>(sql`
    SELECT key FROM left_blobs WHERE provider = ${provider} ORDER BY "leftAt", key LIMIT ${limit}`)
  return rows.map(({ key }) => key)
}

export function forgetLeft(db: Executor, keys: readonly string[]): Promise<number> {
  return db.run(sql`DELETE FROM left_blobs WHERE key = ANY (${keys}::text[])`)
}

/** Those of the ids that have a row, whosever. Sees all tenants. */
export async function known(db: Executor, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(sql`SELECT id FROM blobs WHERE id = ANY (${ids}::text[])`)
  return new Set(rows.map(({ id }) => id))
}
