// What must be true of the database before the first request: the application's role is bound by row security, and a commit is durable.
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { Database } from './database.ts'
import type { PoolOptions } from './pool.ts'
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

const PROBES = 20

const TIMEOUTS = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout']
const UNKEPT =
  'The pooler of DATABASE_POOLER_URL does not keep prepared statements: leave DB_PREPARED_STATEMENTS away, or have PgBouncer 1.21 or newer with max_prepared_statements.'

/**
 * Why the pool cannot work behind this pooler; undefined where it can, and where there is none. What hangs must end: behind a pooler the
 * timeouts stand at the role, where migrations set them, and a connection of the server has those of the moment in which it was opened.
 */
export async function poolerFault({
  url,
  pooled,
  prepared,
}: Pick<PoolOptions, 'url' | 'pooled' | 'prepared'>): Promise<string | undefined> {
  if (!pooled) return undefined
  const clients = [0, 1].map(() => new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 }))
  for (const client of clients) client.on('error', () => undefined)
  try {
    for (const client of clients) await client.connect()
    const { rows } = await clients[0]!.query<{ name: string }>(
      "SELECT name FROM unnest($1::text[]) AS name WHERE current_setting(name) = '0'",
      [TIMEOUTS],
    )
    if (rows.length > 0) return `${endless(rows)}: ${SET_THEM}`
    return prepared ? await preparingFault(clients) : undefined
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
  }
}

const SET_THEM =
  'run `ashlar migrate up`, which sets them at the role, and then RECONNECT at PgBouncer, whose connections keep what they were opened with.'

function endless(rows: readonly { name: string }[]): string {
  return `Through the pooler of DATABASE_POOLER_URL there is no ${rows.map(({ name }) => name).join(', no ')}`
}

async function preparingFault(clients: readonly pg.Client[]): Promise<string | undefined> {
  try {
    for (let probe = 0; probe < PROBES; probe++) {
      // One name from two clients on one connection of the server: a pooler that keeps statements tells them apart.
      const statement = { name: `probe_${randomBytes(6).toString('hex')}`, text: 'SELECT pg_backend_pid() AS pid' }
      const pids: number[] = []
      for (const client of clients) pids.push((await client.query(statement)).rows[0].pid)
      if (pids[0] === pids[1]) return undefined
    }
    return undefined
  } catch (error) {
    if (!['42P05', '26000'].includes((error as { code?: string }).code ?? '')) throw error
    return UNKEPT
  }
}
