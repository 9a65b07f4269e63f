// Lists of accounts: what a tenant shows of its members, page by page.
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  beginningOf,
  bounds,
  COUNTED_EXACTLY,
  containing,
  type Executor,
  empty,
  literal,
  type Matches,
  ordering,
  type SortKey,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'
import { FIELDS, ROLES, type UserRow } from './users.queries.ts'
import type { SORT_KEYS, UserQuery } from './users.schema.ts'

const SORT: Record<(typeof SORT_KEYS)[number], SortKey> = {
  createdAt: { column: sql`m."joinedAt"`, type: 'timestamptz' },
  name: { column: beginningOf(sql`u.name`), type: 'text' },
  email: { column: sql`u.email`, type: 'text' },
  username: { column: sql`u.username`, type: 'text' },
  lastLoginAt: { column: sql`u."lastLoginAt"`, type: 'timestamp' },
}

export interface ListedUser extends UserRow, Placed {
  /** How many members the filters leave, the same in every row; undefined where it has to be counted apart. */
  total?: number
}

/** One page in the order asked for. Without a search or role filter each row carries the kept total: page and total are one statement. */
export function list(db: Executor, query: UserQuery, place: PagePlace): Promise<ListedUser[]> {
  const order = orderOf(query)
  const total = isKept(query) ? sql`, (${keptTotal(query)}) AS total` : empty
  return db.query<ListedUser>(sql`
    SELECT ${FIELDS}, ${ROLES}, ${order.place} ${total} FROM memberships m JOIN users u ON u.id = m."userId"
    ${where([...filters(query), order.past(place.after)])} ${order.by} ${bounds(place)}`)
}

/**
 * The total of a search, up to the bound, and its page where there are fewer matches than that: they are found once.
 * Of more matches the rows stay empty, since only some were looked at.
 */
export async function listFound(db: Executor, query: UserQuery, place: PagePlace): Promise<Matches<ListedUser>> {
  const order = orderOf(query).on(sql`m.key`, sql`m."userId"`)
  const found = await db.query<ListedUser & { total: number }>(sql`
    WITH m AS MATERIALIZED (
      SELECT m."userId", m."joinedAt", ${keyOf(query).column} AS key FROM memberships m JOIN users u ON u.id = m."userId" ${where(filters(query))}
      LIMIT ${literal(COUNTED_EXACTLY)})
    SELECT page.*, matches.total FROM (SELECT count(*) AS total FROM m) AS matches LEFT JOIN LATERAL (
      SELECT ${FIELDS}, ${ROLES}, ${order.place} FROM (
        SELECT * FROM m ${where([sql`matches.total < ${literal(COUNTED_EXACTLY)}`, order.past(place.after)])} ${order.by} ${bounds(place)}
      ) AS m JOIN users u ON u.id = m."userId" ${order.by}) AS page ON true`)
  // The total comes even when the page has no row.
  return { rows: found.filter((row) => row.id !== null), total: found[0]!.total }
}

const keyOf = ({ sortBy }: UserQuery): SortKey => SORT[sortBy ?? 'createdAt']
const orderOf = (query: UserQuery) => ordering(keyOf(query), sql`m."userId"`, query.sortOrder ?? 'desc')

/** How many members of a status the tenant has. */
export async function keptCount(db: Executor, query: UserQuery): Promise<number> {
  return (await db.one<{ total: number }>(keptTotal(query)))?.total ?? 0
}

/** Whether the total of these filters is kept rather than counted. */
export function isKept({ search, role }: UserQuery): boolean {
  return !search && !role
}

function keptTotal({ status, deleted }: UserQuery): Sql {
  const counted = deleted ? sql`status = 'DELETED'` : status ? sql`status = ${status}` : sql`status <> 'DELETED'`
  return sql`SELECT COALESCE(sum(delta), 0)::bigint AS total FROM member_totals WHERE ${counted}`
}

/** Finds the text anywhere in name, address or username, by the index over all three. */
function matchesSearch(text: string): Sql {
  return sql`(u.name || ' ' || u.email || ' ' || u.username) ILIKE ${containing(text)}`
}

export function filters({ search, status, role, deleted }: UserQuery): (Sql | false | undefined)[] {
  return [
    deleted ? sql`u."deletedAt" IS NOT NULL` : sql`u."deletedAt" IS NULL`,
    status !== undefined && sql`u.status = ${status}::"UserStatus"`,
    Boolean(search) && matchesSearch(search!),
    // One role, known before: then its people are read until there are enough, not gathered first.
    role !== undefined &&
      sql`EXISTS (SELECT 1 FROM user_roles ur WHERE ur."userId" = u.id AND ur."roleId" = (
        SELECT r.id FROM roles r WHERE r.id = ${role} OR r.name = ${role} ORDER BY r.id = ${role} DESC LIMIT 1))`,
  ]
}
