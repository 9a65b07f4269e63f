// What is not kept for ever, and answers whose process died while nobody followed them.
import Type from 'typebox'
import { inBatches, type JobSettings, nightlyJob } from '../../../../drivers/queue/index.ts'
import * as answers from '../answers.queries.ts'
import * as conversations from '../conversations.queries.ts'
import { endDead } from './ending.ts'
import type { AiParts } from './parts.ts'

export const forgetAiJob = nightlyJob('ai.forget', '53 4 * * *')

/** Every minute: whoever follows an answer finds its process dead by themselves. */
export const endDeadJob = {
  name: 'ai.end_dead',
  scope: 'installation',
  schedule: { cron: '* * * * *', timeZone: 'UTC' },
  schema: Type.Object({}),
  retry: { limit: 0, delaySeconds: 0, backoff: false, maxDelaySeconds: 0 },
  timeoutSeconds: 50,
  concurrency: 1,
  keepDays: 1,
} satisfies JobSettings

const BATCH = 1_000

export interface Upkeep {
  /** Removes conversations that are not kept any longer, in every tenant; answers how many. */
  forgetExpired(signal?: AbortSignal): Promise<number>
  /** Ends what dead processes were writing; answers how much. */
  endDead(): Promise<number>
  /** Makes both known to this process. */
  defineJobs(): void
}

export function createUpkeep(parts: AiParts): Upkeep {
  const { database, jobs, options } = parts

  async function forgetExpired(signal?: AbortSignal): Promise<number> {
    const forgotten = await inBatches(signal, () => conversations.forget(database, options.retentionSeconds, BATCH))
    await inBatches(signal, () => answers.tidy(database, BATCH))
    return forgotten
  }

  async function endAll(): Promise<number> {
    const dead = await answers.listDead(database)
    for (const { id, tenantId } of dead) await endDead(parts, tenantId, id)
    return dead.length
  }

  return {
    forgetExpired,
    endDead: endAll,
    defineJobs() {
      jobs.define({ ...forgetAiJob, handler: async ({ signal }) => ({ forgotten: await forgetExpired(signal) }) })
      jobs.define({ ...endDeadJob, handler: async () => ({ ended: await endAll() }) })
    },
  }
}
