// The sweep: removes what uploads left that broke off, blobs that nobody has any more, and those of tenants that are gone.
import Type from 'typebox'
import { blobKey, thumbnailKey } from '../../../../drivers/blobs/index.ts'
import { inBatches, type JobSettings } from '../../../../drivers/queue/index.ts'
import * as queries from '../blobs.queries.ts'
import { PROVIDERS, type Provider } from '../stores.ts'
import { charge, type StorageParts } from './parts.ts'

export interface Sweep {
  /** Removes what nobody has and nobody touched for so long, and what tenants left; answers how many blobs. */
  sweep(olderThanSeconds: number, signal?: AbortSignal): Promise<number>
  /** Makes the hourly look known to this process. */
  defineJobs(): void
}

export const sweepBlobsJob = {
  name: 'storage.sweep',
  scope: 'installation',
  schedule: { cron: '17 * * * *', timeZone: 'UTC' },
  schema: Type.Object({}),
  retry: { limit: 5, delaySeconds: 60, backoff: true, maxDelaySeconds: 900 },
  timeoutSeconds: 3_600,
  concurrency: 1,
} satisfies JobSettings

/** Longer than any upload goes without a sign of life, and than anybody reads what was let go of. */
const FORSAKEN_SECONDS = 3 * 3_600
const AT_ONCE = 200

export function createSweep({ database, jobs, stores, options }: StorageParts): Sweep {
  /** Removes one, if nobody took it meanwhile: first the bytes, then the row, so that a crash leaves a row that is found again. */
  function remove({ id, tenantId }: queries.TenantBlob, seconds: number): Promise<number> {
    return database.inTenant(tenantId, async (tx) => {
      const row = await queries.lockForsaken(tx, id, seconds)
      if (!row) return 0
      const store = await stores.at(tx, row)
      if (row.thumbnail) await store.delete(thumbnailKey(tenantId, id))
      await store.delete(blobKey(tenantId, id))
      await queries.remove(tx, id)
      if (row.state === 'arriving') await charge(tx, row.userId, -row.bytes, options)
      return 1
    })
  }

  function removeForsaken(seconds: number, signal?: AbortSignal): Promise<number> {
    return inBatches(signal, async () => {
      const found = await database.acrossTenants('blobs that nobody has', (tx) =>
        queries.forsaken(tx, seconds, AT_ONCE),
      )
      let gone = 0
      // The storage of one tenant that does not answer keeps nobody else waiting.
      for (const one of found) gone += await remove(one, seconds).catch(() => 0)
      return gone
    })
  }

  /** What tenants left who are gone, in one of the installation's own storages. */
  function removeLeft(provider: Provider, signal?: AbortSignal): Promise<number> {
    const store = stores.own(provider)
    return inBatches(signal, async () => {
      const keys = store ? await queries.left(database.global, provider, AT_ONCE) : []
      const gone: string[] = []
      for (const key of keys)
        await store!.delete(key).then(
          () => gone.push(key),
          () => undefined,
        )
      await queries.forgetLeft(database.global, gone)
      return gone.length
    })
  }

  async function sweep(seconds: number, signal?: AbortSignal): Promise<number> {
    let removed = await removeForsaken(seconds, signal)
    for (const provider of PROVIDERS) removed += await removeLeft(provider, signal)
    const before = new Date(Date.now() - seconds * 1_000)
    await stores.own(options.provider)?.removeRemains(before)
    return removed
  }

  return {
    sweep,
    defineJobs: () =>
      jobs.define({
        ...sweepBlobsJob,
        handler: async ({ signal }) => ({ removed: await sweep(FORSAKEN_SECONDS, signal) }),
      }),
  }
}
