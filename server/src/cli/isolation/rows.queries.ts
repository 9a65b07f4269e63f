// Everything that the database holds of a tenant and of its people, as one checksum a table.
import { type Database, identifier, join, type Sql, sql } from '../../drivers/database/index.ts'
import { ownedBy } from '../../drivers/queue/index.ts'

/** What the server does by itself, such as giving up a job or sweeping up what nobody has, comes when it comes. */
const UNASKED: Partial<Record<string, Sql>> = {
  events: sql`actor LIKE 'system:%'`,
  blobs: sql`refs = 0`,
}

/** The ids of the tenant's members. */
export async function membersOf(database: Pick<Database, 'acrossTenants'>, tenantId: string): Promise<string[]> {
  const rows = await database.acrossTenants('proof of isolation: members of one tenant', (tx) =>
    tx.query<{ userId: string }>(sql`SELECT "userId" FROM memberships WHERE "tenantId" = ${tenantId}`),
  )
  return rows.map(({ userId }) => userId)
}

/** How many jobs of the tenant run or could run now. */
export async function dueJobsOf(database: Pick<Database, 'tenant'>, tenantId: string): Promise<number> {
  const row = await database.tenant(tenantId).one<{ due: number }>(sql`
    SELECT count(*)::int AS due FROM pgboss.job
    WHERE ${ownedBy(tenantId)} AND state IN ('created', 'retry', 'active') AND start_after <= now()`)
  return row!.due
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
      const unasked = UNASKED[name] ?? sql`false`
      const row = await tx.one<{ sum: string }>(sql`
        SELECT count(*) || ':' || md5(COALESCE(string_agg(${text}, '|' ORDER BY ${text}), '')) AS sum
        FROM ${identifier(name)} t WHERE (${join(conditions, ' OR ')}) AND NOT (${unasked})`)
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
