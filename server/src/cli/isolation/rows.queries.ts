// Everything that the database holds of a tenant and of its people, as one checksum a table.
import { type Database, identifier, join, type Sql, sql } from '../../drivers/database/index.ts'

/** The ids of the tenant's members. */
export async function membersOf(database: Pick<Database, 'acrossTenants'>, tenantId: string): Promise<string[]> {
  const rows = await database.acrossTenants('proof of isolation: members of one tenant', (tx) =>
    tx.query<{ userId: string }>(sql`SELECT "userId" FROM memberships WHERE "tenantId" = ${tenantId}`),
  )
  return rows.map(({ userId }) => userId)
}

/** By table: a checksum over the tenant's rows and, where rows belong to accounts, over those of the people. */
export async function checksumsOf(
  database: Pick<Database, 'acrossTenants'>,
  tenantId: string,
  userIds: string[],
): Promise<Map<string, string>> {
  return database.acrossTenants('proof of isolation: checksums of one tenant', async (tx) => {
    const tables = await tx.query<{ name: string; tenant: boolean; user: boolean }>(sql`
      SELECT table_name::text AS name, bool_or(column_name = 'tenantId') AS tenant, bool_or(column_name = 'userId') AS "user"
      FROM information_schema.columns
      WHERE table_schema = 'public' AND column_name IN ('tenantId', 'userId') AND table_name <> 'event_heads'
      GROUP BY table_name ORDER BY table_name`)
    const sums = new Map<string, string>()
    const add = async (name: string, conditions: Sql[]) => {
      // The place of an event is written after COMMIT, at a time of its own, as is where events end.
      const text = name === 'events' ? sql`(to_jsonb(t) - 'seq')::text` : sql`t::text`
      const row = await tx.one<{ sum: string }>(sql`
        SELECT count(*) || ':' || md5(COALESCE(string_agg(${text}, '|' ORDER BY ${text}), '')) AS sum
        FROM ${identifier(name)} t WHERE ${join(conditions, ' OR ')}`)
      sums.set(name, row!.sum)
    }
    for (const { name, tenant, user } of tables)
      await add(name, [
        ...(tenant ? [sql`"tenantId" = ${tenantId}`] : []),
        ...(user ? [sql`"userId" = ANY(${userIds})`] : []),
      ])
    await add('tenants', [sql`id = ${tenantId}`])
    await add('users', [sql`id = ANY(${userIds})`])
    return sums
  })
}
