// The migration runner: one migrator at a time, each migration in its own transaction together with its record, its row
// security and its grants, so that a kill at any moment leaves the version before or the version after.
import { setTimeout as wait } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { isAdoptable } from './adoption.ts'
import { type MigrationFile, migrationsDir, readMigrations } from './migration-files.ts'
import { MigrationRefused } from './refused.ts'
import { prepareRoles } from './roles.ts'
import { applyPolicies, applyRowSecurity, type RowSecurityOptions } from './row-security.ts'

export { newMigration } from './migration-files.ts'

export interface MigrateOptions {
  rowSecurity: RowSecurityOptions
  /** Stop at this version. Up: the newest by default. */
  to?: number
  /** How long to wait for another migrator, and again for tables in use, in milliseconds. 60 000 by default. */
  lockWaitMs?: number
  /** The folder; the server's own by default. */
  dir?: string
}

export interface MigrateResult {
  from: number
  to: number
  /** In the order in which they ran. */
  ran: { version: number; name: string; milliseconds: number; adopted: boolean }[]
}

export type MigrationState = 'applied' | 'adopted' | 'pending' | 'changed' | 'unknown'

export interface MigrationStatus {
  current: number
  latest: number
  migrations: { version: number; name: string; state: MigrationState; appliedAt?: Date; milliseconds?: number }[]
  /** Why `migrateUp` would refuse, as sentences; empty when it would not. */
  problems: string[]
}

interface Applied {
  version: number
  name: string
  checksum: string
  adopted: boolean
  appliedAt: Date
  milliseconds: number
}

/** Brings the database to `to`, then sees to roles, policies and grants. Needs a direct connection of the tables' owner. */
export async function migrateUp(client: ClientBase, options: MigrateOptions): Promise<MigrateResult> {
  const files = await readMigrations(options.dir)
  return locked(client, options, async () => {
    const applied = await readApplied(client)
    refuseProblems(files, applied)
    const from = applied.length
    const to = options.to ?? Math.max(files.length, from)
    if (!Number.isInteger(to) || to < from || to > files.length) {
      throw new MigrationRefused([`Cannot go up from version ${from} to ${to}: the newest is ${files.length}.`])
    }
    const pending = files.slice(from, to)
    refuseUnwritten(pending)
    const ran: MigrateResult['ran'] = []
    await prepareRoles(client, options.rowSecurity)
    for (const file of pending) {
      const adopted = file.version === 1 && (await isAdoptable(client, file.up))
      const milliseconds = await runMigration(client, options, adopted ? '' : file.up, async (elapsed) => {
        await client.query(
          'INSERT INTO ashlar_migrations (version, name, checksum, adopted, milliseconds) VALUES ($1, $2, $3, $4, $5)',
          [file.version, file.name, file.checksum, adopted, elapsed],
        )
      })
      ran.push({ version: file.version, name: file.name, milliseconds, adopted })
    }
    if (ran.length === 0) await applyRowSecurity(client, options.rowSecurity)
    return { from, to, ran }
  })
}

/** Takes the database back to version `to`. An adopted first migration loses its mark and none of its tables. */
export async function migrateDown(
  client: ClientBase,
  options: MigrateOptions & { to: number },
): Promise<MigrateResult> {
  const files = await readMigrations(options.dir)
  return locked(client, options, async () => {
    const applied = await readApplied(client)
    refuseProblems(files, applied)
    const from = applied.length
    if (!Number.isInteger(options.to) || options.to < 0 || options.to > from) {
      throw new MigrationRefused([`Cannot go down from version ${from} to ${options.to}.`])
    }
    const ran: MigrateResult['ran'] = []
    await prepareRoles(client, options.rowSecurity)
    for (const file of files.slice(options.to, from).reverse()) {
      const { adopted } = applied[file.version - 1]!
      const milliseconds = await runMigration(client, options, adopted ? '' : file.down, async () => {
        await client.query('DELETE FROM ashlar_migrations WHERE version = $1', [file.version])
      })
      ran.push({ version: file.version, name: file.name, milliseconds, adopted })
    }
    return { from, to: options.to, ran }
  })
}

/** Where a database stands, without changing it. */
export async function migrationStatus(client: ClientBase, dir: string = migrationsDir): Promise<MigrationStatus> {
  const files = await readMigrations(dir)
  const { rows } = await client.query("SELECT to_regclass('ashlar_migrations') IS NOT NULL AS recorded")
  const applied = rows[0].recorded ? await readApplied(client) : []
  const known = files.map((file) => {
    const record = applied.find(({ version }) => version === file.version)
    return { version: file.version, name: file.name, state: stateOf(file, record), ...timesOf(record) }
  })
  const unknown = applied
    .filter(({ version }) => version > files.length)
    .map((record) => ({ version: record.version, name: record.name, state: 'unknown' as const, ...timesOf(record) }))
  return {
    current: applied.at(-1)?.version ?? 0,
    latest: files.length,
    migrations: [...known, ...unknown],
    problems: problemsOf(files, applied),
  }
}

