// What people do to single jobs: cancel one, or have a given-up one tried again. Row security does not guard the queue's
// tables, so every statement here names whose the job must be.
import { type Executor, type Sql, sql, type Tx } from '../database/index.ts'
import type { Log } from '../telemetry/log.ts'
import { type JobDefinition, JobRefused } from './definition.ts'
import { DEAD_LETTERS } from './install.ts'
import { isIntact } from './worker.ts'

/** Whose jobs: a tenant's, by its id, or the installation's own. */
export type JobOwner = string | null

/** Refused: the job is in a state in which this cannot be done, or its module says why not. */
export type Change = { outcome: 'done'; name: string } | { outcome: 'absent' } | { outcome: 'refused'; reason?: string }

export interface ControlParts {
  definitions: ReadonlyMap<string, JobDefinition>
  log: Log
}

/** The condition that a row of the queue belongs to the owner, and is no dead letter. */
export function ownedBy(owner: JobOwner): Sql {
  const theirs = owner === null ? sql`group_id IS NULL` : sql`group_id = ${owner}`
  return sql`name = ANY (ARRAY(SELECT name FROM pgboss.queue WHERE name <> ${DEAD_LETTERS})) AND ${theirs}`
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether a text can be a job's id: anything else names nothing, and PostgreSQL would refuse to look for it. */
export const isJobId = (text: string): boolean => UUID.test(text)

interface Row {
  id: string
  name: string
  state: string
  data: unknown
}

async function lock(tx: Executor, owner: JobOwner, id: string): Promise<Row | undefined> {
  if (!isJobId(id)) return undefined
  return tx.one<Row>(
    sql`SELECT id, name, state, data FROM pgboss.job WHERE ${ownedBy(owner)} AND id = ${id} FOR UPDATE`,
  )
}

/** Ends a job that is not over. A running one is told within seconds, and its transactions commit no more from now on. */
export async function cancelJob(
  tx: Tx,
  { definitions, log }: ControlParts,
  owner: JobOwner,
  id: string,
): Promise<Change> {
  const job = await lock(tx, owner, id)
  if (!job) return { outcome: 'absent' }
  if (!['created', 'retry', 'active'].includes(job.state)) return { outcome: 'refused' }
  const { name, data } = job
  const reason = 'The job was cancelled.'
  await tx.run(sql`
    UPDATE pgboss.job SET state = 'cancelled', completed_on = now(), output = jsonb_build_object('message', ${reason}::text),
      data = CASE WHEN state = 'active' THEN pgboss.with_attempt(data, retry_count + 1, started_on, ${reason}) ELSE data END
    WHERE name = ${name} AND id = ${id}`)
  const definition = definitions.get(name)
  if (definition?.abandoned && isIntact(data, definition)) {
    const { tenantId, payload } = data
    const database = { ...tx, transaction: <T>(work: (tx: Tx) => Promise<T>) => work(tx) }
    await definition.abandoned({
      payload,
      tenantId: tenantId!,
      database,
      jobId: id,
      log: log.child({ job: name, jobId: id }),
      reason,
    })
  }
  return { outcome: 'done', name }
}

/** Gives a job that was given up or cancelled all its tries again, at once. */
export async function retryJob(tx: Tx, { definitions }: ControlParts, owner: JobOwner, id: string): Promise<Change> {
  const job = await lock(tx, owner, id)
  if (!job) return { outcome: 'absent' }
  const { name, data } = job
  const definition = definitions.get(name)
  if (!['failed', 'cancelled'].includes(job.state) || !definition) return { outcome: 'refused' }
  try {
    if (isIntact(data, definition)) await definition.revived?.(tx, data.payload, id)
  } catch (error) {
    if (error instanceof JobRefused) return { outcome: 'refused', reason: error.message }
    throw error
  }
  // A claim counts a new try where an earlier one had begun.
  await tx.run(sql`
    UPDATE pgboss.job SET state = 'retry', start_after = now(), completed_on = NULL, output = NULL,
      retry_limit = ${definition.retry.limit} + retry_count + CASE WHEN started_on IS NULL THEN 0 ELSE 1 END
    WHERE name = ${name} AND id = ${id}`)
  // Nobody need be told any more that it was given up.
  await tx.run(sql`
    DELETE FROM pgboss.job WHERE name = ${DEAD_LETTERS} AND source_id = ${id} AND state IN ('created', 'retry')`)
  return { outcome: 'done', name }
}

/** Has a job that waits for a later moment run now; false when it does not wait. */
export async function hastenJob(tx: Tx, owner: JobOwner, id: string): Promise<boolean> {
  if (!isJobId(id)) return false
  const hastened = await tx.run(sql`
    UPDATE pgboss.job SET start_after = now()
    WHERE ${ownedBy(owner)} AND id = ${id} AND state IN ('created', 'retry') AND start_after > now()`)
  return hastened > 0
}
