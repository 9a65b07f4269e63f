// Making an account for oneself, and proving the address.
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { Database } from '../../../../drivers/database/index.ts'
import type { RequestFacts, UploadedFile } from '../../../../drivers/http/index.ts'
import { linkTo, preferredLanguage } from '../../../foundation/mail/index.ts'
import { DEFAULT_TENANT, tenantOfRecord } from '../../tenants/index.ts'
import { type Letter, normalizeEmail, renderAvatar } from '../../users/index.ts'
import { authErrors } from '../auth.errors.ts'
import type { AwaitsVerification, Register } from '../auth.schema.ts'
import { links } from '../links.ts'
import type { Letters } from './letters.ts'
import type { AuthParts } from './parts.ts'
import type { SignedIn, SignIn } from './sign-in.ts'

export interface Registering {
  /** `languages` is the Accept-Language of the request: a first guess at how to write to the person. */
  register(
    body: Register,
    picture: UploadedFile | undefined,
    facts: RequestFacts,
    languages?: string,
  ): Promise<SignedIn | AwaitsVerification>
  verifyEmail(token: string, facts: RequestFacts): Promise<void>
  /** Sends the link again to the address of an account that has not proved it; says nothing about who exists. */
  resendVerification(email: string): Promise<void>
  /** Sends a new colleague the link to choose a password. */
  invite: Letter
  /** Sends the link that confirms an address. */
  verify: Letter
}

export function createRegistering(
  parts: AuthParts & { database: Database },
  signIn: SignIn,
  letters: Letters,
): Registering {
  const { database, bus, audit, mail, invitations, roles, tenants, users, options } = parts

  return {
    async register(body, picture, facts, languages) {
      const { invitationToken, ...account } = body
      if (invitationToken === undefined && options.registration === 'closed')
        throw authErrors('auth.registration_closed')
      const invited = invitationToken === undefined ? undefined : await invitations.find(invitationToken)
      const avatar = picture && (await renderAvatar(picture.bytes))
      // Strangers join the default tenant whatever the request names: a tenant of others is entered by invitation.
      const tenantId = invited?.tenantId ?? DEFAULT_TENANT
      // The secret of a bound invitation came by mail: who brings it holds the address. No tenant administers whom it invited.
      const verified = invited?.email === normalizeEmail(account.email)
      const prepared = await users.prepare({
        ...account,
        locale: preferredLanguage(languages),
        verified,
        homeless: tenantId !== DEFAULT_TENANT,
      })
      const mustProve = options.requireEmailVerification || (await tenants.asksForProof(tenantId))
      const { pair, level } = await database.inTenant(tenantId, async (tx) => {
        const taken = invitationToken && (await invitations.takeForNew(tx, invitationToken, { ...prepared, verified }))
        const level = taken ? taken.level : 'MEMBER'
        const id = await users.add(tx, prepared, level)
        if (taken) await invitations.settle(tx, taken, id, facts)
        else await roles.assignByName(tx, id, await tenants.defaultRoleOf(tx))
        if (avatar) await users.attachAvatar(tx, id, avatar)
        if (!verified) await letters.sendVerification(tx, { ...prepared, locale: prepared.locale ?? null })
        const actor = { kind: 'user', userId: id } as const
        audit.record(
          tx,
          actor,
          { action: 'auth.register', targetType: 'user', targetId: id, changes: { email: prepared.email } },
          facts,
        )
        // Whoever must confirm the address first gets in by the link, and then by signing in.
        const admitted = verified || !mustProve
        const newcomer = { ...prepared, id, locale: prepared.locale ?? null }
        return { pair: admitted ? await signIn.admit(tx, newcomer, facts) : undefined, level }
      })
      if (!pair) return { emailVerificationRequired: true, user: { id: prepared.id, email: prepared.email } }
      return signIn.answerOf(pair, prepared, { tenantId, level })
    },

    async verifyEmail(token, facts) {
      const open = await links.peek(database.global, 'verify', token)
      const account = open && (await users.credentials(database.global, open.userId))
      // A link proves the address that it was sent to, not one that was set later.
      if (!account || account.email !== open.email) throw authErrors('auth.link_invalid')
      await database.inTenant(tenantOfRecord(account), async (tx) => {
        await users.lock(tx, account.id)
        if (!(await links.use(tx, 'verify', token))) throw authErrors('auth.link_invalid')
        await users.markVerified(tx, account.id)
        await bus.publish(tx, ACTORS_CHANGED, { userId: account.id })
        const actor = { kind: 'user', userId: account.id } as const
        audit.record(tx, actor, { action: 'auth.verify_email', targetType: 'user', targetId: account.id }, facts)
      })
    },

    verify: letters.sendVerification,

    resendVerification: (email) => letters.ask('verify', email),

    async invite(tx, user) {
      const token = await links.make(tx, 'reset', user, options.emailVerificationSeconds)
      await mail.send(tx, {
        template: 'account_invitation',
        to: { address: user.email, name: user.name },
        locale: user.locale,
        values: {
          name: user.name,
          link: linkTo(options, '/reset-password', token),
          life: options.emailVerificationSeconds,
        },
        sensitive: true,
        expiresInSeconds: options.emailVerificationSeconds,
      })
    },
  }
}
