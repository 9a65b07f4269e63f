// The documents' SQL: single ones, their revisions, tags and views.
import { assignments, atVersion, type Executor, empty, NOW, type Sql, sql } from '../../../drivers/database/index.ts'
import { isTarget, isWithin, ofTargets, SHARED_WITH, type ShareRow, type ShareTable } from '../access/index.ts'
import type { Deletion } from '../folders/index.ts'

export interface DocumentRow {
  id: string
  title: string
  type: string
  size: number
  folder: string | null
  folderId: string | null
  teamId: string | null
  ownerId: string
  ownerName: string
  ownerAvatar: string | null
  tags: string[]
  views: number
  shared: boolean
  revision: number
  deletedAt: Date | null
  deletedWith: string | null
  createdAt: Date
  updatedAt: Date
}

export const FIELDS = sql`d.id, d.title, d.type, d.size, d.folder, d."folderId", d."teamId", d."ownerId", owner.name AS "ownerName",
  owner.avatar AS "ownerAvatar", d.revision, d."deletedAt", d."deletedWith", d."createdAt", d."updatedAt",
  ARRAY(SELECT t.name FROM document_tags dt JOIN tags t ON t.id = dt."tagId" WHERE dt."documentId" = d.id ORDER BY t.name) AS tags,
  EXISTS (SELECT 1 FROM document_shares s WHERE s."documentId" = d.id AND (s."sharedWithId" IS NOT NULL OR s."teamId" IS NOT NULL)
    AND (s."expiresAt" IS NULL OR s."expiresAt" > now() AT TIME ZONE 'UTC')) AS shared,
  (d.views + COALESCE((SELECT sum(v.views) FROM document_views v WHERE v."documentId" = d.id AND v.views > 0), 0))::int AS views`

export type FoundDocument = DocumentRow & {
  content: string
  /** Whether the person looked within the hour. */
  seen: boolean
}

export function find(db: Executor, id: string, userId: string): Promise<FoundDocument | undefined> {
  return db.one<FoundDocument>(sql`
    SELECT ${FIELDS}, d.content, EXISTS (SELECT 1 FROM document_views v WHERE v."documentId" = d.id AND v."userId" = ${userId}
      AND v."viewedAt" > now() - interval '1 hour') AS seen
    FROM documents d JOIN users owner ON owner.id = d."ownerId" WHERE d.id = ${id}`)
}

/** Counts a look of somebody who has not looked within the hour: at most one write an hour, on a row of their own. */
export async function addView(db: Executor, id: string, userId: string): Promise<void> {
  await db.run(sql`
    INSERT INTO document_views ("documentId", "userId") VALUES (${id}, ${userId})
    ON CONFLICT ("tenantId", "documentId", "userId") DO UPDATE SET "viewedAt" = now(), views = document_views.views + 1
    WHERE document_views."viewedAt" <= now() - interval '1 hour'`)
}

/** Adds what was counted apart to the documents; answers of how many rows. */
export function foldViews(db: Executor, batch: number): Promise<number> {
  return db.run(sql`
    WITH folded AS (
      UPDATE document_views v SET views = 0 FROM (
        SELECT "documentId", "userId", views FROM document_views WHERE views > 0 LIMIT ${batch} FOR UPDATE SKIP LOCKED
      ) counted
      WHERE v."documentId" = counted."documentId" AND v."userId" = counted."userId"
      RETURNING v."documentId", counted.views
    )
    UPDATE documents SET views = LEAST(documents.views::bigint + sums.views, 2147483647)::int
    FROM (SELECT "documentId", sum(views) AS views FROM folded GROUP BY 1) sums WHERE documents.id = sums."documentId"`)
}

export interface NewRow {
  id: string
  title: string
  content: string
  size: number
  type: string
  folder: string | null
  folderId: string | null
  teamId: string | null
  ownerId: string
}

export async function insert(db: Executor, row: NewRow): Promise<void> {
  await db.run(sql`
    INSERT INTO documents (id, title, content, size, type, folder, "folderId", "teamId", "ownerId", "savedById", "savedAt")
    VALUES (${row.id}, ${row.title}, ${row.content}, ${row.size}, ${row.type}, ${row.folder}, ${row.folderId}, ${row.teamId},
      ${row.ownerId}, ${row.ownerId}, now())`)
}

