// Reading a calendar: what takes place in a window, and one event.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField, requestErrors } from '../../../../core/errors.ts'
import { decodeCursor, encodeCursor, type Page, pageOf } from '../../../../core/page.ts'
import { grantFor } from '../../../../core/permission.ts'
import type { Executor } from '../../../../drivers/database/index.ts'
import { missingPermission } from '../../../../drivers/http/index.ts'
import { calendarErrors } from '../calendar.errors.ts'
import { accessTo, isManager } from '../calendar.policy.ts'
import * as queries from '../calendar.queries.ts'
import type { CalendarEvent, EventQuery } from '../calendar.schema.ts'
import { type Excerpt, firstOf, instanceId, isAfter, MOST_COUNTED, type Place } from './occurrences.ts'
import { type CalendarParts, readEvent, surroundingsOf, toEvent } from './parts.ts'
import { DAY_MS } from './schedule.ts'

export interface Reading {
  /** What takes place in a window, instance by instance, in order; the total is one more than MOST_COUNTED where there is more. */
  list(actor: UserActor, query: EventQuery): Promise<Page<CalendarEvent>>
  get(actor: UserActor, id: string): Promise<CalendarEvent>
  /** What events are called, of those that are open to the actor. */
  titlesOf(actor: UserActor, ids: readonly string[]): Promise<Map<string, string>>
}

const YEAR_MS = 366 * DAY_MS
const MAX_WINDOW_MS = 2 * YEAR_MS
/** How many events one answer looks at, and how many series among them: each rule has to be followed. */
const [MAX_EVENTS, MAX_SERIES] = [5_000, 2_000]

/** The window that is asked for; around now where nothing is. Throws `request.invalid`. */
export function windowOf(
  { start, end }: Pick<EventQuery, 'start' | 'end'>,
  now = Date.now(),
): { from: number; to: number } {
  const given = { from: start && Date.parse(start), to: end && Date.parse(end) }
  const from = given.from || (given.to ? given.to - YEAR_MS : now - YEAR_MS)
  const to = given.to || (given.from ? given.from + YEAR_MS : now + YEAR_MS)
  const fault = (code: string, message: string) =>
    requestErrors('request.invalid', { fields: [{ in: 'query', path: 'end', code, message }] })
  if (to < from) throw fault('before_start', 'This lies before the start.')
  if (to - from > MAX_WINDOW_MS) throw fault('too_long', 'One answer covers two years at most.')
  return { from, to }
}

export function createReading({ database }: Pick<CalendarParts, 'database'>): Reading {
  /** What takes place first of a window. Throws `calendar.range_too_full` where the events that it would have to look at are too many. */
  async function excerptOf(db: Executor, window: queries.Window, after: Place | undefined): Promise<Excerpt> {
    const { from, to } = window
    const since = Math.max(from, after?.[0] ?? from)
    const listed = await queries.listWithin(db, { ...window, from: since }, MAX_EVENTS + 1)
    let followed = 0
    const cut = listed.findIndex(({ rule }, at) => at === MAX_EVENTS || (rule !== null && ++followed > MAX_SERIES))
    const isCut = cut >= 0
    const rows = isCut ? listed.slice(0, cut) : listed
    // They come by when they begin: before the one that is too many, nothing is missing.
    const end = isCut ? Math.min(to, listed[cut]!.spanStart.getTime()) : to
    const series = rows.filter(({ rule }) => rule !== null).map(({ id }) => id)
    const overrides = series.length ? await queries.overridesOf(db, series) : []
    const { found, hasMore } = await firstOf(rows, overrides, { from, to: end, after })
    if (isCut && found.length === 0) throw calendarErrors('calendar.range_too_full')
    return { found, hasMore: hasMore || isCut }
  }

  return {
    async list(actor, { page = 1, limit = 500, cursor, ...query }) {
      const userId = query.userId ?? actor.userId
      if (userId !== actor.userId && !isManager(actor)) throw missingPermission('calendar:manage', actor)
      const after = cursor ? decodeCursor(cursor, ['number', 'string']) : undefined
      const window = { ...query, ...windowOf(query), userId }
      const db = database.tenant(actor.tenantId)
      const whole = await excerptOf(db, window, undefined)
      const { found, hasMore } = after && whole.hasMore ? await excerptOf(db, window, after) : whole
      const rest = after ? found.filter((one) => isAfter(one, after)) : found.slice((page - 1) * limit)
      const shown = rest.slice(0, limit)
      const last = rest.length > limit || hasMore ? shown.at(-1) : undefined
      const around = await surroundingsOf(db, [...new Set(shown.map(({ row }) => row.id))])
      return pageOf(
        shown.map((one) => toEvent(actor, one, around)),
        whole.hasMore ? MOST_COUNTED + 1 : whole.found.length,
        { page, limit },
        last && encodeCursor([last.start, instanceId(last.row.id, last.wall)]),
      )
    },

    async titlesOf(actor, ids) {
      if (!grantFor(actor.permissions, 'calendar:view')) return new Map()
      const rows = await queries.findMany(database.tenant(actor.tenantId), ids, actor.userId)
      return new Map(rows.filter((row) => accessTo(actor, row)).map(({ id, title }) => [id, title]))
    },

    get: (actor, id) => readEvent(database.tenant(actor.tenantId), actor, id),
  }
}

/** The refusal of what only a whole series has. */
export function ofSeriesOnly(field: string): Error {
  return invalidField(field, 'of_series', 'This is the same for the whole series.')
}
