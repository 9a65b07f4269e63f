// What is not kept for ever: the content of old mails, what broken uploads left, and counters whose time is over.
import Type from 'typebox'
import type { JobSettings } from '../../../../drivers/queue/index.ts'
import * as queries from '../upkeep.queries.ts'
import type { MailParts } from './parts.ts'

export interface Retention {
  /** Deletes what is not kept any more, in every tenant; answers how many mails lost their content. */
  deleteOld(): Promise<number>
  /** Makes the daily look known to this process. */
  defineRetention(): void
}

export const mailUpkeepJob = {
  name: 'mail.upkeep',
  scope: 'installation',
  schedule: { cron: '41 3 * * *', timeZone: 'UTC' },
  schema: Type.Object({}),
  retry: { limit: 10, delaySeconds: 60, backoff: true, maxDelaySeconds: 3_600 },
  timeoutSeconds: 3_600,
  concurrency: 1,
} satisfies JobSettings

// What is surely deleted within the time that a statement may take.
const AT_ONCE = { mails: 500, bytes: 50_000_000 }

export function createRetention({ database, jobs, options }: MailParts): Retention {
  async function deleteOld(signal?: AbortSignal): Promise<number> {
    let deleted = 0
    for (let gone = 1; gone > 0; deleted += gone) {
      signal?.throwIfAborted()
      gone = await database.acrossTenants('mails whose content is not kept any more', (tx) =>
        queries.deleteContent(tx, options.retentionSeconds, AT_ONCE),
      )
    }
    await database.acrossTenants(
      'attachments that no mail has, and counters of mails whose time is over',
      async (tx) => {
        await queries.deleteForsaken(tx)
        await queries.deleteCounters(tx)
      },
    )
    return deleted
  }

  return {
    deleteOld: () => deleteOld(),
    defineRetention: () =>
      jobs.define({ ...mailUpkeepJob, handler: async ({ signal }) => ({ deleted: await deleteOld(signal) }) }),
  }
}
