// Notifications: what people are told of the events that concern them, in the application and by mail.
import { type Changing, createChanging } from './service/changing.ts'
import { defineMailing } from './service/mailing.ts'
import type { NotificationParts } from './service/parts.ts'
import { createReading, type Reading } from './service/reading.ts'
import { defineRetention, forgetOld } from './service/retention.ts'
import { subscribeNotifications } from './service/telling.ts'

export interface Notifications extends Reading, Changing {
  /** Forgets what is older than the retention; answers how much. */
  forgetOld(): Promise<number>
  /** Makes its jobs known to this process, and has messages tell of themselves. */
  defineJobs(): void
}

export function createNotifications(parts: NotificationParts): Notifications {
  const reading = createReading(parts)
  return {
    ...reading,
    ...createChanging(parts, reading),
    forgetOld: () => forgetOld(parts),
    defineJobs() {
      subscribeNotifications(parts)
      defineMailing(parts)
      defineRetention(parts)
    },
  }
}
