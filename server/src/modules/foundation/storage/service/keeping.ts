// Keeping blobs: from the first byte to the last owner.
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { Problem } from '../../../../core/errors.ts'
import { createGates } from '../../../../core/gate.ts'
import { newId } from '../../../../core/ids.ts'
import { type ByteRange, blobKey, thumbnailKey } from '../../../../drivers/blobs/index.ts'
import type { Executor, Tx } from '../../../../drivers/database/index.ts'
import * as queries from '../blobs.queries.ts'
import { storageErrors } from '../storage.errors.ts'
import { charge, type StorageParts } from './parts.ts'
import { createReservation } from './reservation.ts'

export interface Received {
  id: string
  bytes: number
  sha256: string
}

export interface Owner {
  tenantId: string
  userId: string
}

export interface Keeping {
  /**
   * Reads the content to its end into the tenant's storage, on the person's account: room is reserved before bytes are written.
   * Nobody has it yet: `take` or `drop` must follow. What breaks off is dropped here, or found by the sweep.
   */
  receive(owner: Owner, content: AsyncIterable<Buffer>): Promise<Received>
  /** Gives a received blob its first owner, or finds the same content and gives that one owner more. */
  take(tx: Tx, id: string): Promise<Received & Pick<queries.Blob, 'thumbnail'>>
  /** Removes received blobs that nobody took. */
  drop(tenantId: string, ids: readonly string[]): Promise<void>
  /** One owner more, on their account. Nothing is copied. */
  retain(tx: Tx, userId: string, blob: { id: string; bytes: number }): Promise<void>
  open(db: Executor, id: string, range?: ByteRange): Promise<Readable>
  /** How large a blob is that somebody has, and whether it has a small picture. */
  stateOf(db: Executor, id: string): Promise<Pick<queries.Blob, 'bytes' | 'thumbnail'> | undefined>
  /** Keeps the small picture of a blob beside it, on nobody's account, or that none can be made. */
  keepThumbnail(tenantId: string, id: string, picture: Buffer | undefined): Promise<void>
  /** Undefined where it has none. */
  openThumbnail(db: Executor, id: string): Promise<Readable | undefined>
  /** What the person and the tenant have, and how much they may. */
  usage(db: Executor, userId: string): Promise<{ used: number; total: number; tenantUsed: number; tenantTotal: number }>
}

/** Up to this size a file is reserved for as it is; beyond, room is reserved ahead. */
const EXACT_BYTES = 256 * 1024

