// Databases for tests: each test file makes its own on the server that TEST_DATABASE_URL names, and drops it.
import { randomBytes } from 'node:crypto'
import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type MigrateOptions, migrateUp } from '../src/drivers/database/migrations.ts'
import { createSealer } from '../src/drivers/sealing/index.ts'

export interface TestDatabase {
  /** As the owner of the tables, who is no superuser. */
  url: string
  /** As the application's role, once the database is migrated. */
  appUrl: string
  /** As the superuser of TEST_DATABASE_URL: sees everything. */
  adminUrl: string
  rolePrefix: string
  options: MigrateOptions
  drop(): Promise<void>
}

const PASSWORD = 'test-password'
const SEALER = createSealer([{ id: 'tests', key: Buffer.alloc(32, 7) }])

/** Creates an empty database with an owner and role names of its own, on the tests' server or on the named one. */
export async function createDatabase(settings: { forced?: boolean; server?: string } = {}): Promise<TestDatabase> {
  const server = settings.server ?? process.env.TEST_DATABASE_URL
  if (!server)
    throw new Error('Set TEST_DATABASE_URL to a PostgreSQL server on which tests may create databases and roles.')
  const rolePrefix = `test_${randomBytes(6).toString('hex')}`
  await withClient(server, async (client) => {
    await client.query(`CREATE ROLE ${rolePrefix}_owner LOGIN CREATEROLE PASSWORD '${PASSWORD}'`)
    // Some settings of the server's owner make a role it created its own only by membership.
    await client.query(`GRANT ${rolePrefix}_owner TO CURRENT_USER`)
    await client.query(`CREATE DATABASE ${rolePrefix} OWNER ${rolePrefix}_owner TEMPLATE template0`)
  })
  const urlAs = (user: string) => {
    const url = new URL(server)
    url.username = user
    url.password = PASSWORD
    url.pathname = `/${rolePrefix}`
    return url.href
  }
  const adminUrl = new URL(server)
  adminUrl.pathname = `/${rolePrefix}`
  return {
    url: urlAs(`${rolePrefix}_owner`),
    appUrl: urlAs(`${rolePrefix}_app`),
    adminUrl: adminUrl.href,
    rolePrefix,
    options: {
      rowSecurity: { rolePrefix, password: { made: PASSWORD, sealer: SEALER }, forced: settings.forced ?? true },
    },
    drop: () =>
      withClient(server, async (client) => {
        await client.query(`DROP DATABASE ${rolePrefix} WITH (FORCE)`)
        await client.query(`DROP ROLE IF EXISTS ${rolePrefix}_app, ${rolePrefix}_across, ${rolePrefix}_owner`)
      }),
  }
}

/** Creates a database and brings it to the newest version. */
export async function createMigratedDatabase(settings: { forced?: boolean } = {}): Promise<TestDatabase> {
  const database = await createDatabase(settings)
  await withClient(database.url, (client) => migrateUp(client, database.options))
  return database
}

/** Creates a database as HaloLight leaves it: its tables, its rows, none of ours. */
export async function createHaloLightDatabase(settings: { forced?: boolean } = {}): Promise<TestDatabase> {
  const database = await createDatabase(settings)
  for (const file of ['halolight.sql', 'halolight.rows.sql']) {
    const script = await readFile(new URL(`./fixtures/${file}`, import.meta.url), 'utf8')
    await withClient(database.url, (client) => client.query(script))
  }
  return database
}

/** Connects, works, and disconnects whatever happens. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Runs statements with a tenant set, in one transaction that is kept. */
export async function inTenant<T>(client: pg.Client, tenantId: string, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN')
  try {
    await client.query("SELECT set_config('app.tenant_id', $1, true)", [tenantId])
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

/** The exports of every `*.tables.ts` of the server. */
export async function declarations(): Promise<Record<string, unknown>[]> {
  const source = new URL('../src/', import.meta.url)
  const files: string[] = []
  for await (const file of glob('**/*.tables.ts', { cwd: fileURLToPath(source) })) files.push(file)
  return Promise.all(files.sort().map((file) => import(new URL(file, source).href)))
}
