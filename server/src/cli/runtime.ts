// What every verb that needs the database goes through: the schema brought up to date, the drivers opened and closed.
import cluster from 'node:cluster'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createModules, type Drivers, jobSettings, type Modules } from '../app.ts'
import type { Config } from '../config.ts'
import { systemClock } from '../core/clock.ts'
import { type Bus, createPostgresBus, createRedisBus } from '../drivers/bus/index.ts'
import {
  bootFaults,
  createDatabase,
  type Database,
  type DatabasePlace,
  followTime,
  type OwnerClient,
  poolerFault,
  roleNames,
} from '../drivers/database/index.ts'
import { type MigrateResult, migrateUp } from '../drivers/database/migrations.ts'
import { type LimitStore, memoryLimitStore, postgresLimitStore, redisLimitStore } from '../drivers/http/index.ts'
import { createSmtpMailer, type Mailer } from '../drivers/mailer/index.ts'
import { createJobs, installQueue } from '../drivers/queue/index.ts'
import {
  askFirstProcess,
  createMetrics,
  createTracing,
  type Metrics,
  type MetricsPort,
  noMetrics,
  serveMetrics,
} from '../drivers/telemetry/index.ts'
import type { Log } from '../drivers/telemetry/log.ts'
import { UsageError } from './arguments.ts'
import { appPasswordOf, findDatabase, readConfig, type Subject } from './ground.ts'
import { openAt } from './ports.ts'
import { applicationUnreachable, asReachedOwner, mustFit, refusal, unreachable } from './reach.ts'

export const VERSION: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version

/** Runs a verb's work on the owner's connection, and stops what it started. */
export async function withOwner<T>(
  work: (client: OwnerClient, config: Config, ownerUrl: string) => Promise<T>,
  subject?: Subject,
): Promise<T> {
  const { config, log } = readConfig(subject)
  const place = await findDatabase(config, log, true)
  try {
    const { ownerUrl } = place
    if (!ownerUrl) throw new UsageError('DATABASE_URL must name the owner of the tables for this.')
    return await asReachedOwner(ownerUrl, (client) => work(client, config, ownerUrl))
  } finally {
    await place.embedded?.stop()
  }
}

/** Runs a verb's work on the modules over an up-to-date database, and stops what it started. */
export async function withApp<T>(
  work: (app: Modules, drivers: Drivers, config: Config, place: DatabasePlace) => Promise<T>,
  subject?: Subject,
): Promise<T> {
  const { config, log } = readConfig(subject)
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
  const result = await asReachedOwner(place.ownerUrl, async (client) => {
    await mustFit(client, config)
    return migrateUp(client, { rowSecurity: rowSecurityOf(config) })
  })
  await prepareQueue(config, place.ownerUrl)
  return result
}

/** Brings the job queue's own tables, its queues and the application's rights on them up to date. */
export function prepareQueue(config: Config, ownerUrl: string): Promise<void> {
  return installQueue(ownerUrl, { rolePrefix: config.database.rolePrefix, jobs: jobSettings })
}

export function rowSecurityOf(config: Config) {
  const { rolePrefix, shared, appUrl, poolerUrl, pool } = config.database
  return {
    rolePrefix,
    forced: !shared,
    ...(appUrl === undefined && { password: appPasswordOf(config) }),
    ...(poolerUrl !== undefined && { timeouts: pool }),
  }
}

/** The drivers over a database that is up to date. */
export async function openDrivers(config: Config, place: DatabasePlace, log: Log): Promise<Drivers> {
  const metrics = await openMetrics(config)
  const tracing = await createTracing({ ...config.tracing, version: VERSION }, log)
  const database = await openDatabase(config, place, { log, metrics, tracing })
  const bus = await openBus(config, { url: place.appUrl, database, log, metrics })
  const jobs = createJobs({ url: place.appUrl, database, log, metrics, tracing })
  return {
    database,
    bus,
    jobs,
    mailer: mailerOf(config, log),
    limits: await limitStoreOf(config, database, log),
    clock: systemClock,
    databaseTime: await followTime(database),
    log,
    metrics,
    tracing,
  }
}

