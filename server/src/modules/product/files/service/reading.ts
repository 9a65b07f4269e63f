// Reading files: lists, one of them, its content, and how much room they take.

import type { Readable } from 'node:stream'
import type { UserActor } from '../../../../core/actor.ts'
import { type Page, pageOf, unknownCursor } from '../../../../core/page.ts'
import type { ByteRange } from '../../../../drivers/blobs/index.ts'
import type { Executor } from '../../../../drivers/database/index.ts'
import { Download, dispositionOf, type RequestFacts } from '../../../../drivers/http/index.ts'
import { accessErrors, CONTENT_SHARES, toCollaborator } from '../../access/index.ts'
import { fileErrors } from '../files.errors.ts'
import * as queries from '../files.queries.ts'
import {
  type FileDetail,
  type FileItem,
  type FileQuery,
  folderItem,
  type StorageInfo,
  toDetail,
  toItem,
} from '../files.schema.ts'
import { type Asked, answerOf, bytesIn, isLaterPart } from '../ranges.ts'
import { isShown, kindOf } from '../types.ts'
import { type FileParts, placeOf } from './parts.ts'
import { thumbnailUrl } from './showing.ts'

export interface Reading {
  list(actor: UserActor, query: FileQuery): Promise<Page<FileItem>>
  get(actor: UserActor, id: string): Promise<FileDetail>
  /** The same inside a change. */
  read(db: Executor, actor: UserActor, id: string): Promise<FileDetail>
  /** The content for whoever reads the file, which the access log notes. */
  content(actor: UserActor, id: string, wanted: Wanted, facts: RequestFacts): Promise<Download>
  /** The same without a note: for who notes it otherwise. */
  open(actor: UserActor, id: string, wanted: Wanted): Promise<Opened>
  info(actor: UserActor): Promise<StorageInfo>
  /** A link by which the content is read without a header, for five minutes and as long as the right to it lasts. */
  link(actor: UserActor, id: string): Promise<{ url: string; expiresAt: string; expiresIn: number }>
  byLink(id: string, token: string, asked: Asked, facts: RequestFacts): Promise<Download>
}

export interface Wanted {
  asked: Asked
  /** To be shown where the type is harmless; else to be saved. */
  inline: boolean
}

export interface Opened {
  name: string
  /** In bytes. */
  size: number
  mimeType: string
  download: Download
  /** How much of the content the download holds; 1 is all. */
  share: number
  /** Whether it goes on with what began before. */
  isLater: boolean
}

const target = (id: string) => ({ what: 'file', id })

/** What may be done with a file in the browser that shows it: nothing but looking at it. */
const CONTENT_HEADERS = {
  'content-security-policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
}

/** The download, with something that is done once its content is there to be sent: not for HEAD, and not where nothing changed. */
export function opening(download: Download, then: () => void | Promise<void>, reader?: UserActor): Download {
  const { status, headers, open } = download
  if (!open) return download
  const opened = async () => {
    const content = await open()
    try {
      await then()
    } catch (error) {
      if ('destroy' in content) (content as Readable).destroy()
      throw error
    }
    return content
  }
  return new Download(status, headers, opened, reader)
}

