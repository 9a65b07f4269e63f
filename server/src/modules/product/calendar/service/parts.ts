// What the verbs of this module work with.
import type { Actor, UserActor } from '../../../../core/actor.ts'
import type { EventDefinition } from '../../../../core/events.ts'
import type { Database, Executor, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Events } from '../../../foundation/events/index.ts'
import type { Mail } from '../../../foundation/mail/index.ts'
import type { Actors } from '../../../identity/actors/index.ts'
import type { Roles } from '../../../identity/roles/index.ts'
import * as attendees from '../attendees.queries.ts'
import { calendarErrors } from '../calendar.errors.ts'
import { type Access, accessTo } from '../calendar.policy.ts'
import * as queries from '../calendar.queries.ts'
import type { CalendarEvent } from '../calendar.schema.ts'
import { shifted, wallOf, wallOfDate } from '../recurrence/zones.ts'
import * as reminders from '../reminders.queries.ts'
import {
  firstOccurrence,
  instanceId,
  type Occurrence,
  occurrenceAt,
  type Reference,
  referenceOf,
} from './occurrences.ts'
import { clockOf, recurrenceOf } from './schedule.ts'

export interface CalendarParts {
  database: Pick<Database, 'tenant' | 'inTenant' | 'acrossTenants'>
  audit: Pick<Audit, 'record'>
  events: Pick<Events, 'publish'>
  jobs: Pick<Jobs, 'define' | 'enqueue' | 'cancel' | 'isStarted'>
  mail: Pick<Mail, 'send'>
  /** A person as they are in a tenant now; undefined where either is not, or not any more. */
  memberOf: Actors['memberOf']
  roles: Pick<Roles, 'permissionsOfEach'>
  options: {
    /** Where this server is reached: feeds are found below it. */
    publicUrl: string
    /** The address of the sender of mails: calendars know events by its domain. */
    mailFrom: string
    /** What the product is called in feeds. */
    product: string
  }
}

export interface ChangeFacts {
  version?: number | undefined
  facts: RequestFacts
}

/** An event that somebody named, as far as it is open to them. */
export interface Standing extends Reference {
  row: queries.EventRow
  access: Access
  overrides: queries.OverrideRow[]
  /** The instance that was named; undefined where the event was. */
  occurrence: Occurrence | undefined
}

/** The event or instance. Throws `calendar.not_found` where it is not there, or not for the actor. */
export async function mustFind(db: Executor, actor: UserActor, id: string): Promise<Standing> {
  const { eventId, wall } = referenceOf(id)
  const row = await queries.find(db, eventId, actor.userId)
  const access = row && accessTo(actor, row)
  if (!row || !access) throw calendarErrors('calendar.not_found')
  const overrides = row.rule === null ? [] : await queries.overridesOf(db, [eventId])
  const occurrence = wall === null ? undefined : occurrenceAt(row, overrides, wall)
  if (wall !== null && !occurrence) throw calendarErrors('calendar.not_found')
  return { eventId, wall, row, access, overrides, occurrence }
}

/** What is shown beside events. */
export interface Surroundings {
  attendees: Map<string, attendees.AttendeeRow[]>
  guests: Map<string, attendees.GuestRow[]>
  reminders: Map<string, reminders.ReminderRow[]>
}

export async function surroundingsOf(db: Executor, ids: readonly string[]): Promise<Surroundings> {
  const byEvent = <T extends { eventId: string }>(rows: T[]) => Map.groupBy(rows, ({ eventId }) => eventId)
  return {
    attendees: byEvent(await attendees.attendeesOf(db, ids)),
    guests: byEvent(await attendees.guestsOf(db, ids)),
    reminders: byEvent(await reminders.remindersOf(db, ids)),
  }
}

/** An instance, or an event as a whole, as the actor sees it. */
export function toEvent(actor: UserActor, occurrence: Occurrence, around: Surroundings): CalendarEvent {
  const { row, wall, start, end, changes } = occurrence
  const { zone } = clockOf(row)
  const recurrence = recurrenceOf(row)
  const startLocal = wallOf(start, zone)
  const told = { ...row, ...changes }
  return {
    id: instanceId(row.id, wall),
    seriesId: recurrence ? row.id : null,
    recurrenceId: wall,
    title: told.title,
    description: told.description,
    location: told.location,
    type: told.type,
    color: told.color,
    allDay: row.allDay,
    timeZone: row.timeZone,
    start: new Date(start).toISOString(),
    end: new Date(end).toISOString(),
    startLocal,
    endLocal: row.allDay ? shifted(startLocal, end - start) : wallOf(end, zone),
    recurrence: recurrence && { rule: recurrence.rule, exdates: row.exdates, rdates: row.rdates },
    organizer: { id: row.ownerId, name: row.ownerName, avatar: row.ownerAvatar },
    attendees: (around.attendees.get(row.id) ?? []).map(({ userId, name, avatar, status }) => ({
      id: userId,
      name,
      avatar,
      status,
    })),
    guests: (around.guests.get(row.id) ?? []).map(({ email }) => email),
    reminders: (around.reminders.get(row.id) ?? []).map(({ minutesBefore, channel, remindAt, doneAt }) => ({
      minutesBefore,
      channel,
      remindAt: doneAt === null ? remindAt.toISOString() : null,
    })),
    access: accessTo(actor, row) ?? 'ATTENDEE',
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  }
}

/** The event or instance by its id, as it is now. */
export async function readEvent(db: Executor, actor: UserActor, id: string): Promise<CalendarEvent> {
  const { row, occurrence, eventId } = await mustFind(db, actor, id)
  return toEvent(actor, occurrence ?? firstOccurrence(row), await surroundingsOf(db, [eventId]))
}

export interface CalendarDeed {
  action: string
  id: string
  changes: Record<string, unknown>
}

export function record(
  { audit }: Pick<CalendarParts, 'audit'>,
  tx: Tx,
  actor: UserActor,
  { action, id, changes }: CalendarDeed,
  facts: RequestFacts,
): void {
  audit.record(tx, actor, { action, targetType: 'calendar_event', targetId: id, changes }, facts)
}

/** How many people one fact names: it is bounded in size. */
const NAMED_AT_ONCE = 50

/** Tells everybody whom something about an event concerns, whoever did it left out. */
export function tell(
  { events }: Pick<CalendarParts, 'events'>,
  tx: Tx,
  actor: Extract<Actor, { kind: 'user' | 'system' }>,
  definition: EventDefinition,
  about: { row: Pick<queries.EventRow, 'id' | 'ownerId'>; userIds: readonly string[]; more: Record<string, unknown> },
): void {
  const { row, more } = about
  const others = about.userIds.filter((id) => actor.kind !== 'user' || id !== actor.userId)
  for (let at = 0; at === 0 || at < others.length; at += NAMED_AT_ONCE) {
    const userIds = others.slice(at, at + NAMED_AT_ONCE)
    events.publish(tx, definition, { aggregateId: row.id, payload: { ownerId: row.ownerId, userIds, ...more }, actor })
  }
}

/** What a fact says of when: of the instance, or of the event as a whole. */
export const timeOf = ({ start, wall }: Pick<Occurrence, 'start' | 'wall'>) => ({
  start: new Date(start).toISOString(),
  recurrenceId: wall,
})

/** The wall times of what differs. */
export const wallOfOverride = ({ recurrenceId }: queries.OverrideRow) => wallOfDate(recurrenceId)
