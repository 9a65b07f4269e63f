// What every verb that needs the database goes through: configuration, log, database, schema.
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { createModules, type Drivers, type Modules } from '../app.ts'
import { type Config, ensureSecrets, loadConfig } from '../config.ts'
import { systemClock } from '../core/clock.ts'
import { createPostgresBus } from '../drivers/bus/index.ts'
import { createDatabase, type DatabasePlace, placeDatabase, roleNames } from '../drivers/database/index.ts'
import { type MigrateResult, migrateUp } from '../drivers/database/migrations.ts'
import { memoryLimitStore } from '../drivers/http/index.ts'
import { createLog, type Log } from '../drivers/telemetry/log.ts'
import { UsageError } from './arguments.ts'

export const VERSION: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

export function readConfig(): { config: Config; log: Log } {
  const config = ensureSecrets(loadConfig())
  const log = createLog(config.log)
  for (const notice of config.notices) log.warn({}, notice)
  return { config, log }
}

/** The database of the configuration; `beside` for verbs that may run next to a server. */
export function findDatabase(config: Config, log: Log, beside = false): Promise<DatabasePlace> {
  const { url, appUrl, appPassword, rolePrefix } = config.database
  return placeDatabase({ url, appUrl, appPassword, rolePrefix, dataDir: config.app.dataDir }, log, beside)
}

/** Runs a verb's work on the owner's connection, and stops what it started. */
export async function withOwner<T>(work: (client: pg.Client, config: Config) => Promise<T>): Promise<T> {
  const { config, log } = readConfig()
  const place = await findDatabase(config, log, true)
  try {
    if (!place.ownerUrl) throw new UsageError('DATABASE_URL must name the owner of the tables for this.')
    return await asOwner(place.ownerUrl, (client) => work(client, config))
  } finally {
    await place.embedded?.stop()
  }
}

/** Runs a verb's work on the modules over an up-to-date database, and stops what it started. */
export async function withApp<T>(work: (app: Modules, drivers: Drivers, config: Config) => Promise<T>): Promise<T> {
  const { config, log } = readConfig()
  const place = await findDatabase(config, log, true)
  try {
    await bringUpToDate(config, place)
    const drivers = await openDrivers(config, place, log)
    try {
      return await work(createModules(config, drivers, VERSION), drivers, config)
    } finally {
      await closeDrivers(drivers)
    }
  } finally {
    await place.embedded?.stop()
  }
}

/** Runs work on a direct connection of the tables' owner. */
export async function asOwner<T>(ownerUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: ownerUrl,
    application_name: 'ashlar-migrate',
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Brings the schema up to date, where the owner's URL is known. */
export async function bringUpToDate(config: Config, place: DatabasePlace): Promise<MigrateResult | undefined> {
  if (!place.ownerUrl) return undefined
  return asOwner(place.ownerUrl, (client) => migrateUp(client, { rowSecurity: rowSecurityOf(config) }))
}

export function rowSecurityOf(config: Config) {
  const { rolePrefix, appPassword, shared, appUrl } = config.database
  return { rolePrefix, forced: !shared, ...(appUrl === undefined && { password: appPassword }) }
}

/** The drivers over a database that is up to date. */
export async function openDrivers(config: Config, place: DatabasePlace, log: Log): Promise<Drivers> {
  const { pool, rolePrefix } = config.database
  const database = createDatabase(
    { ...pool, url: place.appUrl, acrossRole: roleNames(rolePrefix).across, applicationName: 'ashlar' },
    log,
  )
  const bus = await createPostgresBus({ url: place.appUrl, log })
  return { database, bus, limits: memoryLimitStore(), clock: systemClock, log }
}

export async function closeDrivers({ database, bus }: Drivers): Promise<void> {
  await bus.close()
  await database.close()
}
