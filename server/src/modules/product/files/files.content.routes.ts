// The contents of files over HTTP: whole, in parts, by links, and as small pictures.
import Type from 'typebox'
import { type Route, route } from '../../../drivers/http/index.ts'
import { CONTENT_ERRORS, DownloadUrl } from '../access/index.ts'
import { FileDetail, FileParams } from './files.schema.ts'
import type { Files } from './files.service.ts'

const ERRORS = CONTENT_ERRORS.file
export const RANGE_HEADERS = {
  range: 'Parts of the content: one, or several as multipart/byteranges.',
  'if-range': 'The entity tag or date for which Range holds; for another content all is sent.',
  'if-none-match': 'The entity tag that the caller has.',
}

export function contentRoutes(files: Files): Route[] {
  return [
    route({
      method: 'GET',
      path: '/files/:id',
      operation: 'files.get',
      access: 'files:view',
      summary: 'Read what is known about a file',
      params: FileParams,
      answer: FileDetail,
      errors: ERRORS,
      handle: ({ actor, params }) => files.get(actor, params.id),
    }),
    route({
      method: 'GET',
      path: '/files/:id/content',
      operation: 'files.content',
      access: 'files:view',
      summary: 'Download a file, or parts of it',
      params: FileParams,
      query: Type.Object({
        inline: Type.Optional(
          Type.Boolean({ description: 'To be shown where the type is harmless; else to be saved.' }),
        ),
      }),
      headers: RANGE_HEADERS,
      answer: Type.String({ format: 'binary' }),
      binary: ['*/*'],
      unhurried: true,
      errors: [...ERRORS, 'files.no_content', 'files.range_not_satisfiable'],
      handle: ({ actor, params, query, headers: asked, facts }) =>
        files.content(actor, params.id, { asked, inline: query.inline === true }, facts),
    }),
    route({
      method: 'GET',
      path: '/files/:id/download-url',
      operation: 'files.downloadUrl',
      access: 'files:view',
      summary: 'Get a link to the content that works by itself for five minutes',
      description: 'It ends before that when the right to the file, the membership or the session does.',
      params: FileParams,
      answer: DownloadUrl,
      errors: [...ERRORS, 'content.link_needs_session'],
      handle: ({ actor, params }) => files.link(actor, params.id),
    }),
    route({
      method: 'GET',
      path: '/files/:id/download',
      operation: 'files.download',
      access: { public: 'The link itself is the right: it is sealed, and asked again for the person it was made for.' },
      summary: 'Download a file by a link',
      params: FileParams,
      query: Type.Object({ token: Type.String({ minLength: 1, maxLength: 1000 }) }),
      headers: RANGE_HEADERS,
      answer: Type.String({ format: 'binary' }),
      binary: ['*/*'],
      unhurried: true,
      errors: ['content.link_invalid', 'files.no_content', 'files.range_not_satisfiable'],
      handle: ({ params, query, headers, facts }) => files.byLink(params.id, query.token, headers, facts),
    }),
    ...pictureRoutes(files),
  ]
}

const PICTURE = {
  answer: Type.String({ format: 'binary' }),
  binary: ['image/webp'],
} as const

function pictureRoutes(files: Files): Route[] {
  return [
    route({
      method: 'GET',
      path: '/files/:id/thumbnail',
      operation: 'files.thumbnail',
      access: 'files:view',
      summary: 'Read the small picture of a file',
      description: 'WebP, at most 320 pixels a side. It is made some moments after the upload.',
      params: FileParams,
      ...PICTURE,
      errors: [...ERRORS, 'files.no_thumbnail'],
      handle: ({ actor, params }) => files.thumbnail(actor, params.id),
    }),
    route({
      method: 'GET',
      path: '/files/:id/preview',
      operation: 'files.preview',
      access: { public: 'The link itself is the right: it is sealed, and asked again for the person it was made for.' },
      summary: 'Read the small picture of a file by a link',
      description: 'The link is the `thumbnail` of the file.',
      params: FileParams,
      query: Type.Object({ token: Type.String({ minLength: 1, maxLength: 1000 }) }),
      ...PICTURE,
      errors: ['content.link_invalid', 'files.no_thumbnail'],
      handle: ({ params, query }) => files.thumbnailByLink(params.id, query.token),
    }),
  ]
}
