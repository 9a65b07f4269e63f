// Lists and searches of documents: they show what single reads would allow, and read no more than they show.
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  beginningOf,
  type Executor,
  join,
  ordering,
  type SortKey,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'
import { alongWays, countAlongWays, foldersBelow, inTrash, type Reach, waysToTrash } from '../access/index.ts'
import { type DocumentRow, FIELDS } from './documents.queries.ts'
import type { DOCUMENT_SORT_KEYS, DocumentQuery } from './documents.schema.ts'

export interface Listed extends DocumentRow {
  /** The folders from the root down to the one it lies in. */
  idPath: string | null
}

export interface Reader {
  userId: string
  reach: Reach
}

const SHOWN = sql`${FIELDS}, (SELECT f."idPath" FROM folders f WHERE f.id = d."folderId") AS "idPath"`
const OWNER = sql`JOIN users owner ON owner.id = d."ownerId"`

const SORT: Record<(typeof DOCUMENT_SORT_KEYS)[number], SortKey> = {
  updatedAt: { column: sql`d."updatedAt"`, type: 'timestamp' },
  createdAt: { column: sql`d."createdAt"`, type: 'timestamp' },
  title: { column: beginningOf(sql`d.title`), type: 'text' },
}

function sortOf({ sortBy, sortOrder }: DocumentQuery) {
  const key = SORT[sortBy ?? 'updatedAt']
  return { column: key.column, order: ordering(key, sql`d.id`, sortOrder ?? 'desc') }
}

/** One page: of each way to documents as many as a page needs, then the best of those. */
export function list(
  db: Executor,
  query: DocumentQuery,
  reader: Reader,
  { limit, offset, after }: PagePlace,
): Promise<(Listed & Placed)[]> {
  const { column, order } = sortOf(query)
  const page = order.on(sql`page.key`, sql`page.id`)
  const found = alongWays(
    waysOf(query, reader),
    (condition) => sql`
      SELECT d.id, ${column} AS key FROM documents d ${where([condition, ...filters(query, reader), order.past(after)])}
      ${order.by} LIMIT ${limit + offset}`,
  )
  return db.query<Listed & Placed>(sql`
    SELECT ${SHOWN}, ${page.place} FROM (
      SELECT * FROM (${found}) AS found ${order.on(sql`key`, sql`id`).by} LIMIT ${limit} OFFSET ${offset}
    ) AS page JOIN documents d ON d.id = page.id ${OWNER} ${page.by}`)
}

export function count(db: Executor, query: DocumentQuery, reader: Reader): Promise<number> {
  return countAlongWays(
    db,
    waysOf(query, reader),
    (condition) => sql`SELECT d.id FROM documents d ${where([condition, ...filters(query, reader)])}`,
  )
}

function waysOf({ deleted }: DocumentQuery, { userId, reach }: Reader) {
  return deleted ? waysToTrash(reach.ways, reach.everything, userId) : reach.ways
}

function filters(query: DocumentQuery, { userId }: Reader): (Sql | false | undefined)[] {
  const { deleted, folderId, folder, type, tags, ownerId, shared } = query
  return [
    deleted ? inTrash(sql`d."folderId"`) : sql`d."deletedAt" IS NULL`,
    folderId !== undefined && sql`d."folderId" = ${folderId}`,
    folder !== undefined && sql`d.folder = ${folder}`,
    type !== undefined && sql`d.type = ${type}`,
    ownerId !== undefined && sql`d."ownerId" = ${ownerId}`,
    shared === true && sql`d."ownerId" <> ${userId}`,
    ...tagsOf(tags).map(
      (tag) =>
        sql`EXISTS (SELECT 1 FROM document_tags dt JOIN tags t ON t.id = dt."tagId" WHERE dt."documentId" = d.id AND t.name = ${tag})`,
    ),
  ]
}

function tagsOf(tags: string | undefined): string[] {
  const named = (tags ?? '').split(',').map((tag) => tag.normalize('NFC').trim())
  return [...new Set(named.filter(Boolean))].slice(0, 20)
}

/** How many matches are looked at: of more, the best of so many are shown. */
const MATCHES = 1_000

export interface Match extends Listed {
  total: number
  /** The text around the first word that was found. */
  excerpt: string
}

/** What holds the words, the best first. An index finds what is behind the reader's doors; the policies and the resolver have the last word. */
export function search(
  db: Executor,
  query: DocumentQuery,
  reader: Reader,
  { limit, offset }: PagePlace,
): Promise<Match[]> {
  const { column, order } = sortOf(query)
  const best =
    query.sortBy === undefined
      ? sql`found.rank DESC, d."updatedAt" DESC, d.id`
      : sql`${column} ${order.direction}, d.id`
  const first = (query.search ?? '').trim().split(/\s+/)[0] ?? ''
  return db.query<Match>(sql`
    SELECT ${SHOWN}, page.total,
      substr(d.content, GREATEST(strpos(lower(left(d.content, 200000)), lower(${first})) - 80, 1), 320) AS excerpt
    FROM (
      SELECT d.id, count(*) OVER ()::int AS total, row_number() OVER (ORDER BY ${best}) AS place
      FROM search_documents(${query.search}, ${doorsOf(reader)}, ${MATCHES}) AS found JOIN documents d ON d.id = found.id
      ${where([reader.reach.condition, ...filters(query, reader)])}
      ORDER BY place LIMIT ${limit} OFFSET ${offset}
    ) AS page JOIN documents d ON d.id = page.id ${OWNER} ORDER BY page.place`)
}

/** Where documents are reached, as the index of words knows it; null for everything. */
export function doorsOf({ userId, reach }: Reader): Sql {
  if (reach.everything) return sql`NULL::text[]`
  const { teamIds, paths } = reach.roots
  const doors = [
    sql`ARRAY['o:' || ${userId}::text]`,
    sql`ARRAY(SELECT 'k:' || unnest(${teamIds}::text[]))`,
    sql`ARRAY(SELECT 'd:' || s."documentId" FROM document_shares s WHERE s."sharedWithId" = ${userId} OR s."teamId" = ANY (${teamIds}::text[]))`,
    sql`ARRAY(SELECT 'f:' || below.id FROM (${foldersBelow(paths)}) AS below)`,
  ]
  return sql`(${join(doors, ' || ')})`
}
