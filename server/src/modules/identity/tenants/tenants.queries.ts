// The tenants' SQL.
import type { MembershipLevel } from '../../../core/actor.ts'
import {
  assignments,
  atVersion,
  containing,
  type Executor,
  empty,
  NOW,
  type Sql,
  sql,
  type Tx,
} from '../../../drivers/database/index.ts'

export interface TenantRow {
  id: string
  name: string
  slug: string
  status: 'ACTIVE' | 'SUSPENDED'
  createdAt: Date
  updatedAt: Date
  deletedAt: Date | null
}

export interface TenantOfUserRow extends TenantRow {
  level: MembershipLevel
}

const COLUMNS = sql`t.id, t.name, t.slug, t.status, t."createdAt", t."updatedAt", t."deletedAt"`
const LIVE = sql`t."deletedAt" IS NULL AND t.status = 'ACTIVE'`

/** The active tenant with this id, or else with this slug: no slug takes the place of an id. */
export function findActive(db: Executor, idOrSlug: string): Promise<TenantRow | undefined> {
  return db.one<TenantRow>(sql`
    SELECT ${COLUMNS} FROM tenants t WHERE (t.id = ${idOrSlug} OR t.slug = ${idOrSlug}) AND ${LIVE}
    ORDER BY (t.id = ${idOrSlug}) DESC LIMIT 1`)
}

const OF_MEMBER = (id: string, userId: string) => sql`
  FROM tenants t JOIN memberships m ON m."tenantId" = t.id WHERE t.id = ${id} AND m."userId" = ${userId} AND ${LIVE}`

/** The active tenant as one of its members sees it; the handle's tenant must be the same. */
export function findOfMember(db: Executor, id: string, userId: string): Promise<TenantOfUserRow | undefined> {
  return db.one<TenantOfUserRow>(sql`SELECT ${COLUMNS}, m.level ${OF_MEMBER(id, userId)}`)
}

/** Puts whoever changes the tenant or its members in a line. Locks nothing for a stranger; new rows may refer to it meanwhile. */
export async function lockForMember(db: Executor, id: string, userId: string): Promise<void> {
  await db.run(sql`SELECT 1 ${OF_MEMBER(id, userId)} FOR NO KEY UPDATE OF t`)
}

/** The same line, for the handle's own tenant. */
export async function lock(db: Executor): Promise<void> {
  await db.run(sql`SELECT 1 FROM tenants WHERE id = current_setting('app.tenant_id', true) FOR NO KEY UPDATE`)
}

/** All active tenants of a user, oldest membership first; needs a handle across tenants. */
export function listOfUser(db: Executor, userId: string): Promise<TenantOfUserRow[]> {
  return db.query<TenantOfUserRow>(sql`
    SELECT ${COLUMNS}, m.level FROM memberships m JOIN tenants t ON t.id = m."tenantId"
    WHERE m."userId" = ${userId} AND ${LIVE} ORDER BY m."joinedAt", t.id`)
}

export interface OwnTenants {
  userId: string
  search?: string | undefined
  /** The one tenant that the caller is bound to. */
  only?: string | undefined
  /** Instead of the live ones, those of the user's own that were deleted within so many seconds. */
  deletedWithin?: number | undefined
}

const deletedWithin = (seconds: number) => sql`t."deletedAt" > now() - make_interval(secs => ${seconds})`

function ofUser({ userId, search, only, deletedWithin: seconds }: OwnTenants): Sql {
  const pattern = search ? containing(search) : undefined
  return sql`FROM memberships m JOIN tenants t ON t.id = m."tenantId" WHERE m."userId" = ${userId}
    AND ${seconds === undefined ? LIVE : sql`m.level = 'OWNER' AND ${deletedWithin(seconds)}`}
    ${pattern === undefined ? empty : sql`AND (t.name ILIKE ${pattern} OR t.slug ILIKE ${pattern})`}
    ${only === undefined ? empty : sql`AND t.id = ${only}`}`
}

/** A page of a user's tenants, newest membership first; needs a handle across tenants. */
export function pageOfUser(
  db: Executor,
  filter: OwnTenants,
  limit: number,
  offset: number,
): Promise<TenantOfUserRow[]> {
  return db.query<TenantOfUserRow>(
    sql`SELECT ${COLUMNS}, m.level ${ofUser(filter)} ORDER BY m."joinedAt" DESC, t.id DESC LIMIT ${limit} OFFSET ${offset}`,
  )
}

export async function countOfUser(db: Executor, filter: OwnTenants): Promise<number> {
  return (await db.one<{ total: number }>(sql`SELECT count(*) AS total ${ofUser(filter)}`))?.total ?? 0
}

/** Lets the transactions that count a user's tenants take turns. */
export async function lockOwnershipOf(db: Executor, userId: string): Promise<void> {
  await db.run(sql`SELECT pg_advisory_xact_lock(hashtextextended('tenants owned by ' || ${userId}::text, 0))`)
}

/** How many tenants a user owns; needs a handle across tenants. */
export async function countOwned(db: Executor, userId: string): Promise<number> {
  const row = await db.one<{ total: number }>(sql`
    SELECT count(*) AS total FROM memberships m JOIN tenants t ON t.id = m."tenantId"
    WHERE m."userId" = ${userId} AND m.level = 'OWNER' AND t."deletedAt" IS NULL`)
  return row?.total ?? 0
}

