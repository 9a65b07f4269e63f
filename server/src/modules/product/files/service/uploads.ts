// Uploads while they arrive: straight into the store, looked at on the way, whole nowhere.
import type { UploadSink } from '../../../../drivers/http/index.ts'
import { storageErrors } from '../../../foundation/storage/index.ts'
import { withoutLocation } from '../pictures/location.ts'
import { mustBeBounded, SIZED_BYTES } from '../pictures/size.ts'
import { SNIFFED_BYTES, typeOf } from '../types.ts'
import type { FileParts } from './parts.ts'

export interface Uploads extends UploadSink {
  /** What a kept file is under the name that it gets, which may be another than it came with. Throws where they do not agree. */
  typeOf(id: string, name: string): Promise<string>
}

export function createUploads({ storage, options }: Pick<FileParts, 'storage' | 'options'>): Uploads {
  /** For as long as the request lasts that brought them. */
  const beginnings = new Map<string, Buffer>()
  return {
    fields: ['file'],
    maxFiles: 1,
    maxBytes: storage.maxBytes,

    async keep(actor, { name, content }) {
      const rest = content[Symbol.asyncIterator]()
      const held: Buffer[] = []
      let length = 0
      const hold = async (bytes: number) => {
        while (length < bytes) {
          const next = await rest.next()
          if (next.done) break
          held.push(next.value)
          length += next.value.length
        }
        return Buffer.concat(held)
      }
      // What is not taken is refused before any of it is kept.
      let beginning = await hold(SNIFFED_BYTES)
      const sniffed = Buffer.from(beginning.subarray(0, SNIFFED_BYTES))
      const type = await typeOf(sniffed, name, options.types)
      if (type.startsWith('image/')) {
        beginning = await hold(SIZED_BYTES)
        mustBeBounded(beginning)
      }
      async function* whole() {
        if (beginning.length) yield beginning
        for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
      }
      const received = await storage.receive(actor, options.keepLocation ? whole() : withoutLocation(type, whole()))
      beginnings.set(received.id, sniffed)
      return received
    },

    async drop({ tenantId }, ids) {
      for (const id of ids) beginnings.delete(id)
      await storage.drop(tenantId, ids)
    },

    async typeOf(id, name) {
      const beginning = beginnings.get(id)
      if (beginning === undefined) throw storageErrors('storage.upload_lost')
      return typeOf(beginning, name, options.types)
    },
  }
}
