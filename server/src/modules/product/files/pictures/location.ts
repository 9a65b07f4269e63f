// Where a picture was taken is nobody's business but the photographer's: left out of JPEG, PNG and WebP while they arrive. The picture
// itself stays as it is, byte for byte, and so does all else that is said of it.
import { crc32 } from 'node:zlib'

type Content = AsyncIterable<Buffer>

/** What of a picture names its place is left out; other contents pass as they are. */
export function withoutLocation(type: string, content: Content): Content {
  const scrub = SCRUBBERS[type]
  return scrub ? scrub(new Bytes(content)) : content
}

const SCRUBBERS: Record<string, (bytes: Bytes) => AsyncGenerator<Buffer>> = {
  'image/jpeg': scrubJpeg,
  'image/png': scrubPng,
  'image/webp': scrubWebp,
}

/** No part that says something of a picture is larger; one that claims to be is passed on. */
const MAX_PART = 4 * 1024 * 1024

/** A content that is read by counts of bytes. */
class Bytes {
  private readonly source: AsyncIterator<Buffer>
  private held: Buffer = Buffer.alloc(0)

  constructor(content: Content) {
    this.source = content[Symbol.asyncIterator]()
  }

  /** So many bytes, or as many as are left. A copy: it may be written to. */
  async take(count: number): Promise<Buffer> {
    if (this.held.length >= count) {
      const taken = Buffer.from(this.held.subarray(0, count))
      this.held = this.held.subarray(count)
      return taken
    }
    const parts = [this.held]
    let length = this.held.length
    while (length < count) {
      const next = await this.source.next()
      if (next.done) break
      parts.push(next.value)
      length += next.value.length
    }
    const all = Buffer.concat(parts)
    this.held = all.subarray(count)
    return Buffer.from(all.subarray(0, count))
  }

  /** The next so many bytes, or as many as are left, as they come. */
  async *pass(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.held.length === 0) {
        const next = await this.source.next()
        if (next.done) return
        this.held = next.value
      }
      const part = this.held.subarray(0, left)
      this.held = this.held.subarray(part.length)
      left -= part.length
      if (part.length > 0) yield part
    }
  }

  rest(): AsyncGenerator<Buffer> {
    return this.pass(Number.POSITIVE_INFINITY)
  }

  /**
   * Passes all up to the end of a marker whose code is wanted, and answers the code: 0xFF, any number of times (ITU T.81, B.1.1.2),
   * and the code behind it. Undefined where none comes.
   */
  async *passMarker(
    isWanted: (code: number) => boolean,
    afterMark = false,
  ): AsyncGenerator<Buffer, number | undefined> {
    let isMarked = afterMark
    for (;;) {
      if (this.held.length === 0) {
        const next = await this.source.next()
        if (next.done) return undefined
        this.held = next.value
      }
      const all = this.held
      for (let at = 0; at < all.length; at++) {
        const code = all[at]!
        if (isMarked && isWanted(code)) {
          this.held = all.subarray(at + 1)
          yield all.subarray(0, at + 1)
          return code
        }
        isMarked = code === 0xff
        if (isMarked) continue
        const mark = all.indexOf(0xff, at)
        at = (mark < 0 ? all.length : mark) - 1
      }
      this.held = all.subarray(all.length)
      if (all.length > 0) yield all
    }
  }
}

const EXIF = Buffer.from('Exif\0\0', 'latin1')

const [SOI, EOI, APP1] = [0xd8, 0xd9, 0xe1]

/** Of a segment with a length, or of the end: not in a scan, where 0 follows a mark, and not what begins scans anew. */
const isOfSegment = (code: number) => code >= 0xc0 && code < 0xff && !(code >= 0xd0 && code <= SOI)

/** One picture or several behind each other, as of cameras that keep a large preview or a second view. */
async function* scrubJpeg(bytes: Bytes): AsyncGenerator<Buffer> {
  while ((yield* bytes.passMarker((code) => code === SOI)) !== undefined) {
    const mark = await bytes.take(1)
    yield mark
    // Behind a picture anything may lie, in which that code means nothing.
    if (mark[0] === 0xff) yield* scrubSegments(bytes)
  }
}

