// The nightly count: what the audit log tells of the days that are over, so that nobody reads it again.
import { tenantIds } from '../../../drivers/database/index.ts'
import { nightlyJob } from '../../../drivers/queue/index.ts'
import * as queries from './counting.queries.ts'
import type { DashboardParts } from './dashboard.service.ts'

export const countDaysJob = nightlyJob('dashboard.count', '9 0 * * *')

/** One transaction for each tenant: what a crash leaves uncounted is counted by the next try, and nothing twice. */
export async function countDays({ database }: Pick<DashboardParts, 'database'>, signal?: AbortSignal): Promise<number> {
  let counted = 0
  for (const id of await tenantIds(database.global)) {
    signal?.throwIfAborted()
    const days = await database.inTenant(id, async (tx) => {
      const found = await queries.count(tx)
      if (found > 0) await queries.fold(tx)
      return found
    })
    if (days > 0) counted++
  }
  return counted
}
