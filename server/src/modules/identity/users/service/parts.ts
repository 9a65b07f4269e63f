// What the verbs of this module work with.
import type { UserActor } from '../../../../core/actor.ts'
import { normalizeName } from '../../../../core/text.ts'
import { ACTORS_CHANGED, PROFILES_CHANGED } from '../../../../core/topics.ts'
import type { Bus } from '../../../../drivers/bus/index.ts'
import type { Database, Executor, Tx } from '../../../../drivers/database/index.ts'
import { violates } from '../../../../drivers/database/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Mail } from '../../../foundation/mail/index.ts'
import type { Hashing, PasswordPolicy } from '../../passwords/index.ts'
import type { Roles } from '../../roles/index.ts'
import type { Sessions } from '../../sessions/index.ts'
import type { Tenants } from '../../tenants/index.ts'
import { userErrors } from '../users.errors.ts'
import { mustNotReachAbove } from '../users.policy.ts'
import * as queries from '../users.queries.ts'
import type { UserChanges, UserStatus } from '../users.schema.ts'

export interface UserParts {
  database: Pick<Database, 'global' | 'tenant' | 'inTenant' | 'acrossTenants'>
  bus: Pick<Bus, 'publish' | 'tell'>
  audit: Pick<Audit, 'record'>
  mail: Pick<Mail, 'send'>
  roles: Pick<Roles, 'assign' | 'assignByName' | 'permissionsOf'>
  tenants: Pick<
    Tenants,
    | 'addMember'
    | 'defaultRoleOf'
    | 'endMemberships'
    | 'levelOf'
    | 'mustAllowAddress'
    | 'mustAllowAddressOf'
    | 'mustKeepOwner'
    | 'mustLeaveOwners'
  >
  sessions: Pick<Sessions, 'endAll'>
  hashing: Hashing
  passwords: PasswordPolicy
}

/** Loads a member for writing, or throws `users.not_found`. */
export async function lockMember(tx: Tx, id: string, options: { deleted?: boolean } = {}): Promise<queries.UserRow> {
  const [user] = await queries.lockMembers(tx, [id], options)
  if (!user) throw userErrors('users.not_found')
  return user
}

/** Refuses when the target's roles grant something that the actor lacks, or its level is higher. */
export async function mustReach(
  { roles, tenants }: UserParts,
  tx: Tx,
  actor: UserActor,
  userId: string,
): Promise<void> {
  const permissions = await roles.permissionsOf(tx, userId)
  mustNotReachAbove(actor, { permissions, level: await tenants.levelOf(tx, userId) })
}

/** Makes every node show the account anew soon; for what changes no right. */
export function announceProfile({ bus }: UserParts, tx: Tx, userId: string): void {
  tx.afterCommit(() => bus.tell(PROFILES_CHANGED, { userId }))
}

/** Makes every node forget what it knows of the account. */
export function announce(parts: UserParts, tx: Tx, userId: string): Promise<void> {
  return parts.bus.publish(tx, ACTORS_CHANGED, { userId })
}

/** The columns that a change of an account writes. A new address is not verified, whoever wrote it. */
export function accountColumns(user: queries.UserRow, changes: UserChanges): Record<string, unknown> {
  const { email: sentEmail, name: sentName, username: sentUsername, ...rest } = changes
  const { phone, department, position, bio, locale, avatar } = rest
  const email = sentEmail === undefined ? undefined : normalizeEmail(sentEmail)
  const name = sentName === undefined ? undefined : normalizeName(sentName, 'name')
  const username = sentUsername === undefined ? undefined : normalizeName(sentUsername, 'username')
  const verified = email !== undefined && email !== user.email ? { emailVerifiedAt: null } : {}
  return { email, name, username, phone, department, position, bio, locale, avatar, ...verified }
}

/** Ends every session of accounts, and makes void what was given for them: links and personal access tokens. */
export async function endAccess(
  { sessions }: Pick<UserParts, 'sessions'>,
  tx: Tx,
  ids: readonly string[],
  reason: string,
): Promise<void> {
  await sessions.endAll(tx, ids, reason)
  await queries.resetAccess(tx, ids)
}

/** Sets the state of an account; anything but ACTIVE ends access to it. */
export async function changeState(parts: UserParts, tx: Tx, user: queries.UserRow, status: UserStatus): Promise<void> {
  if (status === user.status) return
  await queries.setStatus(tx, user.id, status)
  if (status !== 'ACTIVE') await endAccess(parts, tx, [user.id], `account ${status.toLowerCase()}`)
}

/** An e-mail address as it is kept: compatibility forms folded, lower case (the part before the @ too, as every provider treats it). */
export function normalizeEmail(email: string): string {
  return email.normalize('NFKC').trim().toLowerCase()
}

/** Throws the conflict of the field when another account has the value in any case. */
export async function mustBeFree(
  db: Executor,
  values: { email?: string; username?: string },
  exceptId: string,
): Promise<void> {
  if (values.email !== undefined && (await queries.taken(db, 'email', values.email, exceptId))) throw conflict('email')
  if (values.username !== undefined && (await queries.taken(db, 'username', values.username, exceptId)))
    throw conflict('username')
}

/** Runs a write; a unique index that it hits becomes the conflict of its field. */
export async function namingConflicts<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (violates(error, 'users_email_key')) throw conflict('email')
    if (violates(error, 'users_username_key')) throw conflict('username')
    if (violates(error, 'users_phone_key')) throw conflict('phone')
    throw error
  }
}

function conflict(field: 'email' | 'username' | 'phone') {
  const problem = userErrors(`users.${field}_taken`)
  problem.fields.push({ in: 'body', path: field, code: 'taken', message: problem.message })
  return problem
}

/** Sends a mail to an account inside the caller's transaction. */
export type Letter = (tx: Tx, user: Pick<queries.UserRow, 'id' | 'email' | 'name' | 'locale'>) => Promise<void>

/** Tells the old address that it is none of the account's any more. The new one is told as far as its owner knows it. */
export async function tellOldAddress(
  { mail }: Pick<UserParts, 'mail'>,
  tx: Tx,
  before: Pick<queries.UserRow, 'email' | 'name' | 'locale'>,
  { email, ip }: { email: string; ip: string },
): Promise<void> {
  await mail.send(tx, {
    template: 'address_changed',
    to: { address: before.email, name: before.name },
    locale: before.locale,
    values: { name: before.name, address: masked(email), ip },
  })
}

/** `mason@example.com` as `m…@example.com`. */
export function masked(email: string): string {
  return `${[...email][0]}…${email.slice(email.lastIndexOf('@'))}`
}
