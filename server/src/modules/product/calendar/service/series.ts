// Changing a series: all of it, one instance, or an instance and those that follow.
import type { Tx } from '../../../../drivers/database/index.ts'
import { copyInvited } from '../attendees.queries.ts'
import { calendarErrors } from '../calendar.errors.ts'
import * as queries from '../calendar.queries.ts'
import type { EventChanges } from '../calendar.schema.ts'
import { firstOf, instancesBetween } from '../recurrence/expand.ts'
import { between, instantOf, shifted, type Wall, wallOf, wallOfDate } from '../recurrence/zones.ts'
import { textsOf } from './drafts.ts'
import type { Occurrence } from './occurrences.ts'
import { type Standing, wallOfOverride } from './parts.ts'
import { ofSeriesOnly } from './reading.ts'
import {
  clockOf,
  DAY_MS,
  type Draft,
  durationOf,
  movedRecurrence,
  mustBeZone,
  mustNotLastTooLong,
  type Plan,
  planOf,
  readTimes,
  readWall,
  recurrenceOf,
  seriesOf,
  utc,
} from './schedule.ts'

export interface Rewritten {
  plan: Plan
  overrides: queries.NewOverride[]
}

/** The event as it takes place from now on; `occurrence` is the instance whose start and end are sent, where it is one. */
export function rewritten(standing: Standing, changes: EventChanges): Rewritten {
  const { row, occurrence, overrides } = standing
  const allDay = changes.allDay ?? row.allDay
  const timeZone = changes.timeZone === undefined ? row.timeZone : mustBeZone(changes.timeZone)
  const times = newTimes(occurrence, row, changes, { allDay, timeZone })
  const zone = clockOf(row).zone
  // Whatever moves the instance on the clock moves all of them as far.
  const from = occurrence ? wallOf(occurrence.start, zone) : wallOfDate(row.wallStart)
  const way = between(from, times.wallStart)
  const ruleFrom = occurrence?.wall ?? from
  const seriesWay = occurrence && ruleFrom !== from && changes.start === undefined ? 0 : way
  const kept = recurrenceOf(row)
  const recurrence =
    changes.recurrence === undefined ? kept && { ...movedRecurrence(kept, row, seriesWay) } : changes.recurrence
  const wallStart = occurrence ? shifted(wallOfDate(row.wallStart), seriesWay) : times.wallStart
  const draft: Draft = { ...times, wallStart: allDay ? startOfDay(wallStart) : wallStart, timeZone, allDay, recurrence }
  const plan = planOf(occurrence ? { ...draft, exactly: undefined } : draft)
  return withOverrides(plan, movedOverrides(overrides, { row, plan, way: seriesWay }))
}

const startOfDay = (wall: Wall): Wall => `${wall.slice(0, 10)}T00:00:00`

function newTimes(
  occurrence: Occurrence | undefined,
  row: queries.EventRow,
  { start, end }: EventChanges,
  to: { allDay: boolean; timeZone: string },
): Pick<Draft, 'wallStart' | 'durationMs' | 'exactly'> {
  const clock = clockOf(row)
  const from = occurrence?.start ?? row.startAt.getTime()
  const duration = occurrence ? occurrence.end - occurrence.start : durationOf(row)
  if (start !== undefined && end !== undefined) return readTimes({ start, end }, to)
  const wallStart =
    start === undefined
      ? wallOf(from, clock.zone)
      : readWall(start, { zone: to.timeZone, allDay: to.allDay, field: 'start' })
  if (end !== undefined) return readTimes({ start: wallStart, end }, to)
  // Without a new end it lasts as long as before.
  const durationMs = to.allDay ? Math.max(Math.ceil(duration / DAY_MS), 1) * DAY_MS : duration
  const isUntouched = start === undefined && to.timeZone === row.timeZone && to.allDay === row.allDay
  return {
    wallStart: to.allDay ? startOfDay(wallStart) : wallStart,
    durationMs,
    exactly: isUntouched ? from : undefined,
  }
}

