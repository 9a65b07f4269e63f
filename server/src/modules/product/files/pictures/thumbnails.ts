// Small pictures of pictures, made by a job after the upload.
import type { Readable } from 'node:stream'
import Type from 'typebox'
import type { JobSettings, Jobs } from '../../../../drivers/queue/index.ts'
import type { Storage } from '../../../foundation/storage/index.ts'

export const thumbnailJob = {
  name: 'files.thumbnail',
  schema: Type.Object({ blobId: Type.String() }),
  retry: { limit: 4, delaySeconds: 5, backoff: true, maxDelaySeconds: 600 },
  timeoutSeconds: 120,
  // One picture at a time: each may take all the memory that one is given.
  concurrency: 1,
} satisfies JobSettings

const EDGE_PIXELS = 320
/** More than that is read into memory for no picture. */
const MAX_BYTES = 64 * 1024 * 1024
/** JPEG is read at a fraction of its size; of the others every pixel is unpacked. */
const MAX_PIXELS: Record<string, number> = {
  'image/jpeg': 0x3fff * 0x3fff,
  'image/png': 50_000_000,
  'image/webp': 50_000_000,
  'image/gif': 50_000_000,
  'image/avif': 50_000_000,
}

/** Whether files of this type get a small picture. */
export const isPictured = (type: string) => type in MAX_PIXELS

export interface ThumbnailParts {
  jobs: Pick<Jobs, 'define'>
  storage: Pick<Storage, 'stateOf' | 'open' | 'keepThumbnail'>
  /** The type by which files have the blob. */
  typeOf(db: Parameters<Storage['open']>[0], blobId: string): Promise<string | undefined>
}

/** Makes the job known to this process. */
export function defineThumbnails({ jobs, storage, typeOf }: ThumbnailParts): void {
  jobs.define({
    ...thumbnailJob,
    async handler({ tenantId, payload: { blobId }, database }) {
      const [state, type] = [await storage.stateOf(database, blobId), await typeOf(database, blobId)]
      // Everybody let go of it meanwhile, or it has one.
      if (!state || type === undefined || state.thumbnail === 'made') return { made: false }
      const picture =
        state.bytes > MAX_BYTES ? undefined : await render(await storage.open(database, blobId), MAX_PIXELS[type] ?? 0)
      await storage.keepThumbnail(tenantId, blobId, picture)
      return { made: picture !== undefined }
    },
  })
}

/** WebP of at most 320 pixels a side, upright, without anything that the original says of itself; undefined for what is no picture. */
async function render(content: Readable, limitInputPixels: number): Promise<Buffer | undefined> {
  const bytes = Buffer.concat(await content.toArray())
  // The codecs take 30 MB, and most processes never see a picture.
  const { default: sharp } = await import('sharp')
  sharp.cache(false)
  try {
    const image = sharp(bytes, { limitInputPixels, sequentialRead: true, failOn: 'error' }).rotate()
    const small = image.resize(EDGE_PIXELS, EDGE_PIXELS, { fit: 'inside', withoutEnlargement: true })
    return await small.webp({ quality: 80 }).toBuffer()
  } catch {
    return undefined
  }
}
