// The members' SQL. Everything here sees the handle's tenant only.
import type { MembershipLevel } from '../../../core/actor.ts'
import { containing, type Executor, type Sql, sql, where } from '../../../drivers/database/index.ts'
import type { MEMBER_SORT_KEYS, MemberQuery } from './tenants.schema.ts'

export interface MemberRow {
  userId: string
  email: string
  username: string
  name: string
  avatar: string | null
  status: 'ACTIVE' | 'INACTIVE' | 'SUSPENDED'
  level: MembershipLevel
  roles: { id: string; name: string; label: string }[]
  joinedAt: Date
}

const FIELDS = sql`u.id AS "userId", u.email, u.username, u.name, u.avatar, u.status, m.level, m."joinedAt", COALESCE((
  SELECT json_agg(json_build_object('id', r.id, 'name', r.name, 'label', r.label) ORDER BY r.name)
  FROM user_roles ur JOIN roles r ON r.id = ur."roleId" WHERE ur."userId" = u.id), '[]') AS roles`
const FROM = sql`FROM memberships m JOIN users u ON u.id = m."userId"`

export function findMembership(db: Executor, userId: string): Promise<{ level: MembershipLevel } | undefined> {
  return db.one<{ level: MembershipLevel }>(sql`SELECT level FROM memberships WHERE "userId" = ${userId}`)
}

export function addMember(db: Executor, userId: string, level: MembershipLevel): Promise<number> {
  return db.run(sql`INSERT INTO memberships ("userId", level) VALUES (${userId}, ${level}) ON CONFLICT DO NOTHING`)
}

export function findMember(db: Executor, userId: string): Promise<MemberRow | undefined> {
  return db.one<MemberRow>(sql`SELECT ${FIELDS} ${FROM} WHERE m."userId" = ${userId} AND u."deletedAt" IS NULL`)
}

/** The account with this id or address, in whatever tenants it is. */
export function findUser(
  db: Executor,
  { userId, email }: { userId?: string | undefined; email?: string | undefined },
): Promise<{ id: string; email: string } | undefined> {
  const which = userId !== undefined ? sql`id = ${userId}` : sql`lower(email) = lower(${email})`
  return db.one<{ id: string; email: string }>(
    sql`SELECT id, email FROM users WHERE ${which} AND "deletedAt" IS NULL LIMIT 1`,
  )
}

const SORT_COLUMNS: Record<(typeof MEMBER_SORT_KEYS)[number], Sql> = {
  joinedAt: sql`m."joinedAt"`,
  name: sql`u.name`,
  email: sql`u.email`,
}

export interface ListedMember extends MemberRow {
  /** The list's default sort key, exact to the microsecond. */
  joinedAtText: string
}

export function list(
  db: Executor,
  query: MemberQuery,
  limit: number,
  offset: number,
  after: [string, string] | undefined,
): Promise<ListedMember[]> {
  const descending = (query.sortOrder ?? 'desc') === 'desc'
  const direction = descending ? sql`DESC` : sql`ASC`
  const past =
    after && sql`(m."joinedAt", m."userId") ${descending ? sql`<` : sql`>`} (${after[0]}::timestamptz, ${after[1]})`
  return db.query<ListedMember>(sql`
    SELECT ${FIELDS}, m."joinedAt"::text AS "joinedAtText" ${FROM} ${where([...filters(query), past])}
    ORDER BY ${SORT_COLUMNS[query.sortBy ?? 'joinedAt']} ${direction}, m."userId" ${direction} LIMIT ${limit} OFFSET ${offset}`)
}

const COUNTED_MATCHES = 10_000

/** All members by the kept totals; those that a filter leaves are counted, to 10,000. */
export async function count(db: Executor, query: MemberQuery): Promise<number> {
  const row =
    query.search || query.level
      ? await db.one<{ total: number }>(sql`
          SELECT count(*) AS total FROM (SELECT 1 ${FROM} ${where(filters(query))} LIMIT ${COUNTED_MATCHES}) AS matches`)
      : await db.one<{ total: number }>(
          sql`SELECT COALESCE(sum(delta), 0)::bigint AS total FROM member_totals WHERE status <> 'DELETED'`,
        )
  return row?.total ?? 0
}

function filters({ search, level }: MemberQuery): (Sql | false)[] {
  const pattern = search ? containing(search) : undefined
  return [
    sql`u."deletedAt" IS NULL`,
    level !== undefined && sql`m.level = ${level}`,
    pattern !== undefined && sql`(u.name ILIKE ${pattern} OR u.email ILIKE ${pattern} OR u.username ILIKE ${pattern})`,
  ]
}

export async function setLevel(db: Executor, userId: string, level: MembershipLevel): Promise<void> {
  await db.run(sql`UPDATE memberships SET level = ${level} WHERE "userId" = ${userId}`)
}

/** Whether one of these people is an owner, and whether an owner who can sign in is left without them. */
export async function ownersWithout(
  db: Executor,
  userIds: readonly string[],
): Promise<{ leaves: boolean; stays: boolean }> {
  const row = await db.one<{ leaves: boolean; stays: boolean }>(sql`
    SELECT EXISTS (SELECT 1 FROM memberships WHERE level = 'OWNER' AND "userId" = ANY(${userIds})) AS leaves,
      EXISTS (SELECT 1 ${FROM} WHERE m.level = 'OWNER' AND m."userId" <> ALL(${userIds})
        AND u.status = 'ACTIVE' AND u."deletedAt" IS NULL) AS stays`)
  return row!
}

/** Takes away the memberships and what came with them: roles, places in teams, personal access tokens of this tenant. */
export async function endMemberships(db: Executor, userIds: readonly string[]): Promise<void> {
  await db.run(sql`DELETE FROM user_roles WHERE "userId" = ANY(${userIds})`)
  await db.run(sql`DELETE FROM team_members WHERE "userId" = ANY(${userIds})`)
  await db.run(
    sql`UPDATE personal_access_tokens SET "revokedAt" = now() WHERE "userId" = ANY(${userIds}) AND "revokedAt" IS NULL`,
  )
  await db.run(sql`DELETE FROM memberships WHERE "userId" = ANY(${userIds})`)
}
