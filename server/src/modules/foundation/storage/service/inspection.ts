// The look at everything that is kept: whether bytes and rows agree, and putting right what does not.
import { type BlobStore, blobIdOf, blobKey, thumbnailKey } from '../../../../drivers/blobs/index.ts'
import { type Executor, type Tx, tenantIds } from '../../../../drivers/database/index.ts'
import * as queries from '../blobs.queries.ts'
import * as storages from '../storage.queries.ts'
import { PROVIDERS } from '../stores.ts'
import type { StorageParts } from './parts.ts'

/** A module that has blobs. */
export interface BlobHolder {
  /** How often it has each of these; those that it has not are left out. */
  references(db: Executor, blobIds: readonly string[]): Promise<Map<string, number>>
  /** How many bytes of whom it has in the tenant. */
  usage(db: Executor): Promise<queries.Used[]>
  /** The content is gone for good: what had it goes on without. Answers what that was, in words. */
  lose(tx: Tx, blobId: string): Promise<string[]>
}

export type Trouble =
  /** A row whose bytes are not there. */
  | 'bytes_missing'
  /** A row whose bytes are more or fewer than it says. */
  | 'bytes_differ'
  /** Bytes that no row knows. */
  | 'bytes_unknown'
  /** A blob that somebody has and nobody counts, or the other way round. */
  | 'references_differ'
  /** A sum of bytes that is not what it is the sum of. */
  | 'usage_differs'

export interface Finding {
  tenantId: string
  trouble: Trouble
  /** What it is about: a key, or whose sum. */
  subject: string
  detail: string
  mended: boolean
}

export interface InspectionOptions {
  mend: boolean
  /** Mend also where so much is missing that the storage itself may be the wrong one. */
  force: boolean
}

export interface Inspection {
  hold(holder: BlobHolder): void
  /** Looks at every blob of every tenant, and at everything in the storages. */
  inspect(options: InspectionOptions): AsyncGenerator<Finding>
}

const AT_ONCE = 500
const STATS_AT_ONCE = 16
/** What is younger may be on its way: its row or its bytes come in a moment. */
const YOUNG_MS = 3_600_000

