// The SQL of what was used: counted for each day, for each person and for the tenant as a whole.
import { type Executor, sql, type Tx } from '../../../drivers/database/index.ts'

export interface Used {
  userId: string
  /** What was used and what is set aside, in tokens. */
  tokens: number
  day: string
}

/**
 * What the tenant and the person have used today, the tenant first. Both stay locked until the transaction ends, in one order
 * for all: who sets something aside sees what everybody has set aside.
 */
export function lockToday(tx: Tx, userId: string): Promise<Used[]> {
  return tx.query<Used>(sql`
    INSERT INTO ai_usage AS u (day, "userId", answers)
    SELECT (now() AT TIME ZONE 'UTC')::date, one.who, 1 FROM unnest(ARRAY['', ${userId}]::text[]) one (who) ORDER BY one.who
    ON CONFLICT ("tenantId", day, "userId") DO UPDATE SET answers = u.answers + 1
    RETURNING "userId", (used + reserved)::float8 AS tokens, day::text AS day`)
}

/** Sets aside, of rows that are locked. */
export async function reserve(tx: Tx, day: string, userId: string, tokens: number): Promise<void> {
  await tx.run(sql`
    UPDATE ai_usage SET reserved = reserved + ${tokens} WHERE day = ${day}::date AND "userId" IN ('', ${userId})`)
}

/** Locks the rows of a day, in the order in which everybody locks them. */
export async function lockDay(tx: Tx, day: string, userId: string): Promise<Used[]> {
  return tx.query<Used>(sql`
    SELECT "userId", (used + reserved)::float8 AS tokens, day::text AS day FROM ai_usage
    WHERE day = ${day}::date AND "userId" IN ('', ${userId}) ORDER BY "userId" FOR UPDATE`)
}

/** Gives back what was set aside and counts what was used, of rows that are locked. */
export async function settle(
  tx: Tx,
  { day, userId, reserved, used }: { day: string; userId: string; reserved: number; used: number },
): Promise<void> {
  await tx.run(sql`
    UPDATE ai_usage SET reserved = reserved - ${reserved}, used = used + ${used}
    WHERE day = ${day}::date AND "userId" IN ('', ${userId})`)
}

/** What was used and set aside today, without a lock. */
export function today(db: Executor, userId: string): Promise<Used[]> {
  return db.query<Used>(sql`
    SELECT "userId", (used + reserved)::float8 AS tokens, day::text AS day FROM ai_usage
    WHERE day = (now() AT TIME ZONE 'UTC')::date AND "userId" IN ('', ${userId})`)
}

/** Seconds until the day is over. */
export async function secondsLeft(db: Executor): Promise<number> {
  const row = await db.one<{ seconds: number }>(sql`
    SELECT ceil(extract(epoch FROM date_trunc('day', now() AT TIME ZONE 'UTC') + interval '1 day' - (now() AT TIME ZONE 'UTC')))::int AS seconds`)
  return row?.seconds ?? 86_400
}

export interface DayOfUse {
  day: string
  tenantTokens: number
  ownTokens: number
  tenantAnswers: number
  ownAnswers: number
}

/** The last days on which there was any, the latest first. */
export function days(db: Executor, userId: string, most: number): Promise<DayOfUse[]> {
  return db.query<DayOfUse>(sql`
    SELECT whole.day::text AS day, whole.used::float8 AS "tenantTokens", whole.answers AS "tenantAnswers",
      COALESCE(own.used, 0)::float8 AS "ownTokens", COALESCE(own.answers, 0) AS "ownAnswers"
    FROM ai_usage whole LEFT JOIN ai_usage own ON own.day = whole.day AND own."userId" = ${userId}
    WHERE whole."userId" = '' ORDER BY whole.day DESC LIMIT ${most}`)
}