export function createKeeping({ database, stores, metrics, options }: StorageParts): Keeping {
  const gates = createGates(2)
  /** Those who charge one tenant wait for its row: here, not each on a connection that others need. */
  const charging = (tenantId: string, work: (tx: Tx) => Promise<void>) =>
    gates(tenantId, () => database.inTenant(tenantId, work))

  async function drop(tenantId: string, id: string): Promise<void> {
    await charging(tenantId, async (tx) => {
      const row = await queries.lockArriving(tx, id)
      if (!row) return
      const store = await stores.at(tx, row)
      await store.delete(blobKey(tenantId, id))
      await queries.remove(tx, id)
      await charge(tx, row.userId, -row.bytes, options)
    })
  }

  /** Passes the content on, with room reserved for all that went through. */
  async function* reserving(owner: Owner, id: string, content: AsyncIterable<Buffer>, tally: Tally) {
    const grow = (from: number, to: number) =>
      charging(owner.tenantId, async (tx) => {
        await charge(tx, owner.userId, to - from, options)
        if (!(await queries.grow(tx, id, to))) throw storageErrors('storage.upload_lost')
      })
    const reservation = createReservation(grow, options.maxBytes)
    let held: Buffer[] = []
    for await (const chunk of content) {
      tally.bytes += chunk.length
      if (tally.bytes > options.maxBytes) throw storageErrors('storage.too_large')
      tally.hash.update(chunk)
      held.push(chunk)
      if (tally.bytes <= EXACT_BYTES) continue
      await reservation.cover(tally.bytes)
      yield* held
      held = []
    }
    tally.reserved = await reservation.end(tally.bytes)
    yield* held
  }

  return {
    async receive(owner, content) {
      const { tenantId, userId } = owner
      const db = database.tenant(tenantId)
      const id = newId()
      const { place, store } = await stores.current(db)
      await queries.begin(db, id, userId, place)
      const tally: Tally = { bytes: 0, reserved: 0, hash: createHash('sha256') }
      try {
        await store.put(blobKey(tenantId, id), reserving(owner, id, content, tally))
        const [{ bytes }, sha256] = [tally, tally.hash.digest('hex')]
        await charging(tenantId, async (tx) => {
          await charge(tx, userId, bytes - tally.reserved, options)
          if (!(await queries.arrive(tx, id, bytes, sha256))) throw storageErrors('storage.upload_lost')
        })
        metrics.count('uploads', { outcome: 'kept' })
        metrics.count('uploadedBytes', {}, bytes)
        return { id, bytes, sha256 }
      } catch (error) {
        metrics.count('uploads', { outcome: isRefusal(error) ? 'refused' : 'failed' })
        // What cannot be removed now is found by the sweep.
        await drop(tenantId, id).catch(() => undefined)
        throw error
      }
    },

    async take(tx, id) {
      const arrived = await queries.findArrived(tx, id)
      if (!arrived?.sha256) throw storageErrors('storage.upload_lost')
      const { bytes, sha256 } = arrived
      await queries.lockContent(tx, sha256)
      const same = await queries.share(tx, arrived)
      if (same) await queries.forsake(tx, id)
      else await queries.keep(tx, id)
      return { id: same?.id ?? id, bytes, sha256, thumbnail: same?.thumbnail ?? null }
    },

    async drop(tenantId, ids) {
      for (const id of ids) await drop(tenantId, id)
    },

    async retain(tx, userId, { id, bytes }) {
      if (!(await queries.retain(tx, id))) throw storageErrors('storage.upload_lost')
      await charge(tx, userId, bytes, options)
    },

    async open(db, id, range) {
      const blob = await queries.find(db, id)
      if (!blob) throw new Error(`The blob ${id} is not there.`)
      const store = await stores.at(db, blob)
      return store.get(blobKey(db.tenantId!, id), range)
    },

    stateOf: (db, id) => queries.find(db, id),

    async keepThumbnail(tenantId, id, picture) {
      const db = database.tenant(tenantId)
      // Written down before the bytes are: whoever removes the blob removes both.
      const blob = await queries.find(db, id)
      if (!blob || !(await queries.setThumbnail(db, id, picture ? 'making' : 'none')) || !picture) return
      const store = await stores.at(db, blob)
      await store.put(thumbnailKey(tenantId, id), Readable.from([picture]))
      if (!(await queries.setThumbnail(db, id, 'made'))) await store.delete(thumbnailKey(tenantId, id))
    },

    async openThumbnail(db, id) {
      const blob = await queries.find(db, id)
      if (blob?.thumbnail !== 'made') return undefined
      const store = await stores.at(db, blob)
      return store.get(thumbnailKey(db.tenantId!, id))
    },

    async usage(db, userId) {
      const rows = await queries.usage(db, userId)
      const of = (who: string) => rows.find((row) => row.userId === who)?.bytes ?? 0
      return {
        used: of(userId),
        total: Math.min(options.userQuota, options.tenantQuota),
        tenantUsed: of(''),
        tenantTotal: options.tenantQuota,
      }
    },
  }
}

/** Whether it is the caller's to mend: too large, over a quota, badly sent. */
function isRefusal(error: unknown): boolean {
  return error instanceof Problem && !['internal', 'unavailable'].includes(error.kind) && error.code !== 'storage.full'
}

interface Tally {
  bytes: number
  reserved: number
  hash: ReturnType<typeof createHash>
}
