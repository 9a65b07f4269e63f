// The sessions' SQL. What expires is decided by PostgreSQL's clock.
import { type Executor, type Sql, sql, where } from '../../../drivers/database/index.ts'
import type { Realm } from './access-tokens.ts'

export interface SessionRow {
  id: string
  realm: Realm
  userId: string | null
  adminId: string | null
  tenantId: string | null
  device: string
  ip: string
  nonce: string
  generation: number
  createdAt: Date
  lastSeenAt: Date
  authenticatedAt: Date
  expiresAt: Date
  idleExpiresAt: Date
  /** What proved the person (RFC 8176); `mfa` among it: two factors did. */
  amr: string[]
  /** The admin who acts in the user's name. */
  impersonatorId: string | null
  /** PostgreSQL's time when the row was read. */
  readAt: Date
}

export interface NewSession {
  id: string
  realm: Realm
  ownerId: string
  tenantId: string | null
  userAgent: string
  device: string
  ip: string
  nonce: string
  absoluteSeconds: number
  idleSeconds: number
  /** None: nobody proved a secret. */
  amr?: readonly string[]
  impersonation?: { adminId: string; reason: string }
}

const COLUMNS = sql`id, realm, "userId", "adminId", "tenantId", device, ip, nonce, generation, "createdAt", "lastSeenAt", "authenticatedAt", "expiresAt", "idleExpiresAt", amr, "impersonatorId", now() AS "readAt"`
const LIVE = sql`"revokedAt" IS NULL AND "expiresAt" > now() AND "idleExpiresAt" > now()`

export function insert(db: Executor, session: NewSession): Promise<SessionRow | undefined> {
  const user = session.realm === 'user' ? session.ownerId : null
  const admin = session.realm === 'admin' ? session.ownerId : null
  return db.one<SessionRow>(sql`
    INSERT INTO sessions (id, realm, "userId", "adminId", "tenantId", "userAgent", device, ip, nonce, amr, "impersonatorId", reason, "expiresAt", "idleExpiresAt")
    VALUES (${session.id}, ${session.realm}, ${user}, ${admin}, ${session.tenantId}, ${session.userAgent}, ${session.device}, ${session.ip}, ${session.nonce}, ${session.amr ?? []},
      ${session.impersonation?.adminId ?? null}, ${session.impersonation?.reason ?? null},
      now() + make_interval(secs => ${session.absoluteSeconds}), now() + make_interval(secs => ${session.idleSeconds}))
    RETURNING ${COLUMNS}`)
}

export function findLive(db: Executor, id: string): Promise<SessionRow | undefined> {
  return db.one<SessionRow>(sql`SELECT ${COLUMNS} FROM sessions WHERE id = ${id} AND ${LIVE}`)
}

/** The devices of the owner's earlier sessions, as far back as they are kept. */
export async function devicesBefore(db: Executor, ownerId: string, id: string): Promise<string[]> {
  const rows = await db.query<{ device: string }>(sql`
    SELECT DISTINCT device FROM sessions
    WHERE ("userId" = ${ownerId} OR "adminId" = ${ownerId}) AND id <> ${id} AND "impersonatorId" IS NULL`)
  return rows.map((row) => row.device)
}

/** Moves a live session to its next generation, if the presented one is the current one. One winner, however many try. */
export function rotate(
  db: Executor,
  id: string,
  generation: number,
  graceSeconds: number,
  idleSeconds: number,
): Promise<SessionRow | undefined> {
  return db.one<SessionRow>(sql`
    UPDATE sessions SET generation = generation + 1, "lastSeenAt" = now(),
      "idleExpiresAt" = LEAST("expiresAt", now() + make_interval(secs => ${idleSeconds})),
      rotations = jsonb_build_object(generation::text, extract(epoch FROM now())) || COALESCE(
        (SELECT jsonb_object_agg(key, value) FROM jsonb_each(rotations) WHERE value::text::float8 > extract(epoch FROM now()) - ${graceSeconds}), '{}')
    WHERE id = ${id} AND generation = ${generation} AND ${LIVE}
    RETURNING ${COLUMNS}`)
}

/** The live session, and whether the presented generation is still in its grace time. */
export function findForGrace(
  db: Executor,
  id: string,
  generation: number,
  graceSeconds: number,
): Promise<(SessionRow & { graceful: boolean }) | undefined> {
  return db.one(sql`
    SELECT ${COLUMNS}, COALESCE((rotations ->> ${String(generation)})::float8 > extract(epoch FROM clock_timestamp()) - ${graceSeconds}, false) AS graceful
    FROM sessions WHERE id = ${id} AND ${LIVE}`)
}

export function touch(db: Executor, id: string, idleSeconds: number): Promise<number> {
  return db.run(sql`
    UPDATE sessions SET "lastSeenAt" = now(), "idleExpiresAt" = LEAST("expiresAt", now() + make_interval(secs => ${idleSeconds}))
    WHERE id = ${id} AND ${LIVE}`)
}

