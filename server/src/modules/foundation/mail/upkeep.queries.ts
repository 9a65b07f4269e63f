// The SQL of limits and of what is not kept for ever.
import { type Executor, sql, type Tx } from '../../../drivers/database/index.ts'

export interface Count {
  key: string
  hits: number
  /** How long the window lasts that the first hit opens. */
  windowSeconds: number
}

/**
 * Counts, and answers what each counter stands at and when it begins anew. The counters stay locked until the transaction ends,
 * in one order for all: whoever counts meanwhile waits, and a roll-back takes the counts back.
 */
export function countUp(
  tx: Tx,
  counts: readonly Count[],
): Promise<{ key: string; hits: number; resetsInSeconds: number }[]> {
  return tx.query(sql`
    INSERT INTO mail_counters AS c (key, hits, "resetsAt")
    SELECT one.key, one.hits, clock_timestamp() + make_interval(secs => one.seconds)
    FROM unnest(${counts.map(({ key }) => key)}::text[], ${counts.map(({ hits }) => hits)}::int[],
      ${counts.map(({ windowSeconds }) => windowSeconds)}::int[]) one (key, hits, seconds)
    ORDER BY one.key
    ON CONFLICT ("tenantId", key) DO UPDATE SET
      hits = CASE WHEN c."resetsAt" <= clock_timestamp() THEN excluded.hits ELSE c.hits + excluded.hits END,
      "resetsAt" = CASE WHEN c."resetsAt" <= clock_timestamp() THEN excluded."resetsAt" ELSE c."resetsAt" END
    RETURNING key, hits, GREATEST(1, ceil(extract(epoch FROM "resetsAt" - clock_timestamp())))::int AS "resetsInSeconds"`)
}

/** Takes back what was counted for mails that are not sent. */
export function countDown(tx: Tx, counts: readonly Pick<Count, 'key' | 'hits'>[]): Promise<number> {
  return tx.run(sql`
    UPDATE mail_counters SET hits = mail_counters.hits - one.hits
    FROM unnest(${counts.map(({ key }) => key)}::text[], ${counts.map(({ hits }) => hits)}::int[]) one (key, hits)
    WHERE mail_counters.key = one.key`)
}

/** How much one statement deletes at most; a single row may have more bytes. */
export interface Most {
  rows: number
  bytes: number
}

/**
 * Deletes the content of up to `most.rows` mails that are older, with their attachments; fewer as soon as those have more than
 * `most.bytes`. Answers how many; none when no more are left. Sees all tenants.
 */
export async function deleteContent(tx: Tx, olderThanSeconds: number, most: Most): Promise<number> {
  const gone = await tx.query<{ tenantId: string; id: string }>(sql`
    WITH old AS (
      SELECT "tenantId", id, "createdAt", (
        SELECT COALESCE(sum(bytes), 0) FROM mail_attachments files
        WHERE files."tenantId" = mails."tenantId" AND files."mailId" = mails.id
      ) AS bytes
      FROM mails
      WHERE "contentDeletedAt" IS NULL AND "createdAt" < now() - make_interval(secs => ${olderThanSeconds})
        AND state NOT IN ('queued', 'sending')
      ORDER BY "createdAt" LIMIT ${most.rows} FOR UPDATE SKIP LOCKED
    ), summed AS (
      SELECT "tenantId", id, sum(bytes) OVER (ORDER BY "createdAt", id) - bytes AS before FROM old
    )
    UPDATE mails SET html = NULL, text = NULL, sealed = NULL, "contentDeletedAt" = now()
    WHERE ("tenantId", id) IN (SELECT "tenantId", id FROM summed WHERE before <= ${most.bytes})
    RETURNING "tenantId", id`)
  await tx.run(sql`
    DELETE FROM mail_attachments WHERE ("tenantId", "mailId") IN (
      SELECT * FROM unnest(${gone.map(({ tenantId }) => tenantId)}::text[], ${gone.map(({ id }) => id)}::text[]))`)
  return gone.length
}

/** Deletes of what broken uploads left behind as much as may go at once. Sees all tenants. */
export function deleteForsaken(db: Executor, most: Most): Promise<number> {
  return db.run(sql`
    WITH old AS (
      SELECT "tenantId", id, "createdAt", bytes FROM mail_attachments
      WHERE "mailId" IS NULL AND "createdAt" < now() - interval '1 day'
      ORDER BY "createdAt" LIMIT ${most.rows} FOR UPDATE SKIP LOCKED
    ), summed AS (
      SELECT "tenantId", id, sum(bytes) OVER (ORDER BY "createdAt", id) - bytes AS before FROM old
    )
    DELETE FROM mail_attachments
    WHERE ("tenantId", id) IN (SELECT "tenantId", id FROM summed WHERE before <= ${most.bytes})`)
}

/** Deletes up to so many counters whose window has ended. Sees all tenants. */
export function deleteCounters(db: Executor, most: number): Promise<number> {
  return db.run(sql`
    DELETE FROM mail_counters WHERE ("tenantId", key) IN (
      SELECT "tenantId", key FROM mail_counters WHERE "resetsAt" < now() LIMIT ${most} FOR UPDATE SKIP LOCKED)`)
}
