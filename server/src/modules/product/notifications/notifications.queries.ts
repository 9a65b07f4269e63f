// The SQL of notifications as their readers see them. What is to be sent by mail only is not seen here.
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  countUpTo,
  type Executor,
  ordering,
  type SortKey,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'
import type { Channel, Kind } from './rules.ts'

export interface NotificationRow {
  id: string
  type: string
  title: string
  content: string
  link: string | null
  kind: Kind | null
  eventName: string | null
  subjectType: string | null
  subjectId: string | null
  senderId: string | null
  senderName: string | null
  senderAvatar: string | null
  times: number
  read: boolean
  readAt: Date | null
  createdAt: Date
}

const SHOWN = sql`n.id, n.type, n.title, n.content, n.link, n.kind, n."eventName", n."subjectType", n."subjectId",
  u.id AS "senderId", u.name AS "senderName", u.avatar AS "senderAvatar", n.times, n.read, n."readAt", n."createdAt"`
const FROM = sql`notifications n LEFT JOIN users u ON u.id = n."senderId"`

export interface Filter {
  unread?: boolean
  kind?: Kind
}

function filters(userId: string, { unread, kind }: Filter): (Sql | undefined)[] {
  return [
    sql`n."userId" = ${userId}`,
    sql`n."inApp"`,
    unread === undefined ? undefined : sql`n.read = ${!unread}`,
    kind && sql`n.kind = ${kind}`,
  ]
}

const NEWEST: SortKey = { column: sql`n."createdAt"`, type: 'timestamp' }

/** The newest first. */
export function list(
  db: Executor,
  userId: string,
  filter: Filter,
  { limit, offset, after }: PagePlace,
): Promise<(NotificationRow & Placed)[]> {
  const order = ordering(NEWEST, sql`n.id`, 'desc')
  return db.query<NotificationRow & Placed>(sql`
    SELECT ${SHOWN}, ${order.place} FROM ${FROM} ${where([...filters(userId, filter), order.past(after)])}
    ${order.by} LIMIT ${limit} OFFSET ${offset}`)
}

export function count(db: Executor, userId: string, filter: Filter): Promise<number> {
  return countUpTo(db, sql`FROM notifications n ${where(filters(userId, filter))}`)
}

export function find(db: Executor, userId: string, id: string): Promise<NotificationRow | undefined> {
  return db.one<NotificationRow>(
    sql`SELECT ${SHOWN} FROM ${FROM} WHERE n.id = ${id} AND n."userId" = ${userId} AND n."inApp"`,
  )
}

/** What the reader prefers to read in, then the tenant. */
export async function locales(db: Executor, userId: string): Promise<(string | null)[]> {
  const row = await db.one<{ own: string | null; tenant: string | null }>(sql`
    SELECT (SELECT locale FROM users WHERE id = ${userId}) AS own,
      (SELECT settings->>'locale' FROM tenants WHERE id = current_setting('app.tenant_id')) AS tenant`)
  return [row?.own ?? null, row?.tenant ?? null]
}

/** Which ones: all where none is named. */
function which(userId: string, ids: readonly string[] | undefined): Sql {
  return sql`"userId" = ${userId} AND "inApp" ${ids === undefined ? sql`` : sql`AND id = ANY (${ids}::text[])`}`
}

/** Marks as read, and answers how many were not. */
export function markRead(db: Executor, userId: string, ids?: readonly string[]): Promise<number> {
  return db.run(sql`UPDATE notifications SET read = true, "readAt" = now() WHERE ${which(userId, ids)} AND NOT read`)
}

/** Marks as unread, and answers how many were read. Of one conversation's messages one tells at a time. */
export function markUnread(db: Executor, userId: string, ids: readonly string[]): Promise<number> {
  return db.run(sql`
    UPDATE notifications SET read = false, "readAt" = NULL WHERE id IN (
      SELECT DISTINCT ON (CASE WHEN n.kind = 'message' THEN n."subjectId" ELSE n.id END) n.id FROM notifications n
      WHERE n."userId" = ${userId} AND n."inApp" AND n.id = ANY (${ids}::text[]) AND n.read AND NOT EXISTS (
        SELECT FROM notifications other WHERE n.kind = 'message' AND other.kind = 'message' AND NOT other.read
          AND other."userId" = n."userId" AND other."subjectId" = n."subjectId")
      ORDER BY CASE WHEN n.kind = 'message' THEN n."subjectId" ELSE n.id END, n."createdAt" DESC)`)
}

export function remove(db: Executor, userId: string, ids?: readonly string[]): Promise<number> {
  return db.run(sql`DELETE FROM notifications WHERE ${which(userId, ids)}`)
}

export function preferences(db: Executor, userId: string): Promise<{ kind: Kind; channel: Channel }[]> {
  return db.query(sql`SELECT kind, channel FROM notification_preferences WHERE "userId" = ${userId}`)
}

export async function prefer(db: Executor, userId: string, kind: Kind, channel: Channel): Promise<void> {
  await db.run(sql`
    INSERT INTO notification_preferences ("userId", kind, channel) VALUES (${userId}, ${kind}, ${channel})
    ON CONFLICT ("tenantId", "userId", kind) DO UPDATE SET channel = EXCLUDED.channel`)
}
