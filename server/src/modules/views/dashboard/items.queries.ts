// The SQL of single items on the dashboard: each of them one that the viewer could also open.
import { type Executor, join, literal, type Sql, sql } from '../../../drivers/database/index.ts'
import { alongWays, type Kind, type Reach } from '../../product/access/index.ts'

export interface ProductRow {
  id: string
  title: string
  type: string
  size: number
  views: number
  /** Null where it is not for the viewer to know. */
  shares: number | null
}

/** The documents that were looked at the most. */
export function products(db: Executor, userId: string, reach: Reach, limit: number): Promise<ProductRow[]> {
  const found = alongWays(
    reach.ways,
    (condition) => sql`SELECT d.id, d.views FROM documents d WHERE ${condition} AND d."deletedAt" IS NULL
      ORDER BY d.views DESC, d.id LIMIT ${literal(limit)}`,
  )
  const known = reach.everything ? sql`true` : sql`d."ownerId" = ${userId}`
  return db.query<ProductRow>(sql`
    SELECT d.id, d.title, d.type, d.size::float8 AS size, d.views,
      CASE WHEN ${known} THEN (SELECT count(*)::int FROM document_shares s WHERE s."documentId" = d.id) END AS shares
    FROM (SELECT id FROM (${found}) AS found ORDER BY views DESC, id LIMIT ${literal(limit)}) AS page
    JOIN documents d ON d.id = page.id ORDER BY d.views DESC, d.id`)
}

export interface OrderRow {
  id: string
  name: string
  owner: string
  size: number
  /** Whether its content is kept here. */
  kept: boolean
  createdAt: Date
}

/** The newest files. */
export function orders(db: Executor, reach: Reach, limit: number): Promise<OrderRow[]> {
  const found = alongWays(
    reach.ways,
    (condition) => sql`SELECT d.id, d."createdAt" FROM files d WHERE ${condition} AND d."deletedAt" IS NULL
      ORDER BY d."createdAt" DESC, d.id DESC LIMIT ${literal(limit)}`,
  )
  return db.query<OrderRow>(sql`
    SELECT d.id, d.name, (SELECT u.name FROM users u WHERE u.id = d."ownerId") AS owner, d.size::float8 AS size, d."blobId" IS NOT NULL AS kept, d."createdAt"
    FROM (SELECT id FROM (${found}) AS found ORDER BY "createdAt" DESC, id DESC LIMIT ${literal(limit)}) AS page
    JOIN files d ON d.id = page.id ORDER BY d."createdAt" DESC, d.id DESC`)
}

export interface ActivityRow {
  id: string
  actor: string
  userId: string | null
  user: string | null
  avatar: string | null
  action: string
  targetType: string | null
  targetId: string | null
  at: Date
}

/** How many of the items that changed last are asked what happened to them. */
const ITEMS = 50

/** What was done lately: by anybody where `everything`, else by the viewer and to what the viewer reaches. */
export function activities(
  db: Executor,
  userId: string,
  reaches: 'everything' | readonly { kind: Kind; reach: Reach }[],
  limit: number,
): Promise<ActivityRow[]> {
  const parts =
    reaches === 'everything'
      ? [audited(sql`true`, limit), logged(sql`true`, limit)]
      : [
          audited(sql`a."actorId" = ${userId}`, limit),
          logged(sql`l."actorId" = ${userId}`, limit),
          ...reaches.flatMap(({ kind, reach }) => toItems(kind, reach, limit)),
        ]
  return db.query<ActivityRow>(sql`
    SELECT page.*, u.name AS user, u.avatar FROM (
      SELECT * FROM (${join(parts, ' UNION ')}) AS found (id, actor, "userId", action, "targetType", "targetId", at)
      ORDER BY at DESC, id DESC LIMIT ${literal(limit)}
    ) AS page LEFT JOIN LATERAL (SELECT name, avatar FROM users WHERE id = page."userId" LIMIT 1) AS u ON true ORDER BY page.at DESC, page.id DESC`)
}

const audited = (condition: Sql, limit: number) => sql`
  (SELECT a.id, a.actor, a."actorId", a.action, a."targetType", a."targetId", a.at FROM audit_logs a
   WHERE ${condition} ORDER BY a.at DESC, a.chain DESC, a.seq DESC LIMIT ${literal(limit)})`

/** What the other back end did. */
const logged = (condition: Sql, limit: number) => sql`
  (SELECT l.id, 'user:' || l."actorId", l."actorId", l.action, l."targetType", l."targetId", l."createdAt" AT TIME ZONE 'UTC'
   FROM activity_logs l WHERE ${condition} ORDER BY l."createdAt" DESC LIMIT ${literal(limit)})`

const TABLES: Record<Kind, Sql> = { document: sql`documents`, file: sql`files`, folder: sql`folders` }

/** Of the items that the viewer reaches those that changed last: what they do not reach has no part in which these are. */
function toItems(kind: Kind, reach: Reach, limit: number): Sql[] {
  const found = alongWays(
    reach.ways,
    (condition) => sql`SELECT d.id, d."updatedAt" FROM ${TABLES[kind]} d WHERE ${condition} AND d."deletedAt" IS NULL
      ORDER BY d."updatedAt" DESC, d.id DESC LIMIT ${literal(ITEMS)}`,
  )
  const items = sql`(SELECT id FROM (${found}) AS found ORDER BY "updatedAt" DESC, id DESC LIMIT ${literal(ITEMS)}) AS item`
  const each = (rows: Sql) => sql`(SELECT done.* FROM ${items} CROSS JOIN LATERAL ${rows} AS done)`
  return [
    each(audited(sql`a."targetId" = item.id AND a."targetType" = ${kind}`, limit)),
    each(logged(sql`l."targetId" = item.id AND l."targetType" = ${kind}`, limit)),
  ]
}

/** What people are called, of those who are members. */
export function names(db: Executor, ids: readonly string[]): Promise<{ id: string; title: string }[]> {
  return db.query(sql`
    SELECT u.id, u.name AS title FROM memberships m JOIN users u ON u.id = m."userId" WHERE m."userId" = ANY (${ids}::text[])`)
}
