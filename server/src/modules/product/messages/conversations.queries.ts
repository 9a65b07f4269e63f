// The SQL of conversations: each is read as it is for one of the people in it, and by nobody else.
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  assignments,
  containing,
  countUpTo,
  type Executor,
  ordering,
  type SortKey,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'

export interface MemberRow {
  id: string
  name: string
  avatar: string | null
  role: string | null
  readNumber: number
}

interface LastMessage {
  id: string
  number: number
  content: string
  /** As text: it comes inside JSON. */
  createdAt: string
  senderId: string
  senderName: string
  senderAvatar: string | null
}

/** A conversation and somebody's place in it. */
export interface Standing {
  id: string
  name: string | null
  isGroup: boolean
  avatar: string | null
  pair: string | null
  lastNumber: number
  createdAt: Date
  updatedAt: Date
  role: string | null
  readNumber: number
  fromNumber: number
  unread: number
  /** Up to which number everybody else who is there has read, or had, where all are gone; null where there never was anybody. */
  othersRead: number | null
}

export interface ConversationRow extends Standing {
  memberCount: number
  members: MemberRow[]
  /** The other person of a private one, also after they left it. */
  peer: Pick<MemberRow, 'name' | 'avatar'> | null
  last: LastMessage | null
}

const LIVE = sql`JOIN memberships tenant ON tenant."userId" = p."userId" JOIN users u ON u.id = p."userId" AND u."deletedAt" IS NULL`
const UNREAD = sql`GREATEST(c."lastNumber" - me."readNumber" - me.skipped, 0)`
const STANDING = sql`c.id, c.name, c."isGroup", c.avatar, c.pair, c."lastNumber", c."createdAt", c."updatedAt",
  me.role, me."readNumber", me."fromNumber", ${UNREAD} AS unread,
  COALESCE(
    (SELECT min(p."readNumber") FROM conversation_participants p ${LIVE} WHERE p."conversationId" = c.id AND p."userId" <> me."userId"),
    (SELECT min(p."readNumber") FROM conversation_participants p WHERE p."conversationId" = c.id AND p."userId" <> me."userId")
  ) AS "othersRead"`
const MINE = (userId: string) =>
  sql`conversation_participants me JOIN conversations c ON c.id = me."conversationId" AND me."userId" = ${userId}`

const shown = (userId: string, members: number) => sql`${STANDING},
  (SELECT count(*)::int FROM conversation_participants p ${LIVE} WHERE p."conversationId" = c.id) AS "memberCount",
  (SELECT COALESCE(jsonb_agg(first), '[]') FROM (
     SELECT u.id, u.name, u.avatar, p.role, p."readNumber" FROM conversation_participants p ${LIVE}
     WHERE p."conversationId" = c.id ORDER BY p."joinedAt", p."userId" LIMIT ${members}) first) AS members,
  (SELECT jsonb_build_object('name', u.name, 'avatar', u.avatar) FROM users u
   WHERE c.pair IS NOT NULL AND u.id = ANY (string_to_array(c.pair, ' ')) AND u.id <> ${userId} LIMIT 1) AS peer,
  (SELECT to_jsonb(newest) FROM (
     SELECT m.id, m.number, m.content, m."createdAt", u.id AS "senderId", u.name AS "senderName", u.avatar AS "senderAvatar"
     FROM messages m JOIN users u ON u.id = m."senderId"
     WHERE m."conversationId" = c.id AND m.number > me."fromNumber" ORDER BY m.number DESC LIMIT 1) newest) AS last`

/** Makes whoever else writes into the conversation wait. */
export async function lock(db: Executor, id: string): Promise<void> {
  await db.run(sql`SELECT 1 FROM conversations WHERE id = ${id} FOR NO KEY UPDATE`)
}

/** Somebody's place in a conversation; undefined where they have none. */
export function standing(db: Executor, id: string, userId: string): Promise<Standing | undefined> {
  return db.one<Standing>(sql`SELECT ${STANDING} FROM ${MINE(userId)} WHERE c.id = ${id}`)
}

export function find(db: Executor, id: string, userId: string, members: number): Promise<ConversationRow | undefined> {
  return db.one<ConversationRow>(sql`SELECT ${shown(userId, members)} FROM ${MINE(userId)} WHERE c.id = ${id}`)
}

/** How many members a list shows of each. */
const LISTED_MEMBERS = 10

const LATEST: SortKey = { column: sql`c."updatedAt"`, type: 'timestamp' }

/** The latest first. What is read grows with the conversations of the person, and not with the tenant's. */
export function list(
  db: Executor,
  userId: string,
  search: string | undefined,
  { limit, offset, after }: PagePlace,
): Promise<(ConversationRow & Placed)[]> {
  const order = ordering(LATEST, sql`c.id`, 'desc')
  return db.query<ConversationRow & Placed>(sql`
    SELECT ${shown(userId, LISTED_MEMBERS)}, ${order.place} FROM (
      SELECT me.* FROM ${MINE(userId)} ${where([matching(search, userId), order.past(after)])}
      ${order.by} LIMIT ${limit} OFFSET ${offset}
    ) me JOIN conversations c ON c.id = me."conversationId" ${order.by}`)
}

export function count(db: Executor, userId: string, search: string | undefined): Promise<number> {
  return countUpTo(
    db,
    search
      ? sql`FROM ${MINE(userId)} ${where([matching(search, userId)])}`
      : sql`FROM conversation_participants me WHERE me."userId" = ${userId}`,
  )
}

