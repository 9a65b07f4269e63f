// Jobs on PostgreSQL: written in the transaction that causes them, worked on at least once, never lost silently.
//
// pg-boss keeps the rows. It works here under the application's role, which changes no schema: `migrate` is off, and what
// needs the owner (its tables, the queues, rebuilding indexes) happens in install.ts at migration time.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PgBoss } from 'pg-boss'
import type { TSchema } from 'typebox'
import { Check } from 'typebox/value'
import { newId } from '../../core/ids.ts'
import { type Database, sql, type Tx } from '../database/index.ts'
import { doing, type Metrics, noMetrics, type Tracing } from '../telemetry/index.ts'
import type { Log } from '../telemetry/log.ts'
import { connectBoss, inside, refuseMissingQueues } from './boss.ts'
import { type Change, cancelJob, hastenJob, type JobOwner, retryJob } from './control.ts'
import type { Envelope, InstallationJobDefinition, JobDefinition } from './definition.ts'
import { createHeldJobs, type HeldJobs, type Job } from './held.ts'
import { DEAD_LETTERS } from './install.ts'
import { createLanes, type Lanes } from './lanes.ts'
import { startScheduler } from './schedules.ts'
import { createTally, type Tally } from './tally.ts'
import { type GivenUp, reportDeadJob, runJob } from './worker.ts'

export interface Jobs {
  /** Makes a kind of job known to this process. Before `start`. */
  define<P extends TSchema>(definition: JobDefinition<P>): void
  define<P extends TSchema>(definition: InstallationJobDefinition<P>): void
  /**
   * Adds a job to the transaction: it runs after COMMIT, for the transaction's tenant, or never was. Answers the job's id;
   * undefined when a job with the same `singletonKey` waits already in this tenant.
   */
  enqueue(tx: Tx, name: string, payload: unknown, options?: EnqueueOptions): Promise<string | undefined>
  /** Ends a job that is not over. A running one is told within seconds, on whatever node, and cannot complete any more. */
  cancel(tx: Tx, owner: JobOwner, id: string): Promise<Change>
  /** Gives a job that was given up or cancelled all its tries again, at once. */
  retry(tx: Tx, owner: JobOwner, id: string): Promise<Change>
  /** Has a job that waits for its next try or its date run now; false when it does not wait for any. */
  hasten(tx: Tx, owner: JobOwner, id: string): Promise<boolean>
  /** Removes every job of a tenant in the transaction, in whatever state: what they worked on is gone with it. */
  dropOf(tx: Tx, tenantId: string): Promise<void>
  /** Has every job of a tenant told that was given up, at least once. Before `start`. */
  onGivenUp(listener: GivenUp): void
  /** Whether jobs can be enqueued. */
  isStarted(): boolean
  /** Connects, so that jobs can be enqueued, and works on them unless `work` is false. */
  start(options?: { work?: boolean }): Promise<void>
  /** Takes no more jobs, lets the running ones finish for `graceMs` and gives the rest back, at no cost to their tries. */
  stop(options: { graceMs: number }): Promise<void>
}

export interface EnqueueOptions {
  /** The earliest start. */
  delaySeconds?: number
  /** Of the jobs with one key in a tenant, one waits at a time. */
  singletonKey?: string
  /** Among the waiting jobs of its kind the highest comes first: -100 to 100, 0 unless said otherwise. */
  priority?: number
}

export interface JobsOptions {
  /** A direct connection's URL, as the application role: a pooler in transaction mode cannot listen. */
  url: string
  database: Pick<Database, 'tenant' | 'inTenant' | 'global' | 'inGlobal'>
  log: Log
  metrics?: Metrics
  tracing?: Tracing | undefined
  /** How often dead workers are looked for, in seconds: with the heartbeat, the time until a job of theirs runs again. */
  monitorSeconds?: number
}

/** How often schedules are looked at. */
const SCHEDULE_SECONDS = 5

/** What a process that works on jobs has, from its start to its stop. */
interface Work {
  held: HeldJobs
  lanes: Lanes
  leaving: AbortController
  tally: Tally
  stopScheduler(): void
}

