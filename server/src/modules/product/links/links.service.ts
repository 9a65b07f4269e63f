// Links: a file for anybody who has one, as long as whoever made it may give it away.
import { inEveryTenant, nightlyJob } from '../../../drivers/queue/index.ts'
import { linkEvents } from './links.events.ts'
import * as queries from './links.queries.ts'
import { createGiving, type Giving } from './service/giving.ts'
import { type LinkParts, mayShare } from './service/parts.ts'
import { createUsing, type Using } from './service/using.ts'

export interface Links extends Giving, Using {
  /** Forgets links that ended long ago, in every tenant; answers how many. */
  forgetEnded(signal?: AbortSignal): Promise<number>
  /** Makes the nightly forgetting known to this process. */
  defineJobs(): void
}

export const forgetLinksJob = nightlyJob('links.forget', '37 4 * * *')

const BATCH = 1_000

export function createLinks(parts: LinkParts): Links {
  const { database, access, events, jobs, options } = parts
  for (const { name } of linkEvents)
    events.decide(name, (actor, { aggregateId }) =>
      mayShare(access, database.tenant(actor.tenantId), actor, aggregateId),
    )

  const forgetEnded = (signal?: AbortSignal) =>
    inEveryTenant(database, signal, (id) => queries.forget(database.tenant(id), options.accessLogSeconds, BATCH))

  return {
    ...createGiving(parts),
    ...createUsing(parts),
    forgetEnded,
    defineJobs: () =>
      jobs.define({ ...forgetLinksJob, handler: async ({ signal }) => ({ forgotten: await forgetEnded(signal) }) }),
  }
}
