// How many tenants one person may own.
import type { Tx } from '../../../../drivers/database/index.ts'
import { tenantErrors } from '../tenants.errors.ts'
import * as queries from '../tenants.queries.ts'

const MAX_OWNED = 100

/**
 * Throws `tenants.too_many` when the user owns as many tenants as one person may. Whoever else makes or restores a tenant for the
 * user waits until the transaction ends: call it before anything else is locked.
 */
export async function mustOwnFewer(tx: Tx, userId: string): Promise<void> {
  await queries.lockOwnershipOf(tx, userId)
  const owned = await tx.acrossTenants('how many tenants one user owns', (db) => queries.countOwned(db, userId))
  if (owned >= MAX_OWNED) throw tenantErrors('tenants.too_many')
}
