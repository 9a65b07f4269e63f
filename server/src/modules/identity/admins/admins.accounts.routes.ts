// The back office's own accounts, and what is done in the name of others.
import { alias, Deleted, IdParams, pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import {
  Admin,
  AdminChanges,
  AdminQuery,
  Impersonated,
  Impersonation,
  ImpersonationQuery,
  NewAdmin,
  NewImpersonation,
} from './admins.schema.ts'
import type { Admins } from './admins.service.ts'

const bases = ['canonical', 'envelope'] as const

export function accountRoutes(admins: Admins): Route[] {
  return [...readingRoutes(admins), ...changingRoutes(admins), ...impersonationRoutes(admins)]
}

function readingRoutes({ administration }: Admins): Route[] {
  return [
    route({
      method: 'GET',
      path: '/admin/admins',
      operation: 'admins.list',
      access: 'admin',
      bases,
      summary: 'List the accounts of the back office, newest first',
      query: AdminQuery,
      answer: pageAnswer(Admin),
      handle: ({ query }) => administration.list(query),
    }),
    route({
      method: 'GET',
      path: '/admin/admins/:id',
      operation: 'admins.get',
      access: 'admin',
      bases,
      summary: 'Read an account of the back office',
      params: IdParams('admin'),
      answer: Admin,
      errors: ['admins.not_found'],
      handle: ({ params }) => administration.get(params.id),
    }),
  ]
}

function changingRoutes({ administration, register }: Admins): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/admin/admins/:id',
    operation: 'admins.update',
    access: 'admin',
    bases,
    summary: 'Change the name or username of an account of the back office',
    params: IdParams('admin'),
    body: AdminChanges,
    answer: Admin,
    message: 'Admin updated',
    errors: ['admins.not_found', 'admins.username_taken', 'admins.changed_meanwhile'],
    handle: ({ actor, params, body, facts, ifMatch }) =>
      administration.update(actor, params.id, { changes: body, version: ifMatch }, facts),
  })
  const fixed = (word: 'activate' | 'block', status: 'ACTIVE' | 'SUSPENDED', summary: string) =>
    route({
      method: 'PATCH',
      path: `/admin/admins/:id/${word}`,
      operation: `admins.${word}`,
      access: 'admin',
      bases,
      summary,
      params: IdParams('admin'),
      answer: Admin,
      message: word === 'block' ? 'Admin blocked' : 'Admin activated',
      errors: ['admins.not_found', 'admins.self'],
      handle: ({ actor, params, facts }) => administration.setStatus(actor, params.id, status, facts),
    })
  return [
    route({
      method: 'POST',
      path: '/admin/admins',
      operation: 'admins.create',
      access: 'admin',
      bases,
      summary: 'Make an account of the back office',
      body: NewAdmin,
      status: 201,
      answer: Admin,
      message: 'Admin created',
      errors: ['admins.email_taken', 'admins.username_taken'],
      handle: ({ actor, body, facts }) => register(actor, body, undefined, facts),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'admins.replace' }),
    fixed('activate', 'ACTIVE', 'Let an account of the back office sign in again'),
    fixed('block', 'SUSPENDED', 'Suspend an account of the back office: everything that it opened ends at once'),
    route({
      method: 'DELETE',
      path: '/admin/admins/:id',
      operation: 'admins.remove',
      access: 'admin',
      bases,
      summary: 'Delete an account of the back office; it can be restored',
      params: IdParams('admin'),
      answer: Deleted,
      message: 'Admin deleted',
      errors: ['admins.not_found', 'admins.self'],
      handle: async ({ actor, params, facts }) => {
        await administration.remove(actor, params.id, facts)
        return { message: 'The administrator was deleted.', id: params.id }
      },
    }),
    route({
      method: 'POST',
      path: '/admin/admins/:id/restore',
      operation: 'admins.restore',
      access: 'admin',
      bases,
      summary: 'Restore a deleted account of the back office',
      params: IdParams('admin'),
      answer: Admin,
      message: 'Admin restored',
      errors: ['admins.not_found'],
      handle: ({ actor, params, facts }) => administration.restore(actor, params.id, facts),
    }),
  ]
}

function impersonationRoutes({ impersonations }: Admins): Route[] {
  return [
    route({
      method: 'POST',
      path: '/admin/impersonate',
      operation: 'admins.impersonate',
      access: 'admin',
      fresh: true,
      bases,
      summary: 'Act in the name of a person',
      description:
        'For at most an hour, in one tenant, with a reason that the tenant reads in its audit log. The token names the admin, cannot be refreshed, and can change nothing about the account: password, sessions, tokens, memberships. Administrators cannot be impersonated.',
      body: NewImpersonation,
      status: 201,
      answer: Impersonated,
      message: 'Impersonation started',
      errors: ['admins.person_not_found', 'admins.person_not_active', 'admins.no_member', 'admins.not_impersonable'],
      handle: ({ actor, body, facts }) => impersonations.begin(actor, body, facts),
    }),
    route({
      method: 'GET',
      path: '/admin/impersonations',
      operation: 'admins.listImpersonations',
      access: 'admin',
      bases,
      summary: 'Who acted in whose name, newest first',
      query: ImpersonationQuery,
      answer: pageAnswer(Impersonation),
      handle: ({ query }) => impersonations.list(query),
    }),
    route({
      method: 'DELETE',
      path: '/admin/impersonations/:id',
      operation: 'admins.endImpersonation',
      access: 'admin',
      bases,
      summary: 'End an impersonation at once',
      params: IdParams('impersonation'),
      answer: Deleted,
      message: 'Impersonation ended',
      errors: ['admins.impersonation_not_found'],
      handle: async ({ actor, params, facts }) => {
        await impersonations.end(actor, params.id, facts)
        return { message: 'The impersonation was ended.', id: params.id }
      },
    }),
  ]
}
