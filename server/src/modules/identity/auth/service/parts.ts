// What the verbs of this module work with.
import type { Clock } from '../../../../core/clock.ts'
import type { Bus } from '../../../../drivers/bus/index.ts'
import type { Database } from '../../../../drivers/database/index.ts'
import type { RateLimiter } from '../../../../drivers/http/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Sealer } from '../../../../drivers/sealing/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Mail } from '../../../foundation/mail/index.ts'
import type { Invitations } from '../../invitations/index.ts'
import type { Mfa } from '../../mfa/index.ts'
import type { Hashing, PasswordPolicy } from '../../passwords/index.ts'
import type { Roles } from '../../roles/index.ts'
import type { Sessions } from '../../sessions/index.ts'
import type { Tenants } from '../../tenants/index.ts'
import type { Throttle } from '../../throttle/index.ts'
import type { Users } from '../../users/index.ts'

export interface AuthOptions {
  registration: 'open' | 'closed'
  requireEmailVerification: boolean
  reauthenticationSeconds: number
  passwordResetSeconds: number
  emailVerificationSeconds: number
  /** Where links in mails lead; never taken from a request. */
  frontendUrl: string
}

export interface AuthParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant' | 'inGlobal'>
  bus: Bus
  clock: Clock
  audit: Pick<Audit, 'record'>
  mail: Pick<Mail, 'send'>
  jobs: Pick<Jobs, 'define' | 'enqueue'>
  sealer: Sealer
  limiter: Pick<RateLimiter, 'take' | 'forget'>
  throttle: Throttle
  hashing: Hashing
  passwords: PasswordPolicy
  sessions: Sessions
  tenants: Pick<
    Tenants,
    'asksForProof' | 'defaultRoleOf' | 'find' | 'levelOf' | 'membershipOf' | 'mustAllowAddressOf' | 'ofUser'
  >
  invitations: Pick<Invitations, 'find' | 'settle' | 'takeForNew'>
  roles: Pick<Roles, 'rolesOf' | 'permissionsOf' | 'assignByName'>
  users: Users
  mfa: Pick<
    Mfa,
    'challenge' | 'consume' | 'counted' | 'enrollBy' | 'findChallenge' | 'forget' | 'isEnrolled' | 'useChallenge'
  >
  options: AuthOptions
}
