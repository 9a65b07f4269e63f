// Points in time as text: what PostgreSQL and this program both read, and nothing else.

// RFC 3339 and what PostgreSQL writes of a timestamptz. Leap seconds are left out: no date of ours can hold one.
const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(\.\d{1,9})?(?:[Zz]|([+-])(0\d|1[0-5])(?::?([0-5]\d))?)$/

/** What four digits of a year hold in UTC, the only years that every reader of ours knows. */
const [FIRST, LAST] = [Date.parse('0001-01-01T00:00:00.000Z'), Date.parse('9999-12-31T23:59:59.999Z')]

/**
 * Whether the text is a point in time of a day that there is, from year 1 to 9999 in UTC too, with an offset below 16 hours
 * (PostgreSQL's bound).
 */
export function isTimestamp(text: string): boolean {
  const [, year = '', month = '', day = '', time, fraction = '0', sign, hours = 0, minutes = 0] =
    TIMESTAMP.exec(text) ?? []
  if (Number(month) < 1 || Number(month) > 12) return false
  if (Number(day) < 1 || Number(day) > daysOf(Number(year), Number(month))) return false
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1)
  const moment = Date.parse(`${year}-${month}-${day}T${time}Z`) + Number(fraction) * 1_000 - offset
  return moment >= FIRST && moment <= LAST
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}
