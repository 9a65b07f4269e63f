// Events as iCalendar (RFC 5545), for feeds and for invitations by mail (RFC 5546).
import type { EventRow, OverrideRow } from '../calendar.queries.ts'
import type { Status } from '../calendar.schema.ts'
import { compact, instantOf, type Wall, wallOf, wallOfDate } from '../recurrence/zones.ts'
import { clockOf, durationOf } from '../service/schedule.ts'
import { component, escaped, line, written } from './lines.ts'
import { zoneComponent } from './zone.ts'

export interface Invited {
  name: string
  email: string
  status: Status
}

export interface Entry {
  row: EventRow
  overrides: readonly OverrideRow[]
}

export interface Sheet {
  /** What the product is called. */
  product: string
  /** Events are known by `<id>@<domain>`. */
  domain: string
  /** What is to be done with it, in invitations. */
  method?: 'REQUEST' | 'CANCEL'
  /** When it was written, in milliseconds since the epoch; of each event when it was changed last, else. */
  stamp?: number
  /** The name that calendars show. */
  name?: string
}

const utc = (at: number) => `${compact(wallOfDate(new Date(at)))}Z`
/** Where an invitation would name people more often, instances that differ name only whoever reads. */
const MAX_NAMED = 2_000
/** How far the clocks of zones are described. */
const YEARS_AHEAD = 20

/** What stands before the events of a calendar, in pieces: its head, and each zone. */
export function* openingOf(rows: readonly EventRow[], { product, method, name }: Sheet): Generator<string> {
  yield written([
    'BEGIN:VCALENDAR',
    line('VERSION', '2.0'),
    line('PRODID', `-//${escaped(product)}//Calendar//EN`),
    line('CALSCALE', 'GREGORIAN'),
    ...(method ? [line('METHOD', method)] : []),
    ...(name ? [line('X-WR-CALNAME', escaped(name)), line('REFRESH-INTERVAL', 'PT1H', { VALUE: 'DURATION' })] : []),
  ])
  const zoned = rows.filter(({ allDay, timeZone }) => !allDay && timeZone !== 'UTC')
  const zones = Map.groupBy(zoned, ({ timeZone }) => timeZone)
  for (const zone of [...zones.keys()].sort()) {
    const first = zones.get(zone)!.reduce((year, row) => Math.min(year, row.startAt.getUTCFullYear()), Infinity)
    const last = Math.max(new Date().getUTCFullYear(), first) + YEARS_AHEAD
    yield written(zoneComponent(zone, first - 1, last))
  }
}

/** An event without the people in it, and each instance that differs, in pieces. */
export function* eventPieces({ row, overrides }: Entry, sheet: Sheet): Generator<string> {
  yield written(component('VEVENT', mainOf(row, sheet)))
  for (const one of overrides) yield written(component('VEVENT', changedOf(row, one, sheet)))
}

export const CLOSING = written(['END:VCALENDAR'])

export interface Invitation extends Entry {
  organizer: { name: string; email: string }
}

/** An event, or one instance of it, as whoever has an address gets it: everything but the people in it is made once. */
export function invitationOf(
  { row, overrides, organizer }: Invitation,
  wall: Wall | null,
  sheet: Sheet,
): (invited: readonly Invited[], reader: string) => string {
  const opening = [...openingOf([row], sheet)].join('')
  const [first, ...others] = (
    wall === null
      ? [mainOf(row, sheet), ...overrides.map((one) => changedOf(row, one, sheet))]
      : [changedOf(row, overrideAt({ row, overrides }, wall), sheet)]
  ).map((lines) => written(['BEGIN:VEVENT', ...lines]))
  const closingOf = (invited: readonly Invited[]) => written([...peopleOf(organizer, invited), 'END:VEVENT'])
  return (invited, reader) => {
    const all = closingOf(invited)
    const isTooLong = invited.length * others.length > MAX_NAMED
    const own = isTooLong ? closingOf(invited.filter(({ email }) => email === reader)) : all
    return [opening, first, all, ...others.map((body) => body + own), CLOSING].join('')
  }
}

