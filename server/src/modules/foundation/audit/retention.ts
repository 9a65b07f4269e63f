// Forgetting what is old, where the operator wants it: the beginning of each chain moves, and an entry says up to where.
import Type from 'typebox'
import type { SystemActor } from '../../../core/actor.ts'
import type { Database } from '../../../drivers/database/index.ts'
import type { JobSettings } from '../../../drivers/queue/index.ts'
import * as queries from './audit.queries.ts'
import type { Audit } from './audit.service.ts'

export const forgetAuditJob = {
  name: 'audit.forget',
  scope: 'installation',
  schedule: { cron: '43 3 * * *', timeZone: 'UTC' },
  schema: Type.Object({}),
  retry: { limit: 10, delaySeconds: 60, backoff: true, maxDelaySeconds: 3_600 },
  timeoutSeconds: 3_600,
  concurrency: 1,
} satisfies JobSettings

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
  let forgotten = 0
  for (const { id } of await queries.listTenants(database.global, undefined)) {
    for (let gone = Number.POSITIVE_INFINITY; gone > 0; forgotten += gone) {
      signal?.throwIfAborted()
      gone = await forgetBatch(parts, id)
    }
  }
  return forgotten
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
