// Making and changing events, whole series or single instances of them.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import * as attendees from '../attendees.queries.ts'
import { calendarErrors } from '../calendar.errors.ts'
import { CalendarChanged } from '../calendar.events.ts'
import * as queries from '../calendar.queries.ts'
import type { CalendarEvent, EventChanges, NewEvent } from '../calendar.schema.ts'
import { instancesBetween } from '../recurrence/expand.ts'
import { instantOf } from '../recurrence/zones.ts'
import { claim, meant, type Others } from './cancelling.ts'
import { differences, isMoving, newPlan, textsOf } from './drafts.ts'
import { firstOccurrence, instanceId } from './occurrences.ts'
import {
  type CalendarParts,
  type ChangeFacts,
  mustFind,
  readEvent,
  record,
  type Standing,
  tell,
  timeOf,
  wallOfOverride,
} from './parts.ts'
import { seriesOf } from './schedule.ts'
import { asNew, overrideOf, replanned, rewritten, split, withOverrides } from './series.ts'

export interface Writing {
  create(actor: UserActor, body: NewEvent, facts: RequestFacts): Promise<CalendarEvent>
  /** Changes what is named; `action` is what the trail calls it. */
  edit(
    actor: UserActor,
    id: string,
    changes: EventChanges,
    at: ChangeFacts & { action?: string },
  ): Promise<CalendarEvent>
}

