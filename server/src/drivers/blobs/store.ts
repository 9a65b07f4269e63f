// What a blob store is: bytes under generated keys, whichever service keeps them.
import type { Readable } from 'node:stream'
import { defineErrors } from '../../core/errors.ts'

/** The first and the last byte, both included. */
export interface ByteRange {
  start: number
  end: number
}

export interface BlobStat {
  bytes: number
  modifiedAt: Date
}

export interface ListedBlob extends BlobStat {
  key: string
}

/**
 * Keys are generated, in the form that `blobKey` gives them, and never made from names.
 * Each verb throws `storage.unavailable` when the service cannot be reached or refuses; nothing else but what it names.
 */
export interface BlobStore {
  /** Reads the content to its end; the key shows nothing before all of it is kept for good. Throws `storage.full`. */
  put(key: string, content: AsyncIterable<Buffer>): Promise<void>
  /** The bytes, or a part of them. Throws `BlobMissing`. */
  get(key: string, range?: ByteRange): Promise<Readable>
  /** Undefined where there is nothing. */
  stat(key: string): Promise<BlobStat | undefined>
  /** A key that has nothing is as good as deleted. */
  delete(key: string): Promise<void>
  /** Everything whose key begins so, in no order. */
  list(prefix: string): AsyncIterable<ListedBlob>
  /** Removes what broken uploads left before that moment; answers how much there was. */
  removeRemains(before: Date): Promise<number>
  close(): void
}

/** There is nothing under this key. */
export class BlobMissing extends Error {
  constructor(key: string) {
    super(`There is no blob ${key}.`)
    this.name = 'BlobMissing'
  }
}

export const blobErrors = defineErrors({
  'storage.unavailable': { kind: 'unavailable', message: 'The storage of files does not answer right now.' },
  'storage.full': { kind: 'full', message: 'The storage of files is full.' },
})

/** Where a blob of a tenant lies. */
export function blobKey(tenantId: string, id: string): string {
  return `t/${tenantId}/${id}`
}

/** Where the small picture of a blob lies. */
export function thumbnailKey(tenantId: string, id: string): string {
  return blobKey(tenantId, `thumbnail-${id}`)
}

/** Of which blob a key is, or of whose small picture. */
export function blobIdOf(key: string): string {
  return key.split('/')[2]!.replace(/^thumbnail-/, '')
}

const KEY = /^t\/[A-Za-z0-9_-]{1,64}\/[A-Za-z0-9_-]{1,64}$/

/** Refuses keys of another form, `..` among them: a store trusts nobody above it. */
export function mustBeKey(key: string): void {
  if (!KEY.test(key)) throw new Error(`"${key}" is no key of a blob.`)
}
