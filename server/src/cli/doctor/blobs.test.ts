// `ashlar doctor --blobs`, run as the operator runs it, over damage done by hand.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createMigratedDatabase, type TestDatabase } from '../../../test/database.ts'
import { type Person, startApp, type TestApp, unique } from '../../../test/harness.ts'
import { folder as newDir } from '../../drivers/blobs/blobs.fixture.ts'

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url))
const LONG_AGO = new Date(Date.now() - 86_400_000)

describe('ashlar doctor --blobs', () => {
  let database: TestDatabase
  let ashlar: TestApp
  let dir: string
  let person: Person
  before(async () => {
    ;[database, dir] = [await createMigratedDatabase(), await newDir()]
    ashlar = await startApp({ database, env: { UPLOAD_DIR: dir, DEFAULT_ROLE: 'manager' } })
    person = await ashlar.person()
  })
  after(async () => {
    await ashlar?.stop()
    await database?.drop()
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  const doctor = (...args: string[]) =>
    new Promise<{ code: number; lines: string[] }>((done) => {
      const env = {
        PATH: process.env.PATH,
        ENVIRONMENT: 'test',
        JWT_SECRET: 'a-secret-that-only-the-tests-know-0123456789',
        DATA_DIR: dir,
        UPLOAD_DIR: dir,
        DATABASE_URL: database.url,
        DATABASE_APP_URL: database.appUrl,
        DATABASE_ROLE_PREFIX: database.rolePrefix,
        LOG_LEVEL: 'silent',
      }
      execFile(process.execPath, [MAIN, 'doctor', ...args], { env, cwd: dir }, (error, out, err) =>
        done({ code: Number(error?.code ?? 0), lines: `${out}${err}`.trim().split('\n') }),
      )
    })
  async function upload(content = unique('content')) {
    const multipart = { file: { bytes: Buffer.from(content), type: 'text/plain', name: `${unique('n')}.txt` } }
    const made = await ashlar.call('POST', '/api/v1/files/upload', { token: person.token, multipart })
    assert.equal(made.status, 201, made.text)
    const [{ blobId }] = (await ashlar.rows<{ blobId: string }>('SELECT "blobId" FROM files WHERE id = $1', [
      made.body.id,
    ])) as [{ blobId: string }]
    return {
      id: made.body.id as string,
      bytes: content.length,
      blobId,
      path: join(dir, 't/default', blobId.slice(-2), blobId),
    }
  }
  const content = (id: string) => ashlar.call('GET', `/api/v1/files/${id}/content`, { token: person.token })
  const used = async () =>
    (await ashlar.call('GET', '/api/v1/files/storage', { token: person.token })).body.used as number

  it('finds nothing where everything agrees, and says how it is called', async () => {
    for (let count = 0; count < 3; count++) await upload()
    assert.deepEqual(await doctor('--blobs'), { code: 0, lines: ['Bytes and rows agree.'] })
    const wrong = await doctor('--blobs', '--force')
    assert.deepEqual([wrong.code, wrong.lines[1]], [1, 'ashlar doctor --blobs [--mend [--force]]'])
  })

  it('finds rows without bytes, bytes without rows, wrong counts and sums; mends them, and then finds nothing', async () => {
    for (let count = 0; count < 30; count++) await upload()
    const [lost, shorter, miscounted] = [await upload(), await upload(), await upload('counted')]
    const copy = await ashlar.call('POST', `/api/v1/files/${miscounted.id}/copy`, { token: person.token, json: {} })
    assert.equal(copy.status, 201)
    const before = await used()
    await rm(lost.path)
    await truncate(shorter.path, 3)
    const stray = join(dir, 't/default/ZZ/strayZZ')
    await mkdir(dirname(stray), { recursive: true })
    await writeFile(stray, 'nobody knows')
    const young = join(dir, 't/default/YY/youngYY')
    await mkdir(dirname(young), { recursive: true })
    await writeFile(young, 'on its way')
    await utimes(stray, LONG_AGO, LONG_AGO)
    await ashlar.rows('UPDATE blobs SET refs = 1 WHERE id = $1', [miscounted.blobId])
    await ashlar.rows('UPDATE storage_usage SET bytes = bytes + 1000')

    const found = await doctor('--blobs')
    assert.equal(found.code, 1)
    const troubles = (lines: string[]) => lines.slice(0, -1).map((line) => line.split(/\s+/).slice(0, 2).join(' '))
    const wrong = [
      'bytes_differ',
      'bytes_missing',
      'references_differ',
      'usage_differs',
      'usage_differs',
      'bytes_unknown',
    ]
    assert.deepEqual(
      troubles(found.lines),
      wrong.map((trouble) => `found ${trouble}`),
    )
    assert.equal(await used(), before + 1000, 'looking changes nothing')
    assert.equal((await readdir(dirname(stray))).length, 1)

    const mended = await doctor('--blobs', '--mend')
    assert.equal(mended.code, 1, 'a content that is cut cannot be mended')
    assert.deepEqual(
      troubles(mended.lines),
      wrong.map((trouble) => `${trouble === 'bytes_differ' ? 'found' : 'mended'} ${trouble}`),
    )
    assert.ok(
      mended.lines.some((line) => line.includes(`file ${lost.id}`)),
      'names what lost its content',
    )
    const answer = await content(lost.id)
    assert.deepEqual([answer.status, answer.body.code], [404, 'files.no_content'])
    assert.equal(await used(), before - lost.bytes, 'what is lost is not charged')
    assert.deepEqual([await readdir(dirname(stray)), await readdir(dirname(young))], [[], ['youngYY']])
    // One of the two that have it goes: the other one keeps its content.
    await ashlar.rows('DELETE FROM files WHERE id = $1', [copy.body.id])
    assert.equal((await content(miscounted.id)).text, 'counted')

    await ashlar.rows('DELETE FROM files WHERE id = $1', [shorter.id])
    await ashlar.app.storage.sweep(0)
    assert.deepEqual(await doctor('--blobs'), { code: 0, lines: ['Bytes and rows agree.'] })
  })

  it('mends nothing where so much is missing that the storage may be the wrong one, unless it is told to', async () => {
    await rename(join(dir, 't'), join(dir, 'elsewhere'))
    const refused = await doctor('--blobs', '--mend')
    assert.equal(refused.code, 1)
    assert.ok(refused.lines.filter((line) => line.startsWith('found')).length > 10)
    assert.match(refused.lines[0]!, /is this the right storage\?/)
    await rename(join(dir, 'elsewhere'), join(dir, 't'))
    assert.deepEqual(await doctor('--blobs'), { code: 0, lines: ['Bytes and rows agree.'] })
    await rm(join(dir, 't'), { recursive: true })
    assert.equal((await doctor('--blobs', '--mend', '--force')).code, 0)
    assert.equal(await used(), 0)
    assert.deepEqual(await doctor('--blobs'), { code: 0, lines: ['Bytes and rows agree.'] })
  })
})
