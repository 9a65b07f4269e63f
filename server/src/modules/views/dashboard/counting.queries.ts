// The SQL of the nightly count: days that are over, once each.
import { type Sql, sql, type Tx } from '../../../drivers/database/index.ts'
import { SIGNED_IN, TODAY } from './figures.queries.ts'

/** For how many days sign-ins are kept by the day. */
const SIGN_IN_DAYS = 400
/** What is older is kept by the month. */
const DAYS = 70

/** Counts what the job has not counted yet, up to the end of yesterday; answers how many days. One at a time in a tenant. */
export async function count(tx: Tx): Promise<number> {
  const at = (day: Sql) => sql`((${day})::timestamp AT TIME ZONE 'UTC')`
  await tx.run(sql`INSERT INTO daily_counts (through) VALUES (NULL) ON CONFLICT ("tenantId") DO NOTHING`)
  const counted = await tx.one<{ days: number | null; first: boolean }>(sql`
    SELECT ${TODAY} - 1 - through AS days, through IS NULL AS first FROM daily_counts FOR UPDATE`)
  if (counted!.days === 0) return 0
  const since = sql`(SELECT ${at(sql`COALESCE(through + 1, DATE '2000-01-01')`)} FROM daily_counts)`
  const over = sql`at >= ${since} AND at < ${at(TODAY)}`
  const day = sql`(at AT TIME ZONE 'UTC')::date`
  await tx.run(sql`
    INSERT INTO daily_totals (kind, day, items)
    SELECT 'operation', ${day}, count(*) FROM audit_logs WHERE ${over} GROUP BY 2`)
  await tx.run(sql`
    INSERT INTO daily_totals (kind, day, items)
    SELECT figure.kind, counted.day, figure.items FROM (
      SELECT ${day} AS day, count(*) AS visits, count(DISTINCT "actorId") AS people FROM audit_logs
      WHERE action = ${SIGNED_IN} AND ${over} AND at >= ${at(sql`${TODAY} - ${SIGN_IN_DAYS}::int`)} GROUP BY 1
    ) AS counted CROSS JOIN LATERAL (VALUES ('signIn', visits), ('visitor', people)) AS figure (kind, items)`)
  // Who came in within 30 days: it cannot be added up from days. The first time also for what it is compared with.
  const ends = counted!.first ? sql`VALUES (${TODAY} - 1), (${TODAY} - 31)` : sql`VALUES (${TODAY} - 1)`
  await tx.run(sql`
    INSERT INTO daily_totals (kind, day, items)
    SELECT 'visitors30', ends.day, (SELECT count(DISTINCT "actorId") FROM audit_logs
      WHERE action = ${SIGNED_IN} AND at >= ${at(sql`ends.day - 29`)} AND at < ${at(sql`ends.day + 1`)})
    FROM (${ends}) AS ends (day)`)
  await tx.run(sql`UPDATE daily_counts SET through = ${TODAY} - 1`)
  return counted!.days ?? 1
}

/** Old days become months, changes become sums, and sign-ins of long ago go. Rows that somebody else folds are left to them. */
export async function fold(tx: Tx): Promise<void> {
  await tx.run(sql`
    DELETE FROM daily_totals WHERE kind IN ('signIn', 'visitor', 'visitors30') AND day < ${TODAY} - ${SIGN_IN_DAYS}::int`)
  const place = sql`CASE WHEN day < ${TODAY} - ${DAYS}::int THEN date_trunc('month', day)::date ELSE day END`
  await tx.run(sql`
    WITH folded AS (
      DELETE FROM daily_totals WHERE id IN (
        SELECT id FROM daily_totals WHERE kind IN ('member', 'document', 'file', 'share', 'activity', 'operation') FOR UPDATE SKIP LOCKED)
      RETURNING kind, type, ${place} AS day, items, bytes)
    INSERT INTO daily_totals (kind, type, day, items, bytes)
    SELECT kind, type, day, sum(items), sum(bytes) FROM folded GROUP BY 1, 2, 3 HAVING sum(items) <> 0 OR sum(bytes) <> 0`)
}
