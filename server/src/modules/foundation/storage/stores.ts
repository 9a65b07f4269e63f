// Which store a blob lies in: one of the installation's own, or one that its tenant brought.
import {
  type AzureOptions,
  type BlobStore,
  createAzureStore,
  createDiskStore,
  createS3Store,
  type S3Options,
} from '../../../drivers/blobs/index.ts'
import type { Executor } from '../../../drivers/database/index.ts'
import type { Sealer } from '../../../drivers/sealing/index.ts'
import type { Place } from './blobs.queries.ts'
import * as queries from './storage.queries.ts'

export const PROVIDERS = ['disk', 's3', 'azure'] as const
export type Provider = (typeof PROVIDERS)[number]

export interface StorageOptions {
  /** Where files go when the tenant brings no storage. */
  provider: Provider
  dir: string
  s3: S3Options | undefined
  azure: AzureOptions | undefined
  /** Whether storages that tenants bring may stand in private networks. */
  allowPrivateEndpoints: boolean
  tenantQuota: number
  userQuota: number
  maxBytes: number
}

export interface Stores {
  /** Where the next blob of the handle's tenant goes. */
  current(db: Executor): Promise<{ place: Place; store: BlobStore }>
  at(db: Executor, place: Place): Promise<BlobStore>
  /** One that is not saved yet; whoever opens it closes it. */
  open(brought: Brought): BlobStore
  /** The installation's own; undefined where it has none of that provider. */
  own(provider: Provider): BlobStore | undefined
}

export type Brought = { provider: 's3'; options: S3Options } | { provider: 'azure'; options: AzureOptions }

/** How many stores of tenants are held ready. */
const HELD = 100

export function createStores(options: StorageOptions, sealer: Sealer): Stores {
  const own = new Map<Provider, BlobStore>()
  const brought = new Map<string, BlobStore>()
  const rules = { allowPrivate: options.allowPrivateEndpoints }

  function ownStore(provider: Provider): BlobStore | undefined {
    const known = own.get(provider)
    if (known) return known
    // Whoever runs the installation may keep its files wherever they like.
    const anywhere = { allowPrivate: true }
    const made =
      provider === 'disk'
        ? createDiskStore({ dir: options.dir })
        : provider === 's3'
          ? options.s3 && createS3Store(options.s3, anywhere)
          : options.azure && createAzureStore(options.azure, anywhere)
    if (made) own.set(provider, made)
    return made
  }

  function mustOwn(provider: Provider): BlobStore {
    const store = ownStore(provider)
    if (!store) throw new Error(`The settings of the ${provider} storage, in which there are files, are missing.`)
    return store
  }

  const open = (one: Brought) =>
    one.provider === 's3' ? createS3Store(one.options, rules) : createAzureStore(one.options, rules)

  function hold(row: queries.Storage): BlobStore {
    const known = brought.get(row.id)
    if (known) return known
    const secret = sealer.open(row.sealed, sealContext(row.id))
    const store = open(broughtOf(row.provider, row.settings as Record<string, string>, secret))
    // The one that was opened first goes; what is being read from it is read to its end.
    if (brought.size >= HELD) brought.delete(brought.keys().next().value!)
    brought.set(row.id, store)
    return store
  }

  return {
    async current(db) {
      const row = await queries.current(db)
      if (row) return { place: { provider: null, storageId: row.id }, store: hold(row) }
      return { place: { provider: options.provider, storageId: null }, store: mustOwn(options.provider) }
    },
    async at(db, { provider, storageId }) {
      if (provider) return mustOwn(provider)
      const known = brought.get(storageId!)
      if (known) return known
      const row = await queries.find(db, storageId!)
      if (!row) throw new Error(`The storage ${storageId} is not there.`)
      return hold(row)
    },
    open,
    own: ownStore,
  }
}

export const sealContext = (id: string) => `storage ${id}`

/** What a store is opened with, from the settings and the secret that are kept apart. */
export function broughtOf(provider: 's3' | 'azure', settings: Record<string, string>, secret: string): Brought {
  return provider === 's3'
    ? { provider, options: { ...settings, secretAccessKey: secret } as unknown as S3Options }
    : { provider, options: { ...settings, accountKey: secret } as unknown as AzureOptions }
}
