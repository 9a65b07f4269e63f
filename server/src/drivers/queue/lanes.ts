// Who looks for work and when: several jobs of a kind at once, at once when they come, and one look a second when idle.
//
// pg-boss settles a batch when its last job is done, so one slow job would hold the others: each of our lanes is a pg-boss
// worker that takes one job at a time. To make up for the batches, a lane that ends a job looks again at once, and one that
// begins a job wakes another; PostgreSQL's NOTIFY wakes all. Jobs that wait for a retry or a date announce themselves to
// nobody, and for them one idle lane looks once a second: with pg-boss's own interval every lane would.
import type { JobResult, JobWithMetadata, PgBoss } from 'pg-boss'
import type { Envelope } from './definition.ts'

const LOOK_MS = 1_000
/** pg-boss's own polling stays as the floor under everything above. */
const FLOOR_SECONDS = 30

interface Lane {
  id: string
  busy: boolean
}

export interface Lanes {
  /** Begins to work on a queue. */
  open(name: string, count: number, work: (job: JobWithMetadata<Envelope>) => Promise<JobResult[]>): Promise<void>
  /** Takes no more jobs; those that run go on. */
  close(): void
}

export function createLanes(boss: PgBoss): Lanes {
  const queues = new Map<string, Lane[]>()
  let closed = false

  function wakeOne(lanes: Lane[]): void {
    const idle = lanes.find((lane) => !lane.busy)
    if (idle) boss.notifyWorker(idle.id)
  }

  const look = setInterval(() => {
    for (const lanes of queues.values()) wakeOne(lanes)
  }, LOOK_MS)

  return {
    async open(name, count, work) {
      const lanes: Lane[] = []
      queues.set(name, lanes)
      for (let at = 0; at < count; at++) {
        const lane: Lane = { id: '', busy: false }
        lane.id = await boss.work(
          name,
          {
            batchSize: 1,
            perJobResults: true,
            includeMetadata: true,
            pollingIntervalSeconds: FLOOR_SECONDS,
            notifyPollingIntervalSeconds: FLOOR_SECONDS,
          },
          async ([job]: JobWithMetadata<Envelope>[]) => {
            lane.busy = true
            wakeOne(lanes)
            try {
              return await work(job!)
            } finally {
              lane.busy = false
              if (!closed) boss.notifyWorker(lane.id)
            }
          },
        )
        lanes.push(lane)
      }
    },
    close() {
      closed = true
      clearInterval(look)
      for (const name of queues.keys()) void boss.offWork(name, { wait: false }).catch(() => undefined)
    },
  }
}
