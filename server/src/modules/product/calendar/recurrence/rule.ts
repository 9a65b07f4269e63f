// Recurrence rules (RFC 5545, 3.3.10) as people send them: read, checked and written in one form.
import { invalidField, type Problem } from '../../../../core/errors.ts'
import { expanded, instantOf, type Wall, wallOf } from './zones.ts'

export const FREQUENCIES = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY', 'HOURLY'] as const
export type Frequency = (typeof FREQUENCIES)[number]

export interface Rule {
  freq: Frequency
  /** Every part but COUNT and UNTIL, as it is written. */
  body: string
  count: number | undefined
  /** Instants up to this one, in milliseconds since the epoch. */
  until: number | undefined
}

/** The clock that a rule is read by. */
export interface Clockwork {
  zone: string
  allDay: boolean
}

const FIELD = 'recurrence.rule'
const MAX_COUNT = 4_000
/** A calendar shows days: what happens more often is no event in it. */
const MAX_TIMES_A_DAY = 96

const DAYS = 'MO|TU|WE|TH|FR|SA|SU'
const integers = (least: number, most: number, signed = false) => ({ least, most, signed })

/** The values of each list of numbers. */
const NUMBERS: Record<string, ReturnType<typeof integers>> = {
  BYSECOND: integers(0, 59),
  BYMINUTE: integers(0, 59),
  BYHOUR: integers(0, 23),
  BYMONTHDAY: integers(1, 31, true),
  BYYEARDAY: integers(1, 366, true),
  BYWEEKNO: integers(1, 53, true),
  BYMONTH: integers(1, 12),
  BYSETPOS: integers(1, 366, true),
}

/** The order in which a rule is written. */
const ORDER = ['FREQ', 'INTERVAL', 'BYMONTH', 'BYWEEKNO', 'BYYEARDAY', 'BYMONTHDAY', 'BYDAY', 'BYHOUR', 'BYMINUTE']
ORDER.push('BYSECOND', 'BYSETPOS', 'WKST')

function fault(code: string, message: string): Problem {
  return invalidField(FIELD, code, message)
}

/** Reads a rule for events of a zone. Throws `request.invalid` for what the RFC does not allow, or what no calendar can show. */
export function readRule(sent: string, clockwork: Clockwork): Rule {
  const parts = partsOf(sent)
  const freq = parts.get('FREQ') as Frequency
  if (!FREQUENCIES.includes(freq)) throw fault('frequency', `FREQ is one of ${FREQUENCIES.join(', ')}.`)
  for (const [name, value] of parts) mustBeValue(name, value)
  mustFit(freq, parts, clockwork)
  mustNotCrowd(freq, parts)
  const body = ORDER.filter((name) => parts.has(name)).map((name) => `${name}=${parts.get(name)}`)
  const count = parts.has('COUNT') ? wholeNumber('COUNT', parts.get('COUNT')!, MAX_COUNT) : undefined
  const until = parts.has('UNTIL') ? untilOf(parts.get('UNTIL')!, clockwork) : undefined
  return { freq, body: body.join(';'), count, until }
}

/** The rule as it is kept and shown: UNTIL is in UTC, or a date where days are whole. */
export function writeRule({ body, count, until }: Rule, { allDay }: Clockwork): string {
  if (count !== undefined) return `${body};COUNT=${count}`
  if (until === undefined) return body
  const text = new Date(until).toISOString().replace(/[-:]|\.\d+/g, '')
  return `${body};UNTIL=${allDay ? text.slice(0, 8) : text}`
}

function partsOf(sent: string): Map<string, string> {
  const text = sent
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, '')
  const parts = new Map<string, string>()
  for (const part of text.split(';').filter(Boolean)) {
    const [, name, value] = /^([A-Z]+)=([A-Z0-9,+-]+)$/.exec(part) ?? []
    if (name === undefined || value === undefined) throw fault('syntax', 'A rule is NAME=VALUE, with ; between.')
    if (parts.has(name)) throw fault('twice', `${name} stands twice.`)
    parts.set(name, value)
  }
  if (parts.has('COUNT') && parts.has('UNTIL')) throw fault('both_ends', 'A rule ends by COUNT or by UNTIL, not both.')
  return parts
}

