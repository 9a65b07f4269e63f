// A time zone as iCalendar describes it (RFC 5545, 3.6.5): every change of its clock within some years, by date.
import { Temporal } from 'temporal-polyfill'
import { compact, wallOfDate } from '../recurrence/zones.ts'
import { component, line } from './lines.ts'

interface Observance {
  kind: 'STANDARD' | 'DAYLIGHT'
  from: number
  to: number
  /** On the clock as it was before. */
  starts: string[]
}

const KEPT = 500
const known = new Map<string, string[]>()

/** VTIMEZONE for what takes place from one year to another. */
export function zoneComponent(zone: string, fromYear: number, toYear: number): string[] {
  const key = `${zone} ${fromYear} ${toYear}`
  const made = known.get(key) ?? describe(zone, fromYear, toYear)
  if (known.size >= KEPT) known.clear()
  known.set(key, made)
  return made
}

/** Whole seconds: some clocks went by odd ones before there were zones. */
const offsetOf = (at: Temporal.ZonedDateTime) => Math.round(at.offsetNanoseconds / 1e9)

function describe(zone: string, fromYear: number, toYear: number): string[] {
  const begin = Temporal.PlainDateTime.from({ year: fromYear, month: 1, day: 1 }).toZonedDateTime(zone)
  const first = offsetOf(begin)
  const observances = new Map<string, Observance>()
  let before = first
  for (let at = begin.getTimeZoneTransition('next'); at && at.year <= toYear; at = at.getTimeZoneTransition('next')) {
    const after = offsetOf(at)
    const shown = compact(wallOfDate(new Date(at.epochMilliseconds + before * 1_000)))
    const one = observances.get(`${before}/${after}`) ?? {
      kind: after > before ? 'DAYLIGHT' : 'STANDARD',
      from: before,
      to: after,
      starts: [],
    }
    one.starts.push(shown)
    observances.set(`${before}/${after}`, one)
    before = after
  }
  const start = compact(begin.toPlainDateTime().toString({ smallestUnit: 'second' }))
  const opening = component('STANDARD', [line('DTSTART', start), ...offsets(first, first)])
  // A line for each: some programs read only the first date of one.
  const changes = [...observances.values()].flatMap(({ kind, from, to, starts: [one, ...more] }) =>
    component(kind, [line('DTSTART', one!), ...offsets(from, to), ...more.map((at) => line('RDATE', at))]),
  )
  return component('VTIMEZONE', [line('TZID', zone), ...opening, ...changes])
}

const offsets = (from: number, to: number) => [line('TZOFFSETFROM', written(from)), line('TZOFFSETTO', written(to))]

/** `+0530`, and `+001234` where there are seconds. */
function written(seconds: number): string {
  const size = Math.abs(seconds)
  const parts = [Math.trunc(size / 3_600), Math.trunc(size / 60) % 60, ...(size % 60 ? [size % 60] : [])]
  return `${seconds < 0 ? '-' : '+'}${parts.map((one) => String(one).padStart(2, '0')).join('')}`
}
