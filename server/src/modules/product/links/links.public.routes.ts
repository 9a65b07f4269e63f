// Links over HTTP, for anybody who has one.
import Type from 'typebox'
import { type Route, route } from '../../../drivers/http/index.ts'
import { RANGE_HEADERS } from '../files/index.ts'
import { LinkPass, SharedFile, Unlock } from './links.schema.ts'
import type { Links } from './links.service.ts'

const access = {
  public: 'The link itself is the right: its secret is asked for, and the right of whoever made it, at each use.',
} as const

/** Nobody keeps what a link shows, and nobody finds it. */
const answerHeaders = { 'x-robots-tag': 'noindex, nofollow', 'cache-control': 'no-store' }
const PASS_HEADER = 'x-link-pass'
const withPass = { [PASS_HEADER]: 'The pass that unlocking the link gave.' }
const common = {
  access,
  answerHeaders,
  secretParam: 'token',
  params: Type.Object({ token: Type.String({ minLength: 1, maxLength: 200, description: 'The secret of the link.' }) }),
} as const

export function publicRoutes(links: Links): Route[] {
  return [
    route({
      ...common,
      method: 'GET',
      path: '/files/shared/:token',
      operation: 'files.shared',
      summary: 'Read what a link shows of its file',
      headers: withPass,
      answer: SharedFile,
      errors: ['links.not_found'],
      handle: ({ params: { token }, headers, facts }) => links.look({ token, pass: headers[PASS_HEADER] }, facts),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/files/shared/:token/unlock',
      operation: 'files.unlockShared',
      rate: 'auth',
      summary: 'Give the password of a link, for a pass',
      description:
        'The pass works for this link, for an hour and no longer than the link does. Wrong passwords are counted.',
      body: Unlock,
      answer: LinkPass,
      errors: ['links.not_found', 'links.wrong_password', 'links.locked'],
      handle: ({ params: { token }, body: { password }, facts }) => links.unlock(token, password, facts),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/files/shared/:token/content',
      operation: 'files.sharedContent',
      summary: 'Download a file by a link, or parts of it',
      description:
        'Counted when its content is sent: not for HEAD, nor where nothing has changed. A part behind the first byte goes on with what the same client began in the last hour, up to about the length of the file, and is not counted again.',
      query: Type.Object({
        pass: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description: 'Instead of the header.' })),
      }),
      headers: { ...RANGE_HEADERS, ...withPass },
      answer: Type.String({ format: 'binary' }),
      binary: ['*/*'],
      unhurried: true,
      errors: ['links.not_found', 'links.password_required', 'files.range_not_satisfiable'],
      handle: ({ params: { token }, query, headers, facts }) =>
        links.content({ token, pass: headers[PASS_HEADER] ?? query.pass }, headers, facts),
    }),
  ]
}
