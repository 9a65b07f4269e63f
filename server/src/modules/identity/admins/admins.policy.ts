// Who may make and end accounts of the back office, and in whose name admins may act.
import type { Actor, AdminActor } from '../../../core/actor.ts'
import { requestErrors } from '../../../core/errors.ts'
import { isSameSecret } from '../../../core/ids.ts'
import { grantFor } from '../../../core/permission.ts'
import { adminErrors } from './admins.errors.ts'

/** Another admin may, and whoever holds the installation's bootstrap token, if it has one. Nobody else, not even the first. */
export function mustRegister(actor: Actor, presented: string | undefined, bootstrapToken: string | undefined): void {
  if (actor.kind === 'admin') return
  if (presented === undefined) throw requestErrors('access.unauthenticated')
  if (bootstrapToken === undefined || !isSameSecret(presented, bootstrapToken))
    throw adminErrors('admins.bootstrap_refused')
}

/** Nobody suspends or deletes their own account: one that can is always left. */
export function mustBeAnother(actor: AdminActor, id: string): void {
  if (actor.adminId === id) throw adminErrors('admins.self')
}

/** Whoever has an account of the back office, or may do everything in the default tenant, cannot be impersonated. */
export function mustNotBeAdmin(account: object | undefined, permissionsInDefaultTenant: readonly string[]): void {
  if (account || grantFor(permissionsInDefaultTenant, '*')) throw adminErrors('admins.not_impersonable')
}
