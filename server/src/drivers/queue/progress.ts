// How far a job is: kept in its row, written once a second at most, and only while the try holds the job.
import { type Executor, sql } from '../database/index.ts'
import type { Log } from '../telemetry/log.ts'

export interface Claim {
  name: string
  id: string
  retryCount: number
}

export interface Progress {
  tell(fraction: number, note?: string): void
  /** Nothing is written any more. */
  stop(): void
}

const EVERY_MS = 1_000
const NOTE_LENGTH = 200

export function createProgress(db: Executor, { name, id, retryCount }: Claim, log: Log): Progress {
  let latest: { fraction: number; note: string | null } | undefined
  let writtenAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined

  async function write(): Promise<void> {
    timer = undefined
    writtenAt = performance.now()
    const told = JSON.stringify({ ...latest, at: new Date().toISOString() })
    await db
      .run(sql`
        UPDATE pgboss.job SET output = jsonb_build_object('progress', ${told}::jsonb)
        WHERE name = ${name} AND id = ${id} AND state = 'active' AND retry_count = ${retryCount}`)
      .catch((error: Error) => log.debug({ reason: error.message }, 'the progress of a job could not be written'))
  }

  return {
    tell(fraction, note) {
      if (!Number.isFinite(fraction)) throw new Error('Progress is a number from 0 to 1.')
      latest = { fraction: Math.min(1, Math.max(0, fraction)), note: note?.slice(0, NOTE_LENGTH) ?? null }
      timer ??= setTimeout(() => void write(), Math.max(0, writtenAt + EVERY_MS - performance.now()))
    },
    stop: () => clearTimeout(timer),
  }
}
