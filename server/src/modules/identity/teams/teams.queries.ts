// The teams' SQL. A team shows the members of the tenant that are in it, and nobody else.
import { assignments, containing, type Executor, type Sql, sql, where } from '../../../drivers/database/index.ts'
import type { TeamRole } from './teams.policy.ts'
import type { TEAM_SORT_KEYS, TeamQuery } from './teams.schema.ts'

export interface TeamRow {
  id: string
  name: string
  description: string | null
  avatar: string | null
  ownerId: string
  ownerName: string
  memberCount: number
  role: TeamRole | null
  createdAt: Date
  updatedAt: Date
}

export interface MemberRow {
  userId: string
  name: string
  email: string
  avatar: string | null
  role: TeamRole
  joinedAt: Date
}

// The owner is a member also where the other back end's rows do not say so.
const MEMBERS = sql`(
  SELECT t.id AS "teamId", t."ownerId" AS "userId", 'owner' AS role,
    COALESCE((SELECT own."joinedAt" FROM team_members own WHERE own."teamId" = t.id AND own."userId" = t."ownerId"), t."createdAt") AS "joinedAt"
  UNION ALL
  SELECT "teamId", "userId", level, "joinedAt" FROM team_members WHERE "teamId" = t.id AND "userId" <> t."ownerId")`
const IS_LIVE = sql`EXISTS (SELECT 1 FROM memberships m JOIN users u ON u.id = m."userId" AND u."deletedAt" IS NULL
  WHERE m."userId" = tm."userId")`

const fields = (userId: string) => sql`t.id, t.name, t.description, t.avatar, t."ownerId", owner.name AS "ownerName",
  (SELECT count(*)::int FROM ${MEMBERS} tm WHERE ${IS_LIVE}) AS "memberCount",
  (SELECT tm.role FROM ${MEMBERS} tm WHERE tm."userId" = ${userId}) AS role,
  t."createdAt", t."updatedAt"`

export function find(db: Executor, id: string, userId: string): Promise<TeamRow | undefined> {
  return db.one<TeamRow>(
    sql`SELECT ${fields(userId)} FROM teams t JOIN users owner ON owner.id = t."ownerId" WHERE t.id = ${id}`,
  )
}

/** Makes whoever else changes the team wait. */
export async function lock(db: Executor, id: string): Promise<void> {
  await db.run(sql`SELECT 1 FROM teams WHERE id = ${id} FOR UPDATE`)
}

export interface Place {
  limit: number
  offset: number
  after: [string, string] | undefined
}

export interface ListedTeam extends TeamRow {
  sortKey: string
}

const SORT: Record<(typeof TEAM_SORT_KEYS)[number], { column: Sql; type: Sql }> = {
  createdAt: { column: sql`t."createdAt"`, type: sql`timestamp` },
  name: { column: sql`t.name`, type: sql`text` },
}

export function list(
  db: Executor,
  query: TeamQuery,
  userId: string,
  { limit, offset, after }: Place,
): Promise<ListedTeam[]> {
  const { column, type } = SORT[query.sortBy ?? 'createdAt']
  const isDescending = (query.sortOrder ?? 'desc') === 'desc'
  const past = after && sql`(${column}, t.id) ${isDescending ? sql`<` : sql`>`} (${after[0]}::${type}, ${after[1]})`
  const direction = isDescending ? sql`DESC` : sql`ASC`
  return db.query<ListedTeam>(sql`
    SELECT ${fields(userId)}, ${column}::text AS "sortKey" FROM teams t JOIN users owner ON owner.id = t."ownerId"
    ${where([...filters(query, userId), past])}
    ORDER BY ${column} ${direction}, t.id ${direction} LIMIT ${limit} OFFSET ${offset}`)
}

const COUNTED = 10_000

export async function count(db: Executor, query: TeamQuery, userId: string): Promise<number> {
  const row = await db.one<{ total: number }>(sql`
    SELECT count(*)::int AS total FROM (SELECT 1 FROM teams t ${where(filters(query, userId))} LIMIT ${COUNTED}) AS matches`)
  return row?.total ?? 0
}

