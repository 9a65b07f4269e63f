// Tenants and their members over HTTP. The path names the tenant, and membership there authorises, whatever the request chose.
import { alias, Deleted, IdParams, pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import { Tokens, toTokens } from '../sessions/index.ts'
import { settingsRoutes } from './settings.routes.ts'
import {
  Availability,
  LevelChange,
  Member,
  MemberParams,
  MemberQuery,
  NewMember,
  NewTenant,
  SubdomainQuery,
  Tenant,
  TenantChanges,
  TenantNameQuery,
  TenantQuery,
} from './tenants.schema.ts'
import type { Tenants } from './tenants.service.ts'

const bases = ['canonical'] as const

/** Every route stands twice: `/organizations` is another name of `/tenants`. */
export function tenantRoutes(tenants: Tenants): Route[] {
  const own = [
    ...ownRoutes(tenants),
    ...tenantRoutesById(tenants),
    ...settingsRoutes(tenants),
    ...memberRoutes(tenants),
  ]
  return [...own, ...own.map(asOrganization)]
}

/** A route under the other name. */
export function asOrganization(original: Route): Route {
  return alias(original, {
    path: original.path.replace('/tenants', '/organizations'),
    operation: original.operation.replace('tenants.', 'organizations.'),
  })
}

function ownRoutes(tenants: Tenants): Route[] {
  return [
    route({
      method: 'GET',
      path: '/tenants',
      operation: 'tenants.list',
      access: 'user',
      bases,
      summary: 'List your tenants, the newest membership first',
      query: TenantQuery,
      answer: pageAnswer(Tenant),
      handle: ({ actor, query }) => tenants.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/tenants/search',
      operation: 'tenants.search',
      access: 'user',
      bases,
      summary: 'Find your tenants by a part of the name or slug',
      query: TenantNameQuery,
      answer: pageAnswer(Tenant),
      handle: ({ actor, query: { name, ...rest } }) => tenants.list(actor, { ...rest, search: name }),
    }),
    route({
      method: 'GET',
      path: '/tenants/subdomain-available',
      operation: 'tenants.subdomainAvailable',
      access: 'user',
      bases,
      summary: 'Whether a subdomain can be taken',
      query: SubdomainQuery,
      answer: Availability,
      handle: ({ query }) => tenants.available(query.subdomain),
    }),
    route({
      method: 'POST',
      path: '/tenants',
      operation: 'tenants.create',
      access: 'session',
      bases,
      summary: 'Make a tenant',
      description:
        'You become its owner and get its role `admin`. Without a slug one is made from the name. TENANT_CREATION may leave this to the back office.',
      body: NewTenant,
      status: 201,
      answer: Tenant,
      errors: [
        'tenants.single_tenant',
        'tenants.creation_closed',
        'tenants.slug_taken',
        'tenants.slug_reserved',
        'tenants.too_many',
      ],
      handle: ({ actor, body, facts }) => tenants.create(actor, body, facts),
    }),
  ]
}

function tenantRoutesById(tenants: Tenants): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/tenants/:id',
    operation: 'tenants.update',
    access: 'session',
    bases,
    summary: 'Change the name or slug of a tenant',
    description: 'For its owners and administrators, and for members who hold `tenants:edit` in it.',
    tenantParam: 'id',
    params: IdParams('tenant'),
    body: TenantChanges,
    answer: Tenant,
    errors: ['tenants.not_found', 'tenants.slug_taken', 'tenants.slug_reserved', 'tenants.changed_meanwhile'],
    handle: ({ actor, params, body, facts, ifMatch }) => tenants.update(actor, params.id, body, facts, ifMatch),
  })
  return [
    route({
      method: 'GET',
      path: '/tenants/:id',
      operation: 'tenants.get',
      access: 'user',
      bases,
      summary: 'Read a tenant that you belong to',
      tenantParam: 'id',
      params: IdParams('tenant'),
      answer: Tenant,
      errors: ['tenants.not_found'],
      handle: ({ actor, params }) => tenants.get(actor, params.id),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'tenants.replace' }),
    route({
      method: 'DELETE',
      path: '/tenants/:id',
      operation: 'tenants.remove',
      access: 'session',
      fresh: true,
      bases,
      summary: 'Delete a tenant',
      description:
        'For its owners. Softly: it keeps its slug, nobody can enter it any more, and signed-in people go on in another tenant at their next refresh. Its owners can restore it for TENANT_RETENTION_DAYS; then it is removed with everything in it.',
      tenantParam: 'id',
      params: IdParams('tenant'),
      answer: Deleted,
      errors: ['tenants.not_found', 'tenants.owners_only', 'tenants.default_stays'],
      handle: async ({ actor, params, facts }) => {
        await tenants.remove(actor, params.id, facts)
        return { message: 'The tenant was deleted.', id: params.id }
      },
    }),
    route({
      method: 'POST',
      path: '/tenants/:id/restore',
      operation: 'tenants.restore',
      access: 'session',
      bases,
      summary: 'Restore a deleted tenant',
      description:
        'For its owners, within TENANT_RETENTION_DAYS: as it was, with its members. `GET /tenants?deleted=true` lists what can be restored.',
      params: IdParams('deleted tenant'),
      answer: Tenant,
      errors: ['tenants.not_found', 'tenants.owners_only', 'tenants.too_many'],
      handle: ({ actor, params, facts }) => tenants.restore(actor, params.id, facts),
    }),
    route({
      method: 'POST',
      path: '/tenants/:id/switch',
      operation: 'tenants.switch',
      access: 'session',
      bases,
      summary: 'Get tokens of this session for another tenant of yours',
      tenantParam: null,
      params: IdParams('tenant'),
      answer: Tokens,
      errors: ['tenants.not_found', 'tenants.single_tenant', 'sessions.too_old_for_tenant'],
      handle: async ({ actor, params, facts }) => toTokens(await tenants.switchTo(actor, params.id, facts)),
    }),
  ]
}

