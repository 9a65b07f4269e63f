// Coming in by an invitation: one place for accounts that are there and for those that are being made.
import type { MembershipLevel, UserActor } from '../../../../core/actor.ts'
import { Problem } from '../../../../core/errors.ts'
import { hashOfSecret } from '../../../../core/ids.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { domainOf, type Tenant, toTenant } from '../../tenants/index.ts'
import { normalizeEmail } from '../../users/index.ts'
import { invitationErrors } from '../invitations.errors.ts'
import * as queries from '../invitations.queries.ts'
import type { Preview } from '../invitations.schema.ts'
import { type InvitationParts, mustBeAbleToGive } from './parts.ts'

export interface Acceptance {
  /** What whoever holds the secret may know. Throws the refusal that accepting would meet, as far as it is known yet. */
  preview(token: string): Promise<Preview>
  /** Makes the signed-in person a member. Again by the same person: the same answer, and no second use. */
  accept(actor: UserActor, token: string, facts: RequestFacts): Promise<Tenant>
  /** The open invitation behind a secret, for somebody who makes an account. Throws its refusal. */
  find(token: string): Promise<Pick<queries.InvitationRow, 'tenantId' | 'email'>>
  /** Takes a use for an account that this transaction makes; answers the level to make it with. */
  takeForNew(tx: Tx, token: string, account: NewPerson): Promise<Taken>
  /** Gives a new member of the transaction what the invitation offers. */
  settle(tx: Tx, taken: Taken, userId: string, facts: RequestFacts): Promise<void>
}

export interface NewPerson {
  email: string
  verified: boolean
}

/** A use that was taken in the transaction. */
export interface Taken {
  invitation: queries.InvitationRow
  /** Who invited, with what they hold now. */
  inviter: UserActor
  level: MembershipLevel
}

export function createAcceptance(parts: InvitationParts): Acceptance {
  const { database, bus, audit, roles, tenants, users } = parts

  async function findByToken(token: string): Promise<queries.InvitationRow> {
    const invitation = await database.acrossTenants('an invitation by its secret', (tx) =>
      queries.findByHash(tx, hashOfSecret(token)),
    )
    if (!invitation) throw invitationErrors('invitations.not_found')
    return invitation
  }

  /** The inviter, who must still be able to give what the invitation offers. */
  async function inviterOf(tx: Tx, invitation: queries.InvitationRow): Promise<UserActor> {
    const { inviterId, tenantId } = invitation
    const account = inviterId === null ? undefined : await users.credentials(tx, inviterId)
    const level = inviterId === null ? undefined : await tenants.levelOf(tx, inviterId)
    if (account?.status !== 'ACTIVE' || !level) throw invitationErrors('invitations.inviter_lost_right')
    const actor = memberOf(tenantId, account.id, level)
    try {
      return await mustBeAbleToGive(parts, tx, { actor, tenantId, level }, invitation)
    } catch (error) {
      // A level that fell, a permission that went, a role that is gone.
      if (error instanceof Problem && ['forbidden', 'invalid', 'not_found'].includes(error.kind))
        throw invitationErrors('invitations.inviter_lost_right', { cause: error })
      throw error
    }
  }

  /** Checks what the invitation and the tenant ask of the person, and takes one use. */
  async function take(tx: Tx, invitation: queries.InvitationRow, person: NewPerson): Promise<Taken> {
    mustBeOpen(invitation)
    const address = normalizeEmail(person.email)
    if (invitation.email !== null && invitation.email !== address) throw invitationErrors('invitations.other_address')
    const allowed = await tenants.allowedDomains(tx)
    if (allowed.length) {
      if (!allowed.includes(domainOf(address))) throw invitationErrors('invitations.domain_not_allowed')
      // The secret of a bound invitation came by mail, which proves the address; an open link proves nothing.
      if (invitation.email === null && !person.verified) throw invitationErrors('invitations.address_unverified')
    }
    const inviter = await inviterOf(tx, invitation)
    if (!(await queries.takeUse(tx, invitation.id))) throw invitationErrors('invitations.used_up')
    return { invitation, inviter, level: invitation.level }
  }

  /** The invitation as it is once nobody else can change the tenant's members. */
  async function lockAndFind(tx: Tx, token: string): Promise<queries.InvitationRow> {
    await tenants.lock(tx)
    const invitation = await queries.findByHash(tx, hashOfSecret(token))
    if (!invitation) throw invitationErrors('invitations.not_found')
    return invitation
  }

  async function settle(tx: Tx, { invitation, inviter, level }: Taken, userId: string, facts: RequestFacts) {
    if (invitation.roleIds.length) await roles.assign(tx, inviter, userId, invitation.roleIds)
    else await roles.assignByName(tx, userId, await tenants.roleOf(tx, level))
    await queries.addUse(tx, invitation.id, userId)
    await bus.publish(tx, ACTORS_CHANGED, { userId })
    const actor = memberOf(invitation.tenantId, userId, level)
    const changes = { userId, level, invitedBy: invitation.inviterId }
    const deed = { action: 'invitations.accept', targetType: 'invitation', targetId: invitation.id, changes }
    audit.record(tx, actor, deed, facts)
  }

  async function join(tx: Tx, userId: string, token: string, facts: RequestFacts): Promise<void> {
    const invitation = await lockAndFind(tx, token)
    const used = await queries.wasUsedBy(tx, invitation.id, userId)
    const level = await tenants.levelOf(tx, userId)
    if (used && level) return
    mustBeOpen(invitation)
    // Who was removed does not come back by the link that brought them in.
    if (used) throw invitationErrors('invitations.used_up')
    const account = await users.credentials(tx, userId)
    if (!account) throw invitationErrors('invitations.not_found')
    if (level) throw invitationErrors('invitations.already_member')
    const taken = await take(tx, invitation, { email: account.email, verified: account.emailVerifiedAt !== null })
    if (invitation.email !== null) await users.markVerified(tx, userId)
    await tenants.addMember(tx, userId, taken.level)
    await settle(tx, taken, userId, facts)
  }

  return {
    async preview(token) {
      const invitation = await findByToken(token)
      mustBeOpen(invitation)
      const { tenantName: tenant, inviterName: inviter, level, email } = invitation
      return { tenant, inviter, level, bound: email !== null }
    },

    async accept(actor, token, facts) {
      const { tenantId } = await findByToken(token)
      return database.inTenant(tenantId, async (tx) => {
        await join(tx, actor.userId, token, facts)
        return toTenant((await tenants.enter(tx, actor)).tenant)
      })
    },

    async find(token) {
      const invitation = await findByToken(token)
      mustBeOpen(invitation)
      return invitation
    },

    takeForNew: async (tx, token, account) => take(tx, await lockAndFind(tx, token), account),
    settle,
  }
}

/** Somebody of the tenant who is not the one that asks, or is not signed in yet. */
function memberOf(tenantId: string, userId: string, level: MembershipLevel): UserActor {
  const unasked = { sessionId: undefined, tokenId: undefined, authenticatedAt: 0, permissions: new Set<string>() }
  return { kind: 'user', userId, tenantId, level, ...unasked }
}

const REFUSALS = {
  revoked: 'invitations.revoked',
  accepted: 'invitations.used_up',
  expired: 'invitations.expired',
} as const

function mustBeOpen({ state }: queries.InvitationRow): void {
  if (state !== 'pending') throw invitationErrors(REFUSALS[state])
}
