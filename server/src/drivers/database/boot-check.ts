// What must be true of the database before the first request: the application's role is bound by row security, and a commit is durable.
import type { Database } from './database.ts'
import { sql } from './sql.ts'

interface State {
  role: string
  strong: boolean
  owned: number
  fsync: string
  commit: string
  pages: string
}

/** Sentences about what is wrong; the durability settings count only where `durable` is asked for. */
export async function bootFaults({ global }: Pick<Database, 'global'>, durable: boolean): Promise<string[]> {
  const state = await global.one<State>(sql`
    SELECT current_user AS role, (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb) AS strong,
      (SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid) AS owned,
      current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, current_setting('full_page_writes') AS pages
    FROM pg_roles WHERE rolname = current_user`)
  if (!state) return ['The application cannot see its own database role.']
  const { role, strong, owned, fsync, commit, pages } = state
  const lost = [
    fsync === 'off' && 'fsync',
    commit === 'off' && 'synchronous_commit',
    pages === 'off' && 'full_page_writes',
  ]
  return [
    strong &&
      `The application works as ${role}, which row security does not bind: name the owner in DATABASE_URL and leave the application's role to Ashlar.`,
    owned > 0 &&
      `The application works as ${role}, which owns ${owned} tables or indexes: row security would not be safe from it.`,
    ...(durable
      ? lost.map((setting) => setting && `PostgreSQL runs with ${setting} off: what is acknowledged could be lost.`)
      : []),
  ].filter((fault) => typeof fault === 'string')
}
