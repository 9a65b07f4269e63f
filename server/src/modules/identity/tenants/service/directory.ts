// What the other modules of identity ask about tenants and memberships.
import type { Actor, MembershipLevel, UserActor } from '../../../../core/actor.ts'
import type { Executor, Tx } from '../../../../drivers/database/index.ts'
import * as members from '../members.queries.ts'
import { tenantErrors } from '../tenants.errors.ts'
import * as queries from '../tenants.queries.ts'
import { DEFAULT_TENANT, type Entered, enter, enterToChange, type TenantParts } from './parts.ts'

export interface Directory {
  /** The active tenant with this id, or else with this slug. */
  find(idOrSlug: string): Promise<queries.TenantRow | undefined>
  /** The handle's tenant as the caller belongs to it. Throws `tenants.not_found`, the same for a tenant of others and for none. */
  enter(db: Executor, actor: UserActor): Promise<Entered>
  /** The same for a change: whoever else changes this tenant or its members waits. Call it before anything else is locked. */
  enterToChange(tx: Tx, actor: UserActor): Promise<Entered>
  /** Makes whoever else changes the transaction's tenant or its members wait. Before anything else is locked. */
  lock(tx: Tx): Promise<void>
  /** The level of a user in the handle's tenant; undefined for a stranger. */
  levelOf(db: Executor, userId: string): Promise<MembershipLevel | undefined>
  /** The same with the moment of joining. */
  membershipOf(db: Executor, userId: string): Promise<members.Membership | undefined>
  /** Makes a user a member of the transaction's tenant; false when they are one already. */
  addMember(tx: Tx, userId: string, level: MembershipLevel): Promise<boolean>
  /** The tenants that a user may choose from, oldest membership first. */
  ofUser(userId: string): Promise<queries.TenantOfUserRow[]>
  /**
   * Throws `tenants.last_owner` when no owner who can sign in is left in the transaction's tenant without these people. Locks
   * the tenant until the transaction ends: call it before anything else is locked.
   */
  mustKeepOwner(tx: Tx, leaving: readonly string[]): Promise<void>
  /**
   * Throws `tenants.last_owner` when a tenant, whichever, that others are members of is left without an owner who can sign in once
   * these accounts cannot. Locks every tenant that they own, and the transaction's own, until the transaction ends: call it before anything else is locked.
   */
  mustLeaveOwners(tx: Tx, userIds: readonly string[], asker: Actor): Promise<void>
  /** Ends memberships of the transaction's tenant, with roles, places in teams and personal access tokens. */
  endMemberships(tx: Tx, userIds: readonly string[]): Promise<void>
}

export function createDirectory({ database, options }: TenantParts): Directory {
  // Tenants that are there from a time with another strategy are kept, and not entered.
  const isOpen = ({ id }: { id: string }) => options.strategy !== 'none' || id === DEFAULT_TENANT

  return {
    async find(idOrSlug) {
      const tenant = await queries.findActive(database.global, idOrSlug)
      return tenant && isOpen(tenant) ? tenant : undefined
    },
    enter: (db, actor) => enter(db, actor, db.tenantId!),
    enterToChange: (tx, actor) => enterToChange(tx, actor, tx.tenantId!),
    lock: queries.lock,
    membershipOf: members.findMembership,
    levelOf: async (db, userId) => (await members.findMembership(db, userId))?.level,
    addMember: async (tx, userId, level) => (await members.addMember(tx, userId, level)) > 0,
    async ofUser(userId) {
      const rows = await database.acrossTenants('the tenants of one user', (tx) => queries.listOfUser(tx, userId))
      return rows.filter(isOpen)
    },

    async mustKeepOwner(tx, leaving) {
      await queries.lock(tx)
      const { leaves, stays } = await members.ownersWithout(tx, leaving)
      if (leaves && !stays) throw tenantErrors('tenants.last_owner')
    },

    async mustLeaveOwners(tx, userIds, asker) {
      const reason = 'tenants that would lose their last owner'
      const owned = await tx.acrossTenants(reason, (db) => queries.listOwned(db, userIds))
      await queries.lockThese(tx, [...owned, tx.tenantId!])
      const [tenant] = await tx.acrossTenants(reason, (db) => queries.listLeftWithoutOwner(db, owned, userIds))
      if (!tenant) return
      // Who asks for somebody else need not know that tenant.
      const own = asker.kind === 'user' && userIds.includes(asker.userId)
      throw tenantErrors(
        'tenants.last_owner',
        own || asker.kind === 'admin'
          ? {
              message: `Nobody else owns ${tenant.name}. Make somebody an owner of it, or delete it first.`,
              facts: { tenantId: tenant.id },
            }
          : { message: 'A tenant would be left without an owner who can sign in.' },
      )
    },

    endMemberships: members.endMemberships,
  }
}
