// The demonstration data's SQL: rows that are there already stay as they are.
import { type Executor, identifier, join, sql } from '../../drivers/database/index.ts'
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
