// Blobs in a folder of this machine.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { newId } from '../../core/ids.ts'
import { BlobMissing, type BlobStore, blobErrors, type ListedBlob, mustBeKey } from './store.ts'

/** Uploads arrive here, on the same volume as where they go. */
const ARRIVING = 'arriving'
/** Of an upload, while the disk is slower than the line: what waits is written at once. */
const BUFFERED = 1024 * 1024
const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG']

export interface DiskOptions {
  dir: string
}

export function createDiskStore({ dir }: DiskOptions): BlobStore {
  /** Folders by the last two characters, which are random: a folder of a million files is slow to read. */
  function pathOf(key: string): string {
    mustBeKey(key)
    const [root, tenantId, id] = key.split('/') as [string, string, string]
    return join(dir, root, tenantId, id.slice(-2), id)
  }

  async function* filesBelow(folder: string): AsyncGenerator<string> {
    const entries = await opendir(folder).catch(ignoreMissing)
    if (!entries) return
    for await (const entry of entries) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) yield* filesBelow(path)
      else if (entry.isFile()) yield path
    }
  }

  async function statOf(path: string) {
    const found = await stat(path).catch(ignoreMissing)
    return found && { bytes: found.size, modifiedAt: found.mtime }
  }

  return {
    put: (key, content) =>
      telling(async () => {
        const path = pathOf(key)
        const arriving = join(dir, ARRIVING, newId())
        await mkdir(dirname(arriving), { recursive: true })
        try {
          // Its content is on the disk before it has its name, and its name before anybody hears of it.
          await pipeline(
            Readable.from(content),
            createWriteStream(arriving, { flags: 'wx', mode: 0o600, flush: true, highWaterMark: BUFFERED }),
          )
          await makeDurably(dirname(path), dir)
          await rename(arriving, path)
          await syncFolder(dirname(path))
        } catch (error) {
          await rm(arriving, { force: true }).catch(() => undefined)
          throw error
        }
      }),

    get: (key, range) =>
      telling(async () => {
        const file = await open(pathOf(key)).catch(ignoreMissing)
        if (!file) throw new BlobMissing(key)
        return createReadStream('', { fd: file, ...range, highWaterMark: 256 * 1024 })
      }),

    stat: (key) => telling(() => statOf(pathOf(key))),

    delete: (key) => telling(() => rm(pathOf(key), { force: true })),

    async *list(prefix) {
      const [root = '', tenantId = ''] = prefix.split('/')
      const whole = prefix.endsWith('/') && /^[A-Za-z0-9_-]*$/.test(tenantId)
      for await (const path of filesBelow(whole && root === 't' ? join(dir, root, tenantId) : join(dir, 't'))) {
        const [first, tenant, , id] = relative(dir, path).split(sep)
        const key = `${first}/${tenant}/${id}`
        if (id === undefined || !key.startsWith(prefix)) continue
        const found = await statOf(path)
        if (found) yield { key, ...found } satisfies ListedBlob
      }
    },

    removeRemains: (before) =>
      telling(async () => {
        let removed = 0
        for await (const path of filesBelow(join(dir, ARRIVING))) {
          const found = await statOf(path)
          if (!found || found.modifiedAt >= before) continue
          await rm(path, { force: true })
          removed++
        }
        return removed
      }),

    close: () => undefined,
  }
}

/** Failures of the disk in the product's words; those of the content as they are. */
async function telling<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (code === undefined || syscall === undefined) throw error
    throw blobErrors(FULL.includes(code) ? 'storage.full' : 'storage.unavailable', { cause: error })
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** Makes the folder and those above it up to the root, each written for good into the one above. */
async function makeDurably(folder: string, root: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let at = folder; at.length >= first.length && at !== root; at = dirname(at)) await syncFolder(dirname(at))
}

async function syncFolder(folder: string): Promise<void> {
  // Windows has no handle on a folder to sync.
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