function stateOf(file: MigrationFile, record: Applied | undefined): MigrationState {
  if (!record) return 'pending'
  if (record.checksum !== file.checksum) return 'changed'
  return record.adopted ? 'adopted' : 'applied'
}

function timesOf(record: Applied | undefined): { appliedAt?: Date; milliseconds?: number } {
  return record ? { appliedAt: record.appliedAt, milliseconds: record.milliseconds } : {}
}

function problemsOf(files: MigrationFile[], applied: Applied[]): string[] {
  const gap = applied.findIndex((record, place) => record.version !== place + 1)
  if (gap >= 0) return [`The database has version ${applied[gap]!.version} without version ${gap + 1}.`]
  if (applied.length > files.length) {
    return [`The database is at version ${applied.length} and this program knows ${files.length}: use a newer program.`]
  }
  return applied
    .filter((record) => record.checksum !== files[record.version - 1]!.checksum)
    .map(
      ({ version, name }) =>
        `The migration ${version} (${name}) was changed after it was applied. Write a new migration instead.`,
    )
}

function refuseProblems(files: MigrationFile[], applied: Applied[]): void {
  const problems = problemsOf(files, applied)
  if (problems.length > 0) throw new MigrationRefused(problems)
}

/** A migration that somebody is about to write must not count as done: a server that restarts meanwhile would run it. */
function refuseUnwritten(pending: MigrationFile[]): void {
  const problems = pending
    .filter(({ up }) => up.split('\n').every((line) => /^\s*(?:--|$)/.test(line)))
    .map(({ version, name }) => `The migration ${version} (${name}) has no statement yet.`)
  if (problems.length > 0) throw new MigrationRefused(problems)
}

async function readApplied(client: ClientBase): Promise<Applied[]> {
  const { rows } = await client.query<Applied>(
    'SELECT version, name, checksum, adopted, "appliedAt", milliseconds FROM ashlar_migrations ORDER BY version',
  )
  return rows
}

// The key is arbitrary and ours: the bytes of "ashl" and of "migr".
const LOCK = [0x6173686c, 0x6d696772]

// A lock of the session, not of a transaction: it spans them all, and goes with the connection when the process dies.
async function locked<T>(client: ClientBase, options: MigrateOptions, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + lockWaitOf(options)
  for (;;) {
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1, $2) AS held', LOCK)
    if (rows[0].held) break
    if (Date.now() >= deadline) {
      throw new MigrationRefused([
        `Another migrator is at work on this database since more than ${lockWaitOf(options)} ms.`,
      ])
    }
    await wait(100)
  }
  try {
    await client.query(`CREATE TABLE IF NOT EXISTS ashlar_migrations (
      version integer NOT NULL,
      name text NOT NULL,
      checksum text NOT NULL,
      adopted boolean NOT NULL DEFAULT false,
      "appliedAt" timestamptz NOT NULL DEFAULT now(),
      milliseconds integer NOT NULL,
      CONSTRAINT ashlar_migrations_pkey PRIMARY KEY (version)
    )`)
    return await work()
  } finally {
    await client.query('SELECT pg_advisory_unlock($1, $2)', LOCK)
  }
}

function lockWaitOf(options: MigrateOptions): number {
  return options.lockWaitMs ?? 60_000
}

// Waiting long for a table would make everybody behind wait as well: give up early, let the others pass, and try again.
async function runMigration(
  client: ClientBase,
  options: MigrateOptions,
  script: string,
  record: (elapsed: number) => Promise<void>,
): Promise<number> {
  const deadline = Date.now() + lockWaitOf(options)
  for (;;) {
    const started = Date.now()
    try {
      await client.query('BEGIN')
      await client.query(
        `SELECT set_config('lock_timeout', '2s', true), set_config('statement_timeout', '0', true),
           set_config('TimeZone', 'UTC', true), set_config('app.tenant_id', '', true), set_config('app.maintenance', 'on', true)`,
      )
      await client.query(script)
      await applyPolicies(client, options.rowSecurity)
      const elapsed = Date.now() - started
      await record(elapsed)
      await client.query('COMMIT')
      return elapsed
    } catch (error) {
      await client.query('ROLLBACK')
      const isForLocks = ['55P03', '40P01'].includes((error as { code?: string }).code ?? '')
      if (!isForLocks || Date.now() >= deadline) throw error
      await wait(500)
    }
  }
}
