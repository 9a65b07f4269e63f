// One job, from its row to its outcome.
import type { JobResult } from 'pg-boss'
import { Check } from 'typebox/value'
import { type Database, sql, type Tx } from '../database/index.ts'
import { during, type Tracing } from '../telemetry/index.ts'
import type { Log } from '../telemetry/log.ts'
import {
  type Envelope,
  type JobDefinition,
  type JobOutcome,
  JobRefused,
  type JobRun,
  type TenantDatabase,
} from './definition.ts'
import { type Job, wasCancelled } from './held.ts'
import { type Claim, createProgress } from './progress.ts'
import { noted, reasonOf } from './reason.ts'
import type { Outcome, Tally } from './tally.ts'

export interface WorkerParts {
  database: Pick<Database, 'tenant' | 'inTenant' | 'global'>
  log: Log
  tally: Pick<Tally, 'count'>
  tracing?: Tracing | undefined
  /** Ends the job in the transaction; false when this try no longer holds it. */
  completeIn(tx: Tx, job: Claim, output: object | null): Promise<boolean>
}

/** Runs the handler and says how it went. `signal` is aborted when it must stop. Never throws. */
export async function runJob(
  definition: JobDefinition,
  job: Job,
  signal: AbortSignal,
  parts: WorkerParts,
): Promise<JobResult> {
  const trace = job.data?.trace
  const span = parts.tracing?.begin('CONSUMER', `job ${job.name}`, trace, {
    'ashlar.job': job.name,
    'ashlar.job_id': job.id,
    'ashlar.tenant': job.data?.tenantId ?? undefined,
    'ashlar.attempt': job.retryCount + 1,
  })
  const doing = { facts: { job: job.name, jobId: job.id }, traceId: span?.traceId, span }
  const result = await during(doing, () => tryJob(definition, job, signal, parts))
  if (result.status !== 'completed') span?.fail()
  span?.end()
  return result
}

async function tryJob(
  definition: JobDefinition,
  job: Job,
  signal: AbortSignal,
  parts: WorkerParts,
): Promise<JobResult> {
  const began = performance.now()
  const log = parts.log.child({
    job: job.name,
    jobId: job.id,
    tenantId: job.data?.tenantId,
    attempt: job.retryCount + 1,
  })
  const ended = (outcome: Outcome, result: JobResult): JobResult => {
    parts.tally.count(job.name, outcome, performance.now() - began)
    return result
  }
  if (!isIntact(job.data, definition)) {
    log.error({}, 'a job was refused: its row does not hold what such a job is told')
    return ended('refused', refused(job, 'The payload is not what this job is told.'))
  }
  const progress = createProgress(parts.database.global, job, log)
  try {
    const run = runOf(job, { signal, log, progress: progress.tell }, parts)
    const output = outputOf((await definition.handler(run)) ?? undefined, log)
    return ended('completed', { id: job.id, status: 'completed', ...(output && { output }) })
  } catch (error) {
    const reason = reasonOf(error)
    if (wasCancelled(signal)) {
      log.info({ reason }, 'a running job was cancelled')
      return ended('cancelled', { id: job.id, status: 'failed', output: { message: reason } })
    }
    if (error instanceof JobRefused) return ended('refused', refused(job, reason))
    log.warn({ reason, triesLeft: job.retryLimit - job.retryCount }, 'a job failed')
    return ended('failed', { id: job.id, status: 'failed', output: { message: reason } })
  } finally {
    progress.stop()
  }
}

/** What the handler is given. A job of the installation has no tenant and no handle: its definition says so to the compiler. */
function runOf(
  job: Job,
  { signal, log, progress }: Pick<JobRun, 'signal' | 'log' | 'progress'>,
  parts: WorkerParts,
): JobRun {
  const { tenantId, payload } = job.data
  const endedIn = new WeakSet<Tx>()
  const run = {
    payload,
    jobId: job.id,
    attempt: job.retryCount + 1,
    signal,
    log,
    progress,
    async complete(tx: Tx, result?: JobOutcome) {
      if (!(await parts.completeIn(tx, job, outputOf(result, log)))) throw lost()
      endedIn.add(tx)
    },
  }
  if (tenantId === null) return run as JobRun
  const database: TenantDatabase = {
    ...parts.database.tenant(tenantId),
    transaction: (work) =>
      parts.database.inTenant(tenantId, async (tx) => {
        tx.beforeCommit(async () => {
          if (!endedIn.has(tx)) await mustHold(tx, job)
        })
        return work(tx)
      }),
  }
  return { ...run, tenantId, database }
}

const lost = () => new Error('The job was cancelled, or another worker has taken it meanwhile.')

/** Nobody can take or cancel the job from here to COMMIT. */
async function mustHold(tx: Tx, { name, id, retryCount }: Claim): Promise<void> {
  const row = await tx.one(sql`
    SELECT 1 FROM pgboss.job
    WHERE name = ${name} AND id = ${id} AND state = 'active' AND retry_count = ${retryCount} FOR SHARE`)
  if (!row) throw lost()
}

const RESULT_LENGTH = 2_000

function outputOf(result: JobOutcome | undefined, log: Log): { result: JobOutcome } | null {
  if (!result) return null
  const length = JSON.stringify(result).length
  if (length <= RESULT_LENGTH) return { result }
  // What the job did is done: losing the words about it is the lesser evil.
  log.error({ length }, 'the result of a job is too long and was not kept')
  return null
}

/** Told in a transaction of the tenant of a job that was given up. */
export type GivenUp = (tx: Tx, job: { id: string; name: string }) => void

/** Tells the log and the module about a job that was given up. Throws when the module has to be told again. */
export async function reportDeadJob(
  definition: JobDefinition | undefined,
  job: Job,
  {
    database: connection,
    log: parent,
    givenUp,
  }: Pick<WorkerParts, 'database' | 'log'> & { givenUp: GivenUp | undefined },
): Promise<void> {
  const jobId = job.sourceId ?? job.id
  const log = parent.child({ job: job.sourceName, jobId, tenantId: job.data?.tenantId })
  const source = await connection.global.one<{ state: string }>(
    sql`SELECT state FROM pgboss.job WHERE name = ${job.sourceName ?? ''} AND id = ${jobId}`,
  )
  if (source && source.state !== 'failed') return log.info({}, 'a job that was given up is tried again')
  const reason = noted(job.sourceOutput)
  log.error({ reason, attempts: (job.sourceRetryCount ?? 0) + 1 }, 'a job was given up')
  if (!definition || !isIntact(job.data, definition)) return
  const { tenantId, payload } = job.data
  if (tenantId === null) return
  const database: TenantDatabase = {
    ...connection.tenant(tenantId),
    transaction: (work) => connection.inTenant(tenantId, work),
  }
  await definition.abandoned?.({ payload, tenantId, database, jobId, log, reason })
  if (givenUp) await database.transaction(async (tx) => givenUp(tx, { id: jobId, name: definition.name }))
}

/** Whether a row holds whose job it is and a payload of the kind's shape. */
export function isIntact(data: unknown, { scope = 'tenant', schema }: AnyDefinition): data is Envelope {
  const { tenantId, payload } = (data ?? {}) as Partial<Envelope>
  const owned = scope === 'tenant' ? typeof tenantId === 'string' && tenantId !== '' : tenantId === null
  return owned && Check(schema, payload)
}

interface AnyDefinition {
  scope?: 'tenant' | 'installation'
  schema: JobDefinition['schema']
}

function refused(job: { id: string }, message: string): JobResult {
  return { id: job.id, status: 'deadletter', output: { message } }
}
