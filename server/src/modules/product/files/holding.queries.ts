// The files' SQL for others: what a folder's fate means for those that lie in it, and who has which blob.
import { type Executor, type Sql, sql } from '../../../drivers/database/index.ts'
import { isInSpan, isWithin, spanOf } from '../access/index.ts'
import type { Deletion } from '../folders/index.ts'
import { writePath } from './files.queries.ts'

/** By which type files have a blob. */
export async function typeOf(db: Executor, blobId: string): Promise<string | undefined> {
  const row = await db.one<{ mimeType: string }>(sql`SELECT "mimeType" FROM files WHERE "blobId" = ${blobId} LIMIT 1`)
  return row?.mimeType
}

/** How many files have each of these blobs. */
export async function references(db: Executor, blobIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.query<{ id: string; count: number }>(sql`
    SELECT "blobId" AS id, count(*)::int AS count FROM files WHERE "blobId" = ANY (${blobIds}::text[]) GROUP BY "blobId"`)
  return new Map(rows.map(({ id, count }) => [id, count]))
}

export function usage(db: Executor): Promise<{ userId: string; bytes: number }[]> {
  return db.query(sql`
    SELECT "ownerId" AS "userId", sum(size)::float8 AS bytes FROM files WHERE "blobId" IS NOT NULL GROUP BY "ownerId"`)
}

/** Files with this content have none from now on; answers which those were. */
export async function lose(db: Executor, blobId: string): Promise<string[]> {
  const rows = await db.query<{ id: string; path: string }>(sql`
    UPDATE files SET "blobId" = NULL, sha256 = NULL, "updatedAt" = now() WHERE "blobId" = ${blobId} RETURNING id, path`)
  return rows.map(({ id, path }) => `file ${id} ${path}`)
}

const below = (idPath: string) => sql`IN (SELECT f.id FROM folders f WHERE ${isWithin(sql`f."idPath"`, idPath)})`

/** How many live files of a subtree a condition on `d` lets through, and their bytes. */
export async function measure(db: Executor, condition: Sql, idPath: string): Promise<{ count: number; size: number }> {
  const row = await db.one<{ count: number; size: number }>(sql`
    SELECT count(*)::int AS count, COALESCE(sum(d.size), 0)::float8 AS size FROM files d
    WHERE d."deletedAt" IS NULL AND d."folderId" ${below(idPath)} AND ${condition}`)
  return row!
}

export interface ContentBelow {
  id: string
  folderId: string
  name: string
  modifiedAt: Date
  bytes: number
  blobId: string
}

/** The live files of a subtree whose content is kept here, as far as a condition on `d` lets them through. */
export function contentsBelow(db: Executor, condition: Sql, idPath: string, limit: number): Promise<ContentBelow[]> {
  return db.query<ContentBelow>(sql`
    SELECT d.id, d."folderId", d.name, d."updatedAt" AS "modifiedAt", d.size::float8 AS bytes, d."blobId" FROM files d
    WHERE d."deletedAt" IS NULL AND d."blobId" IS NOT NULL AND d."folderId" ${below(idPath)} AND ${condition}
    ORDER BY d."createdAt", d.id LIMIT ${limit}`)
}

/** Puts into the trash what lies in the folders that went there with this one. */
export async function trashWith(db: Executor, folderId: string, byId: string): Promise<void> {
  await db.run(sql`
    UPDATE files SET "deletedAt" = now(), "deletedById" = ${byId}, "deletedWith" = ${folderId}, "updatedAt" = now()
    WHERE "deletedAt" IS NULL AND "folderId" IN (SELECT id FROM folders WHERE "deletedWith" = ${folderId})`)
}

export async function restoreWith(db: Executor, { idPath, deletedWith }: Deletion): Promise<void> {
  await db.run(sql`
    UPDATE files SET "deletedAt" = NULL, "deletedById" = NULL, "deletedWith" = NULL, "updatedAt" = now()
    WHERE "deletedWith" = ${deletedWith} AND "folderId" ${below(idPath)}`)
}

/** In the order of their blobs, so that two never wait for each other in a circle. */
export function purge(db: Executor, seconds: number, batch: number): Promise<number> {
  return db.run(sql`
    DELETE FROM files WHERE id IN (
      SELECT id FROM files WHERE "deletedAt" < now() - make_interval(secs => ${seconds}) ORDER BY "blobId" LIMIT ${batch})`)
}

/** The paths of the files in a folder and below it. The folders are found first: a span is taken for a ninth of all of them. */
export const writePathsBelow = (db: Executor, folderId: string) =>
  writePath(
    db,
    sql`"folderId" = ANY (ARRAY(
      SELECT f.id FROM folders f JOIN ${spanOf(folderId)} top ON ${isInSpan(sql`f."idPath"`, sql`top`)}))`,
  )
