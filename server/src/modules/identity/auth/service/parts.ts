// What the verbs of this module work with.
import type { Clock } from '../../../../core/clock.ts'
import type { Bus } from '../../../../drivers/bus/index.ts'
import type { Database } from '../../../../drivers/database/index.ts'
import type { RateLimiter } from '../../../../drivers/http/index.ts'
import type { Jobs } from '../../../../drivers/queue/index.ts'
import type { Sealer } from '../../../../drivers/sealing/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Mail } from '../../../foundation/mail/index.ts'
import type { Hashing, PasswordPolicy } from '../../passwords/index.ts'
import type { Roles } from '../../roles/index.ts'
import type { Sessions } from '../../sessions/index.ts'
import type { Tenants } from '../../tenants/index.ts'
import type { Users } from '../../users/index.ts'
import type { Throttle } from '../throttle.ts'

export interface AuthOptions {
  registration: 'open' | 'closed'
  requireEmailVerification: boolean
  passwordResetSeconds: number
  emailVerificationSeconds: number
  /** Where links in mails lead; never taken from a request. */
  frontendUrl: string
}

export interface AuthParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant'>
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
  tenants: Pick<Tenants, 'defaultRoleOf' | 'find' | 'levelOf' | 'ofUser'>
  roles: Pick<Roles, 'rolesOf' | 'permissionsOf' | 'assignByName'>
  users: Users
  options: AuthOptions
}

export function linkTo(options: AuthOptions, path: string, token: string): string {
  return `${options.frontendUrl.replace(/\/$/, '')}${path}?token=${encodeURIComponent(token)}`
}

/** Minutes or hours for the reader of a mail. */
export function spoken(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}
