// Which rows a request wrote, column by column, and whether anything of what it should not have set is among them.
import type pg from 'pg'
import { MARK, MARKED_NUMBER, MARKED_TIME } from './fields.ts'

export type Row = Record<string, unknown>

export interface Written {
  table: string
  row: Row
  /** The columns that differ from what stood there; undefined for a new row. */
  changed: string[] | undefined
}

/** Every row of every table, by table and primary key. */
export async function readRows(client: pg.Client, keys: ReadonlyMap<string, string[]>): Promise<Map<string, Row>> {
  const tables = [...keys].map(([table]) => `SELECT '${table}' AS name, to_jsonb(t) AS row FROM "${table}" t`)
  const { rows } = await client.query<{ name: string; row: Row }>(tables.join(' UNION ALL '))
  return new Map(rows.map(({ name, row }) => [`${name} ${keys.get(name)!.map((key) => row[key])}`, row]))
}

/** Attempts and requests; where events end and who is owed them, which is written after COMMIT; sums, whose rows are folded by chance. */
const COUNTERS = ['throttles', 'rate_limits', 'event_heads', 'event_deliveries', 'member_totals', 'daily_totals']

/** The primary keys of all tables, without those of counters. */
export async function primaryKeys(client: pg.Client): Promise<Map<string, string[]>> {
  const { rows } = await client.query<{ name: string; keys: string[] }>(
    `SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS keys FROM pg_class c
    JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> ALL ($1) GROUP BY c.relname`,
    [COUNTERS],
  )
  return new Map(rows.map(({ name, keys }) => [name, keys]))
}

const USES = new Set(['lastSeenAt', 'idleExpiresAt', 'lastUsedAt'])

/** What was written between two readings. */
export function writtenBetween(before: Map<string, Row>, after: Map<string, Row>): Written[] {
  const written: Written[] = []
  for (const [key, row] of after) {
    const old = before.get(key)
    const table = key.split(' ')[0]!
    // Events get their place after COMMIT, at a time of its own.
    const counts = (column: string) => !USES.has(column) && !(table === 'events' && column === 'seq')
    const changed = old && Object.keys(row).filter((column) => counts(column) && differs(old[column], row[column]))
    if (!changed || changed.length) written.push({ table, row, changed })
  }
  return written
}

const differs = (one: unknown, other: unknown) => JSON.stringify(one) !== JSON.stringify(other)

/** How a request writes, whatever the values: the tables, and in rows that were there the columns. */
export function shapeOf(written: readonly Written[]): string[] {
  return written.map(({ table, changed }) => `${table}: ${changed ? changed.join(' ') : 'a new row'}`).sort()
}

/** Columns that hold what the request sent beyond its fields, and that the plain request did not give the same value. */
export function taken(sent: Row, written: readonly Written[], plainly: readonly Written[]): string[] {
  const marks = [MARK, MARKED_TIME.slice(0, 10), String(MARKED_NUMBER)]
  return written.flatMap(({ table, row, changed }) =>
    (changed ?? Object.keys(row))
      .filter((column) => {
        const value = row[column]
        if (value === null || value === undefined) return false
        const text = JSON.stringify(value)
        if (marks.some((mark) => text.includes(mark))) return true
        if (!Object.hasOwn(sent, column) || differs(sent[column], value)) return false
        return !plainly.some((other) => other.table === table && !differs(other.row[column], value))
      })
      .map((column) => `${table}.${column}`),
  )
}
