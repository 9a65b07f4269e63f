// Blobs in a bucket of S3, or of a service that speaks like it.
import { Readable } from 'node:stream'
import type { ListObjectsV2CommandOutput, S3Client } from '@aws-sdk/client-s3'
import { type AgentRules, type Agents, createAgents, type Endpoint, refusalBehind } from './endpoints.ts'
import { BlobMissing, type BlobStore, type ByteRange, blobErrors, mustBeKey } from './store.ts'

export interface S3Options {
  bucket: string
  region: string
  /** Of a service other than Amazon's. */
  endpoint?: Endpoint | undefined
  accessKeyId: string
  secretAccessKey: string
}

const PART_BYTES = 8 * 1024 * 1024
const ATTEMPTS = 3

/** The libraries are loaded with the first verb. */
export function createS3Store(options: S3Options, rules: AgentRules): BlobStore {
  const { bucket: Bucket } = options
  const agents = createAgents(rules)
  let loaded: Promise<Loaded> | undefined

  async function load() {
    const [sdk, { Upload }, { NodeHttpHandler }] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('@aws-sdk/lib-storage'),
      import('@smithy/node-http-handler'),
    ])
    const clientOf = ({ httpAgent, httpsAgent }: Agents) =>
      new sdk.S3Client({
        region: options.region,
        ...(options.endpoint && { endpoint: options.endpoint }),
        credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey },
        forcePathStyle: options.endpoint !== undefined,
        // Services other than Amazon's keep the framing of checksummed streams as content.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        maxAttempts: ATTEMPTS,
        requestHandler: new NodeHttpHandler({ httpAgent, httpsAgent, connectionTimeout: 5_000, socketTimeout: 60_000 }),
      })
    return { sdk, Upload, client: clientOf(agents), reader: clientOf(agents.readers) }
  }

  const telling = async <T>(key: string, work: (parts: Loaded) => Promise<T>): Promise<T> => {
    loaded ??= load()
    try {
      return await work(await loaded)
    } catch (error) {
      const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
      if (name === 'NoSuchKey' || name === 'NotFound') throw new BlobMissing(key)
      if ($metadata || isOfNetwork(error) || refusalBehind(error))
        throw blobErrors('storage.unavailable', { cause: error })
      throw error
    }
  }

  async function* pages(prefix: string): AsyncGenerator<ListObjectsV2CommandOutput> {
    let ContinuationToken: string | undefined
    do {
      const page = await telling(prefix, ({ sdk, client }) =>
        client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix: prefix, ContinuationToken })),
      )
      yield page
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken)
  }

  return {
    async put(key, content) {
      mustBeKey(key)
      let broken: { error: unknown } | undefined
      // What breaks the content must come out as it is, and not as a failure of the service.
      async function* watched() {
        try {
          yield* content
        } catch (error) {
          broken = { error }
          throw error
        }
      }
      try {
        await telling(key, async ({ Upload, client }) => {
          const params = { Bucket, Key: key, Body: Readable.from(watched(), { objectMode: false }) }
          await new Upload({ client, params, partSize: PART_BYTES, queueSize: 2 }).done()
        })
      } catch (error) {
        throw broken ? broken.error : error
      }
    },

    get(key, range) {
      mustBeKey(key)
      return telling(key, async ({ sdk, reader }) => {
        const Range = range && `bytes=${range.start}-${range.end}`
        const answer = await reader.send(new sdk.GetObjectCommand({ Bucket, Key: key, Range }))
        const body = answer.Body as Readable
        // Some services read a range in their own way, or not at all.
        return range && answer.ContentLength !== range.end - range.start + 1
          ? Readable.from(partOf(body, range, answer.ContentRange))
          : body
      })
    },

    async stat(key) {
      mustBeKey(key)
      try {
        const head = await telling(key, ({ sdk, client }) =>
          client.send(new sdk.HeadObjectCommand({ Bucket, Key: key })),
        )
        return { bytes: head.ContentLength ?? 0, modifiedAt: head.LastModified ?? new Date(0) }
      } catch (error) {
        if (error instanceof BlobMissing) return undefined
        throw error
      }
    },

    async delete(key) {
      mustBeKey(key)
      await telling(key, ({ sdk, client }) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key: key }))).catch(
        (error) => {
          if (!(error instanceof BlobMissing)) throw error
        },
      )
    },

    async *list(prefix) {
      for await (const { Contents = [] } of pages(prefix))
        for (const { Key = '', Size = 0, LastModified = new Date(0) } of Contents)
          yield { key: Key, bytes: Size, modifiedAt: LastModified }
    },

    removeRemains: (before) =>
      telling('', async ({ sdk, client }) => {
        const { Uploads = [] } = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: 't/' }))
        const old = Uploads.filter(({ Initiated }) => Initiated && Initiated < before)
        for (const { Key, UploadId } of old)
          await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
        return old.length
      }),

    close() {
      agents.destroy()
      void loaded?.then(({ client, reader }) => {
        client.destroy()
        reader.destroy()
      })
    },
  }
}

/** The bytes of the range from an answer that begins where it says. */
async function* partOf(body: Readable, { start, end }: ByteRange, said = 'bytes 0-'): AsyncGenerator<Buffer> {
  let at = Number(/^bytes (\d+)-/.exec(said)?.[1] ?? 0)
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const wanted = chunk.subarray(Math.max(0, start - at), Math.max(0, end + 1 - at))
    if (wanted.length) yield wanted
    at += chunk.length
    if (at > end) return
  }
}

interface Loaded {
  sdk: typeof import('@aws-sdk/client-s3')
  Upload: typeof import('@aws-sdk/lib-storage').Upload
  client: S3Client
  reader: S3Client
}

function isOfNetwork(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: string }
  return typeof code === 'string' || name === 'TimeoutError'
}
