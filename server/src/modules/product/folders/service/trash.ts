// The trash: a folder goes into it with all that lies below, and comes back with it.
import type { SystemActor, UserActor } from '../../../../core/actor.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { inEveryTenant, nightlyJob } from '../../../../drivers/queue/index.ts'
import { folderErrors } from '../folders.errors.ts'
import * as queries from '../folders.queries.ts'
import type { FolderDetail } from '../folders.schema.ts'
import { type Administration, depthOf, mustBeAbove } from './administration.ts'
import { type FolderParts, record } from './parts.ts'
import type { Reading } from './reading.ts'

export interface Trash {
  remove(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  /** The same inside a change of the tenant's trees. */
  removeIn(tx: Tx, actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  /** Brings a deleted folder back with all that was deleted with it: to its old place, or to the root where that is not open to the actor. */
  restore(actor: UserActor, id: string, facts: RequestFacts): Promise<FolderDetail>
  /** Removes for good what has been in the trash for longer than it is kept, in every tenant; answers how much. */
  purgeExpired(signal?: AbortSignal): Promise<number>
  /** Makes the daily purge known to this process. */
  defineJobs(): void
}

export const purgeContentJob = nightlyJob('content.purge', '11 4 * * *')

const BATCH = 500
const upkeep: SystemActor = { kind: 'system', name: 'content' }

export function createTrash(parts: FolderParts, { read }: Reading, { backTo }: Pick<Administration, 'backTo'>): Trash {
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

  const purgeExpired = (signal?: AbortSignal) => inEveryTenant(database, signal, purgeBatch)

  async function removeIn(tx: Tx, actor: UserActor, id: string, facts: RequestFacts): Promise<void> {
    await access.must(tx, actor, { kind: 'folder', id }, 'OWNER')
    const folder = (await queries.find(tx, id))!
    const folders = await queries.trash(tx, folder, actor.userId)
    for (const one of contents) await one.trash(tx, id, actor.userId)
    record(parts, tx, actor, { action: 'folders.delete', id, changes: { name: folder.name, folders } }, facts)
  }

  return {
    removeIn,
    remove: (actor, id, facts) => access.inTree(actor, (tx) => removeIn(tx, actor, id, facts)),

    restore: (actor, id, facts) =>
      access.inTree(actor, async (tx) => {
        await access.must(tx, actor, { kind: 'folder', id, deleted: true }, 'OWNER')
        const { name, ownerId, ...folder } = (await queries.find(tx, id))!
        if (!(await queries.isInTrash(tx, id))) throw folderErrors('folders.deleted_with_another')
        const parentId = await backTo(tx, actor, folder.parentId)
        if (await queries.isTaken(tx, { parentId, ownerId }, name, id)) throw folderErrors('folders.name_taken')
        const gone = { idPath: folder.idPath, deletedWith: folder.deletedWith! }
        await queries.restore(tx, gone)
        for (const one of contents) await one.restore(tx, gone)
        if (parentId !== folder.parentId) await queries.update(tx, id, { parentId }, undefined)
        const back = (await queries.find(tx, id))!
        mustBeAbove(depthOf(back.idPath) - 1 + (await queries.depthBelow(tx, back.idPath)))
        await queries.writePaths(tx, id)
        for (const one of contents) await one.moved?.(tx, id)
        record(parts, tx, actor, { action: 'folders.restore', id, changes: { name, parentId } }, facts)
        return read(tx, actor, id)
      }),

    purgeExpired,
    defineJobs: () =>
      jobs.define({ ...purgeContentJob, handler: async ({ signal }) => ({ purged: await purgeExpired(signal) }) }),
  }
}
