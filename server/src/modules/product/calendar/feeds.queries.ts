// The SQL of feeds.
import { type Executor, sql } from '../../../drivers/database/index.ts'

export interface FeedRow {
  userId: string
  createdAt: Date
  readAt: Date | null
}

export function findFeed(db: Executor, userId: string): Promise<FeedRow | undefined> {
  return db.one<FeedRow>(sql`SELECT "userId", "createdAt", "readAt" FROM calendar_feeds WHERE "userId" = ${userId}`)
}

/** The feed of that secret, and notes once an hour that it was read. */
export function readFeed(db: Executor, tokenHash: string): Promise<FeedRow | undefined> {
  return db.one<FeedRow>(sql`
    WITH noted AS (
      UPDATE calendar_feeds SET "readAt" = now()
      WHERE "tokenHash" = ${tokenHash} AND ("readAt" IS NULL OR "readAt" < now() - interval '1 hour')
    )
    SELECT "userId", "createdAt", "readAt" FROM calendar_feeds WHERE "tokenHash" = ${tokenHash}`)
}

/** A new secret in the place of the old one. */
export async function putFeed(db: Executor, userId: string, tokenHash: string): Promise<FeedRow> {
  const row = await db.one<FeedRow>(sql`
    INSERT INTO calendar_feeds ("userId", "tokenHash") VALUES (${userId}, ${tokenHash})
    ON CONFLICT ("tenantId", "userId") DO UPDATE SET "tokenHash" = EXCLUDED."tokenHash", "createdAt" = now(), "readAt" = NULL
    RETURNING "userId", "createdAt", "readAt"`)
  return row!
}

export function removeFeed(db: Executor, userId: string): Promise<number> {
  return db.run(sql`DELETE FROM calendar_feeds WHERE "userId" = ${userId}`)
}
