// Reminders: each waits as a job for its next instance, goes with its event, and reminds each person once.
import { randomUUID } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { newId } from '../../../../core/ids.ts'
import type { Executor, Tx } from '../../../../drivers/database/index.ts'
import type { JobSettings } from '../../../../drivers/queue/index.ts'
import * as attendees from '../attendees.queries.ts'
import { CalendarReminder } from '../calendar.events.ts'
import * as queries from '../calendar.queries.ts'
import type { ReminderInput } from '../calendar.schema.ts'
import * as reminders from '../reminders.queries.ts'
import type { Inviting } from './inviting.ts'
import type { Letters } from './letters.ts'
import { type Occurrence, occurrenceAfter } from './occurrences.ts'
import { type CalendarParts, tell, timeOf } from './parts.ts'
import { comesAt, DAY_MS } from './schedule.ts'

const Payload = Type.Object(
  {
    reminderId: Type.String({ minLength: 1, maxLength: 64 }),
    /** When it is due, in milliseconds since the epoch: a job for another time has nothing to do. */
    due: Type.Integer(),
  },
  { additionalProperties: false },
)

export const remindJob = {
  name: 'calendar.remind',
  schema: Payload,
  retry: { limit: 8, delaySeconds: 5, backoff: true, maxDelaySeconds: 600 },
  timeoutSeconds: 60,
  concurrency: 4,
} satisfies JobSettings

/** Finds reminders that nobody made a job for: what the other back end wrote. */
export const sweepRemindersJob = {
  name: 'calendar.sweep',
  scope: 'installation',
  schedule: { cron: '* * * * *', timeZone: 'UTC' },
  schema: Type.Object({}),
  retry: { limit: 2, delaySeconds: 20, backoff: false, maxDelaySeconds: 20 },
  timeoutSeconds: 50,
  concurrency: 1,
  keepDays: 1,
} satisfies JobSettings

export interface Reminding {
  /** Puts these reminders in the place of those that an event has. */
  setReminders(tx: Tx, row: queries.EventRow, wanted: readonly ReminderInput[]): Promise<void>
  remindersOf(db: Executor, eventId: string): Promise<ReminderInput[]>
  /** Has every reminder of an event wait for what comes next. */
  schedule(tx: Tx, row: queries.EventRow): Promise<void>
  /** The jobs of an event that ends. */
  unschedule(tx: Tx, eventId: string): Promise<void>
  /** Gives jobs to what is due without one; answers how many. */
  sweep(): Promise<number>
  defineJobs(): void
}

const MINUTE_MS = 60_000
/** A reminder that comes later than this, after an outage, is none. */
const TOO_LATE_MS = 86_400_000
/** Of dates: what the other back end moves across a change of the clocks is due an hour too early or too late. */
const SLACK_MS = 2 * 3_600_000
const SWEPT_AT_ONCE = 500

const system = { kind: 'system', name: 'calendar' } as const

