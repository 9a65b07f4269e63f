// Personal access tokens over HTTP. A token cannot make tokens: only a session can.
import { Deleted, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import { CreatedToken, NewPersonalToken, TokenList } from './tokens.schema.ts'
import type { PersonalTokens } from './tokens.service.ts'

export function tokenRoutes(tokens: PersonalTokens): Route[] {
  return [
    route({
      method: 'GET',
      path: '/tokens',
      operation: 'tokens.list',
      access: 'session',
      summary: 'List your personal access tokens',
      answer: TokenList,
      handle: async ({ actor }) => ({ data: await tokens.list(actor) }),
    }),
    route({
      method: 'POST',
      path: '/tokens',
      operation: 'tokens.create',
      access: 'session',
      fresh: true,
      summary: 'Make a personal access token',
      description:
        'The token is shown once. It works in this tenant, and only as far as both its scopes and your own permissions go.',
      body: NewPersonalToken,
      status: 201,
      answer: CreatedToken,
      errors: ['tokens.beyond_own', 'tokens.too_many'],
      handle: ({ actor, body, facts }) => tokens.create(actor, body, facts),
    }),
    route({
      method: 'DELETE',
      path: '/tokens/:id',
      operation: 'tokens.revoke',
      access: 'session',
      summary: 'Revoke a personal access token',
      params: IdParams('token'),
      answer: Deleted,
      errors: ['tokens.not_found'],
      handle: async ({ actor, params, facts }) => {
        await tokens.revoke(actor, params.id, facts)
        return { message: 'The token was revoked.', id: params.id }
      },
    }),
  ]
}
