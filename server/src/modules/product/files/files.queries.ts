// The files' SQL: single ones, lists of them, and what a folder's fate means for those that lie in it.
import {
  assignments,
  atVersion,
  beginningOf,
  containing,
  type Executor,
  NOW,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'
import { alongWays, countAlongWays, inTrash, namesOf, type Reach, waysToTrash } from '../access/index.ts'
import type { FILE_SORT_KEYS, FileQuery } from './files.schema.ts'

export interface FileRow {
  id: string
  name: string
  path: string
  mimeType: string
  size: number
  /** As another back end wrote it. */
  thumbnail: string | null
  hasThumbnail: boolean
  folderId: string | null
  /** Where its folder stands; null where that is in the trash, and without one. */
  folderPath: string | null
  /** What the folders of that path are called. */
  folderNames: string[]
  teamId: string | null
  ownerId: string
  ownerName: string
  ownerAvatar: string | null
  blobId: string | null
  sha256: string | null
  isFavorite: boolean
  shared: boolean
  deletedAt: Date | null
  deletedWith: string | null
  createdAt: Date
  updatedAt: Date
}

const fields = (
  userId: string,
) => sql`d.id, d.name, d.path, d."mimeType", d.size::float8 AS size, d.thumbnail, d."folderId", folder."idPath" AS "folderPath", ${namesOf(sql`folder."idPath"`)} AS "folderNames", d."teamId",
  d."ownerId", owner.name AS "ownerName", owner.avatar AS "ownerAvatar", d."blobId", d.sha256, COALESCE(b.thumbnail = 'made', false) AS "hasThumbnail", d."deletedAt", d."deletedWith",
  d."createdAt", d."updatedAt",
  EXISTS (SELECT 1 FROM file_favorites v WHERE v."userId" = ${userId} AND v."fileId" = d.id) AS "isFavorite",
  EXISTS (SELECT 1 FROM content_shares s WHERE s.kind = 'file' AND s."itemId" = d.id AND (s."expiresAt" IS NULL OR s."expiresAt" > now())) AS shared`
const OWNER = sql`JOIN users owner ON owner.id = d."ownerId" LEFT JOIN blobs b ON b."tenantId" = d."tenantId" AND b.id = d."blobId"
  LEFT JOIN folders folder ON folder.id = d."folderId" AND folder."deletedAt" IS NULL`

export function find(db: Executor, id: string, userId: string): Promise<FileRow | undefined> {
  return db.one<FileRow>(sql`SELECT ${fields(userId)} FROM files d ${OWNER} WHERE d.id = ${id}`)
}

export interface NewRow {
  id: string
  name: string
  mimeType: string
  size: number
  folderId: string | null
  teamId: string | null
  ownerId: string
  blobId: string
  sha256: string
}

/** A folder, or the root of an owner: where a name is taken once. */
export type Lying = Pick<NewRow, 'folderId' | 'ownerId'>

const PATH = (folderId: string | null, name: string) =>
  sql`left(COALESCE((SELECT f.path FROM folders f WHERE f.id = ${folderId}), '') || '/' || ${name}::text, 1000)`

export async function insert(db: Executor, row: NewRow): Promise<void> {
  await db.run(sql`
    INSERT INTO files (id, name, path, "mimeType", size, "folderId", "teamId", "ownerId", "blobId", sha256, "updatedAt")
    VALUES (${row.id}, ${row.name}, ${PATH(row.folderId, row.name)}, ${row.mimeType}, ${row.size}, ${row.folderId}, ${row.teamId},
      ${row.ownerId}, ${row.blobId}, ${row.sha256}, now())`)
}

/** Writes the named columns, and the path that follows from them; false when the version is not the expected one any more. */
export async function update(
  db: Executor,
  id: string,
  changes: { name?: string; folderId?: string | null; teamId?: string | null },
  version?: number,
): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE files SET ${assignments({ ...changes, updatedAt: NOW })}
    WHERE id = ${id} ${atVersion(version)}`)
  await writePath(db, sql`id = ${id}`)
  return written > 0
}

/** The path by names: what the other back end reads. Its column bounds the length. */
export async function writePath(db: Executor, which: Sql): Promise<void> {
  await db.run(sql`
    UPDATE files SET path = left(COALESCE((SELECT f.path FROM folders f WHERE f.id = files."folderId"), '') || '/' || name, 1000)
    WHERE ${which}`)
}

/** One at a time of those who look for a free name in a place: the second one sees what the first one took. */
export async function lockPlace(db: Executor, { folderId, ownerId }: Lying): Promise<void> {
  const place = folderId ?? `the root of ${ownerId}`
  await db.run(
    sql`SELECT pg_advisory_xact_lock(hashtextextended('place ' || current_setting('app.tenant_id') || ${place}, 0))`,
  )
}

/** Whether somebody has the name already where it is wanted: a folder, or the root of its owner. */
export async function isTaken(
  db: Executor,
  { folderId, ownerId }: Lying,
  name: string,
  exceptId = '',
): Promise<boolean> {
  const place = folderId === null ? sql`"folderId" IS NULL AND "ownerId" = ${ownerId}` : sql`"folderId" = ${folderId}`
  const row = await db.one(
    sql`SELECT 1 FROM files WHERE ${place} AND name = ${name} AND "deletedAt" IS NULL AND id <> ${exceptId} LIMIT 1`,
  )
  return row !== undefined
}

export async function setFavorite(db: Executor, id: string, userId: string, favorite: boolean): Promise<void> {
  await db.run(
    favorite
      ? sql`INSERT INTO file_favorites ("userId", "fileId") VALUES (${userId}, ${id}) ON CONFLICT DO NOTHING`
      : sql`DELETE FROM file_favorites WHERE "userId" = ${userId} AND "fileId" = ${id}`,
  )
  await db.run(sql`UPDATE files SET "isFavorite" = ${favorite} WHERE id = ${id} AND "ownerId" = ${userId}`)
}

export function trash(db: Executor, id: string, byId: string): Promise<number> {
  return db.run(sql`
    UPDATE files SET "deletedAt" = now(), "deletedById" = ${byId}, "deletedWith" = NULL, "updatedAt" = now()
    WHERE id = ${id} AND "deletedAt" IS NULL`)
}

export function restore(db: Executor, id: string): Promise<number> {
  return db.run(sql`
    UPDATE files SET "deletedAt" = NULL, "deletedById" = NULL, "deletedWith" = NULL, "updatedAt" = now() WHERE id = ${id}`)
}

/** Which of the ids are those of files. */
export async function filesAmong(db: Executor, ids: readonly string[]): Promise<Set<string>> {
  const rows = await db.query<{ id: string }>(sql`SELECT id FROM files WHERE id = ANY (${ids}::text[])`)
  return new Set(rows.map(({ id }) => id))
}

/** How many live folders and files lie in each of some folders, up to 1,000. */
export async function countsIn(db: Executor, folderIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.query<{ id: string; count: number }>(sql`
    SELECT f.id, (SELECT count(*)::int FROM (
      (SELECT 1 FROM folders c WHERE c."parentId" = f.id AND c."deletedAt" IS NULL LIMIT 1000)
      UNION ALL (SELECT 1 FROM files x WHERE x."folderId" = f.id AND x."deletedAt" IS NULL LIMIT 1000)
      LIMIT 1000) inside) AS count
    FROM unnest(${folderIds}::text[]) AS f (id)`)
  return new Map(rows.map(({ id, count }) => [id, count]))
}

/** What somebody's files take by their kinds of content. */
export function sizes(db: Executor, userId: string): Promise<{ mimeType: string; bytes: number }[]> {
  return db.query(sql`
    SELECT "mimeType", sum(size)::float8 AS bytes FROM files WHERE "ownerId" = ${userId} AND "blobId" IS NOT NULL
    GROUP BY "mimeType"`)
}

export interface Place {
  limit: number
  offset: number
}

export interface Reader {
  userId: string
  reach: Reach
}

const SORT: Record<(typeof FILE_SORT_KEYS)[number], Sql> = {
  name: beginningOf(sql`d.name`),
  size: sql`d.size`,
  createdAt: sql`d."createdAt"`,
  updatedAt: sql`d."updatedAt"`,
}

/** One page: of each way to files as many as a page needs, then the first of those. */
export function list(db: Executor, query: FileQuery, reader: Reader, { limit, offset }: Place): Promise<FileRow[]> {
  const column = SORT[query.sortBy ?? 'updatedAt']
  const direction = (query.sortOrder ?? 'desc') === 'desc' ? sql`DESC` : sql`ASC`
  const found = alongWays(
    waysOf(query, reader),
    (condition) => sql`
      SELECT d.id, ${column} AS key FROM files d ${where([condition, ...filters(query, reader)])}
      ORDER BY ${column} ${direction}, d.id ${direction} LIMIT ${limit + offset}`,
  )
  return db.query<FileRow>(sql`
    SELECT ${fields(reader.userId)} FROM (
      SELECT * FROM (${found}) AS found ORDER BY key ${direction}, id ${direction} LIMIT ${limit} OFFSET ${offset}
    ) AS page JOIN files d ON d.id = page.id ${OWNER} ORDER BY page.key ${direction}, page.id ${direction}`)
}

export function count(db: Executor, query: FileQuery, reader: Reader): Promise<number> {
  return countAlongWays(
    db,
    waysOf(query, reader),
    (condition) => sql`SELECT d.id FROM files d ${where([condition, ...filters(query, reader)])}`,
  )
}

function waysOf({ deleted }: FileQuery, { userId, reach }: Reader) {
  return deleted ? waysToTrash(reach.ways, reach.everything, userId) : reach.ways
}

const TYPES: Record<string, Sql> = {
  image: sql`d."mimeType" LIKE 'image/%'`,
  video: sql`d."mimeType" LIKE 'video/%'`,
  audio: sql`d."mimeType" LIKE 'audio/%'`,
  archive: sql`d."mimeType" ~ '(zip|x-tar|rar|7z|gzip)' AND d."mimeType" !~ '(openxml|opendocument)'`,
  document: sql`d."mimeType" ~ '(^text/|pdf|word|document|sheet|excel|presentation|powerpoint|json|xml)'`,
}

function filters(query: FileQuery, { userId }: Reader): (Sql | false | undefined)[] {
  const { deleted, folderId, atRoot, type, search, favorite, shared } = query
  return [
    deleted ? inTrash(sql`d."folderId"`) : sql`d."deletedAt" IS NULL`,
    folderId !== undefined && sql`d."folderId" = ${folderId}`,
    atRoot === true && sql`d."folderId" IS NULL`,
    type !== undefined && (Object.hasOwn(TYPES, type) ? TYPES[type] : sql`d."mimeType" ILIKE ${containing(type)}`),
    search !== undefined && search !== '' && sql`d.name ILIKE ${containing(search)}`,
    favorite === true &&
      sql`EXISTS (SELECT 1 FROM file_favorites v WHERE v."userId" = ${userId} AND v."fileId" = d.id)`,
    shared === true && sql`d."ownerId" <> ${userId}`,
  ]
}