export function createJobs(given: JobsOptions): Jobs {
  const { url, database, log, metrics = noMetrics, tracing, monitorSeconds = 10 } = given
  const definitions = new Map<string, JobDefinition>()
  let boss: PgBoss | undefined
  let work: Work | undefined
  let givenUp: GivenUp | undefined

  function started(): PgBoss {
    if (!boss) throw new Error('Jobs are not started.')
    return boss
  }

  async function enqueue(tx: Tx, name: string, payload: unknown, options: EnqueueOptions = {}) {
    const { delaySeconds, singletonKey, priority } = options
    const definition = definitions.get(name)
    if (!definition) throw new Error(`No job is called ${name}.`)
    const tenantId = isInstallations(definition) ? null : tx.tenantId
    if (tenantId === undefined)
      throw new Error(`The job ${name} needs a tenant: enqueue it in a transaction that has one.`)
    if (!Check(definition.schema, payload)) throw new Error(`This is not what the job ${name} is told.`)
    if (priority !== undefined && !(Number.isInteger(priority) && Math.abs(priority) <= 100))
      throw new Error('A priority is a whole number from -100 to 100.')
    const span = doing()?.span
    const envelope: Envelope = { tenantId, payload, ...(span && { trace: span.traceparent }) }
    const id = await started().send(name, envelope, {
      db: inside(tx),
      singletonKey: singletonKey === undefined ? newId() : `${tenantId ?? ''}/${singletonKey}`,
      ...(tenantId !== null && { group: { id: tenantId } }),
      ...(priority !== undefined && { priority }),
      ...(delaySeconds !== undefined && { startAfter: delaySeconds }),
    })
    return id ?? undefined
  }

  async function beginWork(at: PgBoss): Promise<Work> {
    const leaving = new AbortController()
    const tally = createTally(log, metrics)
    const held = createHeldJobs(database, log)
    const lanes = createLanes(at)
    const parts = {
      database,
      log,
      tally,
      tracing,
      async completeIn(tx: Tx, { name, id, retryCount }: Job, output: object | null) {
        const answer = await at.complete(name, { id, retryCount }, output, { db: inside(tx) })
        return (answer as { affected: number }).affected === 1
      },
    }
    const run = (definition: JobDefinition, job: Job) =>
      held.during(job, async (lost) => [
        await runJob(definition, job, AbortSignal.any([job.signal, lost, leaving.signal]), parts),
      ])
    for (const definition of definitions.values())
      await lanes.open(definition.name, definition.concurrency, (job) => run(definition, job))
    await lanes.open(DEAD_LETTERS, 1, async (job) => {
      const definition = definitions.get(job.sourceName ?? '')
      metrics.count('jobsGivenUp', { queue: definition?.name ?? 'unknown' })
      await reportDeadJob(definition, job, { ...parts, givenUp })
      return [{ id: job.id, status: 'completed' }]
    })
    const stopScheduler = startScheduler({
      boss: at,
      database,
      log,
      names: [...definitions.values()].filter(({ schedule }) => schedule).map(({ name }) => name),
      enqueue: (tx, name) => enqueue(tx, name, {}, { singletonKey: 'schedule' }),
      lookSeconds: Math.min(SCHEDULE_SECONDS, monitorSeconds),
    })
    return { held, lanes, leaving, tally, stopScheduler }
  }

  async function endWork({ held, lanes, leaving, tally, stopScheduler }: Work, graceMs: number): Promise<void> {
    stopScheduler()
    lanes.close()
    const deadline = Date.now() + graceMs
    while (held.count() > 0 && Date.now() < deadline) await sleep(Math.min(50, graceMs))
    const given = held.count()
    await held
      .release()
      .catch((error: Error) => log.warn({ reason: error.message }, 'running jobs could not be given back'))
    leaving.abort(new Error('The process ends.'))
    if (given > 0) log.info({ jobs: given }, 'running jobs were given back')
    held.stop()
    tally.stop()
  }

  return {
    define(definition: object) {
      // One list holds payloads of every type: each is checked against its own schema before its handler sees it.
      const known = definition as JobDefinition
      if (definitions.has(known.name)) throw new Error(`The job ${known.name} is defined twice.`)
      if (known.schedule && !isInstallations(known))
        throw new Error(
          `The job ${known.name} has a schedule: it must be the installation's, and may add one for each tenant.`,
        )
      definitions.set(known.name, known)
      // The first one is to be seen as an increase.
      metrics.count('jobsGivenUp', { queue: known.name }, 0)
    },

    enqueue,
    onGivenUp: (listener) => {
      givenUp = listener
    },
    isStarted: () => boss !== undefined,
    cancel: (tx, owner, id) => cancelJob(tx, { definitions, log }, owner, id),
    retry: (tx, owner, id) => retryJob(tx, { definitions, log }, owner, id),

    hasten: hastenJob,

    async dropOf(tx, tenantId) {
      // An installation that has never worked on jobs has no tables for them.
      if (!(await tx.one(sql`SELECT 1 WHERE to_regclass('pgboss.job') IS NOT NULL`))) return
      await tx.run(sql`DELETE FROM pgboss.job WHERE group_id = ${tenantId}`)
    },

    async start({ work: works = true } = {}) {
      const next = connectBoss(url, monitorSeconds, log)
      await next.start()
      boss = next
      metrics.gauge('jobs', () => queueReadings(next))
      await refuseMissingQueues(next, [...definitions.keys(), DEAD_LETTERS])
      if (works) work = await beginWork(next)
    },

    async stop({ graceMs }) {
      if (!boss) return
      if (work) await endWork(work, graceMs)
      await Promise.race([boss.stop({ timeout: 1_000 }), sleep(5_000, undefined, { ref: false })])
      boss = undefined
      work = undefined
    },
  }
}

/** As counted by pg-boss, a few seconds ago at most. */
async function queueReadings(boss: PgBoss) {
  const queues = await boss.getQueues()
  return queues.flatMap(({ name: queue, readyCount, deferredCount, activeCount, failedCount }) => {
    const counts = { ready: readyCount, deferred: deferredCount, active: activeCount, failed: failedCount }
    return Object.entries(counts).map(([state, count]) => [count, { queue, state }] as const)
  })
}

function isInstallations({ scope }: { scope?: string }): boolean {
  return scope === 'installation'
}