/** What is kept of an instance that differs; as the rule has it where it does not. */
function overrideAt({ row, overrides }: Entry, wall: Wall): OverrideRow {
  const at = instantOf(wall, clockOf(row).zone)
  const regular: OverrideRow = {
    eventId: row.id,
    recurrenceId: new Date(`${wall}Z`),
    startAt: new Date(at),
    endAt: new Date(at + durationOf(row)),
    changes: {},
  }
  return overrides.find((one) => wallOfDate(one.recurrenceId) === wall) ?? regular
}

function mainOf(row: EventRow, sheet: Sheet): string[] {
  return [...headOf(row, sheet), ...whenOf(row), ...recurrenceLines(row), ...whatOf(row)]
}

function changedOf(row: EventRow, { recurrenceId, startAt, endAt, changes }: OverrideRow, sheet: Sheet): string[] {
  return [
    ...headOf(row, sheet),
    moment('RECURRENCE-ID', wallOfDate(recurrenceId), row),
    ...whenOf({ ...row, startAt, endAt }),
    ...whatOf({ ...row, ...changes }),
  ]
}

function headOf(row: EventRow, { domain, stamp, method }: Sheet): string[] {
  return [
    line('UID', `${row.id}@${domain}`),
    line('DTSTAMP', utc(stamp ?? row.updatedAt.getTime())),
    line('CREATED', utc(row.createdAt.getTime())),
    line('LAST-MODIFIED', utc(row.updatedAt.getTime())),
    line('SEQUENCE', String(row.sequence)),
    line('STATUS', method === 'CANCEL' ? 'CANCELLED' : 'CONFIRMED'),
  ]
}

/** A time on the event's clock: a date, a time in UTC, or one in the zone. */
function moment(name: string, wall: Wall, row: EventRow): string {
  if (row.allDay) return line(name, compact(wall).slice(0, 8), { VALUE: 'DATE' })
  return row.timeZone === 'UTC' ? line(name, `${compact(wall)}Z`) : line(name, compact(wall), { TZID: row.timeZone })
}

function whenOf(row: EventRow): string[] {
  return [exact('DTSTART', row.startAt.getTime(), row), exact('DTEND', row.endAt.getTime(), row)]
}

/** Of a time that comes twice on the clock, the second can be said in UTC only. */
function exact(name: string, at: number, row: EventRow): string {
  const { zone } = clockOf(row)
  const wall = wallOf(at, zone)
  return !row.allDay && instantOf(wall, zone) !== Math.floor(at / 1_000) * 1_000
    ? line(name, utc(at))
    : moment(name, wall, row)
}

function recurrenceLines(row: EventRow): string[] {
  if (row.rule === null) return []
  return [
    line('RRULE', row.rule),
    ...row.exdates.map((wall) => moment('EXDATE', wall, row)),
    ...row.rdates.map((wall) => moment('RDATE', wall, row)),
  ]
}

function whatOf({ title, description, location, type }: EventRow): string[] {
  return [
    line('SUMMARY', escaped(title)),
    ...(description ? [line('DESCRIPTION', escaped(description))] : []),
    ...(location ? [line('LOCATION', escaped(location))] : []),
    line('CATEGORIES', escaped(type.toUpperCase())),
  ]
}

const PARTICIPATION: Record<Status, string> = {
  PENDING: 'NEEDS-ACTION',
  ACCEPTED: 'ACCEPTED',
  DECLINED: 'DECLINED',
  TENTATIVE: 'TENTATIVE',
}

/** Only in invitations: addresses are nobody's business in a feed. */
function peopleOf({ name, email }: Invitation['organizer'], invited: readonly Invited[]): string[] {
  return [
    line('ORGANIZER', `mailto:${email}`, { CN: name || undefined }),
    ...invited.map((one) =>
      line('ATTENDEE', `mailto:${one.email}`, {
        CN: one.name || undefined,
        ROLE: 'REQ-PARTICIPANT',
        PARTSTAT: PARTICIPATION[one.status],
        RSVP: one.status === 'PENDING' ? 'TRUE' : undefined,
      }),
    ),
  ]
}