/** Instances that differ go along, as far as the rule still gives them. */
function movedOverrides(
  overrides: readonly queries.OverrideRow[],
  { row, plan, way }: { row: queries.EventRow; plan: Plan; way: number },
): queries.NewOverride[] {
  if (plan.rule === null || overrides.length === 0) return []
  const [before, after] = [clockOf(row).zone, clockOf(plan).zone]
  const series = seriesOfPlan(plan)
  const move = (at: Date) => new Date(instantOf(shifted(wallOf(at.getTime(), before), way), after)).toISOString()
  return overrides.flatMap((override) => {
    const wall = shifted(wallOfOverride(override), way)
    const at = instantOf(wall, after)
    const isGiven = instancesBetween(series, at, at + 1, 1).some((one) => one.wall === wall)
    const { startAt, endAt, changes } = override
    return isGiven ? [{ recurrenceId: wall, startAt: move(startAt), endAt: move(endAt), changes }] : []
  })
}

const seriesOfPlan = (plan: Plan) =>
  seriesOf({
    ...plan,
    wallStart: new Date(`${plan.wallStart}Z`),
    lastAt: plan.lastAt === null ? null : new Date(plan.lastAt),
    exdates: [...plan.exdates],
    rdates: [...plan.rdates],
  })

/** The span reaches as far as what was moved. */
export function withOverrides(plan: Plan, overrides: queries.NewOverride[]): Rewritten {
  const times = (field: 'startAt' | 'endAt') => overrides.map((one) => Date.parse(one[field]))
  const spanStart = utc(Math.min(Date.parse(`${plan.spanStart}Z`), ...times('startAt')))
  const spanEnd =
    plan.spanEnd === 'infinity' ? plan.spanEnd : utc(Math.max(Date.parse(`${plan.spanEnd}Z`), ...times('endAt')))
  return { plan: { ...plan, spanStart, spanEnd }, overrides }
}

export const asNew = (override: queries.OverrideRow): queries.NewOverride => ({
  recurrenceId: wallOfOverride(override),
  startAt: override.startAt.toISOString(),
  endAt: override.endAt.toISOString(),
  changes: override.changes,
})

/** The event as it is, planned again: with other dates left out, or another end. */
export function replanned(row: queries.EventRow, change: Partial<Pick<Draft, 'recurrence' | 'wallStart'>> = {}): Plan {
  return planOf({
    wallStart: wallOfDate(row.wallStart),
    durationMs: durationOf(row),
    timeZone: row.timeZone,
    allDay: row.allDay,
    recurrence: recurrenceOf(row),
    exactly: row.startAt.getTime(),
    ...change,
  })
}

const MAX_OVERRIDES = 366
/** Of all instances that differ together: an invitation says all of them. */
const MAX_OVERRIDE_CHARACTERS = 200_000

/** One instance as it is to be. Throws for what only a whole series has. */
export function overrideOf(standing: Standing, changes: EventChanges): queries.NewOverride {
  const { row, occurrence, overrides } = standing
  for (const field of ['recurrence', 'allDay', 'attendeeIds', 'guests', 'reminders'] as const)
    if (changes[field] !== undefined) throw ofSeriesOnly(field)
  const { wall, start, end, changes: differing } = occurrence!
  if (overrides.length >= MAX_OVERRIDES && !overrides.some((one) => wallOfOverride(one) === wall))
    throw calendarErrors('calendar.too_many', { message: `A series has ${MAX_OVERRIDES} changed instances at most.` })
  // The clock by which times are read; the instance stays on its series'.
  const timeZone = changes.timeZone === undefined ? row.timeZone : mustBeZone(changes.timeZone)
  const isMoved = changes.start !== undefined || changes.end !== undefined
  const times = isMoved ? newTimes(occurrence, row, changes, { allDay: row.allDay, timeZone }) : undefined
  if (times) mustNotLastTooLong(times.durationMs, true)
  const from = times ? (times.exactly ?? instantOf(times.wallStart, row.allDay ? 'UTC' : timeZone)) : start
  const merged = Object.entries({ ...differing, ...textsOf(changes) })
  const texts: queries.OverrideChanges = Object.fromEntries(
    merged.filter(([key, value]) => value !== row[key as keyof typeof row]),
  )
  mustNotSayTooMuch(overrides, wall!, texts)
  return {
    recurrenceId: wall!,
    startAt: new Date(from).toISOString(),
    endAt: new Date(from + (times ? times.durationMs : end - start)).toISOString(),
    changes: texts,
  }
}

