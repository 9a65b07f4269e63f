// Blobs in a container of Azure Blob Storage.
import { Readable } from 'node:stream'
import type { ContainerClient } from '@azure/storage-blob'
import { type AgentRules, type Agents, createAgents, type Endpoint, refusalBehind } from './endpoints.ts'
import { BlobMissing, type BlobStore, blobErrors, mustBeKey } from './store.ts'

export interface AzureOptions {
  account: string
  accountKey: string
  container: string
  /** Where it is not the usual one of the account at Azure. */
  endpoint?: Endpoint | undefined
}

const BLOCK_BYTES = 8 * 1024 * 1024

/** The library is loaded with the first verb. */
export function createAzureStore(options: AzureOptions, rules: AgentRules): BlobStore {
  const agents = createAgents(rules)
  let loaded: Promise<Loaded> | undefined

  async function load(): Promise<Loaded> {
    const sdk = await import('@azure/storage-blob')
    return { container: clientOf(sdk, agents), reader: clientOf(sdk, agents.readers) }
  }

  function clientOf(sdk: typeof import('@azure/storage-blob'), { httpAgent, httpsAgent }: Agents): ContainerClient {
    const credential = new sdk.StorageSharedKeyCredential(options.account, options.accountKey)
    const pipeline = sdk.newPipeline(credential, {
      retryOptions: { maxTries: 3, tryTimeoutInMs: 60_000, maxRetryDelayInMs: 2_000 },
    })
    // Every connection goes through the agents: they know where it may lead.
    pipeline.factories.push({
      create: (next) => ({
        sendRequest(request) {
          request.agent = request.url.startsWith('https:') ? httpsAgent : httpAgent
          return next.sendRequest(request)
        },
      }),
    })
    const service = new sdk.BlobServiceClient(endpointOf(options), pipeline)
    return service.getContainerClient(options.container)
  }

  const telling = async <T>(key: string, work: (clients: Loaded) => Promise<T>): Promise<T> => {
    loaded ??= load()
    try {
      return await work(await loaded)
    } catch (error) {
      const { statusCode, code, name } = error as { statusCode?: number; code?: unknown; name?: string }
      const isAbsent = code === 'BlobNotFound' || (statusCode === 404 && code === undefined)
      if (isAbsent) throw new BlobMissing(key)
      if (name === 'RestError' || typeof code === 'string' || refusalBehind(error))
        throw blobErrors('storage.unavailable', { cause: error })
      throw error
    }
  }

  return {
    async put(key, content) {
      mustBeKey(key)
      let broken: { error: unknown } | undefined
      const stop = new AbortController()
      async function* watched() {
        try {
          yield* content
        } catch (error) {
          broken = { error }
          stop.abort()
          throw error
        }
      }
      try {
        // Blocks that were never committed show nothing, and Azure forgets them after a week.
        await telling(key, ({ container }) =>
          container
            .getBlockBlobClient(key)
            .uploadStream(Readable.from(watched(), { objectMode: false }), BLOCK_BYTES, 2, {
              abortSignal: stop.signal,
            }),
        )
      } catch (error) {
        throw broken ? broken.error : error
      }
    },

    get(key, range) {
      mustBeKey(key)
      return telling(key, async ({ reader }) => {
        const length = range && range.end - range.start + 1
        const { readableStreamBody } = await reader
          .getBlobClient(key)
          .download(range?.start ?? 0, length, { maxRetryRequests: 3 })
        return readableStreamBody as Readable
      })
    },

    async stat(key) {
      mustBeKey(key)
      try {
        const found = await telling(key, ({ container }) => container.getBlobClient(key).getProperties())
        return { bytes: found.contentLength ?? 0, modifiedAt: found.lastModified ?? new Date(0) }
      } catch (error) {
        if (error instanceof BlobMissing) return undefined
        throw error
      }
    },

    async delete(key) {
      mustBeKey(key)
      await telling(key, ({ container }) => container.getBlobClient(key).deleteIfExists())
    },

    async *list(prefix) {
      let continuationToken: string | undefined
      do {
        const { value: page } = await telling(prefix, ({ container }) =>
          container.listBlobsFlat({ prefix }).byPage({ continuationToken, maxPageSize: 1_000 }).next(),
        )
        for (const { name, properties } of page?.segment.blobItems ?? [])
          yield { key: name, bytes: properties.contentLength ?? 0, modifiedAt: properties.lastModified }
        continuationToken = page?.continuationToken || undefined
      } while (continuationToken)
    },

    removeRemains: async () => 0,

    close() {
      agents.destroy()
    },
  }
}

interface Loaded {
  container: ContainerClient
  reader: ContainerClient
}

function endpointOf({ endpoint, account }: AzureOptions): string {
  return endpoint ?? `https://${account}.blob.core.windows.net`
}
