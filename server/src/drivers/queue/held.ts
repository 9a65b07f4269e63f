// The jobs that this process works on. Every two seconds it is asked whether they are still its own: one that was cancelled
// on whatever node, or taken by another worker, is told to stop.
import type { JobWithMetadata } from 'pg-boss'
import { type Database, sql } from '../database/index.ts'
import type { Log } from '../telemetry/log.ts'
import type { Envelope } from './definition.ts'

export type Job = JobWithMetadata<Envelope>

const LOOK_MS = 2_000
const CANCELLED = 'The job was cancelled.'

export interface HeldJobs {
  /** Works on the job; `signal` is aborted when the job is lost. */
  during<T>(job: Job, work: (signal: AbortSignal) => Promise<T>): Promise<T>
  count(): number
  /** The rows of what still runs go back to the waiting ones, at no cost to their tries. The tries cannot end them any more. */
  release(): Promise<void>
  stop(): void
}

/** Why the signal of a job was aborted, when somebody cancelled it. */
export function wasCancelled(signal: AbortSignal): boolean {
  return signal.aborted && (signal.reason as Error | undefined)?.message === CANCELLED
}

export function createHeldJobs(database: Pick<Database, 'global'>, log: Log): HeldJobs {
  const held = new Map<Job, AbortController>()

  async function look(): Promise<void> {
    const jobs = [...held].filter(([, { signal }]) => !signal.aborted)
    if (jobs.length === 0) return
    const rows = await database.global.query<{ id: string; state: string; attempt: number }>(sql`
      SELECT id, state, retry_count AS attempt FROM pgboss.job
      WHERE name = ANY (${jobs.map(([{ name }]) => name)}) AND id = ANY (${jobs.map(([{ id }]) => id)}::uuid[])`)
    const byId = new Map(rows.map((row) => [row.id, row]))
    for (const [{ id, retryCount }, controller] of jobs) {
      const row = byId.get(id)
      if (row?.state === 'active' && row.attempt === retryCount) continue
      controller.abort(new Error(row?.state === 'cancelled' ? CANCELLED : 'The job is no longer held by this worker.'))
    }
  }

  const timer = setInterval(() => {
    // What could not be asked says nothing about the jobs.
    look().catch((error: Error) => log.debug({ reason: error.message }, 'running jobs could not be looked at'))
  }, LOOK_MS)
  timer.unref()

  return {
    async during(job, work) {
      const controller = new AbortController()
      held.set(job, controller)
      try {
        return await work(controller.signal)
      } finally {
        held.delete(job)
      }
    },
    count: () => held.size,
    async release() {
      for (const { name, id, retryCount } of held.keys()) {
        await database.global.run(sql`
          UPDATE pgboss.job SET state = 'retry', start_after = now(), started_on = NULL, heartbeat_on = NULL, output = NULL,
            retry_count = retry_count + 1, retry_limit = retry_limit + 1,
            data = pgboss.with_attempt(data, retry_count + 1, started_on, 'The process ended and gave the job back.')
          WHERE name = ${name} AND id = ${id} AND state = 'active' AND retry_count = ${retryCount}`)
      }
    },
    stop: () => clearInterval(timer),
  }
}
