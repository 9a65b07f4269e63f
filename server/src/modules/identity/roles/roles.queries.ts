// The SQL of roles: what they are, what they grant and who holds them.
import { assignments, containing, type Executor, type Sql, sql, where } from '../../../drivers/database/index.ts'
import type { NamedRole } from './catalogue.ts'
import type { RoleQuery } from './roles.schema.ts'

/** Everything that a role `r` grants, inherited permissions included. */
const EFFECTIVE = sql`COALESCE((
  WITH RECURSIVE held(id) AS (
    SELECT r.id UNION SELECT rp."parentId" FROM held JOIN role_parents rp ON rp."roleId" = held.id)
  SELECT array_agg(DISTINCT p.action ORDER BY p.action) FROM held
    JOIN role_permissions rp ON rp."roleId" = held.id JOIN permissions p ON p.id = rp."permissionId"), '{}')`

/** The actions that a user's roles grant in the handle's tenant, inherited ones included. */
export async function permissionsOf(db: Executor, userId: string): Promise<string[]> {
  const rows = await db.query<{ action: string }>(sql`
    WITH RECURSIVE held(id) AS (
      SELECT "roleId" FROM user_roles WHERE "userId" = ${userId}
      UNION SELECT rp."parentId" FROM held JOIN role_parents rp ON rp."roleId" = held.id)
    SELECT DISTINCT p.action FROM held
      JOIN role_permissions rp ON rp."roleId" = held.id
      JOIN permissions p ON p.id = rp."permissionId"
    ORDER BY p.action`)
  return rows.map((row) => row.action)
}

/** The same for each of some users who hold any. */
export async function permissionsOfEach(db: Executor, userIds: readonly string[]): Promise<Map<string, string[]>> {
  const rows = await db.query<{ userId: string; actions: string[] }>(sql`
    WITH RECURSIVE held("userId", id) AS (
      SELECT "userId", "roleId" FROM user_roles WHERE "userId" = ANY (${userIds}::text[])
      UNION SELECT held."userId", rp."parentId" FROM held JOIN role_parents rp ON rp."roleId" = held.id)
    SELECT held."userId", array_agg(DISTINCT p.action) AS actions FROM held
      JOIN role_permissions rp ON rp."roleId" = held.id
      JOIN permissions p ON p.id = rp."permissionId"
    GROUP BY held."userId"`)
  return new Map(rows.map(({ userId, actions }) => [userId, actions]))
}

/** Since when one of a user's roles, or one that they inherit from, asks for a second factor; undefined when none does. */
export async function mfaRequiredSince(db: Executor, userId: string): Promise<Date | undefined> {
  const row = await db.one<{ since: Date | null }>(sql`
    WITH RECURSIVE held(id) AS (
      SELECT "roleId" FROM user_roles WHERE "userId" = ${userId}
      UNION SELECT rp."parentId" FROM held JOIN role_parents rp ON rp."roleId" = held.id)
    SELECT min(r."mfaRequiredSince") AS since FROM held JOIN roles r ON r.id = held.id`)
  return row?.since ?? undefined
}

export interface HeldRole {
  id: string
  name: string
  label: string
  description: string | null
  permissions: string[]
}

/** A user's own roles, each with everything it grants. */
export function rolesOf(db: Executor, userId: string): Promise<HeldRole[]> {
  return db.query<HeldRole>(sql`
    SELECT r.id, r.name, r.label, r.description, ${EFFECTIVE} AS permissions
    FROM user_roles ur JOIN roles r ON r.id = ur."roleId"
    WHERE ur."userId" = ${userId} ORDER BY r.name`)
}

export interface GrantableRole {
  id: string
  name: string
  permissions: string[]
}

/** The roles with these ids, each with everything it grants: fewer rows than ids when one is not of this tenant. */
export function findWithPermissions(db: Executor, ids: readonly string[]): Promise<GrantableRole[]> {
  return db.query<GrantableRole>(sql`
    SELECT r.id, r.name, ${EFFECTIVE} AS permissions
    FROM roles r WHERE r.id = ANY(${ids}) ORDER BY r.id`)
}