export function createInspection({ database, stores, options }: StorageParts): Inspection {
  const holders: BlobHolder[] = []

  /** Rows in the order of their ids. */
  async function* rowsOf(tenantId: string): AsyncGenerator<queries.Inspected[]> {
    const db = database.tenant(tenantId)
    let after = ''
    for (;;) {
      const rows = await queries.inspected(db, after, AT_ONCE)
      if (rows.length === 0) return
      yield rows
      after = rows.at(-1)!.id
    }
  }

  async function missingOf(db: Executor, rows: readonly queries.Inspected[]): Promise<Map<string, string>> {
    const wrong = new Map<string, string>()
    const waiting = rows.filter(({ state }) => state === 'kept')
    const look = async () => {
      for (let row = waiting.pop(); row; row = waiting.pop()) {
        const store = await stores.at(db, row)
        const found = await store.stat(blobKey(db.tenantId!, row.id))
        if (!found) wrong.set(row.id, '')
        else if (found.bytes !== row.bytes) wrong.set(row.id, `${found.bytes} bytes there, ${row.bytes} in the row`)
      }
    }
    await Promise.all(Array.from({ length: STATS_AT_ONCE }, look))
    return wrong
  }

  async function lose(tenantId: string, id: string): Promise<string[]> {
    return database.inTenant(tenantId, async (tx) => {
      const lost: string[] = []
      for (const one of holders) lost.push(...(await one.lose(tx, id)))
      const row = await queries.lockKept(tx, id)
      if (row?.thumbnail) await (await stores.at(tx, row)).delete(thumbnailKey(tenantId, id))
      await queries.remove(tx, id)
      return lost
    })
  }

  async function* bytesOf(tenantId: string, { mend, force }: InspectionOptions): AsyncGenerator<Finding> {
    const db = database.tenant(tenantId)
    const [missing, differing] = [[] as string[], [] as [string, string][]]
    let kept = 0
    for await (const rows of rowsOf(tenantId)) {
      kept += rows.filter(({ state }) => state === 'kept').length
      for (const [id, detail] of await missingOf(db, rows)) {
        if (detail === '') missing.push(id)
        else differing.push([id, detail])
      }
    }
    for (const [id, detail] of differing)
      yield { tenantId, trouble: 'bytes_differ', subject: blobKey(tenantId, id), detail, mended: false }
    // An empty folder in the place of a volume that is not mounted looks the same as a loss of everything.
    const isDoubtful = missing.length > 1 && missing.length * 10 > kept && !force
    for (const id of missing) {
      const lost = mend && !isDoubtful ? await lose(tenantId, id) : undefined
      const detail = lost
        ? `without content now: ${lost.join(', ') || 'nothing'}`
        : isDoubtful && mend
          ? `not mended: ${missing.length} of ${kept} are missing; is this the right storage? --force mends all the same`
          : 'the bytes are not there'
      yield { tenantId, trouble: 'bytes_missing', subject: blobKey(tenantId, id), detail, mended: lost !== undefined }
    }
  }

  async function referencesOf(db: Executor, ids: readonly string[]): Promise<Map<string, number>> {
    const all = new Map<string, number>()
    for (const one of holders)
      for (const [id, count] of await one.references(db, ids)) all.set(id, (all.get(id) ?? 0) + count)
    return all
  }

  async function* countsOf(tenantId: string, mend: boolean): AsyncGenerator<Finding> {
    for await (const rows of rowsOf(tenantId)) {
      const kept = rows.filter(({ state }) => state === 'kept')
      const references = await referencesOf(
        database.tenant(tenantId),
        kept.map(({ id }) => id),
      )
      for (const { id } of kept.filter(({ id, refs }) => refs !== (references.get(id) ?? 0))) {
        const found = await database.inTenant(tenantId, async (tx) => {
          // Counted again behind a lock: who takes or lets go of it waits, and both counts are of one moment.
          const row = await queries.lockKept(tx, id)
          if (!row) return undefined
          const references = (await referencesOf(tx, [id])).get(id) ?? 0
          if (references === row.refs) return undefined
          if (mend) await queries.setReferences(tx, id, references)
          return { counted: row.refs, references }
        })
        if (found)
          yield {
            tenantId,
            trouble: 'references_differ',
            subject: blobKey(tenantId, id),
            detail: `${found.references} have it, ${found.counted} were counted`,
            mended: mend,
          }
      }
    }
  }

  async function* sumsOf(tenantId: string, mend: boolean): AsyncGenerator<Finding> {
    const wrong = await database.inTenant(tenantId, async (tx) => {
      // Nobody is charged meanwhile.
      const now = await queries.lockUsage(tx)
      const sums = new Map<string, number>()
      const add = (userId: string, bytes: number) => sums.set(userId, (sums.get(userId) ?? 0) + bytes)
      const parts = [await queries.reserved(tx)]
      for (const one of holders) parts.push(await one.usage(tx))
      for (const { userId, bytes } of parts.flat()) {
        add('', bytes)
        add(userId, bytes)
      }
      const known = new Map(now.map(({ userId, bytes }) => [userId, bytes]))
      const found: { userId: string; was: number; is: number }[] = []
      for (const userId of new Set([...sums.keys(), ...known.keys()])) {
        const [was, is] = [known.get(userId) ?? 0, sums.get(userId) ?? 0]
        if (was === is) continue
        if (mend) await queries.setUsage(tx, userId, is)
        found.push({ userId, was, is })
      }
      return found
    })
    for (const { userId, was, is } of wrong)
      yield {
        tenantId,
        trouble: 'usage_differs',
        subject: userId === '' ? 'the tenant' : `user ${userId}`,
        detail: `${is} bytes are kept, ${was} were counted`,
        mended: mend,
      }
  }

  async function* unknownIn(store: BlobStore, prefix: string, mend: boolean): AsyncGenerator<Finding> {
    const before = Date.now() - YOUNG_MS
    let keys: string[] = []
    const look = async (): Promise<Finding[]> => {
      const ids = [...new Set(keys.map(blobIdOf))]
      const known = await database.acrossTenants('blobs that a store has', (tx) => queries.known(tx, ids))
      const unknown = keys.filter((key) => !known.has(blobIdOf(key)))
      keys = []
      if (mend) for (const key of unknown) await store.delete(key)
      return unknown.map((key) => ({
        tenantId: key.split('/')[1]!,
        trouble: 'bytes_unknown',
        subject: key,
        detail: mend ? 'removed' : 'no row knows these bytes',
        mended: mend,
      }))
    }
    for await (const { key, modifiedAt } of store.list(prefix)) {
      if (modifiedAt.getTime() < before) keys.push(key)
      if (keys.length === AT_ONCE) yield* await look()
    }
    if (keys.length > 0) yield* await look()
  }

  return {
    hold: (one) => void holders.push(one),

    async *inspect(given) {
      const tenants = await tenantIds(database.global)
      for (const id of tenants) {
        yield* bytesOf(id, given)
        yield* countsOf(id, given.mend)
        yield* sumsOf(id, given.mend)
        const db = database.tenant(id)
        for (const one of await storages.all(db))
          yield* unknownIn(await stores.at(db, { provider: null, storageId: one.id }), `t/${id}/`, given.mend)
      }
      for (const provider of PROVIDERS) {
        // A folder that was never used is not there, and nothing in it is unknown.
        const own = provider === options.provider || provider !== 'disk' ? stores.own(provider) : undefined
        // A bucket may hold blobs of another installation: only what lies under a tenant of this one is looked at.
        if (own && provider === 'disk') yield* unknownIn(own, 't/', given.mend)
        else if (own) for (const id of tenants) yield* unknownIn(own, `t/${id}/`, given.mend)
      }
    },
  }
}
