// Links that anybody may ask for by naming an address. The request only leaves a job, the same for every address, so that
// neither the answer nor its time tells whether there is such an account.
import Type from 'typebox'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { JobSettings } from '../../../../drivers/queue/index.ts'
import { linkTo } from '../../../foundation/mail/index.ts'
import { tenantOfRecord } from '../../tenants/index.ts'
import type { Credentials } from '../../users/index.ts'
import { links } from '../links.ts'
import type { AuthParts } from './parts.ts'

const Payload = Type.Object({ kind: Type.Enum(['reset', 'verify']), sealedAddress: Type.String({ maxLength: 2000 }) })

// Nobody has been recognised yet: the job is no tenant's.
export const sendLinkJob = {
  name: 'auth.send_link',
  scope: 'installation',
  schema: Payload,
  retry: { limit: 5, delaySeconds: 2, backoff: true, maxDelaySeconds: 60 },
  timeoutSeconds: 30,
  concurrency: 2,
} satisfies JobSettings

export type Account = Pick<Credentials, 'id' | 'email' | 'name' | 'locale'>

export interface Letters {
  /** Leaves word that somebody asked for a link to this address. */
  ask(kind: 'reset' | 'verify', address: string): Promise<void>
  sendReset(tx: Tx, account: Account): Promise<void>
  sendVerification(tx: Tx, account: Account): Promise<void>
  /** Makes the job known to this process. */
  defineJobs(): void
}

const context = 'auth.send_link'

export function createLetters({ database, jobs, sealer, mail, users, options }: AuthParts): Letters {
  const sendReset = async (tx: Tx, account: Account) => {
    const token = await links.make(tx, 'reset', account, options.passwordResetSeconds)
    const link = linkTo(options, '/reset-password', token)
    await mail.send(tx, {
      template: 'password_reset',
      to: { address: account.email, name: account.name },
      locale: account.locale,
      values: { name: account.name, link, life: options.passwordResetSeconds },
      sensitive: true,
      expiresInSeconds: options.passwordResetSeconds,
    })
  }
  const sendVerification = async (tx: Tx, account: Account) => {
    const token = await links.make(tx, 'verify', account, options.emailVerificationSeconds)
    const link = linkTo(options, '/verify-email', token)
    await mail.send(tx, {
      template: 'verify_email',
      to: { address: account.email, name: account.name },
      locale: account.locale,
      values: { name: account.name, link, life: options.emailVerificationSeconds },
      sensitive: true,
      expiresInSeconds: options.emailVerificationSeconds,
    })
  }

  return {
    sendReset,
    sendVerification,
    async ask(kind, address) {
      const payload = { kind, sealedAddress: sealer.seal(address, context) }
      await database.inGlobal((tx) => jobs.enqueue(tx, sendLinkJob.name, payload))
    },
    defineJobs() {
      jobs.define({
        ...sendLinkJob,
        async handler({ payload, complete }) {
          const account = await users.findForSignIn(sealer.open(payload.sealedAddress, context))
          const wanted = account?.status === 'ACTIVE' && (payload.kind === 'reset' || account.emailVerifiedAt === null)
          await database.inTenant(tenantOfRecord(account), async (tx) => {
            if (wanted) await (payload.kind === 'reset' ? sendReset : sendVerification)(tx, account)
            await complete(tx)
          })
        },
      })
    },
  }
}
