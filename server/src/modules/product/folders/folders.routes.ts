// Folders over HTTP. What may be done with them is asked of files.
import Type from 'typebox'
import { alias, Deleted, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import { CONTENT_ERRORS, DownloadUrl, EndedShares, NewShare } from '../access/index.ts'
import {
  FolderChanges,
  FolderDetail,
  Folders as FolderPage,
  FolderQuery,
  FolderTree,
  NewFolder,
} from './folders.schema.ts'
import type { Folders } from './folders.service.ts'

const ERRORS = CONTENT_ERRORS.folder
const PLACE = ['folders.name_taken', 'folders.too_deep'] as const

export function folderRoutes(folders: Folders): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/folders/:id',
    operation: 'folders.edit',
    access: 'files:upload',
    summary: 'Rename or move a folder with all that lies below, or give it to a team',
    description:
      'Needs EDIT on the folder and on the one it moves to. Moving it into a folder of somebody else, to the root, or giving it to a team is for its owner.',
    params: IdParams('folder'),
    body: FolderChanges,
    answer: FolderDetail,
    errors: [...ERRORS, ...PLACE, 'folders.into_itself', 'folders.changed_meanwhile'],
    handle: ({ actor, params, body, facts, ifMatch }) =>
      folders.update(actor, params.id, body, { version: ifMatch, facts }),
  })
  return [
    route({
      method: 'GET',
      path: '/folders',
      operation: 'folders.list',
      access: 'files:view',
      summary: 'List folders',
      description:
        'Those in a folder, or the uppermost: one’s own, those of one’s teams, and those that are shared. A search looks everywhere. The total counts to 10,000.',
      query: FolderQuery,
      answer: FolderPage,
      errors: ERRORS,
      handle: ({ actor, query }) => folders.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/folders/tree',
      operation: 'folders.tree',
      access: 'files:view',
      summary: 'All folders that are open to the caller, in their trees',
      answer: FolderTree,
      errors: ['folders.too_many'],
      handle: ({ actor }) => folders.tree(actor),
    }),
    route({
      method: 'GET',
      path: '/folders/:id',
      operation: 'folders.get',
      access: 'files:view',
      summary: 'Read a folder, with what lies in it by number and size',
      params: IdParams('folder'),
      answer: FolderDetail,
      errors: ERRORS,
      handle: ({ actor, params }) => folders.get(actor, params.id),
    }),
    route({
      method: 'POST',
      path: '/folders',
      operation: 'folders.create',
      access: 'files:upload',
      summary: 'Make a folder',
      body: NewFolder,
      status: 201,
      answer: FolderDetail,
      errors: [...ERRORS, ...PLACE],
      handle: ({ actor, body, facts }) => folders.create(actor, body, facts),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'folders.replace' }),
    ...archiveRoutes(folders),
    ...fateRoutes(folders),
  ]
}

const ZIP = {
  answer: Type.String({ format: 'binary' }),
  binary: ['application/zip'],
  unhurried: true,
} as const

function archiveRoutes(folders: Folders): Route[] {
  return [
    route({
      method: 'GET',
      path: '/folders/:id/zip',
      operation: 'folders.zip',
      access: 'files:view',
      summary: 'Download all that lies in a folder and below, as a zip',
      description:
        'Files as they are, documents as texts. Of names that stand twice in a place the later ones get numbers. At most 20,000 things.',
      params: IdParams('folder'),
      ...ZIP,
      errors: [...ERRORS, 'folders.too_many_to_zip'],
      handle: ({ actor, params, facts }) => folders.zip(actor, params.id, facts),
    }),
    route({
      method: 'GET',
      path: '/folders/:id/download-url',
      operation: 'folders.downloadUrl',
      access: 'files:view',
      summary: 'Get a link to the zip of a folder that works by itself for five minutes',
      description: 'It ends before that when the right to the folder, the membership or the session does.',
      params: IdParams('folder'),
      answer: DownloadUrl,
      errors: [...ERRORS, 'content.link_needs_session'],
      handle: ({ actor, params }) => folders.zipLink(actor, params.id),
    }),
    route({
      method: 'GET',
      path: '/folders/:id/download',
      operation: 'folders.download',
      access: { public: 'The link itself is the right: it is sealed, and asked again for the person it was made for.' },
      summary: 'Download the zip of a folder by a link',
      params: IdParams('folder'),
      query: Type.Object({ token: Type.String({ minLength: 1, maxLength: 1000 }) }),
      ...ZIP,
      errors: ['content.link_invalid', 'folders.too_many_to_zip'],
      handle: ({ params, query, facts }) => folders.zipByLink(params.id, query.token, facts),
    }),
  ]
}

function fateRoutes(folders: Folders): Route[] {
  return [
    route({
      method: 'POST',
      path: '/folders/:id/share',
      operation: 'folders.share',
      access: 'files:upload',
      summary: 'Share a folder and all that lies below',
      params: IdParams('folder'),
      body: NewShare,
      answer: FolderDetail,
      errors: ERRORS,
      handle: ({ actor, params, body, facts }) => folders.share(actor, params.id, body, facts),
    }),
    route({
      method: 'POST',
      path: '/folders/:id/unshare',
      operation: 'folders.unshare',
      access: 'files:upload',
      summary: 'Share a folder no longer',
      description: 'With those who are named, or with everybody.',
      params: IdParams('folder'),
      body: EndedShares,
      answer: FolderDetail,
      errors: ERRORS,
      handle: ({ actor, params, body, facts }) => folders.unshare(actor, params.id, body, facts),
    }),
    route({
      method: 'POST',
      path: '/folders/:id/restore',
      operation: 'folders.restore',
      access: 'files:delete',
      summary: 'Take a folder out of the trash, with all that was deleted with it',
      description: 'To its old place, or to the root when that is gone.',
      params: IdParams('folder'),
      answer: FolderDetail,
      errors: [...ERRORS, 'folders.name_taken', 'folders.deleted_with_another'],
      handle: ({ actor, params, facts }) => folders.restore(actor, params.id, facts),
    }),
    route({
      method: 'DELETE',
      path: '/folders/:id',
      operation: 'folders.delete',
      access: 'files:delete',
      summary: 'Put a folder and all that lies below into the trash',
      description: 'For its owner.',
      params: IdParams('folder'),
      answer: Deleted,
      errors: ERRORS,
      handle: async ({ actor, params, facts }) => {
        await folders.remove(actor, params.id, facts)
        return { message: 'The folder was put into the trash.', id: params.id }
      },
    }),
  ]
}