function filters({ search, mine }: TeamQuery, userId: string): (Sql | false | undefined)[] {
  return [
    Boolean(search) &&
      sql`(t.name ILIKE ${containing(search ?? '')} OR t.description ILIKE ${containing(search ?? '')})`,
    mine === true && sql`EXISTS (SELECT 1 FROM team_members tm WHERE tm."teamId" = t.id AND tm."userId" = ${userId})`,
  ]
}

export interface NewRow {
  id: string
  name: string
  description: string | null
  avatar: string | null
  ownerId: string
}

export async function insert(db: Executor, { id, name, description, avatar, ownerId }: NewRow): Promise<void> {
  await db.run(sql`
    INSERT INTO teams (id, name, description, avatar, "ownerId") VALUES (${id}, ${name}, ${description}, ${avatar}, ${ownerId})`)
}

/** Writes the named columns; false when the version is not the expected one any more. */
export async function update(
  db: Executor,
  id: string,
  changes: Record<string, unknown>,
  version: number | undefined,
): Promise<boolean> {
  const named = Object.values(changes).some((value) => value !== undefined)
  const written = await db.run(sql`
    UPDATE teams SET ${named ? sql`${assignments(changes)},` : sql``} "updatedAt" = now()
    WHERE id = ${id} ${version === undefined ? sql`` : sql`AND floor(extract(epoch FROM "updatedAt") * 1000) = ${version}`}`)
  return written > 0
}

/** Which of the people can be in a team of this tenant. */
export async function membersOfTenant(db: Executor, userIds: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ userId: string }>(sql`
    SELECT m."userId" FROM memberships m JOIN users u ON u.id = m."userId" AND u."deletedAt" IS NULL
    WHERE m."userId" = ANY (${userIds})`)
  return new Set(rows.map(({ userId }) => userId))
}

export async function setMember(
  db: Executor,
  teamId: string,
  userId: string,
  level: 'admin' | 'member',
): Promise<void> {
  await db.run(sql`
    INSERT INTO team_members ("teamId", "userId", level) VALUES (${teamId}, ${userId}, ${level})
    ON CONFLICT ("teamId", "userId") DO UPDATE SET level = EXCLUDED.level`)
}

export async function addMembers(db: Executor, teamId: string, userIds: readonly string[]): Promise<void> {
  await db.run(sql`
    INSERT INTO team_members ("teamId", "userId") SELECT ${teamId}, unnest(${userIds}::text[]) ON CONFLICT DO NOTHING`)
}

/** What somebody is in the team; undefined when they are not in it, or no longer in the tenant. */
export async function roleIn(db: Executor, teamId: string, userId: string): Promise<TeamRole | undefined> {
  const row = await db.one<{ role: TeamRole }>(sql`
    SELECT tm.role FROM teams t CROSS JOIN LATERAL ${MEMBERS} tm
    WHERE t.id = ${teamId} AND tm."userId" = ${userId} AND ${IS_LIVE}`)
  return row?.role
}

export function members(db: Executor, teamId: string, limit: number): Promise<MemberRow[]> {
  return db.query<MemberRow>(sql`
    SELECT tm."userId", u.name, u.email, u.avatar, tm.role, tm."joinedAt"
    FROM teams t CROSS JOIN LATERAL ${MEMBERS} tm
    JOIN memberships m ON m."userId" = tm."userId" JOIN users u ON u.id = tm."userId" AND u."deletedAt" IS NULL
    WHERE t.id = ${teamId}
    ORDER BY tm.role = 'owner' DESC, tm.role, u.name, tm."userId" LIMIT ${limit}`)
}

export async function removeMember(db: Executor, teamId: string, userId: string): Promise<void> {
  await db.run(sql`DELETE FROM team_members WHERE "teamId" = ${teamId} AND "userId" = ${userId}`)
}

/** Deletes the team with what was shared with it; documents, folders and files of the team stay their owners'. */
export async function remove(db: Executor, id: string): Promise<void> {
  await db.run(sql`DELETE FROM document_shares WHERE "teamId" = ${id}`)
  await db.run(sql`DELETE FROM teams WHERE id = ${id}`)
}
