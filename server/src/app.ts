// The composition root: every module by name, in the order in which they may know each other.

import type { Config } from './config.ts'
import type { Clock } from './core/clock.ts'
import type { Bus } from './drivers/bus/index.ts'
import type { Database } from './drivers/database/index.ts'
import { createHttp, createLimiter, type HttpServer, type LimitStore, type Route } from './drivers/http/index.ts'
import type { Log } from './drivers/telemetry/log.ts'
import { auditRoutes, createAudit } from './modules/foundation/audit/index.ts'
import { createActors } from './modules/identity/actors/index.ts'
import { authRoutes, createAuth, createThrottle } from './modules/identity/auth/index.ts'
import { createHashing, createPasswordPolicy } from './modules/identity/passwords/index.ts'
import { createRoles, permissionRoutes, roleRoutes } from './modules/identity/roles/index.ts'
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

export interface Drivers {
  database: Database
  bus: Bus
  limits: LimitStore
  clock: Clock
  log: Log
}

export type Modules = ReturnType<typeof createModules>
export type App = Modules & { http: HttpServer }

/** Builds every module and mounts every route. Nothing listens yet. */
export async function createApp(config: Config, drivers: Drivers, version: string): Promise<App> {
  const modules = createModules(config, drivers, version)
  const { server, app, tenancy } = config
  const http = await createHttp(
    {
      csp: server.cspMode,
      hsts: app.strict,
      bodyLimit: server.bodyLimit,
      requestTimeoutMs: server.requestTimeoutMs,
      headersTimeoutMs: server.headersTimeoutMs,
      handlerTimeoutMs: server.handlerTimeoutMs,
      keepAliveTimeoutMs: server.keepAliveTimeoutMs,
      maxConnections: server.maxConnections,
      trustedProxies: server.trustedProxies,
      corsOrigins: server.corsOrigins,
      documents: server.documents,
      version,
      tenancy,
    },
    { routes: modules.routes, authenticator: modules.actors, limiter: modules.limiter, log: drivers.log },
  )
  return { ...modules, http }
}

/** The modules and their routes, without a server: what the OpenAPI document is made from. */
export function createModules(config: Config, { database, bus, limits, clock }: Drivers, version: string) {
  const { tokens, accounts, hashing: hashingOptions, server, uploads, app } = config
  const limiter = createLimiter(config.limits, limits, config.limits.enabled)
  const audit = createAudit({ database })
  const hashing = createHashing(hashingOptions)
  const passwords = createPasswordPolicy({ minLength: accounts.passwordMinLength })
  const accessTokens = createAccessTokens({ issuer: server.publicUrl, keys: tokens.keys })
  const refreshTokens = createRefreshTokens({ secret: tokens.refreshSecret })
  const sessions = createSessions({ database, bus, audit, clock, accessTokens, refreshTokens, options: tokens })
  const tenants = createTenants({ database })
  const roles = createRoles({ database, bus, audit, routes: () => routes })
  const users = createUsers({
    database,
    bus,
    audit,
    roles,
    tenants,
    sessions,
    hashing,
    passwords,
    defaultRole: accounts.defaultRole,
  })
  const personalTokens = createPersonalTokens({ database, bus, audit })
  const throttle = createThrottle({
    database,
    rule: { maxFailures: accounts.maxLoginAttempts, lockSeconds: accounts.lockoutSeconds },
  })
  const actors = createActors({
    database,
    bus,
    clock,
    sessions,
    personalTokens,
    tenants,
    users,
    roles,
    isActiveAdmin: async () => false,
  })
  const auth = createAuth({
    database,
    bus,
    clock,
    audit,
    mail: { send: async () => undefined },
    limiter,
    throttle,
    hashing,
    passwords,
    sessions,
    tenants,
    roles,
    users,
    options: { ...accounts, ...tokens, frontendUrl: server.frontendUrl },
  })
  const system = createSystem({
    database,
    bus,
    clock,
    about: { name: app.name, version, environment: app.environment, cache: 'memory' },
  })
  const avatarMaxBytes = uploads.avatarMaxBytes
  const routes: Route[] = [
    ...auditRoutes(audit),
    ...sessionRoutes(sessions),
    ...userRoutes({ users, invite: auth.invite, avatarMaxBytes }),
    ...roleRoutes(roles),
    ...permissionRoutes(roles),
    ...tokenRoutes(personalTokens),
    ...authRoutes({ auth, accessTokens, avatarMaxBytes }),
    ...systemRoutes(system),
  ]
  return { routes, limiter, audit, sessions, tenants, roles, users, personalTokens, actors, auth, system, hashing }
}