export function findIdByName(db: Executor, name: string): Promise<{ id: string } | undefined> {
  return db.one<{ id: string }>(sql`SELECT id FROM roles WHERE name = ${name}`)
}

export async function replaceRolesOf(db: Executor, userId: string, roleIds: readonly string[]): Promise<void> {
  await db.run(sql`DELETE FROM user_roles WHERE "userId" = ${userId} AND "roleId" <> ALL(${roleIds})`)
  await db.run(
    sql`INSERT INTO user_roles ("userId", "roleId") SELECT ${userId}, unnest(${roleIds}::text[]) ON CONFLICT DO NOTHING`,
  )
}

/** Adds a default role, or marks the tenant's own of that name as built in; undefined when there was nothing to do. */
export function seedRole(
  db: Executor,
  id: string,
  role: NamedRole,
): Promise<{ id: string; added: boolean } | undefined> {
  return db.one<{ id: string; added: boolean }>(sql`
    INSERT INTO roles (id, name, label, description, "builtIn") VALUES (${id}, ${role.name}, ${role.label}, ${role.description}, true)
    ON CONFLICT ("tenantId", name) DO UPDATE SET "builtIn" = true WHERE NOT roles."builtIn" RETURNING id, xmax = 0 AS added`)
}

export interface RoleRow {
  id: string
  name: string
  label: string
  description: string | null
  builtIn: boolean
  requiresMfa: boolean
  createdAt: Date
  updatedAt: Date
  permissions: string[]
  effectivePermissions: string[]
  parents: { id: string; name: string }[]
  userCount: number
}

/** Beyond this many the people with a role are not counted: the cost of a page must not grow with the tenant. */
const COUNTED_USERS = 10_000

const FIELDS = sql`r.id, r.name, r.label, r.description, r."builtIn", r."mfaRequiredSince" IS NOT NULL AS "requiresMfa", r."createdAt", r."updatedAt",
  COALESCE((SELECT array_agg(p.action ORDER BY p.action) FROM role_permissions rp
    JOIN permissions p ON p.id = rp."permissionId" WHERE rp."roleId" = r.id), '{}') AS permissions,
  ${EFFECTIVE} AS "effectivePermissions",
  COALESCE((SELECT json_agg(json_build_object('id', q.id, 'name', q.name) ORDER BY q.name) FROM role_parents rp
    JOIN roles q ON q.id = rp."parentId" WHERE rp."roleId" = r.id), '[]') AS parents,
  (SELECT count(*)::int FROM (SELECT 1 FROM user_roles ur JOIN users u ON u.id = ur."userId"
    WHERE ur."roleId" = r.id AND u."deletedAt" IS NULL LIMIT ${COUNTED_USERS}) AS holders) AS "userCount"`

const SORT_COLUMNS: Record<NonNullable<RoleQuery['sortBy']>, Sql> = {
  name: sql`r.name`,
  label: sql`r.label`,
  createdAt: sql`r."createdAt"`,
}

/** One page of roles; without a limit all of them. */
export function list(
  db: Executor,
  query: RoleQuery,
  page: { limit: number | null; offset: number },
): Promise<RoleRow[]> {
  const direction = query.sortOrder === 'desc' ? sql`DESC` : sql`ASC`
  return db.query<RoleRow>(sql`
    SELECT ${FIELDS} FROM roles r ${matching(query)}
    ORDER BY ${SORT_COLUMNS[query.sortBy ?? 'name']} ${direction}, r.id ${direction} LIMIT ${page.limit} OFFSET ${page.offset}`)
}

export async function count(db: Executor, query: Pick<RoleQuery, 'search'>): Promise<number> {
  return (await db.one<{ total: number }>(sql`SELECT count(*) AS total FROM roles r ${matching(query)}`))?.total ?? 0
}

function matching({ search }: Pick<RoleQuery, 'search'>): Sql {
  if (!search) return where([])
  const pattern = containing(search)
  return where([sql`(r.name ILIKE ${pattern} OR r.label ILIKE ${pattern} OR r.id = ${search})`])
}

