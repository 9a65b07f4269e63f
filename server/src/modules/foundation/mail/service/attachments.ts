// Files of mails, kept in the database piece by piece while they arrive: memory holds one piece of each.
import { createHash } from 'node:crypto'
import { fileTypeFromBuffer } from 'file-type'
import { invalidField } from '../../../../core/errors.ts'
import { newId } from '../../../../core/ids.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { UploadSink } from '../../../../drivers/http/index.ts'
import { breaksLines, CALENDAR_TYPE } from '../../../../drivers/mailer/index.ts'
import * as queries from '../attachments.queries.ts'
import { MAX_ATTACHMENTS } from '../mail.sending.schema.ts'
import type { MailParts } from './parts.ts'

const PIECE_BYTES = 256 * 1024
const MAX_NAME = 200
const FIELDS = ['file', 'files']

export function createAttachments({ database, options }: Pick<MailParts, 'database' | 'options'>): UploadSink {
  return {
    fields: FIELDS,
    maxFiles: MAX_ATTACHMENTS,
    maxBytes: options.attachmentMaxBytes,

    async keep(actor, { name: given, type, content }) {
      const db = database.tenant(actor.tenantId)
      const [id, name] = [newId(), labelOf(given)]
      const hash = createHash('sha256')
      let [position, bytes] = [0, 0]
      try {
        for await (const piece of piecesOf(content)) {
          if (position === 0) await queries.begin(db, { id, name, type: await typeOf(piece, type) })
          hash.update(piece)
          bytes += piece.length
          if (piece.length > 0) await queries.addChunk(db, id, position, piece)
          position++
        }
      } catch (error) {
        if (position > 0) await queries.drop(db, [id]).catch(() => undefined)
        throw error
      }
      return { id, bytes, sha256: hash.digest('hex') }
    },

    async drop(actor, ids) {
      await queries.drop(database.tenant(actor.tenantId), ids)
    },
  }
}

/** What a calendar program is to do, and with which events. */
export interface CalendarPart {
  method: 'REQUEST' | 'CANCEL'
  content: string
}

/** Keeps a calendar part for the mail that is about to be written; answers its id. */
export async function keepCalendar(tx: Tx, { method, content }: CalendarPart): Promise<string> {
  const id = newId()
  await queries.begin(tx, { id, name: 'invite.ics', type: `${CALENDAR_TYPE}; charset=utf-8; method=${method}` })
  const bytes = Buffer.from(content)
  for (let at = 0; at * PIECE_BYTES < bytes.length; at++)
    await queries.addChunk(tx, id, at, bytes.subarray(at * PIECE_BYTES, (at + 1) * PIECE_BYTES))
  return id
}

/** A name that a reader's program may show: composed, on one line, without a path. Throws `request.invalid`. */
function labelOf(given: string): string {
  const name = given.normalize('NFC').trim()
  if (breaksLines(name) || !name.isWellFormed())
    throw invalidField('file', 'control_characters', 'The name of a file is one line, without control characters.')
  if (name.length > MAX_NAME)
    throw invalidField('file', 'too_long', `The name of a file has at most ${MAX_NAME} characters.`)
  return name.split(/[/\\]/).at(-1) || 'attachment'
}

/** At least one piece, all but the last of one size. */
async function* piecesOf(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  let length = 0
  let isFirst = true
  for await (const chunk of content) {
    held.push(chunk)
    length += chunk.length
    while (length >= PIECE_BYTES) {
      const whole = Buffer.concat(held)
      yield whole.subarray(0, PIECE_BYTES)
      isFirst = false
      held = [whole.subarray(PIECE_BYTES)]
      length -= PIECE_BYTES
    }
  }
  if (length > 0 || isFirst) yield Buffer.concat(held)
}

const PLAIN_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,60}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}$/

/** What the content shows that it is; else what the caller says, unless that would give the message another structure. */
async function typeOf(beginning: Buffer, said: string): Promise<string> {
  const known = await fileTypeFromBuffer(beginning).catch(() => undefined)
  if (known) return known.mime
  const type = said.toLowerCase()
  return PLAIN_TYPE.test(type) && !/^(?:multipart|message)\//.test(type) ? type : 'application/octet-stream'
}
