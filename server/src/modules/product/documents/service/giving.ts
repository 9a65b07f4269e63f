// Sharing documents, and putting them into the trash and back.
import type { UserActor } from '../../../../core/actor.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { type BatchResult, deleteEach, type EndedShares, lockItem, type NewShare, unshare } from '../../access/index.ts'
import * as queries from '../documents.queries.ts'
import type { Document } from '../documents.schema.ts'
import { type DocumentParts, record } from './parts.ts'
import type { Reading } from './reading.ts'

export interface Giving {
  share(actor: UserActor, id: string, body: NewShare, facts: RequestFacts): Promise<Document>
  unshare(actor: UserActor, id: string, body: EndedShares, facts: RequestFacts): Promise<Document>
  remove(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  /** Deletes those that the actor may delete; what is refused is said of each. */
  removeMany(actor: UserActor, ids: readonly string[], facts: RequestFacts): Promise<BatchResult>
  restore(actor: UserActor, id: string, facts: RequestFacts): Promise<Document>
}

export function createGiving(parts: DocumentParts, { read }: Reading): Giving {
  const { database, access, folders } = parts

  async function remove(tx: Tx, actor: UserActor, id: string, facts: RequestFacts): Promise<void> {
    await lockItem(tx, 'document', id)
    await access.must(tx, actor, { kind: 'document', id }, 'OWNER')
    const { title } = (await queries.find(tx, id, actor.userId))!
    await queries.trash(tx, id, actor.userId)
    record(parts, tx, actor, { action: 'documents.delete', id, changes: { title } }, facts)
  }

  return {
    share: (actor, id, body, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const { ownerId } = await access.must(tx, actor, { kind: 'document', id }, 'OWNER')
        const changes = await access.share(tx, actor, queries.DOCUMENT_SHARES, { kind: 'document', id, ownerId }, body)
        record(parts, tx, actor, { action: 'documents.share', id, changes }, facts)
        return read(tx, actor, id)
      }),

    unshare: (actor, id, body, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        await access.must(tx, actor, { kind: 'document', id }, 'OWNER')
        const changes = await unshare(tx, queries.DOCUMENT_SHARES, { kind: 'document', id }, body)
        record(parts, tx, actor, { action: 'documents.unshare', id, changes }, facts)
        return read(tx, actor, id)
      }),

    remove: (actor, id, facts) => database.inTenant(actor.tenantId, (tx) => remove(tx, actor, id, facts)),

    removeMany: (actor, ids, facts) =>
      database.inTenant(actor.tenantId, (tx) => deleteEach('document', ids, (id) => remove(tx, actor, id, facts))),

    restore: (actor, id, facts) =>
      access.inPlace(actor, async (tx) => {
        await lockItem(tx, 'document', id)
        await access.must(tx, actor, { kind: 'document', id, deleted: true }, 'OWNER')
        const { folderId } = (await queries.find(tx, id, actor.userId))!
        await queries.restore(tx, id, await folders.backTo(tx, actor, folderId))
        record(parts, tx, actor, { action: 'documents.restore', id, changes: {} }, facts)
        return read(tx, actor, id)
      }),
  }
}
