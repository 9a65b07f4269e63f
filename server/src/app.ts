// The composition root: every module by name, in the order in which they may know each other.
import type { Config } from './config.ts'
import type { Clock } from './core/clock.ts'
import type { EventDefinition } from './core/events.ts'
import type { Bus } from './drivers/bus/index.ts'
import type { Database, Tx } from './drivers/database/index.ts'
import {
  createHttp,
  createIdempotency,
  createLimiter,
  type HttpServer,
  type LimitStore,
  type Route,
} from './drivers/http/index.ts'
import type { Mailer } from './drivers/mailer/index.ts'
import type { Jobs } from './drivers/queue/index.ts'
import { createSealer } from './drivers/sealing/index.ts'
import { type Log, withoutRedaction } from './drivers/telemetry/log.ts'
import { auditRoutes, createAudit, forgetAuditJob } from './modules/foundation/audit/index.ts'
import { createEvents, eventRoutes, keepEventsJob } from './modules/foundation/events/index.ts'
import { adminJobRoutes, createJobDesk, jobEvents, jobRoutes } from './modules/foundation/jobs/index.ts'
import {
  createMail,
  createTemplateDesk,
  createTemplates,
  deliverMail,
  mailEvents,
  mailRoutes,
  mailUpkeepJob,
  templateRoutes,
} from './modules/foundation/mail/index.ts'
import { createActors } from './modules/identity/actors/index.ts'
import { adminRoutes, createAdmins, impersonationEvents } from './modules/identity/admins/index.ts'
import { authRoutes, changeAddressJob, createAuth, sendLinkJob } from './modules/identity/auth/index.ts'
import { createInvitations, invitationEvents, invitationRoutes } from './modules/identity/invitations/index.ts'
import { createMfa, mfaEvents, mfaRoutes } from './modules/identity/mfa/index.ts'
import { createHashing, createPasswordPolicy } from './modules/identity/passwords/index.ts'
import { createRoles, permissionRoutes, roleEvents, roleRoutes } from './modules/identity/roles/index.ts'
import {
  createAccessTokens,
  createRefreshTokens,
  createSessions,
  sessionEvents,
  sessionRoutes,
} from './modules/identity/sessions/index.ts'
import {
  createTenants,
  DEFAULT_TENANT,
  purgeTenantsJob,
  tenancyEvents,
  tenantRoutes,
} from './modules/identity/tenants/index.ts'
import { createThrottle } from './modules/identity/throttle/index.ts'
import { createPersonalTokens, tokenEvents, tokenRoutes } from './modules/identity/tokens/index.ts'
import { createUsers, userEvents, userRoutes } from './modules/identity/users/index.ts'
import { createSystem, systemRoutes } from './modules/views/system/index.ts'

/** The kinds of jobs that modules define: their queues are made with the schema. */
const upkeepJobs = [keepEventsJob, forgetAuditJob, mailUpkeepJob]
export const jobSettings = [...upkeepJobs, deliverMail, purgeTenantsJob, sendLinkJob, changeAddressJob]

/** Every event that there is: the catalogue. */
export const eventCatalogue: readonly EventDefinition[] = [
  [jobEvents, mailEvents, sessionEvents, roleEvents, tenancyEvents],
  [userEvents, invitationEvents, tokenEvents, mfaEvents, impersonationEvents],
].flat(2)

/** The outside world, as this process reaches it. */
export interface Drivers {
  database: Database
  bus: Bus
  jobs: Jobs
  /** Undefined: mail stays in the outbox. */
  mailer: Mailer | undefined
  limits: LimitStore
  clock: Clock
  log: Log
}

export type Modules = ReturnType<typeof createModules>
export type App = Modules & { http: HttpServer }

type Foundation = Drivers & ReturnType<typeof createFoundation> & { limiter: ReturnType<typeof createLimiter> }
type People = Foundation & ReturnType<typeof createPeople>

/** What every module uses. */
function createFoundation(config: Config, drivers: Drivers) {
  const { audit: kept, mail: settings, events: streams, app, encryption, server } = config
  const { database, jobs, mailer } = drivers
  const events = createEvents({ ...drivers, definitions: eventCatalogue, options: streams })
  events.defineJobs()
  const audit = createAudit({ database, jobs, events, options: kept })
  audit.defineJobs()
  const jobDesk = createJobDesk({ database, jobs, audit, events, homeTenantId: DEFAULT_TENANT })
  const sealer = createSealer(encryption.keys)
  const from = { address: settings.from, name: settings.fromName }
  const options = {
    from,
    product: app.name,
    liveOutbox: !app.strict,
    // Before the time of an answer is over.
    waitMs: Math.min(10_000, server.handlerTimeoutMs * 0.8),
    attachmentMaxBytes: settings.attachmentMaxBytes,
    perRecipientHour: settings.maxPerRecipientHour,
    perTenantDay: settings.maxPerTenantDay,
    retentionSeconds: settings.retentionSeconds,
  }
  const wording = { product: app.name, defaultLocale: app.defaultLocale }
  const templates = createTemplates({ ...drivers, options: wording })
  const templateDesk = createTemplateDesk({ ...drivers, audit, templates, options: wording })
  const mail = createMail({ database, jobs, events, mailer, sealer, audit, templates, options })
  mail.defineJobs()
  return { events, audit, jobDesk, mail, sealer, templates, templateDesk }
}

