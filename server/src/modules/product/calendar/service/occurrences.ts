// The instances of events within a window, each as it really takes place.
import { setImmediate as pause } from 'node:timers/promises'
import type { EventRow, OverrideChanges, OverrideRow } from '../calendar.queries.ts'
import { instancesBetween, nextAfter, RuleTooCostly, type Series } from '../recurrence/expand.ts'
import { compact, expanded, instantOf, type Wall, wallOfDate } from '../recurrence/zones.ts'
import { durationOf, seriesOf } from './schedule.ts'

export interface Occurrence {
  row: EventRow
  /** What the rule says of when it begins; null where the event takes place once. */
  wall: Wall | null
  start: number
  end: number
  changes: OverrideChanges
}

/** An event by its id, or an instance by the event's and what the rule says of when it begins. */
export interface Reference {
  eventId: string
  wall: Wall | null
}

export const instanceId = (eventId: string, wall: Wall | null): string =>
  wall === null ? eventId : `${eventId}_${compact(wall)}`

export function referenceOf(id: string): Reference {
  const at = id.lastIndexOf('_')
  const wall = at > 0 ? expanded(id.slice(at + 1)) : undefined
  return wall === undefined ? { eventId: id, wall: null } : { eventId: id.slice(0, at), wall }
}

const isRecurring = (row: EventRow) => row.rule !== null

/** The event as it takes place first, or once. */
export function firstOccurrence(row: EventRow): Occurrence {
  return { row, wall: null, start: row.startAt.getTime(), end: row.endAt.getTime(), changes: {} }
}

const overridden = (row: EventRow, override: OverrideRow): Occurrence => ({
  row,
  wall: wallOfDate(override.recurrenceId),
  start: override.startAt.getTime(),
  end: override.endAt.getTime(),
  changes: override.changes,
})

const touches = ({ start, end }: Occurrence, from: number, to: number) =>
  start < to && (end > from || (end === start && start >= from))

/** What of one event takes place in a window and begins at `since` at the earliest; the first `limit` and more where there is more. Throws RuleTooCostly. */
export function occurrencesOf(
  row: EventRow,
  overrides: readonly OverrideRow[],
  {
    from,
    to,
    since = Number.NEGATIVE_INFINITY,
    limit,
  }: { from: number; to: number; since?: number | undefined; limit: number },
): Occurrence[] {
  const isMeant = (one: Occurrence) => touches(one, from, to) && one.start >= since
  if (!isRecurring(row)) return [firstOccurrence(row)].filter(isMeant)
  const series = seriesOf(row)
  const duration = durationOf(row)
  const moved = overrides.map((override) => overridden(row, override))
  const elsewhere = new Set(moved.map(({ wall }) => wall))
  // Of what the rule gives, these at most are not shown, and the one that ends when the window begins, and the one at a cursor.
  const enough = limit + moved.length + series.exdates.length + 3
  const regular = instancesBetween(series, Math.max(from - duration, since), to, enough)
    .filter(({ wall }) => !elsewhere.has(wall))
    .map(({ wall, at }): Occurrence => ({ row, wall, start: at, end: at + duration, changes: {} }))
  return [...regular, ...moved].filter(isMeant)
}

/** One instance, as it really takes place; undefined where the rule gives none, or it was left out. */
export function occurrenceAt(row: EventRow, overrides: readonly OverrideRow[], wall: Wall): Occurrence | undefined {
  if (!isRecurring(row)) return undefined
  const override = overrides.find((one) => wallOfDate(one.recurrenceId) === wall)
  if (override) return overridden(row, override)
  const series = seriesOf(row)
  const at = instantOf(wall, series.zone)
  const found = orNothing(() => instancesBetween(series, at, at + 1, 1)).find((one) => one.wall === wall)
  return found && { row, wall, start: at, end: at + durationOf(row), changes: {} }
}

/** The first that begins after an instant, moved ones included. */
export function occurrenceAfter(
  row: EventRow,
  overrides: readonly OverrideRow[],
  after: number,
): Occurrence | undefined {
  if (!isRecurring(row)) return row.startAt.getTime() > after ? firstOccurrence(row) : undefined
  const moved = overrides.map((override) => overridden(row, override))
  const series: Series = { ...seriesOf(row) }
  const regular: Series = { ...series, exdates: [...series.exdates, ...moved.map(({ wall }) => wall!)] }
  const [next] = orNothing(() => [nextAfter(regular, after)])
  const candidates = moved.filter(({ start }) => start > after)
  if (next) candidates.push({ row, wall: next.wall, start: next.at, end: next.at + durationOf(row), changes: {} })
  return candidates.sort((a, b) => a.start - b.start)[0]
}

/** Rules are tried before they are taken: one that grew too costly since shows nothing, and costs nothing. */
function orNothing<T>(work: () => T[]): T[] {
  try {
    return work()
  } catch (error) {
    if (error instanceof RuleTooCostly) return []
    throw error
  }
}

/** So many of a window are counted, and those that follow are found by a cursor. */
export const MOST_COUNTED = 2_000
/** After so many instances others get a turn. */
const TURN = 100

/** Where an answer ended: when its last instance begins, and its id. */
export type Place = readonly [start: number, id: string]

const placeOf = ({ row, wall, start }: Occurrence): Place => [start, instanceId(row.id, wall)]

export function isAfter(one: Occurrence, [start, id]: Place): boolean {
  const place = placeOf(one)
  return place[0] === start ? place[1] > id : place[0] > start
}

export interface Excerpt {
  found: Occurrence[]
  /** Whether the window holds more than what was found. */
  hasMore: boolean
}

/**
 * What takes place first of some events in a window, in order: as many as are counted, and after a place where one is given.
 * Once so many are found, only what begins before the last of them is looked for: the work grows little with the events.
 */
export async function firstOf(
  rows: readonly EventRow[],
  overrides: readonly OverrideRow[],
  { from, to, after }: { from: number; to: number; after: Place | undefined },
): Promise<Excerpt> {
  const byEvent = Map.groupBy(overrides, ({ eventId }) => eventId)
  let found: Occurrence[] = []
  let hasMore = false
  let end = to
  let turn = 0
  for (const row of rows) {
    const window = { from, to: end, since: after?.[0], limit: MOST_COUNTED }
    const some = orNothing(() => occurrencesOf(row, byEvent.get(row.id) ?? [], window))
    found.push(...(after ? some.filter((one) => isAfter(one, after)) : some))
    if (found.length > MOST_COUNTED) {
      hasMore = true
      found = inOrder(found).slice(0, MOST_COUNTED)
      end = found.at(-1)!.start + 1
    }
    turn += some.length + 1
    if (turn > TURN && isRecurring(row)) {
      turn = 0
      await pause()
    }
  }
  return { found: inOrder(found), hasMore }
}

const inOrder = (found: readonly Occurrence[]) =>
  found.toSorted((a, b) => a.start - b.start || (instanceId(a.row.id, a.wall) < instanceId(b.row.id, b.wall) ? -1 : 1))