export function createReading(parts: FileParts): Reading {
  const { database, access, accessLog, storage, folders, links } = parts

  async function read(db: Executor, actor: UserActor, id: string): Promise<FileDetail> {
    const { level } = await access.must(db, actor, { kind: 'file', id }, 'READ')
    const row = await queries.find(db, id, actor.userId)
    if (!row) throw accessErrors('files.not_found')
    const shares = level === 'OWNER' ? await CONTENT_SHARES.list(db, 'file', id) : []
    const reach = await access.reachable(db, actor, 'folder')
    const item = toItem(row, reach, thumbnailUrl(parts, actor, row))
    return toDetail(item, level, shares.map(toCollaborator))
  }

  async function open(actor: UserActor, id: string, { asked, inline }: Wanted): Promise<Opened> {
    const db = database.tenant(actor.tenantId)
    await access.must(db, actor, { kind: 'file', id }, 'READ')
    const row = await queries.find(db, id, actor.userId)
    if (!row?.blobId) throw fileErrors('files.no_content')
    const { blobId, name, mimeType, size, sha256, updatedAt } = row
    const type = inline && isShown(mimeType) ? 'inline' : 'attachment'
    const content = {
      type: mimeType.startsWith('text/') ? `${mimeType}; charset=utf-8` : mimeType,
      bytes: size,
      etag: `"${sha256!.slice(0, 40)}"`,
      modifiedAt: updatedAt,
      headers: {
        ...CONTENT_HEADERS,
        'content-disposition': dispositionOf(name, type),
      },
      open: (range?: ByteRange) => storage.open(db, blobId, range),
    }
    const download = answerOf(content, asked)
    const share = size === 0 ? 1 : bytesIn(download, asked, size) / size
    return { name, size, mimeType, download, share, isLater: isLaterPart(download, asked, size) }
  }

  async function content(actor: UserActor, id: string, wanted: Wanted, { ip, userAgent }: RequestFacts) {
    const { tenantId, userId } = actor
    const { download, isLater } = await open(actor, id, wanted)
    const action = wanted.inline ? 'view' : 'download'
    const entry = { kind: 'file', itemId: id, action, userId, ip, userAgent } as const
    return opening(download, () => (isLater ? accessLog.noteOnce : accessLog.note)(tenantId, entry), actor)
  }

  return {
    read,
    get: (actor, id) => read(database.tenant(actor.tenantId), actor, id),
    content,
    open,

    async list(actor, given) {
      if (given.cursor !== undefined) throw unknownCursor('This list gives no cursors: it goes on by page.')
      const db = database.tenant(actor.tenantId)
      const folderId = await placeOf(parts, db, actor, given)
      if (folderId) await access.must(db, actor, { kind: 'folder', id: folderId }, 'READ')
      const { folderId: _, ...rest } = given
      const query: FileQuery = { ...rest, ...(folderId ? { folderId } : folderId === null && { atRoot: true }) }
      const request = { page: query.page ?? 1, limit: query.limit ?? 10 }
      const reach = await access.reachable(db, actor, 'file')
      const reader = { userId: actor.userId, reach }
      const above = await foldersOf(actor, query, request)
      const offset = Math.max(0, (request.page - 1) * request.limit - above.total)
      const place = { limit: request.limit - above.items.length, offset }
      const total = await queries.count(db, query, reader)
      const rows = place.limit > 0 ? await queries.list(db, query, reader, place) : []
      const items = rows.map((row) => toItem(row, reach, thumbnailUrl(parts, actor, row)))
      return pageOf([...above.items, ...items], above.total + total, request)
    },

    async info(actor) {
      const db = database.tenant(actor.tenantId)
      const { used, total } = await storage.usage(db, actor.userId)
      const sizes = await queries.sizes(db, actor.userId)
      const of = (kind: string) =>
        sizes.filter((one) => kindOf(one.mimeType) === kind).reduce((sum, one) => sum + one.bytes, 0)
      return {
        used,
        total,
        percentage: Math.min(100, Math.round((used / total) * 10_000) / 100),
        breakdown: {
          images: of('image'),
          videos: of('video'),
          audio: of('audio'),
          documents: of('document'),
          archives: of('archive'),
          others: of('other'),
        },
      }
    },

    async link(actor, id) {
      await access.must(database.tenant(actor.tenantId), actor, { kind: 'file', id }, 'READ')
      const { token, ...rest } = links.make(actor, target(id))
      return { url: `/api/v1/files/${id}/download?token=${encodeURIComponent(token)}`, ...rest }
    },

    byLink: (id, token, asked, facts) =>
      links.open(token, target(id), 'files:view', (actor) => content(actor, id, { asked, inline: false }, facts)),
  }

  /** The folders that stand before the files of a place, as far as they reach into the page. */
  async function foldersOf(actor: UserActor, query: FileQuery, request: { page: number; limit: number }) {
    const { withFolders, folderId, search, type, favorite, shared, deleted } = query
    if (!withFolders || favorite || shared || (type !== undefined && type !== 'folder')) return { items: [], total: 0 }
    const asked = {
      ...request,
      ...(folderId && { parentId: folderId }),
      ...(search && { search }),
      ...(deleted && { deleted }),
    }
    const { data, meta } = await folders.list(actor, asked)
    const ids = data.map(({ id }) => id)
    const counts = await queries.countsIn(database.tenant(actor.tenantId), ids)
    return { items: data.map((folder) => folderItem(folder, counts.get(folder.id) ?? 0)), total: meta.total }
  }
}
