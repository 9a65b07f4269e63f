// Making, renaming, moving and sharing folders. Of changes to the trees of a tenant there is one at a time.
import type { UserActor } from '../../../../core/actor.ts'
import { newId } from '../../../../core/ids.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import {
  accessErrors,
  atLeast,
  CONTENT_SHARES,
  contentName,
  countIn,
  type EndedShares,
  mustBeInTeam,
  type NewShare,
  type Standing,
  unshare,
} from '../../access/index.ts'
import { folderErrors } from '../folders.errors.ts'
import * as queries from '../folders.queries.ts'
import type { FolderChanges, FolderDetail, NewFolder } from '../folders.schema.ts'
import { type FolderParts, record } from './parts.ts'
import type { Reading } from './reading.ts'

export interface Administration {
  create(actor: UserActor, body: NewFolder, facts: RequestFacts): Promise<FolderDetail>
  /** Renames, moves and gives to a team, the whole subtree in one transaction. */
  update(actor: UserActor, id: string, changes: FolderChanges, at: ChangeFacts): Promise<FolderDetail>
  /** Shares the folder and all that lies below. */
  share(actor: UserActor, id: string, body: NewShare, facts: RequestFacts): Promise<FolderDetail>
  unshare(actor: UserActor, id: string, body: EndedShares, facts: RequestFacts): Promise<FolderDetail>
  /** Throws unless the actor may put an item of theirs, or one that they may edit, into the folder; null is the owner's root. */
  mustTake(tx: Tx, actor: UserActor, item: Pick<Standing, 'ownerId' | 'level'>, folderId: string | null): Promise<void>
  /** Where something comes back to out of the trash: its folder, if the actor may still put things there, else the root. */
  backTo(tx: Tx, actor: UserActor, folderId: string | null): Promise<string | null>
}

export interface ChangeFacts {
  version: number | undefined
  facts: RequestFacts
}

const MAX_DEPTH = 32
/** Folders, documents and files together. */
const MAX_HELD = 10_000

export function createAdministration(parts: FolderParts, { read }: Reading): Administration {
  const { database, access, contents } = parts

  async function mustTake(
    tx: Tx,
    actor: UserActor,
    { ownerId, level }: Pick<Standing, 'ownerId' | 'level'>,
    folderId: string | null,
  ): Promise<void> {
    const tooLow = () => accessErrors('content.level_too_low', { facts: { level, needed: 'OWNER' } })
    if (folderId === null) {
      // At the root it is its owner's alone.
      if (level !== 'OWNER') throw tooLow()
      return
    }
    const target = await access.must(tx, actor, { kind: 'folder', id: folderId }, 'EDIT')
    // In a folder of somebody else it is open to other people than before: that is for its owner to decide.
    if (target.ownerId !== ownerId && level !== 'OWNER') throw tooLow()
    if (await isFull(tx, folderId)) throw folderErrors('folders.full')
  }

  const isFull = async (tx: Tx, id: string) => (await countIn(tx, id, MAX_HELD)) >= MAX_HELD

  async function backTo(tx: Tx, actor: UserActor, folderId: string | null): Promise<string | null> {
    const level = folderId === null ? undefined : await access.levelOf(tx, actor, 'folder', folderId)
    return level && atLeast(level, 'EDIT') && !(await isFull(tx, folderId!)) ? folderId : null
  }

  async function move(tx: Tx, actor: UserActor, folder: Standing, parentId: string | null): Promise<void> {
    await mustTake(tx, actor, folder, parentId)
    const parent = parentId === null ? undefined : await queries.find(tx, parentId)
    if (parent?.idPath.startsWith(folder.idPath!)) throw folderErrors('folders.into_itself')
    mustBeAbove(depthOf(parent?.idPath) + (await queries.depthBelow(tx, folder.idPath!)))
  }

  return {
    mustTake,
    backTo,

    create: (actor, { name: sent, parentId = null, teamId = null }, facts) =>
      access.inTree(actor, async (tx) => {
        const [id, name] = [newId(), contentName(sent)]
        const parent =
          parentId === null ? undefined : await access.must(tx, actor, { kind: 'folder', id: parentId }, 'EDIT')
        mustBeAbove(depthOf(parent?.idPath) + 1)
        if (parentId !== null && (await isFull(tx, parentId))) throw folderErrors('folders.full')
        await mustBeInTeam(tx, actor, 'folder', teamId)
        const row = { id, name, parentId, ownerId: actor.userId, teamId }
        if (await queries.isTaken(tx, row, name)) throw folderErrors('folders.name_taken')
        await queries.insert(tx, row)
        record(parts, tx, actor, { action: 'folders.create', id, changes: { name, parentId, teamId } }, facts)
        return read(tx, actor, id)
      }),

    update: (actor, id, { name: sent, parentId, teamId }, { version, facts }) =>
      access.inTree(actor, async (tx) => {
        const giving = teamId !== undefined
        const standing = await access.must(tx, actor, { kind: 'folder', id }, giving ? 'OWNER' : 'EDIT')
        const before = (await queries.find(tx, id))!
        const name = sent === undefined ? before.name : contentName(sent)
        const place = parentId === undefined ? before.parentId : parentId
        if (place !== before.parentId) await move(tx, actor, standing, place)
        await mustBeInTeam(tx, actor, 'folder', teamId)
        if (await queries.isTaken(tx, { parentId: place, ownerId: before.ownerId }, name, id))
          throw folderErrors('folders.name_taken')
        const changes = {
          name: name === before.name ? undefined : name,
          parentId: place === before.parentId ? undefined : place,
          teamId,
        }
        if (!(await queries.update(tx, id, changes, version))) throw folderErrors('folders.changed_meanwhile')
        if (changes.name !== undefined || changes.parentId !== undefined) {
          await queries.writePaths(tx, id)
          for (const one of contents) await one.moved?.(tx, id)
        }
        const told = {
          ...(changes.name !== undefined && { name: [before.name, name] }),
          ...(changes.parentId !== undefined && { parentId: [before.parentId, place] }),
          ...(giving && { teamId: [before.teamId, teamId] }),
        }
        record(parts, tx, actor, { action: 'folders.edit', id, changes: told }, facts)
        return read(tx, actor, id)
      }),

    share: (actor, id, body, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const { ownerId } = await access.must(tx, actor, { kind: 'folder', id }, 'OWNER')
        const changes = await access.share(tx, actor, CONTENT_SHARES, { kind: 'folder', id, ownerId }, body)
        record(parts, tx, actor, { action: 'folders.share', id, changes }, facts)
        return read(tx, actor, id)
      }),

    unshare: (actor, id, body, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        await access.must(tx, actor, { kind: 'folder', id }, 'OWNER')
        const changes = await unshare(tx, CONTENT_SHARES, { kind: 'folder', id }, body)
        record(parts, tx, actor, { action: 'folders.unshare', id, changes }, facts)
        return read(tx, actor, id)
      }),
  }
}

export function mustBeAbove(depth: number): void {
  if (depth > MAX_DEPTH) throw folderErrors('folders.too_deep')
}

/** How many folders stand in a path of ids. */
export function depthOf(idPath: string | null | undefined): number {
  return idPath ? idPath.split('/').length - 2 : 0
}
