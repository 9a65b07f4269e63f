// What the managers of a tenant do with its invitations.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { hashOfSecret, newId, newSecret } from '../../../../core/ids.ts'
import { type Page, pageAt } from '../../../../core/page.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { linkTo } from '../../../foundation/mail/index.ts'
import { domainOf, type Entered, mustAdd } from '../../tenants/index.ts'
import { normalizeEmail } from '../../users/index.ts'
import { invitationErrors } from '../invitations.errors.ts'
import * as queries from '../invitations.queries.ts'
import {
  DEFAULT_DAYS,
  type Invitation,
  type InvitationQuery,
  type NewInvitation,
  type SentInvitation,
  toInvitation,
} from '../invitations.schema.ts'
import { type InvitationParts, mustBeAbleToGive } from './parts.ts'

export interface InvitationAdministration {
  /** Sends an invitation to an address, or makes an open link, whose secret is in the answer this once. */
  create(actor: UserActor, tenantId: string, body: NewInvitation, facts: RequestFacts): Promise<SentInvitation>
  list(actor: UserActor, tenantId: string, query: InvitationQuery): Promise<Page<Invitation>>
  /** Sends it again with a new secret and its whole life; the old secret is dead. Expired ones come to life again. */
  resend(actor: UserActor, at: InvitationOf, facts: RequestFacts): Promise<SentInvitation>
  revoke(actor: UserActor, at: InvitationOf, facts: RequestFacts): Promise<void>
}

/** An invitation by the path: `/tenants/{id}/invitations/{invitationId}`. */
export interface InvitationOf {
  id: string
  invitationId: string
}

const DAY_SECONDS = 86_400

export function createAdministration(parts: InvitationParts): InvitationAdministration {
  const { database, audit, mail, tenants, options } = parts

  async function mustNotBeTooMany(tx: Tx): Promise<void> {
    const { sent, freeInSeconds } = await queries.sentToday(tx)
    if (sent >= options.perDay) throw invitationErrors('invitations.too_many', { retryAfter: freeInSeconds })
  }

  async function mustBeInvitable(tx: Tx, email: string): Promise<void> {
    const allowed = await tenants.allowedDomains(tx)
    if (allowed.length && !allowed.includes(domainOf(email))) throw invitationErrors('invitations.domain_not_allowed')
    if (await queries.isMember(tx, email)) throw invitationErrors('invitations.already_member')
    if (await queries.hasPending(tx, email)) throw invitationErrors('invitations.already_pending')
  }

  /** Gives the secret to whom it belongs: the invited address by mail, or the maker of an open link by the answer. */
  async function handOver(tx: Tx, invitation: queries.InvitationRow, token: string): Promise<SentInvitation> {
    const link = linkTo(options, '/accept-invitation', token)
    if (invitation.email === null) return { ...toInvitation(invitation), token, link }
    const lifeSeconds = Math.round((invitation.expiresAt.getTime() - invitation.sentAt.getTime()) / 1000)
    await mail.send(tx, {
      template: 'tenant_invitation',
      to: { address: invitation.email, name: '' },
      values: {
        tenant: invitation.tenantName,
        inviter: invitation.inviterName ?? '',
        link,
        life: lifeSeconds,
      },
      sensitive: true,
      expiresInSeconds: lifeSeconds,
    })
    return toInvitation(invitation)
  }

  /** The invitation for a change, by somebody who could have made it. */
  async function claim(tx: Tx, actor: UserActor, id: string): Promise<[Entered, queries.InvitationRow]> {
    const entered = await tenants.enterToChange(tx, actor)
    mustAdd(entered, 'MEMBER')
    const invitation = await queries.find(tx, id)
    if (!invitation) throw invitationErrors('invitations.not_found')
    mustAdd(entered, invitation.level)
    return [entered, invitation]
  }

  function record(
    tx: Tx,
    actor: UserActor,
    action: string,
    { id, email, level }: queries.InvitationRow,
    facts: RequestFacts,
  ) {
    audit.record(tx, actor, { action, targetType: 'invitation', targetId: id, changes: { email, level } }, facts)
  }

  return {
    async create(actor, tenantId, { email: sent, level = 'MEMBER', roleIds = [], maxUses = 1, ...rest }, facts) {
      const email = sent === undefined ? null : normalizeEmail(sent)
      if (email !== null && maxUses !== 1)
        throw invalidField('maxUses', 'bound', 'An invitation to an address is used once.')
      return database.inTenant(tenantId, async (tx) => {
        const entered = await tenants.enterToChange(tx, actor)
        await mustBeAbleToGive(parts, tx, entered, { level, roleIds })
        if (email !== null) await mustBeInvitable(tx, email)
        await mustNotBeTooMany(tx)
        const [id, token] = [newId(), newSecret()]
        const lifeSeconds = (rest.expiresInDays ?? DEFAULT_DAYS) * DAY_SECONDS
        const row = {
          id,
          email,
          level,
          roleIds,
          tokenHash: hashOfSecret(token),
          maxUses,
          invitedBy: actor.userId,
          lifeSeconds,
        }
        await queries.insert(tx, row)
        const changes = { email, level, roleIds, maxUses }
        const deed = { action: 'invitations.create', targetType: 'invitation', targetId: id, changes }
        audit.record(tx, actor, deed, facts)
        return handOver(tx, (await queries.find(tx, id))!, token)
      })
    },

    async list(actor, tenantId, query) {
      const db = database.tenant(tenantId)
      mustAdd(await tenants.enter(db, actor), 'MEMBER')
      const page = pageAt(query, 'time')
      const [rows, total] = await Promise.all([queries.list(db, query, page.place), queries.count(db, query)])
      return page.answer(rows, total, toInvitation)
    },

    resend: (actor, { id, invitationId }, facts) =>
      database.inTenant(id, async (tx) => {
        const [entered, invitation] = await claim(tx, actor, invitationId)
        if (invitation.state === 'revoked') throw invitationErrors('invitations.revoked')
        if (invitation.state === 'accepted') throw invitationErrors('invitations.used_up')
        await mustBeAbleToGive(parts, tx, entered, invitation)
        await mustNotBeTooMany(tx)
        const token = newSecret()
        if (!(await queries.renew(tx, invitationId, hashOfSecret(token))))
          throw invitationErrors('invitations.sent_recently', { retryAfter: 60 })
        record(tx, actor, 'invitations.resend', invitation, facts)
        return handOver(tx, (await queries.find(tx, invitationId))!, token)
      }),

    revoke: (actor, { id, invitationId }, facts) =>
      database.inTenant(id, async (tx) => {
        const [, invitation] = await claim(tx, actor, invitationId)
        if (invitation.state === 'accepted') throw invitationErrors('invitations.used_up')
        if (invitation.state === 'revoked') return
        await queries.revoke(tx, invitationId)
        record(tx, actor, 'invitations.revoke', invitation, facts)
      }),
  }
}
