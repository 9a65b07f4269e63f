// Views: what is read of everything else.
import type { Config } from '../config.ts'
import type { Route } from '../drivers/http/index.ts'
import { createSystem, systemRoutes } from '../modules/views/system/index.ts'
import type { Drivers } from './drivers.ts'

export type Views = ReturnType<typeof createViews>

export function createViews({ app, redis }: Config, drivers: Drivers, version: string) {
  const { name, environment } = app
  const about = { name, version, environment, cache: redis.url ? ('redis' as const) : ('memory' as const) }
  const system = createSystem({ ...drivers, about })
  return { system }
}

export function viewRoutes({ system }: Views): Route[] {
  return [...systemRoutes(system)]
}
