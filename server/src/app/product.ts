// The product: what people work with.
import type { Config } from '../config.ts'
import type { EventDefinition } from '../core/events.ts'
import type { Route } from '../drivers/http/index.ts'
import { createAccess } from '../modules/product/access/index.ts'
import { createDocuments, documentEvents, documentRoutes } from '../modules/product/documents/index.ts'
import { createFolders, folderEvents, folderRoutes, purgeContentJob } from '../modules/product/folders/index.ts'
import type { Identity } from './identity.ts'

export const productJobs = [purgeContentJob]

export const productEvents: readonly EventDefinition[] = [...folderEvents, ...documentEvents]

export type Product = ReturnType<typeof createProduct>

export function createProduct({ content }: Config, identity: Identity) {
  const access = createAccess()
  const folders = createFolders({ ...identity, access, options: content })
  folders.defineJobs()
  const documents = createDocuments({ ...identity, access, folders, options: content })
  return { ...identity, access, folders, documents }
}

export function productRoutes(modules: Product): Route[] {
  return [...folderRoutes(modules.folders), ...documentRoutes(modules.documents)]
}
