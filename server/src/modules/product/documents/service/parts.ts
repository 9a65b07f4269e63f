// What the verbs of this module work with.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField } from '../../../../core/errors.ts'
import type { Database, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { Audit } from '../../../foundation/audit/index.ts'
import type { Events } from '../../../foundation/events/index.ts'
import type { Access } from '../../access/index.ts'
import type { Folders } from '../../folders/index.ts'
import { documentErrors } from '../documents.errors.ts'

export interface DocumentParts {
  database: Pick<Database, 'tenant' | 'inTenant'>
  audit: Pick<Audit, 'record'>
  access: Access
  events: Pick<Events, 'decide'>
  folders: Pick<Folders, 'hold' | 'mustTake' | 'backTo'>
  options: {
    /** How many earlier revisions of a document are kept. */
    revisions: number
  }
}

export interface ChangeFacts {
  version: number | undefined
  facts: RequestFacts
}

export interface DocumentDeed {
  action: string
  id: string
  changes: Record<string, unknown>
}

export function record(
  { audit }: Pick<DocumentParts, 'audit'>,
  tx: Tx,
  actor: UserActor,
  { action, id, changes }: DocumentDeed,
  facts: RequestFacts,
): void {
  audit.record(tx, actor, { action, targetType: 'document', targetId: id, changes }, facts)
}

const MAX_BYTES = 1_048_576

/** The size of a content in bytes. Throws when it is more than a document holds. */
export function sizeOf(content: string): number {
  const size = Buffer.byteLength(content)
  if (size > MAX_BYTES) throw documentErrors('documents.too_large')
  return size
}

/** Tags as they are kept: composed, without surrounding space, each once. */
export function tagNames(sent: readonly string[]): string[] {
  return [
    ...new Set(
      sent.map((tag, at) => {
        const name = tag.normalize('NFC').trim()
        if (!name || /[\p{Cc},]/u.test(name))
          throw invalidField(`tags.${at}`, 'not_text', 'A tag has visible characters, and no comma.')
        return name
      }),
    ),
  ]
}

/** A heading as it is kept; null for none. */
export function labelOf(sent: string | null | undefined): string | null | undefined {
  if (sent === undefined || sent === null) return sent
  const label = sent.normalize('NFC').trim()
  if (/\p{Cc}/u.test(label)) throw invalidField('folder', 'control_characters', 'This has no control characters.')
  return label || null
}
