// Pictures of accounts: recognised by content, never trusted, always re-encoded.
import { userErrors } from './users.errors.ts'

const ACCEPTED = new Set(['image/jpeg', 'image/png', 'image/webp'])
const EDGE_PIXELS = 512
const MAX_PIXELS = 40_000_000

/**
 * A square WebP of at most 512 pixels a side, without the metadata of the original (its place included).
 * Throws `users.avatar_invalid` for anything that is not a JPEG, PNG or WebP image by its content.
 */
export async function renderAvatar(bytes: Buffer): Promise<{ type: string; bytes: Buffer }> {
  // The codecs take 30 MB and most processes never see a picture.
  const [{ fileTypeFromBuffer }, { default: sharp }] = await Promise.all([import('file-type'), import('sharp')])
  const type = await fileTypeFromBuffer(bytes)
  if (!type || !ACCEPTED.has(type.mime)) throw userErrors('users.avatar_invalid')
  try {
    const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error' }).rotate()
    const square = image.resize(EDGE_PIXELS, EDGE_PIXELS, { fit: 'cover', withoutEnlargement: true })
    return { type: 'image/webp', bytes: await square.webp({ quality: 82 }).toBuffer() }
  } catch (cause) {
    throw userErrors('users.avatar_invalid', { cause })
  }
}
