// The SQL of access: what an item gives to somebody, and the places from which somebody reaches items.
import { countBounded, type Executor, join, type Sql, sql } from '../../../drivers/database/index.ts'
import type { Kind, Level } from './access.policy.ts'

/** A row of the item: its owner, its team, and the folders above it. A folder stands in its own path. */
const ITEM: Record<Kind, (id: string, deleted: boolean) => Sql> = {
  document: (id, deleted) => sql`
    SELECT d.id, d."ownerId", d."teamId", f."idPath", d."updatedAt" FROM documents d LEFT JOIN folders f ON f.id = d."folderId"
    WHERE d.id = ${id} AND d."deletedAt" IS ${presence(deleted)}`,
  file: (id, deleted) => sql`
    SELECT d.id, d."ownerId", d."teamId", f."idPath", d."updatedAt" FROM files d LEFT JOIN folders f ON f.id = d."folderId"
    WHERE d.id = ${id} AND d."deletedAt" IS ${presence(deleted)}`,
  folder: (id, deleted) => sql`
    SELECT f.id, f."ownerId", f."teamId", f."idPath", f."updatedAt" FROM folders f
    WHERE f.id = ${id} AND f."deletedAt" IS ${presence(deleted)}`,
}

const TABLE: Record<Kind, Sql> = { document: sql`documents`, file: sql`files`, folder: sql`folders` }

const presence = (deleted: boolean) => (deleted ? sql`NOT NULL` : sql`NULL`)

const RANKED = sql`CASE level WHEN 'READ' THEN 1 WHEN 'COMMENT' THEN 2 ELSE 3 END`
const FOR_ME = (userId: string) => sql`(s."userId" = ${userId} OR s."teamId" IN (SELECT "teamId" FROM mine))`
const LIVE = sql`(s."expiresAt" IS NULL OR s."expiresAt" > now())`

const OWN_SHARES: Record<Kind, (userId: string) => Sql> = {
  document: (userId) => sql`
    SELECT max(CASE s.permission WHEN 'READ' THEN 1 WHEN 'COMMENT' THEN 2 ELSE 3 END) FROM document_shares s
    WHERE s."documentId" = item.id AND (s."sharedWithId" = ${userId} OR s."teamId" IN (SELECT "teamId" FROM mine))
      AND (s."expiresAt" IS NULL OR s."expiresAt" > now() AT TIME ZONE 'UTC')`,
  file: (userId) => sql`
    SELECT max(${RANKED}) FROM content_shares s
    WHERE s.kind = 'file' AND s."itemId" = item.id AND ${FOR_ME(userId)} AND ${LIVE}`,
  // Of the path, which the folder itself stands in.
  folder: () => sql`SELECT 0`,
}

/** Teams of a person, with what the team's things give them. */
const mine = (userId: string) => sql`
  SELECT t.id AS "teamId", CASE WHEN t."ownerId" = ${userId} OR tm.level = 'admin' THEN 3 ELSE 1 END AS rank
  FROM teams t LEFT JOIN team_members tm ON tm."teamId" = t.id AND tm."userId" = ${userId}
  WHERE t.id IN (SELECT "teamId" FROM team_members WHERE "userId" = ${userId} UNION ALL SELECT id FROM teams WHERE "ownerId" = ${userId})`

export interface FoundItem {
  id: string
  ownerId: string
  teamId: string | null
  /** The folders from the root down to the item's; null at the root. */
  idPath: string | null
  updatedAt: Date
  /** 0 for none, then as LEVELS. */
  rank: number
}

/**
 * The item as it is for somebody: ownership, its team, its shares, and for each folder above it the same, where owning the
 * folder is as much as editing what lies in it. Undefined where there is no such item.
 */
export function find(
  db: Executor,
  kind: Kind,
  id: string,
  userId: string,
  deleted = false,
): Promise<FoundItem | undefined> {
  return db.one<FoundItem>(sql`
    WITH mine AS MATERIALIZED (${mine(userId)}), item AS (${ITEM[kind](id, deleted)})
    SELECT item.*, GREATEST(
      CASE WHEN item."ownerId" = ${userId} THEN 4 ELSE 0 END,
      (SELECT mine.rank FROM mine WHERE mine."teamId" = item."teamId"),
      (${OWN_SHARES[kind](userId)}),
      (SELECT max(GREATEST(
         CASE WHEN above."ownerId" = ${userId} THEN 3 ELSE 0 END,
         (SELECT mine.rank FROM mine WHERE mine."teamId" = above."teamId"),
         (SELECT max(${RANKED}) FROM content_shares s
          WHERE s.kind = 'folder' AND s."itemId" = above.id AND ${FOR_ME(userId)} AND ${LIVE})))
       FROM folders above WHERE above.id = ANY (${idsIn(sql`item."idPath"`)}))
    )::int AS rank FROM item`)
}