function memberRoutes(tenants: Tenants): Route[] {
  const refusals = ['tenants.not_found', 'tenants.managers_only', 'tenants.owners_only', 'roles.beyond_own'] as const
  return [
    route({
      method: 'GET',
      path: '/tenants/:id/members',
      operation: 'tenants.listMembers',
      access: 'session',
      bases,
      summary: 'List the members of a tenant that you belong to',
      description: 'The total is exact; a search or a level filter counts to 1,000.',
      tenantParam: 'id',
      params: IdParams('tenant'),
      query: MemberQuery,
      answer: pageAnswer(Member),
      errors: ['tenants.not_found'],
      handle: ({ actor, params, query }) => tenants.listMembers(actor, params.id, query),
    }),
    route({
      method: 'POST',
      path: '/tenants/:id/members',
      operation: 'tenants.addMember',
      access: 'session',
      bases,
      summary: 'Make an existing account a member',
      description:
        'By `userId` or `email`. Owners add everybody, administrators everybody but owners. The member gets the role of the level: admin, manager, or the default role.',
      tenantParam: 'id',
      params: IdParams('tenant'),
      body: NewMember,
      status: 201,
      answer: Member,
      errors: [
        ...refusals,
        'tenants.domain_not_allowed',
        'tenants.user_not_found',
        'tenants.already_member',
        'roles.not_found',
      ],
      handle: ({ actor, params, body, facts }) => tenants.add(actor, params.id, body, facts),
    }),
    route({
      method: 'PATCH',
      path: '/tenants/:id/members/:userId',
      operation: 'tenants.setLevel',
      access: 'session',
      bases,
      summary: 'Set the level of a member',
      description:
        "The old level's role gives way to the new one's; other roles stay. Your own level needs a recent proof of a secret.",
      tenantParam: 'id',
      params: MemberParams,
      body: LevelChange,
      answer: Member,
      errors: [
        ...refusals,
        'tenants.member_not_found',
        'tenants.last_owner',
        'roles.not_found',
        'access.reauthentication_required',
      ],
      handle: ({ actor, params, body, facts }) => tenants.setLevel(actor, params, body, facts),
    }),
    route({
      method: 'DELETE',
      path: '/tenants/:id/members/:userId',
      operation: 'tenants.removeMember',
      access: 'session',
      bases,
      summary: 'Remove a member, or leave',
      description:
        'Ends the roles, teams and personal access tokens of this tenant at once. The account stays, also where this is its home tenant.',
      tenantParam: 'id',
      leaverParam: 'userId',
      params: MemberParams,
      answer: Deleted,
      errors: [...refusals, 'tenants.member_not_found', 'tenants.last_owner'],
      handle: async ({ actor, params, facts }) => {
        await tenants.removeMember(actor, params, facts)
        return { message: 'The member was removed.', id: params.userId }
      },
    }),
  ]
}
