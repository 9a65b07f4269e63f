// The teams' SQL. A team shows the members of the tenant that are in it, and nobody else.
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  assignments,
  atVersion,
  beginningOf,
  containing,
  countUpTo,
  type Executor,
  NOW,
  ordering,
  type SortKey,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'
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

const SORT: Record<(typeof TEAM_SORT_KEYS)[number], SortKey> = {
  createdAt: { column: sql`t."createdAt"`, type: 'timestamp' },
  name: { column: beginningOf(sql`t.name`), type: 'text' },
}

export function list(
  db: Executor,
  query: TeamQuery,
  userId: string,
  { limit, offset, after }: PagePlace,
): Promise<(TeamRow & Placed)[]> {
  const order = ordering(SORT[query.sortBy ?? 'createdAt'], sql`t.id`, query.sortOrder ?? 'desc')
  // First the page: what is shown of a team would be made for the skipped ones too.
  return db.query<TeamRow & Placed>(sql`
    SELECT ${fields(userId)}, ${order.place}
    FROM (SELECT t.* FROM teams t ${where([...filters(query, userId), order.past(after)])} ${order.by} LIMIT ${limit} OFFSET ${offset}) t
    JOIN users owner ON owner.id = t."ownerId" ${order.by}`)
}

export function count(db: Executor, query: TeamQuery, userId: string): Promise<number> {
  return countUpTo(db, sql`FROM teams t ${where(filters(query, userId))}`)
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
  const written = await db.run(sql`
    UPDATE teams SET ${assignments({ ...changes, updatedAt: NOW })}
    WHERE id = ${id} ${atVersion(version)}`)
  return written > 0
}

/** Which of these are teams of the handle's tenant. */
export async function teamsAmong(db: Executor, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(sql`SELECT id FROM teams WHERE id = ANY (${ids}::text[])`)
  return new Set(rows.map(({ id }) => id))
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

export function names(db: Executor, ids: readonly string[]): Promise<{ id: string; name: string }[]> {
  return db.query(sql`SELECT id, name FROM teams WHERE id = ANY (${ids}::text[])`)
}

export async function removeMember(db: Executor, teamId: string, userId: string): Promise<void> {
  await db.run(sql`DELETE FROM team_members WHERE "teamId" = ${teamId} AND "userId" = ${userId}`)
}

/** Deletes the team with what was shared with it; documents, folders and files of the team stay their owners'. */
export async function remove(db: Executor, id: string): Promise<void> {
  await db.run(sql`DELETE FROM document_shares WHERE "teamId" = ${id}`)
  await db.run(sql`DELETE FROM teams WHERE id = ${id}`)
}
