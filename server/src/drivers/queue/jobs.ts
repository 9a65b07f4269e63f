// Jobs on PostgreSQL: written in the transaction that causes them, worked on at least once, never lost silently.
//
// pg-boss keeps the rows. It works here under the application's role, which changes no schema: `migrate` is off, and what
// needs the owner (its tables, the queues, rebuilding indexes) happens in install.ts at migration time.
import { setTimeout as sleep } from 'node:timers/promises'
import { type JobWithMetadata, PgBoss } from 'pg-boss'
import type { TSchema } from 'typebox'
import { Check } from 'typebox/value'
import { newId } from '../../core/ids.ts'
import { type Database, sql, type Tx } from '../database/index.ts'
import { foreign } from '../database/sql.ts'
import type { Log } from '../telemetry/log.ts'
import type { Envelope, JobDefinition } from './definition.ts'
import { DEAD_LETTERS, SCHEMA } from './install.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { reportDeadJob, runJob, type WorkerParts } from './worker.ts'

export interface Jobs {
  /** Makes a kind of job known to this process. Before `start`. */
  define<P extends TSchema>(definition: JobDefinition<P>): void
  /**
   * Adds a job to the transaction: it runs after COMMIT, for the transaction's tenant, or never was. Answers the job's id;
   * undefined when a job with the same `singletonKey` waits already in this tenant.
   */
  enqueue(tx: Tx, name: string, payload: unknown, options?: EnqueueOptions): Promise<string | undefined>
  /** Removes every job of a tenant in the transaction, in whatever state: what they worked on is gone with it. */
  dropOf(tx: Tx, tenantId: string): Promise<void>
  /** Connects, so that jobs can be enqueued, and works on them unless `work` is false. */
  start(options?: { work?: boolean }): Promise<void>
  /** Takes no more jobs, lets the running ones finish for `graceMs` and gives the rest back, at no cost to their tries. */
  stop(options: { graceMs: number }): Promise<void>
}

export interface EnqueueOptions {
  delaySeconds?: number
  /** Of the jobs with one key in a tenant, one waits at a time. */
  singletonKey?: string
}

export interface JobsOptions {
  /** A direct connection's URL, as the application role: a pooler in transaction mode cannot listen. */
  url: string
  database: Pick<Database, 'tenant' | 'inTenant' | 'global'>
  log: Log
  /** How often dead workers are looked for, in seconds: with the heartbeat, the time until a job of theirs runs again. */
  monitorSeconds?: number
}

const CONNECTIONS = 3