export function listLive(db: Executor, userId: string): Promise<SessionRow[]> {
  return db.query<SessionRow>(
    sql`SELECT ${COLUMNS} FROM sessions WHERE "userId" = ${userId} AND ${LIVE} ORDER BY "lastSeenAt" DESC`,
  )
}

/** Ends one session of the owner; 0 when there is none. */
export function revokeOne(db: Executor, id: string, ownerId: string, reason: string): Promise<number> {
  return db.run(sql`
    UPDATE sessions SET "revokedAt" = now(), "revokedReason" = ${reason}
    WHERE id = ${id} AND ("userId" = ${ownerId} OR "adminId" = ${ownerId}) AND "revokedAt" IS NULL`)
}

// Sessions are locked in the order of their ids: two that end the same ones at once wait for each other, and never in a circle.

/** Ends all sessions of the owners, and those that they opened in others' names, but one where `except` names it. */
export function revokeAll(
  db: Executor,
  ownerIds: readonly string[],
  reason: string,
  except: string | undefined,
): Promise<number> {
  return db.run(sql`
    UPDATE sessions SET "revokedAt" = now(), "revokedReason" = ${reason}
    WHERE id IN (
      SELECT id FROM sessions
      WHERE ("userId" = ANY(${ownerIds}) OR "adminId" = ANY(${ownerIds}) OR "impersonatorId" = ANY(${ownerIds})) AND "revokedAt" IS NULL AND id IS DISTINCT FROM ${except ?? null}
      ORDER BY id FOR UPDATE)`)
}

/** Ends the owner's oldest sessions beyond the newest `keep`; answers their ids. */
export function revokeBeyond(db: Executor, ownerId: string, keep: number): Promise<{ id: string }[]> {
  return db.query<{ id: string }>(sql`
    UPDATE sessions SET "revokedAt" = now(), "revokedReason" = 'too many sessions'
    WHERE "revokedAt" IS NULL AND id IN (
      SELECT id FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE ("userId" = ${ownerId} OR "adminId" = ${ownerId}) AND "impersonatorId" IS NULL AND ${LIVE}
        ORDER BY "lastSeenAt" DESC, id DESC OFFSET ${keep})
      ORDER BY id FOR UPDATE)
    RETURNING id`)
}

export interface ImpersonationRow {
  id: string
  adminId: string
  adminName: string
  userId: string
  userName: string
  tenantId: string
  reason: string
  createdAt: Date
  endsAt: Date
}

/** Sessions in others' names, newest first, ended ones included. */
export function listImpersonations(
  db: Executor,
  filter: { live: boolean },
  limit: number,
  offset: number,
): Promise<ImpersonationRow[]> {
  return db.query<ImpersonationRow>(sql`
    SELECT s.id, a.id AS "adminId", a.name AS "adminName", u.id AS "userId", u.name AS "userName", s."tenantId", s.reason, s."createdAt",
      LEAST(s."expiresAt", s."idleExpiresAt", s."revokedAt") AS "endsAt"
    FROM sessions s JOIN admins a ON a.id = s."impersonatorId" JOIN users u ON u.id = s."userId"
    ${impersonations(filter)} ORDER BY s."createdAt" DESC, s.id DESC LIMIT ${limit} OFFSET ${offset}`)
}

export async function countImpersonations(db: Executor, filter: { live: boolean }): Promise<number> {
  const row = await db.one<{ total: number }>(sql`SELECT count(*) AS total FROM sessions s ${impersonations(filter)}`)
  return row?.total ?? 0
}

function impersonations({ live }: { live: boolean }): Sql {
  return where([sql`s."impersonatorId" IS NOT NULL`, live && sql`s."revokedAt" IS NULL AND s."expiresAt" > now()`])
}

/** Ends a session in another's name; 0 when it was not live. */
export function revokeImpersonation(db: Executor, id: string): Promise<number> {
  return db.run(sql`
    UPDATE sessions SET "revokedAt" = now(), "revokedReason" = 'impersonation ended'
    WHERE id = ${id} AND "impersonatorId" IS NOT NULL AND ${LIVE}`)
}

/** The shared table's refresh tokens of the other back end end with ours. */
export function deleteSharedTokens(db: Executor, userIds: readonly string[]): Promise<number> {
  return db.run(sql`DELETE FROM refresh_tokens WHERE "userId" = ANY(${userIds})`)
}

export function setTenant(db: Executor, id: string, tenantId: string): Promise<number> {
  return db.run(sql`UPDATE sessions SET "tenantId" = ${tenantId} WHERE id = ${id} AND "revokedAt" IS NULL`)
}

/** Writes down that the session's owner proved a secret now, and by what when that says more than before. */
export function prove(db: Executor, id: string, amr: readonly string[] | undefined): Promise<SessionRow | undefined> {
  return db.one<SessionRow>(sql`
    UPDATE sessions SET "authenticatedAt" = now(), amr = COALESCE(${amr ?? null}::text[], amr)
    WHERE id = ${id} AND ${LIVE} RETURNING ${COLUMNS}`)
}