/** Who there is, and what they may do. */
function createPeople(config: Config, foundation: Foundation, routes: () => readonly Route[]) {
  const { tokens, accounts, admin, tenancy, server } = config
  const passwordRule = { maxFailures: accounts.maxLoginAttempts, lockSeconds: accounts.lockoutSeconds, doublings: 0 }
  const rules = { user: passwordRule, admin: passwordRule, mfa: MFA_RULE }
  const throttle = createThrottle({ database: foundation.database, rules })
  const hashing = createHashing(config.hashing)
  const passwords = createPasswordPolicy({ minLength: accounts.passwordMinLength })
  const accessTokens = createAccessTokens({ issuer: server.publicUrl, keys: tokens.keys })
  const refreshTokens = createRefreshTokens({ secret: tokens.refreshSecret })
  const lifeIn = (tenantId: string, within?: Tx) => tenants.sessionLifeOf(tenantId, within)
  const sessions = createSessions({ ...foundation, accessTokens, refreshTokens, lifeIn, options: { ...tokens, admin } })
  const roles = createRoles({ ...foundation, routes })
  const { defaultRole } = accounts
  const { absoluteSeconds, idleSeconds } = tokens
  const options = { ...tenancy, defaultRole, sessions: { absoluteSeconds, idleSeconds } }
  const tenants = createTenants({ ...foundation, roles, sessions, options })
  tenants.defineJobs()
  const users = createUsers({ ...foundation, roles, tenants, sessions, hashing, passwords })
  const personalTokens = createPersonalTokens({ ...foundation, sessions, users })
  const inviting = { perDay: tenancy.invitationsPerDay, frontendUrl: server.frontendUrl }
  const invitations = createInvitations({ ...foundation, roles, tenants, users, options: inviting })
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
    mfa,
  }
}

/** Guesses at second factors: five, then a lock that doubles up to an hour. */
const MFA_RULE = { maxFailures: 5, lockSeconds: 900, doublings: 2 }

/** How they come in. */
function createEntry(config: Config, people: People) {
  const { accounts, tokens, server } = config
  const actors = createActors({ ...people, isActiveAdmin: (id) => admins.isActive(id) })
  const auth = createAuth({ ...people, options: { ...accounts, ...tokens, frontendUrl: server.frontendUrl } })
  auth.defineJobs()
  const admins = createAdmins({ ...people, bootstrapToken: config.admin.bootstrapToken })
  return { actors, auth, admins }
}

/** The modules and their routes, without a server: what the OpenAPI document is made from. */
export function createModules(config: Config, drivers: Drivers, version: string) {
  const limiter = createLimiter(config.limits, drivers.limits, config.limits.enabled)
  const foundation = { ...drivers, limiter, ...createFoundation(config, drivers) }
  const people = { ...foundation, ...createPeople(config, foundation, (): Route[] => routes) }
  const { actors, auth, admins } = createEntry(config, people)
  const system = createSystem({
    ...drivers,
    about: {
      name: config.app.name,
      version,
      environment: config.app.environment,
      cache: config.redis.url ? 'redis' : 'memory',
    },
  })
  const {
    events,
    audit,
    jobDesk,
    mail,
    templateDesk,
    sessions,
    tenants,
    users,
    roles,
    invitations,
    personalTokens,
    accessTokens,
    mfa,
  } = people
  const { avatarMaxBytes } = config.uploads
  const routes: Route[] = [
    ...eventRoutes(events),
    ...auditRoutes(audit),
    ...jobRoutes(jobDesk),
    ...adminJobRoutes(jobDesk),
    ...mailRoutes(mail),
    ...templateRoutes(templateDesk),
    ...sessionRoutes(sessions),
    ...tenantRoutes(tenants),
    ...userRoutes({ users, invite: auth.invite, verify: auth.verify, avatarMaxBytes }),
    ...invitationRoutes(invitations),
    ...roleRoutes(roles),
    ...permissionRoutes(roles),
    ...tokenRoutes(personalTokens),
    ...mfaRoutes(mfa),
    ...authRoutes({ auth, accessTokens, avatarMaxBytes }),
    ...adminRoutes({ admins, users, tenants, mfa, verify: auth.verify }),
    ...systemRoutes(system),
  ]
  return { ...people, routes, actors, auth, admins, system }
}

/** Builds every module and mounts every route. Nothing listens yet. */
export async function createApp(config: Config, drivers: Drivers, version: string): Promise<App> {
  const modules = createModules(config, drivers, version)
  const { routes, actors, limiter } = modules
  const idempotency = createIdempotency(modules)
  const { reauthenticationSeconds } = config.accounts
  const options = {
    ...config.server,
    reauthenticationSeconds,
    hsts: config.app.strict,
    tenancy: config.tenancy,
    version,
  }
  const log = withoutRedaction(drivers.log)
  const parts = { routes, authenticator: actors, limiter, idempotency, log, clock: drivers.clock }
  return { ...modules, http: await createHttp(options, parts) }
}
