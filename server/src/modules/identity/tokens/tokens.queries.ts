// The personal access tokens' SQL.
import { type Executor, sql } from '../../../drivers/database/index.ts'

export interface TokenRow {
  id: string
  tenantId: string
  userId: string
  name: string
  hint: string
  scopes: string[]
  expiresAt: Date | null
  lastUsedAt: Date | null
  createdAt: Date
}

const COLUMNS = sql`id, "tenantId", "userId", name, hint, scopes, "expiresAt", "lastUsedAt", "createdAt"`
const LIVE = sql`"revokedAt" IS NULL AND ("expiresAt" IS NULL OR "expiresAt" > now())
  AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = "userId" AND u."accessResetAt" >= personal_access_tokens."createdAt")`

export interface NewToken {
  id: string
  userId: string
  name: string
  hint: string
  tokenHash: string
  scopes: readonly string[]
  expiresInDays: number
}

export function insert(db: Executor, token: NewToken): Promise<TokenRow | undefined> {
  return db.one<TokenRow>(sql`
    INSERT INTO personal_access_tokens (id, "userId", name, hint, "tokenHash", scopes, "createdAt", "expiresAt")
    VALUES (${token.id}, ${token.userId}, ${token.name}, ${token.hint}, ${token.tokenHash}, ${token.scopes}, clock_timestamp(), now() + make_interval(days => ${token.expiresInDays}))
    RETURNING ${COLUMNS}`)
}

export function listLive(db: Executor, userId: string): Promise<TokenRow[]> {
  return db.query<TokenRow>(
    sql`SELECT ${COLUMNS} FROM personal_access_tokens WHERE "userId" = ${userId} AND ${LIVE} ORDER BY "createdAt" DESC, id DESC`,
  )
}

/** The live token with this hash, in whatever tenant. */
export function findByHash(db: Executor, tokenHash: string): Promise<TokenRow | undefined> {
  return db.one<TokenRow>(
    sql`SELECT ${COLUMNS} FROM personal_access_tokens WHERE "tokenHash" = ${tokenHash} AND ${LIVE}`,
  )
}

export function revoke(db: Executor, id: string, userId: string): Promise<number> {
  return db.run(
    sql`UPDATE personal_access_tokens SET "revokedAt" = now() WHERE id = ${id} AND "userId" = ${userId} AND "revokedAt" IS NULL`,
  )
}

export async function touch(db: Executor, id: string): Promise<void> {
  await db.run(sql`UPDATE personal_access_tokens SET "lastUsedAt" = now() WHERE id = ${id}`)
}
