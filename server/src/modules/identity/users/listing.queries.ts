// Lists of accounts: what a tenant shows of its members, page by page.
import { containing, type Executor, empty, literal, type Sql, sql, where } from '../../../drivers/database/index.ts'
import { FIELDS, ROLES, type UserRow } from './users.queries.ts'
import type { SORT_KEYS, UserQuery } from './users.schema.ts'

const SORT_COLUMNS: Record<(typeof SORT_KEYS)[number], Sql> = {
  createdAt: sql`m."joinedAt"`,
  name: sql`u.name`,
  email: sql`u.email`,
  username: sql`u.username`,
  lastLoginAt: sql`u."lastLoginAt"`,
}

export interface ListedUser extends UserRow {
  /** The list's default sort key, exact to the microsecond. */
  joinedAt: string
  /** How many members the filters leave, the same in every row; undefined where it has to be counted apart. */
  total?: number
}

/** One page in the order asked for. Without a search or role filter each row carries the kept total: page and total are one statement. */
export function list(db: Executor, query: UserQuery, place: PagePlace): Promise<ListedUser[]> {
  const total = isKept(query) ? sql`, (${keptTotal(query)}) AS total` : empty
  return db.query<ListedUser>(sql`
    SELECT ${FIELDS}, ${ROLES}, m."joinedAt"::text AS "joinedAt" ${total} FROM memberships m JOIN users u ON u.id = m."userId"
    ${where([...filters(query), placeAfter(query, place)])} ${ordered(query, place, sortColumn(query))}`)
}

/**
 * The total of a search, up to the bound, and its page where there are fewer matches than that: they are found once.
 * Of more matches the rows stay empty, since only some were looked at.
 */
export async function listFound(
  db: Executor,
  query: UserQuery,
  place: PagePlace,
): Promise<{ rows: ListedUser[]; total: number }> {
  const found = await db.query<ListedUser & { total: number }>(sql`
    WITH m AS MATERIALIZED (
      SELECT m."userId", m."joinedAt", ${sortColumn(query)} AS key FROM memberships m JOIN users u ON u.id = m."userId" ${where(filters(query))}
      LIMIT ${literal(COUNTED_MATCHES)})
    SELECT page.*, matches.total FROM (SELECT count(*) AS total FROM m) AS matches LEFT JOIN LATERAL (
      SELECT ${FIELDS}, ${ROLES}, m."joinedAt"::text AS "joinedAt" FROM (
        SELECT * FROM m ${where([sql`matches.total < ${literal(COUNTED_MATCHES)}`, placeAfter(query, place)])} ${ordered(query, place, sql`m.key`)}
      ) AS m JOIN users u ON u.id = m."userId" ${order(query, sql`m.key`)}) AS page ON true`)
  // The total comes even when the page has no row.
  return { rows: found.filter((row) => row.id !== null), total: found[0]!.total }
}

export interface PagePlace {
  limit: number
  offset: number
  /** Where the last page ended, in the default order. */
  after: [string, string] | undefined
}

const isDescending = ({ sortOrder }: UserQuery) => (sortOrder ?? 'desc') === 'desc'

function placeAfter(query: UserQuery, { after }: PagePlace): Sql | undefined {
  const past = isDescending(query) ? sql`<` : sql`>`
  return after && sql`(m."joinedAt", m."userId") ${past} (${after[0]}::timestamptz, ${after[1]})`
}

const sortColumn = (query: UserQuery) => SORT_COLUMNS[query.sortBy ?? 'createdAt']

function order(query: UserQuery, key: Sql): Sql {
  const direction = isDescending(query) ? sql`DESC` : sql`ASC`
  return sql`ORDER BY ${key} ${direction}, m."userId" ${direction}`
}

function ordered(query: UserQuery, { limit, offset }: PagePlace, key: Sql): Sql {
  return sql`${order(query, key)} LIMIT ${literal(limit)} ${offset ? sql`OFFSET ${offset}` : empty}`
}

/** Beyond this many matches of a search the total stops counting: the cost of a page must not grow with the table. */
export const COUNTED_MATCHES = 1_000

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
export function matchesSearch(text: string): Sql {
  return sql`(u.name || ' ' || u.email || ' ' || u.username) ILIKE ${containing(text)}`
}

export function filters({ search, status, role, deleted }: UserQuery): (Sql | false | undefined)[] {
  return [
    deleted ? sql`u."deletedAt" IS NOT NULL` : sql`u."deletedAt" IS NULL`,
    status !== undefined && sql`u.status = ${status}::"UserStatus"`,
    Boolean(search) && matchesSearch(search!),
    role !== undefined &&
      sql`EXISTS (SELECT 1 FROM user_roles ur JOIN roles r ON r.id = ur."roleId" WHERE ur."userId" = u.id AND (r.id = ${role} OR r.name = ${role}))`,
  ]
}