export interface Roots {
  teamIds: string[]
  /** Folders that are given to the person themselves, as paths: theirs, their teams', and those shared with them. */
  paths: string[]
}

/** From where somebody reaches items, in one statement. Of folders inside each other only the uppermost is named. */
export async function roots(db: Executor, userId: string): Promise<Roots> {
  const row = await db.one<Roots>(sql`
    WITH mine AS MATERIALIZED (${mine(userId)}), given AS (
      SELECT f."idPath" FROM folders f LEFT JOIN folders parent ON parent.id = f."parentId"
      WHERE f."ownerId" = ${userId} AND f."deletedAt" IS NULL AND parent."ownerId" IS DISTINCT FROM ${userId}
      UNION SELECT f."idPath" FROM mine JOIN folders f ON f."teamId" = mine."teamId" AND f."deletedAt" IS NULL
      UNION SELECT f."idPath" FROM content_shares s JOIN folders f ON f.id = s."itemId" AND f."deletedAt" IS NULL
      WHERE s.kind = 'folder' AND s."userId" = ${userId} AND ${LIVE}
      UNION SELECT f."idPath" FROM mine JOIN content_shares s ON s."teamId" = mine."teamId"
        JOIN folders f ON f.id = s."itemId" AND f."deletedAt" IS NULL
      WHERE s.kind = 'folder' AND ${LIVE})
    SELECT ARRAY(SELECT "teamId" FROM mine) AS "teamIds", ARRAY(SELECT "idPath" FROM given ORDER BY 1) AS paths`)
  return { teamIds: row!.teamIds, paths: uppermost(row!.paths) }
}

/** In order, so that whatever lies below a path comes right after it. */
function uppermost(paths: readonly string[]): string[] {
  const kept: string[] = []
  for (const path of paths) if (!kept.length || !path.startsWith(kept.at(-1)!)) kept.push(path)
  return kept
}

/** Whether a folder's path of ids is one path or lies below it: a range, which an index has in order. */
export const isWithin = (idPath: Sql, top: string) => sql`${idPath} >= ${top} AND ${idPath} < ${`${top}~`}`

/** Rows of a `path`, each with where what lies below it ends: row security uses an index for what is compared as it is, and not for what is put together meanwhile. */
export const spansOf = (paths: Sql) => sql`(SELECT path, path || '~' AS beyond FROM ${paths} OFFSET 0)`

/** The same question about one of such rows. */
export const isInSpan = (idPath: Sql, span: Sql) => sql`${idPath} >= ${span}.path AND ${idPath} < ${span}.beyond`

/** A folder's path as such a row. */
export const spanOf = (id: string) => spansOf(sql`(SELECT "idPath" AS path FROM folders WHERE id = ${id}) one`)

/** The ids in a path of them. It has an order of its own, of which the ids' index knows nothing: without theirs every folder is read. */
export const idsIn = (idPath: Sql | string) => sql`string_to_array(btrim(${idPath} COLLATE "default", '/'), '/')`

/** What the folders of a path of ids are called, from the root down. */
export const namesOf = (idPath: Sql) => sql`ARRAY(
  SELECT above.name FROM folders above WHERE above.id = ANY (${idsIn(idPath)}) ORDER BY length(above."idPath"))`

/**
 * The live folder at a path of names, from one of the uppermost folders that somebody reaches; of several the one of their own. Without
 * `paths` from any root.
 */
