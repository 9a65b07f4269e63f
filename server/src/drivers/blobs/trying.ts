// Whether a store keeps what it is given.
import { newId } from '../../core/ids.ts'
import { type BlobStore, blobKey } from './store.ts'

/** Keeps a small file, reads it back and removes it. Throws where any of that does not work. */
export async function tryStore(store: BlobStore, tenantId: string): Promise<void> {
  const [key, content] = [blobKey(tenantId, newId()), Buffer.from('Ashlar was here.')]
  async function* once() {
    yield content
  }
  await store.put(key, once())
  const read: Buffer[] = []
  for await (const chunk of await store.get(key)) read.push(chunk as Buffer)
  if (!Buffer.concat(read).equals(content)) throw new Error('It gave back something else.')
  await store.delete(key)
}
