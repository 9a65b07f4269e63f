// What the verbs of this module work with.
import type { Clock } from '../../../../core/clock.ts'
import type { Bus } from '../../../../drivers/bus/index.ts'
import type { Database, Executor, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { Sealer } from '../../../../drivers/sealing/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Mail } from '../../../foundation/mail/index.ts'
import type { Hashing } from '../../passwords/index.ts'
import type { Roles } from '../../roles/index.ts'
import type { Sessions } from '../../sessions/index.ts'
import type { Tenants } from '../../tenants/index.ts'
import type { Throttle } from '../../throttle/index.ts'
import type { Credentials, Users } from '../../users/index.ts'

export interface MfaParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant'>
  bus: Pick<Bus, 'publish'>
  clock: Clock
  audit: Pick<Audit, 'record'>
  mail: Pick<Mail, 'send'>
  sealer: Sealer
  throttle: Throttle
  hashing: Pick<Hashing, 'verify'>
  sessions: Pick<Sessions, 'endAll' | 'prove'>
  users: Pick<Users, 'credentials' | 'lock' | 'resetAccess'>
  tenants: Pick<Tenants, 'membershipOf' | 'settingsOf'>
  roles: Pick<Roles, 'mfaRequiredSince'>
  options: {
    /** What authenticator apps show above the code. */
    issuer: string
    /** How long people may put it off when one of their roles asks for a second factor. */
    graceDays: number
  }
}

type Notice = 'mfa_enabled' | 'mfa_disabled' | 'mfa_guessing' | 'recovery_codes_renewed' | 'recovery_code_used'

/** What seals and opens the secret of one factor, and of no other. */
export const sealContext = (factorId: string) => `mfa factor ${factorId}`

/** Writes the account's owner a mail. */
export function notify(
  { mail }: Pick<MfaParts, 'mail'>,
  tx: Tx,
  account: Credentials,
  template: Notice,
  facts: RequestFacts,
): Promise<string> {
  return mail.send(tx, {
    template,
    to: { address: account.email, name: account.name },
    locale: account.locale,
    values: { name: account.name, ip: facts.ip },
  })
}

/** The account for which a change is made; throws when it was deleted a moment ago. */
export async function accountOf(
  { users }: Pick<MfaParts, 'users'>,
  db: Executor,
  userId: string,
): Promise<Credentials> {
  const account = await users.credentials(db, userId)
  if (!account) throw new Error(`The account ${userId} is gone.`)
  return account
}
