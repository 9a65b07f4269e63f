// Permissions over HTTP, the matrix of who may do what, and explanations.
import { alias, Deleted, IdParams, pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import {
  Explanation,
  Matrix,
  NewPermission,
  Permission,
  PermissionList,
  PermissionQuery,
  Question,
} from './permissions.schema.ts'
import { WholeQuery } from './roles.schema.ts'
import type { Roles } from './roles.service.ts'

export function permissionRoutes(roles: Roles): Route[] {
  return [...catalogueRoutes(roles), ...inspectionRoutes(roles)]
}

function catalogueRoutes({ permissions }: Roles): Route[] {
  const list = route({
    method: 'GET',
    path: '/permissions',
    operation: 'permissions.list',
    access: 'roles:view',
    bases: ['canonical'],
    summary: 'List the permissions that roles can grant',
    description: 'By action: those that the system declares, and those that the tenant made itself.',
    query: PermissionQuery,
    answer: pageAnswer(Permission),
    handle: ({ actor, query }) => permissions.list(actor, query),
  })
  return [
    list,
    alias(list, { path: '/rbac/permissions', operation: 'rbac.permissions' }),
    route({
      method: 'GET',
      path: '/permissions',
      operation: 'permissions.listAll',
      access: 'roles:view',
      bases: ['halolight'],
      summary: 'List all permissions that roles can grant',
      query: WholeQuery,
      answer: PermissionList,
      handle: ({ actor, query }) => permissions.listAll(actor, query.search),
    }),
    route({
      method: 'GET',
      path: '/permissions/:id',
      operation: 'permissions.get',
      access: 'roles:view',
      summary: 'Read a permission',
      params: IdParams('permission'),
      answer: Permission,
      errors: ['permissions.not_found'],
      handle: ({ actor, params }) => permissions.get(actor, params.id),
    }),
    route({
      method: 'POST',
      path: '/permissions',
      operation: 'permissions.create',
      access: 'roles:edit',
      summary: 'Make a permission of your own',
      description: 'For the routes of your own product. Only who holds everything can put it into a role at first.',
      body: NewPermission,
      status: 201,
      answer: Permission,
      errors: ['permissions.taken', 'permissions.too_many'],
      handle: ({ actor, body, facts }) => permissions.create(actor, body, facts),
    }),
    route({
      method: 'DELETE',
      path: '/permissions/:id',
      operation: 'permissions.remove',
      access: 'roles:edit',
      summary: 'Delete a permission of your own',
      params: IdParams('permission'),
      answer: Deleted,
      errors: ['permissions.not_found', 'permissions.built_in', 'permissions.in_use'],
      handle: async ({ actor, params, facts }) => {
        await permissions.remove(actor, params.id, facts)
        return { message: 'The permission was deleted.', id: params.id }
      },
    }),
  ]
}

function inspectionRoutes(roles: Roles): Route[] {
  return [
    route({
      method: 'GET',
      path: '/permissions/matrix',
      operation: 'permissions.matrix',
      access: 'roles:view',
      summary: 'Every role against every permission and every route',
      description: 'Decided by the same function that guards the routes.',
      answer: Matrix,
      handle: ({ actor }) => roles.matrix(actor),
    }),
    route({
      method: 'POST',
      path: '/permissions/explain',
      operation: 'permissions.explain',
      access: 'roles:view',
      summary: 'Why somebody may do something or not',
      description:
        'Asks for a `userId`, a `roleId` or, without either, for yourself; about a `permission` or an `operation`. Decided by the same function that guards the routes. Changes nothing.',
      body: Question,
      answer: Explanation,
      handle: ({ actor, body }) => roles.explain(actor, body),
    }),
  ]
}
