// One contract for every store: the disk, S3 and Azure, each against a real server of its kind.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { chmod, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Problem } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import { folder, startAzure, startS3 } from './blobs.fixture.ts'
import { isPublicAddress } from './endpoints.ts'
import { BlobMissing, type BlobStore, blobKey, createAzureStore, createDiskStore, createS3Store } from './index.ts'

interface Opened {
  store: BlobStore
  stop(): Promise<void>
  /** The same service with a wrong secret; undefined where there is none to be wrong. */
  refused?: BlobStore
}

const anywhere = { allowPrivate: true }

const STORES: Record<string, () => Promise<Opened>> = {
  async disk() {
    const dir = await folder()
    return { store: createDiskStore({ dir }), stop: () => rm(dir, { recursive: true, force: true }) }
  },
  async s3() {
    const { options, stop } = await startS3()
    // The stand-in takes any signature, so a wrong secret is not tried.
    return { store: createS3Store(options, anywhere), stop }
  },
  async azure() {
    const { options, stop } = await startAzure()
    const accountKey = randomBytes(64).toString('base64')
    return {
      store: createAzureStore(options, anywhere),
      stop,
      refused: createAzureStore({ ...options, accountKey }, anywhere),
    }
  },
}

async function* pieces(content: Buffer, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
}

async function bytesOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const held: Buffer[] = []
  for await (const chunk of stream) held.push(chunk)
  return Buffer.concat(held)
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of items) found.push(one)
  return found
}

const newKey = (tenant = 'contract') => blobKey(tenant, newId())

for (const [name, open] of Object.entries(STORES))
  describe(`a blob store: ${name}`, () => {
    let opened: Opened
    let store: BlobStore
    before(async () => {
      opened = await open()
      store = opened.store
    })
    after(async () => {
      store?.close()
      opened?.refused?.close()
      await opened?.stop()
    })

    it('keeps what was put, from nothing to several parts, and gives it back whole', async () => {
      for (const size of [0, 1, 65_537, 20 * 1024 * 1024 + 3]) {
        const [key, content] = [newKey(), randomBytes(size)]
        await store.put(key, pieces(content))
        const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
        assert.equal(hash(await bytesOf(await store.get(key))), hash(content), `${size} bytes`)
        const stat = await store.stat(key)
        assert.equal(stat?.bytes, size)
        assert.ok(Math.abs(Date.now() - stat!.modifiedAt.getTime()) < 60_000)
      }
    })

    it('gives parts: the first byte, the last, those between', async () => {
      const [key, content] = [newKey(), randomBytes(200_000)]
      await store.put(key, pieces(content))
      for (const [start, end] of [
        [0, 0],
        [199_999, 199_999],
        [5, 131_072],
        [0, 199_999],
      ] as const) {
        const part = await bytesOf(await store.get(key, { start, end }))
        assert.ok(part.equals(content.subarray(start, end + 1)), `${start}-${end}: ${part.length} bytes`)
      }
    })

    it('replaces what is there, and what was begun to be read is read to its end or fails', async () => {
      const key = newKey()
      await store.put(key, pieces(Buffer.from('first')))
      await store.put(key, pieces(Buffer.from('second')))
      assert.equal((await bytesOf(await store.get(key))).toString(), 'second')
    })

    it('says what is missing, and deletes what is not there', async () => {
      const key = newKey()
      await assert.rejects(async () => bytesOf(await store.get(key)), BlobMissing)
      assert.equal(await store.stat(key), undefined)
      await store.delete(key)
      await store.put(key, pieces(Buffer.from('x')))
      await store.delete(key)
      assert.equal(await store.stat(key), undefined)
      await store.delete(key)
    })

    it('lists what lies below a prefix, and nothing of another tenant', async () => {
      const tenant = newId()
      const keys = [newKey(tenant), newKey(tenant), newKey(tenant)]
      for (const key of [...keys, newKey(`${tenant}x`)]) await store.put(key, pieces(Buffer.from('abc')))
      const found = await all(store.list(`t/${tenant}/`))
      assert.deepEqual(found.map(({ key }) => key).sort(), keys.sort())
      assert.ok(found.every(({ bytes }) => bytes === 3))
      assert.deepEqual(await all(store.list('t/nobody/')), [])
    })

    it('FILE-2: content that breaks off leaves nothing under the key, and the reason comes out as it was', async () => {
      for (const size of [10, 18 * 1024 * 1024]) {
        const key = newKey('broken')
        const reason = new Error('the caller went away')
        async function* broken() {
          yield* pieces(randomBytes(size))
          throw reason
        }
        await assert.rejects(store.put(key, broken()), (error) => error === reason)
        assert.equal(await store.stat(key), undefined)
      }
      assert.deepEqual(await all(store.list('t/broken/')), [])
    })

    it('readers who take nothing stop nobody: others are read, kept and removed', async () => {
      const [key, content] = [newKey(), randomBytes(8 * 1024 * 1024)]
      await store.put(key, pieces(content))
      const slow = await Promise.all(Array.from({ length: 40 }, () => store.get(key)))
      const other = newKey()
      await store.put(other, pieces(Buffer.from('hello')))
      assert.equal((await bytesOf(await store.get(other))).toString(), 'hello')
      await store.delete(other)
      assert.ok((await bytesOf(slow[39]!)).equals(content))
      for (const one of slow) one.destroy()
    })

    it('FILE-2: a key that is not generated is refused', async () => {
      for (const key of ['', 't/a', 't/../../etc/passwd', 't/a/../b', '/etc/passwd', 't/a/b/c', 't/a\0/b', 't/a/b.txt'])
        for (const verb of ['put', 'get', 'stat', 'delete'] as const)
          await assert.rejects(async () => {
            await (verb === 'put' ? store.put(key, pieces(Buffer.from('x'))) : store[verb](key))
          }, /is no key/)
    })

    it('a wrong secret is an unavailable storage, and no missing blob', async (t) => {
      const { refused } = opened
      if (!refused) return t.skip('nothing to be wrong')
      await assert.rejects(refused.put(newKey(), pieces(Buffer.from('x'))), unavailable)
      await assert.rejects(refused.stat(newKey()), unavailable)
    })
  })

