// Points in time as text: what PostgreSQL and this program both read, and nothing else.

// RFC 3339 and what PostgreSQL writes of a timestamptz. Leap seconds are left out: no date of ours can hold one.
const TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:0\d|1[0-5])(?::?[0-5]\d)?)$/

/** Whether the text is a point in time of a day that there is, from year 1 on, with an offset below 16 hours (PostgreSQL's bound). */
export function isTimestamp(text: string): boolean {
  const [, year, month, day] = (TIMESTAMP.exec(text) ?? []).map(Number)
  if (!year || !month || !day || month > 12) return false
  return day <= daysOf(year, month)
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}
