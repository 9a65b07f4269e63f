// The accounts' SQL. Accounts are global; what a tenant sees of them goes through its memberships.
import {
  assignments,
  atVersion,
  type Executor,
  empty,
  identifier,
  join,
  NOW,
  sql,
} from '../../../drivers/database/index.ts'
import type { UserStatus } from './users.schema.ts'

export interface UserRow {
  id: string
  email: string
  username: string
  name: string
  phone: string | null
  avatar: string | null
  status: UserStatus
  department: string | null
  position: string | null
  bio: string | null
  locale: string | null
  emailVerifiedAt: Date | null
  homeTenantId: string | null
  lastLoginAt: Date | null
  createdAt: Date
  updatedAt: Date
  deletedAt: Date | null
  roles: { id: string; name: string; label: string }[]
}

export const FIELDS = join(
  'id email username name phone avatar status department position bio locale emailVerifiedAt homeTenantId lastLoginAt createdAt updatedAt deletedAt'
    .split(' ')
    .map((field) => sql`u.${identifier(field)}`),
)

export const ROLES = sql`COALESCE((
  SELECT json_agg(json_build_object('id', r.id, 'name', r.name, 'label', r.label) ORDER BY r.name)
  FROM user_roles ur JOIN roles r ON r.id = ur."roleId" WHERE ur."userId" = u.id), '[]') AS roles`

/** A member of the handle's tenant; deleted ones only when asked for. */
export function findMember(
  db: Executor,
  id: string,
  options: { deleted?: boolean } = {},
): Promise<UserRow | undefined> {
  return db.one<UserRow>(sql`
    SELECT ${FIELDS}, ${ROLES} FROM memberships m JOIN users u ON u.id = m."userId"
    WHERE m."userId" = ${id} AND u."deletedAt" IS ${options.deleted ? sql`NOT NULL` : sql`NULL`}`)
}

/** Members of the handle's tenant by id, deleted ones left out, as far as it takes to see who administers them. */
export function findMembers(db: Executor, ids: readonly string[]): Promise<Pick<UserRow, 'id' | 'homeTenantId'>[]> {
  return db.query(sql`
    SELECT u.id, u."homeTenantId" FROM memberships m JOIN users u ON u.id = m."userId"
    WHERE m."userId" = ANY(${ids}) AND u."deletedAt" IS NULL`)
}

/** Like `findMember`, and no other transaction can change the accounts until this one ends. */
export function lockMembers(
  db: Executor,
  ids: readonly string[],
  options: { deleted?: boolean } = {},
): Promise<UserRow[]> {
  return db.query<UserRow>(sql`
    SELECT ${FIELDS}, ${ROLES} FROM memberships m JOIN users u ON u.id = m."userId"
    WHERE m."userId" = ANY(${ids}) AND u."deletedAt" IS ${options.deleted ? sql`NOT NULL` : sql`NULL`}
    ORDER BY u.id FOR UPDATE OF u`)
}

export async function lock(db: Executor, id: string): Promise<void> {
  await db.run(sql`SELECT 1 FROM users WHERE id = ${id} FOR NO KEY UPDATE`)
}

export interface NewAccount {
  id: string
  email: string
  username: string
  name: string
  phone: string | null
  password: string
  status: UserStatus
  department?: string | null
  position?: string | null
  bio?: string | null
  locale?: string | null
  verified?: boolean
  /** No tenant administers the account: its owner made it, in a tenant that somebody else invited them to. */
  homeless?: boolean
}

export async function insert(db: Executor, account: NewAccount): Promise<void> {
  await db.run(sql`
    INSERT INTO users (id, email, username, name, phone, password, status, department, position, bio, locale, "emailVerifiedAt", "firstVerifiedAt", "homeTenantId", "passwordChangedAt", "updatedAt")
    VALUES (${account.id}, ${account.email}, ${account.username}, ${account.name}, ${account.phone}, ${account.password}, ${account.status}::"UserStatus",
      ${account.department ?? null}, ${account.position ?? null}, ${account.bio ?? null}, ${account.locale ?? null}, ${account.verified ? sql`now()` : null}, ${account.verified ? sql`now()` : null}, ${account.homeless ? null : sql`DEFAULT`}, now(), now())`)
}

