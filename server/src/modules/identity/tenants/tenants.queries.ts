// The tenants' SQL.
import type { MembershipLevel } from '../../../core/actor.ts'
import { type Executor, sql } from '../../../drivers/database/index.ts'

export interface TenantRow {
  id: string
  name: string
  slug: string
  status: 'ACTIVE' | 'SUSPENDED'
  createdAt: Date
  updatedAt: Date
}

/** The active tenant with this id or slug. */
export function findActive(db: Executor, idOrSlug: string): Promise<TenantRow | undefined> {
  return db.one<TenantRow>(sql`
    SELECT id, name, slug, status, "createdAt", "updatedAt" FROM tenants
    WHERE (id = ${idOrSlug} OR slug = ${idOrSlug}) AND "deletedAt" IS NULL AND status = 'ACTIVE'`)
}

export function findMembership(db: Executor, userId: string): Promise<{ level: MembershipLevel } | undefined> {
  return db.one<{ level: MembershipLevel }>(sql`SELECT level FROM memberships WHERE "userId" = ${userId}`)
}

export function addMember(db: Executor, userId: string, level: MembershipLevel): Promise<number> {
  return db.run(sql`INSERT INTO memberships ("userId", level) VALUES (${userId}, ${level}) ON CONFLICT DO NOTHING`)
}

export interface TenantOfUserRow extends TenantRow {
  level: MembershipLevel
}

/** All active tenants of a user; needs a handle across tenants. */
export function listOfUser(db: Executor, userId: string): Promise<TenantOfUserRow[]> {
  return db.query<TenantOfUserRow>(sql`
    SELECT t.id, t.name, t.slug, t.status, t."createdAt", t."updatedAt", m.level
    FROM memberships m JOIN tenants t ON t.id = m."tenantId"
    WHERE m."userId" = ${userId} AND t."deletedAt" IS NULL AND t.status = 'ACTIVE'
    ORDER BY m."joinedAt", t.id`)
}
