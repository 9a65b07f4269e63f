// The back office over HTTP.
import { alias, IdParams, Message, pageAnswer, type Route, route } from '../../../drivers/http/index.ts'
import { ChangePassword, Login, Refresh } from '../auth/index.ts'
import { Tokens, toTokens } from '../sessions/index.ts'
import { NewTenantOfOwner, TenantOfOwner, type Tenants } from '../tenants/index.ts'
import { AnyTenantChanges, AnyTenantQuery, UserOfAnyTenant, type Users } from '../users/index.ts'
import { Admin, AdminChanges, AdminSignedIn, NewAdmin } from './admins.schema.ts'
import type { Admins } from './admins.service.ts'

export interface AdminRouteParts {
  admins: Admins
  users: Pick<Users, 'everywhere'>
  tenants: Pick<Tenants, 'createFor'>
}

const bases = ['canonical', 'envelope'] as const

export function adminRoutes(parts: AdminRouteParts): Route[] {
  return [...entryRoutes(parts), ...ownRoutes(parts), ...userRoutes(parts), ...tenantRoutes(parts)]
}

function entryRoutes({ admins }: AdminRouteParts): Route[] {
  return [
    route({
      method: 'POST',
      path: '/admin/auth/register',
      operation: 'admins.register',
      access: { public: 'the bootstrap token or the access token of an admin is the credential', or: 'admin' },
      rate: 'auth',
      bases,
      summary: 'Make an account of the back office',
      description:
        'By an admin, or with the bootstrap token that the operator has set. Never open, not even to the first.',
      headers: { 'x-bootstrap-token': 'The ADMIN_BOOTSTRAP_TOKEN of the installation.' },
      body: NewAdmin,
      accepts: ['json', 'form'],
      status: 201,
      answer: Admin,
      message: 'Admin registered successfully',
      errors: ['access.unauthenticated', 'admins.bootstrap_refused', 'admins.email_taken', 'admins.username_taken'],
      handle: ({ actor, body, headers, facts }) => admins.register(actor, body, headers['x-bootstrap-token'], facts),
    }),
    route({
      method: 'POST',
      path: '/admin/auth/login',
      operation: 'admins.login',
      access: { public: 'this is where admins sign in' },
      rate: 'auth',
      bases,
      summary: 'Sign in to the back office',
      description: 'By e-mail address or username, as JSON or as a form.',
      body: Login,
      accepts: ['json', 'form'],
      answer: AdminSignedIn,
      message: 'Login successful',
      errors: ['auth.wrong_credentials', 'auth.locked', 'auth.too_many_attempts'],
      handle: async ({ body, facts }) => {
        const { admin, ...pair } = await admins.login(body, facts)
        return { ...toTokens(pair), admin }
      },
    }),
    route({
      method: 'POST',
      path: '/admin/auth/refresh',
      operation: 'admins.refresh',
      access: { public: 'the refresh token in the body is the credential' },
      rate: 'refresh',
      bases,
      summary: 'Exchange a refresh token of the back office for new tokens',
      body: Refresh,
      accepts: ['json', 'form'],
      answer: Tokens,
      errors: ['sessions.refresh_invalid', 'sessions.refresh_reused'],
      handle: async ({ body, facts }) => toTokens(await admins.refresh(body.refreshToken, facts)),
    }),
    route({
      method: 'POST',
      path: '/admin/auth/logout',
      operation: 'admins.logout',
      access: 'admin',
      bases,
      summary: 'Sign out of the back office',
      answer: Message,
      handle: async ({ actor, facts }) => {
        await admins.logout(actor, facts)
        return { message: 'You are signed out.' }
      },
    }),
  ]
}

function ownRoutes({ admins }: AdminRouteParts): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/admin/me',
    operation: 'admins.updateMe',
    access: 'admin',
    bases,
    summary: 'Change your own name or username',
    body: AdminChanges,
    answer: Admin,
    message: 'Profile updated',
    errors: ['admins.username_taken', 'admins.changed_meanwhile'],
    handle: ({ actor, body, facts, ifMatch }) => admins.updateMe(actor, body, facts, ifMatch),
  })
  return [
    route({
      method: 'GET',
      path: '/admin/me',
      operation: 'admins.me',
      access: 'admin',
      bases,
      summary: 'Read your own account',
      answer: Admin,
      handle: ({ actor }) => admins.me(actor),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'admins.replaceMe' }),
    route({
      method: 'POST',
      path: '/admin/me/change-password',
      operation: 'admins.changePassword',
      access: 'admin',
      rate: 'auth',
      bases,
      summary: 'Change your password',
      description: 'Ends your other sessions.',
      body: ChangePassword,
      answer: Message,
      errors: ['auth.wrong_password', 'auth.locked'],
      handle: async ({ actor, body, facts }) => {
        await admins.changePassword(actor, body, facts)
        return { message: 'Your password was changed.' }
      },
    }),
  ]
}

function userRoutes({ users: { everywhere } }: AdminRouteParts): Route[] {
  const update = route({
    method: 'PATCH',
    path: '/admin/users/:id',
    operation: 'admins.updateUser',
    access: 'admin',
    bases,
    summary: 'Change an account of any tenant',
    params: IdParams,
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
      everywhere.update(actor, params.id, { changes: body, version: ifMatch }, facts),
  })
  const fixed = (word: 'activate' | 'block', status: 'ACTIVE' | 'SUSPENDED', summary: string) =>
    route({
      method: 'PATCH',
      path: `/admin/users/:id/${word}`,
      operation: `admins.${word}User`,
      access: 'admin',
      bases,
      summary,
      params: IdParams,
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
      description: 'The total is exact; a search or a filter counts to 10,000.',
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
      params: IdParams,
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
  ]
}

function tenantRoutes({ tenants }: AdminRouteParts): Route[] {
  return [
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
      errors: ['tenants.user_not_found', 'tenants.slug_taken', 'tenants.slug_reserved'],
      handle: ({ actor, body, facts }) => tenants.createFor(actor, body, facts),
    }),
  ]
}
