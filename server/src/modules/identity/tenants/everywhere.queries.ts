// The tenants' SQL for the back office, which sees all of them, deleted ones included. Needs a handle across tenants.
import { containing, type Executor, type Sql, sql, where } from '../../../drivers/database/index.ts'
import type { TenantRow } from './tenants.queries.ts'
import type { AnyTenantFilter } from './tenants.schema.ts'

export interface AnyTenantRow extends TenantRow {
  deletedAt: Date | null
  memberCount: number
  owners: { userId: string; name: string; email: string }[]
}

const ROW = sql`t.id, t.name, t.slug, t.status, t."createdAt", t."updatedAt", t."deletedAt",
  (SELECT COALESCE(sum(delta), 0)::bigint FROM member_totals c WHERE c."tenantId" = t.id AND c.status <> 'DELETED') AS "memberCount",
  COALESCE((SELECT json_agg(json_build_object('userId', u.id, 'name', u.name, 'email', u.email) ORDER BY m."joinedAt", u.id)
    FROM memberships m JOIN users u ON u.id = m."userId" WHERE m."tenantId" = t.id AND m.level = 'OWNER' AND u."deletedAt" IS NULL), '[]') AS owners`

/** A page, newest first. */
export function list(db: Executor, filter: AnyTenantFilter, limit: number, offset: number): Promise<AnyTenantRow[]> {
  return db.query<AnyTenantRow>(sql`
    SELECT ${ROW} FROM (SELECT * FROM tenants t ${where(filters(filter))} ORDER BY t."createdAt" DESC, t.id DESC LIMIT ${limit} OFFSET ${offset}) AS t
    ORDER BY t."createdAt" DESC, t.id DESC`)
}

export async function count(db: Executor, filter: AnyTenantFilter): Promise<number> {
  const row = await db.one<{ total: number }>(sql`SELECT count(*) AS total FROM tenants t ${where(filters(filter))}`)
  return row?.total ?? 0
}

export function find(db: Executor, id: string): Promise<AnyTenantRow | undefined> {
  return db.one<AnyTenantRow>(sql`SELECT ${ROW} FROM tenants t WHERE t.id = ${id}`)
}

/** The row for a change: whoever else changes this tenant waits. */
export function lock(db: Executor, id: string): Promise<(TenantRow & { deletedAt: Date | null }) | undefined> {
  return db.one(
    sql`SELECT id, name, slug, status, "createdAt", "updatedAt", "deletedAt" FROM tenants WHERE id = ${id} FOR NO KEY UPDATE`,
  )
}

export function setStatus(db: Executor, id: string, status: TenantRow['status']): Promise<number> {
  return db.run(sql`UPDATE tenants SET status = ${status}, "updatedAt" = now() WHERE id = ${id}`)
}

function filters({ search, status, deleted }: AnyTenantFilter): (Sql | false | undefined)[] {
  const pattern = search ? containing(search) : undefined
  return [
    deleted ? sql`t."deletedAt" IS NOT NULL` : sql`t."deletedAt" IS NULL`,
    status !== undefined && sql`t.status = ${status}`,
    pattern !== undefined && sql`(t.name ILIKE ${pattern} OR t.slug ILIKE ${pattern})`,
  ]
}
