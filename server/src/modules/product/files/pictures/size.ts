// How large a picture unpacks: what claims to be larger than anything that a camera takes is refused before it is kept.
import { imageSize } from 'image-size'
import { fileErrors } from '../files.errors.ts'

/** How much of the beginning of a picture tells its size: before it stands what the camera says of itself. */
export const SIZED_BYTES = 256 * 1024

const MAX_PIXELS = 0x3fff * 0x3fff

/** Throws `files.picture_too_large`. A picture whose size cannot be told is unpacked nowhere. */
export function mustBeBounded(beginning: Buffer): void {
  const size = sizeOf(beginning)
  if (size && size.width * size.height > MAX_PIXELS)
    throw fileErrors('files.picture_too_large', { facts: { width: size.width, height: size.height } })
}

function sizeOf(beginning: Buffer): { width: number; height: number } | undefined {
  try {
    return imageSize(beginning)
  } catch {
    return undefined
  }
}