/** The active tenants that these users own; needs a handle across tenants. */
export async function listOwned(db: Executor, userIds: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ id: string }>(sql`
    SELECT DISTINCT t.id FROM memberships m JOIN tenants t ON t.id = m."tenantId"
    WHERE m."userId" = ANY(${userIds}) AND m.level = 'OWNER' AND ${LIVE}`)
  return rows.map((row) => row.id)
}

/** The line of `lock`, for several tenants at once; always in the same order. */
export async function lockThese(db: Executor, ids: readonly string[]): Promise<void> {
  await db.run(sql`SELECT 1 FROM tenants WHERE id = ANY(${ids}) ORDER BY id FOR NO KEY UPDATE`)
}

/** Those of the tenants that have members beside these users, and no owner beside them who can sign in; needs a handle across tenants. */
export function listLeftWithoutOwner(
  db: Executor,
  ids: readonly string[],
  leaving: readonly string[],
): Promise<{ id: string; name: string }[]> {
  return db.query<{ id: string; name: string }>(sql`
    SELECT t.id, t.name FROM tenants t
    WHERE t.id = ANY(${ids}) AND ${LIVE}
      AND EXISTS (SELECT 1 FROM memberships o WHERE o."tenantId" = t.id AND o."userId" <> ALL(${leaving}))
      AND NOT EXISTS (
        SELECT 1 FROM memberships o JOIN users u ON u.id = o."userId"
        WHERE o."tenantId" = t.id AND o."userId" <> ALL(${leaving}) AND o.level = 'OWNER' AND u.status = 'ACTIVE' AND u."deletedAt" IS NULL)
    ORDER BY t.id`)
}

/** Whether a tenant is called so by slug or id, deleted ones included: they can be restored. */
export async function taken(db: Executor, slug: string): Promise<boolean> {
  return (await db.one(sql`SELECT 1 FROM tenants WHERE slug = ${slug} OR id = ${slug} LIMIT 1`)) !== undefined
}

/** Makes a tenant; false when the slug is taken. */
export async function insert(db: Executor, tenant: { id: string; name: string; slug: string }): Promise<boolean> {
  const written = await db.run(sql`
    INSERT INTO tenants (id, name, slug) SELECT ${tenant.id}, ${tenant.name}, ${tenant.slug}
    WHERE NOT EXISTS (SELECT 1 FROM tenants WHERE id = ${tenant.slug}) ON CONFLICT (slug) DO NOTHING`)
  return written > 0
}

/** Writes the named columns; false when the version is not the expected one any more. */
export async function update(
  db: Executor,
  id: string,
  changes: { name?: string | undefined; slug?: string | undefined },
  version: number | undefined,
): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE tenants SET ${assignments({ ...changes, updatedAt: NOW })}
    WHERE id = ${id} ${atVersion(version)}`)
  return written > 0
}

export function softDelete(db: Executor, id: string): Promise<number> {
  return db.run(
    sql`UPDATE tenants SET "deletedAt" = now(), "updatedAt" = now() WHERE id = ${id} AND "deletedAt" IS NULL`,
  )
}

/** A deleted tenant that can still be restored, as one of its members sees it; nobody else changes it until the transaction ends. */
export function lockDeleted(
  db: Executor,
  id: string,
  userId: string,
  retentionSeconds: number,
): Promise<TenantOfUserRow | undefined> {
  return db.one<TenantOfUserRow>(sql`
    SELECT ${COLUMNS}, m.level FROM tenants t JOIN memberships m ON m."tenantId" = t.id
    WHERE t.id = ${id} AND m."userId" = ${userId} AND ${deletedWithin(retentionSeconds)} FOR NO KEY UPDATE OF t`)
}

export async function restore(db: Executor, id: string): Promise<void> {
  await db.run(sql`UPDATE tenants SET "deletedAt" = NULL, "updatedAt" = now() WHERE id = ${id}`)
}

/** Deleted tenants whose time is over, the oldest first. */
export function listPurgeable(db: Executor, retentionSeconds: number): Promise<{ id: string }[]> {
  return db.query<{ id: string }>(sql`
    SELECT t.id FROM tenants t WHERE t."deletedAt" <= now() - make_interval(secs => ${retentionSeconds}) ORDER BY t."deletedAt"`)
}

/**
 * Removes a tenant and, by the references to it, every row that belongs to it, however long that takes. With a time, only
 * one that has been deleted for so many seconds. Undefined when there is none.
 */
export async function purge(tx: Tx, id: string, deletedForSeconds: number | undefined): Promise<TenantRow | undefined> {
  await tx.run(sql`SELECT set_config('statement_timeout', '0', true)`)
  const due =
    deletedForSeconds === undefined
      ? empty
      : sql`AND t."deletedAt" <= now() - make_interval(secs => ${deletedForSeconds})`
  return tx.one<TenantRow>(sql`DELETE FROM tenants t WHERE t.id = ${id} ${due} RETURNING ${COLUMNS}`)
}