/** By the name of a group, or by somebody else in it. */
function matching(search: string | undefined, userId: string): Sql | undefined {
  if (!search) return undefined
  const pattern = containing(search)
  return sql`((c."isGroup" AND c.name ILIKE ${pattern}) OR EXISTS (
    SELECT 1 FROM conversation_participants p ${LIVE}
    WHERE p."conversationId" = c.id AND p."userId" <> ${userId} AND u.name ILIKE ${pattern}))`
}

export async function unread(db: Executor, userId: string): Promise<{ count: number; conversations: number }> {
  const row = await db.one<{ count: number; conversations: number }>(sql`
    SELECT COALESCE(sum(${UNREAD}), 0)::int AS count, count(*) FILTER (WHERE ${UNREAD} > 0)::int AS conversations
    FROM ${MINE(userId)}`)
  return row ?? { count: 0, conversations: 0 }
}

/** Whether somebody is in the conversation, and was when the message of that number came. */
export async function hears(db: Executor, id: string, userId: string, number: number | undefined): Promise<boolean> {
  const row = await db.one(sql`
    SELECT 1 FROM conversation_participants
    WHERE "conversationId" = ${id} AND "userId" = ${userId} ${number === undefined ? sql`` : sql`AND "fromNumber" < ${number}`}`)
  return row !== undefined
}

/** Names of conversations for somebody who is in them: of groups theirs, of private ones none. */
export function names(db: Executor, ids: readonly string[], userId: string): Promise<{ id: string; name: string }[]> {
  return db.query(sql`
    SELECT c.id, c.name FROM ${MINE(userId)} WHERE c.id = ANY (${ids}::text[]) AND c."isGroup" AND c.name IS NOT NULL`)
}

/** One beginning of a conversation of these two at a time. */
export async function lockPair(db: Executor, pair: string): Promise<void> {
  await db.run(
    sql`SELECT pg_advisory_xact_lock(hashtextextended('pair ' || current_setting('app.tenant_id') || ' ' || ${pair}, 0))`,
  )
}

export async function findPair(db: Executor, pair: string): Promise<string | undefined> {
  return (await db.one<{ id: string }>(sql`SELECT id FROM conversations WHERE pair = ${pair}`))?.id
}

/** Takes the oldest conversation of just these two that another back end began as theirs; undefined where there is none. */
export async function adoptPair(
  db: Executor,
  pair: string,
  [one, other]: readonly string[],
): Promise<string | undefined> {
  const row = await db.one<{ id: string }>(sql`
    UPDATE conversations SET pair = ${pair} WHERE id = (
      SELECT c.id FROM conversations c
      JOIN conversation_participants a ON a."conversationId" = c.id AND a."userId" = ${one}
      JOIN conversation_participants b ON b."conversationId" = c.id AND b."userId" = ${other}
      WHERE NOT c."isGroup" AND c.pair IS NULL
        AND (SELECT count(*) FROM conversation_participants p WHERE p."conversationId" = c.id) = 2
      ORDER BY c."createdAt", c.id LIMIT 1)
    RETURNING id`)
  return row?.id
}

export interface NewRow {
  id: string
  isGroup: boolean
  name: string | null
  avatar: string | null
  pair: string | null
}

export async function insert(db: Executor, { id, isGroup, name, avatar, pair }: NewRow): Promise<void> {
  await db.run(sql`
    INSERT INTO conversations (id, "isGroup", name, avatar, pair) VALUES (${id}, ${isGroup}, ${name}, ${avatar}, ${pair})`)
}

export async function update(db: Executor, id: string, changes: Record<string, unknown>): Promise<void> {
  await db.run(sql`UPDATE conversations SET ${assignments(changes)}, "updatedAt" = now() WHERE id = ${id}`)
}

/** Puts people into a conversation, who see what is sent from now on; answers who was not there. The conversation must be locked. */
export async function join(db: Executor, id: string, userIds: readonly string[], role = 'member'): Promise<string[]> {
  const rows = await db.query<{ userId: string }>(sql`
    INSERT INTO conversation_participants ("conversationId", "userId", role, "readNumber", "fromNumber")
    SELECT c.id, people.id, ${role}, c."lastNumber", c."lastNumber"
    FROM conversations c CROSS JOIN unnest(${userIds}::text[]) AS people (id) WHERE c.id = ${id}
    ON CONFLICT DO NOTHING RETURNING "userId"`)
  return rows.map(({ userId }) => userId)
}

/** Takes somebody out; answers what they were, undefined when they were not in it. */
export async function leave(db: Executor, id: string, userId: string): Promise<{ role: string | null } | undefined> {
  return db.one<{ role: string | null }>(sql`
    DELETE FROM conversation_participants WHERE "conversationId" = ${id} AND "userId" = ${userId} RETURNING role`)
}

export async function roleIn(db: Executor, id: string, userId: string): Promise<{ role: string | null } | undefined> {
  return db.one(sql`SELECT role FROM conversation_participants WHERE "conversationId" = ${id} AND "userId" = ${userId}`)
}

export async function countMembers(db: Executor, id: string): Promise<number> {
  const row = await db.one<{ count: number }>(
    sql`SELECT count(*)::int AS count FROM conversation_participants WHERE "conversationId" = ${id}`,
  )
  return row?.count ?? 0
}

/** Removes the conversation with everything in it. */
export async function remove(db: Executor, id: string): Promise<void> {
  await db.run(sql`DELETE FROM conversations WHERE id = ${id}`)
}
