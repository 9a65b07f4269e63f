// What the doctor asks the database.
import { type Executor, sql } from '../../drivers/database/index.ts'

export interface ServerState {
  version: string
  connections: number
  /** In milliseconds since the epoch. */
  now: number
}

export async function serverState(db: Executor): Promise<ServerState> {
  const row = await db.one<ServerState>(sql`
    SELECT current_setting('server_version') AS version,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections,
      (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now`)
  return row!
}

/** Tables that the role may not use as it must. */
export async function closedTables(db: Executor): Promise<string[]> {
  const rows = await db.query<{ name: string }>(sql`
    SELECT relname AS name FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
      AND relname NOT IN ('_prisma_migrations', 'document_search')
      AND NOT (has_table_privilege(oid, 'SELECT')
        AND (has_table_privilege(oid, 'INSERT') OR relname IN ('member_totals', 'ashlar_migrations')))
    ORDER BY relname`)
  return rows.map(({ name }) => name)
}

/** The queues that there are; undefined where jobs have no tables, or none that the role may read. */
export async function queues(db: Executor): Promise<string[] | undefined> {
  const readable = await db.one(sql`
    SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = 'pgboss' AND relname = 'queue' AND has_schema_privilege(pg_namespace.oid, 'USAGE')
      AND has_table_privilege(pg_class.oid, 'SELECT')`)
  if (!readable) return undefined
  return (await db.query<{ name: string }>(sql`SELECT name FROM pgboss.queue`)).map(({ name }) => name)
}
