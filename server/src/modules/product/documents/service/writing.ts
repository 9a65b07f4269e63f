// Making, saving, moving and tagging documents. Every save is kept as a revision.
import type { UserActor } from '../../../../core/actor.ts'
import { differences } from '../../../../core/events.ts'
import { newId } from '../../../../core/ids.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { contentName, lockItem, mustBeInTeam } from '../../access/index.ts'
import { documentErrors } from '../documents.errors.ts'
import * as queries from '../documents.queries.ts'
import type { Document, DocumentChanges, NewDocument } from '../documents.schema.ts'
import { type ChangeFacts, type DocumentParts, labelOf, record, sizeOf, tagNames } from './parts.ts'
import type { Reading, RevisionOf } from './reading.ts'

export interface Writing {
  create(actor: UserActor, body: NewDocument, facts: RequestFacts): Promise<Document>
  /** Saves what is named; `action` is what the trail calls it. */
  save(actor: UserActor, id: string, changes: DocumentChanges, at: ChangeFacts & { action?: string }): Promise<Document>
  /** Saves what the document was at a revision, as a new one. */
  restoreRevision(actor: UserActor, at: RevisionOf, facts: RequestFacts): Promise<Document>
}

export function createWriting(parts: DocumentParts, { read }: Reading): Writing {
  const { database, access, folders, options } = parts

  async function tag(tx: Tx, id: string, names: readonly string[]): Promise<void> {
    await queries.setTags(
      tx,
      id,
      names,
      names.map(() => newId()),
    )
  }

  async function save(
    tx: Tx,
    actor: UserActor,
    id: string,
    sent: DocumentChanges,
    { version, facts, action = 'documents.edit' }: ChangeFacts & { action?: string },
  ): Promise<Document> {
    await lockItem(tx, 'document', id)
    const least = sent.teamId === undefined ? 'EDIT' : 'OWNER'
    const item = await access.must(tx, actor, { kind: 'document', id }, least)
    const before = (await queries.find(tx, id, actor.userId))!
    const changes = {
      title: sent.title === undefined ? undefined : contentName(sent.title, 'title'),
      content: sent.content,
      size: sent.content === undefined ? undefined : sizeOf(sent.content),
      type: sent.type,
      folder: labelOf(sent.folder),
      folderId: sent.folderId === before.folderId ? undefined : sent.folderId,
      teamId: sent.teamId,
    }
    const tags = sent.tags && tagNames(sent.tags)
    if (changes.folderId !== undefined) await folders.mustTake(tx, actor, item, changes.folderId)
    await mustBeInTeam(tx, actor, 'document', changes.teamId)
    const isSave = differs(changes.title, before.title) || differs(changes.content, before.content)
    if (isSave) await queries.keepRevision(tx, id, actor.userId, options.revisions)
    if (!(await queries.update(tx, id, changes, version))) throw documentErrors('documents.changed_meanwhile')
    if (tags) await tag(tx, id, tags)
    // Of the content its size.
    const told = differences(before, { ...changes, content: undefined })
    const revision = isSave ? { revision: before.revision + 1 } : {}
    record(parts, tx, actor, { action, id, changes: { ...told, ...(tags && { tags }), ...revision } }, facts)
    return read(tx, actor, id)
  }

  /** A folder that is moved or deleted meanwhile would take the document to another place than was authorised. */
  const inPlace = <T>(actor: UserActor, folderId: string | null | undefined, work: (tx: Tx) => Promise<T>) =>
    typeof folderId === 'string' ? access.inPlace(actor, work) : database.inTenant(actor.tenantId, work)

  return {
    create: (actor, { title: sent, content = '', type = 'document', folderId = null, teamId = null, ...rest }, facts) =>
      inPlace(actor, folderId, async (tx) => {
        const [id, title] = [newId(), contentName(sent, 'title')]
        const size = sizeOf(content)
        const tags = tagNames(rest.tags ?? [])
        if (folderId !== null) await folders.mustTake(tx, actor, { ownerId: actor.userId, level: 'OWNER' }, folderId)
        await mustBeInTeam(tx, actor, 'document', teamId)
        const folder = labelOf(rest.folder) ?? null
        const ownerId = actor.userId
        await queries.insert(tx, { id, title, content, size, type, folder, folderId, teamId, ownerId })
        if (tags.length) await tag(tx, id, tags)
        record(parts, tx, actor, { action: 'documents.create', id, changes: { title, size, folderId, teamId } }, facts)
        return read(tx, actor, id)
      }),

    save: (actor, id, changes, at) => inPlace(actor, changes.folderId, (tx) => save(tx, actor, id, changes, at)),

    restoreRevision: (actor, { id, number }, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        await access.must(tx, actor, { kind: 'document', id }, 'EDIT')
        const old = await queries.revision(tx, id, number)
        if (!old) throw documentErrors('documents.revision_not_found')
        const { title, content } = old
        return save(
          tx,
          actor,
          id,
          { title, content },
          { version: undefined, facts, action: 'documents.restore_revision' },
        )
      }),
  }
}

function differs(value: string | undefined, before: string): boolean {
  return value !== undefined && value !== before
}
