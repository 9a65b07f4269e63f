// Lists in the order of one column, read page by page: by number, or from the row on that a cursor names.
import type { PagePlace } from '../../core/page.ts'
import { empty, literal, type Sql, sql } from './sql.ts'

export interface SortKey {
  column: Sql
  type: keyof typeof TYPES
  /** Set where the column may be null: such rows come last in either direction. */
  nullsLast?: boolean
}

/** What a list is sorted by of a text of any length, which no index would take. */
export const beginningOf = (text: Sql) => sql`left(${text}, 200)`

/** The parts of a statement that lists in one order. */
export interface Ordering {
  direction: Sql
  /** `ORDER BY …`, the rows of one key by their ids. */
  by: Sql
  /** For the SELECT list, `… AS place`: what a cursor holds to go on after the row (`Placed`); times exact to the microsecond. */
  place: Sql
  /** The condition that a row comes after the one that a cursor names; nothing where none does. For `where`. */
  past(after: PagePlace['after']): Sql | undefined
  /** The same order over other names of key and id, for a query around the first. */
  on(column: Sql, id: Sql): Ordering
}

const TYPES = { text: sql`text`, timestamp: sql`timestamp`, timestamptz: sql`timestamptz` }

/**
 * The order of a list by a key and, within it, by id.
 *
 *     const order = ordering(SORT[query.sortBy ?? 'name'], sql`t.id`, query.sortOrder ?? 'asc')
 *     sql`SELECT t.*, ${order.place} FROM things t ${where([...filters, order.past(after)])}
 *       ${order.by} LIMIT ${limit} OFFSET ${offset}`
 *
 * A cursor cannot name a row whose key is null, and must have been read as the key's type (`pageAt`).
 */
export function ordering(key: SortKey, id: Sql, sortOrder: 'asc' | 'desc'): Ordering {
  const { column, type } = key
  const [direction, past] = sortOrder === 'asc' ? [sql`ASC`, sql`>`] : [sql`DESC`, sql`<`]
  // Without a zone it is in UTC; a cursor says so.
  const text = type === 'timestamp' ? sql`${column}::text || 'Z'` : sql`${column}::text`
  return {
    direction,
    by: sql`ORDER BY ${column} ${direction} ${key.nullsLast ? sql`NULLS LAST` : empty}, ${id} ${direction}`,
    place: sql`ARRAY[${text}, ${id}::text] AS place`,
    past: (after) => after && sql`(${column}, ${id}) ${past} (${after[0]}::${TYPES[type]}, ${after[1]})`,
    on: (other, otherId) => ordering({ ...key, column: other }, otherId, sortOrder),
  }
}

/** `LIMIT … OFFSET …` for lists that are asked for most: one plan for each length of a page, see `literal`. */
export function bounds({ limit, offset }: PagePlace): Sql {
  return sql`LIMIT ${literal(limit)} ${offset ? sql`OFFSET ${offset}` : empty}`
}
