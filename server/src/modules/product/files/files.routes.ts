// Files over HTTP.
import { alias, Deleted, IdList, type Route, route } from '../../../drivers/http/index.ts'
import { CONTENT_ERRORS, EndedShares, NewShare } from '../access/index.ts'
import { contentRoutes } from './files.content.routes.ts'
import {
  BatchResult,
  Copy,
  Favorite,
  FileChanges,
  FileDetail,
  FilePage,
  FileParams,
  FileQuery,
  Move,
  NewFolderByPath,
  Rename,
  StorageInfo,
  UploadForm,
} from './files.schema.ts'
import type { Files } from './files.service.ts'

const ERRORS = CONTENT_ERRORS.file
const QUOTA = ['storage.user_quota', 'storage.tenant_quota'] as const
/** Beside the file there are fields, and the lines between the parts. */
const FORM_BYTES = 1_048_576

export function fileRoutes(files: Files): Route[] {
  const upload = route({
    method: 'POST',
    path: '/files/upload',
    operation: 'files.upload',
    access: 'files:upload',
    summary: 'Upload a file',
    description:
      'A multipart body with one part `file`. What it is is found by its content, which must agree with its name. A name that is taken gets a number.',
    body: UploadForm,
    accepts: ['multipart'],
    uploads: files.uploads,
    bodyLimit: files.uploads.maxBytes + FORM_BYTES,
    status: 201,
    answer: FileDetail,
    errors: [
      'folders.not_found',
      'content.level_too_low',
      'files.type_refused',
      'files.type_mismatch',
      'storage.too_large',
      'storage.full',
      ...QUOTA,
    ],
    handle: ({ actor, body, uploads, facts }) => files.upload(actor, body, uploads, facts),
  })
  const info = route({
    method: 'GET',
    path: '/files/storage',
    operation: 'files.storage',
    access: 'files:view',
    summary: 'Read how much room one’s files take, and how much there is',
    answer: StorageInfo,
    handle: ({ actor }) => files.info(actor),
  })
  return [
    upload,
    alias(upload, { path: '/upload', operation: 'files.uploadAnywhere' }),
    route({
      method: 'GET',
      path: '/files',
      operation: 'files.list',
      access: 'files:view',
      summary: 'List files',
      description: 'All that are open to the caller, or those in a folder. The total counts to 10,000.',
      query: FileQuery,
      answer: FilePage,
      errors: ['folders.not_found'],
      handle: ({ actor, query }) => files.list(actor, query),
    }),
    info,
    alias(info, { path: '/files/storage-info', operation: 'files.storageInfo' }),
    route({
      method: 'POST',
      path: '/files/folder',
      operation: 'files.folder',
      access: 'files:upload',
      summary: 'Make a folder, and answer it as an item of a list of files',
      body: NewFolderByPath,
      status: 201,
      answer: FileDetail,
      errors: [...CONTENT_ERRORS.folder, 'folders.name_taken', 'folders.too_deep'],
      handle: ({ actor, body, facts }) => files.folder(actor, body, facts),
    }),
    ...contentRoutes(files),
    ...changeRoutes(files),
    ...fateRoutes(files),
  ]
}

