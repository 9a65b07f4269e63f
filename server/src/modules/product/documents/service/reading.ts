// Reading documents: lists, searches, one of them, and what it was before.
import type { UserActor } from '../../../../core/actor.ts'
import { type Page, type PagePlace, pageAt, pageOf, unknownCursor } from '../../../../core/page.ts'
import { grantFor } from '../../../../core/permission.ts'
import type { Executor } from '../../../../drivers/database/index.ts'
import { accessErrors, isOpen, type Reach, toCollaborator } from '../../access/index.ts'
import { documentErrors } from '../documents.errors.ts'
import * as queries from '../documents.queries.ts'
import {
  type Document,
  type DocumentQuery,
  type ListedDocument,
  type Revision,
  type RevisionDetail,
  type RevisionQuery,
  toDocument,
  toListed,
  toRevision,
} from '../documents.schema.ts'
import { highlight } from '../highlight.ts'
import * as listing from '../listing.queries.ts'
import { type Related, related } from '../related.queries.ts'
import { wordsOf } from '../words.ts'
import type { DocumentParts } from './parts.ts'

export interface Reading {
  list(actor: UserActor, query: DocumentQuery): Promise<Page<ListedDocument>>
  /** The document; that the actor looked at it is counted, once an hour. */
  get(actor: UserActor, id: string): Promise<Document>
  /** The same inside a change, and not counted. */
  read(db: Executor, actor: UserActor, id: string): Promise<Document>
  revisions(actor: UserActor, id: string, query: RevisionQuery): Promise<Page<Revision>>
  revision(actor: UserActor, at: RevisionOf): Promise<RevisionDetail>
  /** Documents that the actor may read and that have to do with a question, the best first. */
  related(actor: UserActor, question: string, limit: number): Promise<Related[]>
}

export interface RevisionOf {
  id: string
  number: number
}

export function createReading({ database, access }: DocumentParts): Reading {
  async function find(db: Executor, actor: UserActor, id: string): Promise<[queries.FoundDocument, Document]> {
    const { level, idPath } = await access.must(db, actor, { kind: 'document', id }, 'READ')
    const row = await queries.find(db, id, actor.userId)
    if (!row) throw accessErrors('documents.not_found')
    const shares = level === 'OWNER' ? await queries.DOCUMENT_SHARES.list(db, 'document', id) : []
    const reach = await access.reachable(db, actor, 'folder')
    const shown = { ...row, folderId: isOpen(reach, idPath) ? row.folderId : null }
    return [row, toDocument(shown, level, shares.map(toCollaborator))]
  }

  const read: Reading['read'] = async (db, actor, id) => (await find(db, actor, id))[1]

  async function searched(db: Executor, query: DocumentQuery, reader: listing.Reader, place: PagePlace) {
    const rows = await listing.search(db, query, reader, place)
    return {
      rows: rows.map((row) => shown(row, reader.reach, highlight(row.excerpt, query.search ?? ''))),
      total: rows[0]?.total ?? (place.offset ? (await listing.search(db, query, reader, FIRST))[0]?.total : 0) ?? 0,
    }
  }

  return {
    read,

    async list(actor, query) {
      const db = database.tenant(actor.tenantId)
      if (query.folderId !== undefined) await access.must(db, actor, { kind: 'folder', id: query.folderId }, 'READ')
      const reader = { userId: actor.userId, reach: await access.reachable(db, actor, 'document') }
      if (query.search && query.cursor) throw unknownCursor('A search is read by pages.')
      const page = pageAt(query, query.sortBy === 'title' ? 'string' : 'time')
      if (query.search) {
        const { rows, total } = await searched(db, query, reader, page.place)
        return pageOf(rows, total, page.request)
      }
      const [rows, total] = await Promise.all([
        listing.list(db, query, reader, page.place),
        listing.count(db, query, reader),
      ])
      return page.answer(rows, total, (row) => shown(row, reader.reach))
    },

    async get(actor, id) {
      const db = database.tenant(actor.tenantId)
      const [row, document] = await find(db, actor, id)
      if (!row.seen) await queries.addView(db, id, actor.userId)
      return document
    },

    async related(actor, question, limit) {
      const words = wordsOf(question)
      if (words.length === 0 || !grantFor(actor.permissions, 'documents:view')) return []
      const db = database.tenant(actor.tenantId)
      const reader = { userId: actor.userId, reach: await access.reachable(db, actor, 'document') }
      return related(db, words, reader, limit)
    },

    async revisions(actor, id, query) {
      const db = database.tenant(actor.tenantId)
      await access.must(db, actor, { kind: 'document', id }, 'READ')
      const request = { page: query.page ?? 1, limit: query.limit ?? 10 }
      const rows = await queries.revisions(db, id, request.limit, (request.page - 1) * request.limit)
      return pageOf(rows.map(toRevision), await queries.countRevisions(db, id), request)
    },

    async revision(actor, { id, number }) {
      const db = database.tenant(actor.tenantId)
      await access.must(db, actor, { kind: 'document', id }, 'READ')
      const row = await queries.revision(db, id, number)
      if (!row) throw documentErrors('documents.revision_not_found')
      return { ...toRevision(row), content: row.content }
    },
  }
}

const FIRST: PagePlace = { limit: 1, offset: 0, after: undefined }

/** A folder is named to whoever it is open to. */
function shown(row: listing.Listed, reach: Reach, found?: string): ListedDocument {
  return toListed({ ...row, folderId: isOpen(reach, row.idPath) ? row.folderId : null }, found)
}