/** Whether there is any account at all, deleted ones included. */
export async function anyExist(db: Executor): Promise<boolean> {
  return (await db.one(sql`SELECT 1 FROM users LIMIT 1`)) !== undefined
}

/** Makes every other first start wait until this transaction ends. */
export async function lockFirst(db: Executor): Promise<void> {
  await db.run(sql`SELECT pg_advisory_xact_lock(hashtext('ashlar first administrator'))`)
}

/** Whether an account of any tenant has the address or name already, in any case. */
export async function taken(
  db: Executor,
  column: 'email' | 'username',
  value: string,
  exceptId: string,
): Promise<boolean> {
  const row = await db.one(
    sql`SELECT 1 FROM users WHERE lower(${identifier(column)}) = lower(${value}) AND id <> ${exceptId} LIMIT 1`,
  )
  return row !== undefined
}

/** Writes the named columns; false when the version is not the expected one any more. */
export async function update(
  db: Executor,
  id: string,
  changes: Record<string, unknown>,
  version: number | undefined,
): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE users SET ${assignments({ ...changes, updatedAt: NOW })}
    WHERE id = ${id} ${atVersion(version)}`)
  return written > 0
}

/** Whether the person is a member of another tenant, live or not; needs a handle across tenants. */
export async function belongsElsewhere(db: Executor, id: string, tenantId: string): Promise<boolean> {
  return (
    (await db.one(sql`SELECT 1 FROM memberships WHERE "userId" = ${id} AND "tenantId" <> ${tenantId} LIMIT 1`)) !==
    undefined
  )
}

export async function setStatus(db: Executor, id: string, status: UserStatus): Promise<void> {
  await db.run(sql`UPDATE users SET status = ${status}::"UserStatus", "updatedAt" = now() WHERE id = ${id}`)
}

export function softDelete(db: Executor, ids: readonly string[]): Promise<number> {
  return db.run(
    sql`UPDATE users SET "deletedAt" = now(), "updatedAt" = now() WHERE id = ANY(${ids}) AND "deletedAt" IS NULL`,
  )
}

export function restore(db: Executor, id: string): Promise<number> {
  return db.run(
    sql`UPDATE users SET "deletedAt" = NULL, "updatedAt" = now() WHERE id = ${id} AND "deletedAt" IS NOT NULL`,
  )
}

/** Gives an account a verified address; 0 when another one has it in any case. */
export function setAddress(db: Executor, id: string, email: string): Promise<number> {
  return db.run(sql`
    UPDATE users SET email = ${email}, "emailVerifiedAt" = now(), "firstVerifiedAt" = COALESCE("firstVerifiedAt", now()), "updatedAt" = now()
    WHERE id = ${id} AND "deletedAt" IS NULL AND NOT EXISTS (SELECT 1 FROM users o WHERE lower(o.email) = lower(${email}) AND o.id <> ${id})`)
}

export interface Credentials {
  id: string
  email: string
  username: string
  name: string
  password: string
  status: UserStatus
  locale: string | null
  homeTenantId: string | null
  emailVerifiedAt: Date | null
  /** Whether somebody has shown by now that an address of the account is theirs. */
  everVerified: boolean
  /** Changes with the password, not with its hash, and whenever access is reset. */
  passwordVersion: string
}

const VERSION = sql`COALESCE("passwordChangedAt"::text, '') || '/' || COALESCE("accessResetAt"::text, '')`
const CREDENTIAL_FIELDS = sql`${VERSION} AS "passwordVersion", id, email, username, name, password, status, locale, "homeTenantId", "emailVerifiedAt", "firstVerifiedAt" IS NOT NULL AS "everVerified"`

/** The account that this address or username signs in to; an exact match wins over one in another case. */
export function findByIdentifier(db: Executor, identifierText: string): Promise<Credentials | undefined> {
  return db.one<Credentials>(sql`
    SELECT ${CREDENTIAL_FIELDS} FROM users
    WHERE (lower(email) = lower(${identifierText}) OR lower(username) = lower(${identifierText})) AND "deletedAt" IS NULL
    ORDER BY (email = ${identifierText}) DESC, (lower(email) = lower(${identifierText})) DESC, (username = ${identifierText}) DESC, "createdAt" LIMIT 1`)
}

export function findCredentials(db: Executor, id: string): Promise<Credentials | undefined> {
  return db.one<Credentials>(sql`SELECT ${CREDENTIAL_FIELDS} FROM users WHERE id = ${id} AND "deletedAt" IS NULL`)
}

/** Sets the password of an active account; false when it changed, or access was reset, since the version was read. */
export async function setPassword(db: Executor, id: string, hash: string, passwordVersion: string): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE users SET password = ${hash}, "passwordChangedAt" = clock_timestamp(), "updatedAt" = now()
    WHERE id = ${id} AND status = 'ACTIVE' AND "deletedAt" IS NULL AND ${VERSION} = ${passwordVersion}`)
  return written > 0
}

