// The SQL of second factors. What expires is decided by PostgreSQL's clock; only the codes follow the server's.
import { type Executor, empty, sql } from '../../../drivers/database/index.ts'

export interface FactorRow {
  id: string
  name: string
  createdAt: Date
  lastUsedAt: Date | null
}

const FIELDS = sql`id, name, "createdAt", "lastUsedAt"`

/** How long an enrolment waits for its first code. */
const PENDING_MINUTES = 10
const WAITS = sql`"confirmedAt" IS NULL AND "createdAt" > now() - make_interval(mins => ${PENDING_MINUTES})`

/** The authenticators that count, oldest first. */
export function list(db: Executor, userId: string): Promise<FactorRow[]> {
  return db.query<FactorRow>(sql`
    SELECT ${FIELDS} FROM mfa_factors WHERE "userId" = ${userId} AND "confirmedAt" IS NOT NULL ORDER BY "confirmedAt", id`)
}

export async function isEnrolled(db: Executor, userId: string): Promise<boolean> {
  const row = await db.one(
    sql`SELECT 1 FROM mfa_factors WHERE "userId" = ${userId} AND "confirmedAt" IS NOT NULL LIMIT 1`,
  )
  return row !== undefined
}

export interface SealedFactor {
  id: string
  secret: string
}

/** The same with their sealed secrets, for checking a code. */
export function listSealed(db: Executor, userId: string): Promise<SealedFactor[]> {
  return db.query<SealedFactor>(
    sql`SELECT id, secret FROM mfa_factors WHERE "userId" = ${userId} AND "confirmedAt" IS NOT NULL ORDER BY id`,
  )
}

/** Begins an enrolment in the place of an earlier one that was not confirmed; answers when it ends. */
export async function putPending(
  db: Executor,
  factor: { id: string; userId: string; name: string; secret: string },
): Promise<Date> {
  const row = await db.one<{ expiresAt: Date }>(sql`
    INSERT INTO mfa_factors (id, "userId", name, secret) VALUES (${factor.id}, ${factor.userId}, ${factor.name}, ${factor.secret})
    ON CONFLICT ("userId") WHERE "confirmedAt" IS NULL
    DO UPDATE SET id = excluded.id, name = excluded.name, secret = excluded.secret, "createdAt" = now()
    RETURNING "createdAt" + make_interval(mins => ${PENDING_MINUTES}) AS "expiresAt"`)
  return row!.expiresAt
}

/** The enrolment that waits for its first code, of which a person has one; undefined when it has another id than this. */
export function findPending(db: Executor, userId: string, id: string | undefined): Promise<SealedFactor | undefined> {
  const named = id === undefined ? empty : sql`AND id = ${id}`
  return db.one<SealedFactor>(sql`SELECT id, secret FROM mfa_factors WHERE "userId" = ${userId} AND ${WAITS} ${named}`)
}

/** Makes an enrolment count, with the step of its first code; one winner, however many try. */
export function confirm(db: Executor, userId: string, id: string, step: number): Promise<FactorRow | undefined> {
  return db.one<FactorRow>(sql`
    UPDATE mfa_factors SET "confirmedAt" = now(), "lastUsedAt" = now(), "lastStep" = ${step}
    WHERE id = ${id} AND "userId" = ${userId} AND ${WAITS} RETURNING ${FIELDS}`)
}

/** Uses up the codes of a factor to a step; false when that step or a later one was used: of many callers one gets true. */
export async function useStep(db: Executor, id: string, step: number): Promise<boolean> {
  const used = await db.run(sql`
    UPDATE mfa_factors SET "lastStep" = ${step}, "lastUsedAt" = now()
    WHERE id = ${id} AND "confirmedAt" IS NOT NULL AND ("lastStep" IS NULL OR "lastStep" < ${step})`)
  return used > 0
}

