// Files in messages: named by who may read them, and shown to who may read them at that moment.
import type { UserActor } from '../../../../core/actor.ts'
import { requestErrors } from '../../../../core/errors.ts'
import { grantFor } from '../../../../core/permission.ts'
import type { Executor, Tx } from '../../../../drivers/database/index.ts'
import * as queries from '../attachments.queries.ts'
import type { MessageRow } from '../messages.queries.ts'
import { type ChatMessage, type Reader, toMessage } from '../messages.schema.ts'
import type { MessageParts } from './parts.ts'

const VIEW = 'files:view'

/** Refers to files. Throws for those that the actor may not read. */
export async function attachFiles(
  { access }: Pick<MessageParts, 'access'>,
  tx: Tx,
  actor: UserActor,
  messageId: string,
  fileIds: readonly string[],
): Promise<void> {
  if (fileIds.length === 0) return
  if (!grantFor(actor.permissions, VIEW)) throw requestErrors('access.forbidden', { facts: { permission: VIEW } })
  for (const id of fileIds) await access.must(tx, actor, { kind: 'file', id }, 'READ')
  await queries.attach(tx, messageId, fileIds)
}

/** Messages as they are for a reader, with those of their files that the reader may read. */
export async function withFiles(
  { access }: Pick<MessageParts, 'access'>,
  db: Executor,
  actor: UserActor,
  rows: readonly MessageRow[],
  reader: Reader,
): Promise<ChatMessage[]> {
  const ids = await queries.attached(
    db,
    rows.map(({ id }) => id),
  )
  const isOpen = ids.length > 0 && grantFor(actor.permissions, VIEW) !== undefined
  const reach = isOpen ? await access.reachable(db, actor, 'file') : undefined
  const files = reach ? await queries.list(db, ids, reach.condition) : []
  return rows.map((row) =>
    toMessage(
      row,
      reader,
      files.filter(({ messageId }) => messageId === row.id),
    ),
  )
}
