// Changing files: names, places, favourites, shares.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { differences } from '../../../../core/events.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import {
  CONTENT_SHARES,
  contentName,
  type EndedShares,
  lockItem,
  mustBeInTeam,
  type NewShare,
  unshare,
} from '../../access/index.ts'
import { fileErrors } from '../files.errors.ts'
import * as queries from '../files.queries.ts'
import type { FileChanges, FileDetail, Move } from '../files.schema.ts'
import { asItem, type Change, type FileParts, freeName, placeOf, record, withEither } from './parts.ts'
import type { Reading } from './reading.ts'

export interface Changing {
  /** Giving it to a team, or taking it back, is for its owner. */
  edit(actor: UserActor, id: string, changes: FileChanges, change: Change): Promise<FileDetail>
  rename(actor: UserActor, id: string, name: string, change: Change): Promise<FileDetail>
  move(actor: UserActor, id: string, to: Move, change: Change): Promise<FileDetail>
  favorite(actor: UserActor, id: string, favorite: boolean | undefined, facts: RequestFacts): Promise<FileDetail>
  share(actor: UserActor, id: string, body: NewShare, facts: RequestFacts): Promise<FileDetail>
  unshare(actor: UserActor, id: string, body: EndedShares, facts: RequestFacts): Promise<FileDetail>
}

export function createChanging(parts: FileParts, { read }: Reading): Changing {
  const { database, access, folders } = parts

  function edit(
    actor: UserActor,
    id: string,
    { name: sent, teamId }: FileChanges,
    { version, facts }: Change,
    action = 'files.edit',
  ): Promise<FileDetail> {
    return access.inPlace(actor, async (tx) => {
      await lockItem(tx, 'file', id)
      await access.must(tx, actor, { kind: 'file', id }, teamId === undefined ? 'EDIT' : 'OWNER')
      const before = (await queries.find(tx, id, actor.userId))!
      const name = sent === undefined ? before.name : contentName(sent)
      await mustBeInTeam(tx, actor, 'file', teamId)
      if (name !== before.name) {
        await queries.lockPlace(tx, before)
        if (await queries.isTaken(tx, before, name, id)) throw fileErrors('files.name_taken')
      }
      const changes = { ...(name !== before.name && { name }), ...(teamId !== undefined && { teamId }) }
      if (!(await queries.update(tx, id, changes, version))) throw fileErrors('files.changed_meanwhile')
      record(parts, tx, actor, { action, id, changes: differences(before, changes) }, facts)
      return read(tx, actor, id)
    })
  }

  return {
    edit,
    rename: (actor, id, name, change) =>
      withEither(
        () => edit(actor, id, { name }, change, 'files.rename'),
        async () => asItem(parts, actor, await folders.update(actor, id, { name }, change)),
      ),

    move: (actor, id, { folderId, targetPath: path }, { version, facts }) =>
      withEither(
        () =>
          access.inPlace(actor, async (tx) => {
            await lockItem(tx, 'file', id)
            const item = await access.must(tx, actor, { kind: 'file', id }, 'EDIT')
            const place = await placeOf(parts, tx, actor, { folderId, path })
            if (place === undefined) throw invalidField('folderId', 'missing', 'Say where it goes.')
            const before = (await queries.find(tx, id, actor.userId))!
            if (place !== before.folderId) await folders.mustTake(tx, actor, item, place)
            const name = await freeName(tx, { folderId: place, ownerId: before.ownerId }, before.name, id)
            if (!(await queries.update(tx, id, { folderId: place, name }, version)))
              throw fileErrors('files.changed_meanwhile')
            const changes = {
              ...(place !== before.folderId && { folderId: [before.folderId, place] }),
              ...(name !== before.name && { name: [before.name, name] }),
            }
            record(parts, tx, actor, { action: 'files.move', id, changes }, facts)
            return read(tx, actor, id)
          }),
        async () => {
          const db = database.tenant(actor.tenantId)
          const parentId = await placeOf(parts, db, actor, { folderId, path })
          if (parentId === undefined) throw invalidField('folderId', 'missing', 'Say where it goes.')
          return asItem(parts, actor, await folders.update(actor, id, { parentId }, { version, facts }))
        },
      ),

    favorite: (actor, id, wanted, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        await access.must(tx, actor, { kind: 'file', id }, 'READ')
        const before = (await queries.find(tx, id, actor.userId))!
        const favorite = wanted ?? !before.isFavorite
        await queries.setFavorite(tx, id, actor.userId, favorite)
        record(
          parts,
          tx,
          actor,
          { action: 'files.favorite', id, changes: { favorite: [before.isFavorite, favorite] } },
          facts,
        )
        return read(tx, actor, id)
      }),

    share: (actor, id, body, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const { ownerId } = await access.must(tx, actor, { kind: 'file', id }, 'OWNER')
        const changes = await access.share(tx, actor, CONTENT_SHARES, { kind: 'file', id, ownerId }, body)
        record(parts, tx, actor, { action: 'files.share', id, changes }, facts)
        return read(tx, actor, id)
      }),

    unshare: (actor, id, body, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        await access.must(tx, actor, { kind: 'file', id }, 'OWNER')
        const changes = await unshare(tx, CONTENT_SHARES, { kind: 'file', id }, body)
        record(parts, tx, actor, { action: 'files.unshare', id, changes }, facts)
        return read(tx, actor, id)
      }),
  }
}
