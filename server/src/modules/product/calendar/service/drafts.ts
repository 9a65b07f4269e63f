// The texts of an event as they are kept, and the whole of a new one.
import { invalidField } from '../../../../core/errors.ts'
import type { EventRow, OverrideChanges } from '../calendar.queries.ts'
import type { EventChanges, NewEvent } from '../calendar.schema.ts'
import { mustBeZone, type Plan, planOf, readTimes } from './schedule.ts'

const TEXTS = ['title', 'description', 'location'] as const
const LINES: readonly string[] = ['title', 'location']

/** What an event is called and like, as far as it is named: composed, trimmed, and null where it is empty. */
export function textsOf(sent: Partial<NewEvent>): OverrideChanges {
  const texts: OverrideChanges = {}
  for (const field of TEXTS)
    if (sent[field] !== undefined) Object.assign(texts, { [field]: textOf(sent[field], field) })
  if (sent.type !== undefined) texts.type = sent.type
  if (sent.color !== undefined) texts.color = sent.color || null
  return texts
}

function textOf(sent: string | null, field: string): string | null {
  const text = (sent ?? '').normalize('NFC').trim()
  const isLine = LINES.includes(field)
  if (isLine ? /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text) : /[^\P{Cc}\n\r\t]/u.test(text))
    throw invalidField(field, 'control_characters', 'This has no control characters.')
  if (field === 'title' && !/[^\p{Cf}\p{Z}]/u.test(text))
    throw invalidField(field, 'empty', 'A title needs visible characters.')
  return text || null
}

/** When a new event takes place. */
export function newPlan(body: NewEvent): Plan {
  const { allDay = false, recurrence = null } = body
  const timeZone = body.timeZone === undefined ? 'UTC' : mustBeZone(body.timeZone)
  const times = readTimes(body, { timeZone, allDay })
  return planOf({ ...times, timeZone, allDay, recurrence })
}

const SCHEDULE = ['start', 'end', 'allDay', 'timeZone', 'recurrence'] as const

/** Whether a change touches when the event takes place. */
export function isMoving(changes: EventChanges): boolean {
  return SCHEDULE.some((field) => changes[field] !== undefined)
}

/** Before and after of what changed, for the audit trail and for those whom it concerns. */
export function differences(row: EventRow, changed: OverrideChanges & Partial<Plan>): Record<string, unknown> {
  const before: Record<string, unknown> = {
    ...row,
    startAt: row.startAt.toISOString().replace('Z', ''),
    endAt: row.endAt.toISOString().replace('Z', ''),
    lastAt: row.lastAt?.toISOString() ?? null,
  }
  const silent = ['wallStart', 'spanStart', 'spanEnd', 'lastAt']
  return Object.fromEntries(
    Object.entries(changed)
      .filter(([key, value]) => !silent.includes(key) && JSON.stringify(value) !== JSON.stringify(before[key]))
      .map(([key, value]) => [key, [before[key], value]]),
  )
}