export function createJobs({ url, database, log, monitorSeconds = 10 }: JobsOptions): Jobs {
  const definitions = new Map<string, JobDefinition>()
  const running = new Set<JobWithMetadata<Envelope>>()
  const leaving = new AbortController()
  let boss: PgBoss | undefined
  let lanes: Lanes | undefined

  function started(): PgBoss {
    if (!boss) throw new Error('Jobs are not started.')
    return boss
  }

  const parts: WorkerParts = {
    database,
    log,
    async completeIn(tx, { name, id, retryCount }) {
      const answer = await started().complete(name, { id, retryCount }, null, { db: inside(tx) })
      return (answer as { affected: number }).affected === 1
    },
  }

  async function run(definition: JobDefinition, job: JobWithMetadata<Envelope>) {
    running.add(job)
    try {
      return [await runJob(definition, job, leaving.signal, parts)]
    } finally {
      running.delete(job)
    }
  }

  async function work(at: PgBoss): Promise<void> {
    lanes = createLanes(at)
    for (const definition of definitions.values())
      await lanes.open(definition.name, definition.concurrency, (job) => run(definition, job))
    await lanes.open(DEAD_LETTERS, 1, async (job) => {
      await reportDeadJob(definitions.get(job.sourceName ?? ''), job, parts)
      return [{ id: job.id, status: 'completed' }]
    })
  }

  /** The rows of jobs that are still running go back to the waiting ones. The try is not counted, and cannot end them any more. */
  async function release(): Promise<void> {
    for (const { name, id, retryCount } of running) {
      await database.global.run(sql`
        UPDATE pgboss.job SET state = 'retry', start_after = now(), started_on = NULL, heartbeat_on = NULL,
          retry_count = retry_count + 1, retry_limit = retry_limit + 1
        WHERE name = ${name} AND id = ${id} AND state = 'active' AND retry_count = ${retryCount}`)
    }
  }

  return {
    define(definition) {
      if (definitions.has(definition.name)) throw new Error(`The job ${definition.name} is defined twice.`)
      // One list holds payloads of every type: each is checked against its own schema before its handler sees it.
      definitions.set(definition.name, definition as unknown as JobDefinition)
    },

    async enqueue(tx, name, payload, { delaySeconds, singletonKey } = {}) {
      const definition = definitions.get(name)
      if (!definition) throw new Error(`No job is called ${name}.`)
      if (!tx.tenantId) throw new Error(`The job ${name} needs a tenant: enqueue it in a transaction that has one.`)
      if (!Check(definition.schema, payload)) throw new Error(`This is not what the job ${name} is told.`)
      const envelope: Envelope = { tenantId: tx.tenantId, payload }
      const id = await started().send(name, envelope, {
        db: inside(tx),
        singletonKey: singletonKey === undefined ? newId() : `${tx.tenantId}/${singletonKey}`,
        ...(delaySeconds !== undefined && { startAfter: delaySeconds }),
      })
      return id ?? undefined
    },

    async dropOf(tx, tenantId) {
      // An installation that has never worked on jobs has no tables for them.
      if (!(await tx.one(sql`SELECT 1 WHERE to_regclass('pgboss.job') IS NOT NULL`))) return
      await tx.run(sql`DELETE FROM pgboss.job WHERE data ->> 'tenantId' = ${tenantId}`)
    },

    async start({ work: works = true } = {}) {
      const next = connectBoss(url, monitorSeconds, log)
      await next.start()
      boss = next
      await refuseMissingQueues(next, [...definitions.keys(), DEAD_LETTERS])
      if (works) await work(next)
    },

    async stop({ graceMs }) {
      if (!boss) return
      lanes?.close()
      const deadline = Date.now() + graceMs
      while (running.size > 0 && Date.now() < deadline) await sleep(Math.min(50, graceMs))
      const given = running.size
      await release().catch((error: Error) =>
        log.warn({ reason: error.message }, 'running jobs could not be given back'),
      )
      leaving.abort(new Error('The process ends.'))
      if (given > 0) log.info({ jobs: given }, 'running jobs were given back')
      await Promise.race([boss.stop({ timeout: 1_000 }), sleep(5_000, undefined, { ref: false })])
      boss = undefined
    },
  }
}

function connectBoss(url: string, monitorSeconds: number, log: Log): PgBoss {
  const options = {
    connectionString: url,
    schema: SCHEMA,
    application_name: 'ashlar-jobs',
    max: CONNECTIONS,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    // Handed on to pg: housekeeping that takes longer than this is not to hold its connection.
    statement_timeout: 30_000,
    migrate: false,
    createSchema: false,
    schedule: false,
    useListenNotify: true,
    supervise: true,
    superviseIntervalSeconds: monitorSeconds,
    monitorIntervalSeconds: monitorSeconds,
    maintenanceIntervalSeconds: 3_600,
    // The owner's business: bloat is still reported.
    reindex: false,
  }
  const boss = new PgBoss(options)
  // A listener is what keeps a lost database from ending the process. While it is lost every look at a queue says so.
  const lost = seldom((error: Error) => log.warn({ reason: error.message }, 'the job queue cannot reach its tables'))
  boss.on('error', lost)
  boss.on('warning', ({ message, data }) => log.warn({ data }, message))
  return boss
}

async function refuseMissingQueues(boss: PgBoss, names: string[]): Promise<void> {
  const known = new Set((await boss.getQueues()).map((queue) => queue.name))
  const missing = names.filter((name) => !known.has(name))
  if (missing.length === 0) return
  await boss.stop({ graceful: false })
  throw new Error(`The database knows no queue for ${missing.join(', ')}: migrate it first.`)
}

/** pg-boss's view of our transaction. */
function inside(tx: Tx): { executeSql(text: string, values?: unknown[]): Promise<{ rows: object[] }> } {
  return { executeSql: async (text, values) => ({ rows: await tx.query(foreign(text, values)) }) }
}

const SELDOM_MS = 10_000

function seldom<A>(call: (argument: A) => void): (argument: A) => void {
  let last = Number.NEGATIVE_INFINITY
  return (argument) => {
    const now = performance.now()
    if (now - last < SELDOM_MS) return
    last = now
    call(argument)
  }
}
