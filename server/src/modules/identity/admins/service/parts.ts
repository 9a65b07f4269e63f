// What the verbs of this module work with.
import { newId } from '../../../../core/ids.ts'
import { normalizeName } from '../../../../core/text.ts'
import type { Bus } from '../../../../drivers/bus/index.ts'
import { type Database, violates } from '../../../../drivers/database/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Mail } from '../../../foundation/mail/index.ts'
import type { SecretParts } from '../../auth/index.ts'
import type { Hashing, PasswordPolicy } from '../../passwords/index.ts'
import type { Roles } from '../../roles/index.ts'
import type { Sessions } from '../../sessions/index.ts'
import type { Tenants } from '../../tenants/index.ts'
import { normalizeEmail, type Users } from '../../users/index.ts'
import { adminErrors } from '../admins.errors.ts'
import type { NewAdminRow } from '../admins.queries.ts'
import type { NewAdmin } from '../admins.schema.ts'

export interface AdminParts extends SecretParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant'>
  bus: Pick<Bus, 'publish'>
  audit: Pick<Audit, 'record'>
  mail: Pick<Mail, 'send'>
  hashing: Hashing
  passwords: PasswordPolicy
  sessions: Pick<
    Sessions,
    'open' | 'refresh' | 'end' | 'endAll' | 'findLive' | 'impersonate' | 'impersonations' | 'endImpersonation'
  >
  users: Pick<Users, 'credentials'>
  tenants: Pick<Tenants, 'ofUser'>
  roles: Pick<Roles, 'permissionsOf'>
  /** The secret that may make accounts without anybody being signed in; undefined on most installations. */
  bootstrapToken: string | undefined
}

/** A checked account with its password hashed: made before the transaction, which would else wait for the hash. */
export async function prepareAdmin({ hashing, passwords }: AdminParts, sent: NewAdmin): Promise<NewAdminRow> {
  const email = normalizeEmail(sent.email)
  const username = normalizeName(sent.username ?? localPart(email), 'username')
  const name = normalizeName(sent.name ?? username, 'name')
  await passwords.check(sent.password, { email, name, username })
  return { id: newId(), email, username, name, password: await hashing.hash(sent.password) }
}

function localPart(email: string): string {
  return (email.split('@')[0] ?? '').replace(/[^\p{L}\p{N}._-]/gu, '').slice(0, 50) || 'admin'
}

/** Runs a write; a unique index that it hits becomes the conflict of its field. */
export async function namingConflicts<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (violates(error, 'admins_email_key')) throw conflict('email')
    if (violates(error, 'admins_username_key')) throw conflict('username')
    throw error
  }
}

function conflict(field: 'email' | 'username') {
  const problem = adminErrors(`admins.${field}_taken`)
  problem.fields.push({ in: 'body', path: field, code: 'taken', message: problem.message })
  return problem
}
