// Parts of a file as HTTP asks for them (RFC 9110, section 14): one, several, or a reason to send all.
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import parse from 'range-parser'
import { Download, matches } from '../../../drivers/http/index.ts'
import { fileErrors } from './files.errors.ts'

export interface Content {
  type: string
  bytes: number
  /** The entity tag with its quotes. */
  etag: string
  modifiedAt: Date
  headers: Record<string, string>
  open(range?: { start: number; end: number }): Promise<Readable>
}

export interface Asked {
  range?: string | undefined
  'if-range'?: string | undefined
  'if-none-match'?: string | undefined
}

/** Whether the answer is a part that somebody goes on with: it lacks the first byte. */
export function isLaterPart({ status }: Download, { range = '' }: Asked, bytes: number): boolean {
  return status === 206 && (rangesOf(range, bytes) ?? []).every(({ start }) => start > 0)
}

/** How much of the content the answer holds. */
export function bytesIn({ status }: Download, { range = '' }: Asked, bytes: number): number {
  const ranges = status === 206 ? rangesOf(range, bytes) : undefined
  return ranges?.reduce((sum, { start, end }) => sum + end - start + 1, 0) ?? bytes
}

/** More parts than this are no way to read a file. */
const MAX_PARTS = 16

/** The answer to a request for the content. Throws where no byte of what is asked for is there. */
export function answerOf(content: Content, asked: Asked): Download {
  const { bytes, etag, modifiedAt } = content
  const headers: Record<string, string> = {
    ...content.headers,
    etag,
    'last-modified': modifiedAt.toUTCString(),
    'accept-ranges': 'bytes',
  }
  if (matches(asked['if-none-match'], etag)) return new Download(304, headers, undefined)
  const ranges = asked.range && isCurrent(asked['if-range'], content) ? rangesOf(asked.range, bytes) : undefined
  if (ranges === undefined) {
    const whole = { ...headers, 'content-type': content.type, 'content-length': String(bytes) }
    return new Download(200, whole, () => content.open())
  }
  const [first] = ranges
  if (first && ranges.length === 1) {
    const one = {
      ...headers,
      'content-type': content.type,
      'content-range': `bytes ${first.start}-${first.end}/${bytes}`,
      'content-length': String(first.end - first.start + 1),
    }
    return new Download(206, one, () => content.open(first))
  }
  return several(content, headers, ranges)
}

/** Undefined where the header says nothing that is to be followed: then all is sent. */
function rangesOf(header: string, bytes: number): { start: number; end: number }[] | undefined {
  if (!/^bytes=/i.test(header)) return undefined
  const found = parse(bytes, header, { combine: true })
  if (found === -2) return undefined
  if (found === -1) throw fileErrors('files.range_not_satisfiable', { facts: { size: bytes } })
  return found.length > MAX_PARTS ? undefined : found.map(({ start, end }) => ({ start, end }))
}

function several(
  content: Content,
  headers: Record<string, string>,
  ranges: { start: number; end: number }[],
): Download {
  const boundary = randomBytes(16).toString('hex')
  const heads = ranges.map(({ start, end }) =>
    Buffer.from(
      `\r\n--${boundary}\r\ncontent-type: ${content.type}\r\ncontent-range: bytes ${start}-${end}/${content.bytes}\r\n\r\n`,
    ),
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const sizes = ranges.map(({ start, end }, at) => end - start + 1 + heads[at]!.length)
  const length = sizes.reduce((sum, size) => sum + size, tail.length)
  async function* parts() {
    for (const [at, range] of ranges.entries()) {
      yield heads[at]!
      yield* (await content.open(range)) as AsyncIterable<Buffer>
    }
    yield tail
  }
  const type = `multipart/byteranges; boundary=${boundary}`
  return new Download(206, { ...headers, 'content-type': type, 'content-length': String(length) }, async () => parts())
}

/** Whether the part that the caller has belongs to what is here now. A date is as good as it is exact. */
function isCurrent(ifRange: string | undefined, { etag, modifiedAt }: Content): boolean {
  if (ifRange === undefined) return true
  const said = ifRange.trim()
  if (said.startsWith('"') || said.startsWith('W/')) return said === etag
  return Date.parse(said) === Math.floor(modifiedAt.getTime() / 1000) * 1000
}
