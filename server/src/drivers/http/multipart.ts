// Multipart bodies: fields as a body to validate, small files in memory, large ones kept elsewhere while they arrive.
import type { FastifyRequest } from 'fastify'
import type { UserActor } from '../../core/actor.ts'
import { invalidField, requestErrors } from '../../core/errors.ts'
import type { KeptFile, Route, UploadedFile, UploadSink } from './routes.ts'

const MAX_FIELDS = 50
const MAX_FIELD_BYTES = 64 * 1024
/** Beside files that memory does not hold a text may be as long as in JSON. */
const MAX_TEXT_BYTES = 256 * 1024

type Part = Awaited<ReturnType<ReturnType<FastifyRequest['parts']>['next']>>['value']
type FilePart = Extract<Part, { type: 'file' }>

export interface Multipart {
  /** A field that stands more than once is a list. */
  fields: Record<string, unknown>
  files: Record<string, UploadedFile>
  uploads: KeptFile[]
}

/**
 * Reads the whole body. Files that the route does not name, a second file of one name and broken framing are refused; what was
 * kept of a body that is refused is dropped.
 */
export async function readMultipart(
  request: FastifyRequest,
  route: Pick<Route, 'files' | 'uploads'>,
): Promise<Multipart> {
  const fields: Record<string, unknown> = Object.create(null)
  const keeper = route.uploads && createKeeper(route.uploads, request.actor as UserActor)
  const files: Record<string, UploadedFile> = {}
  try {
    for await (const part of request.parts({ limits: limitsOf(route) })) {
      if (part.type === 'field') addField(fields, part)
      else if (keeper) await keeper.keep(part)
      else files[part.fieldname] = await readFile(part, route.files ?? {}, files)
    }
  } catch (error) {
    await keeper?.drop()
    // The rest is read away: the next request of the connection would wait for it.
    request.raw.unpipe()
    request.raw.resume()
    const { code, message } = error as { code?: string; message?: string }
    // The parser reports broken framing as a plain Error.
    if (!code && /Unexpected end|Malformed|Multipart|terminated early/i.test(message ?? ''))
      throw requestErrors('request.malformed', { cause: error })
    throw error
  }
  return { fields: { ...fields }, files, uploads: keeper?.kept ?? [] }
}

function limitsOf({ files = {}, uploads }: Pick<Route, 'files' | 'uploads'>) {
  const largest = uploads?.maxBytes ?? Math.max(0, ...Object.values(files).map((one) => one.maxBytes))
  return {
    fields: MAX_FIELDS,
    fieldSize: uploads ? MAX_TEXT_BYTES : MAX_FIELD_BYTES,
    files: (uploads?.maxFiles ?? Object.keys(files).length) + 1,
    // One more than is taken: the reader itself says what is too large.
    fileSize: largest + 1,
    parts: MAX_FIELDS + (uploads?.maxFiles ?? 0) + 10,
  }
}

function addField(
  fields: Record<string, unknown>,
  { fieldname, value, valueTruncated }: { fieldname: string; value: unknown; valueTruncated: boolean },
): void {
  if (valueTruncated) throw requestErrors('request.too_large')
  const known = fields[fieldname]
  fields[fieldname] = known === undefined ? value : [known, value].flat()
}

async function readFile(
  part: FilePart,
  allowed: Record<string, { maxBytes: number }>,
  known: Record<string, UploadedFile>,
): Promise<UploadedFile> {
  const rule = allowed[part.fieldname]
  if (!rule || known[part.fieldname]) throw unexpected(part)
  const bytes = await part.toBuffer()
  if (bytes.length > rule.maxBytes) throw requestErrors('request.too_large')
  return { name: part.filename, bytes }
}

function unexpected(part: FilePart) {
  part.file.resume()
  return invalidField(part.fieldname, 'unknown', 'This file is not expected here.')
}

function createKeeper(sink: UploadSink, actor: UserActor) {
  const kept: KeptFile[] = []
  let left = sink.maxBytes
  return {
    kept,
    async keep(part: FilePart): Promise<void> {
      if (!sink.fields.includes(part.fieldname)) throw unexpected(part)
      if (kept.length === sink.maxFiles)
        throw invalidField(part.fieldname, 'too_many', `At most ${sink.maxFiles} files are taken.`)
      async function* content(): AsyncGenerator<Buffer> {
        for await (const chunk of part.file as AsyncIterable<Buffer>) {
          left -= chunk.length
          if (left < 0) throw requestErrors('request.too_large')
          yield chunk
        }
      }
      const { filename: name = '', mimetype: type } = part
      const file = await sink.keep(actor, { name, type, content: content() })
      kept.push({ ...file, field: part.fieldname, name })
    },
    drop: () => dropKept(sink, actor, kept),
  }
}

/** Removes what was kept and nobody took over. What cannot be removed now is found later by whoever keeps it. */
export async function dropKept(
  sink: UploadSink | undefined,
  actor: UserActor,
  kept: readonly KeptFile[],
): Promise<void> {
  if (sink && kept.length > 0)
    await sink
      .drop(
        actor,
        kept.map(({ id }) => id),
      )
      .catch(() => undefined)
}
