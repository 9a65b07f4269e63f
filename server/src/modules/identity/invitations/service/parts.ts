// What the verbs of this module work with, and what an inviter must be able to give.
import type { MembershipLevel, UserActor } from '../../../../core/actor.ts'
import type { Bus } from '../../../../drivers/bus/index.ts'
import type { Database, Tx } from '../../../../drivers/database/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Mail } from '../../../foundation/mail/index.ts'
import type { Roles } from '../../roles/index.ts'
import { mustAdd, type Standing, type Tenants } from '../../tenants/index.ts'
import type { Users } from '../../users/index.ts'

export interface InvitationParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant' | 'acrossTenants'>
  bus: Pick<Bus, 'publish'>
  audit: Pick<Audit, 'record'>
  mail: Pick<Mail, 'send'>
  roles: Pick<Roles, 'assign' | 'assignByName' | 'grantable' | 'grantableByName' | 'permissionsOf'>
  tenants: Pick<
    Tenants,
    'addMember' | 'allowedDomains' | 'enter' | 'enterToChange' | 'find' | 'levelOf' | 'lock' | 'roleOf'
  >
  users: Pick<Users, 'credentials' | 'markVerified'>
  options: {
    /** How many invitations a tenant may send in 24 hours. */
    perDay: number
    /** Where links in mails lead; never taken from a request. */
    frontendUrl: string
  }
}

/** What an invitation gives. */
export interface Offer {
  level: MembershipLevel
  /** Empty: the role that comes with the level. */
  roleIds: readonly string[]
}

/**
 * Throws unless the inviter can give that level and those roles. Asked when an invitation is made and again when it is
 * accepted: it is never worth more than who made it. Answers the inviter as they stand in the transaction's tenant.
 */
export async function mustBeAbleToGive(
  { roles, tenants }: Pick<InvitationParts, 'roles' | 'tenants'>,
  tx: Tx,
  inviter: Standing,
  offer: Offer,
): Promise<UserActor> {
  mustAdd(inviter, offer.level)
  const own = { ...inviter.actor, permissions: new Set(await roles.permissionsOf(tx, inviter.actor.userId)) }
  if (offer.roleIds.length) await roles.grantable(tx, own, offer.roleIds, 'roleIds')
  // Administrators pass their rank on only as far as they hold what comes with it.
  else if (inviter.level !== 'OWNER' && offer.level !== 'MEMBER')
    await roles.grantableByName(tx, own, await tenants.roleOf(tx, offer.level))
  return own
}
