// Storage over HTTP and beneath: choosing one, what blobs cost, who has them, and what broken uploads leave.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { folder, startAzure, startS3 } from '../../../drivers/blobs/blobs.fixture.ts'
import type { Tx } from '../../../drivers/database/index.ts'
import type { Storage } from './storage.service.ts'

const MB = 1024 * 1024

async function* pieces(content: Buffer, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
}

async function read(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const held: Buffer[] = []
  for await (const chunk of stream) held.push(chunk)
  return Buffer.concat(held)
}

describe('storage', () => {
  let ashlar: TestApp
  let storage: Storage
  let dir: string
  let admin: Person
  let member: Person
  const owner = () => ({ tenantId: 'default', userId: member.id })

  before(async () => {
    dir = await folder()
    const env = { UPLOAD_DIR: dir, STORAGE_ALLOW_PRIVATE_ENDPOINTS: 'true', STORAGE_USER_QUOTA_MB: '10' }
    ashlar = await startApp({ env: { ...env, MAX_UPLOAD_MB: '8', STORAGE_TENANT_QUOTA_MB: '40' } })
    storage = ashlar.app.storage
    admin = await ashlar.admin()
    member = await ashlar.person()
  })
  after(async () => {
    await ashlar?.stop()
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  const inTenant = <T>(work: (tx: Tx) => Promise<T>) => ashlar.drivers.database.inTenant('default', work)
  const used = async () => (await storage.usage(ashlar.drivers.database.tenant('default'), member.id)).used
  const rows = () =>
    ashlar.rows<{ id: string; state: string; refs: number }>('SELECT id, state, refs FROM blobs ORDER BY id')
  const onDisk = async () =>
    (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
  const open = async (id: string) => read(await storage.open(ashlar.drivers.database.tenant('default'), id))
  const clear = async () => {
    await ashlar.rows('UPDATE blobs SET refs = 0')
    await ashlar.rows(`UPDATE blobs SET "touchedAt" = 'epoch'`)
    await ashlar.rows('DELETE FROM storage_usage')
    await ashlar.rows(`UPDATE blobs SET state = 'kept'`)
    await storage.sweep(60)
  }

  it('FILE-3: what arrives is charged, given back, and shared by content within a tenant', async () => {
    const content = randomBytes(MB + 7)
    const first = await storage.receive(owner(), pieces(content))
    assert.equal(first.bytes, content.length)
    assert.equal(await used(), content.length)
    const taken = await inTenant((tx) => storage.take(tx, first.id))
    assert.ok((await open(taken.id)).equals(content))

    const second = await storage.receive(owner(), pieces(content))
    const shared = await inTenant((tx) => storage.take(tx, second.id))
    assert.equal(shared.id, taken.id, 'the same content is one blob')
    assert.equal(await used(), 2 * content.length, 'and counts for each owner')
    assert.equal(await storage.sweep(60), 1, 'the second one is removed')
    assert.equal((await onDisk()).length, 1)
    assert.ok((await open(taken.id)).equals(content))
    await clear()
    assert.deepEqual([await rows(), (await onDisk()).length], [[], 0])
  })

  it('FILE-3: what breaks off, is dropped or too large leaves no bytes, no row and no charge', async () => {
    async function* broken() {
      yield randomBytes(2 * MB)
      throw new Error('away')
    }
    await assert.rejects(storage.receive(owner(), broken()), /away/)
    await assert.rejects(storage.receive(owner(), pieces(Buffer.alloc(8 * MB + 1))), { code: 'storage.too_large' })
    const received = await storage.receive(owner(), pieces(randomBytes(100)))
    await storage.drop('default', [received.id])
    assert.deepEqual([await rows(), (await onDisk()).length, await used()], [[], 0, 0])
    await assert.rejects(
      inTenant((tx) => storage.take(tx, received.id)),
      { code: 'storage.upload_lost' },
    )
  })

  it('FILE-3: of 100 parallel uploads exactly those are kept that fit the quota, to the byte', async () => {
    const size = 210_000
    const all = await Promise.allSettled(
      Array.from({ length: 100 }, () => storage.receive(owner(), pieces(randomBytes(size)))),
    )
    const kept = all.filter((one) => one.status === 'fulfilled')
    const codes = new Set(all.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : [])))
    assert.deepEqual([...codes], ['storage.user_quota'])
    assert.equal(kept.length, Math.floor((10 * MB) / size))
    assert.equal(await used(), kept.length * size)
    assert.equal((await onDisk()).length, kept.length)
    await ashlar.rows(`UPDATE blobs SET "touchedAt" = 'epoch'`)
    assert.equal(await storage.sweep(60), kept.length, 'nobody took them')
    assert.deepEqual([await rows(), (await onDisk()).length, await used()], [[], 0, 0])
  })

  it('the sweep leaves what is young, and what somebody has', async () => {
    const young = await storage.receive(owner(), pieces(randomBytes(10)))
    const had = await storage.receive(owner(), pieces(randomBytes(11)))
    await inTenant((tx) => storage.take(tx, had.id))
    assert.equal(await storage.sweep(60), 0)
    assert.equal((await rows()).length, 2)
    await storage.drop('default', [young.id])
    await clear()
  })

  it('what a tenant leaves that is gone is removed with the next sweep', async () => {
    await ashlar.rows(
      `INSERT INTO tenants (id, name, slug, "updatedAt") VALUES ('leaving', 'Leaving', 'leaving', now())`,
    )
    const [content, before] = [randomBytes(1_000), (await onDisk()).length]
    const { id } = await storage.receive({ tenantId: 'leaving', userId: member.id }, pieces(content))
    await ashlar.drivers.database.inTenant('leaving', (tx) => storage.take(tx, id))
    await ashlar.rows(`DELETE FROM tenants WHERE id = 'leaving'`)
    assert.equal((await onDisk()).length, before + 1)
    await storage.sweep(3_600)
    assert.equal((await onDisk()).length, before)
    assert.deepEqual(await ashlar.rows('SELECT * FROM left_blobs'), [])
  })

  it('a tenant brings its own storage: tried first, its secret never shown, and old files stay found', async () => {
    const s3 = await startS3()
    const azure = await startAzure()
    try {
      const call = (method: string, json?: object) =>
        ashlar.call(method, '/api/v1/storage', { token: admin.token, ...(json && { json }) })
      const content = randomBytes(1000)
      const before = await storage.receive(owner(), pieces(content))
      const old = await inTenant((tx) => storage.take(tx, before.id))

      const { endpoint, bucket, accessKeyId, secretAccessKey } = s3.options
      const change = { provider: 's3', endpoint, bucket, accessKeyId, secretAccessKey }
      const wrong = await call('PUT', { ...change, bucket: 'no-such-bucket' })
      assert.deepEqual([wrong.status, wrong.body.code], [422, 'storage.test_failed'], wrong.text)
      assert.equal((await call('GET')).body.provider, 'default', 'nothing was changed')
      const missing = await call('PUT', { provider: 's3', bucket, accessKeyId })
      assert.equal(missing.status, 422)
      const stray = await call('PUT', { ...change, container: 'ashlar' })
      assert.equal(stray.status, 422)

      const put = await call('PUT', change)
      assert.equal(put.status, 200, put.text)
      assert.deepEqual([put.body.provider, put.body.bucket, put.body.secretSet], ['s3', 'ashlar', true])
      assert.ok(!put.text.includes(secretAccessKey) || secretAccessKey === accessKeyId)
      const [kept] = await ashlar.rows<{ settings: object; sealed: string }>('SELECT * FROM storages WHERE current')
      assert.deepEqual(kept!.settings, { region: 'us-east-1', endpoint, bucket, accessKeyId })
      assert.match(kept!.sealed, /^v1\./)
      const again = await call('PUT', { ...change, secretAccessKey: undefined })
      assert.equal(again.status, 200, 'the secret stays for the same account')
      const elsewhere = await call('PUT', { ...change, endpoint: 'https://example.com', secretAccessKey: undefined })
      assert.equal(elsewhere.status, 422, 'and goes nowhere else')

      const next = await storage.receive(owner(), pieces(content))
      const there = await inTenant((tx) => storage.take(tx, next.id))
      assert.notEqual(there.id, old.id, 'blobs of two storages are two')
      assert.ok((await open(there.id)).equals(content))
      assert.ok((await open(old.id)).equals(content))

      const toAzure = await call('PUT', { provider: 'azure', ...azure.options })
      assert.equal(toAzure.status, 200, toAzure.text)
      assert.ok((await open(there.id)).equals(content), 'what lies in the bucket is found there')
      assert.equal((await call('PUT', { provider: 'default' })).body.provider, 'default')
      const trail = await ashlar.rows<{ changes: object }>(
        `SELECT changes FROM audit_logs WHERE action = 'storage.edit'`,
      )
      assert.equal(trail.length, 4)
      assert.ok(!JSON.stringify(trail).includes(azure.options.accountKey))
      const { body } = await ashlar.call('GET', '/api/v1/storage/available', { token: admin.token })
      assert.deepEqual(
        body.data.map(({ provider, current }: { provider: string; current: boolean }) => [provider, current]),
        [
          ['default', true],
          ['s3', false],
          ['azure', false],
        ],
      )
      await clear()
    } finally {
      await s3.stop()
      await azure.stop()
    }
  })

  it('who may not see or change storage does not', async () => {
    for (const [method, path] of [
      ['GET', '/storage'],
      ['PUT', '/storage'],
      ['GET', '/storage/available'],
    ] as const) {
      const json = method === 'PUT' ? { provider: 'default' } : undefined
      const options = json ? { json } : {}
      assert.equal((await ashlar.call(method, `/api/v1${path}`, options)).status, 401)
      assert.equal((await ashlar.call(method, `/api/v1${path}`, { token: member.token, ...options })).status, 403)
    }
  })
})

describe('storage that a tenant brings, as it is by default', () => {
  it('does not lead into the inside of a network', async () => {
    const ashlar = await startApp()
    const { token } = await ashlar.admin()
    const rest = { provider: 's3', bucket: 'ashlar', accessKeyId: 'a', secretAccessKey: 'b' }
    for (const endpoint of [
      'http://storage.example.com',
      'https://127.0.0.1:9000',
      'https://[::1]',
      'https://169.254.169.254',
      'https://2130706433',
      'https://localhost',
      'https://a:b@storage.example.com',
      'https://storage.example.com/path',
      'file:///etc/passwd',
    ]) {
      const answer = await ashlar.call('PUT', '/api/v1/storage', { token, json: { ...rest, endpoint } })
      assert.equal(answer.status, 422, `${endpoint}: ${answer.text}`)
    }
    assert.deepEqual(await ashlar.rows('SELECT * FROM storages'), [])
    await ashlar.stop()
  })
})
