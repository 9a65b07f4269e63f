// What is not kept for ever: the content of old mails, what broken uploads left, and counters whose time is over.
import type { Tx } from '../../../../drivers/database/index.ts'
import { inBatches, nightlyJob } from '../../../../drivers/queue/index.ts'
import * as queries from '../upkeep.queries.ts'
import type { MailParts } from './parts.ts'

export interface Retention {
  /** Deletes what is not kept any more, in every tenant; answers how many mails lost their content. */
  deleteOld(): Promise<number>
  /** Makes the daily look known to this process. */
  defineRetention(): void
}

export const mailUpkeepJob = nightlyJob('mail.upkeep', '41 3 * * *')

// What is surely deleted within the time that a statement may take.
const AT_ONCE = { rows: 500, bytes: 50_000_000 }
const COUNTERS_AT_ONCE = 5_000

export function createRetention({ database, jobs, options }: MailParts): Retention {
  async function deleteOld(signal?: AbortSignal): Promise<number> {
    const everywhere = (reason: string, step: (tx: Tx) => Promise<number>) =>
      inBatches(signal, () => database.acrossTenants(reason, step))
    const deleted = await everywhere('mails whose content is not kept any more', (tx) =>
      queries.deleteContent(tx, options.retentionSeconds, AT_ONCE),
    )
    await everywhere('attachments that no mail has', (tx) => queries.deleteForsaken(tx, AT_ONCE))
    await everywhere('counters of mails whose time is over', (tx) => queries.deleteCounters(tx, COUNTERS_AT_ONCE))
    return deleted
  }

  return {
    deleteOld: () => deleteOld(),
    defineRetention: () =>
      jobs.define({ ...mailUpkeepJob, handler: async ({ signal }) => ({ deleted: await deleteOld(signal) }) }),
  }
}