export function createReminding(
  parts: CalendarParts,
  { concerned, letters }: Pick<Inviting, 'concerned'> & { letters: Pick<Letters, 'remind'> },
): Reminding {
  const { database, jobs } = parts

  async function cancelJob(tx: Tx, { jobId }: reminders.ReminderRow): Promise<void> {
    if (jobId !== null) await jobs.cancel(tx, tx.tenantId!, jobId)
  }

  /** Has a reminder wait for the first instance of which it is not due yet. */
  async function wait(tx: Tx, reminder: reminders.ReminderRow, after: number, at: Place): Promise<void> {
    const { row, overrides } = at
    const lead = (reminder.minutesBefore ?? 0) * MINUTE_MS
    const next = comingAfter(row, overrides, after + lead)
    if (!next) return reminders.setNext(tx, reminder.id, null)
    const due = comesAt(row, next.start) - lead
    const remindAt = new Date(due).toISOString()
    const delaySeconds = Math.max(Math.ceil((due - Date.now()) / 1_000), 0)
    const payload = { reminderId: reminder.id, due }
    // A verb that does not work on jobs leaves it to the sweep.
    const jobId = jobs.isStarted()
      ? await jobs.enqueue(tx, remindJob.name, payload, { delaySeconds, singletonKey: randomUUID() })
      : undefined
    await reminders.setNext(tx, reminder.id, { remindAt, jobId: jobId ?? null })
  }

  async function schedule(tx: Tx, row: queries.EventRow): Promise<void> {
    const own = await reminders.remindersOf(tx, [row.id])
    if (own.length === 0) return
    const overrides = await queries.overridesOf(tx, [row.id])
    for (const reminder of own) {
      // One of the other back end names its own time.
      if (reminder.minutesBefore === null) continue
      await cancelJob(tx, reminder)
      await wait(tx, reminder, Date.now(), { row, overrides })
    }
  }

  async function unschedule(tx: Tx, eventId: string): Promise<void> {
    for (const reminder of await reminders.remindersOf(tx, [eventId])) await cancelJob(tx, reminder)
  }

  async function setReminders(tx: Tx, row: queries.EventRow, wanted: readonly ReminderInput[]): Promise<void> {
    await unschedule(tx, row.id)
    await reminders.removeReminders(tx, row.id)
    const distinct = new Map(wanted.map((one) => [one.minutesBefore, one]))
    for (const { minutesBefore, channel = 'notification' } of distinct.values()) {
      const remindAt = new Date(comesAt(row, row.startAt.getTime()) - minutesBefore * MINUTE_MS).toISOString()
      await reminders.insertReminder(tx, { id: newId(), eventId: row.id, remindAt, minutesBefore, channel })
    }
    await schedule(tx, row)
  }

  /** Reminds everybody of what is due, and waits for what comes next: all in one transaction, or nothing. */
  async function remind(tx: Tx, { reminderId, due }: Static<typeof Payload>): Promise<number> {
    const reminder = await reminders.lockReminder(tx, reminderId)
    // Moved, removed or done meanwhile.
    if (!reminder || reminder.doneAt !== null || reminder.remindAt.getTime() !== due) return 0
    const row = await queries.find(tx, reminder.eventId, '')
    if (!row) return 0
    const overrides = await queries.overridesOf(tx, [row.id])
    const lead = (reminder.minutesBefore ?? 0) * MINUTE_MS
    const now = Date.now()
    const slack = row.allDay ? SLACK_MS : 0
    const current = reminder.minutesBefore === null ? oneOff(row) : comingAfter(row, overrides, due + lead - slack - 1)
    const isToTell = current && now - due < TOO_LATE_MS && !isOver(current, now)
    const reminded = isToTell ? await remindOf(tx, row, { reminder, occurrence: current, due }) : 0
    await reminders.forgetReminded(tx, row.id)
    if (reminder.minutesBefore === null) await reminders.setNext(tx, reminder.id, null)
    else {
      const meant = current ? comesAt(row, current.start) - lead : due
      const told = Math.abs(meant - due) <= slack ? meant : due
      await wait(tx, reminder, Math.max(due, told, now - TOO_LATE_MS), { row, overrides })
    }
    return reminded
  }

  const oneOff = (row: queries.EventRow): Occurrence => ({
    row,
    wall: null,
    start: row.startAt.getTime(),
    end: row.endAt.getTime(),
    changes: {},
  })

  async function remindOf(
    tx: Tx,
    row: queries.EventRow,
    { reminder, occurrence, due }: { reminder: reminders.ReminderRow; occurrence: Occurrence; due: number },
  ): Promise<number> {
    const people = await attendees.activeMembers(tx, await concerned(tx, row))
    const about = {
      eventId: row.id,
      startAt: new Date(occurrence.start).toISOString(),
      remindAt: new Date(due).toISOString(),
    }
    const ids = people.map(({ id }) => id)
    const fresh = ids.length ? await reminders.noteReminded(tx, about, ids) : []
    if (fresh.length === 0) return 0
    const { minutesBefore, channel } = reminder
    const more = { ...timeOf(occurrence), minutesBefore: minutesBefore ?? 0, channel }
    tell(parts, tx, system, CalendarReminder, { row, userIds: fresh, more })
    if (channel !== 'notification')
      await letters.remind(
        tx,
        occurrence,
        people.filter(({ id }) => fresh.includes(id)),
      )
    return fresh.length
  }

  async function sweep(): Promise<number> {
    const stranded = await database.acrossTenants('reminders without a job, of every tenant', (tx) =>
      reminders.listWithoutJob(tx, SWEPT_AT_ONCE),
    )
    for (const { tenantId, id } of stranded)
      await database.inTenant(tenantId, async (tx) => {
        const reminder = await reminders.lockReminder(tx, id)
        if (!reminder || reminder.jobId !== null || reminder.doneAt !== null) return
        const due = reminder.remindAt.getTime()
        const jobId = await jobs.enqueue(tx, remindJob.name, { reminderId: id, due }, { singletonKey: randomUUID() })
        await reminders.setNext(tx, id, { remindAt: reminder.remindAt.toISOString(), jobId: jobId ?? null })
      })
    return stranded.length
  }

  return {
    setReminders,
    schedule,
    unschedule,
    sweep,
    async remindersOf(db, eventId) {
      const own = await reminders.remindersOf(db, [eventId])
      return own.flatMap(({ minutesBefore, channel }) => (minutesBefore === null ? [] : [{ minutesBefore, channel }]))
    },
    defineJobs() {
      jobs.define({
        ...remindJob,
        handler: async ({ payload, database: db, complete }) => {
          await db.transaction(async (tx) => complete(tx, { reminded: await remind(tx, payload) }))
        },
      })
      jobs.define({ ...sweepRemindersJob, handler: async () => ({ swept: await sweep() }) })
    },
  }
}

interface Place {
  row: queries.EventRow
  overrides: queries.OverrideRow[]
}

/** The first that comes after an instant. Dates are kept in UTC, from which no zone is a day away. */
function comingAfter(
  row: queries.EventRow,
  overrides: readonly queries.OverrideRow[],
  after: number,
): Occurrence | undefined {
  let next = occurrenceAfter(row, overrides, row.allDay ? after - DAY_MS : after)
  while (next && comesAt(row, next.start) <= after) next = occurrenceAfter(row, overrides, next.start)
  return next
}

/** What takes no time is about to begin for a minute more. */
function isOver({ row, start, end }: Occurrence, now: number): boolean {
  return Math.max(comesAt(row, end), comesAt(row, start) + MINUTE_MS) <= now
}
