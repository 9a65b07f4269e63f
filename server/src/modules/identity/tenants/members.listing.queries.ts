// Lists of a tenant's members: a page costs the same whether there are a hundred or a hundred thousand.

import type { MembershipLevel } from '../../../core/actor.ts'
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  beginningOf,
  bounds,
  COUNTED_EXACTLY,
  containing,
  type Executor,
  empty,
  findMatches,
  literal,
  type Matches,
  ordering,
  type SortKey,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'
import { BY_TIME, FIELDS, FROM, FROM_FEW, type MemberRow } from './members.queries.ts'
import type { MEMBER_SORT_KEYS, MemberQuery } from './tenants.schema.ts'

export type ListedMember = MemberRow & Placed

const SORT: Record<(typeof MEMBER_SORT_KEYS)[number], SortKey> = {
  joinedAt: { column: sql`m."joinedAt"`, type: 'timestamptz' },
  name: { column: beginningOf(sql`u.name`), type: 'text' },
  email: { column: sql`u.email`, type: 'text' },
}

// Written out: an index of owners and administrators is used only where the planner sees which level is asked for.
const OF_LEVEL: Record<MembershipLevel, Sql> = {
  OWNER: sql`m.level = 'OWNER'`,
  ADMIN: sql`m.level = 'ADMIN'`,
  MEMBER: sql`m.level = 'MEMBER'`,
}

/** One page in the order asked for, and how many members there are: all of them by the kept totals, matches up to the bound. */
export async function page(db: Executor, query: MemberQuery, place: PagePlace): Promise<Matches<ListedMember>> {
  if (!query.search && query.level === undefined) {
    const [rows, total] = await Promise.all([list(db, query, place), keptTotal(db)])
    return { rows, total }
  }
  const { search, level } = query
  return findMatches(
    db,
    ['members', search, level],
    () => listFound(db, query, place),
    () => list(db, query, place),
  )
}

function list(db: Executor, query: MemberQuery, place: PagePlace): Promise<ListedMember[]> {
  const order = orderOf(query)
  return db.query<ListedMember>(sql`
    SELECT ${FIELDS}, ${order.place} ${FROM} ${where([...filters(query), order.past(place.after)])} ${order.by} ${bounds(place)}`)
}

/** The total of a search, and its page where there are fewer matches than are counted: they are found once. */
async function listFound(db: Executor, query: MemberQuery, place: PagePlace) {
  const order = orderOf(query).on(sql`m.key`, sql`m."userId"`)
  const from = query.search ? FROM : FROM_FEW
  const inOrder = query.search ? empty : BY_TIME
  const found = await db.query<ListedMember & { total: number }>(sql`
    WITH m AS MATERIALIZED (
      SELECT m."userId", m.level, m."joinedAt", ${keyOf(query).column} AS key ${from} ${where(filters(query))} ${inOrder}
      LIMIT ${literal(COUNTED_EXACTLY)})
    SELECT page.*, matches.total FROM (SELECT count(*)::int AS total FROM m) AS matches LEFT JOIN LATERAL (
      SELECT ${FIELDS}, ${order.place} FROM (
        SELECT * FROM m ${where([sql`matches.total < ${literal(COUNTED_EXACTLY)}`, order.past(place.after)])}
        ${order.by} ${bounds(place)}
      ) AS m JOIN users u ON u.id = m."userId" ${order.by}) AS page ON true`)
  // The total comes even when the page has no row.
  return { rows: found.filter((row) => row.userId !== null), total: found[0]!.total }
}

async function keptTotal(db: Executor): Promise<number> {
  const row = await db.one<{ total: number }>(
    sql`SELECT COALESCE(sum(delta), 0)::bigint AS total FROM member_totals WHERE status <> 'DELETED'`,
  )
  return row?.total ?? 0
}

const keyOf = ({ sortBy }: MemberQuery): SortKey => SORT[sortBy ?? 'joinedAt']
const orderOf = (query: MemberQuery) => ordering(keyOf(query), sql`m."userId"`, query.sortOrder ?? 'desc')

/** The text is looked for by the index over name, address and username. */
function filters({ search, level }: MemberQuery): (Sql | false)[] {
  return [
    sql`u."deletedAt" IS NULL`,
    level !== undefined && OF_LEVEL[level],
    Boolean(search) && sql`(u.name || ' ' || u.email || ' ' || u.username) ILIKE ${containing(search ?? '')}`,
  ]
}
