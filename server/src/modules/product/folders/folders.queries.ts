// The folders' SQL. "idPath" names the folders from the root down: a subtree is one range of it, in index order.
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  assignments,
  atVersion,
  beginningOf,
  containing,
  countUpTo,
  type Executor,
  empty,
  NOW,
  ordering,
  type SortKey,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'
import { idsIn, inTrash, isInSpan, isWithin, namesOf, spanOf, spansOf } from '../access/index.ts'
import type { Deletion } from './contents.ts'
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
  /** What the folders of its path are called, from the root down. */
  names: string[]
}

const FIELDS = sql`d.id, d.name, d."parentId", d."idPath", d."ownerId", owner.name AS "ownerName", owner.avatar AS "ownerAvatar",
  d."teamId", d."deletedAt", d."deletedWith", d."createdAt", d."updatedAt",
  ${namesOf(sql`d."idPath"`)} AS names`
const FROM = sql`FROM folders d JOIN users owner ON owner.id = d."ownerId"`

const below = (idPath: string) => isWithin(sql`"idPath"`, idPath)

export function find(db: Executor, id: string): Promise<FolderRow | undefined> {
  return db.one<FolderRow>(sql`SELECT ${FIELDS} ${FROM} WHERE d.id = ${id}`)
}

const SORT: Record<(typeof FOLDER_SORT_KEYS)[number], SortKey> = {
  name: { column: beginningOf(sql`d.name`), type: 'text' },
  createdAt: { column: sql`d."createdAt"`, type: 'timestamp' },
  updatedAt: { column: sql`d."updatedAt"`, type: 'timestamp' },
}

/** What of the folders is listed: conditions on `d`. */
export type Scope = readonly (Sql | undefined)[]

export function list(
  db: Executor,
  query: FolderQuery,
  scope: Scope,
  { limit, offset, after }: PagePlace,
): Promise<(FolderRow & Placed)[]> {
  const order = ordering(SORT[query.sortBy ?? 'name'], sql`d.id`, query.sortOrder ?? 'asc')
  return db.query<FolderRow & Placed>(sql`
    SELECT ${FIELDS}, ${order.place} ${FROM} ${where([...filters(query), ...scope, order.past(after)])}
    ${order.by} LIMIT ${limit} OFFSET ${offset}`)
}

export function count(db: Executor, query: FolderQuery, scope: Scope): Promise<number> {
  return countUpTo(db, sql`FROM folders d ${where([...filters(query), ...scope])}`)
}

function filters({ search }: FolderQuery): (Sql | false)[] {
  return [Boolean(search) && sql`d.name ILIKE ${containing(search ?? '')}`]
}

export const isLive = sql`d."deletedAt" IS NULL`
export const liesIn = (parentId: string) => sql`d."parentId" = ${parentId}`
export const isRoot = sql`d."parentId" IS NULL`
export const standsAt = (paths: readonly string[]) => sql`d."idPath" = ANY (${paths}::text[])`
const IN_TRASH = inTrash(sql`d."parentId"`)
/** What stands in the trash by itself, of everybody or of one owner. */
export const isTrash = (ownerId: string | undefined) =>
  sql`${IN_TRASH} ${ownerId === undefined ? empty : sql`AND d."ownerId" = ${ownerId}`}`

export interface Node {
  id: string
  name: string
  idPath: string
}

/** The folders of whole subtrees, in the order of their paths; of all trees where no paths are given. */
export function nodes(db: Executor, paths: readonly string[] | undefined, limit: number): Promise<Node[]> {
  const live = (which: Sql) => sql`
    SELECT f.id, f.name, f."idPath" FROM folders f WHERE ${which} AND f."deletedAt" IS NULL ORDER BY f."idPath" LIMIT ${limit}`
  if (!paths) return db.query<Node>(live(sql`true`))
  // Each by itself: a plan for any number of them would look for their folders among all.
  return db.query<Node>(sql`
    SELECT f.* FROM ${spansOf(sql`unnest(${paths}::text[]) AS path`)} root
    CROSS JOIN LATERAL (${live(isInSpan(sql`f."idPath"`, sql`root`))}) f
    ORDER BY f."idPath" LIMIT ${limit}`)
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

/** How many live folders lie in each other below the path, itself counted. */
export async function depthBelow(db: Executor, idPath: string): Promise<number> {
  const row = await db.one<{ depth: number }>(sql`
    SELECT COALESCE(max(cardinality(string_to_array(btrim(substr("idPath", ${idPath.length + 1}), '/'), '/'))), 0)::int + 1 AS depth
    FROM folders WHERE ${below(idPath)} AND "idPath" <> ${idPath} AND "deletedAt" IS NULL`)
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
  const written = await db.run(sql`
    UPDATE folders SET ${assignments({ ...changes, updatedAt: NOW })}
    WHERE id = ${id} ${atVersion(version)}`)
  return written > 0
}

/** Writes the path by names of a folder and of all below it: what the other back end reads. Its index bounds the length. */
export async function writePaths(db: Executor, id: string): Promise<void> {
  await db.run(sql`
    UPDATE folders SET path = left((
      SELECT string_agg('/' || above.name, '' ORDER BY length(above."idPath")) FROM folders above
      WHERE above.id = ANY (${idsIn(sql`folders."idPath"`)})), 600)
    FROM ${spanOf(id)} root WHERE ${isInSpan(sql`folders."idPath"`, sql`root`)}`)
}

/** Puts the live folders of a subtree into the trash, marked with its uppermost; answers how many. */
export function trash(db: Executor, { id, idPath }: Pick<Node, 'id' | 'idPath'>, byId: string): Promise<number> {
  return db.run(sql`
    UPDATE folders SET "deletedAt" = now(), "deletedById" = ${byId}, "deletedWith" = ${id}, "updatedAt" = now()
    WHERE ${below(idPath)} AND "deletedAt" IS NULL`)
}

/** Whether a folder stands in the trash by itself. */
export async function isInTrash(db: Executor, id: string): Promise<boolean> {
  return (await db.one(sql`SELECT 1 FROM folders d WHERE d.id = ${id} AND ${IN_TRASH}`)) !== undefined
}

export function restore(db: Executor, { idPath, deletedWith }: Deletion): Promise<number> {
  return db.run(sql`
    UPDATE folders SET "deletedAt" = NULL, "deletedById" = NULL, "deletedWith" = NULL, "updatedAt" = now()
    WHERE "deletedWith" = ${deletedWith} AND ${below(idPath)}`)
}

export function purge(db: Executor, seconds: number, batch: number): Promise<number> {
  return db.run(sql`
    DELETE FROM folders WHERE id IN (
      SELECT id FROM folders WHERE "deletedAt" < now() - make_interval(secs => ${seconds}) LIMIT ${batch})`)
}
