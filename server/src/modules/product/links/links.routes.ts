// Links, shares and the access log over HTTP, for whoever owns what is shared.
import { IdParams, type Route, route } from '../../../drivers/http/index.ts'
import { CONTENT_ERRORS } from '../access/index.ts'
import { AccessPage, AccessQuery } from '../accesslog/index.ts'
import { publicRoutes } from './links.public.routes.ts'
import { MadeShare, NewLink, NewShareOrLink, Revoked, RevokedShare, Shares } from './links.schema.ts'
import type { Links } from './links.service.ts'

const ERRORS = CONTENT_ERRORS.file
const params = IdParams('file')

export function linkRoutes(links: Links): Route[] {
  return [
    route({
      method: 'POST',
      path: '/files/:id/links',
      operation: 'files.link',
      access: 'files:upload',
      bases: ['canonical'],
      summary: 'Make a link by which anybody reads a file',
      description:
        'For its owner. The secret is shown this once. It ends when it is revoked, expires or is used up, with the file, and with your right to share it.',
      params,
      body: NewLink,
      status: 201,
      answer: MadeShare,
      errors: [...ERRORS, 'links.not_allowed', 'links.too_many'],
      handle: ({ actor, params, body, facts }) => links.link(actor, params.id, body, facts),
    }),
    route({
      method: 'POST',
      path: '/files/:id/share',
      operation: 'files.shareOrLink',
      access: 'files:upload',
      bases: ['halolight'],
      summary: 'Share a file with people and teams, or make a link to it',
      description: 'A link where nobody is named, or where `public` asks for one. Its secret is shown this once.',
      params,
      body: NewShareOrLink,
      status: 201,
      answer: MadeShare,
      errors: [...ERRORS, 'links.not_allowed', 'links.too_many'],
      handle: ({ actor, params, body, facts }) => links.shareOrLink(actor, params.id, body, facts),
    }),
    route({
      method: 'GET',
      path: '/files/:id/shares',
      operation: 'files.shares',
      access: 'files:view',
      summary: 'List the people, teams and links that a file is given to',
      description: 'For its owner. Links that have ended are listed for as long as the access log is kept.',
      params,
      answer: Shares,
      errors: ERRORS,
      handle: ({ actor, params }) => links.shares(actor, params.id),
    }),
    route({
      method: 'POST',
      path: '/files/:id/revoke-share',
      operation: 'files.revokeShare',
      access: 'files:upload',
      summary: 'Revoke a link, or share a file with somebody no longer',
      description: 'For its owner. A link that was revoked before stays so.',
      params,
      body: RevokedShare,
      answer: Revoked,
      errors: [...ERRORS, 'links.share_not_found'],
      async handle({ actor, params, body: { shareId }, facts }) {
        await links.revoke(actor, params.id, shareId, facts)
        return { message: 'The file is not shared like that any more.', shareId }
      },
    }),
    route({
      method: 'GET',
      path: '/files/:id/access-logs',
      operation: 'files.accessLogs',
      access: 'files:view',
      summary: 'List who looked at a file and downloaded it, the latest first',
      description:
        'For its owner. With the addresses that they came from, for as long as the access log is kept. The total counts to 10,000.',
      params,
      query: AccessQuery,
      answer: AccessPage,
      errors: ERRORS,
      handle: ({ actor, params, query }) => links.accesses(actor, params.id, query),
    }),
    ...publicRoutes(links),
  ]
}
