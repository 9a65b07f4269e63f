// The trash of files, and their way out of it.
import type { UserActor } from '../../../../core/actor.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { type BatchResult, deleteEach, lockItem } from '../../access/index.ts'
import * as queries from '../files.queries.ts'
import type { FileDetail } from '../files.schema.ts'
import { type FileParts, freeName, record, withEither } from './parts.ts'
import type { Reading } from './reading.ts'

export interface Trash {
  remove(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  removeMany(actor: UserActor, ids: readonly string[], facts: RequestFacts): Promise<BatchResult>
  restore(actor: UserActor, id: string, facts: RequestFacts): Promise<FileDetail>
}

export function createTrash(parts: FileParts, { read }: Reading): Trash {
  const { database, access, folders } = parts

  async function remove(tx: Tx, actor: UserActor, id: string, facts: RequestFacts): Promise<void> {
    await lockItem(tx, 'file', id)
    await access.must(tx, actor, { kind: 'file', id }, 'OWNER')
    const { name } = (await queries.find(tx, id, actor.userId))!
    await queries.trash(tx, id, actor.userId)
    record(parts, tx, actor, { action: 'files.delete', id, changes: { name } }, facts)
  }

  return {
    remove: (actor, id, facts) =>
      withEither(
        () => database.inTenant(actor.tenantId, (tx) => remove(tx, actor, id, facts)),
        () => folders.remove(actor, id, facts),
      ),

    // Some of the ids may be those of folders.
    removeMany: (actor, ids, facts) =>
      access.inTree(actor, async (tx) => {
        const files = await queries.filesAmong(tx, ids)
        // Files first: they are told of as deleted by themselves, and not as gone with a folder.
        const order = (id: string) => (files.has(id) ? `0${id}` : `1${id}`)
        const inOrder = [...ids].sort((a, b) => (order(a) < order(b) ? -1 : 1))
        const removeEither = (id: string) =>
          withEither(
            () => remove(tx, actor, id, facts),
            () => folders.removeIn(tx, actor, id, facts),
          )
        return deleteEach('file', ids, removeEither, { inOrder })
      }),

    restore: (actor, id, facts) =>
      access.inPlace(actor, async (tx) => {
        await lockItem(tx, 'file', id)
        await access.must(tx, actor, { kind: 'file', id, deleted: true }, 'OWNER')
        const gone = (await queries.find(tx, id, actor.userId))!
        const folderId = await folders.backTo(tx, actor, gone.folderId)
        const name = await freeName(tx, { folderId, ownerId: gone.ownerId }, gone.name, id)
        await queries.restore(tx, id)
        await queries.update(tx, id, { name, folderId })
        record(parts, tx, actor, { action: 'files.restore', id, changes: {} }, facts)
        return read(tx, actor, id)
      }),
  }
}