export async function folderAt(
  db: Executor,
  names: readonly string[],
  userId: string,
  paths: readonly string[] | undefined,
): Promise<string | undefined> {
  const uppermost = paths
    ? sql`f."idPath" = ANY (${paths}::text[]) AND f.name = ${names[0]}`
    : sql`f."parentId" IS NULL AND f.path = left('/' || ${names[0]}::text, 600)`
  const row = await db.one<{ id: string }>(sql`
    WITH RECURSIVE walk AS (
      SELECT f.id, f."ownerId", 1 AS place FROM folders f WHERE ${uppermost} AND f."deletedAt" IS NULL
      UNION ALL
      SELECT f.id, f."ownerId", place + 1 FROM walk JOIN folders f ON f."parentId" = walk.id
      WHERE f.name = (${names}::text[])[place + 1] AND f."deletedAt" IS NULL
    )
    SELECT id FROM walk WHERE place = ${names.length} ORDER BY "ownerId" = ${userId} DESC, id LIMIT 1`)
  return row?.id
}

/** How many folders, documents and files lie in a folder, counted up to a limit. */
export async function countIn(db: Executor, folderId: string, limit: number): Promise<number> {
  const of = (kind: Kind) => {
    const above = kind === 'folder' ? sql`"parentId"` : sql`"folderId"`
    return sql`(SELECT 1 FROM ${TABLE[kind]} WHERE ${above} = ${folderId} AND "deletedAt" IS NULL LIMIT ${limit})`
  }
  const row = await db.one<{ count: number }>(
    sql`SELECT count(*)::int AS count FROM (${join([of('folder'), of('document'), of('file')], ' UNION ALL ')}) found`,
  )
  return row!.count
}

/** The folders below some paths, those themselves included. */
export const foldersBelow = (paths: readonly string[]) => sql`
  SELECT f.id FROM ${spansOf(sql`unnest(${paths}::text[]) AS path`)} root
  JOIN folders f ON ${isInSpan(sql`f."idPath"`, sql`root`)} AND f."deletedAt" IS NULL`

/** Ids of documents that are shared with somebody or their teams. */
const sharedDocuments = (userId: string, teamIds: readonly string[]) => sql`
  SELECT s."documentId" FROM document_shares s
  WHERE s."sharedWithId" = ${userId} AND (s."expiresAt" IS NULL OR s."expiresAt" > now() AT TIME ZONE 'UTC')
  UNION ALL SELECT s."documentId" FROM document_shares s
  WHERE s."teamId" = ANY (${teamIds}::text[]) AND (s."expiresAt" IS NULL OR s."expiresAt" > now() AT TIME ZONE 'UTC')`

const sharedFiles = (userId: string, teamIds: readonly string[]) => sql`
  SELECT s."itemId" FROM content_shares s WHERE s.kind = 'file' AND s."userId" = ${userId} AND ${LIVE}
  UNION ALL SELECT s."itemId" FROM content_shares s
  WHERE s.kind = 'file' AND s."teamId" = ANY (${teamIds}::text[]) AND ${LIVE}`

/** One way to items: a condition on a table called `d`, asked for each key of a subquery where there is one. */
export interface Way {
  /** A subquery of one column; the condition names it `way.key`. */
  each?: Sql
  condition: Sql
}

/**
 * The ways to the items of a kind. Each can be read by an index in the order of a list: a list reads a page by each and puts
 * them together, where one condition with ORs would read the tenant.
 */
export function waysTo(kind: Kind, userId: string, { teamIds, paths }: Roots): Way[] {
  const ways: Way[] = [{ condition: sql`d."ownerId" = ${userId}` }]
  if (teamIds.length) ways.push({ each: sql`SELECT unnest(${teamIds}::text[])`, condition: sql`d."teamId" = way.key` })
  if (kind !== 'folder') ways.push({ each: sharedItems(kind, userId, teamIds), condition: sql`d.id = way.key` })
  if (paths.length)
    ways.push({
      each: foldersBelow(paths),
      condition: kind === 'folder' ? sql`d.id = way.key` : sql`d."folderId" = way.key`,
    })
  return ways
}

/** Whether a row, found by something else, is reached by one of the ways. */
export function reached(kind: Kind, userId: string, { teamIds, paths }: Roots): Sql {
  const conditions = [sql`d."ownerId" = ${userId}`, sql`d."teamId" = ANY (${teamIds}::text[])`]
  if (kind !== 'folder') conditions.push(sql`d.id IN (${sharedItems(kind, userId, teamIds)})`)
  const place = kind === 'folder' ? sql`d.id` : sql`d."folderId"`
  if (paths.length) conditions.push(sql`${place} IN (${foldersBelow(paths)})`)
  return sql`(${join(conditions, ' OR ')})`
}

