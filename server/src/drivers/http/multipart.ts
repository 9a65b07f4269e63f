// Multipart bodies of small files: fields as a body to validate, files in memory within their limits.
import type { FastifyRequest } from 'fastify'
import { invalidField, requestErrors } from '../../core/errors.ts'
import type { UploadedFile } from './routes.ts'

const MAX_FIELDS = 50
const MAX_FIELD_BYTES = 64 * 1024

/** Reads the whole body. Files that the route does not name, a second file of one name and broken framing are refused. */
export async function readMultipart(
  request: FastifyRequest,
  allowed: Record<string, { maxBytes: number }>,
): Promise<{ fields: Record<string, unknown>; files: Record<string, UploadedFile> }> {
  const fields: Record<string, unknown> = Object.create(null)
  const files: Record<string, UploadedFile> = {}
  const largest = Math.max(0, ...Object.values(allowed).map((one) => one.maxBytes))
  const limits = {
    fields: MAX_FIELDS,
    fieldSize: MAX_FIELD_BYTES,
    files: Object.keys(allowed).length + 1,
    fileSize: largest,
    parts: MAX_FIELDS + 10,
  }
  try {
    for await (const part of request.parts({ limits })) {
      if (part.type === 'field') {
        if (part.valueTruncated) throw requestErrors('request.too_large')
        fields[part.fieldname] = part.value
        continue
      }
      const rule = allowed[part.fieldname]
      if (!rule || files[part.fieldname]) {
        part.file.resume()
        throw invalidField(part.fieldname, 'unknown', 'This file is not expected here.')
      }
      const bytes = await part.toBuffer()
      if (bytes.length > rule.maxBytes) throw requestErrors('request.too_large')
      files[part.fieldname] = { name: part.filename, bytes }
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string }
    // The parser reports broken framing as a plain Error.
    if (!code && /Unexpected end|Malformed|Multipart/i.test(message ?? ''))
      throw requestErrors('request.malformed', { cause: error })
    throw error
  }
  return { fields: { ...fields }, files }
}
