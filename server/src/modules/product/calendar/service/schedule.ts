// When an event takes place: from what somebody sent to what is kept, or a refusal by field.
import { invalidField } from '../../../../core/errors.ts'
import { isTimestamp } from '../../../../core/timestamps.ts'
import type { EventRow, Writing } from '../calendar.queries.ts'
import type { Recurrence } from '../calendar.schema.ts'
import { firstOf, instancesBetween, RuleTooCostly, type Series } from '../recurrence/expand.ts'
import { readRule, writeRule } from '../recurrence/rule.ts'
import { canonicalZone, instantOf, isWall, shifted, type Wall, wallOf, wallOfDate } from '../recurrence/zones.ts'

export const DAY_MS = 86_400_000
const MAX_ONCE_MS = 366 * DAY_MS
const MAX_RECURRING_MS = 31 * DAY_MS
// Wide enough for birthdays, and within what every calendar program reads.
const [EARLIEST, LATEST] = [Date.UTC(1900, 0), Date.UTC(2200, 0)]
/** How far ahead a rule is tried before it is taken. */
const TRIED_MS = 800 * DAY_MS

/** The clock of an event: whole days are the same dates everywhere, and are counted in UTC. */
export const clockOf = ({ allDay, timeZone }: Pick<EventRow, 'allDay' | 'timeZone'>) => ({
  allDay,
  zone: allDay ? 'UTC' : timeZone,
})

/** When a kept time comes for a reminder: dates come at midnight on the event's own clock (RFC 5545, 3.8.6.3). */
export function comesAt({ allDay, timeZone }: Pick<EventRow, 'allDay' | 'timeZone'>, at: number): number {
  return allDay && timeZone !== 'UTC' ? instantOf(wallOf(at, 'UTC'), timeZone) : at
}

export function mustBeZone(sent: string): string {
  const zone = canonicalZone(sent)
  if (zone === undefined)
    throw invalidField('timeZone', 'unknown', 'This is no time zone of the IANA, such as Europe/Paris.')
  return zone
}

/** A point in time, a time on the zone's clock or a date, as a time on the clock that the event goes by. */
export function readWall(
  sent: string,
  { zone, allDay, field }: { zone: string; allDay: boolean; field: string },
): Wall {
  const wall = /^\d{4}-\d\d-\d\d$/.test(sent)
    ? `${sent}T00:00:00`
    : /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(sent)
      ? `${sent}:00`
      : sent
  if (isWall(wall)) return within(allDay ? wall : wallOf(instantOf(wall, zone), zone), field)
  if (!isTimestamp(sent))
    throw invalidField(field, 'format', 'This is no date, and no time with or without an offset (ISO 8601).')
  return within(wallOf(Math.floor(Date.parse(sent) / 1_000) * 1_000, zone), field)
}

function within(wall: Wall, field: string): Wall {
  const at = Date.parse(`${wall}Z`)
  if (!(at >= EARLIEST && at < LATEST))
    throw invalidField(field, 'out_of_range', 'This lies before 1900 or after 2199.')
  return wall
}

/** What is to be planned. `end` is on the same clock as the start. */
export interface Draft {
  wallStart: Wall
  durationMs: number
  timeZone: string
  allDay: boolean
  recurrence: Recurrence | null
  /** The instant that was sent: of a time that comes twice on the clock it may be the second. */
  exactly?: number | undefined
}

/** From a start and an end as they were sent. */
export function readTimes(
  sent: { start: string; end: string },
  { timeZone, allDay }: { timeZone: string; allDay: boolean },
): Pick<Draft, 'wallStart' | 'durationMs' | 'exactly'> {
  const [start, end] = [
    readWall(sent.start, { zone: timeZone, allDay, field: 'start' }),
    readWall(sent.end, { zone: timeZone, allDay, field: 'end' }),
  ]
  if (!allDay) {
    const [from, to] = [instantSent(sent.start, start, timeZone), instantSent(sent.end, end, timeZone)]
    return { wallStart: start, durationMs: lasting(to - from), exactly: from }
  }
  const day = `${start.slice(0, 10)}T00:00:00`
  const days = Math.ceil((Date.parse(`${end}Z`) - Date.parse(`${day}Z`)) / DAY_MS)
  return { wallStart: day, durationMs: lasting(days * DAY_MS) || DAY_MS }
}

function instantSent(sent: string, wall: Wall, zone: string): number {
  return isTimestamp(sent) ? Math.floor(Date.parse(sent) / 1_000) * 1_000 : instantOf(wall, zone)
}

function lasting(ms: number): number {
  if (ms < 0) throw invalidField('end', 'before_start', 'An event does not end before it begins.')
  return ms
}

export type Plan = Pick<
  Writing,
  | 'allDay'
  | 'timeZone'
  | 'startAt'
  | 'endAt'
  | 'wallStart'
  | 'rule'
  | 'lastAt'
  | 'exdates'
  | 'rdates'
  | 'spanStart'
  | 'spanEnd'
>