function mustBeValue(name: string, value: string): void {
  const range = NUMBERS[name]
  if (range) {
    const items = value.split(',')
    if (items.length > 366 || !items.every((item) => isInside(item, range)))
      throw fault('range', `${name} has a value that it cannot have.`)
  } else if (name === 'BYDAY') {
    const isDay = (day: string) => new RegExp(`^(?:[+-]?(?:[1-9]|[1-4]\\d|5[0-3]))?(?:${DAYS})$`).test(day)
    if (!value.split(',').every(isDay)) throw fault('range', 'BYDAY has days such as MO, or 2MO and -1FR.')
  } else if (name === 'WKST') {
    if (!new RegExp(`^(?:${DAYS})$`).test(value)) throw fault('range', 'WKST is a day such as MO.')
  } else if (name === 'INTERVAL') wholeNumber(name, value, 1_000)
  else if (!['FREQ', 'COUNT', 'UNTIL'].includes(name)) throw fault('unknown', `${name} is no part of a rule.`)
}

function isInside(item: string, { least, most, signed }: ReturnType<typeof integers>): boolean {
  if (!/^[+-]?\d{1,3}$/.test(item) || (!signed && /^[+-]/.test(item))) return false
  const size = Math.abs(Number(item))
  return size >= least && size <= most
}

function wholeNumber(name: string, value: string, most: number): number {
  const number = /^\d{1,6}$/.test(value) ? Number(value) : 0
  if (number < 1 || number > most) throw fault('range', `${name} is from 1 to ${most}.`)
  return number
}

/** What the RFC says must not stand together (3.3.10). */
function mustFit(freq: Frequency, parts: Map<string, string>, { allDay }: Clockwork): void {
  const has = (name: string) => parts.has(name)
  const never = (name: string, when: boolean) => {
    if (has(name) && when) throw fault('combination', `${name} cannot stand beside FREQ=${freq}.`)
  }
  never('BYWEEKNO', freq !== 'YEARLY')
  never('BYYEARDAY', ['DAILY', 'WEEKLY', 'MONTHLY'].includes(freq))
  never('BYMONTHDAY', freq === 'WEEKLY')
  const isNumbered = /\d/.test(parts.get('BYDAY') ?? '')
  if (isNumbered && (!['MONTHLY', 'YEARLY'].includes(freq) || has('BYWEEKNO')))
    throw fault('combination', 'Only months and years count their days of the week.')
  const others = [...parts.keys()].filter((name) => name.startsWith('BY') && name !== 'BYSETPOS')
  if (has('BYSETPOS') && others.length === 0)
    throw fault('combination', 'BYSETPOS chooses among what another BY… gives.')
  if (allDay && (freq === 'HOURLY' || ['BYHOUR', 'BYMINUTE', 'BYSECOND'].some(has)))
    throw fault('combination', 'An event of whole days has no hours.')
}

function mustNotCrowd(freq: Frequency, parts: Map<string, string>): void {
  const size = (name: string, otherwise: number) => new Set(parts.get(name)?.split(',')).size || otherwise
  const hours = size('BYHOUR', freq === 'HOURLY' ? 24 : 1)
  if (hours * size('BYMINUTE', 1) * size('BYSECOND', 1) > MAX_TIMES_A_DAY)
    throw fault('too_often', `An event takes place at most ${MAX_TIMES_A_DAY} times a day.`)
}

/** A date means its whole day; a time without Z is of the event's zone. */
function untilOf(value: string, { zone, allDay }: Clockwork): number {
  const [, date, time, utc] = /^(\d{8})(?:T(\d{6})(Z?))?$/.exec(value) ?? []
  const wall: Wall | undefined = date && expanded(`${date}T${allDay ? '000000' : (time ?? '235959')}`)
  if (!wall) throw fault('until', 'UNTIL is a date such as 20301231, or a time such as 20301231T170000Z.')
  if (!allDay && utc) return Date.parse(`${wall}Z`)
  // A last time that the clock skips is none: the second before it is as good.
  const instant = instantOf(wall, zone)
  return wallOf(instant, zone) === wall ? instant : instant - 1_000
}
