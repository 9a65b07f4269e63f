// Documents over HTTP: sharing and the trash.
import { Deleted, IdList, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import { CONTENT_ERRORS, EndedShares, NewShare } from '../access/index.ts'
import { BatchResult, Document } from './documents.schema.ts'
import type { Documents } from './documents.service.ts'

const ERRORS = CONTENT_ERRORS.document

export function givingRoutes(documents: Documents): Route[] {
  return [
    route({
      method: 'POST',
      path: '/documents/:id/share',
      operation: 'documents.share',
      access: 'documents:edit',
      summary: 'Share a document with people and teams',
      description: 'In the place of what each of them had. For its owner.',
      params: IdParams('document'),
      body: NewShare,
      answer: Document,
      errors: ERRORS,
      handle: ({ actor, params, body, facts }) => documents.share(actor, params.id, body, facts),
    }),
    route({
      method: 'POST',
      path: '/documents/:id/unshare',
      operation: 'documents.unshare',
      access: 'documents:edit',
      summary: 'Share a document no longer',
      description: 'With those who are named, or with everybody. For its owner.',
      params: IdParams('document'),
      body: EndedShares,
      answer: Document,
      errors: ERRORS,
      handle: ({ actor, params, body, facts }) => documents.unshare(actor, params.id, body, facts),
    }),
    route({
      method: 'POST',
      path: '/documents/batch-delete',
      operation: 'documents.batchDelete',
      access: 'documents:delete',
      summary: 'Put many documents into the trash',
      description: 'Each is authorised by itself; the answer says of each whether it went, and why not.',
      body: IdList('document'),
      answer: BatchResult,
      handle: ({ actor, body, facts }) => documents.removeMany(actor, body.ids, facts),
    }),
    route({
      method: 'POST',
      path: '/documents/:id/restore',
      operation: 'documents.restore',
      access: 'documents:delete',
      summary: 'Take a document out of the trash',
      description: 'To its old place, or to the root when that is gone.',
      params: IdParams('document'),
      answer: Document,
      errors: ERRORS,
      handle: ({ actor, params, facts }) => documents.restore(actor, params.id, facts),
    }),
    route({
      method: 'DELETE',
      path: '/documents/:id',
      operation: 'documents.delete',
      access: 'documents:delete',
      summary: 'Put a document into the trash',
      description: 'For its owner.',
      params: IdParams('document'),
      answer: Deleted,
      errors: ERRORS,
      handle: async ({ actor, params, facts }) => {
        await documents.remove(actor, params.id, facts)
        return { message: 'The document was put into the trash.', id: params.id }
      },
    }),
  ]
}