export function find(db: Executor, id: string): Promise<RoleRow | undefined> {
  return db.one<RoleRow>(sql`SELECT ${FIELDS} FROM roles r WHERE r.id = ${id}`)
}

/** Writers of roles go one after the other in a tenant: what is checked about inheritance stays true until COMMIT. */
export async function lockAll(db: Executor): Promise<void> {
  await db.run(
    sql`SELECT pg_advisory_xact_lock(hashtextextended('roles:' || current_setting('app.tenant_id', true), 0))`,
  )
}

/** Nobody can be given the role until the transaction ends. */
export async function lockRow(db: Executor, id: string): Promise<void> {
  await db.run(sql`SELECT 1 FROM roles WHERE id = ${id} FOR UPDATE`)
}

/** Whether another role of the tenant has the name, in any case. */
export async function nameTaken(db: Executor, name: string, exceptId: string): Promise<boolean> {
  const row = await db.one(sql`SELECT 1 FROM roles WHERE lower(name) = lower(${name}) AND id <> ${exceptId} LIMIT 1`)
  return row !== undefined
}

export interface NewRole {
  id: string
  name: string
  label: string
  description: string | null
}

export async function insert(db: Executor, role: NewRole): Promise<void> {
  await db.run(sql`
    INSERT INTO roles (id, name, label, description) VALUES (${role.id}, ${role.name}, ${role.label}, ${role.description})`)
}

/** Makes a role ask for a second factor from now on, or not any more. One that does keeps the time since which it does. */
export async function setMfaRequired(db: Executor, id: string, required: boolean): Promise<void> {
  await db.run(sql`
    UPDATE roles SET "mfaRequiredSince" = CASE WHEN ${required} THEN COALESCE("mfaRequiredSince", now()) END WHERE id = ${id}`)
}

export async function update(db: Executor, id: string, columns: Record<string, unknown>): Promise<void> {
  await db.run(sql`UPDATE roles SET ${assignments({ id, ...columns })} WHERE id = ${id}`)
}

/** Gives these roles and everything that inherits from them a new version, later than the last one whatever the clock says. */
export async function touch(db: Executor, ids: readonly string[]): Promise<void> {
  await db.run(sql`
    WITH RECURSIVE below(id) AS (
      SELECT unnest(${ids}::text[]) UNION SELECT rp."roleId" FROM below JOIN role_parents rp ON rp."parentId" = below.id)
    UPDATE roles SET "updatedAt" = GREATEST("updatedAt" + interval '1 millisecond', clock_timestamp()::timestamp(3))
    FROM below WHERE roles.id = below.id`)
}

export async function remove(db: Executor, id: string): Promise<void> {
  await db.run(sql`DELETE FROM roles WHERE id = ${id}`)
}

/** Puts one role in the place of another, for the people who hold it and the roles that inherit from it. */
export async function reassign(db: Executor, from: string, to: string): Promise<void> {
  await db.run(
    sql`INSERT INTO user_roles ("userId", "roleId") SELECT "userId", ${to} FROM user_roles WHERE "roleId" = ${from} ON CONFLICT DO NOTHING`,
  )
  await db.run(
    sql`INSERT INTO role_parents ("roleId", "parentId") SELECT "roleId", ${to} FROM role_parents WHERE "parentId" = ${from} ON CONFLICT DO NOTHING`,
  )
}

export interface MemberWithRoles {
  id: string
  name: string
  status: string
  roleIds: string[]
}

export function findMember(db: Executor, userId: string): Promise<MemberWithRoles | undefined> {
  return db.one<MemberWithRoles>(sql`
    SELECT u.id, u.name, u.status::text AS status, COALESCE((
      SELECT array_agg(ur."roleId" ORDER BY r.name) FROM user_roles ur JOIN roles r ON r.id = ur."roleId" WHERE ur."userId" = u.id), '{}') AS "roleIds"
    FROM memberships m JOIN users u ON u.id = m."userId" WHERE m."userId" = ${userId} AND u."deletedAt" IS NULL`)
}
