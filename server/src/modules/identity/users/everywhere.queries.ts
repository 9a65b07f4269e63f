// The accounts' SQL for the back office, which sees all tenants.
import type { MembershipLevel } from '../../../core/actor.ts'
import { COUNTED_EXACTLY, countUpTo, type Executor, sql, where } from '../../../drivers/database/index.ts'
import { filters } from './listing.queries.ts'
import { FIELDS, ROLES, type UserRow } from './users.queries.ts'
import type { AnyTenantQuery } from './users.schema.ts'

export interface UserOfAnyTenantRow extends UserRow {
  memberships: { tenantId: string; name: string; slug: string; level: MembershipLevel; joinedAt: string }[]
}

const MEMBERSHIPS = sql`COALESCE((
  SELECT json_agg(json_build_object('tenantId', t.id, 'name', t.name, 'slug', t.slug, 'level', m.level, 'joinedAt', m."joinedAt")
    ORDER BY m."joinedAt", t.id)
  FROM memberships m JOIN tenants t ON t.id = m."tenantId" WHERE m."userId" = u.id AND t."deletedAt" IS NULL), '[]') AS memberships`

/** Newest first: ids sort by time. Needs a handle across tenants. */
export function list(
  db: Executor,
  query: AnyTenantQuery,
  limit: number,
  offset: number,
  before: string | undefined,
): Promise<UserOfAnyTenantRow[]> {
  return db.query<UserOfAnyTenantRow>(sql`
    SELECT ${FIELDS}, ${ROLES}, ${MEMBERSHIPS} FROM users u
    ${where([...filters(query), before !== undefined && sql`u.id < ${before}`])}
    ORDER BY u.id DESC LIMIT ${limit} OFFSET ${offset}`)
}

/** All accounts, counted exactly; a search, a state or the deleted ones to 1,000. */
export async function count(db: Executor, query: AnyTenantQuery): Promise<number> {
  const { search, status, deleted } = query
  if (search || status !== undefined || deleted)
    return countUpTo(db, sql`FROM users u ${where(filters(query))}`, COUNTED_EXACTLY)
  const row = await db.one<{ total: number }>(sql`SELECT count(*) AS total FROM users WHERE "deletedAt" IS NULL`)
  return row!.total
}

/** An account by id, deleted ones included. Needs a handle across tenants. */
export function find(db: Executor, id: string): Promise<UserOfAnyTenantRow | undefined> {
  return db.one<UserOfAnyTenantRow>(sql`SELECT ${FIELDS}, ${ROLES}, ${MEMBERSHIPS} FROM users u WHERE u.id = ${id}`)
}

/** An account that is not deleted, whatever its tenants; no other transaction can change it until this one ends. */
export function lock(db: Executor, id: string): Promise<UserRow | undefined> {
  return db.one<UserRow>(
    sql`SELECT ${FIELDS}, ${ROLES} FROM users u WHERE u.id = ${id} AND u."deletedAt" IS NULL FOR UPDATE OF u`,
  )
}
