// Lists of a tenant's members: a page costs the same whether there are a hundred or a hundred thousand.
import type { MembershipLevel } from '../../../core/actor.ts'
import { containing, type Executor, empty, literal, type Sql, sql, where } from '../../../drivers/database/index.ts'
import { BY_TIME, FIELDS, FROM, FROM_FEW, type MemberRow } from './members.queries.ts'
import type { MEMBER_SORT_KEYS, MemberQuery } from './tenants.schema.ts'

export interface ListedMember extends MemberRow {
  /** The key that the list is sorted by; times are exact to the microsecond. */
  sortKey: string
}

export interface PagePlace {
  limit: number
  offset: number
  /** Sort key and id of the last row before the page. */
  after: [string, string] | undefined
}

interface SortKey {
  column: Sql
  /** The type that a key from a cursor is read as. */
  type: Sql
}

const SORT_KEYS: Record<(typeof MEMBER_SORT_KEYS)[number], SortKey> = {
  joinedAt: { column: sql`m."joinedAt"`, type: sql`timestamptz` },
  name: { column: sql`u.name`, type: sql`text` },
  email: { column: sql`u.email`, type: sql`text` },
}

// Written out: an index of owners and administrators is used only where the planner sees which level is asked for.
const OF_LEVEL: Record<MembershipLevel, Sql> = {
  OWNER: sql`m.level = 'OWNER'`,
  ADMIN: sql`m.level = 'ADMIN'`,
  MEMBER: sql`m.level = 'MEMBER'`,
}

/** Beyond this many matches of a search or level the total stops counting. */
const COUNTED_MATCHES = 1_000

/** One page in the order asked for, and how many members there are: all of them by the kept totals, matches up to the bound. */
export async function page(
  db: Executor,
  query: MemberQuery,
  place: PagePlace,
): Promise<{ rows: ListedMember[]; total: number }> {
  if (!query.search && query.level === undefined) {
    const [rows, total] = await Promise.all([list(db, query, place), keptTotal(db)])
    return { rows, total }
  }
  const found = await listFound(db, query, place)
  return found.total < COUNTED_MATCHES ? found : { rows: await list(db, query, place), total: found.total }
}

function list(db: Executor, query: MemberQuery, place: PagePlace): Promise<ListedMember[]> {
  const { column, type } = keyOf(query)
  return db.query<ListedMember>(sql`
    SELECT ${FIELDS}, ${column}::text AS "sortKey" ${FROM} ${where([...filters(query), pastOf(query, place, column, type)])}
    ${order(query, column)} ${bounds(place)}`)
}

/** The total of a search, and its page where there are fewer matches than are counted: they are found once. */
async function listFound(db: Executor, query: MemberQuery, place: PagePlace) {
  const { column, type } = keyOf(query)
  const key = sql`m.key`
  const from = query.search ? FROM : FROM_FEW
  const inOrder = query.search ? empty : BY_TIME
  const found = await db.query<ListedMember & { total: number }>(sql`
    WITH m AS MATERIALIZED (
      SELECT m."userId", m.level, m."joinedAt", ${column} AS key ${from} ${where(filters(query))} ${inOrder}
      LIMIT ${literal(COUNTED_MATCHES)})
    SELECT page.*, matches.total FROM (SELECT count(*)::int AS total FROM m) AS matches LEFT JOIN LATERAL (
      SELECT ${FIELDS}, m.key::text AS "sortKey" FROM (
        SELECT * FROM m ${where([sql`matches.total < ${literal(COUNTED_MATCHES)}`, pastOf(query, place, key, type)])}
        ${order(query, key)} ${bounds(place)}
      ) AS m JOIN users u ON u.id = m."userId" ${order(query, key)}) AS page ON true`)
  // The total comes even when the page has no row.
  return { rows: found.filter((row) => row.userId !== null), total: found[0]!.total }
}

async function keptTotal(db: Executor): Promise<number> {
  const row = await db.one<{ total: number }>(
    sql`SELECT COALESCE(sum(delta), 0)::bigint AS total FROM member_totals WHERE status <> 'DELETED'`,
  )
  return row?.total ?? 0
}

const keyOf = ({ sortBy }: MemberQuery): SortKey => SORT_KEYS[sortBy ?? 'joinedAt']
const isDescending = ({ sortOrder }: MemberQuery) => (sortOrder ?? 'desc') === 'desc'

function pastOf(query: MemberQuery, { after }: PagePlace, key: Sql, type: Sql): Sql | undefined {
  const past = isDescending(query) ? sql`<` : sql`>`
  return after && sql`(${key}, m."userId") ${past} (${after[0]}::${type}, ${after[1]})`
}

function order(query: MemberQuery, key: Sql): Sql {
  const direction = isDescending(query) ? sql`DESC` : sql`ASC`
  return sql`ORDER BY ${key} ${direction}, m."userId" ${direction}`
}

function bounds({ limit, offset }: PagePlace): Sql {
  return sql`LIMIT ${literal(limit)} ${offset ? sql`OFFSET ${offset}` : empty}`
}

/** The text is looked for by the index over name, address and username. */
function filters({ search, level }: MemberQuery): (Sql | false)[] {
  return [
    sql`u."deletedAt" IS NULL`,
    level !== undefined && OF_LEVEL[level],
    Boolean(search) && sql`(u.name || ' ' || u.email || ' ' || u.username) ILIKE ${containing(search ?? '')}`,
  ]
}
