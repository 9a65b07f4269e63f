// The back office over HTTP.
import { alias, Message, type Route, route } from '../../../drivers/http/index.ts'
import { ChangePassword, Login, Refresh } from '../auth/index.ts'
import type { Mfa } from '../mfa/index.ts'
import { Tokens, toTokens } from '../sessions/index.ts'
import type { Tenants } from '../tenants/index.ts'
import type { Letter, Users } from '../users/index.ts'
import { accountRoutes } from './admins.accounts.routes.ts'
import { Admin, AdminChanges, AdminSignedIn, NewAdmin } from './admins.schema.ts'
import type { Admins } from './admins.service.ts'
import { anyTenantRoutes } from './admins.tenants.routes.ts'
import { anyUserRoutes } from './admins.users.routes.ts'

export interface AdminRouteParts {
  admins: Admins
  users: Pick<Users, 'everywhere'>
  /** Sends the mail in which somebody confirms an address. */
  verify: Letter
  mfa: Pick<Mfa, 'resetByAdmin'>
  tenants: Pick<Tenants, 'createFor' | 'everywhere' | 'purge'>
}

const bases = ['canonical', 'envelope'] as const

export function adminRoutes(parts: AdminRouteParts): Route[] {
  return [
    ...entryRoutes(parts),
    ...ownRoutes(parts),
    ...accountRoutes(parts.admins),
    ...anyUserRoutes({ ...parts.users, ...parts, resetMfa: parts.mfa.resetByAdmin }),
    ...anyTenantRoutes(parts.tenants),
  ]
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
