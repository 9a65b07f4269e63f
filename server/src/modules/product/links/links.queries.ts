// The SQL of links. What has expired is decided by PostgreSQL's clock, what is used up by the row itself.
import { type Executor, sql } from '../../../drivers/database/index.ts'

export interface Item {
  kind: 'folder' | 'file'
  itemId: string
}

export const STATES = ['active', 'expired', 'used_up', 'revoked'] as const
export type State = (typeof STATES)[number]

export interface LinkRow extends Item {
  id: string
  tenantId: string
  createdById: string
  passwordHash: string | null
  expiresAt: Date | null
  maxDownloads: number | null
  downloads: number
  state: State
  createdAt: Date
}

const STATE = sql`CASE WHEN l."revokedAt" IS NOT NULL THEN 'revoked' WHEN l."expiresAt" <= now() THEN 'expired'
  WHEN l.downloads >= l."maxDownloads" THEN 'used_up' ELSE 'active' END`
const FIELDS = sql`l.id, l."tenantId", l.kind, l."itemId", l."createdById", l."passwordHash", l."expiresAt", l."maxDownloads",
  l.downloads, ${STATE} AS state, l."createdAt"`
const OF = ({ kind, itemId }: Item) => sql`l.kind = ${kind} AND l."itemId" = ${itemId}`

export interface NewRow extends Item {
  id: string
  createdById: string
  tokenHash: string
  passwordHash: string | null
  expiresAt: string | null
  maxDownloads: number | null
}

export async function insert(db: Executor, row: NewRow): Promise<void> {
  await db.run(sql`
    INSERT INTO content_links (id, kind, "itemId", "createdById", "tokenHash", "passwordHash", "expiresAt", "maxDownloads")
    VALUES (${row.id}, ${row.kind}, ${row.itemId}, ${row.createdById}, ${row.tokenHash}, ${row.passwordHash}, ${row.expiresAt},
      ${row.maxDownloads})`)
}

/** The links to an item, those that have ended too, the latest first. */
export function list(db: Executor, item: Item): Promise<LinkRow[]> {
  return db.query<LinkRow>(
    sql`SELECT ${FIELDS} FROM content_links l WHERE ${OF(item)} ORDER BY l."createdAt" DESC, l.id DESC LIMIT 1000`,
  )
}

export function find(db: Executor, item: Item, id: string): Promise<LinkRow | undefined> {
  return db.one<LinkRow>(sql`SELECT ${FIELDS} FROM content_links l WHERE ${OF(item)} AND l.id = ${id}`)
}

/** The link with this secret, in whatever tenant, unless it was revoked or has expired. */
export function findByHash(db: Executor, tokenHash: string): Promise<LinkRow | undefined> {
  return db.one<LinkRow>(sql`
    SELECT ${FIELDS} FROM content_links l WHERE l."tokenHash" = ${tokenHash} AND ${STATE} IN ('active', 'used_up')`)
}

export async function countActive(db: Executor, item: Item): Promise<number> {
  const row = await db.one<{ count: number }>(
    sql`SELECT count(*)::int AS count FROM content_links l WHERE ${OF(item)} AND ${STATE} = 'active'`,
  )
  return row!.count
}

/** False where it was revoked before. */
export async function revoke(db: Executor, id: string): Promise<boolean> {
  return (await db.run(sql`UPDATE content_links SET "revokedAt" = now() WHERE id = ${id} AND "revokedAt" IS NULL`)) > 0
}

/** Makes whoever else downloads by the link wait until the transaction ends; false where it has ended, other than by use. */
export async function lock(db: Executor, id: string): Promise<boolean> {
  const row = await db.one(sql`
    SELECT 1 FROM content_links l WHERE l.id = ${id} AND l."revokedAt" IS NULL AND (l."expiresAt" IS NULL OR l."expiresAt" > now())
    FOR NO KEY UPDATE`)
  return row !== undefined
}

/** Counts a download; false where it would be one too many. */
export async function count(db: Executor, id: string): Promise<boolean> {
  const counted = await db.run(sql`
    UPDATE content_links SET downloads = downloads + 1
    WHERE id = ${id} AND ("maxDownloads" IS NULL OR downloads < "maxDownloads")`)
  return counted > 0
}

/** Forgets links that ended long ago; of those that are used up it is known when they were made. */
export function forget(db: Executor, seconds: number, batch: number): Promise<number> {
  return db.run(sql`
    DELETE FROM content_links WHERE id IN (
      SELECT l.id FROM content_links l
      WHERE CASE ${STATE} WHEN 'revoked' THEN l."revokedAt" WHEN 'expired' THEN l."expiresAt" WHEN 'used_up' THEN l."createdAt" END
        < now() - make_interval(secs => ${seconds}) LIMIT ${batch})`)
}
