// PostgreSQL's time, by which all nodes judge what was signed.
import type { Clock } from '../../core/clock.ts'
import type { Database, Executor } from './database.ts'
import { sql } from './sql.ts'

/** PostgreSQL's time in milliseconds since the epoch, at the moment in which it was asked. */
export async function readTime(db: Executor): Promise<number> {
  const row = await db.one<{ at: number }>(sql`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at`)
  return row!.at
}

/** PostgreSQL's time without asking for it: it is read every few seconds, and carried on between by a clock that nobody sets. */
export interface DatabaseTime extends Clock {
  /** Reads it no more. */
  stop(): void
}

const EVERY_MS = 5_000
/** An answer that took longer tells too little. */
const PROMPT_MS = 1_000

/** Resolves once the time is known. Throws where the database cannot be asked. */
export async function followTime({ global }: Pick<Database, 'global'>): Promise<DatabaseTime> {
  let [last, at] = [0, 0]

  async function read(): Promise<void> {
    const sent = performance.now()
    const there = await readTime(global)
    const tookMs = performance.now() - sent
    if (last === 0 || tookMs <= PROMPT_MS) [last, at] = [there + tookMs / 2, sent + tookMs]
  }

  await read()
  // While the database is away the time goes on as it was.
  const timer = setInterval(() => void read().catch(() => undefined), EVERY_MS)
  timer.unref()
  return { now: () => last + performance.now() - at, stop: () => clearInterval(timer) }
}
