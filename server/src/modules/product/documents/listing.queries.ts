// Lists and searches of documents: they show what single reads would allow, and read no more than they show.
import { type Executor, join, type Sql, sql, where } from '../../../drivers/database/index.ts'
import { alongWays, foldersBelow, type Reach } from '../access/index.ts'
import { type DocumentRow, FIELDS } from './documents.queries.ts'
import type { DOCUMENT_SORT_KEYS, DocumentQuery } from './documents.schema.ts'

export interface Listed extends DocumentRow {
  /** The folders from the root down to the one it lies in. */
  idPath: string | null
  sortKey: string
}

export interface Place {
  limit: number
  offset: number
  after: [string, string] | undefined
}

export interface Reader {
  userId: string
  reach: Reach
}

const SHOWN = sql`${FIELDS}, (SELECT f."idPath" FROM folders f WHERE f.id = d."folderId") AS "idPath"`
const OWNER = sql`JOIN users owner ON owner.id = d."ownerId"`

const SORT: Record<(typeof DOCUMENT_SORT_KEYS)[number], { column: Sql; type: Sql }> = {
  updatedAt: { column: sql`d."updatedAt"`, type: sql`timestamp` },
  createdAt: { column: sql`d."createdAt"`, type: sql`timestamp` },
  title: { column: sql`d.title`, type: sql`text` },
}

function sortOf({ sortBy, sortOrder }: DocumentQuery) {
  const isDescending = (sortOrder ?? 'desc') === 'desc'
  const direction = isDescending ? sql`DESC` : sql`ASC`
  return { ...SORT[sortBy ?? 'updatedAt'], direction, past: isDescending ? sql`<` : sql`>` }
}

/** One page: of each way to documents as many as a page needs, then the best of those. */
export function list(db: Executor, query: DocumentQuery, reader: Reader, place: Place): Promise<Listed[]> {
  const { column, type, direction, past } = sortOf(query)
  const after = place.after && sql`(${column}, d.id) ${past} (${place.after[0]}::${type}, ${place.after[1]})`
  const needed = place.limit + place.offset
  const found = alongWays(
    waysOf(query, reader),
    (condition) => sql`
      SELECT d.id, ${column} AS key FROM documents d ${where([condition, ...filters(query, reader), after])}
      ORDER BY ${column} ${direction}, d.id ${direction} LIMIT ${needed}`,
  )
  return db.query<Listed>(sql`
    SELECT ${SHOWN}, page.key::text AS "sortKey" FROM (
      SELECT * FROM (${found}) AS found ORDER BY key ${direction}, id ${direction} LIMIT ${place.limit} OFFSET ${place.offset}
    ) AS page JOIN documents d ON d.id = page.id ${OWNER} ORDER BY page.key ${direction}, page.id ${direction}`)
}

/** Beyond this the total stops counting: the cost of a page must not grow with the table. */
const COUNTED = 10_000

export async function count(db: Executor, query: DocumentQuery, reader: Reader): Promise<number> {
  const found = alongWays(
    waysOf(query, reader),
    (condition) => sql`SELECT d.id FROM documents d ${where([condition, ...filters(query, reader)])} LIMIT ${COUNTED}`,
    COUNTED,
  )
  const row = await db.one<{ total: number }>(
    sql`SELECT LEAST(count(*), ${COUNTED})::int AS total FROM (${found}) AS found`,
  )
  return row!.total
}

/** In the trash there is what one owns oneself, and everything for whoever reaches everything. */
function waysOf({ deleted }: DocumentQuery, { userId, reach }: Reader): Reach['ways'] {
  if (!deleted || reach.everything) return reach.ways
  return [{ condition: sql`d."ownerId" = ${userId}` }]
}

// What went with a folder of one's own comes back with it; what somebody else took along stands here by itself.
const IN_TRASH = sql`d."deletedAt" IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM folders f WHERE f.id = d."deletedWith" AND f."ownerId" = d."ownerId")`

function filters(query: DocumentQuery, { userId }: Reader): (Sql | false | undefined)[] {
  const { deleted, folderId, folder, type, tags, ownerId, shared } = query
  return [
    deleted ? IN_TRASH : sql`d."deletedAt" IS NULL`,
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

export function tagsOf(tags: string | undefined): string[] {
  const named = (tags ?? '').split(',').map((tag) => tag.normalize('NFC').trim())
  return [...new Set(named.filter(Boolean))].slice(0, 20)
}

/** How many matches are looked at: of more, the best of so many are shown. */
const MATCHES = 2_000

export interface Match extends Listed {
  total: number
  /** The text around the first word that was found. */
  excerpt: string
}

/** What holds the words, the best first. An index finds what is behind the reader's doors; the policies and the resolver have the last word. */
export function search(db: Executor, query: DocumentQuery, reader: Reader, { limit, offset }: Place): Promise<Match[]> {
  const { column, direction } = sortOf(query)
  const order =
    query.sortBy === undefined ? sql`found.rank DESC, d."updatedAt" DESC, d.id` : sql`${column} ${direction}, d.id`
  const first = (query.search ?? '').trim().split(/\s+/)[0] ?? ''
  return db.query<Match>(sql`
    SELECT ${SHOWN}, page.total, page.key AS "sortKey",
      substr(d.content, GREATEST(strpos(lower(left(d.content, 200000)), lower(${first})) - 80, 1), 320) AS excerpt
    FROM (
      SELECT d.id, ${column}::text AS key, count(*) OVER ()::int AS total, row_number() OVER (ORDER BY ${order}) AS place
      FROM search_documents(${query.search}, ${doorsOf(reader)}, ${MATCHES}) AS found JOIN documents d ON d.id = found.id
      ${where([reader.reach.condition, ...filters(query, reader)])}
      ORDER BY place LIMIT ${limit} OFFSET ${offset}
    ) AS page JOIN documents d ON d.id = page.id ${OWNER} ORDER BY page.place`)
}

/** Where documents are reached, as the index of words knows it; null for everything. */
function doorsOf({ userId, reach }: Reader): Sql {
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
