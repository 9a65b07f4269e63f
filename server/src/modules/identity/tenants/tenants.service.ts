// Tenants and who belongs to them.
import type { MembershipLevel } from '../../../core/actor.ts'
import type { Database, Executor, Tx } from '../../../drivers/database/index.ts'
import * as queries from './tenants.queries.ts'

export type { TenantOfUserRow, TenantRow } from './tenants.queries.ts'

/** The tenant that a request without any choice, and the other back end's rows, belong to. */
export const DEFAULT_TENANT = 'default'

export interface Tenants {
  /** The active tenant with this id or slug. */
  find(idOrSlug: string): Promise<queries.TenantRow | undefined>
  /** The level of a user in the handle's tenant; undefined for a stranger. */
  levelOf(db: Executor, userId: string): Promise<MembershipLevel | undefined>
  /** Makes a user a member of the transaction's tenant. */
  addMember(tx: Tx, userId: string, level: MembershipLevel): Promise<void>
  /** The tenants that a user may choose from, oldest membership first. */
  ofUser(userId: string): Promise<queries.TenantOfUserRow[]>
}

export function createTenants({ database }: { database: Pick<Database, 'global' | 'acrossTenants'> }): Tenants {
  return {
    find: (idOrSlug) => queries.findActive(database.global, idOrSlug),
    levelOf: async (db, userId) => (await queries.findMembership(db, userId))?.level,
    addMember: async (tx, userId, level) => void (await queries.addMember(tx, userId, level)),
    ofUser: (userId) => database.acrossTenants('the tenants of one user', (tx) => queries.listOfUser(tx, userId)),
  }
}
