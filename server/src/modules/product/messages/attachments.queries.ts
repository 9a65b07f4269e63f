// The SQL of files that messages refer to.
import { type Executor, type Sql, sql } from '../../../drivers/database/index.ts'

export interface AttachmentRow {
  messageId: string
  id: string
  name: string
  mimeType: string
  size: number
}

export async function attach(db: Executor, messageId: string, fileIds: readonly string[]): Promise<void> {
  await db.run(sql`
    INSERT INTO message_attachments ("messageId", "fileId", place)
    SELECT ${messageId}, file.id, file.place FROM unnest(${fileIds}::text[]) WITH ORDINALITY AS file (id, place)`)
}

export async function detach(db: Executor, messageId: string): Promise<void> {
  await db.run(sql`DELETE FROM message_attachments WHERE "messageId" = ${messageId}`)
}

/** Which of the messages refer to files. */
export async function attached(db: Executor, messageIds: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ messageId: string }>(
    sql`SELECT DISTINCT "messageId" FROM message_attachments WHERE "messageId" = ANY (${messageIds}::text[])`,
  )
  return rows.map(({ messageId }) => messageId)
}

/** The files of messages that a condition on `d` lets through. */
export function list(
  db: Executor,
  messageIds: readonly string[],
  condition: Sql = sql`true`,
): Promise<AttachmentRow[]> {
  return db.query<AttachmentRow>(sql`
    SELECT a."messageId", d.id, d.name, d."mimeType", d.size FROM message_attachments a JOIN files d ON d.id = a."fileId"
    WHERE a."messageId" = ANY (${messageIds}::text[]) AND d."deletedAt" IS NULL AND ${condition}
    ORDER BY a."messageId", a.place`)
}