const sharedItems = (kind: 'document' | 'file', userId: string, teamIds: readonly string[]) =>
  kind === 'document' ? sharedDocuments(userId, teamIds) : sharedFiles(userId, teamIds)

/**
 * What each way finds, put together without doubles. `select` makes the statement of one way from its condition; it has
 * an order and a limit of its own. `most` bounds what the keys of one way find together, where no order matters.
 */
export function alongWays(ways: readonly Way[], select: (condition: Sql) => Sql, most?: number | Sql): Sql {
  const bound = most === undefined ? sql`` : sql`LIMIT ${most}`
  const parts = ways.map(({ each, condition }) =>
    each
      ? sql`(SELECT found.* FROM (${each}) AS way (key) CROSS JOIN LATERAL (${select(condition)}) AS found ${bound})`
      : sql`(${select(condition)})`,
  )
  return join(parts, ' UNION ')
}

const TITLED: Record<Kind, Sql> = {
  document: sql`d.id, d.title FROM documents d`,
  file: sql`d.id, d.name AS title FROM files d`,
  folder: sql`d.id, d.name AS title FROM folders d`,
}

/** What items are called, of those that a condition on `d` lets through. */
export function titles(
  db: Executor,
  kind: Kind,
  ids: readonly string[],
  condition: Sql = ANY,
): Promise<{ id: string; title: string }[]> {
  return db.query(
    sql`SELECT ${TITLED[kind]} WHERE d.id = ANY (${ids}::text[]) AND d."deletedAt" IS NULL AND ${condition}`,
  )
}

/** How many all ways find together, as `countBounded` counts. `select` makes the statement of one way, without a limit. */
export function countAlongWays(db: Executor, ways: readonly Way[], select: (condition: Sql) => Sql): Promise<number> {
  return countBounded(db, (most) => {
    const found = alongWays(ways, (condition) => sql`${select(condition)} LIMIT ${most}`, most)
    return sql`SELECT LEAST(count(*), ${most})::int AS total FROM (${found}) AS found`
  })
}

/**
 * What stands in the trash by itself: not what comes back with a folder of its owner's, the one that was deleted or the one it lies
 * in. Of items called `d`, which lie in `place`.
 */
export const inTrash = (place: Sql) => sql`d."deletedAt" IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM folders f WHERE f.id IN (d."deletedWith", ${place}) AND f.id <> d.id AND f."ownerId" = d."ownerId"
    AND f."deletedWith" = d."deletedWith")`

/** In the trash there is what one owns oneself, and everything for whoever reaches everything. Of items called `d`. */
export function waysToTrash(ways: readonly Way[], everything: boolean, userId: string): readonly Way[] {
  return everything ? ways : [{ condition: sql`d."ownerId" = ${userId}` }]
}

/** The condition of whoever reaches everything. */
export const ANY = sql`true`

const TREE = sql`hashtextextended('folders ' || current_setting('app.tenant_id'), 0)`

/** One change of the tenant's trees at a time: where a folder stands is read after the wait, and stays until COMMIT. */
export async function lockTree(db: Executor): Promise<void> {
  await db.run(sql`SELECT pg_advisory_xact_lock(${TREE})`)
}

/** Many may put items into folders at a time, and no folder changes its place meanwhile. */
export async function holdTree(db: Executor): Promise<void> {
  await db.run(sql`SELECT pg_advisory_xact_lock_shared(${TREE})`)
}

/** One change of an item at a time. */
export async function lockItem(db: Executor, kind: Kind, id: string): Promise<void> {
  await db.run(sql`SELECT 1 FROM ${TABLE[kind]} WHERE id = ${id} FOR NO KEY UPDATE`)
}

/** Whether the person is in the team, as owner or member. */
export async function isInTeam(db: Executor, teamId: string, userId: string): Promise<boolean> {
  const row = await db.one(sql`
    SELECT 1 FROM teams t WHERE t.id = ${teamId} AND (t."ownerId" = ${userId}
      OR EXISTS (SELECT 1 FROM team_members tm WHERE tm."teamId" = t.id AND tm."userId" = ${userId}))`)
  return row !== undefined
}

export function levelOfRank(rank: number): Level | undefined {
  return ([undefined, 'READ', 'COMMENT', 'EDIT', 'OWNER'] as const)[rank]
}
