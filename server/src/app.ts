// The composition root: the tiers of modules in the order in which they may know each other, their routes, and the server.

import { type Drivers, readDrivers } from './app/drivers.ts'
import { createFoundation, foundationEvents, foundationJobs, foundationRoutes } from './app/foundation.ts'
import { createIdentity, DEFAULT_TENANT, identityEvents, identityJobs, identityRoutes } from './app/identity.ts'
import { createProduct, productEvents, productJobs, productRoutes } from './app/product.ts'
import { createViews, viewJobs, viewRoutes } from './app/views.ts'
import type { Config } from './config.ts'
import type { EventDefinition } from './core/events.ts'
import { createHttp, createIdempotency, type HttpServer, type Route } from './drivers/http/index.ts'
import { createMeter } from './drivers/telemetry/index.ts'
import { withoutRedaction } from './drivers/telemetry/log.ts'

export type { Drivers }

/** The kinds of jobs that modules define: their queues are made with the schema. */
export const jobSettings = [...foundationJobs, ...identityJobs, ...productJobs, ...viewJobs]

/** Every event that there is: the catalogue. */
export const eventCatalogue: readonly EventDefinition[] = [...foundationEvents, ...identityEvents, ...productEvents]

export type Modules = ReturnType<typeof createModules>
export type App = Modules & { http: HttpServer }

/** The modules and their routes, without a server: what the OpenAPI document is made from. */
export function createModules(config: Config, drivers: Drivers, version: string) {
  readDrivers(drivers, version)
  const house = { definitions: eventCatalogue, homeTenantId: DEFAULT_TENANT }
  const foundation = createFoundation(config, drivers, house)
  const identity = createIdentity(config, foundation, (): readonly Route[] => routes)
  const product = createProduct(config, identity)
  const meter = createMeter()
  const views = createViews(config, product, meter, version)
  const routes = [
    ...foundationRoutes(foundation),
    ...identityRoutes(identity, config),
    ...productRoutes(product),
    ...viewRoutes(views),
  ]
  return { ...product, ...views, meter, routes }
}

/** Builds every module and mounts every route. Nothing listens yet. */
export async function createApp(config: Config, drivers: Drivers, version: string): Promise<App> {
  const modules = createModules(config, drivers, version)
  const { routes, actors, limiter, meter } = modules
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
  const { clock, metrics, tracing } = drivers
  const parts = { routes, authenticator: actors, limiter, idempotency, meter, metrics, tracing, log, clock }
  return { ...modules, http: await createHttp(options, parts) }
}
