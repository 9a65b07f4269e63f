// Totals of lists: exact as long as they are small, remembered for a moment when they are not.
import type { Executor } from './database.ts'
import { literal, type Sql, sql } from './sql.ts'

/** Beyond this a total stops counting unless a list says otherwise: the cost of a page must not grow with the table. */
export const COUNTED = 10_000
/** Up to this a total is counted each time. */
export const COUNTED_EXACTLY = 1_000

const REMEMBERED_MS = 10_000
const MOST_REMEMBERED = 1_000

/** What was counted a moment ago, for handles of single statements. */
export interface Totals {
  /** The total under the key, counted when nobody did within ten seconds; once for all who ask meanwhile. */
  get(key: string, count: () => Promise<number>): Promise<number>
}

export function createTotals(): Totals {
  const known = new Map<string, { at: number; total: Promise<number> }>()
  return {
    get(key, count) {
      const now = performance.now()
      const found = known.get(key)
      if (found && now - found.at < REMEMBERED_MS) return found.total
      known.delete(key)
      if (known.size >= MOST_REMEMBERED) known.delete(known.keys().next().value!)
      const total = count()
      known.set(key, { at: now, total })
      total.catch(() => known.delete(key))
      return total
    },
  }
}

/**
 * How many rows there are, up to a bound. A total of more than a thousand may be ten seconds old, except inside a transaction: counting
 * on would take longer than the page beside it. `counting` makes the statement that answers `total`, up to so many.
 */
export async function countBounded(db: Executor, counting: (most: Sql) => Sql, most = COUNTED): Promise<number> {
  const counted = async (statement: Sql) => (await db.one<{ total: number }>(statement))!.total
  const few = await counted(counting(literal(Math.min(most, COUNTED_EXACTLY))))
  if (few < COUNTED_EXACTLY || most <= COUNTED_EXACTLY) return few
  const all = counting(literal(most))
  if (!db.totals) return counted(all)
  return db.totals.get(JSON.stringify([db.tenantId, all.text, all.values]), () => counted(all))
}

export interface Matches<R> {
  rows: R[]
  /** Up to COUNTED_EXACTLY. */
  total: number
}

/**
 * A page of what a search matches, and how many there are. `few` finds both at once, looking at COUNTED_EXACTLY matches; where there are
 * as many, which is remembered under the key for a moment, `page` reads the page in its order.
 */
export async function findMatches<R>(
  db: Executor,
  key: readonly unknown[],
  few: () => Promise<Matches<R>>,
  page: () => Promise<R[]>,
): Promise<Matches<R>> {
  let found: Matches<R> | undefined
  const count = async () => {
    found = await few()
    return found.total
  }
  const total = await (db.totals ? db.totals.get(JSON.stringify([db.tenantId, ...key]), count) : count())
  if (total < COUNTED_EXACTLY) {
    // There may be more by now than were remembered.
    const now = found ?? (await few())
    if (now.total < COUNTED_EXACTLY) return now
  }
  return { rows: await page(), total: COUNTED_EXACTLY }
}

/** How many rows there are, up to a bound; `rows` is a statement from its FROM on. See `countBounded`. */
export function countUpTo(db: Executor, rows: Sql, most = COUNTED): Promise<number> {
  return countBounded(
    db,
    (bound) => sql`SELECT count(*)::int AS total FROM (SELECT 1 ${rows} LIMIT ${bound}) AS matches`,
    most,
  )
}
