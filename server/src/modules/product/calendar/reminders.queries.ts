// The SQL of reminders: when the next one is due, and who was reminded of what.
import { type Executor, sql } from '../../../drivers/database/index.ts'

export interface ReminderRow {
  id: string
  eventId: string
  remindAt: Date
  minutesBefore: number | null
  channel: 'notification' | 'mail' | 'both'
  jobId: string | null
  doneAt: Date | null
}

const COLUMNS = sql`id, "eventId", "remindAt", "minutesBefore", channel, "jobId", "doneAt"`

export function remindersOf(db: Executor, eventIds: readonly string[]): Promise<ReminderRow[]> {
  return db.query<ReminderRow>(sql`
    SELECT ${COLUMNS} FROM event_reminders WHERE "eventId" = ANY (${eventIds}::text[])
    ORDER BY "eventId", "minutesBefore", "remindAt", id`)
}

export function lockReminder(db: Executor, id: string): Promise<ReminderRow | undefined> {
  return db.one<ReminderRow>(sql`SELECT ${COLUMNS} FROM event_reminders WHERE id = ${id} FOR UPDATE`)
}

export interface NewReminder {
  id: string
  eventId: string
  remindAt: string
  minutesBefore: number
  channel: string
}

export async function insertReminder(db: Executor, row: NewReminder): Promise<void> {
  await db.run(sql`
    INSERT INTO event_reminders (id, "eventId", "remindAt", "minutesBefore", channel)
    VALUES (${row.id}, ${row.eventId}, ${row.remindAt}::timestamptz AT TIME ZONE 'UTC', ${row.minutesBefore}, ${row.channel})`)
}

/** When it is due next and by which job; null where there is nothing left to remind of. */
export async function setNext(
  db: Executor,
  id: string,
  next: { remindAt: string; jobId: string | null } | null,
): Promise<void> {
  await db.run(
    next === null
      ? sql`UPDATE event_reminders SET "jobId" = NULL, "doneAt" = now() WHERE id = ${id}`
      : sql`UPDATE event_reminders SET "remindAt" = ${next.remindAt}::timestamptz AT TIME ZONE 'UTC', "jobId" = ${next.jobId},
          "doneAt" = NULL WHERE id = ${id}`,
  )
}

export async function removeReminders(db: Executor, eventId: string): Promise<void> {
  await db.run(sql`DELETE FROM event_reminders WHERE "eventId" = ${eventId}`)
}

/** Notes who is reminded now; answers those who were not reminded of this before. */
export async function noteReminded(
  db: Executor,
  about: { eventId: string; startAt: string; remindAt: string },
  userIds: readonly string[],
): Promise<string[]> {
  const rows = await db.query<{ userId: string }>(sql`
    INSERT INTO calendar_reminded ("eventId", "userId", "startAt", "remindAt")
    SELECT ${about.eventId}, id, ${about.startAt}, ${about.remindAt} FROM unnest(${userIds}::text[]) AS id
    ON CONFLICT DO NOTHING RETURNING "userId"`)
  return rows.map(({ userId }) => userId)
}

/** Of an endless series only what is recent must be remembered. */
export async function forgetReminded(db: Executor, eventId: string): Promise<void> {
  await db.run(sql`
    DELETE FROM calendar_reminded WHERE "eventId" = ${eventId} AND "startAt" < now() - interval '60 days'
      AND "remindAt" < now() - interval '60 days'`)
}

/** What is due and has no job, in every tenant: the other back end wrote it, or moved its event. */
export function listWithoutJob(db: Executor, limit: number): Promise<{ tenantId: string; id: string }[]> {
  return db.query(sql`
    SELECT "tenantId", id FROM event_reminders WHERE "doneAt" IS NULL AND "jobId" IS NULL
      AND "remindAt" <= now() AT TIME ZONE 'UTC' ORDER BY "remindAt" LIMIT ${limit}`)
}
