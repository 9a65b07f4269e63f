// Notifications are not kept for ever.
import { inBatches, nightlyJob } from '../../../../drivers/queue/index.ts'
import * as queries from '../telling.queries.ts'
import type { NotificationParts } from './parts.ts'

export const forgetNotificationsJob = nightlyJob('notifications.forget', '27 4 * * *')

const BATCH = 5_000

/** Removes what is older than the retention in every tenant; answers how much. */
export async function forgetOld({ database, options }: NotificationParts, signal?: AbortSignal): Promise<number> {
  if (options.retentionSeconds === 0) return 0
  return inBatches(signal, () => queries.forgetOld(database, options.retentionSeconds, BATCH))
}

export function defineRetention(parts: NotificationParts): void {
  parts.jobs.define({
    ...forgetNotificationsJob,
    handler: async ({ signal }) => ({ forgotten: await forgetOld(parts, signal) }),
  })
}