/** Throws `calendar.too_many` where an instance would say more than is left; less than before it may always say. */
function mustNotSayTooMuch(
  overrides: readonly queries.OverrideRow[],
  wall: Wall,
  texts: queries.OverrideChanges,
): void {
  const before = overrides.find((one) => wallOfOverride(one) === wall)
  const added = lengthOf(texts) - lengthOf(before?.changes ?? {})
  const all = overrides.reduce((sum, { changes }) => sum + lengthOf(changes), added)
  if (added > 0 && all > MAX_OVERRIDE_CHARACTERS)
    throw calendarErrors('calendar.too_many', {
      message: `The texts of a series' changed instances have ${MAX_OVERRIDE_CHARACTERS} characters at most in all.`,
    })
}

const lengthOf = (changes: queries.OverrideChanges): number =>
  Object.values(changes).reduce((sum, text) => sum + (text?.length ?? 0), 0)

export interface Cut {
  /** What is left; null where nothing is. */
  before: Plan | null
  /** The rule of the rest. */
  rest: string
  restOverrides: queries.OverrideRow[]
  keptOverrides: queries.OverrideRow[]
  restDates: { exdates: string[]; rdates: string[] }
}

/** Cuts a series in two before an instance. */
export function cutAt(row: queries.EventRow, overrides: readonly queries.OverrideRow[], wall: Wall): Cut {
  const { zone } = clockOf(row)
  const at = instantOf(wall, zone)
  const isBefore = (one: Wall) => instantOf(one, zone) < at
  const { rule } = recurrenceOf(row)!
  const count = Number(/;COUNT=(\d+)/.exec(rule)?.[1] ?? 0)
  const body = rule.replace(/;(?:COUNT|UNTIL)=[^;]*/, '')
  const earlier = count ? firstOf(seriesOf(row), count).filter((one) => one.at < at).length : 0
  const until = `;UNTIL=${row.allDay ? utcDate(at - 1) : utcTime(at - 1_000)}`
  const kept = (walls: string[]) => walls.filter(isBefore)
  const rest = (walls: string[]) => walls.filter((one) => !isBefore(one))
  const start = instantOf(wallOfDate(row.wallStart), zone)
  const recurrence = {
    rule: count ? `${body};COUNT=${earlier}` : body + until,
    exdates: kept(row.exdates),
    rdates: kept(row.rdates),
  }
  return {
    before: start < at ? replanned(row, { recurrence }) : null,
    rest: count ? `${body};COUNT=${count - earlier}` : rule,
    keptOverrides: overrides.filter((one) => isBefore(wallOfOverride(one))),
    restOverrides: overrides.filter((one) => !isBefore(wallOfOverride(one))),
    restDates: { exdates: rest(row.exdates), rdates: rest(row.rdates) },
  }
}

const utcTime = (at: number) => new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
const utcDate = (at: number) => utcTime(at).slice(0, 8)

/** Makes what follows an instance an event of its own, as it was; answers its row. */
export async function split(tx: Tx, standing: Standing, { newId, userId }: { newId: string; userId: string }) {
  const { row, overrides, occurrence } = standing
  const cut = cutAt(row, overrides, occurrence!.wall!)
  const wallStart = occurrence!.wall!
  const plan = replanned(row, { wallStart, recurrence: { rule: cut.rest, ...cut.restDates } })
  const { title, description, location, type, color } = row
  const moved = withOverrides(plan, cut.restOverrides.map(asNew))
  await queries.insert(tx, newId, row.ownerId, { title, description, location, type, color, ...moved.plan })
  await queries.replaceOverrides(tx, newId, moved.overrides)
  await copyInvited(tx, row.id, newId)
  const left = withOverrides(cut.before!, cut.keptOverrides.map(asNew))
  await queries.replaceOverrides(tx, row.id, left.overrides)
  await queries.update(tx, row.id, left.plan, { moved: true })
  return (await queries.find(tx, newId, userId))!
}
