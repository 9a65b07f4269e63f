// The SQL of permissions.
import { containing, type Executor, type Sql, sql, where } from '../../../drivers/database/index.ts'
import type { CataloguePermission } from './catalogue.ts'

export interface PermissionRow {
  id: string
  action: string
  resource: string
  description: string | null
  label: string | null
  group: string | null
  builtIn: boolean
  createdAt: Date
}

const FIELDS = sql`id, action, resource, description, label, "group", "builtIn", "createdAt"`

/** One page of permissions by action; without a limit all of them. */
export function list(
  db: Executor,
  search: string | undefined,
  page: { limit: number | null; offset: number },
): Promise<PermissionRow[]> {
  return db.query<PermissionRow>(sql`
    SELECT ${FIELDS} FROM permissions ${matching(search)} ORDER BY action, id LIMIT ${page.limit} OFFSET ${page.offset}`)
}

export async function count(db: Executor, search?: string): Promise<number> {
  return (
    (await db.one<{ total: number }>(sql`SELECT count(*) AS total FROM permissions ${matching(search)}`))?.total ?? 0
  )
}

function matching(search: string | undefined): Sql {
  if (!search) return where([])
  const pattern = containing(search)
  return where([
    sql`(action ILIKE ${pattern} OR label ILIKE ${pattern} OR description ILIKE ${pattern} OR "group" ILIKE ${pattern})`,
  ])
}

export function find(db: Executor, id: string): Promise<PermissionRow | undefined> {
  return db.one<PermissionRow>(sql`SELECT ${FIELDS} FROM permissions WHERE id = ${id}`)
}

export interface PermissionKey {
  id: string
  action: string
}

/** All permissions of the tenant, by id and action. */
export function keys(db: Executor): Promise<PermissionKey[]> {
  return db.query<PermissionKey>(sql`SELECT id, action FROM permissions ORDER BY action`)
}

export interface NewPermission {
  id: string
  action: string
  resource: string
  description: string | null
  label: string | null
  group: string | null
}

/** The new row; undefined when the tenant has the action already. */
export function insert(db: Executor, permission: NewPermission): Promise<PermissionRow | undefined> {
  return db.one<PermissionRow>(sql`
    INSERT INTO permissions (id, action, resource, description, label, "group")
    VALUES (${permission.id}, ${permission.action}, ${permission.resource}, ${permission.description}, ${permission.label}, ${permission.group})
    ON CONFLICT ("tenantId", action) DO NOTHING RETURNING ${FIELDS}`)
}

/** The names of the roles that grant it themselves. */
export async function rolesWith(db: Executor, id: string): Promise<string[]> {
  const rows = await db.query<{ name: string }>(sql`
    SELECT r.name FROM role_permissions rp JOIN roles r ON r.id = rp."roleId" WHERE rp."permissionId" = ${id} ORDER BY r.name`)
  return rows.map((row) => row.name)
}

export async function remove(db: Executor, id: string): Promise<void> {
  await db.run(sql`DELETE FROM permissions WHERE id = ${id}`)
}

/** Gives a role exactly these permissions. */
export async function replaceOf(db: Executor, roleId: string, permissionIds: readonly string[]): Promise<void> {
  await db.run(sql`DELETE FROM role_permissions WHERE "roleId" = ${roleId} AND "permissionId" <> ALL(${permissionIds})`)
  await db.run(sql`
    INSERT INTO role_permissions ("roleId", "permissionId") SELECT ${roleId}, unnest(${permissionIds}::text[]) ON CONFLICT DO NOTHING`)
}

/**
 * Adds what the catalogue has and the tenant lacks, to the group that its permissions of the same resource are in; leaves everything
 * else as it is.
 */
export async function seedPermissions(
  db: Executor,
  ids: string[],
  catalogue: readonly CataloguePermission[],
): Promise<void> {
  await db.run(sql`
    INSERT INTO permissions (id, action, resource, description, label, "group", "builtIn")
    SELECT id, action, split_part(action, ':', 1), description, label,
      COALESCE((SELECT min(p."group") FROM permissions p WHERE p.resource = split_part(new.action, ':', 1) AND p."builtIn"), "group"), true
    FROM unnest(${ids}::text[], ${catalogue.map((one) => one.action)}::text[], ${catalogue.map((one) => one.description)}::text[],
      ${catalogue.map((one) => one.label)}::text[], ${catalogue.map((one) => one.group)}::text[]) AS new(id, action, description, label, "group")
    ON CONFLICT ("tenantId", action) DO UPDATE SET "builtIn" = true, label = COALESCE(permissions.label, excluded.label), "group" = COALESCE(permissions."group", excluded."group")
      WHERE NOT permissions."builtIn"`)
}

export async function grant(db: Executor, roleId: string, actions: readonly string[]): Promise<void> {
  await db.run(sql`
    INSERT INTO role_permissions ("roleId", "permissionId") SELECT ${roleId}, id FROM permissions WHERE action = ANY(${actions}) ON CONFLICT DO NOTHING`)
}

/** The tenants with fewer built-in permissions than the catalogue has, the default one first; needs a handle across tenants. */
export function tenantsBehind(db: Executor, catalogued: number): Promise<{ id: string }[]> {
  return db.query<{ id: string }>(sql`
    SELECT t.id FROM tenants t
    WHERE t."deletedAt" IS NULL AND (SELECT count(*) FROM permissions p WHERE p."tenantId" = t.id AND p."builtIn") < ${catalogued}
    ORDER BY (t.id = 'default') DESC, t.id`)
}
