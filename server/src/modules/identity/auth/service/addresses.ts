// Changing the address of one's own account: asked for with the password, confirmed at the new address, told to the old one.
import Type from 'typebox'
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { ACTORS_CHANGED } from '../../../../core/topics.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { JobSettings } from '../../../../drivers/queue/index.ts'
import { linkTo } from '../../../foundation/mail/index.ts'
import { wrongPassword } from '../../passwords/index.ts'
import { tenantOfRecord } from '../../tenants/index.ts'
import { masked, normalizeEmail, tellOldAddress } from '../../users/index.ts'
import { authErrors } from '../auth.errors.ts'
import type { ChangeAddress } from '../auth.schema.ts'
import { links } from '../links.ts'
import type { AuthParts } from './parts.ts'

const Payload = Type.Object({
  userId: Type.String(),
  sealedAddress: Type.String({ maxLength: 2000 }),
  passwordVersion: Type.String(),
  ip: Type.String(),
})

export const changeAddressJob = {
  name: 'auth.change_address',
  schema: Payload,
  retry: { limit: 5, delaySeconds: 2, backoff: true, maxDelaySeconds: 60 },
  timeoutSeconds: 30,
  concurrency: 2,
} satisfies JobSettings

export interface Addresses {
  /** Asks for a link at the new address. Neither answer nor time tells whether another account has it. */
  changeAddress(actor: UserActor, body: ChangeAddress, facts: RequestFacts): Promise<void>
  /** Makes the address that a link was sent to the account's, once. */
  confirmAddress(token: string, facts: RequestFacts): Promise<void>
  defineJobs(): void
}

const context = 'auth.change_address'

export function createAddresses(parts: AuthParts): Addresses {
  const { database, bus, audit, mail, jobs, sealer, throttle, hashing, tenants, users, options } = parts

  return {
    async changeAddress(actor, { email: sent, password }, facts) {
      const account = await users.credentials(database.global, actor.userId)
      if (!account) throw wrongPassword('password')
      const email = normalizeEmail(sent)
      if (email === account.email) throw invalidField('email', 'unchanged', 'This is your address already.')
      if (!(await throttle.attempt(account.email, () => hashing.verify(password, account.password))))
        throw wrongPassword('password')
      await tenants.mustAllowAddressOf(account.id, email)
      await database.inTenant(actor.tenantId, async (tx) => {
        await mail.send(tx, {
          template: 'address_change_requested',
          to: { address: account.email, name: account.name },
          locale: account.locale,
          values: { name: account.name, address: masked(email), ip: facts.ip },
        })
        const deed = { action: 'auth.change_address', targetType: 'user', targetId: account.id }
        audit.record(tx, actor, { ...deed, changes: { to: masked(email) } }, facts)
        const { id: userId, passwordVersion } = account
        const payload = { userId, sealedAddress: sealer.seal(email, context), passwordVersion, ip: facts.ip }
        await jobs.enqueue(tx, changeAddressJob.name, payload)
      })
    },

    async confirmAddress(token, facts) {
      const open = await links.peek(database.global, 'change', token)
      const account = open && (await users.credentials(database.global, open.userId))
      if (account?.status !== 'ACTIVE') throw authErrors('auth.link_invalid')
      await tenants.mustAllowAddressOf(account.id, open!.email)
      await database.inTenant(tenantOfRecord(account), async (tx) => {
        await users.lock(tx, account.id)
        const link = await links.use(tx, 'change', token)
        // Somebody else may have taken the address since the link was sent.
        if (!link || !(await users.setAddress(tx, account.id, link.email))) throw authErrors('auth.link_invalid')
        // Links that went to the old address have ended with it.
        for (const purpose of ['reset', 'verify', 'change'] as const) await links.endAll(tx, account.id, purpose)
        await tellOldAddress({ mail }, tx, account, { email: link.email, ip: facts.ip })
        await bus.publish(tx, ACTORS_CHANGED, { userId: account.id })
        const actor = { kind: 'user', userId: account.id } as const
        const changes = { email: [account.email, link.email] }
        audit.record(
          tx,
          actor,
          { action: 'auth.confirm_address', targetType: 'user', targetId: account.id, changes },
          facts,
        )
      })
    },

    defineJobs() {
      jobs.define({
        ...changeAddressJob,
        async handler({ payload, complete }) {
          const email = sealer.open(payload.sealedAddress, context)
          const known = await users.credentials(database.global, payload.userId)
          const owner = await users.findForSignIn(email)
          await database.inTenant(tenantOfRecord(known), async (tx) => {
            await users.lock(tx, payload.userId)
            const account = await users.credentials(tx, payload.userId)
            // Who asked by a password that was taken from them since gets no link.
            const isStillTheirs = account?.status === 'ACTIVE' && account.passwordVersion === payload.passwordVersion
            if (isStillTheirs && owner?.email !== email) {
              const token = await links.make(tx, 'change', { id: account.id, email }, options.emailVerificationSeconds)
              const link = linkTo(options, '/confirm-address', token)
              await mail.send(tx, {
                template: 'confirm_address',
                to: { address: email, name: account.name },
                locale: account.locale,
                values: { name: account.name, link, life: options.emailVerificationSeconds },
                sensitive: true,
                expiresInSeconds: options.emailVerificationSeconds,
              })
            }
            await complete(tx)
          })
        },
      })
    },
  }
}
