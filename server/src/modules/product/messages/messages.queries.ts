// The SQL of messages. The database numbers them: see the trigger of the table.
import { countUpTo, type Executor, sql, where } from '../../../drivers/database/index.ts'

export interface MessageRow {
  id: string
  conversationId: string
  number: number
  senderId: string
  senderName: string
  senderAvatar: string | null
  type: string
  content: string
  createdAt: Date
  editedAt: Date | null
  deletedAt: Date | null
  replyId: string | null
  replyName: string | null
  replyContent: string | null
}

/** How much of a message stands in its answers. */
const QUOTED = 200

// What was said before the reader came is not quoted to them either.
// OFFSET has what is replied to found by its id: a plan that is kept takes a conversation for short, and would read all of it.
const message = (fromNumber: number) => sql`
  SELECT m.id, m."conversationId", m.number, m."senderId", u.name AS "senderName", u.avatar AS "senderAvatar", m.type, m.content,
    m."createdAt", m."editedAt", m."deletedAt", r.id AS "replyId", ru.name AS "replyName", left(r.content, ${QUOTED}::int) AS "replyContent"
  FROM messages m JOIN users u ON u.id = m."senderId"
  LEFT JOIN LATERAL (SELECT * FROM messages WHERE id = m."replyToId" OFFSET 0) r
    ON r."conversationId" = m."conversationId" AND r.number > ${fromNumber}
  LEFT JOIN users ru ON ru.id = r."senderId"`

/** Where somebody may read: the conversation, and the number after which they came. */
export interface Reach {
  id: string
  fromNumber: number
}

export function find(db: Executor, { id, fromNumber }: Reach, messageId: string): Promise<MessageRow | undefined> {
  return db.one<MessageRow>(sql`
    ${message(fromNumber)} WHERE m.id = ${messageId} AND m."conversationId" = ${id} AND m.number > ${fromNumber}`)
}

/** So many messages from a number on, or the newest; from the oldest to the newest. */
export async function page(
  db: Executor,
  { id, fromNumber }: Reach,
  { before, after, limit }: { before?: number; after?: number; limit: number },
): Promise<MessageRow[]> {
  const conditions = [
    sql`m."conversationId" = ${id}`,
    sql`m.number > ${Math.max(fromNumber, after ?? 0)}`,
    before !== undefined && sql`m.number < ${before}`,
  ]
  const direction = after === undefined ? sql`DESC` : sql`ASC`
  const rows = await db.query<MessageRow>(sql`
    ${message(fromNumber)} ${where(conditions)} ORDER BY m.number ${direction} LIMIT ${limit}`)
  return after === undefined ? rows.reverse() : rows
}

export function count(db: Executor, { id, fromNumber }: Reach): Promise<number> {
  return countUpTo(db, sql`FROM messages WHERE "conversationId" = ${id} AND number > ${fromNumber}`)
}

export interface NewRow {
  id: string
  conversationId: string
  senderId: string
  type: string
  content: string
  replyToId: string | null
}

/** Adds a message and answers its number. */
export async function insert(
  db: Executor,
  { id, conversationId, senderId, type, content, replyToId }: NewRow,
): Promise<number> {
  const row = await db.one<{ number: number }>(sql`
    INSERT INTO messages (id, "conversationId", "senderId", type, content, "replyToId")
    VALUES (${id}, ${conversationId}, ${senderId}, ${type}, ${content}, ${replyToId}) RETURNING number`)
  return row!.number
}

/** Whether the message is young enough to be changed. */
export async function isYoung(db: Executor, id: string, seconds: number): Promise<boolean> {
  const row = await db.one(sql`
    SELECT 1 FROM messages WHERE id = ${id} AND "createdAt" > now() AT TIME ZONE 'UTC' - make_interval(secs => ${seconds})`)
  return row !== undefined
}

export async function edit(db: Executor, id: string, content: string): Promise<void> {
  await db.run(sql`UPDATE messages SET content = ${content}, "editedAt" = now() WHERE id = ${id}`)
}

/** Empties the message; for whoever has not read it, it is unread no longer. The conversation must be locked. */
export async function empty(db: Executor, { id, conversationId, number, senderId }: MessageRow): Promise<void> {
  await db.run(sql`UPDATE messages SET content = '', "deletedAt" = now() WHERE id = ${id}`)
  await db.run(sql`
    UPDATE conversation_participants SET skipped = skipped + 1, "unreadCount" = GREATEST("unreadCount" - 1, 0)
    WHERE "conversationId" = ${conversationId} AND "userId" <> ${senderId} AND "readNumber" < ${number}`)
}

/** Marks what has at most that number as read, and answers how many are unread after it. The conversation must be locked. */
export async function markRead(db: Executor, id: string, userId: string, number: number): Promise<number> {
  const row = await db.one<{ unread: number }>(sql`
    WITH later AS (
      SELECT count(*)::int AS unread FROM messages
      WHERE "conversationId" = ${id} AND number > ${number}::int AND "senderId" <> ${userId} AND "deletedAt" IS NULL
    )
    UPDATE conversation_participants me
    SET "readNumber" = ${number}::int, skipped = GREATEST(c."lastNumber" - ${number}::int - later.unread, 0),
      "unreadCount" = later.unread, "lastReadAt" = now()
    FROM later, conversations c
    WHERE me."conversationId" = ${id} AND me."userId" = ${userId} AND c.id = me."conversationId"
    RETURNING later.unread`)
  return row!.unread
}
