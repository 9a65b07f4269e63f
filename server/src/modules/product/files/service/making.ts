// How files come to be: uploads, copies, and folders among them.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import type { KeptFile, RequestFacts } from '../../../../drivers/http/index.ts'
import { contentName, lockItem, mustBeInTeam } from '../../access/index.ts'
import { fileErrors } from '../files.errors.ts'
import * as queries from '../files.queries.ts'
import type { Copy, FileDetail, NewFolderByPath, UploadForm } from '../files.schema.ts'
import { isPictured, thumbnailJob } from '../pictures/thumbnails.ts'
import { asItem, type FileParts, freeName, placeOf, record } from './parts.ts'
import type { Reading } from './reading.ts'
import type { Uploads } from './uploads.ts'

export interface Making {
  /** Makes a file of what was received. */
  upload(actor: UserActor, form: UploadForm, uploads: readonly KeptFile[], facts: RequestFacts): Promise<FileDetail>
  /** A file of one's own with the same content, which is not copied. */
  copy(actor: UserActor, id: string, to: Copy, facts: RequestFacts): Promise<FileDetail>
  folder(actor: UserActor, body: NewFolderByPath, facts: RequestFacts): Promise<FileDetail>
}

export function createMaking(parts: FileParts, { read }: Reading, uploads: Uploads): Making {
  const { database, access, folders, storage, jobs } = parts

  return {
    async upload(actor, form, [file], facts) {
      if (!file) throw invalidField('file', 'missing', 'A file is needed.')
      const name = contentName(form.name ?? (file.name || 'file'), form.name === undefined ? 'file' : 'name')
      return access.inPlace(actor, async (tx) => {
        const { folderId = null } = { folderId: await placeOf(parts, tx, actor, form) }
        await folders.mustTake(tx, actor, { ownerId: actor.userId, level: 'OWNER' }, folderId)
        await mustBeInTeam(tx, actor, 'file', form.teamId)
        const mimeType = await uploads.typeOf(file.id, name)
        // The place before the content, as a copy has it: two that wait for each other would both fail.
        const free = await freeName(tx, { folderId, ownerId: actor.userId }, name)
        const { id: blobId, bytes: size, sha256, thumbnail } = await storage.take(tx, file.id)
        const id = newId()
        const row = { id, name: free, mimeType, size, folderId, teamId: form.teamId ?? null, ownerId: actor.userId }
        await queries.insert(tx, { ...row, blobId, sha256 })
        if (isPictured(mimeType) && thumbnail === null && jobs.isStarted())
          await jobs.enqueue(tx, thumbnailJob.name, { blobId }, { singletonKey: blobId })
        record(
          parts,
          tx,
          actor,
          { action: 'files.upload', id, changes: { name: free, size, mimeType, folderId, sha256 } },
          facts,
        )
        return read(tx, actor, id)
      })
    },

    copy: (actor, id, { folderId, targetPath: path, name: sent }, facts) =>
      access.inPlace(actor, async (tx) => {
        await lockItem(tx, 'file', id)
        const { level } = await access.must(tx, actor, { kind: 'file', id }, 'READ')
        const from = (await queries.find(tx, id, actor.userId))!
        if (!from.blobId || !from.sha256) throw fileErrors('files.no_content')
        const asked = await placeOf(parts, tx, actor, { folderId, path })
        // Beside the original where that is one's own, else at one's root.
        const place =
          asked === undefined ? (level === 'OWNER' && from.ownerId === actor.userId ? from.folderId : null) : asked
        const ownerId = actor.userId
        await folders.mustTake(tx, actor, { ownerId, level: 'OWNER' }, place)
        const name = await freeName(
          tx,
          { folderId: place, ownerId },
          sent === undefined ? from.name : contentName(sent),
        )
        await storage.retain(tx, ownerId, { id: from.blobId, bytes: from.size })
        const copyId = newId()
        const { mimeType, size, blobId, sha256 } = from
        await queries.insert(tx, {
          id: copyId,
          name,
          mimeType,
          size,
          folderId: place,
          teamId: null,
          ownerId,
          blobId,
          sha256,
        })
        record(
          parts,
          tx,
          actor,
          { action: 'files.copy', id: copyId, changes: { from: id, name, folderId: place } },
          facts,
        )
        return read(tx, actor, copyId)
      }),

    async folder(actor, { name, parentId: sent, parentPath: path }, facts) {
      const db = database.tenant(actor.tenantId)
      const parentId = await placeOf(parts, db, actor, { folderId: sent, path })
      return asItem(parts, actor, await folders.create(actor, { name, parentId: parentId ?? null }, facts))
    },
  }
}
