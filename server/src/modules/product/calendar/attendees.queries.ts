// The SQL of who is invited to an event: members of the tenant, and guests by their address.
import { type Executor, sql } from '../../../drivers/database/index.ts'
import type { Status } from './calendar.schema.ts'

export interface AttendeeRow {
  eventId: string
  userId: string
  name: string
  avatar: string | null
  email: string
  locale: string | null
  status: Status
}

/** Perhaps counts only while nobody has said more: the other back end knows no such answer. */
const STATUS = sql`CASE WHEN a.status = 'PENDING' AND a."isTentative" THEN 'TENTATIVE' ELSE a.status::text END AS status`

export function attendeesOf(db: Executor, eventIds: readonly string[]): Promise<AttendeeRow[]> {
  return db.query<AttendeeRow>(sql`
    SELECT a."eventId", a."userId", u.name, u.avatar, u.email, u.locale, ${STATUS}
    FROM event_attendees a JOIN users u ON u.id = a."userId" AND u."deletedAt" IS NULL
    WHERE a."eventId" = ANY (${eventIds}::text[]) ORDER BY a."eventId", a."createdAt", a."userId"`)
}

export interface GuestRow {
  eventId: string
  email: string
}

export function guestsOf(db: Executor, eventIds: readonly string[]): Promise<GuestRow[]> {
  return db.query<GuestRow>(sql`
    SELECT "eventId", email FROM calendar_guests WHERE "eventId" = ANY (${eventIds}::text[])
    ORDER BY "eventId", "createdAt", email`)
}

export interface PersonRow {
  id: string
  name: string
  email: string
  locale: string | null
}

/** Those of some people who belong to the tenant and may work: nobody, where it is suspended or deleted. */
export function activeMembers(db: Executor, userIds: readonly string[]): Promise<PersonRow[]> {
  return db.query<PersonRow>(sql`
    SELECT u.id, u.name, u.email, u.locale FROM memberships m
    JOIN tenants t ON t.id = m."tenantId" AND t."deletedAt" IS NULL AND t.status = 'ACTIVE'
    JOIN users u ON u.id = m."userId" AND u."deletedAt" IS NULL AND u.status = 'ACTIVE'
    WHERE m."userId" = ANY (${userIds}::text[])`)
}

/** Invites people; answers those who were not invited before. */
export async function invite(db: Executor, eventId: string, userIds: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ userId: string }>(sql`
    INSERT INTO event_attendees ("eventId", "userId") SELECT ${eventId}, id FROM unnest(${userIds}::text[]) AS id
    ON CONFLICT DO NOTHING RETURNING "userId"`)
  return rows.map(({ userId }) => userId)
}

export async function inviteGuests(db: Executor, eventId: string, emails: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ email: string }>(sql`
    INSERT INTO calendar_guests ("eventId", email) SELECT ${eventId}, email FROM unnest(${emails}::text[]) AS email
    ON CONFLICT DO NOTHING RETURNING email`)
  return rows.map(({ email }) => email)
}

export function uninvite(db: Executor, eventId: string, userIds: readonly string[]): Promise<number> {
  return db.run(sql`DELETE FROM event_attendees WHERE "eventId" = ${eventId} AND "userId" = ANY (${userIds}::text[])`)
}

export function uninviteGuests(db: Executor, eventId: string, emails: readonly string[]): Promise<number> {
  return db.run(sql`DELETE FROM calendar_guests WHERE "eventId" = ${eventId} AND email = ANY (${emails}::text[])`)
}

/** An answer, in the words of the shared type; perhaps stands beside it. False where the person is not invited. */
export async function answer(
  db: Executor,
  { eventId, userId, status }: { eventId: string; userId: string; status: Status },
): Promise<boolean> {
  const isTentative = status === 'TENTATIVE'
  const written = await db.run(sql`
    UPDATE event_attendees SET status = ${isTentative ? 'PENDING' : status}::"AttendeeStatus", "isTentative" = ${isTentative},
      "answeredAt" = now()
    WHERE "eventId" = ${eventId} AND "userId" = ${userId}`)
  return written > 0
}

/** Invites to another event whoever is invited to this one, with their answers. */
export async function copyInvited(db: Executor, fromId: string, toId: string): Promise<void> {
  await db.run(sql`
    INSERT INTO event_attendees ("eventId", "userId", status, "isTentative", "answeredAt", "createdAt")
    SELECT ${toId}, "userId", status, "isTentative", "answeredAt", "createdAt" FROM event_attendees WHERE "eventId" = ${fromId}`)
  await db.run(sql`
    INSERT INTO calendar_guests ("eventId", email, "createdAt")
    SELECT ${toId}, email, "createdAt" FROM calendar_guests WHERE "eventId" = ${fromId}`)
}