/** Segments and scans (ITU T.81, annex B) behind the first mark, to the end of the picture; Exif and XMP are in APP1. */
async function* scrubSegments(bytes: Bytes): AsyncGenerator<Buffer> {
  for (let isFirst = true; ; isFirst = false) {
    const code = yield* bytes.passMarker(isOfSegment, isFirst)
    if (code === undefined || code === EOI) return
    const size = await bytes.take(2)
    yield size
    const length = size.length === 2 ? Math.max(0, size.readUInt16BE(0) - 2) : 0
    if (code !== APP1) {
      yield* bytes.pass(length)
      continue
    }
    const segment = await bytes.take(length)
    if (segment.subarray(0, EXIF.length).equals(EXIF)) scrubExif(segment.subarray(EXIF.length))
    else if (segment.includes('GPS')) segment.fill(' ', Math.max(0, segment.indexOf(0)) + 1)
    yield segment
  }
}

/** Chunks (PNG 3rd edition, 5.3); Exif is in eXIf, XMP and what ImageMagick keeps of both in texts. */
async function* scrubPng(bytes: Bytes): AsyncGenerator<Buffer> {
  yield await bytes.take(8)
  for (;;) {
    const head = await bytes.take(8)
    const length = head.length === 8 ? head.readUInt32BE(0) : Number.POSITIVE_INFINITY
    const type = head.toString('latin1', 4)
    if (length > MAX_PART || !/^(?:eXIf|iTXt|tEXt|zTXt)$/.test(type)) {
      yield head
      yield* bytes.pass(length + 4)
      if (!Number.isFinite(length) || type === 'IEND') return yield* bytes.rest()
      continue
    }
    const [data, sum] = [await bytes.take(length), await bytes.take(4)]
    if (type === 'eXIf') {
      scrubExif(data)
      if (sum.length === 4) sum.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])))
    } else if (namesPlace(type, data)) continue
    yield Buffer.concat([head, data, sum])
  }
}

/** A text of a PNG that is compressed may say anything. */
function namesPlace(type: string, data: Buffer): boolean {
  const keyword = data.toString('latin1', 0, Math.max(0, data.indexOf(0)))
  if (/^Raw profile type (?:exif|APP1|xmp)$/i.test(keyword)) return true
  if (keyword !== 'XML:com.adobe.xmp') return false
  const isCompressed = type === 'zTXt' || (type === 'iTXt' && data[keyword.length + 1] === 1)
  return isCompressed || data.includes('GPS')
}

/** Chunks of RIFF (RFC 9649, 2.3), whose whole length stands at the beginning: nothing gets shorter. */
async function* scrubWebp(bytes: Bytes): AsyncGenerator<Buffer> {
  yield await bytes.take(12)
  for (;;) {
    const head = await bytes.take(8)
    yield head
    if (head.length < 8) return
    const length = head.readUInt32LE(4)
    const padded = length + (length % 2)
    const type = head.toString('latin1', 0, 4)
    if (length > MAX_PART || (type !== 'EXIF' && type !== 'XMP ')) {
      yield* bytes.pass(padded)
      continue
    }
    const data = await bytes.take(padded)
    if (type === 'XMP ' && data.includes('GPS')) data.fill(' ', 0, length)
    // Some writers put the mark of JPEG before it.
    if (type === 'EXIF') scrubExif(data.subarray(data.subarray(0, EXIF.length).equals(EXIF) ? EXIF.length : 0, length))
    yield data
  }
}

const GPS_POINTER = 0x8825
/** The standard has 32. With more, which may all name the same bytes, the structure is no place to look around in. */
const MAX_PLACES = 64
const SIZES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]

/** Takes the place out of a TIFF structure (Exif 2.32, 4.6.6), in place. One that cannot be read is emptied. */
function scrubExif(tiff: Buffer): void {
  try {
    const isLittle = tiff.toString('latin1', 0, 2) === 'II'
    const u16 = (at: number) => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
    const u32 = (at: number) => (isLittle ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at))
    const first = u32(4)
    const count = u16(first)
    for (let at = first + 2; at < first + 2 + count * 12; at += 12) {
      if (u16(at) !== GPS_POINTER) continue
      const places = u32(at + 8)
      const entries = u16(places)
      if (entries > MAX_PLACES) return void tiff.fill(0)
      for (let one = places + 2; one < places + 2 + entries * 12; one += 12) {
        const size = (SIZES[u16(one + 2)] ?? 8) * u32(one + 4)
        if (size > 4) tiff.fill(0, u32(one + 8), u32(one + 8) + size)
      }
      tiff.fill(0, places, places + 2 + entries * 12)
      // The entries behind it, and where the next directory begins, move up.
      const end = first + 2 + count * 12 + 4
      tiff.copyWithin(at, at + 12, end)
      tiff.fill(0, end - 12, end)
      if (isLittle) tiff.writeUInt16LE(count - 1, first)
      else tiff.writeUInt16BE(count - 1, first)
      return
    }
  } catch {
    tiff.fill(0)
  }
}
