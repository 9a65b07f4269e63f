// The calendar: events on the clock of their zone, once or by a rule, with people, reminders and feeds.
import { type Cancelling, createCancelling } from './service/cancelling.ts'
import { createFeeds, type Feeds } from './service/feed.ts'
import { createInviting, type Inviting } from './service/inviting.ts'
import { createLetters } from './service/letters.ts'
import type { CalendarParts } from './service/parts.ts'
import { createReading, type Reading } from './service/reading.ts'
import { createReminding, type Reminding } from './service/reminding.ts'
import { createWriting, type Writing } from './service/writing.ts'

export interface Calendar
  extends Reading,
    Writing,
    Cancelling,
    Feeds,
    Pick<Inviting, 'add' | 'drop' | 'answer'>,
    Pick<Reminding, 'sweep' | 'defineJobs'> {}

export function createCalendar(parts: CalendarParts): Calendar {
  const letters = createLetters(parts)
  const inviting = createInviting(parts, letters)
  const reminding = createReminding(parts, { concerned: inviting.concerned, letters })
  const { add, drop, answer } = inviting
  const { sweep, defineJobs } = reminding
  const others = { ...inviting, ...reminding, writeTo: letters.writeTo }
  return {
    ...createReading(parts),
    ...createWriting(parts, others),
    ...createCancelling(parts, others),
    ...createFeeds(parts),
    add,
    drop,
    answer,
    sweep,
    defineJobs,
  }
}
