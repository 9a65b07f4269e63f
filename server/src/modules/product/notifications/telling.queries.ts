// The SQL by which notifications are made, sent, settled and forgotten.
import { type Database, type Executor, sql } from '../../../drivers/database/index.ts'
import type { Addressees, Channel, Kind } from './rules.ts'

export interface Recipient {
  userId: string
  /** What they said; null where they said nothing. */
  channel: Channel | null
}

/** The members of the tenant that the addressees name, each once, without one of them; nobody where it is suspended or deleted. */
export function recipients(
  db: Executor,
  kind: Kind,
  { users = [], teams = [], conversation }: Addressees,
  except: string | null,
): Promise<Recipient[]> {
  const { id, number } = conversation ?? { id: null, number: 0 }
  return db.query<Recipient>(sql`
    SELECT m."userId", preference.channel FROM memberships m
    JOIN users u ON u.id = m."userId" AND u."deletedAt" IS NULL
    LEFT JOIN notification_preferences preference ON preference."userId" = m."userId" AND preference.kind = ${kind}
    JOIN tenants t ON t.id = m."tenantId" AND t."deletedAt" IS NULL AND t.status = 'ACTIVE'
    WHERE m."userId" IS DISTINCT FROM ${except} AND m."userId" IN (
      SELECT unnest(${users}::text[])
      UNION SELECT "userId" FROM team_members WHERE "teamId" = ANY (${teams}::text[])
      UNION SELECT "ownerId" FROM teams WHERE id = ANY (${teams}::text[])
      UNION SELECT p."userId" FROM conversation_participants p
      WHERE p."conversationId" = ${id} AND p."fromNumber" < ${number} AND p."readNumber" < ${number})
    ORDER BY m."userId"`)
}

export interface NewNotification {
  type: string
  title: string
  content: string
  link: string
  kind: Kind
  eventName: string
  eventId: string
  subjectType: string | null
  subjectId: string | null
  senderId: string | null
}

export interface For {
  id: string
  userId: string
  inApp: boolean
}

/** Whether it is a new one; else one that is unread tells of one thing more. */
export interface Made {
  id: string
  userId: string
  isNew: boolean
}

/** Makes a notification for each of the people. Of unread messages of one conversation one tells. */
export function insert(db: Executor, one: NewNotification, people: readonly For[]): Promise<Made[]> {
  const { type, title, content, link, kind, eventName, eventId, subjectType, subjectId, senderId } = one
  // The words are the installation's, for another back end; ours are found when they are read.
  const conflict =
    kind === 'message'
      ? sql`("tenantId", "userId", "subjectId") WHERE kind = 'message' AND NOT read DO UPDATE SET times = notifications.times + 1,
          "eventId" = EXCLUDED."eventId", "senderId" = EXCLUDED."senderId", "createdAt" = EXCLUDED."createdAt", "inApp" = EXCLUDED."inApp"`
      : sql`("tenantId", "userId", "eventId") DO NOTHING`
  return db.query<Made>(sql`
    INSERT INTO notifications (id, "userId", "inApp", type, title, content, link, kind, "eventName", "eventId", "subjectType", "subjectId", "senderId")
    SELECT id, "userId", "inApp", ${type}, ${title}, ${content}, ${link}, ${kind}, ${eventName}, ${eventId}, ${subjectType}, ${subjectId},
      (SELECT id FROM users WHERE id = ${senderId})
    FROM jsonb_to_recordset(${JSON.stringify(people)}::jsonb) AS person (id text, "userId" text, "inApp" boolean)
    ON CONFLICT ${conflict}
    RETURNING id, "userId", times = 1 AS "isNew"`)
}

/** Whoever has read all of a conversation is told of nothing in it any more; answers whether they were. */
export async function settleConversation(db: Executor, conversationId: string, userId: string): Promise<boolean> {
  const settled = await db.run(sql`
    UPDATE notifications SET read = true, "readAt" = now()
    WHERE "userId" = ${userId} AND kind = 'message' AND "subjectId" = ${conversationId} AND NOT read AND NOT EXISTS (
      SELECT FROM conversation_participants p JOIN conversations c ON c.id = p."conversationId"
      WHERE c.id = ${conversationId} AND p."userId" = ${userId} AND c."lastNumber" - p."readNumber" - p.skipped > 0)`)
  return settled > 0
}

/** Forgets what somebody was told about a conversation that they are not in any more; answers how much it was. */
export function forgetConversation(db: Executor, conversationId: string, userId: string): Promise<number> {
  return db.run(sql`
    DELETE FROM notifications
    WHERE "userId" = ${userId} AND "subjectType" = 'conversation' AND "subjectId" = ${conversationId} AND NOT EXISTS (
      SELECT FROM conversation_participants WHERE "conversationId" = ${conversationId} AND "userId" = ${userId})`)
}

export interface ToMail {
  userId: string
  /** In the installation's words. */
  title: string
  eventName: string
  times: number
  senderName: string | null
  email: string
  name: string
  locale: string | null
}

/** Takes a notification to send by mail, once; undefined where it was read meanwhile, or nobody can be written to. */
export function takeForMail(db: Executor, id: string): Promise<ToMail | undefined> {
  return db.one<ToMail>(sql`
    UPDATE notifications n SET "mailedAt" = now() FROM users u, memberships m, tenants t
    WHERE n.id = ${id} AND NOT n.read AND n."mailedAt" IS NULL AND u.id = n."userId" AND m."userId" = u.id
      AND t.id = m."tenantId" AND t."deletedAt" IS NULL AND t.status = 'ACTIVE'
      AND u."deletedAt" IS NULL AND u.status = 'ACTIVE' AND u."emailVerifiedAt" IS NOT NULL
    RETURNING n."userId", n.title, n."eventName", n.times, u.email, u.name, u.locale,
      (SELECT sender.name FROM users sender WHERE sender.id = n."senderId") AS "senderName"`)
}

/** Removes so many of those that are older; answers how many went. */
export function forgetOld(database: Pick<Database, 'acrossTenants'>, seconds: number, batch: number): Promise<number> {
  return database.acrossTenants('notifications that are not kept any more', (tx) =>
    tx.run(sql`
      DELETE FROM notifications WHERE id IN (
        SELECT id FROM notifications
        WHERE "createdAt" < now() AT TIME ZONE 'UTC' - make_interval(secs => ${seconds}) LIMIT ${batch})`),
  )
}
