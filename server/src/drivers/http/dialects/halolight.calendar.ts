// What HaloLight's front ends call the fields of calendar events, in both directions.
import type { Route } from '../routes.ts'

type Json = Record<string, unknown>

const OTHER_NAMES: Record<string, string> = {
  startTime: 'start',
  endTime: 'end',
  startDate: 'start',
  endDate: 'end',
  isAllDay: 'allDay',
}

const DAY_MS = 86_400_000
/** What is shown where no time is named: a month back, and a quarter ahead. */
const AROUND_NOW = { back: 31 * DAY_MS, ahead: 92 * DAY_MS }

/** Times, whole days and people under their other names; a list without pages, in which a day may stand without its time. */
export function acceptCalendar({ operation }: Route, part: 'body' | 'query', sent: Json): void {
  for (const [other, name] of Object.entries(OTHER_NAMES)) if (other in sent) sent[name] ??= sent[other]
  if (part === 'query') {
    if (operation === 'calendar.list') sent.limit ??= '2000'
    if (sent.type === 'all' || sent.type === '') delete sent.type
    for (const key of ['start', 'end']) {
      const value = sent[key]
      if (value === '') delete sent[key]
      else if (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)) sent[key] = `${value}T00:00:00.000Z`
    }
    if (operation === 'calendar.list' && sent.start === undefined && sent.end === undefined) {
      sent.start = new Date(Date.now() - AROUND_NOW.back).toISOString()
      sent.end = new Date(Date.now() + AROUND_NOW.ahead).toISOString()
    }
    return
  }
  // The answers of people are their own: who is invited is all that a list of them says.
  if (Array.isArray(sent.attendees))
    sent.attendeeIds ??= sent.attendees.map((one) => (one !== null && typeof one === 'object' ? (one as Json).id : one))
  if (sent.color === '') sent.color = null
  if (Array.isArray(sent.reminders)) acceptReminders(sent)
}

/** They are shown as points in time, and come back so: how long before the start those are. Without a start they stay as they are. */
function acceptReminders(sent: Json): void {
  const reminders = sent.reminders as unknown[]
  if (!reminders.some((one) => typeof one === 'string')) return
  const start = Date.parse(String(sent.start))
  const minutes = reminders.map((one) => Math.round((start - Date.parse(String(one))) / 60_000))
  if (minutes.some((one) => !(one >= 0))) delete sent.reminders
  else sent.reminders = minutes.map((minutesBefore) => ({ minutesBefore }))
}

/** Whose callers read `code` and `data` of writes, and leave the rest. */
export function presentCalendar({ method }: Route, answer: Json): Json {
  const event = 'startLocal' in answer ? eventAnswer(answer) : answer
  return method === 'GET' ? event : { ...event, code: 200, data: event }
}

export const listAnswer = (events: unknown): Json[] => (events as Json[]).map(eventAnswer)

function eventAnswer(event: Json): Json {
  return {
    ...event,
    startTime: event.start,
    endTime: event.end,
    isAllDay: event.allDay,
    attendees: (event.attendees as { avatar: string | null; status: string }[]).map((one) => ({
      ...one,
      avatar: one.avatar ?? '',
      status: one.status.toLowerCase(),
    })),
    reminders: (event.reminders as { remindAt: string | null }[]).flatMap(({ remindAt }) => remindAt ?? []),
  }
}
