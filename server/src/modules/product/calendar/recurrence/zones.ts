// Wall time and instants: what a clock on the wall of a zone shows, and when that is.
import { Temporal } from 'temporal-polyfill'

/** What a clock shows, to the second: `2030-05-01T09:00:00`. */
export type Wall = string

const NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/

/** The IANA name as it is written; undefined for what is none. An offset is no zone: it knows no daylight saving. */
export function canonicalZone(name: string): string | undefined {
  if (name.length > 64 || !NAME.test(name)) return undefined
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId
  } catch {
    return undefined
  }
}

/**
 * The instant of a wall time, in milliseconds since the epoch. Of a time that comes twice it is the first; one that the clock
 * skips is read with the offset from before (RFC 5545, 3.3.5).
 */
export function instantOf(wall: Wall, zone: string): number {
  if (zone === 'UTC') return Date.parse(`${wall}Z`)
  return Temporal.PlainDateTime.from(wall).toZonedDateTime(zone).epochMilliseconds
}

/** What the clock of the zone shows at an instant. */
export function wallOf(instant: number, zone: string): Wall {
  if (zone === 'UTC') return wallOfDate(new Date(instant))
  const shown = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).toPlainDateTime()
  return shown.toString({ smallestUnit: 'second', roundingMode: 'floor' })
}

/** A wall time as the database keeps it: a timestamp without a zone, read as if it were UTC. */
export const wallOfDate = (date: Date): Wall => date.toISOString().slice(0, 19)

/** The wall time so many milliseconds on, on the clock: days are 24 hours. */
export const shifted = (wall: Wall, ms: number): Wall => wallOfDate(new Date(Date.parse(`${wall}Z`) + ms))

/** How far a clock goes from one wall time to another, in milliseconds. */
export const between = (from: Wall, to: Wall): number => Date.parse(`${to}Z`) - Date.parse(`${from}Z`)

/** `20300501T090000`, as iCalendar writes it. */
export const compact = (wall: Wall): string => wall.replace(/[-:]/g, '')

/** The wall time of `20300501T090000`; undefined for what is none. */
export function expanded(text: string): Wall | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)$/.exec(text) ?? []
  if (year === undefined) return undefined
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second}`
  return isWall(wall) ? wall : undefined
}

/** Whether the text is a time that a clock can show, on a day that there is. */
export function isWall(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) return false
  const date = new Date(`${text}Z`)
  return !Number.isNaN(date.getTime()) && wallOfDate(date) === text
}
