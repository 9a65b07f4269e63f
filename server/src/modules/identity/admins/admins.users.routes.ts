// The accounts of all tenants, for the back office.
import type { AdminActor } from '../../../core/actor.ts'
import {
  alias,
  Deleted,
  IdParams,
  Message,
  pageAnswer,
  type RequestFacts,
  type Route,
  route,
} from '../../../drivers/http/index.ts'
import { AnyTenantChanges, AnyTenantQuery, type Letter, UserOfAnyTenant, type Users } from '../users/index.ts'

const bases = ['canonical', 'envelope'] as const

export interface AnyUserParts {
  everywhere: Users['everywhere']
  /** Sends the mail in which somebody confirms an address. */
  verify: Letter
  /** Takes all second factors from an account. Throws `users.not_found`, or `mfa.not_enrolled` when there are none. */
  resetMfa(actor: AdminActor, userId: string, facts: RequestFacts): Promise<void>
}

export function anyUserRoutes({ everywhere, verify, resetMfa }: AnyUserParts): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/admin/users/:id',
    operation: 'admins.updateUser',
    access: 'admin',
    bases,
    summary: 'Change an account of any tenant',
    params: IdParams('user'),
    body: AnyTenantChanges,
    answer: UserOfAnyTenant,
    message: 'User updated',
    errors: [
      'users.not_found',
      'users.email_taken',
      'users.username_taken',
      'users.phone_taken',
      'users.changed_meanwhile',
    ],
    handle: ({ actor, params, body, facts, ifMatch }) =>
      everywhere.update(actor, params.id, { changes: body, version: ifMatch }, facts, verify),
  })
  const fixed = (word: 'activate' | 'block', status: 'ACTIVE' | 'SUSPENDED', summary: string) =>
    route({
      method: 'PATCH',
      path: `/admin/users/:id/${word}`,
      operation: `admins.${word}User`,
      access: 'admin',
      bases,
      summary,
      params: IdParams('user'),
      answer: UserOfAnyTenant,
      message: word === 'block' ? 'User blocked' : 'User activated',
      errors: ['users.not_found'],
      handle: ({ actor, params, facts }) => everywhere.setStatus(actor, params.id, status, facts),
    })
  return [
    route({
      method: 'GET',
      path: '/admin/users',
      operation: 'admins.listUsers',
      access: 'admin',
      bases,
      summary: 'List the accounts of all tenants, newest first',
      description: 'The total is exact; a search or a filter counts to 1,000.',
      query: AnyTenantQuery,
      answer: pageAnswer(UserOfAnyTenant),
      handle: ({ query }) => everywhere.list(query),
    }),
    route({
      method: 'GET',
      path: '/admin/users/:id',
      operation: 'admins.getUser',
      access: 'admin',
      bases,
      summary: 'Read an account with its memberships, also a deleted one',
      params: IdParams('user'),
      answer: UserOfAnyTenant,
      errors: ['users.not_found'],
      handle: ({ params }) => everywhere.get(params.id),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'admins.replaceUser' }),
    fixed('activate', 'ACTIVE', 'Let an account sign in again'),
    fixed(
      'block',
      'SUSPENDED',
      'Suspend an account: its sessions and personal access tokens end at once, in every tenant',
    ),
    route({
      method: 'DELETE',
      path: '/admin/users/:id',
      operation: 'admins.removeUser',
      access: 'admin',
      bases,
      summary: 'Delete an account of any tenant; it can be restored',
      params: IdParams('user'),
      answer: Deleted,
      message: 'User deleted',
      errors: ['users.not_found', 'tenants.last_owner'],
      handle: async ({ actor, params, facts }) => {
        await everywhere.remove(actor, params.id, facts)
        return { message: 'The user was deleted.', id: params.id }
      },
    }),
    route({
      method: 'POST',
      path: '/admin/users/:id/restore',
      operation: 'admins.restoreUser',
      access: 'admin',
      bases,
      summary: 'Restore a deleted account',
      params: IdParams('user'),
      answer: UserOfAnyTenant,
      message: 'User restored',
      errors: ['users.not_found'],
      handle: ({ actor, params, facts }) => everywhere.restore(actor, params.id, facts),
    }),
    route({
      method: 'POST',
      path: '/admin/users/:id/reset-mfa',
      operation: 'admins.resetUserMfa',
      access: 'admin',
      fresh: true,
      bases,
      summary: 'Take the second factors from an account whose owner has lost them',
      description: 'Ends every session of the account. Its owner is told by mail.',
      params: IdParams('user'),
      answer: Message,
      errors: ['users.not_found', 'mfa.not_enrolled'],
      handle: async ({ actor, params, facts }) => {
        await resetMfa(actor, params.id, facts)
        return { message: 'The second factors were removed. The user signs in with the password alone.' }
      },
    }),
    route({
      method: 'POST',
      path: '/admin/users/:id/logout',
      operation: 'admins.logoutUser',
      access: 'admin',
      bases,
      summary: 'End every session of an account',
      params: IdParams('user'),
      answer: Message,
      errors: ['users.not_found'],
      handle: async ({ actor, params, facts }) => {
        await everywhere.endSessions(actor, params.id, facts)
        return { message: 'The user is signed out everywhere.' }
      },
    }),
  ]
}
