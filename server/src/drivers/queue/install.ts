// The queue's own schema: made and upgraded by the owner of the database, used by the application without any right to change it.
import { PgBoss, type Queue } from 'pg-boss'
import { roleNames } from '../database/roles.ts'
import type { JobSettings } from './definition.ts'
import { HISTORY } from './history.ts'
import { putSchedules } from './schedules.ts'

export const SCHEMA = 'pgboss'
/** Where jobs go that were given up, until somebody has been told. */
export const DEAD_LETTERS = 'dead-letters'

const DAY = 86_400
// Longer than anybody waits: a job that never started is not to vanish.
const FOREVER = 10 * 365 * DAY

export interface InstallOptions {
  /** The application role is `<prefix>_app`. */
  rolePrefix: string
  jobs: readonly JobSettings[]
}

/**
 * Brings schema `pgboss`, the queues of the known jobs and the application's rights on them up to date. Idempotent. Needs
 * the owner's direct connection; the roles must exist.
 */
export async function installQueue(ownerUrl: string, { rolePrefix, jobs }: InstallOptions): Promise<void> {
  const boss = new PgBoss({
    connectionString: ownerUrl,
    schema: SCHEMA,
    application_name: 'ashlar-migrate',
    max: 2,
    supervise: false,
    schedule: false,
    bamIntervalSeconds: 10,
  })
  const failures: Error[] = []
  boss.on('error', (error) => failures.push(error))
  try {
    await boss.start()
    await put(boss, { name: DEAD_LETTERS, ...deadLetterSettings })
    for (const job of jobs) await put(boss, queueOf(job))
    await backgroundWork(boss, failures)
    await putSchedules(boss, boss.getDb(), jobs)
    await finish(boss, roleNames(rolePrefix).app)
  } finally {
    await boss.stop({ graceful: false })
  }
}

const deadLetterSettings: Omit<Queue, 'name'> = {
  retryLimit: 1000,
  retryDelay: 30,
  retryBackoff: true,
  retryDelayMax: 3600,
  expireInSeconds: 60,
  heartbeatSeconds: 20,
  retentionSeconds: FOREVER,
  deleteAfterSeconds: 30 * DAY,
}

function queueOf({ name, retry, timeoutSeconds, heartbeatSeconds = 20, keepDays = 7 }: JobSettings): Queue {
  return {
    name,
    retryLimit: retry.limit,
    retryDelay: retry.delaySeconds,
    retryBackoff: retry.backoff,
    ...(retry.backoff && { retryDelayMax: retry.maxDelaySeconds }),
    expireInSeconds: timeoutSeconds,
    heartbeatSeconds,
    retentionSeconds: FOREVER,
    deleteAfterSeconds: keepDays * DAY,
    deadLetter: DEAD_LETTERS,
    notify: true,
  }
}

async function put(boss: PgBoss, { name, ...settings }: Queue): Promise<void> {
  // "short": of jobs with one key, one waits at a time. Every job gets a key, its own where none was asked for.
  await boss.createQueue(name, { ...settings, policy: 'short' })
  await boss.updateQueue(name, settings)
}

/** An upgrade may build indexes in the background, and only an instance with the owner's rights can. */
async function backgroundWork(boss: PgBoss, failures: Error[]): Promise<void> {
  for (;;) {
    const open = await boss.getBamStatus()
    if (open.some(({ status }) => status === 'failed'))
      throw new AggregateError(failures, 'The schema of the job queue could not be upgraded.')
    if (open.every(({ status }) => status === 'completed')) return
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

// What each table is written for at run time. Queues and their settings are the owner's: the application only counts in them.
const RIGHTS: Record<string, string> = {
  job: 'SELECT, INSERT, UPDATE, DELETE',
  job_common: 'SELECT, INSERT, UPDATE, DELETE',
  job_dependency: 'SELECT, INSERT, UPDATE, DELETE',
  queue: 'SELECT, UPDATE',
  version: 'SELECT, UPDATE',
}

/** What is ours in the schema, and who may do what there. Nodes that start together do it one after the other. */
async function finish(boss: PgBoss, role: string): Promise<void> {
  const tables = Object.entries(RIGHTS).map(([table, rights]) => `GRANT ${rights} ON ${SCHEMA}.${table} TO "${role}"`)
  const statements = [
    `REVOKE ALL ON SCHEMA ${SCHEMA} FROM PUBLIC, "${role}"`,
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${SCHEMA} FROM PUBLIC, "${role}"`,
    `GRANT USAGE ON SCHEMA ${SCHEMA} TO "${role}"`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${SCHEMA} TO "${role}"`,
    ...tables,
    `GRANT EXECUTE ON FUNCTION ${SCHEMA}.with_attempt TO "${role}"`,
  ]
  const turn = "SELECT pg_advisory_xact_lock(hashtext('ashlar/queue'))"
  await boss.getDb().executeSql(['BEGIN', turn, ...HISTORY, ...statements, 'COMMIT'].join('; '))
}
