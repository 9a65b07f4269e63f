// The database: whether it can be reached, is of a version that will do, and keeps tenants apart.
import { jobSettings } from '../../app.ts'
import type { Config } from '../../config.ts'
import { CLOCK_TOLERANCE_MS, type Clock, skewOf } from '../../core/clock.ts'
import {
  asOwner,
  bootFaults,
  createDatabase,
  type Database,
  type DatabasePlace,
  hasDatabase,
  type OwnerClient,
  poolerFault,
  roleNames,
  type Unfitness,
  unfitness,
} from '../../drivers/database/index.ts'
import { type MigrationStatus, migrationStatus } from '../../drivers/database/migrations.ts'
import { checkSeparation } from '../../drivers/database/schema-check.ts'
import type { Log } from '../../drivers/telemetry/log.ts'
import { findDatabase } from '../ground.ts'
import { applicationUnreachable, MIGRATE, unreachable } from '../reach.ts'
import { rowSecurityOf } from '../runtime.ts'
import * as queries from './database.queries.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

export interface DatabaseParts {
  log: Log
  clock: Clock
}

/** Of each process beside the pool: the bus and the queue of jobs. */
const OTHER_CONNECTIONS = 4

export async function examineDatabase(config: Config, parts: DatabaseParts): Promise<Finding[]> {
  if (!hasDatabase({ ...config.database, dataDir: config.app.dataDir })) {
    const says = 'There is no database yet.'
    return [warn('database', says, 'The first start makes one under DATA_DIR; DATABASE_URL names one elsewhere.')]
  }
  const place = await findDatabase(config, parts.log, true)
  try {
    return await examinePlace(config, place, parts)
  } finally {
    await place.embedded?.stop()
  }
}

async function examinePlace(config: Config, place: DatabasePlace, parts: DatabaseParts): Promise<Finding[]> {
  const { appUrl, ownerUrl } = place
  // The role of the application may not be there yet: what can be asked of the owner is.
  const away = await unreachable(ownerUrl ?? appUrl, ownerUrl ? 'DATABASE_URL' : 'DATABASE_APP_URL')
  if (away) return [failing('database', away)]
  const { unfit, isNew, schema } = await asOwner(ownerUrl ?? appUrl, async (client) => ({
    unfit: ownerUrl ? await unfitness(client, config.database.rolePrefix) : [],
    ...(await examineSchema(client, config)),
  }))
  if (unfit.length > 0) return unfit.map((fault) => failing('database', fault))
  if (isNew) return schema
  const closed = ownerUrl && (await applicationUnreachable(config, appUrl))
  if (closed) return [...schema, failing('rights', closed)]
  const { pool, rolePrefix } = config.database
  const options = { ...pool, size: 1, url: appUrl, acrossRole: roleNames(rolePrefix).across }
  const database = createDatabase({ ...options, applicationName: 'ashlar-doctor' }, parts.log)
  try {
    return [...(await examineServer(database, config, place, parts.clock)), ...schema, ...(await examinePooler(config))]
  } finally {
    await database.close()
  }
}

function failing(check: string, { says, mend }: Unfitness): Finding {
  return fail(check, says, mend)
}

interface SchemaState {
  /** Nothing is set up: there is nothing more to look at. */
  isNew: boolean
  schema: Finding[]
}

async function examineSchema(client: OwnerClient, config: Config): Promise<SchemaState> {
  const { current, latest, problems } = await migrationStatus(client)
  if (problems.length === 0 && current === 0) {
    const says = `The database answers and is not set up yet: it is at version 0 of ${latest}.`
    return { isNew: true, schema: [warn('migrations', says, 'Run `ashlar migrate up`, or start the server.')] }
  }
  return { isNew: false, schema: await examineVersions(client, config, { current, latest, problems }) }
}