/** Writes the named columns; false when the version is not the expected one any more. */
export async function update(
  db: Executor,
  id: string,
  changes: Record<string, unknown>,
  version: number | undefined,
): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE documents SET ${assignments({ ...changes, updatedAt: NOW })}
    WHERE id = ${id} ${atVersion(version)}`)
  return written > 0
}

/** Keeps what the document is now as a revision, and counts up: what is written next is the next one. */
export async function keepRevision(db: Executor, id: string, savedById: string, keep: number): Promise<void> {
  await db.run(sql`
    INSERT INTO document_revisions ("documentId", number, title, content, size, "authorId", "createdAt")
    SELECT id, revision, title, content, size, COALESCE("savedById", "ownerId"), COALESCE("savedAt", "updatedAt" AT TIME ZONE 'UTC')
    FROM documents WHERE id = ${id}`)
  await db.run(sql`
    UPDATE documents SET revision = revision + 1, "savedById" = ${savedById}, "savedAt" = now() WHERE id = ${id}`)
  await db.run(sql`
    DELETE FROM document_revisions r USING documents d
    WHERE d.id = ${id} AND r."documentId" = d.id AND r.number < d.revision - ${keep}`)
}

export interface RevisionRow {
  number: number
  title: string
  size: number
  authorId: string | null
  authorName: string | null
  current: boolean
  createdAt: Date
}

/** The revisions of a document, the current one first. */
const revisionsOf = (id: string, content: Sql) => sql`
  SELECT d.revision AS number, d.title, d.size, COALESCE(d."savedById", d."ownerId") AS "authorId", true AS current,
    COALESCE(d."savedAt", d."updatedAt" AT TIME ZONE 'UTC') AS "createdAt" ${content} FROM documents d WHERE d.id = ${id}
  UNION ALL
  SELECT d.number, d.title, d.size, d."authorId", false, d."createdAt" ${content} FROM document_revisions d WHERE d."documentId" = ${id}`

export function revisions(db: Executor, id: string, limit: number, offset: number): Promise<RevisionRow[]> {
  return db.query<RevisionRow>(sql`
    SELECT r.*, u.name AS "authorName" FROM (${revisionsOf(id, empty)}) r LEFT JOIN users u ON u.id = r."authorId"
    ORDER BY r.number DESC LIMIT ${limit} OFFSET ${offset}`)
}

export async function countRevisions(db: Executor, id: string): Promise<number> {
  const row = await db.one<{ total: number }>(sql`
    SELECT count(*)::int + 1 AS total FROM document_revisions WHERE "documentId" = ${id}`)
  return row!.total
}

export function revision(
  db: Executor,
  id: string,
  number: number,
): Promise<(RevisionRow & { content: string }) | undefined> {
  return db.one<RevisionRow & { content: string }>(sql`
    SELECT r.*, u.name AS "authorName" FROM (${revisionsOf(id, sql`, d.content`)}) r LEFT JOIN users u ON u.id = r."authorId"
    WHERE r.number = ${number}`)
}

/** Gives a document these tags and no others; tags that nobody made yet are made. `ids` has one for each. */
export async function setTags(
  db: Executor,
  id: string,
  names: readonly string[],
  ids: readonly string[],
): Promise<void> {
  await db.run(sql`DELETE FROM document_tags WHERE "documentId" = ${id}`)
  if (!names.length) return
  // In order, so that two who make the same tags wait for each other and never in a circle.
  await db.run(sql`
    INSERT INTO tags (id, name) SELECT * FROM unnest(${ids}::text[], ${names}::text[]) AS wanted (id, name) ORDER BY name
    ON CONFLICT ("tenantId", name) DO NOTHING`)
  await db.run(sql`
    INSERT INTO document_tags ("documentId", "tagId") SELECT ${id}, id FROM tags WHERE name = ANY (${names}::text[])`)
}

export async function trash(db: Executor, id: string, byId: string): Promise<void> {
  await db.run(sql`
    UPDATE documents SET "deletedAt" = now(), "deletedById" = ${byId}, "deletedWith" = NULL, "updatedAt" = now()
    WHERE id = ${id} AND "deletedAt" IS NULL`)
}

export async function restore(db: Executor, id: string, folderId: string | null): Promise<void> {
  await db.run(sql`
    UPDATE documents SET "deletedAt" = NULL, "deletedById" = NULL, "deletedWith" = NULL, "updatedAt" = now(), "folderId" = ${folderId}
    WHERE id = ${id}`)
}

/** Deletes what lies in the folders that went with one. */
export async function trashWith(db: Executor, folderId: string, byId: string): Promise<void> {
  await db.run(sql`
    UPDATE documents SET "deletedAt" = now(), "deletedById" = ${byId}, "deletedWith" = ${folderId}, "updatedAt" = now()
    WHERE "deletedAt" IS NULL AND "folderId" IN (SELECT id FROM folders WHERE "deletedWith" = ${folderId})`)
}

export async function restoreWith(db: Executor, { idPath, deletedWith }: Deletion): Promise<void> {
  await db.run(sql`
    UPDATE documents SET "deletedAt" = NULL, "deletedById" = NULL, "deletedWith" = NULL, "updatedAt" = now()
    WHERE "deletedWith" = ${deletedWith}
      AND "folderId" IN (SELECT f.id FROM folders f WHERE ${isWithin(sql`f."idPath"`, idPath)})`)
}

/** How many live documents of a subtree a condition on `d` lets through, and their bytes. */
export async function measure(db: Executor, condition: Sql, idPath: string): Promise<{ count: number; size: number }> {
  const row = await db.one<{ count: number; size: number }>(sql`
    SELECT count(*)::int AS count, COALESCE(sum(d.size), 0)::bigint AS size FROM folders f
    JOIN documents d ON d."folderId" = f.id AND d."deletedAt" IS NULL
    WHERE ${isWithin(sql`f."idPath"`, idPath)} AND f."deletedAt" IS NULL AND ${condition}`)
  return { count: row!.count, size: Number(row!.size) }
}

/** The live documents of a subtree that a condition on `d` lets through. */
export function titlesBelow(
  db: Executor,
  condition: Sql,
  idPath: string,
  limit: number,
): Promise<{ id: string; folderId: string; title: string; modifiedAt: Date }[]> {
  return db.query(sql`
    SELECT d.id, d."folderId", d.title, d."updatedAt" AS "modifiedAt" FROM folders f
    JOIN documents d ON d."folderId" = f.id AND d."deletedAt" IS NULL
    WHERE ${isWithin(sql`f."idPath"`, idPath)} AND f."deletedAt" IS NULL AND ${condition}
    ORDER BY d."createdAt", d.id LIMIT ${limit}`)
}

export async function contentOf(db: Executor, id: string): Promise<string | undefined> {
  return (await db.one<{ content: string }>(sql`SELECT content FROM documents WHERE id = ${id}`))?.content
}

export function purge(db: Executor, seconds: number, batch: number): Promise<number> {
  return db.run(sql`
    DELETE FROM documents WHERE id IN (
      SELECT id FROM documents WHERE "deletedAt" < now() - make_interval(secs => ${seconds}) LIMIT ${batch})`)
}

/** Shares of documents: the table that the other back end reads, too. */
export const DOCUMENT_SHARES: ShareTable = {
  list: (db, _kind, id) =>
    db.query<ShareRow>(sql`
      SELECT s.id, s."sharedWithId" AS "userId", s."teamId", ${SHARED_WITH}, s.permission AS level, s."expiresAt", s."createdAt"
      FROM document_shares s LEFT JOIN users u ON u.id = s."sharedWithId" LEFT JOIN teams t ON t.id = s."teamId"
      WHERE s."documentId" = ${id} AND (s."sharedWithId" IS NOT NULL OR s."teamId" IS NOT NULL)
      ORDER BY s."createdAt", s.id LIMIT 1000`),

  async put(db, { id, itemId, userId, teamId, level, expiresAt }) {
    const target = isTarget({ userId, teamId }, sql`"sharedWithId"`)
    await db.run(sql`DELETE FROM document_shares WHERE "documentId" = ${itemId} AND ${target}`)
    await db.run(sql`
      INSERT INTO document_shares (id, "documentId", "sharedWithId", "teamId", permission, "expiresAt")
      VALUES (${id}, ${itemId}, ${userId}, ${teamId}, ${level}::"SharePermission", ${expiresAt}::timestamptz AT TIME ZONE 'UTC')`)
  },

  end: (db, _kind, id, targets) =>
    db.run(sql`DELETE FROM document_shares WHERE "documentId" = ${id} ${ofTargets(targets, sql`"sharedWithId"`)}`),
}