/** Refuses a database on which no process of this start could work; nothing stays open. */
export async function tryDatabase(config: Config, place: DatabasePlace, log: Log): Promise<void> {
  const database = await openDatabase(config, place, { log, metrics: noMetrics, tracing: undefined })
  await database.close()
}

async function openDatabase(
  config: Config,
  place: DatabasePlace,
  { log, metrics, tracing }: Pick<Drivers, 'log' | 'metrics' | 'tracing'>,
): Promise<Database> {
  const {
    database: { pool, poolerUrl, rolePrefix, slowMs, echo },
    app: { strict },
  } = config
  const behind = { url: poolerUrl ?? place.appUrl, pooled: poolerUrl !== undefined }
  const acrossRole = roleNames(rolePrefix).across
  const options = { ...pool, ...behind, slowMs, echo, tracing, acrossRole, applicationName: 'ashlar' }
  const database = createDatabase(options, log, metrics)
  try {
    const unkept = await poolerFault({ ...pool, ...behind })
    const faults = unkept ? [unkept] : await bootFaults(database, strict)
    if (faults.length === 0) return database
    throw new UsageError(faults.join('\n'))
  } catch (error) {
    await database.close()
    if (error instanceof UsageError) throw error
    const away = poolerUrl
      ? await unreachable(poolerUrl, 'DATABASE_POOLER_URL')
      : await applicationUnreachable(config, place.appUrl)
    throw away ? refusal([away]) : error
  }
}

/** Counts only where somebody may ask. Of several processes behind one port any answers for all. */
export async function openMetrics({ metrics: { port, token } }: Pick<Config, 'metrics'>): Promise<Metrics> {
  const metrics = await createMetrics(port !== undefined || token !== undefined)
  return cluster.isWorker ? { ...metrics, text: askFirstProcess } : metrics
}

/** The second port, where the settings name one. */
export async function openMetricsPort(
  { metrics: { port, token }, server: { host } }: Pick<Config, 'metrics' | 'server'>,
  text: Metrics['text'],
  log: Log,
): Promise<MetricsPort | undefined> {
  if (port === undefined) return undefined
  const opened = await openAt({ setting: 'METRICS_PORT', host, port }, () => serveMetrics({ host, port, token }, text))
  log.info({ address: opened.address }, 'metrics are read here')
  return opened
}

/** The bus of the configuration: on Redis where one is named, else on the database. */
export function openBus(
  { redis }: Pick<Config, 'redis'>,
  { url, database, log, metrics }: { url: string; database: Database; log: Log; metrics: Metrics },
): Promise<Bus> {
  return redis.url
    ? createRedisBus({ url: redis.url, database, log, metrics })
    : createPostgresBus({ url, log, metrics })
}

/** A mailer for the SMTP server of the configuration; undefined where mail stays in the outbox. */
export function mailerOf({ mail: { host, outbox, ...smtp } }: Config, log: Log): Mailer | undefined {
  return host === undefined || outbox ? undefined : createSmtpMailer({ ...smtp, host }, log)
}

/** Memory where this process is certainly the only one; a Redis that is away is stood in for by PostgreSQL. */
async function limitStoreOf(config: Config, database: Database, log: Log): Promise<LimitStore> {
  const { store } = config.limits
  const url = store === 'auto' || store === 'redis' ? config.redis.url : undefined
  if (url) return redisLimitStore({ url, fallback: postgresLimitStore(database), log })
  const alone = config.database.url === undefined
  return store === 'memory' || (store === 'auto' && alone) ? memoryLimitStore() : postgresLimitStore(database)
}

export async function closeDrivers({ database, databaseTime, bus, limits, mailer, tracing }: Drivers): Promise<void> {
  databaseTime.stop()
  mailer?.close()
  await limits.close?.()
  await bus.close()
  await database.close()
  // A receiver that does not answer holds nobody up.
  await Promise.race([tracing?.close(), sleep(CLOSING_MS, undefined, { ref: false })])
}

const CLOSING_MS = 2_000
