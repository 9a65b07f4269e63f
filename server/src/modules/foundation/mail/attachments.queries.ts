// The SQL of attachments: kept piece by piece while they arrive, taken over by a mail, and read piece by piece.
import { type Executor, sql } from '../../../drivers/database/index.ts'

export interface NewAttachment {
  id: string
  name: string
  type: string
}

export function begin(db: Executor, { id, name, type }: NewAttachment): Promise<number> {
  return db.run(sql`INSERT INTO mail_attachments (id, name, type, bytes) VALUES (${id}, ${name}, ${type}, 0)`)
}

export function addChunk(db: Executor, attachmentId: string, position: number, content: Buffer): Promise<number> {
  return db.run(sql`
    WITH whole AS (UPDATE mail_attachments SET bytes = bytes + ${content.length} WHERE id = ${attachmentId} RETURNING id)
    INSERT INTO mail_attachment_chunks ("attachmentId", position, content) SELECT id, ${position}, ${content} FROM whole`)
}

/** Makes them the mail's, in their order; answers how many. */
export function takeOver(db: Executor, mailId: string, ids: readonly string[]): Promise<number> {
  return db.run(sql`
    UPDATE mail_attachments SET "mailId" = ${mailId}, position = each.position
    FROM unnest(${ids}::text[]) WITH ORDINALITY each (id, position)
    WHERE mail_attachments.id = each.id AND "mailId" IS NULL`)
}

/** Removes those that no mail has. */
export function drop(db: Executor, ids: readonly string[]): Promise<number> {
  return db.run(sql`DELETE FROM mail_attachments WHERE id = ANY (${ids}) AND "mailId" IS NULL`)
}

/** One piece; undefined behind the last. */
export async function readChunk(db: Executor, attachmentId: string, position: number): Promise<Buffer | undefined> {
  const row = await db.one<{ content: Buffer }>(
    sql`SELECT content FROM mail_attachment_chunks WHERE "attachmentId" = ${attachmentId} AND position = ${position}`,
  )
  return row?.content
}
