// The composition root: every module by name, in the order in which they may know each other.
import type { Config } from './config.ts'
import type { Clock } from './core/clock.ts'
import type { Bus } from './drivers/bus/index.ts'
import type { Database } from './drivers/database/index.ts'
import { createHttp, createLimiter, type HttpServer, type LimitStore, type Route } from './drivers/http/index.ts'
import type { Mailer } from './drivers/mailer/index.ts'
import type { Jobs } from './drivers/queue/index.ts'
import { createSealer } from './drivers/sealing/index.ts'
import { type Log, withoutRedaction } from './drivers/telemetry/log.ts'
import { auditRoutes, createAudit } from './modules/foundation/audit/index.ts'
import { createMail, deliverMail, mailRoutes } from './modules/foundation/mail/index.ts'
import { createActors } from './modules/identity/actors/index.ts'
import { authRoutes, createAuth, createThrottle, sendLinkJob } from './modules/identity/auth/index.ts'
import { createHashing, createPasswordPolicy } from './modules/identity/passwords/index.ts'
import { createRoles } from './modules/identity/roles/index.ts'
import {
  createAccessTokens,
  createRefreshTokens,
  createSessions,
  sessionRoutes,
} from './modules/identity/sessions/index.ts'
import { createTenants } from './modules/identity/tenants/index.ts'
import { createPersonalTokens, tokenRoutes } from './modules/identity/tokens/index.ts'
import { createUsers, userRoutes } from './modules/identity/users/index.ts'
import { createSystem, systemRoutes } from './modules/views/system/index.ts'

/** The kinds of jobs that modules define: their queues are made with the schema. */
export const jobSettings = [deliverMail, sendLinkJob]

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

/** Builds every module and mounts every route. Nothing listens yet. */
export async function createApp(config: Config, drivers: Drivers, version: string): Promise<App> {
  const modules = createModules(config, drivers, version)
  const { routes, actors, limiter } = modules
  const options = { ...config.server, hsts: config.app.strict, tenancy: config.tenancy, version }
  const log = withoutRedaction(drivers.log)
  return { ...modules, http: await createHttp(options, { routes, authenticator: actors, limiter, log }) }
}

/** The modules and their routes, without a server: what the OpenAPI document is made from. */
export function createModules(config: Config, drivers: Drivers, version: string) {
  const limiter = createLimiter(config.limits, drivers.limits, config.limits.enabled)
  const foundation = createFoundation(config, drivers)
  const identity = createIdentity(config, { ...drivers, ...foundation, limiter })
  const views = createViews(config, drivers, version)
  const avatarMaxBytes = config.uploads.avatarMaxBytes
  const { sessions, users, personalTokens, auth, accessTokens } = identity
  const routes: Route[] = [
    ...auditRoutes(foundation.audit),
    ...mailRoutes(foundation.mail),
    ...sessionRoutes(sessions),
    ...userRoutes({ users, invite: auth.invite, avatarMaxBytes }),
    ...tokenRoutes(personalTokens),
    ...authRoutes({ auth, accessTokens, avatarMaxBytes }),
    ...systemRoutes(views.system),
  ]
  return { routes, limiter, ...foundation, ...identity, ...views }
}

function createFoundation({ mail: mailOptions, app, encryption }: Config, { database, jobs, mailer }: Drivers) {
  const audit = createAudit({ database })
  const sealer = createSealer(encryption.keys)
  const from = { address: mailOptions.from, name: mailOptions.fromName }
  const mail = createMail({ database, jobs, mailer, sealer, options: { from, product: app.name } })
  mail.defineJobs()
  return { audit, mail, sealer }
}

type Foundation = ReturnType<typeof createFoundation>

function createIdentity(
  config: Config,
  {
    database,
    bus,
    jobs,
    clock,
    audit,
    mail,
    sealer,
    limiter,
  }: Drivers & Foundation & { limiter: ReturnType<typeof createLimiter> },
) {
  const { tokens, accounts, server } = config
  const hashing = createHashing(config.hashing)
  const passwords = createPasswordPolicy({ minLength: accounts.passwordMinLength })
  const accessTokens = createAccessTokens({ issuer: server.publicUrl, keys: tokens.keys })
  const refreshTokens = createRefreshTokens({ secret: tokens.refreshSecret })
  const sessions = createSessions({ database, bus, audit, clock, accessTokens, refreshTokens, options: tokens })
  const tenants = createTenants({ database })
  const roles = createRoles({ bus })
  const { defaultRole } = accounts
  const users = createUsers({ database, bus, audit, roles, tenants, sessions, hashing, passwords, defaultRole })
  const personalTokens = createPersonalTokens({ database, bus, audit })
  const isActiveAdmin = async () => false
  const actors = createActors({
    database,
    bus,
    clock,
    sessions,
    personalTokens,
    tenants,
    users,
    roles,
    isActiveAdmin,
  })
  const rule = { maxFailures: accounts.maxLoginAttempts, lockSeconds: accounts.lockoutSeconds }
  const throttle = createThrottle({ database, rule })
  const options = { ...accounts, ...tokens, frontendUrl: server.frontendUrl }
  const auth = createAuth({
    database,
    bus,
    clock,
    audit,
    mail,
    jobs,
    sealer,
    limiter,
    throttle,
    hashing,
    passwords,
    sessions,
    tenants,
    roles,
    users,
    options,
  })
  auth.defineJobs()
  return { hashing, accessTokens, sessions, tenants, roles, users, personalTokens, actors, auth }
}

function createViews({ app, redis }: Config, { database, bus, clock }: Drivers, version: string) {
  const about = {
    name: app.name,
    version,
    environment: app.environment,
    cache: redis.url ? 'redis' : 'memory',
  } as const
  return { system: createSystem({ database, bus, clock, about }) }
}
