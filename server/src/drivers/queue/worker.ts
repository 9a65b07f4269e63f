// One job, from its row to its outcome.
import type { JobResult, JobWithMetadata } from 'pg-boss'
import type { TSchema } from 'typebox'
import { Check } from 'typebox/value'
import type { Database, Tx } from '../database/index.ts'
import type { Log } from '../telemetry/log.ts'
import { type Envelope, type JobDefinition, JobRefused, type TenantDatabase } from './definition.ts'

export interface WorkerParts {
  database: Pick<Database, 'tenant' | 'inTenant'>
  log: Log
  /** Ends the job in the transaction; false when this try no longer holds it. */
  completeIn(tx: Tx, job: { name: string; id: string; retryCount: number }): Promise<boolean>
}

/** Runs the handler and says how it went. `leaving` is aborted when the process must end. Never throws. */
export async function runJob(
  definition: JobDefinition,
  job: JobWithMetadata<Envelope>,
  leaving: AbortSignal,
  parts: WorkerParts,
): Promise<JobResult> {
  const attempt = job.retryCount + 1
  const log = parts.log.child({ job: job.name, jobId: job.id, tenantId: job.data?.tenantId, attempt })
  if (!isIntact(job.data, definition.schema)) {
    log.error({}, 'a job was refused: its row does not hold what such a job is told')
    return refused(job, 'The payload is not what this job is told.')
  }
  const { tenantId, payload } = job.data
  try {
    await definition.handler({
      payload,
      tenantId,
      database: tenantDatabase(parts.database, tenantId),
      jobId: job.id,
      attempt,
      signal: AbortSignal.any([job.signal, leaving]),
      log,
      async complete(tx) {
        const held = await parts.completeIn(tx, job)
        if (!held) throw new Error('Another worker has taken this job meanwhile.')
      },
    })
    return { id: job.id, status: 'completed' }
  } catch (error) {
    const reason = (error as Error).message
    if (error instanceof JobRefused) return refused(job, reason)
    log.warn({ reason, triesLeft: job.retryLimit - job.retryCount }, 'a job failed')
    return { id: job.id, status: 'failed', output: { message: reason } }
  }
}

/** Tells the log and the module about a job that was given up. Throws when the module has to be told again. */
export async function reportDeadJob(
  definition: JobDefinition | undefined,
  job: JobWithMetadata<Envelope>,
  parts: WorkerParts,
): Promise<void> {
  const jobId = job.sourceId ?? job.id
  const tenantId = job.data?.tenantId
  const log = parts.log.child({ job: job.sourceName, jobId, tenantId })
  const reason = reasonOf(job.sourceOutput)
  log.error({ reason, attempts: (job.sourceRetryCount ?? 0) + 1 }, 'a job was given up')
  if (!definition?.abandoned || !isIntact(job.data, definition.schema)) return
  const database = tenantDatabase(parts.database, tenantId)
  await definition.abandoned({ payload: job.data.payload, tenantId, database, jobId, log, reason })
}

/** Whether a row holds a tenant and a payload of this shape. */
export function isIntact(data: unknown, schema: TSchema): data is Envelope {
  const { tenantId, payload } = (data ?? {}) as Partial<Envelope>
  return typeof tenantId === 'string' && tenantId !== '' && Check(schema, payload)
}

function refused(job: { id: string }, message: string): JobResult {
  return { id: job.id, status: 'deadletter', output: { message } }
}

function tenantDatabase(database: Pick<Database, 'tenant' | 'inTenant'>, tenantId: string): TenantDatabase {
  return { ...database.tenant(tenantId), transaction: (work) => database.inTenant(tenantId, work) }
}

// What pg-boss itself notes (a timeout, a lost heartbeat) stands one level deeper than what runJob notes.
function reasonOf(output: unknown): string {
  const { message, value } = (output ?? {}) as { message?: unknown; value?: { message?: unknown } }
  const reason = message ?? value?.message
  return typeof reason === 'string' ? reason : 'unknown'
}
