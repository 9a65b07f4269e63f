// The demonstration data's SQL: rows that are there already stay as they are.
import { type Executor, identifier, join, type Sql, sql } from '../../drivers/database/index.ts'
import type { Row } from './content.ts'

/** Inserts rows of one shape into a table of ours. */
export async function insertRows(db: Executor, table: string, rows: readonly Row[]): Promise<number> {
  const [first] = rows
  if (!first) return 0
  const columns = join(Object.keys(first).map(identifier), ', ')
  return db.run(sql`
    INSERT INTO ${identifier(table)} (${columns})
    SELECT ${columns} FROM jsonb_populate_recordset(null::${identifier(table)}, ${JSON.stringify(rows)}::jsonb) ON CONFLICT DO NOTHING`)
}

/** The ids by username of accounts that exist, so that a second run builds on the first one's. */
export function idsByUsername(db: Executor, usernames: readonly string[]): Promise<{ id: string; username: string }[]> {
  return db.query(sql`SELECT id, username FROM users WHERE username = ANY(${usernames})`)
}

/** The ids of the tenant's roles by name: an adopted database has its own. */
export function roleIds(db: Executor): Promise<{ id: string; name: string }[]> {
  return db.query(sql`SELECT id, name FROM roles`)
}

export interface Volume {
  from: number
  to: number
  hash: string
  givenNames: readonly string[]
  familyNames: readonly string[]
  roleIds: readonly string[]
}

/** Accounts number `from` to `to`, the same at every run: names, states and roles follow from a hash of the number. */
export async function insertVolume(
  db: Executor,
  { from, to, hash, givenNames, familyNames, roleIds }: Volume,
): Promise<void> {
  const id = sql`'cdemovol' || lpad(to_hex(n), 17, '0')`
  await db.run(sql`
    INSERT INTO users (id, email, username, name, password, status, "createdAt", "updatedAt")
    SELECT ${id}, lower(given || '.' || family || n || '@demo.example'), 'p' || n, given || ' ' || family, ${hash},
      (CASE abs(hashint4(n * 3 + 2)) % 20 WHEN 0 THEN 'SUSPENDED' WHEN 1 THEN 'INACTIVE' ELSE 'ACTIVE' END)::"UserStatus",
      now() - make_interval(secs => abs(hashint4(n * 5 + 3)) % 31536000), now()
    FROM (
      SELECT n, (${givenNames}::text[])[1 + abs(hashint4(n)) % ${givenNames.length}] AS given,
        (${familyNames}::text[])[1 + abs(hashint4(n * 7 + 1)) % ${familyNames.length}] AS family
      FROM generate_series(${from}::int, ${to}::int) AS n) AS people ON CONFLICT DO NOTHING`)
  await db.run(sql`
    INSERT INTO memberships ("userId", "joinedAt")
    SELECT id, "createdAt" FROM users WHERE id IN (SELECT ${id} FROM generate_series(${from}::int, ${to}::int) AS n) ON CONFLICT DO NOTHING`)
  await db.run(sql`
    INSERT INTO user_roles ("userId", "roleId")
    SELECT u.id, (${roleIds}::text[])[1 + abs(hashtext(u.id)) % ${roleIds.length}]
    FROM users u WHERE u.id IN (SELECT ${id} FROM generate_series(${from}::int, ${to}::int) AS n) ON CONFLICT DO NOTHING`)
}

export interface TenantVolume {
  from: number
  to: number
  /** How many accounts of the volume there are to be members; 0: the tenants have none. */
  accounts: number
}

const MEMBERS_OF_TENANT = 3

const tenantsBetween = (from: number, to: number) =>
  sql`(SELECT 'cdemoten' || lpad(to_hex(n), 17, '0') AS id, n FROM generate_series(${from}::int, ${to}::int) AS n) AS t`

/** Tenants number 1 to `count`, empty. */
export async function insertTenants(db: Executor, count: number): Promise<void> {
  await db.run(sql`
    INSERT INTO tenants (id, name, slug) SELECT t.id, 'Demo tenant ' || t.n, 'demo-tenant-' || t.n
    FROM ${tenantsBetween(1, count)} ON CONFLICT DO NOTHING`)
}

/**
 * Fills tenants number `from` to `to` with the default tenant's built-in roles and permissions and three members each, the first an
 * owner. Needs a handle across tenants: one statement fills all of them.
 */
export async function fillTenants(db: Executor, { from, to, accounts }: TenantVolume): Promise<void> {
  const tenants = tenantsBetween(from, to)
  // References are checked by plans that a connection keeps: those made while the tables were empty read them whole.
  await db.run(sql`DISCARD PLANS`)
  const idOf = (old: Sql) => sql`'c' || left(md5(t.id || ' ' || ${old}), 24)`
  await db.run(sql`
    INSERT INTO permissions (id, "tenantId", action, resource, description, "builtIn", "group", label)
    SELECT ${idOf(sql`p.id`)}, t.id, p.action, p.resource, p.description, true, p."group", p.label
    FROM permissions p, ${tenants} WHERE p."tenantId" = 'default' AND p."builtIn" ON CONFLICT DO NOTHING`)
  await db.run(sql`
    INSERT INTO roles (id, "tenantId", name, label, description, "builtIn")
    SELECT ${idOf(sql`r.id`)}, t.id, r.name, r.label, r.description, true
    FROM roles r, ${tenants} WHERE r."tenantId" = 'default' AND r."builtIn" ON CONFLICT DO NOTHING`)
  await db.run(sql`
    INSERT INTO role_permissions ("roleId", "permissionId", "tenantId")
    SELECT ${idOf(sql`r.id`)}, ${idOf(sql`p.id`)}, t.id
    FROM role_permissions rp JOIN roles r ON r.id = rp."roleId" JOIN permissions p ON p.id = rp."permissionId", ${tenants}
    WHERE rp."tenantId" = 'default' AND r."builtIn" AND p."builtIn" ON CONFLICT DO NOTHING`)
  if (accounts < MEMBERS_OF_TENANT) return
  const member = sql`'cdemovol' || lpad(to_hex((t.n * ${MEMBERS_OF_TENANT} + place) % ${accounts} + 1), 17, '0')`
  const members = sql`${tenants}, generate_series(0, ${MEMBERS_OF_TENANT - 1}) AS place`
  await db.run(sql`
    INSERT INTO memberships ("tenantId", "userId", level)
    SELECT t.id, ${member}, CASE place WHEN 0 THEN 'OWNER' ELSE 'MEMBER' END FROM ${members} ON CONFLICT DO NOTHING`)
  await db.run(sql`
    INSERT INTO user_roles ("userId", "roleId", "tenantId")
    SELECT ${member}, ${idOf(sql`r.id`)}, t.id FROM ${members}
    JOIN roles r ON r."tenantId" = 'default' AND r.name = CASE place WHEN 0 THEN 'admin' ELSE 'user' END ON CONFLICT DO NOTHING`)
}
