// The SQL of inheritance between roles.
import { type Executor, sql } from '../../../drivers/database/index.ts'
import type { RoleNode } from './graph.ts'

export async function replaceParents(db: Executor, roleId: string, parentIds: readonly string[]): Promise<void> {
  await db.run(sql`DELETE FROM role_parents WHERE "roleId" = ${roleId} AND "parentId" <> ALL(${parentIds})`)
  await db.run(sql`
    INSERT INTO role_parents ("roleId", "parentId") SELECT ${roleId}, unnest(${parentIds}::text[]) ON CONFLICT DO NOTHING`)
}

export interface Inheritance {
  /** The role itself and everything that inherits from it. */
  below: string[]
  /** Roles on the longest way down, the role included. */
  levelsBelow: number
  /** Roles on the longest way up that would be, the parents included. */
  levelsAbove: number
}

/** Where a role stands, and how far its parents-to-be reach up. Ways are followed for `atMost` levels. */
export async function inheritance(
  db: Executor,
  roleId: string,
  parentIds: readonly string[],
  atMost: number,
): Promise<Inheritance> {
  const row = await db.one<Inheritance>(sql`
    WITH RECURSIVE below(id, level) AS (
      SELECT ${roleId}::text, 1
      UNION SELECT rp."roleId", level + 1 FROM below JOIN role_parents rp ON rp."parentId" = below.id WHERE level <= ${atMost}),
    above(id, level) AS (
      SELECT unnest(${parentIds}::text[]), 1
      UNION SELECT rp."parentId", level + 1 FROM above JOIN role_parents rp ON rp."roleId" = above.id WHERE level <= ${atMost})
    SELECT (SELECT array_agg(DISTINCT id) FROM below) AS below, (SELECT max(level) FROM below) AS "levelsBelow",
      COALESCE((SELECT max(level) FROM above), 0) AS "levelsAbove"`)
  return row!
}

/** The roles that inherit directly. */
export async function childrenOf(db: Executor, id: string): Promise<string[]> {
  const rows = await db.query<{ roleId: string }>(
    sql`SELECT "roleId" FROM role_parents WHERE "parentId" = ${id} ORDER BY "roleId"`,
  )
  return rows.map((row) => row.roleId)
}

/** Every role of the tenant with its own permissions and its parents, by name. */
export function rolesAsGraph(db: Executor): Promise<(RoleNode & { label: string; builtIn: boolean })[]> {
  return db.query(sql`
    SELECT r.id, r.name, r.label, r."builtIn",
      COALESCE((SELECT array_agg(p.action ORDER BY p.action) FROM role_permissions rp
        JOIN permissions p ON p.id = rp."permissionId" WHERE rp."roleId" = r.id), '{}') AS permissions,
      COALESCE((SELECT array_agg("parentId" ORDER BY "parentId") FROM role_parents WHERE "roleId" = r.id), '{}') AS "parentIds"
    FROM roles r ORDER BY r.name, r.id`)
}
