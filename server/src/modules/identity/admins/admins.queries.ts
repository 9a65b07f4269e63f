// The back office's accounts' SQL: a table of its own, outside all tenants.
import {
  assignments,
  atVersion,
  containing,
  type Executor,
  empty,
  NOW,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'

export interface AdminRow {
  id: string
  email: string
  username: string
  name: string
  avatar: string | null
  status: 'ACTIVE' | 'SUSPENDED'
  lastLoginAt: Date | null
  createdAt: Date
  updatedAt: Date
  deletedAt: Date | null
}

export interface AdminCredentials extends AdminRow {
  password: string
}

export interface NewAdminRow {
  id: string
  email: string
  username: string
  name: string
  /** The hash. */
  password: string
}

const COLUMNS = sql`id, email, username, name, avatar, status, "lastLoginAt", "createdAt", "updatedAt", "deletedAt"`

export async function insert(db: Executor, { id, email, username, name, password }: NewAdminRow): Promise<void> {
  await db.run(sql`
    INSERT INTO admins (id, email, username, name, password) VALUES (${id}, ${email}, ${username}, ${name}, ${password})`)
}

/** Whether there is any account at all, deleted ones included. */
export async function anyExist(db: Executor): Promise<boolean> {
  return (await db.one(sql`SELECT 1 FROM admins LIMIT 1`)) !== undefined
}

export function find(db: Executor, id: string): Promise<AdminRow | undefined> {
  return db.one<AdminRow>(sql`SELECT ${COLUMNS} FROM admins WHERE id = ${id} AND "deletedAt" IS NULL`)
}

export function findCredentials(db: Executor, id: string): Promise<AdminCredentials | undefined> {
  return db.one<AdminCredentials>(sql`SELECT ${COLUMNS}, password FROM admins WHERE id = ${id} AND "deletedAt" IS NULL`)
}

/** The account that this address or username signs in to; an address wins over a username. */
export function findByIdentifier(db: Executor, identifier: string): Promise<AdminCredentials | undefined> {
  return db.one<AdminCredentials>(sql`
    SELECT ${COLUMNS}, password FROM admins
    WHERE (lower(email) = lower(${identifier}) OR lower(username) = lower(${identifier})) AND "deletedAt" IS NULL
    ORDER BY (lower(email) = lower(${identifier})) DESC LIMIT 1`)
}

export interface AdminFilter {
  search?: string | undefined
  status?: AdminRow['status'] | undefined
  deleted?: boolean | undefined
}

/** A page, newest first. */
export function list(db: Executor, filter: AdminFilter, limit: number, offset: number): Promise<AdminRow[]> {
  return db.query<AdminRow>(
    sql`SELECT ${COLUMNS} FROM admins ${where(filters(filter))} ORDER BY "createdAt" DESC, id DESC LIMIT ${limit} OFFSET ${offset}`,
  )
}

export async function count(db: Executor, filter: AdminFilter): Promise<number> {
  return (
    (await db.one<{ total: number }>(sql`SELECT count(*) AS total FROM admins ${where(filters(filter))}`))?.total ?? 0
  )
}

function filters({ search, status, deleted }: AdminFilter): (Sql | false | undefined)[] {
  const pattern = search ? containing(search) : undefined
  return [
    deleted ? sql`"deletedAt" IS NOT NULL` : sql`"deletedAt" IS NULL`,
    status !== undefined && sql`status = ${status}`,
    pattern !== undefined && sql`(name ILIKE ${pattern} OR email ILIKE ${pattern} OR username ILIKE ${pattern})`,
  ]
}

/** These accounts, deleted ones included; no other transaction can change them until this one ends. */
export function lock(db: Executor, ids: readonly string[]): Promise<AdminRow[]> {
  return db.query<AdminRow>(sql`SELECT ${COLUMNS} FROM admins WHERE id = ANY(${ids}) ORDER BY id FOR UPDATE`)
}

export function softDelete(db: Executor, id: string): Promise<number> {
  return db.run(sql`UPDATE admins SET "deletedAt" = now(), "updatedAt" = now() WHERE id = ${id}`)
}

export function restore(db: Executor, id: string): Promise<number> {
  return db.run(sql`UPDATE admins SET "deletedAt" = NULL, "updatedAt" = now() WHERE id = ${id}`)
}

/** Writes the named columns; false when the version is not the expected one any more. */
export async function update(
  db: Executor,
  id: string,
  changes: Record<string, unknown>,
  version: number | undefined,
): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE admins SET ${assignments({ ...changes, updatedAt: NOW })}
    WHERE id = ${id} AND "deletedAt" IS NULL
      ${atVersion(version)}`)
  return written > 0
}

/** Replaces the hash of the same password by a better one, unless the password changed meanwhile. */
export async function upgradeHash(db: Executor, id: string, from: string, to: string): Promise<void> {
  await db.run(sql`UPDATE admins SET password = ${to} WHERE id = ${id} AND password = ${from}`)
}

/** Writes down a sign-in. False when the account was suspended, or the hash replaced, since the secret was checked. */
export async function markSignIn(db: Executor, id: string, hash: string | undefined): Promise<boolean> {
  const unchanged = hash === undefined ? empty : sql`AND password = ${hash}`
  return (
    (await db.run(sql`
    UPDATE admins SET "lastLoginAt" = now() WHERE id = ${id} AND status = 'ACTIVE' AND "deletedAt" IS NULL ${unchanged}`)) >
    0
  )
}

/** Puts a hash in the place of another; false when that one is not there any more. */
export async function exchangePassword(db: Executor, id: string, from: string, to: string): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE admins SET password = ${to}, "updatedAt" = now()
    WHERE id = ${id} AND password = ${from} AND status = 'ACTIVE' AND "deletedAt" IS NULL`)
  return written > 0
}
