// Events as iCalendar (RFC 5545), for feeds and for invitations by mail (RFC 5546).
import type { EventRow, OverrideRow } from '../calendar.queries.ts'
import type { Status } from '../calendar.schema.ts'
import { compact, instantOf, type Wall, wallOf, wallOfDate } from '../recurrence/zones.ts'
import { clockOf, durationOf } from '../service/schedule.ts'
import { component, document, escaped, line } from './lines.ts'
import { zoneComponent } from './zone.ts'

export interface Invited {
  name: string
  email: string
  status: Status
}

export interface Entry {
  row: EventRow
  overrides: readonly OverrideRow[]
  /** Only in invitations: addresses are nobody's business in a feed. */
  organizer?: { name: string; email: string }
  invited?: readonly Invited[]
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
/** How far the clocks of zones are described. */
const YEARS_AHEAD = 20

/** A calendar with these events, each with the instances that differ. */
export function calendarOf(entries: readonly Entry[], sheet: Sheet): string {
  return documentOf(entries, sheet, (entry) => [...mainOf(entry, sheet), ...changedOf(entry, sheet)])
}

/** One instance of a series alone. */
export function instanceSheet(entry: Entry, wall: Wall, sheet: Sheet): string {
  const { row } = entry
  const at = instantOf(wall, clockOf(row).zone)
  const regular: OverrideRow = {
    eventId: row.id,
    recurrenceId: new Date(`${wall}Z`),
    startAt: new Date(at),
    endAt: new Date(at + durationOf(row)),
    changes: {},
  }
  const override = entry.overrides.find((one) => wallOfDate(one.recurrenceId) === wall) ?? regular
  return documentOf([entry], sheet, () => changedOf({ ...entry, overrides: [override] }, sheet))
}

function documentOf(entries: readonly Entry[], sheet: Sheet, eventsOf: (entry: Entry) => string[]): string {
  const { product, method, name } = sheet
  const zoned = entries.filter(({ row }) => !row.allDay && row.timeZone !== 'UTC')
  const zones = Map.groupBy(zoned, ({ row }) => row.timeZone)
  return document(
    component('VCALENDAR', [
      line('VERSION', '2.0'),
      line('PRODID', `-//${escaped(product)}//Calendar//EN`),
      line('CALSCALE', 'GREGORIAN'),
      ...(method ? [line('METHOD', method)] : []),
      ...(name ? [line('X-WR-CALNAME', escaped(name)), line('REFRESH-INTERVAL', 'PT1H', { VALUE: 'DURATION' })] : []),
      ...[...zones.keys()].sort().flatMap((zone) => {
        const first = Math.min(...zones.get(zone)!.map(({ row }) => row.startAt.getUTCFullYear()))
        return zoneComponent(zone, first - 1, Math.max(new Date().getUTCFullYear(), first) + YEARS_AHEAD)
      }),
      ...entries.flatMap(eventsOf),
    ]),
  )
}

function mainOf({ row, organizer, invited }: Entry, sheet: Sheet): string[] {
  return component('VEVENT', [
    ...headOf(row, sheet),
    ...whenOf(row),
    ...recurrenceLines(row),
    ...whatOf(row),
    ...peopleOf(organizer, invited),
  ])
}

function changedOf({ row, overrides, organizer, invited }: Entry, sheet: Sheet): string[] {
  return overrides.flatMap(({ recurrenceId, startAt, endAt, changes }) =>
    component('VEVENT', [
      ...headOf(row, sheet),
      moment('RECURRENCE-ID', wallOfDate(recurrenceId), row),
      ...whenOf({ ...row, startAt, endAt }),
      ...whatOf({ ...row, ...changes }),
      ...peopleOf(organizer, invited),
    ]),
  )
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

function peopleOf(organizer: Entry['organizer'], invited: Entry['invited'] = []): string[] {
  if (!organizer) return []
  return [
    line('ORGANIZER', `mailto:${organizer.email}`, { CN: organizer.name || undefined }),
    ...invited.map(({ name, email, status }) =>
      line('ATTENDEE', `mailto:${email}`, {
        CN: name || undefined,
        ROLE: 'REQ-PARTICIPANT',
        PARTSTAT: PARTICIPATION[status],
        RSVP: status === 'PENDING' ? 'TRUE' : undefined,
      }),
    ),
  ]
}
