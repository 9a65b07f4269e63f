// The product: what people work with.
import type { EventDefinition } from '../core/events.ts'
import type { Route } from '../drivers/http/index.ts'
import type { JobSettings } from '../drivers/queue/index.ts'
import type { Identity } from './identity.ts'

export const productJobs: readonly JobSettings[] = []

export const productEvents: readonly EventDefinition[] = []

export type Product = ReturnType<typeof createProduct>

export function createProduct(identity: Identity) {
  return { ...identity }
}

export function productRoutes(_modules: Product): Route[] {
  return []
}
