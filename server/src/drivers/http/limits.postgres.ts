// Counters of several processes in PostgreSQL: one upsert a call, exact under concurrency.
import { type Database, sql } from '../database/index.ts'
import type { LimitStore } from './limits.ts'

const SWEEP_MS = 60_000

/** Counters in the unlogged table rate_limits; windows that have ended are swept once a minute. */
export function postgresLimitStore(database: Pick<Database, 'global'>): LimitStore {
  const db = database.global
  const sweeper = setInterval(() => {
    // A sweep that fails is made up for by the next one.
    db.run(sql`DELETE FROM rate_limits WHERE "resetsAt" < now() - interval '1 minute'`).catch(() => undefined)
  }, SWEEP_MS)
  sweeper.unref()
  return {
    async hit(key, windowSeconds) {
      const row = await db.one<{ hits: number; seconds: number }>(sql`
        INSERT INTO rate_limits AS r (key, hits, "resetsAt")
        VALUES (${key}, 1, clock_timestamp() + make_interval(secs => ${windowSeconds}))
        ON CONFLICT (key) DO UPDATE SET
          hits = CASE WHEN r."resetsAt" <= clock_timestamp() THEN 1 ELSE r.hits + 1 END,
          "resetsAt" = CASE WHEN r."resetsAt" <= clock_timestamp() THEN excluded."resetsAt" ELSE r."resetsAt" END
        RETURNING hits, GREATEST(1, ceil(extract(epoch FROM "resetsAt" - clock_timestamp())))::int AS seconds`)
      return { hits: row!.hits, resetsInSeconds: row!.seconds }
    },
    forget: async (key) => void (await db.run(sql`DELETE FROM rate_limits WHERE key = ${key}`)),
    async close() {
      clearInterval(sweeper)
    },
  }
}
