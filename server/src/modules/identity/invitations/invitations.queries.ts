// The invitations' SQL. What has expired is decided by PostgreSQL's clock.

import type { MembershipLevel } from '../../../core/actor.ts'
import type { PagePlace, Placed } from '../../../core/page.ts'
import {
  containing,
  countUpTo,
  type Executor,
  ordering,
  type Sql,
  sql,
  where,
} from '../../../drivers/database/index.ts'
import type { InvitationQuery, InvitationState } from './invitations.schema.ts'

export interface InvitationRow {
  id: string
  tenantId: string
  tenantName: string
  email: string | null
  level: MembershipLevel
  roleIds: string[]
  uses: number
  maxUses: number
  inviterId: string | null
  inviterName: string | null
  state: InvitationState
  createdAt: Date
  sentAt: Date
  expiresAt: Date
  revokedAt: Date | null
}

const STATE = sql`CASE WHEN i."revokedAt" IS NOT NULL THEN 'revoked' WHEN i.uses >= i."maxUses" THEN 'accepted'
  WHEN i."expiresAt" <= now() THEN 'expired' ELSE 'pending' END`
const FIELDS = sql`i.id, i."tenantId", t.name AS "tenantName", i.email, i.level, i."roleIds", i.uses, i."maxUses", u.id AS "inviterId",
  u.name AS "inviterName", ${STATE} AS state, i."createdAt", i."sentAt", i."expiresAt", i."revokedAt"`
const FROM = sql`FROM invitations i
  JOIN tenants t ON t.id = i."tenantId" AND t."deletedAt" IS NULL AND t.status = 'ACTIVE'
  LEFT JOIN users u ON u.id = i."invitedBy" AND u."deletedAt" IS NULL`

export interface NewRow {
  id: string
  email: string | null
  level: MembershipLevel
  roleIds: readonly string[]
  tokenHash: string
  maxUses: number
  invitedBy: string
  lifeSeconds: number
}

export async function insert(db: Executor, row: NewRow): Promise<void> {
  await db.run(sql`
    INSERT INTO invitations (id, email, level, "roleIds", "tokenHash", "maxUses", "invitedBy", "expiresAt")
    VALUES (${row.id}, ${row.email}, ${row.level}, ${row.roleIds}, ${row.tokenHash}, ${row.maxUses}, ${row.invitedBy},
      now() + make_interval(secs => ${row.lifeSeconds}))`)
}

export function find(db: Executor, id: string): Promise<InvitationRow | undefined> {
  return db.one<InvitationRow>(sql`SELECT ${FIELDS} ${FROM} WHERE i.id = ${id}`)
}

/** The invitation with this secret, in whatever tenant the handle sees. */
export function findByHash(db: Executor, tokenHash: string): Promise<InvitationRow | undefined> {
  return db.one<InvitationRow>(sql`SELECT ${FIELDS} ${FROM} WHERE i."tokenHash" = ${tokenHash}`)
}

/** Whether the address has an invitation that can still be accepted. */
export async function hasPending(db: Executor, email: string): Promise<boolean> {
  const row = await db.one(sql`SELECT 1 FROM invitations i WHERE i.email = ${email} AND (${STATE}) = 'pending' LIMIT 1`)
  return row !== undefined
}

/** Whether an account with the address is a member. */
export async function isMember(db: Executor, email: string): Promise<boolean> {
  const row = await db.one(sql`
    SELECT 1 FROM users u JOIN memberships m ON m."userId" = u.id
    WHERE lower(u.email) = ${email} AND u."deletedAt" IS NULL LIMIT 1`)
  return row !== undefined
}

/** How many were sent within a day, and in how many seconds the oldest of them no longer counts. */
export async function sentToday(db: Executor): Promise<{ sent: number; freeInSeconds: number }> {
  const row = await db.one<{ sent: number; freeInSeconds: number }>(sql`
    SELECT COALESCE(sum(sends), 0)::int AS sent,
      COALESCE(ceil(extract(epoch FROM min("sentAt") + interval '1 day' - now())), 0)::int AS "freeInSeconds"
    FROM invitations WHERE "sentAt" > now() - interval '1 day'`)
  return row!
}

const NEWEST_FIRST = ordering({ column: sql`i."createdAt"`, type: 'timestamptz' }, sql`i.id`, 'desc')

/** Newest first. */
export function list(
  db: Executor,
  query: InvitationQuery,
  { limit, offset, after }: PagePlace,
): Promise<(InvitationRow & Placed)[]> {
  const { place, by, past } = NEWEST_FIRST
  return db.query<InvitationRow & Placed>(sql`
    SELECT ${FIELDS}, ${place} ${FROM} ${where([...filters(query), past(after)])} ${by} LIMIT ${limit} OFFSET ${offset}`)
}

export function count(db: Executor, query: InvitationQuery): Promise<number> {
  return countUpTo(db, sql`FROM invitations i ${where(filters(query))}`)
}

function filters({ state, search }: InvitationQuery): (Sql | false)[] {
  return [
    state !== undefined && sql`(${STATE}) = ${state}`,
    Boolean(search) && sql`i.email ILIKE ${containing(search ?? '')}`,
  ]
}

/** Gives an invitation a new secret and its whole life again; undefined when it was sent within the last minute. */
export async function renew(db: Executor, id: string, tokenHash: string): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE invitations SET "tokenHash" = ${tokenHash}, sends = sends + 1, "sentAt" = now(),
      "expiresAt" = now() + ("expiresAt" - "sentAt")
    WHERE id = ${id} AND "sentAt" <= now() - interval '1 minute'`)
  return written > 0
}

export async function revoke(db: Executor, id: string): Promise<void> {
  await db.run(sql`UPDATE invitations SET "revokedAt" = now() WHERE id = ${id} AND "revokedAt" IS NULL`)
}

export async function wasUsedBy(db: Executor, id: string, userId: string): Promise<boolean> {
  const row = await db.one(sql`SELECT 1 FROM invitation_uses WHERE "invitationId" = ${id} AND "userId" = ${userId}`)
  return row !== undefined
}

/** Takes one use of an open invitation: of concurrent callers as many get one as it has. */
export async function takeUse(db: Executor, id: string): Promise<boolean> {
  const written = await db.run(sql`
    UPDATE invitations SET uses = uses + 1
    WHERE id = ${id} AND uses < "maxUses" AND "revokedAt" IS NULL AND "expiresAt" > now()`)
  return written > 0
}

export async function addUse(db: Executor, id: string, userId: string): Promise<void> {
  await db.run(sql`INSERT INTO invitation_uses ("invitationId", "userId") VALUES (${id}, ${userId})`)
}
