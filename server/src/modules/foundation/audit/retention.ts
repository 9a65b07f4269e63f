// Forgetting what is old, where the operator wants it: the beginning of each chain moves, and an entry says up to where.
import type { SystemActor } from '../../../core/actor.ts'
import type { Database } from '../../../drivers/database/index.ts'
import { inEveryTenant, nightlyJob } from '../../../drivers/queue/index.ts'
import * as queries from './audit.queries.ts'
import type { Audit } from './audit.service.ts'

export const forgetAuditJob = nightlyJob('audit.forget', '43 3 * * *')

export interface RetentionParts {
  database: Pick<Database, 'global' | 'inTenant'>
  audit: Pick<Audit, 'record'>
  /** How long entries are kept; 0 for ever. */
  retentionSeconds: number
}

/** How many entries of a chain go in one transaction. */
const BATCH = 5_000

const upkeep: SystemActor = { kind: 'system', name: 'audit' }

/** Forgets what is older than the retention in every tenant; answers how many entries. */
export async function forgetExpired(parts: RetentionParts, signal?: AbortSignal): Promise<number> {
  const { database, retentionSeconds } = parts
  if (retentionSeconds === 0) return 0
  return inEveryTenant(database, signal, (id) => forgetBatch(parts, id))
}

function forgetBatch({ database, audit, retentionSeconds }: RetentionParts, tenantId: string): Promise<number> {
  return database.inTenant(tenantId, async (tx) => {
    const beginnings = await queries.forget(tx, retentionSeconds, BATCH)
    const entries = beginnings[0]?.entries ?? 0
    if (entries > 0) {
      const chains = Object.fromEntries(beginnings.map(({ chain, through, hash }) => [chain, { through, hash }]))
      audit.record(tx, upkeep, {
        action: 'audit.forget',
        targetType: 'tenant',
        targetId: tenantId,
        changes: { entries, chains },
      })
    }
    return entries
  })
}
