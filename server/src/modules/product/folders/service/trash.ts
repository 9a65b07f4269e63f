// The trash: a folder goes into it with all that lies below, and comes back with it.
import Type from 'typebox'
import type { SystemActor, UserActor } from '../../../../core/actor.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { JobSettings } from '../../../../drivers/queue/index.ts'
import { lockTree } from '../../access/index.ts'
import { folderErrors } from '../folders.errors.ts'
import * as queries from '../folders.queries.ts'
import type { FolderDetail } from '../folders.schema.ts'
import { type FolderParts, record } from './parts.ts'
import type { Reading } from './reading.ts'

export interface Trash {
  remove(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  /** Brings a deleted folder back with all that was deleted with it: to its old place, or to the root when that is gone. */
  restore(actor: UserActor, id: string, facts: RequestFacts): Promise<FolderDetail>
  /** Removes for good what has been in the trash for longer than it is kept, in every tenant; answers how much. */
  purgeExpired(signal?: AbortSignal): Promise<number>
  /** Makes the daily purge known to this process. */
  defineJobs(): void
}

export const purgeContentJob = {
  name: 'content.purge',
  scope: 'installation',
  schedule: { cron: '11 4 * * *', timeZone: 'UTC' },
  schema: Type.Object({}),
  retry: { limit: 10, delaySeconds: 60, backoff: true, maxDelaySeconds: 3_600 },
  timeoutSeconds: 3_600,
  concurrency: 1,
} satisfies JobSettings

const BATCH = 500
const upkeep: SystemActor = { kind: 'system', name: 'content' }

export function createTrash(parts: FolderParts, { read }: Reading): Trash {
  const { database, access, audit, contents, jobs, options } = parts

  function purgeBatch(tenantId: string): Promise<number> {
    return database.inTenant(tenantId, async (tx) => {
      const gone: Record<string, number> = {}
      for (const one of contents) gone[one.kind] = await one.purge(tx, options.retentionSeconds, BATCH)
      gone.folders = await queries.purge(tx, options.retentionSeconds, BATCH)
      const all = Object.values(gone).reduce((sum, count) => sum + count, 0)
      const deed = { action: 'content.purge', targetType: 'tenant', targetId: tenantId, changes: gone }
      if (all > 0) audit.record(tx, upkeep, deed)
      return all
    })
  }

  async function purgeExpired(signal?: AbortSignal): Promise<number> {
    let purged = 0
    for (const { id } of await queries.listTenants(database.global))
      for (let gone = Number.POSITIVE_INFINITY; gone > 0; purged += gone) {
        signal?.throwIfAborted()
        gone = await purgeBatch(id)
      }
    return purged
  }

  return {
    remove: (actor, id, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        await lockTree(tx)
        await access.must(tx, actor, { kind: 'folder', id }, 'OWNER')
        const folder = (await queries.find(tx, id))!
        const folders = await queries.trash(tx, folder, actor.userId)
        for (const one of contents) await one.trash(tx, id, actor.userId)
        record(parts, tx, actor, { action: 'folders.delete', id, changes: { name: folder.name, folders } }, facts)
      }),

    restore: (actor, id, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        await lockTree(tx)
        await access.must(tx, actor, { kind: 'folder', id, deleted: true }, 'OWNER')
        const folder = (await queries.find(tx, id))!
        if (folder.deletedWith !== id) throw folderErrors('folders.deleted_with_another')
        const stays = folder.parentId === null || (await queries.isLiveFolder(tx, folder.parentId))
        const parentId = stays ? folder.parentId : null
        if (await queries.isTaken(tx, { parentId, ownerId: folder.ownerId }, folder.name, id))
          throw folderErrors('folders.name_taken')
        await queries.restore(tx, id)
        for (const one of contents) await one.restore(tx, id)
        if (!stays) await queries.update(tx, id, { parentId: null }, undefined)
        await queries.writePaths(tx, id)
        record(parts, tx, actor, { action: 'folders.restore', id, changes: { name: folder.name, parentId } }, facts)
        return read(tx, actor, id)
      }),

    purgeExpired,
    defineJobs: () =>
      jobs.define({ ...purgeContentJob, handler: async ({ signal }) => ({ purged: await purgeExpired(signal) }) }),
  }
}
