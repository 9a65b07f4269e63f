// Forgotten and changed passwords.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { DEFAULT_TENANT } from '../../tenants/index.ts'
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
  const { database, audit, mail, throttle, hashing, passwords, sessions, users } = parts

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
      await database.inTenant(account.homeTenantId ?? DEFAULT_TENANT, async (tx) => {
        // Used up here, in the transaction that sets the password: of concurrent callers one gets through.
        if (!(await links.use(tx, 'reset', token))) throw authErrors('auth.link_invalid')
        for (const purpose of ['reset', 'change'] as const) await links.endAll(tx, account.id, purpose)
        await users.setPassword(tx, account.id, hash)
        // Whoever opens the link holds the address.
        await users.markVerified(tx, account.id)
        await sessions.endAll(tx, [account.id], 'password reset')
        await notify(tx, account, 'password_reset_success', facts)
        const actor = { kind: 'user', userId: account.id, tenantId: tx.tenantId } as UserActor
        audit.record(tx, actor, { action: 'auth.reset_password', targetType: 'user', targetId: account.id }, facts)
      })
    },

    async change(actor, { oldPassword, newPassword }, facts) {
      const account = await users.credentials(database.global, actor.userId)
      if (!account) throw authErrors('auth.wrong_password')
      const right = await throttle.attempt(account.email, () => hashing.verify(oldPassword, account.password))
      if (!right) {
        throw authErrors('auth.wrong_password', {
          fields: [{ in: 'body', path: 'oldPassword', code: 'wrong', message: 'The current password is wrong.' }],
        })
      }
      await passwords.check(newPassword, account, 'newPassword')
      const hash = await hashing.hash(newPassword)
      await database.inTenant(actor.tenantId, async (tx) => {
        await users.setPassword(tx, actor.userId, hash)
        for (const purpose of ['reset', 'change'] as const) await links.endAll(tx, actor.userId, purpose)
        await sessions.endAll(tx, [actor.userId], 'password changed', actor.sessionId)
        await notify(tx, account, 'password_changed', facts)
        audit.record(tx, actor, { action: 'auth.change_password', targetType: 'user', targetId: actor.userId }, facts)
      })
    },
  }
}
