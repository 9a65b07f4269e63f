// What every verb that needs the database goes through: configuration, log, database, schema.
import { readFileSync } from 'node:fs'
import { createModules, type Drivers, jobSettings, type Modules } from '../app.ts'
import { type Config, ensureSecrets, loadConfig } from '../config.ts'
import { systemClock } from '../core/clock.ts'
import { type Bus, createPostgresBus, createRedisBus } from '../drivers/bus/index.ts'
import {
  asOwner,
  bootFaults,
  createDatabase,
  type Database,
  type DatabasePlace,
  type OwnerClient,
  placeDatabase,
  roleNames,
} from '../drivers/database/index.ts'
import { type MigrateResult, migrateUp } from '../drivers/database/migrations.ts'
import { type LimitStore, memoryLimitStore, postgresLimitStore, redisLimitStore } from '../drivers/http/index.ts'
import { createSmtpMailer, type Mailer } from '../drivers/mailer/index.ts'
import { createJobs, installQueue } from '../drivers/queue/index.ts'
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
export async function withOwner<T>(
  work: (client: OwnerClient, config: Config, ownerUrl: string) => Promise<T>,
): Promise<T> {
  const { config, log } = readConfig()
  const place = await findDatabase(config, log, true)
  try {
    const { ownerUrl } = place
    if (!ownerUrl) throw new UsageError('DATABASE_URL must name the owner of the tables for this.')
    return await asOwner(ownerUrl, (client) => work(client, config, ownerUrl))
  } finally {
    await place.embedded?.stop()
  }
}

/** Runs a verb's work on the modules over an up-to-date database, and stops what it started. */
export async function withApp<T>(
  work: (app: Modules, drivers: Drivers, config: Config, place: DatabasePlace) => Promise<T>,
): Promise<T> {
  const { config, log } = readConfig()
  const place = await findDatabase(config, log, true)
  try {
    await bringUpToDate(config, place)
    const drivers = await openDrivers(config, place, log)
    try {
      return await work(createModules(config, drivers, VERSION), drivers, config, place)
    } finally {
      await closeDrivers(drivers)
    }
  } finally {
    await place.embedded?.stop()
  }
}

/** Brings the schema up to date, where the owner's URL is known. */
export async function bringUpToDate(config: Config, place: DatabasePlace): Promise<MigrateResult | undefined> {
  if (!place.ownerUrl) return undefined
  const result = await asOwner(place.ownerUrl, (client) => migrateUp(client, { rowSecurity: rowSecurityOf(config) }))
  await prepareQueue(config, place.ownerUrl)
  return result
}

/** Brings the job queue's own tables, its queues and the application's rights on them up to date. */
export function prepareQueue(config: Config, ownerUrl: string): Promise<void> {
  return installQueue(ownerUrl, { rolePrefix: config.database.rolePrefix, jobs: jobSettings })
}

export function rowSecurityOf(config: Config) {
  const { rolePrefix, appPassword, shared, appUrl } = config.database
  return {
    rolePrefix,
    forced: !shared,

    ...(appUrl === undefined && { password: appPassword }),
  }
}

/** The drivers over a database that is up to date. */
export async function openDrivers(config: Config, place: DatabasePlace, log: Log): Promise<Drivers> {
  const { pool, rolePrefix } = config.database
  const database = createDatabase(
    { ...pool, url: place.appUrl, acrossRole: roleNames(rolePrefix).across, applicationName: 'ashlar' },
    log,
  )
  const faults = await bootFaults(database, config.app.strict)
  if (faults.length) throw new UsageError(faults.join('\n'))
  const bus = await openBus(config, { url: place.appUrl, database, log })
  const jobs = createJobs({ url: place.appUrl, database, log })
  return {
    database,
    bus,
    jobs,
    mailer: mailerOf(config, log),
    limits: limitStoreOf(config, database, log),
    clock: systemClock,
    log,
  }
}

/** The bus of the configuration: on Redis where one is named, else on the database. */
export function openBus(
  { redis }: Pick<Config, 'redis'>,
  { url, database, log }: { url: string; database: Database; log: Log },
): Promise<Bus> {
  return redis.url ? createRedisBus({ url: redis.url, database, log }) : createPostgresBus({ url, log })
}

/** A mailer for the SMTP server of the configuration; undefined where mail stays in the outbox. */
export function mailerOf({ mail: { host, outbox, ...smtp } }: Config, log: Log): Mailer | undefined {
  return host === undefined || outbox ? undefined : createSmtpMailer({ ...smtp, host }, log)
}

/** Memory where this process is certainly the only one; a Redis that is away is stood in for by PostgreSQL. */
function limitStoreOf(config: Config, database: Database, log: Log): LimitStore {
  const { store } = config.limits
  const url = store === 'auto' || store === 'redis' ? config.redis.url : undefined
  if (url) return redisLimitStore({ url, fallback: postgresLimitStore(database), log })
  const alone = config.database.url === undefined
  return store === 'memory' || (store === 'auto' && alone) ? memoryLimitStore() : postgresLimitStore(database)
}

export async function closeDrivers({ database, bus, limits, mailer }: Drivers): Promise<void> {
  mailer?.close()
  await limits.close?.()
  await bus.close()
  await database.close()
}
