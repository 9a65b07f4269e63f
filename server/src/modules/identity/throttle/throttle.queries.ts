// The throttle's SQL: each step is one atomic statement on one row.
import { type Executor, sql } from '../../../drivers/database/index.ts'
import type { ThrottleRule } from './throttle.service.ts'

/** An attempt that has not reported back after this long has died with its process. */
const PENDING_SECONDS = 30

// A place taken and given back is worth no flush to disk: a crash forgets it, as its expiry would. Failures are flushed.
const WITHOUT_FLUSH = sql`set_config('synchronous_commit', 'off', true)`

const ABANDONED = sql`t."pendingSince" < clock_timestamp() - make_interval(secs => ${PENDING_SECONDS})`
const QUIET = sql`t."windowEndsAt" < clock_timestamp() - interval '1 day'`
const EXPIRED = sql`t."windowEndsAt" <= clock_timestamp()`

/** Takes a place for one attempt; false when the name is locked or every place is taken. */
export async function reserve(db: Executor, key: string, { maxFailures, lockSeconds }: ThrottleRule): Promise<boolean> {
  const row = await db.one(sql`
    INSERT INTO throttles AS t (key, failures, pending, "pendingSince", "windowEndsAt")
    VALUES (${key}, 0, 1, clock_timestamp(), clock_timestamp() + make_interval(secs => ${lockSeconds}))
    ON CONFLICT (key) DO UPDATE SET
      failures = CASE WHEN ${EXPIRED} THEN 0 ELSE t.failures END,
      pending = CASE WHEN ${ABANDONED} THEN 1 ELSE t.pending + 1 END,
      "pendingSince" = clock_timestamp(),
      "lockedUntil" = NULL,
      locks = CASE WHEN ${QUIET} THEN 0 ELSE t.locks END,
      "windowEndsAt" = CASE WHEN ${EXPIRED} THEN clock_timestamp() + make_interval(secs => ${lockSeconds}) ELSE t."windowEndsAt" END
    WHERE (t."lockedUntil" IS NULL OR t."lockedUntil" <= clock_timestamp())
      AND CASE WHEN ${EXPIRED} THEN 0 ELSE t.failures END + CASE WHEN ${ABANDONED} THEN 0 ELSE t.pending END < ${maxFailures}
    RETURNING key, ${WITHOUT_FLUSH}`)
  return row !== undefined
}

/** Seconds until the name is free again; 0 when it is not locked. */
export async function secondsLocked(db: Executor, key: string): Promise<number> {
  const row = await db.one<{ seconds: number }>(sql`
    SELECT GREATEST(0, ceil(extract(epoch FROM "lockedUntil" - clock_timestamp())))::int AS seconds FROM throttles WHERE key = ${key}`)
  return row?.seconds ?? 0
}

/** Counts a failure; the last allowed one locks, for longer when it was locked before. True when this one did. */
export async function fail(db: Executor, key: string, rule: ThrottleRule): Promise<boolean> {
  const locking = sql`failures + 1 >= ${rule.maxFailures}`
  const ends = sql`clock_timestamp() + make_interval(secs => ${rule.lockSeconds} * CASE WHEN ${locking} THEN power(2, LEAST(locks, ${rule.doublings})) ELSE 1 END)`
  const row = await db.one<{ locked: boolean }>(sql`
    UPDATE throttles SET failures = failures + 1, pending = GREATEST(0, pending - 1), "windowEndsAt" = ${ends},
      "lockedUntil" = CASE WHEN ${locking} THEN ${ends} END, locks = CASE WHEN ${locking} THEN locks + 1 ELSE locks END
    WHERE key = ${key} RETURNING failures = ${rule.maxFailures} AS locked`)
  return row?.locked ?? false
}

/** Gives the place back without an outcome. */
export async function release(db: Executor, key: string): Promise<void> {
  await db.run(sql`UPDATE throttles SET pending = GREATEST(0, pending - 1) WHERE key = ${key}`)
}

/** Ends a lock and forgets what led to it. */
export async function unlock(db: Executor, key: string): Promise<void> {
  await db.run(sql`UPDATE throttles SET failures = 0, locks = 0, "lockedUntil" = NULL WHERE key = ${key}`)
}

/** Forgets the failures: the secret was right. */
export async function clear(db: Executor, key: string): Promise<void> {
  await db.run(
    sql`UPDATE throttles SET failures = 0, locks = 0, pending = GREATEST(0, pending - 1) WHERE key = ${key} AND "lockedUntil" IS NULL RETURNING ${WITHOUT_FLUSH}`,
  )
}
