// The folders' SQL. "idPath" names the folders from the root down: a subtree is one range of it, in index order.
import { assignments, containing, type Executor, empty, type Sql, sql, where } from '../../../drivers/database/index.ts'
import type { FOLDER_SORT_KEYS, FolderQuery } from './folders.schema.ts'

export interface FolderRow {
  id: string
  name: string
  parentId: string | null
  idPath: string
  ownerId: string
  ownerName: string
  ownerAvatar: string | null
  teamId: string | null
  deletedAt: Date | null
  deletedWith: string | null
  createdAt: Date
  updatedAt: Date
}

const FIELDS = sql`d.id, d.name, d."parentId", d."idPath", d."ownerId", owner.name AS "ownerName", owner.avatar AS "ownerAvatar",
  d."teamId", d."deletedAt", d."deletedWith", d."createdAt", d."updatedAt"`
const FROM = sql`FROM folders d JOIN users owner ON owner.id = d."ownerId"`

/** The folders of a path and below: a range that an index has in order. */
const below = (idPath: string) => sql`"idPath" >= ${idPath} AND "idPath" < ${idPath} || '~'`

export function find(db: Executor, id: string): Promise<FolderRow | undefined> {
  return db.one<FolderRow>(sql`SELECT ${FIELDS} ${FROM} WHERE d.id = ${id}`)
}

export interface Place {
  limit: number
  offset: number
  after: [string, string] | undefined
}

export interface Listed extends FolderRow {
  sortKey: string
}

const SORT: Record<(typeof FOLDER_SORT_KEYS)[number], { column: Sql; type: Sql }> = {
  name: { column: sql`d.name`, type: sql`text` },
  createdAt: { column: sql`d."createdAt"`, type: sql`timestamp` },
  updatedAt: { column: sql`d."updatedAt"`, type: sql`timestamp` },
}

/** What of the folders is listed: conditions on `d`. */
export type Scope = readonly (Sql | undefined)[]

export function list(
  db: Executor,
  query: FolderQuery,
  scope: Scope,
  { limit, offset, after }: Place,
): Promise<Listed[]> {
  const { column, type } = SORT[query.sortBy ?? 'name']
  const isDescending = (query.sortOrder ?? 'asc') === 'desc'
  const past = after && sql`(${column}, d.id) ${isDescending ? sql`<` : sql`>`} (${after[0]}::${type}, ${after[1]})`
  const direction = isDescending ? sql`DESC` : sql`ASC`
  return db.query<Listed>(sql`
    SELECT ${FIELDS}, ${column}::text AS "sortKey" ${FROM} ${where([...filters(query), ...scope, past])}
    ORDER BY ${column} ${direction}, d.id ${direction} LIMIT ${limit} OFFSET ${offset}`)
}

const COUNTED = 10_000

export async function count(db: Executor, query: FolderQuery, scope: Scope): Promise<number> {
  const row = await db.one<{ total: number }>(sql`
    SELECT count(*)::int AS total FROM (SELECT 1 FROM folders d ${where([...filters(query), ...scope])} LIMIT ${COUNTED}) AS matches`)
  return row?.total ?? 0
}

function filters({ search }: FolderQuery): (Sql | false)[] {
  return [Boolean(search) && sql`d.name ILIKE ${containing(search ?? '')}`]
}

export const isLive = sql`d."deletedAt" IS NULL`
export const liesIn = (parentId: string) => sql`d."parentId" = ${parentId}`
export const isRoot = sql`d."parentId" IS NULL`
export const standsAt = (paths: readonly string[]) => sql`d."idPath" = ANY (${paths}::text[])`
/** Deleted by itself, not with a folder above it. */
export const isTrash = (ownerId: string | undefined) =>
  sql`d."deletedAt" IS NOT NULL AND d."deletedWith" = d.id ${ownerId === undefined ? empty : sql`AND d."ownerId" = ${ownerId}`}`

export interface Node {
  id: string
  name: string
  idPath: string
}

/** The folders of whole subtrees, in the order of their paths; of all trees where no paths are given. */
export function nodes(db: Executor, paths: readonly string[] | undefined, limit: number): Promise<Node[]> {
  const chosen = paths
    ? sql`FROM unnest(${paths}::text[]) AS root (path) JOIN folders f ON f."idPath" >= root.path AND f."idPath" < root.path || '~'`
    : sql`FROM folders f`
  return db.query<Node>(sql`
    SELECT f.id, f.name, f."idPath" ${chosen} WHERE f."deletedAt" IS NULL ORDER BY f."idPath" LIMIT ${limit}`)
}

/** The folders of a path by name, from the root down. */
export function named(db: Executor, idPath: string): Promise<Node[]> {
  return db.query<Node>(sql`
    SELECT id, name, "idPath" FROM folders WHERE id = ANY (string_to_array(btrim(${idPath}, '/'), '/'))
    ORDER BY length("idPath")`)
}

export async function countBelow(db: Executor, idPath: string): Promise<number> {
  const row = await db.one<{ total: number }>(sql`
    SELECT count(*)::int AS total FROM folders WHERE ${below(idPath)} AND "deletedAt" IS NULL`)
  return row!.total - 1
}

