// Roles over HTTP.
import { alias, Deleted, IdParams, pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import {
  NewRole,
  RemovalQuery,
  Role,
  RoleChanges,
  RoleList,
  RolePermissions,
  RoleQuery,
  WholeQuery,
} from './roles.schema.ts'
import type { Roles } from './roles.service.ts'

export function roleRoutes(roles: Roles): Route[] {
  return [...readRoutes(roles), ...writeRoutes(roles)]
}

function readRoutes(roles: Roles): Route[] {
  const list = route({
    method: 'GET',
    path: '/roles',
    operation: 'roles.list',
    access: 'roles:view',
    bases: ['canonical'],
    summary: 'List the roles of the tenant',
    description: 'By name. A search finds the text in names and labels, or the role with that id.',
    query: RoleQuery,
    answer: pageAnswer(Role),
    handle: ({ actor, query }) => roles.list(actor, query),
  })
  return [
    list,
    alias(list, { path: '/rbac/roles', operation: 'rbac.roles' }),
    route({
      method: 'GET',
      path: '/roles',
      operation: 'roles.listAll',
      access: 'roles:view',
      bases: ['halolight'],
      summary: 'List all roles of the tenant',
      query: WholeQuery,
      answer: RoleList,
      handle: ({ actor, query }) => roles.listAll(actor, query.search),
    }),
    route({
      method: 'GET',
      path: '/roles/:id',
      operation: 'roles.get',
      access: 'roles:view',
      summary: 'Read a role',
      params: IdParams('role'),
      answer: Role,
      errors: ['roles.not_found'],
      handle: ({ actor, params }) => roles.get(actor, params.id),
    }),
  ]
}

const EDIT_ERRORS = ['roles.not_found', 'roles.beyond_own', 'roles.built_in', 'roles.changed_meanwhile'] as const

function writeRoutes(roles: Roles): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/roles/:id',
    operation: 'roles.update',
    access: 'roles:edit',
    summary: 'Change a role',
    description:
      'Fields that are left out stay. Nobody puts into a role what they do not hold, nor changes one that grants more than they do. Everybody who holds it has the new permissions at once.',
    params: IdParams('role'),
    body: RoleChanges,
    answer: Role,
    errors: [...EDIT_ERRORS, 'roles.name_taken', 'roles.cycle', 'permissions.too_many'],
    handle: ({ actor, params, body, facts, ifMatch }) => roles.update(actor, params.id, body, facts, ifMatch),
  })
  return [
    route({
      method: 'POST',
      path: '/roles',
      operation: 'roles.create',
      access: 'roles:edit',
      summary: 'Make a role',
      description:
        'Roles inherit what their parents grant, over 20 levels at most. Nobody puts into a role what they do not hold.',
      body: NewRole,
      status: 201,
      answer: Role,
      errors: ['roles.name_taken', 'roles.beyond_own', 'roles.cycle', 'roles.too_many', 'permissions.too_many'],
      handle: ({ actor, body, facts }) => roles.create(actor, body, facts),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'roles.replace' }),
    route({
      method: 'POST',
      path: '/roles/:id/permissions',
      operation: 'roles.setPermissions',
      access: 'roles:edit',
      summary: 'Replace the permissions of a role',
      description: 'By `permissionIds`, by `permissions` (names, wildcards, aliases), or both together.',
      params: IdParams('role'),
      body: RolePermissions,
      answer: Role,
      errors: [...EDIT_ERRORS, 'permissions.too_many'],
      handle: ({ actor, params, body, facts, ifMatch }) => roles.setPermissions(actor, params.id, body, facts, ifMatch),
    }),
    route({
      method: 'DELETE',
      path: '/roles/:id',
      operation: 'roles.remove',
      access: 'roles:edit',
      summary: 'Delete a role',
      description:
        'A role that people hold or other roles inherit from is deleted only when `reassignTo` names the one that takes its place. Built-in roles stay.',
      params: IdParams('role'),
      query: RemovalQuery,
      answer: Deleted,
      errors: [...EDIT_ERRORS, 'roles.in_use', 'roles.cycle'],
      handle: async ({ actor, params, query, facts, ifMatch }) => {
        await roles.remove(actor, params.id, { reassignTo: query.reassignTo, version: ifMatch }, facts)
        return { message: 'The role was deleted.', id: params.id }
      },
    }),
  ]
}
