// Documents over HTTP: reading and writing them.
import { alias, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import { CONTENT_ERRORS } from '../access/index.ts'
import { givingRoutes } from './documents.giving.routes.ts'
import {
  Document,
  DocumentChanges,
  Documents as DocumentPage,
  DocumentQuery,
  Moving,
  NewDocument,
  Renaming,
  RevisionDetail,
  RevisionParams,
  RevisionQuery,
  Revisions,
  Tagging,
} from './documents.schema.ts'
import type { Documents } from './documents.service.ts'

const ERRORS = CONTENT_ERRORS.document
const FOLDERS = CONTENT_ERRORS.folder
const CHANGES = [...ERRORS, 'folders.not_found', 'documents.too_large', 'documents.changed_meanwhile'] as const
/** A text of 1 MiB with everything escaped that JSON may escape. */
const BODY_LIMIT = 8 * 1_048_576

export function documentRoutes(documents: Documents): Route[] {
  return [...readingRoutes(documents), ...savingRoutes(documents), ...givingRoutes(documents)]
}

function readingRoutes(documents: Documents): Route[] {
  return [
    route({
      method: 'GET',
      path: '/documents',
      operation: 'documents.list',
      access: 'documents:view',
      summary: 'List or search documents',
      description:
        'Those that one owns, those of one’s teams, and those that are shared, by themselves or by a folder. A search finds all of its words, at the beginning of words, in title and content, the best first; it is read by pages, and looks at 1,000 matches. The total counts to 10,000.',
      query: DocumentQuery,
      answer: DocumentPage,
      errors: FOLDERS,
      handle: ({ actor, query }) => documents.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/documents/:id',
      operation: 'documents.get',
      access: 'documents:view',
      summary: 'Read a document',
      description: 'That somebody looked at it is counted once an hour.',
      params: IdParams('document'),
      answer: Document,
      errors: ERRORS,
      handle: ({ actor, params }) => documents.get(actor, params.id),
    }),
    route({
      method: 'GET',
      path: '/documents/:id/revisions',
      operation: 'documents.listRevisions',
      access: 'documents:view',
      summary: 'List what a document was, the newest first',
      params: IdParams('document'),
      query: RevisionQuery,
      answer: Revisions,
      errors: ERRORS,
      handle: ({ actor, params, query }) => documents.revisions(actor, params.id, query),
    }),
    route({
      method: 'GET',
      path: '/documents/:id/revisions/:number',
      operation: 'documents.getRevision',
      access: 'documents:view',
      summary: 'Read a document as it was',
      params: RevisionParams,
      answer: RevisionDetail,
      errors: [...ERRORS, 'documents.revision_not_found'],
      handle: ({ actor, params }) => documents.revision(actor, params),
    }),
  ]
}

function savingRoutes(documents: Documents): Route[] {
  const update = route({
    method: 'PUT',
    path: '/documents/:id',
    operation: 'documents.update',
    access: 'documents:edit',
    summary: 'Save a document',
    description:
      'Fields that are left out stay. A new title or content is a new revision. Needs EDIT; giving it to a team is for its owner.',
    params: IdParams('document'),
    body: DocumentChanges,
    bodyLimit: BODY_LIMIT,
    answer: Document,
    errors: CHANGES,
    handle: ({ actor, params, body, facts, ifMatch }) =>
      documents.save(actor, params.id, body, { version: ifMatch, facts }),
  })
  return [
    route({
      method: 'POST',
      path: '/documents',
      operation: 'documents.create',
      access: 'documents:create',
      summary: 'Make a document',
      body: NewDocument,
      bodyLimit: BODY_LIMIT,
      status: 201,
      answer: Document,
      errors: [...FOLDERS, 'documents.too_large'],
      handle: ({ actor, body, facts }) => documents.create(actor, body, facts),
    }),
    update,
    alias(update, { method: 'PATCH', operation: 'documents.edit' }),
    route({
      method: 'PATCH',
      path: '/documents/:id/rename',
      operation: 'documents.rename',
      access: 'documents:edit',
      summary: 'Rename a document',
      params: IdParams('document'),
      body: Renaming,
      answer: Document,
      errors: CHANGES,
      handle: ({ actor, params, body, facts, ifMatch }) =>
        documents.save(actor, params.id, body, { version: ifMatch, facts, action: 'documents.rename' }),
    }),
    route({
      method: 'POST',
      path: '/documents/:id/move',
      operation: 'documents.move',
      access: 'documents:edit',
      summary: 'Move a document to a folder, or under a heading',
      description:
        '`folderId` names a folder, null the root; `folder` is a heading in free text. Needs EDIT on the document and on the folder; into a folder of somebody else, and to the root, it is for its owner.',
      params: IdParams('document'),
      body: Moving,
      answer: Document,
      errors: CHANGES,
      handle: ({ actor, params, body, facts, ifMatch }) =>
        documents.save(actor, params.id, body, { version: ifMatch, facts, action: 'documents.move' }),
    }),
    route({
      method: 'POST',
      path: '/documents/:id/tags',
      operation: 'documents.setTags',
      access: 'documents:edit',
      summary: 'Give a document these tags and no others',
      params: IdParams('document'),
      body: Tagging,
      answer: Document,
      errors: CHANGES,
      handle: ({ actor, params, body, facts, ifMatch }) =>
        documents.save(actor, params.id, body, { version: ifMatch, facts, action: 'documents.tag' }),
    }),
    route({
      method: 'POST',
      path: '/documents/:id/revisions/:number/restore',
      operation: 'documents.restoreRevision',
      access: 'documents:edit',
      summary: 'Save a document as it was',
      description: 'As a new revision: nothing is lost by it.',
      params: RevisionParams,
      answer: Document,
      errors: [...ERRORS, 'documents.revision_not_found'],
      handle: ({ actor, params, facts }) => documents.restoreRevision(actor, params, facts),
    }),
  ]
}
