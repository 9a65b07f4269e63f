// What the verbs of this module work with.
import type { Database, Tx } from '../../../../drivers/database/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Sealer } from '../../../../drivers/sealing/index.ts'
import type { Metrics } from '../../../../drivers/telemetry/index.ts'
import type { Audit } from '../../audit/index.ts'
import * as blobs from '../blobs.queries.ts'
import { storageErrors } from '../storage.errors.ts'
import type { StorageOptions, Stores } from '../stores.ts'

export interface StorageParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant' | 'acrossTenants'>
  jobs: Pick<Jobs, 'define'>
  audit: Pick<Audit, 'record'>
  metrics: Pick<Metrics, 'count'>
  sealer: Sealer
  stores: Stores
  options: StorageOptions
}

/** Adds to what a person and the tenant have; throws where that is more than they may. Takes away with less than nothing. */
export async function charge(tx: Tx, userId: string, bytes: number, options: StorageOptions): Promise<void> {
  if (bytes === 0) return
  const now = await blobs.charge(tx, userId, bytes)
  if (bytes < 0) return
  for (const { userId: who, bytes: used } of now) {
    const [quota, code] =
      who === ''
        ? ([options.tenantQuota, 'storage.tenant_quota'] as const)
        : ([options.userQuota, 'storage.user_quota'] as const)
    if (used > quota) throw storageErrors(code, { facts: { quota, used: used - bytes } })
  }
}
