// The members' SQL. Everything here sees the handle's tenant only.
import type { MembershipLevel } from '../../../core/actor.ts'
import { type Executor, sql } from '../../../drivers/database/index.ts'

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

export const FIELDS = sql`u.id AS "userId", u.email, u.username, u.name, u.avatar, u.status, m.level, m."joinedAt", COALESCE((
  SELECT json_agg(json_build_object('id', r.id, 'name', r.name, 'label', r.label) ORDER BY r.name)
  FROM user_roles ur JOIN roles r ON r.id = ur."roleId" WHERE ur."userId" = u.id), '[]') AS roles`
export const FROM = sql`FROM memberships m JOIN users u ON u.id = m."userId"`

/**
 * The same, reading the people of the memberships one by one. For owners and administrators: the planner takes them for as many
 * as they are in the whole installation, and would read every account to find two.
 */
export const FROM_FEW = sql`FROM memberships m JOIN LATERAL (
  SELECT u.id, u.email, u.username, u.name, u.avatar, u.status, u."deletedAt" FROM users u WHERE u.id = m."userId" OFFSET 0) AS u ON true`
/** The order of the index over owners and administrators, which the planner takes where it is asked for. */
export const BY_TIME = sql`ORDER BY m."joinedAt" DESC, m."userId" DESC`

export interface Membership {
  level: MembershipLevel
  joinedAt: Date
}

export function findMembership(db: Executor, userId: string): Promise<Membership | undefined> {
  return db.one<Membership>(sql`SELECT level, "joinedAt" FROM memberships WHERE "userId" = ${userId}`)
}

/** Which of these people are members of the handle's tenant. */
export async function membersAmong(db: Executor, userIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ userId: string }>(sql`
    SELECT m."userId" FROM memberships m JOIN users u ON u.id = m."userId" AND u."deletedAt" IS NULL
    WHERE m."userId" = ANY (${userIds}::text[])`)
  return new Set(rows.map(({ userId }) => userId))
}

export function addMember(db: Executor, userId: string, level: MembershipLevel): Promise<number> {
  return db.run(sql`INSERT INTO memberships ("userId", level) VALUES (${userId}, ${level}) ON CONFLICT DO NOTHING`)
}

export function findMember(db: Executor, userId: string): Promise<MemberRow | undefined> {
  return db.one<MemberRow>(sql`SELECT ${FIELDS} ${FROM} WHERE m."userId" = ${userId} AND u."deletedAt" IS NULL`)
}

/** The account with this id, or with this address if that was proved: anybody may write any address into an account. */
export function findUser(
  db: Executor,
  { userId, email }: { userId?: string | undefined; email?: string | undefined },
): Promise<{ id: string; email: string; isProved: boolean } | undefined> {
  const which =
    userId !== undefined ? sql`id = ${userId}` : sql`lower(email) = lower(${email}) AND "emailVerifiedAt" IS NOT NULL`
  return db.one(sql`
    SELECT id, email, "emailVerifiedAt" IS NOT NULL AS "isProved" FROM users
    WHERE ${which} AND "deletedAt" IS NULL LIMIT 1`)
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
      COALESCE((SELECT true ${FROM_FEW} WHERE m.level = 'OWNER' AND m."userId" <> ALL(${userIds})
        AND u.status = 'ACTIVE' AND u."deletedAt" IS NULL ${BY_TIME} LIMIT 1), false) AS stays`)
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