/** How many folders lie in each other below the path, itself counted. */
export async function depthBelow(db: Executor, idPath: string): Promise<number> {
  const row = await db.one<{ depth: number }>(sql`
    SELECT COALESCE(max(cardinality(string_to_array(btrim(substr("idPath", ${idPath.length + 1}), '/'), '/'))), 0)::int + 1 AS depth
    FROM folders WHERE ${below(idPath)} AND "idPath" <> ${idPath}`)
  return row!.depth
}

/** Whether a live folder of that name stands in the place: in a folder, or among the uppermost folders of a person. */
export async function isTaken(
  db: Executor,
  { parentId, ownerId }: { parentId: string | null; ownerId: string },
  name: string,
  exceptId = '',
): Promise<boolean> {
  const place = parentId === null ? sql`"parentId" IS NULL AND "ownerId" = ${ownerId}` : sql`"parentId" = ${parentId}`
  const row = await db.one(sql`
    SELECT 1 FROM folders WHERE ${place} AND name = ${name} AND "deletedAt" IS NULL AND id <> ${exceptId} LIMIT 1`)
  return row !== undefined
}

export interface NewRow {
  id: string
  name: string
  parentId: string | null
  ownerId: string
  teamId: string | null
}

export async function insert(db: Executor, { id, name, parentId, ownerId, teamId }: NewRow): Promise<void> {
  await db.run(sql`
    INSERT INTO folders (id, name, path, "parentId", "ownerId", "teamId")
    VALUES (${id}, ${name}, '', ${parentId}, ${ownerId}, ${teamId})`)
  await writePaths(db, id)
}

/** Writes the named columns; a new parent takes the subtree along. False when the version is not the expected one any more. */
export async function update(
  db: Executor,
  id: string,
  changes: Record<string, unknown>,
  version: number | undefined,
): Promise<boolean> {
  const isNamed = Object.values(changes).some((value) => value !== undefined)
  const written = await db.run(sql`
    UPDATE folders SET ${isNamed ? sql`${assignments(changes)},` : empty} "updatedAt" = now()
    WHERE id = ${id} ${version === undefined ? empty : sql`AND floor(extract(epoch FROM "updatedAt") * 1000) = ${version}`}`)
  return written > 0
}

/** Writes the path by names of a folder and of all below it: what the other back end reads. Its index bounds the length. */
export async function writePaths(db: Executor, id: string): Promise<void> {
  await db.run(sql`
    UPDATE folders SET path = left((
      SELECT string_agg('/' || above.name, '' ORDER BY length(above."idPath")) FROM folders above
      WHERE above.id = ANY (string_to_array(btrim(folders."idPath", '/'), '/'))), 600)
    FROM folders root WHERE root.id = ${id}
      AND folders."idPath" >= root."idPath" AND folders."idPath" < root."idPath" || '~'`)
}

/** Puts the live folders of a subtree into the trash, marked with its uppermost; answers how many. */
export function trash(db: Executor, { id, idPath }: Pick<Node, 'id' | 'idPath'>, byId: string): Promise<number> {
  return db.run(sql`
    UPDATE folders SET "deletedAt" = now(), "deletedById" = ${byId}, "deletedWith" = ${id}, "updatedAt" = now()
    WHERE ${below(idPath)} AND "deletedAt" IS NULL`)
}

/** Brings back what was deleted with the folder. */
export function restore(db: Executor, id: string): Promise<number> {
  return db.run(sql`
    UPDATE folders SET "deletedAt" = NULL, "deletedById" = NULL, "deletedWith" = NULL, "updatedAt" = now()
    WHERE "deletedWith" = ${id}`)
}

export async function isLiveFolder(db: Executor, id: string): Promise<boolean> {
  return (await db.one(sql`SELECT 1 FROM folders WHERE id = ${id} AND "deletedAt" IS NULL`)) !== undefined
}

export function purge(db: Executor, seconds: number, batch: number): Promise<number> {
  return db.run(sql`
    DELETE FROM folders WHERE id IN (
      SELECT id FROM folders WHERE "deletedAt" < now() - make_interval(secs => ${seconds}) LIMIT ${batch})`)
}

export function listTenants(db: Executor): Promise<{ id: string }[]> {
  return db.query<{ id: string }>(sql`SELECT id FROM tenants WHERE "deletedAt" IS NULL ORDER BY id`)
}

/** Whether the person is in the team, as owner or member. */
export async function isInTeam(db: Executor, teamId: string, userId: string): Promise<boolean> {
  const row = await db.one(sql`
    SELECT 1 FROM teams t WHERE t.id = ${teamId} AND (t."ownerId" = ${userId}
      OR EXISTS (SELECT 1 FROM team_members tm WHERE tm."teamId" = t.id AND tm."userId" = ${userId}))`)
  return row !== undefined
}

export async function isTeam(db: Executor, teamId: string): Promise<boolean> {
  return (await db.one(sql`SELECT 1 FROM teams WHERE id = ${teamId}`)) !== undefined
}
