// Who may do what to an account.
import type { Actor, MembershipLevel, UserActor } from '../../../core/actor.ts'
import { grantFor } from '../../../core/permission.ts'
import { userErrors } from './users.errors.ts'
import type { UserRow } from './users.queries.ts'

/** Nobody switches off or deletes their own account by the administration's routes. */
export function mustBeSomebodyElse(actor: Actor, userId: string): void {
  if (actor.kind === 'user' && actor.userId === userId) throw userErrors('users.self')
}

/** The account itself (address, password, state) is administered in its home tenant only: else a tenant could take over whom it adds. */
export function mustAdministerHere(actor: Actor, user: Pick<UserRow, 'homeTenantId'>): void {
  if (!administersHere(actor, user)) throw userErrors('users.managed_elsewhere')
}

export function administersHere(actor: Actor, user: Pick<UserRow, 'homeTenantId'>): boolean {
  return (
    actor.kind === 'admin' || actor.kind === 'system' || (actor.kind === 'user' && actor.tenantId === user.homeTenantId)
  )
}

/** What an account is worth in the tenant: its password would be a way to all of it. */
export interface Standing {
  permissions: readonly string[]
  level: MembershipLevel | undefined
}

/** Nobody administers an account that holds more than they do, nor one of a higher level: owners make owners, who get everything. */
export function mustNotReachAbove(actor: Actor, { permissions, level = 'MEMBER' }: Standing): void {
  if (actor.kind !== 'user') return
  // Levels are somebody's in person: no token passes its maker's on.
  const inPerson = actor.sessionId !== undefined && actor.impersonatorId === undefined
  const own = inPerson ? actor.level : 'MEMBER'
  const needed = RANK[level] > RANK[own] ? [...permissions, '*'] : permissions
  if (needed.some((permission) => !grantFor(actor.permissions, permission))) throw userErrors('users.beyond_own')
}

const RANK: Record<MembershipLevel, number> = { MEMBER: 0, ADMIN: 1, OWNER: 2 }

export function isSelf(actor: UserActor, userId: string): boolean {
  return actor.userId === userId
}
