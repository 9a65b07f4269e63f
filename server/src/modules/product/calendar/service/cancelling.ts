// Cancelling events, whole series, single instances, or what follows one; and what is meant by an instance of a series.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { type BatchResult, deleteEach } from '../../access/index.ts'
import { calendarErrors } from '../calendar.errors.ts'
import { CalendarCancelled } from '../calendar.events.ts'
import { mustOrganize } from '../calendar.policy.ts'
import * as queries from '../calendar.queries.ts'
import type { Scope } from '../calendar.schema.ts'
import { instancesBetween } from '../recurrence/expand.ts'
import { instantOf } from '../recurrence/zones.ts'
import type { Inviting } from './inviting.ts'
import type { Letters } from './letters.ts'
import { firstOccurrence, occurrenceAfter } from './occurrences.ts'
import { type CalendarParts, mustFind, record, type Standing, tell, timeOf, wallOfOverride } from './parts.ts'
import type { Reminding } from './reminding.ts'
import { clockOf, seriesOf } from './schedule.ts'
import { asNew, cutAt, replanned, withOverrides } from './series.ts'

export interface Cancelling {
  remove(actor: UserActor, id: string, scope: Scope | undefined, facts: RequestFacts): Promise<void>
  /** Cancels those that the actor may cancel; what is refused is said of each. */
  removeMany(actor: UserActor, ids: readonly string[], facts: RequestFacts): Promise<BatchResult>
}

/** What the verbs that write do besides. */
export type Others = Pick<Inviting, 'setInvited' | 'concerned'> &
  Pick<Letters, 'writeTo'> &
  Pick<Reminding, 'setReminders' | 'remindersOf' | 'schedule' | 'unschedule'>

/** The event for a change by whoever organizes it; whoever else changes it waits. */
export async function claim(tx: Tx, actor: UserActor, id: string): Promise<Standing> {
  await queries.lock(tx, (await mustFind(tx, actor, id)).eventId)
  const standing = await mustFind(tx, actor, id)
  mustOrganize(standing.access)
  return standing
}

/** Of a series the first instance stands for all, and so does the last one that is left. */
export function meant(standing: Standing, asked: Scope | undefined, isCancelling: boolean): Scope {
  const { wall } = standing
  const scope = asked ?? (wall === null ? 'all' : 'this')
  if (wall === null) {
    if (scope !== 'all') throw invalidField('scope', 'of_instance', 'Name an instance of a series to change only some.')
    return 'all'
  }
  if (scope === 'following' && isFirst(standing, wall)) return 'all'
  if (scope === 'this' && isCancelling && isLast(standing, wall)) return 'all'
  return scope
}

/** Whether nothing of a series comes before the instance. */
function isFirst({ row, overrides }: Standing, wall: string): boolean {
  const series = seriesOf(row)
  const at = instantOf(wall, series.zone)
  const earlier = overrides.some((one) => instantOf(wallOfOverride(one), series.zone) < at)
  return !earlier && instancesBetween(series, Number.MIN_SAFE_INTEGER / 1_000, at, 1).length === 0
}

/** Whether nothing is left of a series without the instance. */
function isLast({ row, overrides }: Standing, wall: string): boolean {
  const others = overrides.filter((one) => wallOfOverride(one) !== wall)
  const without = { ...row, exdates: [...row.exdates, wall], rdates: row.rdates.filter((one) => one !== wall) }
  const { zone } = clockOf(row)
  const starts = [
    row.startAt.getTime(),
    ...without.rdates.map((one) => instantOf(one, zone)),
    ...others.map(({ startAt }) => startAt.getTime()),
  ]
  return occurrenceAfter(without, others, Math.min(...starts) - 1) === undefined
}

const MAX_EXDATES = 1_000

export function createCancelling(parts: CalendarParts, others: Others): Cancelling {
  const { database } = parts
  const { concerned, writeTo, schedule, unschedule } = others

  async function cancel(tx: Tx, actor: UserActor, standing: Standing, scope: Scope, facts: RequestFacts) {
    const { row, wall, occurrence } = standing
    const userIds = await concerned(tx, row)
    const { start } = occurrence ?? firstOccurrence(row)
    const about = { row, userIds, more: timeOf({ start, wall: scope === 'all' ? null : wall }) }
    if (scope === 'all') {
      await writeTo(tx, actor, row, { template: 'calendar_cancellation', wall: null, to: 'everybody' })
      await unschedule(tx, row.id)
      await queries.remove(tx, row.id)
    } else {
      if (scope === 'this') await writeTo(tx, actor, row, { template: 'calendar_cancellation', wall, to: 'everybody' })
      await shorten(tx, actor, standing, scope)
    }
    tell(parts, tx, actor, CalendarCancelled, about)
    const changes = { title: row.title, ...(scope !== 'all' && { instance: wall, scope }) }
    record(parts, tx, actor, { action: 'calendar.delete', id: row.id, changes }, facts)
  }

  /** Leaves out an instance, or ends the series before it. */
  async function shorten(tx: Tx, actor: UserActor, standing: Standing, scope: 'this' | 'following'): Promise<void> {
    const { row, overrides, wall } = standing
    const kept = overrides.filter((one) => wallOfOverride(one) !== wall)
    const cut = scope === 'following' ? cutAt(row, overrides, wall!) : undefined
    if (!cut && row.exdates.length >= MAX_EXDATES)
      throw calendarErrors('calendar.too_many', { message: `A series leaves out ${MAX_EXDATES} dates at most.` })
    const recurrence = {
      rule: row.rule!,
      exdates: [...row.exdates, wall!],
      rdates: row.rdates.filter((one) => one !== wall),
    }
    const plan = cut ? cut.before! : replanned(row, { recurrence })
    const left = withOverrides(plan, (cut ? cut.keptOverrides : kept).map(asNew))
    await queries.replaceOverrides(tx, row.id, left.overrides)
    await queries.update(tx, row.id, left.plan, { moved: true })
    const after = (await queries.find(tx, row.id, actor.userId))!
    await schedule(tx, after)
    if (scope === 'following')
      await writeTo(tx, actor, after, { template: 'calendar_update', wall: null, to: 'everybody' })
  }

  async function remove(tx: Tx, actor: UserActor, id: string, asked: Scope | undefined, facts: RequestFacts) {
    const standing = await claim(tx, actor, id)
    await cancel(tx, actor, standing, meant(standing, asked, true), facts)
  }

  return {
    remove: (actor, id, scope, facts) => database.inTenant(actor.tenantId, (tx) => remove(tx, actor, id, scope, facts)),

    removeMany: (actor, ids, facts) =>
      database.inTenant(actor.tenantId, (tx) =>
        deleteEach('event', ids, (id) => remove(tx, actor, id, undefined, facts), { done: 'deleted' }),
      ),
  }
}