const unavailable = (error: unknown) => error instanceof Problem && error.code === 'storage.unavailable'

describe('the store on the disk', () => {
  it('FILE-2: removes what killed uploads left, once it is old, and nothing else', async () => {
    const dir = await folder()
    const store = createDiskStore({ dir })
    const key = newKey()
    await store.put(key, pieces(Buffer.from('kept')))
    assert.deepEqual(await readdir(join(dir, 'arriving')), [])
    await writeFile(join(dir, 'arriving', 'left'), 'half')
    assert.equal(await store.removeRemains(new Date(Date.now() - 60_000)), 0)
    assert.equal(await store.removeRemains(new Date(Date.now() + 60_000)), 1)
    assert.deepEqual(await readdir(join(dir, 'arriving')), [])
    assert.equal((await bytesOf(await store.get(key))).toString(), 'kept')
    await rm(dir, { recursive: true })
  })

  it('a folder that cannot be written is an unavailable storage', async (t) => {
    if (process.getuid?.() === 0) return t.skip('the superuser writes everywhere')
    const dir = await folder()
    await chmod(dir, 0o500)
    await assert.rejects(createDiskStore({ dir }).put(newKey(), pieces(Buffer.from('x'))), unavailable)
    await chmod(dir, 0o700)
    await rm(dir, { recursive: true })
  })
})

describe('where an endpoint may lead', () => {
  it('knows the inside of a network from the Internet', () => {
    const inside =
      '127.0.0.1 10.1.2.3 172.31.255.255 192.168.0.1 169.254.169.254 100.64.0.1 0.0.0.0 168.63.129.16 224.0.0.1 255.255.255.255 ::1 :: fe80::1 fc00::1 fd00:ec2::254 ::ffff:127.0.0.1 ::ffff:a9fe:a9fe 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2001:db8::1 2001::1 ff02::1 localhost'
    for (const address of inside.split(' ')) assert.equal(isPublicAddress(address), false, address)
    for (const address of ['8.8.8.8', '172.32.0.1', '52.216.0.1', '2600:1f18::1', '[2a00:1450:4001::1]'])
      assert.equal(isPublicAddress(address), true, address)
  })

  it('refuses a connection to the inside, by address and by name, before a byte is sent', async () => {
    const { options, stop } = await startS3()
    const { port } = new URL(options.endpoint!)
    const hosts = ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '2130706433']
    for (const host of hosts) {
      const store = createS3Store({ ...options, endpoint: `http://${host}:${port}` }, { allowPrivate: false })
      await assert.rejects(store.put(newKey(), pieces(Buffer.from('x'))), unavailable, host)
      store.close()
    }
    const azure = createAzureStore(
      { endpoint: `http://127.0.0.1:${port}`, account: 'a', accountKey: 'a2V5', container: 'c' },
      { allowPrivate: false },
    )
    await assert.rejects(azure.stat(newKey()), unavailable)
    azure.close()
    const open = createS3Store(options, anywhere)
    assert.deepEqual(await all(open.list('t/')), [])
    open.close()
    await stop()
  })
})
