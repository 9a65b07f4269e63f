// Views: what is read of everything else.
import type { Config } from '../config.ts'
import type { Route } from '../drivers/http/index.ts'
import { createMachine, type Meter } from '../drivers/telemetry/index.ts'
import { DEFAULT_TENANT } from '../modules/identity/tenants/index.ts'
import { countDaysJob, createDashboard, dashboardRoutes } from '../modules/views/dashboard/index.ts'
import { createSystem, systemRoutes } from '../modules/views/system/index.ts'
import type { Product } from './product.ts'

export const viewJobs = [countDaysJob]

export type Views = ReturnType<typeof createViews>

export function createViews({ app, redis, uploads, metrics }: Config, product: Product, meter: Meter, version: string) {
  const { name, environment } = app
  const about = { name, version, environment, cache: redis.url ? ('redis' as const) : ('memory' as const) }
  const system = createSystem({ ...product, metricsToken: metrics.token, about })
  const machine = createMachine(uploads.dir)
  const dashboard = createDashboard({ ...product, machine, meter, homeTenantId: DEFAULT_TENANT })
  dashboard.defineJobs()
  return { system, dashboard }
}

export function viewRoutes({ system, dashboard }: Views): Route[] {
  return [...systemRoutes(system), ...dashboardRoutes(dashboard)]
}