export function rename(db: Executor, userId: string, id: string, name: string): Promise<FactorRow | undefined> {
  return db.one<FactorRow>(sql`
    UPDATE mfa_factors SET name = ${name} WHERE id = ${id} AND "userId" = ${userId} AND "confirmedAt" IS NOT NULL RETURNING ${FIELDS}`)
}

/** Removes one authenticator; undefined when there is none. */
export function remove(db: Executor, userId: string, id: string): Promise<{ name: string } | undefined> {
  return db.one<{ name: string }>(
    sql`DELETE FROM mfa_factors WHERE id = ${id} AND "userId" = ${userId} AND "confirmedAt" IS NOT NULL RETURNING name`,
  )
}

/** Removes all of them, enrolments that wait and recovery codes included; answers how many counted. */
export async function removeAll(db: Executor, userId: string): Promise<number> {
  const removed = await db.query<{ counted: boolean }>(
    sql`DELETE FROM mfa_factors WHERE "userId" = ${userId} RETURNING "confirmedAt" IS NOT NULL AS counted`,
  )
  await removeCodes(db, userId)
  return removed.filter(({ counted }) => counted).length
}

export async function removeCodes(db: Executor, userId: string): Promise<void> {
  await db.run(sql`DELETE FROM recovery_codes WHERE "userId" = ${userId}`)
}

export async function addCodes(db: Executor, userId: string, hashes: readonly string[]): Promise<void> {
  await db.run(sql`INSERT INTO recovery_codes ("userId", "codeHash") SELECT ${userId}, unnest(${hashes}::text[])`)
}

/** Uses a code up: of many callers one gets true. */
export async function useCode(db: Executor, userId: string, codeHash: string): Promise<boolean> {
  const used = await db.run(sql`
    UPDATE recovery_codes SET "usedAt" = now() WHERE "userId" = ${userId} AND "codeHash" = ${codeHash} AND "usedAt" IS NULL`)
  return used > 0
}

export async function codesLeft(db: Executor, userId: string): Promise<number> {
  const row = await db.one<{ left: number }>(
    sql`SELECT count(*)::int AS left FROM recovery_codes WHERE "userId" = ${userId} AND "usedAt" IS NULL`,
  )
  return row?.left ?? 0
}

export interface Challenge {
  userId: string
  tenantId: string
  base: string
  passwordVersion: string
  expiresAt: Date
}

/** Writes down a sign-in that waits, and forgets those of the same person that waited too long. */
export async function addChallenge(
  db: Executor,
  tokenHash: string,
  challenge: Omit<Challenge, 'expiresAt'>,
  lifeSeconds: number,
): Promise<Date> {
  await db.run(sql`DELETE FROM mfa_challenges WHERE "userId" = ${challenge.userId} AND "expiresAt" <= now()`)
  const row = await db.one<{ expiresAt: Date }>(sql`
    INSERT INTO mfa_challenges ("tokenHash", "userId", "tenantId", base, "passwordVersion", "expiresAt")
    VALUES (${tokenHash}, ${challenge.userId}, ${challenge.tenantId}, ${challenge.base}, ${challenge.passwordVersion}, now() + make_interval(secs => ${lifeSeconds}))
    RETURNING "expiresAt"`)
  return row!.expiresAt
}

export function findChallenge(db: Executor, tokenHash: string): Promise<Challenge | undefined> {
  return db.one<Challenge>(sql`
    SELECT "userId", "tenantId", base, "passwordVersion", "expiresAt" FROM mfa_challenges
    WHERE "tokenHash" = ${tokenHash} AND "expiresAt" > now()`)
}

/** Takes the sign-in out of the table: of many callers one gets true. */
export async function useChallenge(db: Executor, tokenHash: string): Promise<boolean> {
  return (await db.run(sql`DELETE FROM mfa_challenges WHERE "tokenHash" = ${tokenHash} AND "expiresAt" > now()`)) > 0
}

export async function removeChallenges(db: Executor, userId: string): Promise<void> {
  await db.run(sql`DELETE FROM mfa_challenges WHERE "userId" = ${userId}`)
}
