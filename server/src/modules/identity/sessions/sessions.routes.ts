// Sessions over HTTP: the devices of the signed-in user.
import { Deleted, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import { SessionList } from './sessions.schema.ts'
import type { Sessions } from './sessions.service.ts'

export function sessionRoutes(sessions: Sessions): Route[] {
  return [
    route({
      method: 'GET',
      path: '/auth/sessions',
      operation: 'sessions.list',
      access: 'session',
      summary: 'List the devices that are signed in',
      answer: SessionList,
      handle: async ({ actor }) => ({ data: await sessions.list(actor) }),
    }),
    route({
      method: 'DELETE',
      path: '/auth/sessions/:id',
      operation: 'sessions.end',
      access: 'session',
      summary: 'Sign a device out',
      params: IdParams('session'),
      answer: Deleted,
      errors: ['sessions.not_found'],
      handle: async ({ actor, params, facts }) => {
        await sessions.end(actor, params.id, facts)
        return { message: 'The session has ended.', id: params.id }
      },
    }),
  ]
}
