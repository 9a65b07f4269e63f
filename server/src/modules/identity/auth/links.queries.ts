// The one-time secrets' SQL.
import { type Executor, sql } from '../../../drivers/database/index.ts'
import type { LinkPurpose } from './links.ts'

export interface LinkRow {
  id: string
  userId: string
  email: string
}

const OPEN = sql`"usedAt" IS NULL AND "expiresAt" > now()`
// A link proves the address that it went to, so it ends with that address; and with everything else when access is reset.
const HOLDS = sql`EXISTS (
  SELECT 1 FROM users u WHERE u.id = "userId" AND u."deletedAt" IS NULL
    AND (purpose = 'change' OR u.email = one_time_tokens.email)
    AND (u."accessResetAt" IS NULL OR u."accessResetAt" < one_time_tokens."createdAt"))`

export async function insert(
  db: Executor,
  link: { id: string; userId: string; purpose: LinkPurpose; tokenHash: string; email: string; lifeSeconds: number },
): Promise<void> {
  await db.run(sql`
    INSERT INTO one_time_tokens (id, "userId", purpose, "tokenHash", email, "createdAt", "expiresAt")
    VALUES (${link.id}, ${link.userId}, ${link.purpose}, ${link.tokenHash}, ${link.email}, clock_timestamp(), now() + make_interval(secs => ${link.lifeSeconds}))`)
}

export function findOpen(db: Executor, purpose: LinkPurpose, tokenHash: string): Promise<LinkRow | undefined> {
  return db.one<LinkRow>(
    sql`SELECT id, "userId", email FROM one_time_tokens WHERE "tokenHash" = ${tokenHash} AND purpose = ${purpose} AND ${OPEN} AND ${HOLDS}`,
  )
}

export function use(db: Executor, purpose: LinkPurpose, tokenHash: string): Promise<LinkRow | undefined> {
  return db.one<LinkRow>(sql`
    UPDATE one_time_tokens SET "usedAt" = now() WHERE "tokenHash" = ${tokenHash} AND purpose = ${purpose} AND ${OPEN} AND ${HOLDS} RETURNING id, "userId", email`)
}

export async function endAll(db: Executor, userId: string, purpose: LinkPurpose): Promise<void> {
  await db.run(
    sql`UPDATE one_time_tokens SET "usedAt" = now() WHERE "userId" = ${userId} AND purpose = ${purpose} AND ${OPEN}`,
  )
}