/** Throws `request.invalid` for an event, or an instance of a series, that no calendar can show. */
export function mustNotLastTooLong(durationMs: number, isRecurring: boolean): void {
  if (durationMs > (isRecurring ? MAX_RECURRING_MS : MAX_ONCE_MS))
    throw invalidField(
      'end',
      'too_long',
      `An event lasts ${isRecurring ? '31 days where it recurs' : '366 days'} at most.`,
    )
}

/** Everything that is kept of when an event takes place. Throws `request.invalid` for what no calendar can show. */
export function planOf(draft: Draft): Plan {
  const { wallStart, durationMs, timeZone, allDay, recurrence } = draft
  const clock = clockOf({ allDay, timeZone })
  mustNotLastTooLong(durationMs, recurrence !== null)
  const start = (recurrence ? undefined : draft.exactly) ?? instantOf(wallStart, clock.zone)
  const moments = { allDay, timeZone, wallStart, startAt: utc(start), endAt: utc(start + durationMs) }
  if (!recurrence)
    return {
      ...moments,
      rule: null,
      lastAt: null,
      exdates: [],
      rdates: [],
      spanStart: utc(start),
      spanEnd: utc(start + durationMs),
    }
  const rule = readRule(recurrence.rule, clock)
  const walls = (sent: readonly string[] | undefined, field: string) => [
    ...new Set((sent ?? []).map((one, at) => readWall(one, { ...clock, field: `recurrence.${field}.${at}` }))),
  ]
  const [exdates, rdates] = [walls(recurrence.exdates, 'exdates'), walls(recurrence.rdates, 'rdates')]
  const series: Series = { wallStart, zone: clock.zone, body: rule.body, lastAt: rule.until, exdates: [], rdates: [] }
  const lastAt = trying(() => lastOf(series, rule.count, start))
  const extra = rdates.map((wall) => instantOf(wall, clock.zone))
  const last = Math.max(lastAt ?? Number.POSITIVE_INFINITY, ...extra)
  return {
    ...moments,
    rule: writeRule(rule, clock),
    lastAt: lastAt === undefined ? null : new Date(lastAt).toISOString(),
    exdates: exdates.sort(),
    rdates: rdates.sort(),
    spanStart: utc(Math.min(start, ...extra)),
    spanEnd: last === Number.POSITIVE_INFINITY ? 'infinity' : utc(last + durationMs),
  }
}

/** When the last instance begins; undefined where there is none. Tries the rule on the way: it must begin with the start. */
function lastOf(series: Series, count: number | undefined, start: number): number | undefined {
  const instances = count === undefined ? instancesBetween(series, start, start + TRIED_MS, 1) : firstOf(series, count)
  if (instances[0]?.at !== start)
    throw invalidField('recurrence.rule', 'not_synchronized', 'The start must be the first instance of its rule.')
  return count === undefined ? series.lastAt : instances.at(-1)!.at
}

function trying<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof RuleTooCostly)
      throw invalidField('recurrence.rule', 'too_costly', 'This rule takes too long to follow. Say it in another way.')
    throw error
  }
}

/** Without an offset, as a timestamp without a zone is written. */
export const utc = (instant: number): string => new Date(instant).toISOString().replace('Z', '')

/** COUNT and UNTIL stand beside the rule, as the instant of its last instance. */
const bodyOf = (rule: string | null) => rule?.replace(/;(?:COUNT|UNTIL)=[^;]*/, '') ?? null

/** An event as the expansion takes it. */
export function seriesOf(
  row: Pick<EventRow, 'wallStart' | 'allDay' | 'timeZone' | 'rule' | 'lastAt' | 'exdates' | 'rdates'>,
): Series {
  return {
    wallStart: wallOfDate(row.wallStart),
    zone: clockOf(row).zone,
    body: bodyOf(row.rule),
    lastAt: row.lastAt?.getTime(),
    exdates: row.exdates,
    rdates: row.rdates,
  }
}

/** The event's rule as somebody would send it. */
export function recurrenceOf({
  rule,
  exdates,
  rdates,
}: Pick<EventRow, 'rule' | 'exdates' | 'rdates'>): Recurrence | null {
  return rule === null ? null : { rule, exdates, rdates }
}

export const durationOf = ({ startAt, endAt }: Pick<EventRow, 'startAt' | 'endAt'>): number =>
  Math.max(endAt.getTime() - startAt.getTime(), 0)

/** The same rule for a start that is so many milliseconds later on the clock. */
export function movedRecurrence({ rule, exdates, rdates }: Recurrence, row: EventRow, ms: number): Recurrence {
  if (ms === 0) return { rule, ...(exdates && { exdates }), ...(rdates && { rdates }) }
  const clock = clockOf(row)
  const parsed = readRule(rule, clock)
  const until =
    parsed.until === undefined ? undefined : instantOf(shifted(wallOf(parsed.until, clock.zone), ms), clock.zone)
  const move = (walls: readonly string[] = []) => walls.map((wall) => shifted(wall, ms))
  return { rule: writeRule({ ...parsed, until }, clock), exdates: move(exdates), rdates: move(rdates) }
}