async function examineVersions(
  client: OwnerClient,
  config: Config,
  { current, latest, problems }: Pick<MigrationStatus, 'current' | 'latest' | 'problems'>,
): Promise<Finding[]> {
  if (problems.length > 0)
    return problems.map((says) =>
      fail('migrations', says, 'See docs/guide/upgrade.md: this program does not fit the database.'),
    )
  if (current < latest) return [fail('migrations', `The database is at version ${current} of ${latest}.`, MIGRATE)]
  const faults = await checkSeparation(client, rowSecurityOf(config))
  const separation =
    faults.length > 0
      ? faults.map((says) => fail('row security', says, `${MIGRATE} If it stays: \`ashlar migrate check\`.`))
      : [
          ok(
            'row security',
            'Every table of tenants is bound by its policies, and nobody has more rights than they must.',
          ),
        ]
  return [ok('migrations', `The database is at version ${current}, the newest.`), ...separation]
}

async function examineServer(
  database: Database,
  config: Config,
  { embedded }: DatabasePlace,
  clock: Clock,
): Promise<Finding[]> {
  const sent = clock.now()
  const state = await queries.serverState(database.global)
  const skewMs = skewOf(state.now, { sent, received: clock.now() })
  return [
    examineVersion(state, config, embedded !== undefined),
    examineClock(skewMs),
    ...examineRoom(state, config),
    ...(await examineRights(database, config)),
    ...(await examineQueues(database)),
  ]
}

function examineVersion({ version }: queries.ServerState, config: Config, wasStarted: boolean): Finding {
  const says = `PostgreSQL ${version} answers${config.database.url || config.database.appUrl ? '' : ', the embedded one'}${wasStarted ? ', which was started for this' : ''}.`
  return ok('database', says)
}

/** Tokens, codes of authenticators and links end by these clocks. */
export function examineClock(skewMs: number): Finding {
  const seconds = (Math.abs(skewMs) / 1000).toFixed(1)
  const says = `The clock of the database is ${seconds} s ${skewMs < 0 ? 'behind' : 'ahead of'} the one of this machine.`
  const mend =
    'Have both machines set by NTP: until then tokens and codes end early or late, and beyond five seconds no node is ready.'
  if (Math.abs(skewMs) < 1_000) return ok('clock', says)
  return Math.abs(skewMs) <= CLOCK_TOLERANCE_MS ? warn('clock', says, mend) : fail('clock', says, mend)
}

async function examinePooler({ database: { poolerUrl, pool } }: Config): Promise<Finding[]> {
  if (poolerUrl === undefined) return []
  const away = await unreachable(poolerUrl, 'DATABASE_POOLER_URL')
  if (away) return [failing('pooler', away)]
  const unkept = await poolerFault({ ...pool, url: poolerUrl, pooled: true })
  if (unkept) return [fail('pooler', unkept, 'See PgBouncer in docs/guide/scaling.md.')]
  return [ok('pooler', 'The pooler lets us in, and keeps what it must.')]
}

function examineRoom({ connections }: queries.ServerState, { database, server }: Config): Finding[] {
  // Behind a pooler it is the pooler's to share them out.
  if (database.poolerUrl !== undefined) return []
  const wanted = server.processes * (database.pool.size + OTHER_CONNECTIONS)
  if (wanted <= connections) return []
  const says = `The processes of this node may want ${wanted} connections, and the server has ${connections}.`
  return [warn('database', says, 'Raise max_connections, lower DB_POOL_SIZE, or put a pooler between them.')]
}

async function examineRights(database: Database, { app }: Config): Promise<Finding[]> {
  const faults = await bootFaults(database, app.strict)
  const closed = await queries.closedTables(database.global)
  const found = [
    ...faults.map((says) =>
      fail('rights', says, 'Let Ashlar make its role (DATABASE_URL as the owner), and leave its settings durable.'),
    ),
    ...(closed.length > 0 ? [fail('rights', `The application may not use ${closed.join(', ')}.`, MIGRATE)] : []),
  ]
  return found.length > 0
    ? found
    : [ok('rights', 'The application works under a role that owns nothing and may do what it must.')]
}

async function examineQueues(database: Database): Promise<Finding[]> {
  const known = await queries.queues(database.global)
  const missing = jobSettings.map(({ name }) => name).filter((name) => !known?.includes(name))
  if (missing.length === 0) return [ok('jobs', `There is a queue for each of the ${jobSettings.length} kinds of jobs.`)]
  const says = known
    ? `There is no queue for ${missing.join(', ')}.`
    : 'Jobs have no tables that the application may use.'
  return [fail('jobs', says, MIGRATE)]
}
