// Who may do what to a role.
import type { Actor } from '../../../core/actor.ts'
import { grantFor } from '../../../core/permission.ts'
import { FULL_ROLE } from './catalogue.ts'
import { roleErrors } from './roles.errors.ts'
import type { RoleRow } from './roles.queries.ts'

/** Throws unless the actor holds every one of the permissions, wildcards included: nobody grants what they lack. */
export function mustHold(actor: Actor, permissions: readonly string[]): void {
  const beyond = firstBeyond(actor, permissions)
  if (beyond !== undefined)
    throw roleErrors('roles.beyond_own', {
      message: `You cannot grant ${beyond}: you do not hold it.`,
      facts: { permission: beyond },
    })
}

/** Nobody changes a role that grants more than they hold: taking from those above is a way up, too. */
export function mustReach(actor: Actor, role: Pick<RoleRow, 'name' | 'effectivePermissions'>): void {
  const beyond = firstBeyond(actor, role.effectivePermissions)
  if (beyond !== undefined)
    throw roleErrors('roles.beyond_own', {
      message: `The role ${role.name} grants ${beyond}, which you do not hold.`,
      facts: { permission: beyond },
    })
}

function firstBeyond(actor: Actor, permissions: readonly string[]): string | undefined {
  if (actor.kind === 'system' || actor.kind === 'admin') return undefined
  const held = actor.kind === 'user' ? actor.permissions : []
  return permissions.find((permission) => !grantFor(held, permission))
}

/** Every start makes sure that the built-in roles are there: without their name or place they would come back. */
export function mustBeOwn(role: RoleRow, change: 'renamed' | 'deleted'): void {
  if (role.builtIn)
    throw roleErrors('roles.built_in', { message: `${role.name} is a built-in role and cannot be ${change}.` })
}

/** The full role keeps `*`, so that a tenant cannot lock itself out. */
export function mustStayFull(role: RoleRow, permissions: readonly string[]): void {
  if (role.builtIn && role.name === FULL_ROLE && !permissions.includes('*'))
    throw roleErrors('roles.built_in', { message: `The built-in role ${FULL_ROLE} always keeps the permission *.` })
}
