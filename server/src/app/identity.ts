// Identity: who there is, what they may do, and how they come in.
import type { Config } from '../config.ts'
import type { EventDefinition } from '../core/events.ts'
import type { Tx } from '../drivers/database/index.ts'
import type { Route } from '../drivers/http/index.ts'
import { createActors } from '../modules/identity/actors/index.ts'
import { adminRoutes, createAdmins, impersonationEvents } from '../modules/identity/admins/index.ts'
import { authRoutes, changeAddressJob, createAuth, sendLinkJob } from '../modules/identity/auth/index.ts'
import { createInvitations, invitationEvents, invitationRoutes } from '../modules/identity/invitations/index.ts'
import { createMfa, mfaEvents, mfaRoutes } from '../modules/identity/mfa/index.ts'
import { BCRYPT_BYTES, createHashing, createPasswordPolicy } from '../modules/identity/passwords/index.ts'
import { createRoles, permissionRoutes, roleEvents, roleRoutes } from '../modules/identity/roles/index.ts'
import {
  createAccessTokens,
  createRefreshTokens,
  createSessions,
  sessionEvents,
  sessionRoutes,
} from '../modules/identity/sessions/index.ts'
import { createTeams, teamEvents, teamRoutes } from '../modules/identity/teams/index.ts'
import {
  createTenants,
  DEFAULT_TENANT,
  purgeTenantsJob,
  tenancyEvents,
  tenantRoutes,
} from '../modules/identity/tenants/index.ts'
import { createThrottle } from '../modules/identity/throttle/index.ts'
import { createPersonalTokens, tokenEvents, tokenRoutes } from '../modules/identity/tokens/index.ts'
import { createUsers, userEvents, userRoutes } from '../modules/identity/users/index.ts'
import type { Foundation } from './foundation.ts'

export const identityJobs = [purgeTenantsJob, sendLinkJob, changeAddressJob]

export const identityEvents: readonly EventDefinition[] = [
  ...sessionEvents,
  ...roleEvents,
  ...teamEvents,
  ...tenancyEvents,
  ...userEvents,
  ...invitationEvents,
  ...tokenEvents,
  ...mfaEvents,
  ...impersonationEvents,
]

export { DEFAULT_TENANT }

export type Identity = ReturnType<typeof createIdentity>

/** `routes` answers every route of the house once it stands: permissions are explained by them. */
export function createIdentity(config: Config, foundation: Foundation, routes: () => readonly Route[]) {
  const people = { ...foundation, ...createPeople(config, foundation, routes) }
  return { ...people, ...createEntry(config, people) }
}

type People = Foundation & ReturnType<typeof createPeople>

/** Who there is, and what they may do. */
function createPeople(config: Config, foundation: Foundation, routes: () => readonly Route[]) {
  const { tokens, accounts, admin, tenancy, server } = config
  const passwordRule = { maxFailures: accounts.maxLoginAttempts, lockSeconds: accounts.lockoutSeconds, doublings: 0 }
  const rules = { user: passwordRule, admin: passwordRule, mfa: MFA_RULE, ...LINK_RULES }
  const throttle = createThrottle({ database: foundation.database, rules })
  const { shared } = config.database
  const hashing = createHashing({ ...config.hashing, shared })
  const passwords = createPasswordPolicy({
    minLength: accounts.passwordMinLength,
    ...(shared && { maxBytes: BCRYPT_BYTES }),
  })
  const accessTokens = createAccessTokens({
    issuer: server.publicUrl,
    keys: tokens.keys,
    clock: foundation.databaseTime,
  })
  const refreshTokens = createRefreshTokens({ secret: tokens.refreshSecret })
  const lifeIn = (tenantId: string, within?: Tx) => tenants.sessionLifeOf(tenantId, within)
  const sessions = createSessions({ ...foundation, accessTokens, refreshTokens, lifeIn, options: { ...tokens, admin } })
  const roles = createRoles({ ...foundation, routes, language: config.app.defaultLocale })
  const { defaultRole } = accounts
  const { absoluteSeconds, idleSeconds } = tokens
  const options = { ...tenancy, defaultRole, sessions: { absoluteSeconds, idleSeconds } }
  const tenants = createTenants({ ...foundation, roles, sessions, options })
  tenants.defineJobs()
  const users = createUsers({ ...foundation, roles, tenants, sessions, hashing, passwords })
  const personalTokens = createPersonalTokens({ ...foundation, sessions, users })
  const inviting = { perDay: tenancy.invitationsPerDay, frontendUrl: server.frontendUrl }
  const invitations = createInvitations({ ...foundation, roles, tenants, users, options: inviting })
  const teams = createTeams(foundation)
  const issuer = config.app.name
  const mfaOptions = { issuer, graceDays: accounts.mfaGraceDays }
  const mfa = createMfa({ ...foundation, throttle, hashing, roles, tenants, users, sessions, options: mfaOptions })
  return {
    throttle,
    hashing,
    passwords,
    accessTokens,
    sessions,
    roles,
    tenants,
    users,
    invitations,
    personalTokens,
    teams,
    mfa,
  }
}

/** Guesses at second factors: five, then a lock that doubles up to an hour. */
const MFA_RULE = { maxFailures: 5, lockSeconds: 900, doublings: 2 }

/** Guesses at the password of a link: few from one source, and from all together so many that no single one shuts out the rest. */
const LINK_RULES = {
  link: { maxFailures: 5, lockSeconds: 900, doublings: 2 },
  wholeLink: { maxFailures: 100, lockSeconds: 900, doublings: 0 },
}

/** How they come in. */
function createEntry(config: Config, people: People) {
  const { accounts, tokens, server } = config
  const actors = createActors({ ...people, isActiveAdmin: (id) => admins.isActive(id) })
  const auth = createAuth({ ...people, options: { ...accounts, ...tokens, frontendUrl: server.frontendUrl } })
  auth.defineJobs()
  const admins = createAdmins({ ...people, bootstrapToken: config.admin.bootstrapToken })
  return { actors, auth, admins }
}

export function identityRoutes(modules: Identity, { uploads: { avatarMaxBytes } }: Config): Route[] {
  const { sessions, tenants, users, auth, invitations, roles, personalTokens, teams, mfa, accessTokens, admins } =
    modules
  return [
    ...sessionRoutes(sessions),
    ...tenantRoutes(tenants),
    ...userRoutes({ users, invite: auth.invite, verify: auth.verify, avatarMaxBytes }),
    ...invitationRoutes(invitations),
    ...roleRoutes(roles),
    ...permissionRoutes(roles),
    ...teamRoutes(teams),
    ...tokenRoutes(personalTokens),
    ...mfaRoutes(mfa),
    ...authRoutes({ auth, accessTokens, avatarMaxBytes }),
    ...adminRoutes({ admins, users, tenants, mfa, verify: auth.verify }),
  ]
}
