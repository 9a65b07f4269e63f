// From a rule to instances: within a window, and within a budget, whatever the rule says.
import { RRuleTemporal } from 'rrule-temporal'
import { Temporal } from 'temporal-polyfill'
import { instantOf, type Wall } from './zones.ts'

/** Everything that says when an event takes place. */
export interface Series {
  /** When the first one begins. */
  wallStart: Wall
  /** UTC for whole days. */
  zone: string
  /** FREQ=…, without COUNT and UNTIL; null: once. */
  body: string | null
  /** When the last one of the rule begins, in milliseconds since the epoch; undefined: never. */
  lastAt: number | undefined
  exdates: readonly Wall[]
  rdates: readonly Wall[]
}

export interface Instance {
  /** By the rule: what names the instance for ever. */
  wall: Wall
  /** When it begins, in milliseconds since the epoch. */
  at: number
}

/** The rule asks for more work than any calendar needs. */
export class RuleTooCostly extends Error {}

// One query of a window stays below these; only rules that find nothing for very long reach them.
const MAX_ITERATIONS = 10_000
const MAX_CANDIDATES = 50_000
const KEPT_RULES = 500
const DAY_MS = 86_400_000
/** How much of a window one query takes, where a rule may give an instance every hour. */
const DENSE_MS = 30 * DAY_MS

type Compiled = Pick<RRuleTemporal, 'between' | 'all'>
/** A rule answers a second window faster than the first one. */
const kept = new Map<string, Compiled>()

function compiled({ wallStart, zone, body }: Series, end: string): Compiled {
  const key = `${wallStart}[${zone}]${body}${end}`
  const known = kept.get(key)
  if (known) return known
  const dtstart = Temporal.PlainDateTime.from(wallStart).toZonedDateTime(zone)
  const rule = new RRuleTemporal({
    rruleString: `RRULE:${withMinute(body, wallStart)}${end}`,
    dtstart,
    cache: false,
    maxIterations: MAX_ITERATIONS,
    maxCandidateEvaluations: MAX_CANDIDATES,
  })
  if (kept.size >= KEPT_RULES) kept.delete(kept.keys().next().value!)
  kept.set(key, rule)
  return rule
}

/** What a rule does not say is the start's (3.3.10): the minute of every hour too, where a clock jumps by half of one. */
function withMinute(body: string | null, wallStart: Wall): string {
  if (!body?.startsWith('FREQ=HOURLY') || body.includes('BYMINUTE')) return body ?? ''
  return `${body};BYMINUTE=${Number(wallStart.slice(14, 16))}`
}

type Found = ReturnType<RRuleTemporal['all']>[number]

const instance = (found: Found): Instance => ({
  wall: found.toPlainDateTime().toString({ smallestUnit: 'second' }),
  at: found.epochMilliseconds,
})

/** Does the work of the library, whose own errors say that a limit was reached. */
function within<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new RuleTooCostly((error as Error).message, { cause: error })
  }
}

/** What begins from `from` until before `to`, in order: all of it, or `limit` and perhaps some more. Throws RuleTooCostly. */
export function instancesBetween(series: Series, from: number, to: number, limit: number): Instance[] {
  const extra = series.rdates
    .map((wall) => ({ wall, at: instantOf(wall, series.zone) }))
    .filter(({ at }) => at >= from && at < to)
  const found = [...generated(series, from, to, limit), ...extra]
  const gone = new Set(series.exdates)
  const seen = new Set<Wall>()
  return found.filter(({ wall }) => !gone.has(wall) && !seen.has(wall) && seen.add(wall)).sort((a, b) => a.at - b.at)
}

function generated(series: Series, from: number, to: number, limit: number): Instance[] {
  const { wallStart, zone, body, lastAt } = series
  const first = instantOf(wallStart, zone)
  if (body === null) return first >= from && first < to ? [{ wall: wallStart, at: first }] : []
  const [begin, end] = [Math.max(from, first), Math.min(to - 1, lastAt ?? Number.POSITIVE_INFINITY)]
  const found: Instance[] = []
  const step = /FREQ=HOURLY|BYHOUR|BYMINUTE/.test(body) ? DENSE_MS : Number.POSITIVE_INFINITY
  for (let at = begin; at <= end && found.length < limit; at += step) {
    const upTo = Math.min(at + step - 1, end)
    const rule = compiled(series, '')
    found.push(...within(() => rule.between(new Date(at), new Date(upTo), true)).map(instance))
  }
  return found
}

/** The first instances that the rule gives, up to so many, without dates that are left out or added. Throws RuleTooCostly. */
export function firstOf(series: Series, count: number): Instance[] {
  if (series.body === null) return [{ wall: series.wallStart, at: instantOf(series.wallStart, series.zone) }]
  return within(() => compiled(series, `;COUNT=${count}`).all()).map(instance)
}

/** How far ahead to look for the next instance, from the nearest on: rules that are dense never reach the later ones. */
const AHEAD_MS = [32, 400, 4_000, 40_000].map((days) => days * DAY_MS)

/** The first that begins after an instant; undefined when none does within some hundred years. Throws RuleTooCostly. */
export function nextAfter(series: Series, after: number): Instance | undefined {
  let from = after + 1
  for (const ahead of AHEAD_MS) {
    const [next] = instancesBetween(series, from, from + ahead, 1)
    if (next) return next
    from += ahead
  }
  return undefined
}
