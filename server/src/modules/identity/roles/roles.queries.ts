// The roles' and permissions' SQL.
import { type Executor, sql } from '../../../drivers/database/index.ts'
import type { CataloguePermission, DefaultRole } from './catalogue.ts'

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
    SELECT r.id, r.name, r.label, r.description, COALESCE((
      WITH RECURSIVE held(id) AS (
        SELECT r.id UNION SELECT rp."parentId" FROM held JOIN role_parents rp ON rp."roleId" = held.id)
      SELECT array_agg(DISTINCT p.action ORDER BY p.action) FROM held
        JOIN role_permissions rp ON rp."roleId" = held.id JOIN permissions p ON p.id = rp."permissionId"), '{}') AS permissions
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
    SELECT r.id, r.name, COALESCE((
      WITH RECURSIVE held(id) AS (
        SELECT r.id UNION SELECT rp."parentId" FROM held JOIN role_parents rp ON rp."roleId" = held.id)
      SELECT array_agg(DISTINCT p.action) FROM held
        JOIN role_permissions rp ON rp."roleId" = held.id JOIN permissions p ON p.id = rp."permissionId"), '{}') AS permissions
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

/** Adds what the catalogue has and the tenant lacks; leaves everything else as it is. */
export async function seedPermissions(
  db: Executor,
  ids: string[],
  catalogue: readonly CataloguePermission[],
): Promise<void> {
  await db.run(sql`
    INSERT INTO permissions (id, action, resource, description, label, "group", "builtIn")
    SELECT id, action, split_part(action, ':', 1), description, label, "group", true
    FROM unnest(${ids}::text[], ${catalogue.map((one) => one.action)}::text[], ${catalogue.map((one) => one.description)}::text[],
      ${catalogue.map((one) => one.label)}::text[], ${catalogue.map((one) => one.group)}::text[]) AS new(id, action, description, label, "group")
    ON CONFLICT ("tenantId", action) DO UPDATE SET "builtIn" = true, label = COALESCE(permissions.label, excluded.label), "group" = COALESCE(permissions."group", excluded."group")
      WHERE NOT permissions."builtIn"`)
}

/** Adds a default role if the tenant has none of that name; answers its id when it was added. */
export function seedRole(db: Executor, id: string, role: DefaultRole): Promise<{ id: string } | undefined> {
  return db.one<{ id: string }>(sql`
    INSERT INTO roles (id, name, label, description, "builtIn") VALUES (${id}, ${role.name}, ${role.label}, ${role.description}, true)
    ON CONFLICT ("tenantId", name) DO NOTHING RETURNING id`)
}

export async function grant(db: Executor, roleId: string, actions: readonly string[]): Promise<void> {
  await db.run(sql`
    INSERT INTO role_permissions ("roleId", "permissionId") SELECT ${roleId}, id FROM permissions WHERE action = ANY(${actions}) ON CONFLICT DO NOTHING`)
}
