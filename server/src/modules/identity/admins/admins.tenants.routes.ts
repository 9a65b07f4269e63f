// All tenants, for the back office.
import Type from 'typebox'
import { alias, Deleted, IdParams, pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import {
  AnyTenant,
  AnyTenantQuery,
  NewTenantOfOwner,
  TenantChanges,
  TenantOfOwner,
  type Tenants,
} from '../tenants/index.ts'

const bases = ['canonical', 'envelope'] as const

const Purging = Type.Object({ purge: Type.Optional(Type.Boolean({ default: false })) })

type Parts = Pick<Tenants, 'createFor' | 'everywhere' | 'purge'>

export function anyTenantRoutes({ createFor, everywhere, purge }: Parts): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/admin/tenants/:id',
    operation: 'admins.updateTenant',
    access: 'admin',
    bases,
    summary: 'Change the name or slug of any tenant',
    params: IdParams('tenant'),
    body: TenantChanges,
    answer: AnyTenant,
    message: 'Tenant updated',
    errors: ['tenants.not_found', 'tenants.slug_taken', 'tenants.slug_reserved', 'tenants.changed_meanwhile'],
    handle: ({ actor, params, body, facts, ifMatch }) =>
      everywhere.update(actor, params.id, { changes: body, version: ifMatch }, facts),
  })
  const fixed = (word: 'activate' | 'suspend', status: 'ACTIVE' | 'SUSPENDED', summary: string) =>
    route({
      method: 'PATCH',
      path: `/admin/tenants/:id/${word}`,
      operation: `admins.${word}Tenant`,
      access: 'admin',
      bases,
      summary,
      params: IdParams('tenant'),
      answer: AnyTenant,
      message: word === 'suspend' ? 'Tenant suspended' : 'Tenant activated',
      errors: ['tenants.not_found', 'tenants.default_stays'],
      handle: ({ actor, params, facts }) => everywhere.setStatus(actor, params.id, status, facts),
    })
  return [
    route({
      method: 'GET',
      path: '/admin/tenants',
      operation: 'admins.listTenants',
      access: 'admin',
      bases,
      summary: 'List all tenants with their owners, newest first',
      query: AnyTenantQuery,
      answer: pageAnswer(AnyTenant),
      handle: ({ query }) => everywhere.list(query),
    }),
    route({
      method: 'GET',
      path: '/admin/tenants/:id',
      operation: 'admins.getTenant',
      access: 'admin',
      bases,
      summary: 'Read any tenant, also a suspended or deleted one',
      params: IdParams('tenant'),
      answer: AnyTenant,
      errors: ['tenants.not_found'],
      handle: ({ params }) => everywhere.get(params.id),
    }),
    route({
      method: 'POST',
      path: '/admin/tenants',
      operation: 'admins.createTenant',
      access: 'admin',
      bases,
      summary: 'Make a tenant for somebody, who becomes its owner',
      description: 'The owner is named by `ownerId` or `ownerEmail`. Works whatever TENANT_CREATION says.',
      body: NewTenantOfOwner,
      status: 201,
      answer: TenantOfOwner,
      message: 'Tenant created',
      errors: ['tenants.single_tenant', 'tenants.user_not_found', 'tenants.slug_taken', 'tenants.slug_reserved'],
      handle: ({ actor, body, facts }) => createFor(actor, body, facts),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'admins.replaceTenant' }),
    fixed('activate', 'ACTIVE', 'Let the members of a tenant in again'),
    fixed('suspend', 'SUSPENDED', 'Suspend a tenant: nobody enters it until it is activated; nothing of it is lost'),
    route({
      method: 'DELETE',
      path: '/admin/tenants/:id',
      operation: 'admins.removeTenant',
      access: 'admin',
      bases,
      summary: 'Delete a tenant, or remove it for good',
      description:
        'Softly: its owners can restore it for TENANT_RETENTION_DAYS. With `purge=true` it is removed at once with everything in it, deleted before or not; that cannot be undone.',
      params: IdParams('tenant'),
      query: Purging,
      answer: Deleted,
      message: 'Tenant deleted',
      errors: ['tenants.not_found', 'tenants.default_stays'],
      handle: async ({ actor, params, query, facts }) => {
        if (query.purge) await purge(params.id, actor, facts)
        else await everywhere.remove(actor, params.id, facts)
        return { message: query.purge ? 'The tenant was removed for good.' : 'The tenant was deleted.', id: params.id }
      },
    }),
  ]
}