/** Sets the password whatever it was: the administrator's way. */
export async function replacePassword(db: Executor, id: string, hash: string): Promise<void> {
  await db.run(sql`
    UPDATE users SET password = ${hash}, "passwordChangedAt" = clock_timestamp(), "updatedAt" = now() WHERE id = ${id}`)
}

/** Makes links and personal access tokens of the accounts void. By the clock, and not by the transaction's start: the row is held. */
export async function resetAccess(db: Executor, ids: readonly string[]): Promise<void> {
  await db.run(sql`UPDATE users SET "accessResetAt" = clock_timestamp() WHERE id = ANY(${ids})`)
}

/** Replaces the hash of the same password by a better one, unless the password changed meanwhile. */
export async function upgradeHash(db: Executor, id: string, from: string, to: string): Promise<void> {
  await db.run(sql`UPDATE users SET password = ${to} WHERE id = ${id} AND password = ${from}`)
}

/**
 * Writes down a sign-in. False when the account was suspended or deleted, or its password changed, since the secret was
 * checked: the row's lock puts the two in an order, and the loser opens no session.
 */
export async function markSignIn(db: Executor, id: string, passwordVersion: string | undefined): Promise<boolean> {
  const unchanged = passwordVersion === undefined ? empty : sql`AND ${VERSION} = ${passwordVersion}`
  const written = await db.run(sql`
    UPDATE users SET "lastLoginAt" = now() WHERE id = ${id} AND status = 'ACTIVE' AND "deletedAt" IS NULL ${unchanged}`)
  return written > 0
}

export async function markVerified(db: Executor, id: string): Promise<void> {
  await db.run(sql`
    UPDATE users SET "emailVerifiedAt" = COALESCE("emailVerifiedAt", now()), "firstVerifiedAt" = COALESCE("firstVerifiedAt", now()),
      "updatedAt" = now() WHERE id = ${id}`)
}

export interface Avatar {
  type: string
  bytes: Buffer
}

export function findAvatar(db: Executor, id: string): Promise<Avatar | undefined> {
  return db.one<Avatar>(sql`SELECT type, bytes FROM avatars WHERE id = ${id}`)
}

/** Puts the picture in the place of the old one, under a new id: addresses of pictures never change their content. */
export async function replaceAvatar(db: Executor, userId: string, id: string, avatar: Avatar): Promise<void> {
  await db.run(sql`
    INSERT INTO avatars (id, "userId", type, bytes) VALUES (${id}, ${userId}, ${avatar.type}, ${avatar.bytes})
    ON CONFLICT ("userId") DO UPDATE SET id = excluded.id, type = excluded.type, bytes = excluded.bytes, "createdAt" = now()`)
}

export async function deleteAvatar(db: Executor, userId: string): Promise<void> {
  await db.run(sql`DELETE FROM avatars WHERE "userId" = ${userId}`)
}