function changeRoutes(files: Files): Route[] {
  return [
    route({
      method: 'PATCH',
      path: '/files/:id',
      operation: 'files.edit',
      access: 'files:upload',
      summary: 'Rename a file, or give it to a team',
      description: 'Needs EDIT. Giving it to a team, or taking it back, is for its owner.',
      params: FileParams,
      body: FileChanges,
      answer: FileDetail,
      errors: [...ERRORS, 'files.changed_meanwhile', 'files.name_taken'],
      handle: ({ actor, params, body, facts, ifMatch: version }) =>
        files.edit(actor, params.id, body, { version, facts }),
    }),
    route({
      method: 'PATCH',
      path: '/files/:id/rename',
      operation: 'files.rename',
      access: 'files:upload',
      summary: 'Rename a file',
      params: FileParams,
      body: Rename,
      answer: FileDetail,
      errors: [...ERRORS, 'files.changed_meanwhile', 'files.name_taken', 'folders.name_taken'],
      handle: ({ actor, params, body, facts, ifMatch: version }) =>
        files.rename(actor, params.id, body.name, { version, facts }),
    }),
    route({
      method: 'POST',
      path: '/files/:id/move',
      operation: 'files.move',
      access: 'files:upload',
      summary: 'Move a file',
      description:
        'Needs EDIT on the file and on the folder. Moving it to somebody else or to the root is for its owner. A name that is taken there gets a number.',
      params: FileParams,
      body: Move,
      answer: FileDetail,
      errors: [...ERRORS, 'folders.not_found', 'files.changed_meanwhile'],
      handle: ({ actor, params, body, facts, ifMatch: version }) =>
        files.move(actor, params.id, body, { version, facts }),
    }),
    route({
      method: 'POST',
      path: '/files/:id/copy',
      operation: 'files.copy',
      access: 'files:upload',
      summary: 'Copy a file: the copy is the caller’s own',
      params: FileParams,
      body: Copy,
      status: 201,
      answer: FileDetail,
      errors: [...ERRORS, 'folders.not_found', 'files.no_content', ...QUOTA],
      handle: ({ actor, params, body, facts }) => files.copy(actor, params.id, body, facts),
    }),
    route({
      method: 'PATCH',
      path: '/files/:id/favorite',
      operation: 'files.favorite',
      access: 'files:view',
      summary: 'Make a file a favourite of one’s own, or no longer',
      params: FileParams,
      body: Favorite,
      answer: FileDetail,
      errors: ERRORS,
      handle: ({ actor, params, body, facts }) => files.favorite(actor, params.id, body.favorite, facts),
    }),
    route({
      method: 'POST',
      path: '/files/:id/share',
      operation: 'files.share',
      bases: ['canonical'],
      access: 'files:upload',
      summary: 'Share a file with people and teams',
      params: FileParams,
      body: NewShare,
      answer: FileDetail,
      errors: ERRORS,
      handle: ({ actor, params, body, facts }) => files.share(actor, params.id, body, facts),
    }),
    route({
      method: 'POST',
      path: '/files/:id/unshare',
      operation: 'files.unshare',
      access: 'files:upload',
      summary: 'Share a file no longer, with those who are named or with everybody',
      params: FileParams,
      body: EndedShares,
      answer: FileDetail,
      errors: ERRORS,
      handle: ({ actor, params, body, facts }) => files.unshare(actor, params.id, body, facts),
    }),
  ]
}

function fateRoutes(files: Files): Route[] {
  return [
    route({
      method: 'POST',
      path: '/files/batch-delete',
      operation: 'files.batchDelete',
      access: 'files:delete',
      summary: 'Put several files into the trash, each by its own right',
      body: IdList('file'),
      answer: BatchResult,
      handle: ({ actor, body, facts }) => files.removeMany(actor, body.ids, facts),
    }),
    route({
      method: 'POST',
      path: '/files/:id/restore',
      operation: 'files.restore',
      access: 'files:delete',
      summary: 'Take a file out of the trash',
      description:
        'To its old folder, or to the root when that is gone. A name that was taken meanwhile gets a number.',
      params: FileParams,
      answer: FileDetail,
      errors: ERRORS,
      handle: ({ actor, params, facts }) => files.restore(actor, params.id, facts),
    }),
    route({
      method: 'DELETE',
      path: '/files/:id',
      operation: 'files.delete',
      access: 'files:delete',
      summary: 'Put a file into the trash',
      description: 'For its owner.',
      params: FileParams,
      answer: Deleted,
      errors: ERRORS,
      handle: async ({ actor, params, facts }) => {
        await files.remove(actor, params.id, facts)
        return { message: 'The file was put into the trash.', id: params.id }
      },
    }),
  ]
}
