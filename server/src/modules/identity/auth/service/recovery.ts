// Forgotten and changed passwords.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { wrongPassword } from '../../passwords/index.ts'
import { tenantOfRecord } from '../../tenants/index.ts'
import type { Credentials } from '../../users/index.ts'
import { authErrors } from '../auth.errors.ts'
import type { ChangePassword, ResetPassword } from '../auth.schema.ts'
import { links } from '../links.ts'
import type { Letters } from './letters.ts'
import type { AuthParts } from './parts.ts'

export interface Recovery {
  /** Sends a reset link if there is such an account; the caller learns nothing either way. */
  forgot(email: string): Promise<void>
  /** Sets the password that a link allows, once, and ends every session. */
  reset(body: ResetPassword, facts: RequestFacts): Promise<void>
  /** Sets another password for the signed-in person and ends their other sessions. */
  change(actor: UserActor, body: ChangePassword, facts: RequestFacts): Promise<void>
}

export function createRecovery(parts: AuthParts, letters: Letters): Recovery {
  const { database, audit, mail, throttle, hashing, passwords, sessions, mfa, users } = parts

  function notify(
    tx: Tx,
    account: Credentials,
    template: 'password_reset_success' | 'password_changed',
    facts: RequestFacts,
  ) {
    const values = { name: account.name, ip: facts.ip }
    return mail.send(tx, {
      template,
      to: { address: account.email, name: account.name },
      locale: account.locale,
      values,
    })
  }

  return {
    forgot: (email) => letters.ask('reset', email),

    async reset({ token, password, newPassword = password }, facts) {
      if (newPassword === undefined) throw invalidField('newPassword', 'missing', 'This field is required.')
      const open = await links.peek(database.global, 'reset', token)
      const account = open && (await users.credentials(database.global, open.userId))
      if (account?.status !== 'ACTIVE') throw authErrors('auth.link_invalid')
      await passwords.check(newPassword, account, password === undefined ? 'newPassword' : 'password')
      const hash = await hashing.hash(newPassword)
      await database.inTenant(tenantOfRecord(account), async (tx) => {
        // Whoever else changes the account, its address or its password comes before or after.
        await users.lock(tx, account.id)
        // Used up here, in the transaction that sets the password: of concurrent callers one gets through.
        if (!(await links.use(tx, 'reset', token))) throw authErrors('auth.link_invalid')
        if (!(await users.setPassword(tx, account.id, hash, account.passwordVersion)))
          throw authErrors('auth.link_invalid')
        // Whoever opens the link holds the address, and who had the account before it was proved need not have.
        if (account.emailVerifiedAt === null) await mfa.forget(tx, account.id)
        for (const purpose of ['reset', 'change'] as const) await links.endAll(tx, account.id, purpose)
        await users.markVerified(tx, account.id)
        await sessions.endAll(tx, [account.id], 'password reset')
        await users.resetAccess(tx, account.id)
        await throttle.forgive(tx, account.email)
        await notify(tx, account, 'password_reset_success', facts)
        const actor = { kind: 'user', userId: account.id } as const
        audit.record(tx, actor, { action: 'auth.reset_password', targetType: 'user', targetId: account.id }, facts)
      })
    },

    async change(actor, { oldPassword, newPassword }, facts) {
      const account = await users.credentials(database.global, actor.userId)
      if (!account) throw wrongPassword('oldPassword')
      const right = await throttle.attempt(account.email, () => hashing.verify(oldPassword, account.password))
      if (!right) throw wrongPassword('oldPassword')
      await passwords.check(newPassword, account, 'newPassword')
      const hash = await hashing.hash(newPassword)
      await database.inTenant(actor.tenantId, async (tx) => {
        // Another one may have taken its place since, by somebody who wants this one locked out.
        if (!(await users.setPassword(tx, actor.userId, hash, account.passwordVersion)))
          throw wrongPassword('oldPassword')
        for (const purpose of ['reset', 'change'] as const) await links.endAll(tx, actor.userId, purpose)
        await sessions.endAll(tx, [actor.userId], 'password changed', actor.sessionId)
        await notify(tx, account, 'password_changed', facts)
        audit.record(tx, actor, { action: 'auth.change_password', targetType: 'user', targetId: actor.userId }, facts)
      })
    },
  }
}
