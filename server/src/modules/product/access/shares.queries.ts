// The SQL of shares, in either of the two tables that hold them.
import { type Executor, type Sql, sql } from '../../../drivers/database/index.ts'
import type { ShareLevel } from './access.policy.ts'

export interface ShareRow {
  id: string
  userId: string | null
  teamId: string | null
  name: string
  avatar: string | null
  level: ShareLevel
  expiresAt: Date | null
  createdAt: Date
}

/** With whom to share, and how. */
export interface Target {
  userId: string | null
  teamId: string | null
}

export interface ShareTable {
  list(db: Executor, kind: string, itemId: string): Promise<ShareRow[]>
  put(db: Executor, share: Target & NewRow): Promise<void>
  /** Ends the shares with those people and teams, all where none is named; answers how many there were. */
  end(db: Executor, kind: string, itemId: string, targets: readonly Target[] | undefined): Promise<number>
}

export interface NewRow {
  id: string
  kind: string
  itemId: string
  level: ShareLevel
  expiresAt: string | null
  createdById: string
}

/** Who a share is with, of users `u` and teams `t`. */
export const SHARED_WITH = sql`COALESCE(u.name, t.name, '') AS name, COALESCE(u.avatar, t.avatar) AS avatar`

/** Shares of folders and files. */
export const CONTENT_SHARES: ShareTable = {
  list: (db, kind, itemId) =>
    db.query<ShareRow>(sql`
      SELECT s.id, s."userId", s."teamId", ${SHARED_WITH}, s.level, s."expiresAt", s."createdAt" FROM content_shares s
      LEFT JOIN users u ON u.id = s."userId" LEFT JOIN teams t ON t.id = s."teamId"
      WHERE s.kind = ${kind} AND s."itemId" = ${itemId} ORDER BY s."createdAt", s.id LIMIT 1000`),

  async put(db, { id, kind, itemId, userId, teamId, level, expiresAt, createdById }) {
    await db.run(
      sql`DELETE FROM content_shares WHERE kind = ${kind} AND "itemId" = ${itemId} AND ${isTarget({ userId, teamId }, sql`"userId"`)}`,
    )
    await db.run(sql`
      INSERT INTO content_shares (id, kind, "itemId", "userId", "teamId", level, "expiresAt", "createdById")
      VALUES (${id}, ${kind}, ${itemId}, ${userId}, ${teamId}, ${level}, ${expiresAt}, ${createdById})`)
  },

  end: (db, kind, itemId, targets) =>
    db.run(
      sql`DELETE FROM content_shares WHERE kind = ${kind} AND "itemId" = ${itemId} ${ofTargets(targets, sql`"userId"`)}`,
    ),
}

/** Ends one share of a folder or file; answers with whom it was. */
export function endShare(db: Executor, kind: string, itemId: string, id: string): Promise<Target | undefined> {
  return db.one<Target>(
    sql`DELETE FROM content_shares WHERE id = ${id} AND kind = ${kind} AND "itemId" = ${itemId} RETURNING "userId", "teamId"`,
  )
}

/** The condition that a share is with one of the targets, after another condition. */
export function ofTargets(targets: readonly Target[] | undefined, userColumn: Sql): Sql {
  if (!targets) return sql``
  const userIds = targets.flatMap(({ userId }) => userId ?? [])
  const teamIds = targets.flatMap(({ teamId }) => teamId ?? [])
  return sql`AND (${userColumn} = ANY (${userIds}::text[]) OR "teamId" = ANY (${teamIds}::text[]))`
}

export function isTarget({ userId, teamId }: Target, userColumn: Sql): Sql {
  return userId === null ? sql`"teamId" = ${teamId}` : sql`${userColumn} = ${userId}`
}
