// Who may do what to an account.
import type { Actor, MembershipLevel, UserActor } from '../../../core/actor.ts'
import { grantFor } from '../../../core/permission.ts'
import { outranks } from '../tenants/index.ts'
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

/** Nobody administers an account that holds more than they do, by its roles or by its level: its password would be a way up. */
export function mustNotReachAbove(
  actor: Actor,
  target: { permissions: readonly string[]; level: MembershipLevel | undefined },
): void {
  if (actor.kind !== 'user') return
  const isAbove = target.level !== undefined && outranks(target.level, levelToActWith(actor))
  if (isAbove || target.permissions.some((permission) => !grantFor(actor.permissions, permission)))
    throw userErrors('users.beyond_own')
}

/** A level is somebody's in person: a token that was given less than everything does not bring its maker's along. */
function levelToActWith({ sessionId, impersonatorId, permissions, level }: UserActor): MembershipLevel {
  const inPerson = sessionId !== undefined && impersonatorId === undefined
  return inPerson || grantFor(permissions, '*') ? level : 'MEMBER'
}

export function isSelf(actor: UserActor, userId: string): boolean {
  return actor.userId === userId
}