export function createWriting(parts: CalendarParts, others: Others): Writing {
  const { database } = parts
  const { setInvited, concerned, writeTo, setReminders, remindersOf, schedule } = others

  /** What people invited, and reminders, are to be; both belong to all of a series. */
  async function setOthers(
    tx: Tx,
    actor: UserActor,
    row: queries.EventRow,
    changes: Partial<NewEvent>,
    isNew: boolean,
  ) {
    const { attendeeIds, guests, reminders } = changes
    if (attendeeIds || guests) await setInvited(tx, actor, row, { attendeeIds, guests }, isNew)
    if (reminders) await setReminders(tx, row, reminders)
  }

  async function editAll(
    tx: Tx,
    actor: UserActor,
    standing: Standing,
    changes: EventChanges,
    at: ChangeFacts & { isNew?: boolean },
  ) {
    const { row } = standing
    const before = at.isNew ? await invitedTo(tx, row.id) : undefined
    const texts = textsOf(changes)
    const moving = isMoving(changes)
    const { plan, overrides } = moving ? rewritten(standing, changes) : { plan: undefined, overrides: undefined }
    const written = { ...texts, ...plan }
    const { version } = at
    if (!(await queries.update(tx, row.id, written, { version, moved: moving })))
      throw calendarErrors('calendar.changed_meanwhile')
    if (overrides) await queries.replaceOverrides(tx, row.id, overrides)
    const after = (await queries.find(tx, row.id, actor.userId))!
    await setOthers(tx, actor, after, changes, false)
    if (moving) await schedule(tx, after)
    const told = differences(row, written)
    const fields = fieldsOf(told)
    await announce(tx, actor, after, { fields, standing: { ...standing, row: after, wall: null }, isTold: !before })
    if (before) {
      // Whoever was invited just now has an invitation already.
      const now = await invitedTo(tx, row.id)
      const to = {
        users: now.users.filter((one) => before.users.includes(one)),
        guests: now.guests.filter((one) => before.guests.includes(one)),
      }
      await writeTo(tx, actor, after, { template: 'calendar_invitation', wall: null, to })
    }
    return told
  }

  async function invitedTo(tx: Tx, eventId: string): Promise<{ users: string[]; guests: string[] }> {
    const users = (await attendees.attendeesOf(tx, [eventId])).filter(({ status }) => status !== 'DECLINED')
    const guests = await attendees.guestsOf(tx, [eventId])
    return { users: users.map(({ userId }) => userId), guests: guests.map(({ email }) => email) }
  }

  async function editThis(
    tx: Tx,
    actor: UserActor,
    standing: Standing,
    changes: EventChanges,
    { version }: ChangeFacts,
  ) {
    const { row, overrides } = standing
    const override = overrideOf(standing, changes)
    await queries.putOverride(tx, row.id, override)
    const all = [...overrides.filter((one) => wallOfOverride(one) !== standing.wall).map(asNew), override]
    const { plan } = withOverrides(replanned(row), all)
    const { spanStart, spanEnd } = plan
    if (!(await queries.update(tx, row.id, { spanStart, spanEnd }, { version, moved: true })))
      throw calendarErrors('calendar.changed_meanwhile')
    const after = (await queries.find(tx, row.id, actor.userId))!
    await schedule(tx, after)
    const fields = [...Object.keys(textsOf(changes)), ...(isMoving(changes) ? ['start', 'end'] : [])]
    const now = { ...standing.occurrence!, start: Date.parse(override.startAt), end: Date.parse(override.endAt) }
    await announce(tx, actor, after, { fields, standing: { ...standing, row: after, occurrence: now } })
    return { instance: standing.wall, ...override.changes, startAt: override.startAt, endAt: override.endAt }
  }

  /** Tells those who are invited what is different. */
  async function announce(
    tx: Tx,
    actor: UserActor,
    row: queries.EventRow,
    { fields, standing, isTold = true }: { fields: string[]; standing: Standing; isTold?: boolean },
  ): Promise<void> {
    if (fields.length === 0) return
    const { occurrence, wall } = standing
    const { start } = wall === null ? firstOccurrence(row) : occurrence!
    const userIds = await concerned(tx, row)
    tell(parts, tx, actor, CalendarChanged, { row, userIds, more: { ...timeOf({ start, wall }), fields } })
    // Nobody is written to about a colour.
    if (isTold && fields.some((field) => NEWS.includes(field)))
      await writeTo(tx, actor, row, { template: 'calendar_update', wall, to: 'everybody' })
  }

  async function editFollowing(tx: Tx, actor: UserActor, standing: Standing, changes: EventChanges, at: ChangeFacts) {
    mustFollow(standing)
    const id = newId()
    const after = await split(tx, standing, { newId: id, userId: actor.userId })
    const left = (await queries.find(tx, standing.row.id, actor.userId))!
    await schedule(tx, left)
    // Calendar programs know the old series without an end before this one, and the new one not at all.
    await writeTo(tx, actor, left, { template: 'calendar_update', wall: null, to: 'everybody' })
    await setReminders(tx, after, await remindersOf(tx, standing.row.id))
    record(parts, tx, actor, { action: 'calendar.split', id: standing.row.id, changes: { into: id } }, at.facts)
    const rest = await mustFind(tx, actor, id)
    await editAll(tx, actor, rest, changes, { facts: at.facts, isNew: true })
    return id
  }

  return {
    create: (actor, body, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const id = newId()
        const { title, type = 'meeting', ...texts } = textsOf(body)
        await queries.insert(tx, id, actor.userId, { title: title!, type, ...texts, ...newPlan(body) })
        const row = (await queries.find(tx, id, actor.userId))!
        await setOthers(tx, actor, row, body, true)
        const { startAt, endAt, rule } = row
        const changes = { title, startAt, endAt, rule }
        record(parts, tx, actor, { action: 'calendar.create', id, changes }, facts)
        return readEvent(tx, actor, id)
      }),

    edit: (actor, id, { scope: asked, ...changes }, { action = 'calendar.edit', ...at }) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const standing = await claim(tx, actor, id)
        const scope = meant(standing, asked, false)
        if (scope === 'following') {
          mustBeVersion(standing.row, at.version)
          const madeId = await editFollowing(tx, actor, standing, changes, at)
          return readEvent(tx, actor, madeId)
        }
        const told = await (scope === 'this' ? editThis : editAll)(tx, actor, standing, changes, at)
        record(parts, tx, actor, { action, id: standing.eventId, changes: told }, at.facts)
        return readEvent(tx, actor, scope === 'this' ? instanceId(standing.eventId, standing.wall) : standing.eventId)
      }),
  }
}

/** What was added to a series begins no series by its rule. */
function mustFollow({ row, wall }: Standing): void {
  const series = { ...seriesOf(row), exdates: [], rdates: [] }
  const at = instantOf(wall!, series.zone)
  if (!instancesBetween(series, at, at + 1, 1).some((one) => one.wall === wall))
    throw invalidField(
      'scope',
      'added_date',
      'This instance was added to its series, and nothing follows it by the rule. Name one that the rule gives.',
    )
}

function mustBeVersion({ updatedAt }: queries.EventRow, version: number | undefined): void {
  if (version !== undefined && updatedAt.getTime() !== version) throw calendarErrors('calendar.changed_meanwhile')
}

/** In the words of the API. */
const FIELDS: Record<string, string> = {
  startAt: 'start',
  endAt: 'end',
  rule: 'recurrence',
  exdates: 'recurrence',
  rdates: 'recurrence',
}

const NEWS = ['start', 'end', 'allDay', 'timeZone', 'recurrence', 'title', 'location', 'description']

function fieldsOf(told: Record<string, unknown>): string[] {
  return [...new Set(Object.keys(told).map((field) => FIELDS[field] ?? field))].sort()
}
