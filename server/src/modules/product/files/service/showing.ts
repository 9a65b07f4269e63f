// Small pictures of files: where they are, and showing them.
import type { UserActor } from '../../../../core/actor.ts'
import { Download } from '../../../../drivers/http/index.ts'
import { fileErrors } from '../files.errors.ts'
import * as queries from '../files.queries.ts'
import type { FileParts } from './parts.ts'

export interface Showing {
  /** The small picture of a file. Throws `files.no_thumbnail`. */
  thumbnail(actor: UserActor, id: string): Promise<Download>
  thumbnailByLink(id: string, token: string): Promise<Download>
}

const target = (id: string) => ({ what: 'thumbnail', id })

/**
 * The address of the small picture; null where there is none. Pages show pictures without a header: for whoever has a session it
 * is a link that works by itself.
 */
export function thumbnailUrl(
  { links }: Pick<FileParts, 'links'>,
  actor: UserActor,
  row: queries.FileRow,
): string | null {
  if (!row.hasThumbnail) return row.thumbnail
  if (actor.sessionId === undefined) return `/api/v1/files/${row.id}/thumbnail`
  const { token } = links.reuse(actor, target(row.id))
  return `/api/v1/files/${row.id}/preview?token=${encodeURIComponent(token)}`
}

export function createShowing({ database, access, storage, links }: FileParts): Showing {
  async function thumbnail(actor: UserActor, id: string): Promise<Download> {
    const db = database.tenant(actor.tenantId)
    await access.must(db, actor, { kind: 'file', id }, 'READ')
    const row = await queries.find(db, id, actor.userId)
    const { blobId = null, hasThumbnail } = row ?? {}
    if (blobId === null || !hasThumbnail) throw fileErrors('files.no_thumbnail')
    const headers = {
      'content-type': 'image/webp',
      'cache-control': 'private, max-age=300',
      // Shown by front ends that stand elsewhere.
      'cross-origin-resource-policy': 'cross-origin',
    }
    const open = async () => {
      const picture = await storage.openThumbnail(db, blobId)
      if (!picture) throw fileErrors('files.no_thumbnail')
      return picture
    }
    return new Download(200, headers, open)
  }

  return {
    thumbnail,
    thumbnailByLink: (id, token) => links.open(token, target(id), 'files:view', (actor) => thumbnail(actor, id)),
  }
}
