// Folders as zips, read back by another program's rules.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { fromBufferPromise, type ZipFile } from 'yauzl'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { folder as newDir } from '../../../drivers/blobs/blobs.fixture.ts'

const API = '/api/v1'

describe('a folder as a zip', () => {
  let ashlar: TestApp
  let dir: string
  let owner: Person
  let other: Person
  before(async () => {
    dir = await newDir()
    ashlar = await startApp({ env: { UPLOAD_DIR: dir, DEFAULT_ROLE: 'manager' } })
    ;[owner, other] = [await ashlar.person(), await ashlar.person()]
  })
  after(async () => {
    await ashlar?.stop()
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  const call = (person: Person, method: string, path: string, json?: unknown) =>
    ashlar.call(method, `${API}${path}`, { token: person.token, ...(json !== undefined && { json }) })
  async function folder(name: string, parentId?: string): Promise<string> {
    const made = await call(owner, 'POST', '/folders', { name, ...(parentId && { parentId }) })
    assert.equal(made.status, 201, made.text)
    return made.body.id
  }
  async function file(folderId: string, name: string, content: string): Promise<string> {
    const bytes = Buffer.from(content)
    const multipart = { folderId, file: { bytes, type: 'text/plain', name } }
    const made = await ashlar.call('POST', `${API}/files/upload`, { token: owner.token, multipart })
    assert.equal(made.status, 201, made.text)
    return made.body.id
  }
  async function get(path: string, person?: Person, method = 'GET') {
    const headers = person ? { authorization: `Bearer ${person.token}` } : {}
    const response = await fetch(`${ashlar.url}${path.startsWith('/api') ? '' : API}${path}`, { method, headers })
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
  }
  async function entriesOf(bytes: Buffer): Promise<Record<string, string>> {
    const zip: ZipFile = await fromBufferPromise(bytes, { lazyEntries: true })
    const found: Record<string, string> = {}
    for await (const entry of zip.eachEntry()) {
      const chunks: Buffer[] = []
      if (!entry.fileName.endsWith('/'))
        for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer)
      found[entry.fileName] = Buffer.concat(chunks).toString()
    }
    return found
  }

  it('holds files and documents at their places, empty folders too, each name once', async () => {
    const top = await folder('Steinbruch 1')
    const east = await folder('East', top)
    await folder('Empty', east)
    const large = randomBytes(2_000_000).toString('hex')
    await file(top, 'a.txt', 'one')
    await file(east, 'large.txt', large)
    const gone = await file(east, 'gone.txt', 'gone')
    await call(owner, 'DELETE', `/files/${gone}`)
    // Another back end writes names as it likes.
    const evil = await file(east, 'b.txt', 'two')
    await ashlar.rows(`UPDATE files SET name = '../../etc/A.TXT' WHERE id = $1`, [evil])
    for (const title of ['Plan', 'plan'])
      assert.equal(
        (await call(owner, 'POST', '/documents', { title, content: `the ${title}`, folderId: top })).status,
        201,
      )
    const answer = await get(`/folders/${top}/zip`, owner)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'application/zip')
    assert.match(answer.headers.get('content-disposition')!, /^attachment; filename="Steinbruch 1\.zip"/)
    assert.deepEqual(await entriesOf(answer.bytes), {
      'East/': '',
      'East/Empty/': '',
      'Plan.txt': 'the Plan',
      'plan (2).txt': 'the plan',
      'a.txt': 'one',
      'East/large.txt': large,
      'East/.._.._etc_A.TXT': 'two',
    })
    // Names that are fine here and elsewhere are a drive, a wildcard or nothing.
    await call(owner, 'POST', '/documents', { title: 'Q: why stone?', content: 'so', folderId: top })
    await folder('x: <y>.', top)
    await file(top, 'a:b.txt', 'three')
    const hostile = Object.keys(await entriesOf((await get(`/folders/${top}/zip`, owner)).bytes))
    for (const name of ['Q_ why stone_.txt', 'x_ _y__/', 'a_b.txt']) assert.ok(hostile.includes(name), name)
  })

  // A minute of standstill, were each name tried from the beginning.
  it('gives thousands of one name their numbers', { timeout: 30_000 }, async () => {
    const top = await folder('Many')
    for (const title of ['Untitled (3)', 'Untitled (3)'])
      await call(owner, 'POST', '/documents', { title, content: title, folderId: top })
    await ashlar.rows(
      `INSERT INTO documents (id, title, content, type, size, "ownerId", "folderId", "createdAt", "updatedAt")
       SELECT 'many' || n, 'Untitled', '', 'document', 0, $1, $2, now() + n * interval '1 millisecond', now() FROM generate_series(1, 10000) n`,
      [owner.id, top],
    )
    const names = Object.keys(await entriesOf((await get(`/folders/${top}/zip`, owner)).bytes))
    assert.equal(names.length, 10_002)
    for (const name of ['Untitled.txt', 'Untitled (3).txt', 'Untitled (3) (2).txt', 'Untitled (10001).txt'])
      assert.ok(names.includes(name), name)
  })

  it('says its size beforehand where it holds files alone, and opens none for HEAD', async () => {
    const top = await folder(unique('Q'))
    await file(top, 'a.txt', 'x'.repeat(50_000))
    await file(top, 'b.txt', 'y')
    const whole = await get(`/folders/${top}/zip`, owner)
    assert.equal(whole.headers.get('content-length'), String(whole.bytes.length))
    const head = await get(`/folders/${top}/zip`, owner, 'HEAD')
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(whole.bytes.length)])
    assert.equal(Object.keys(await entriesOf(whole.bytes)).length, 2)
  })

  it('is for whoever may read the folder: by a share, by a link while it lasts, and for nobody else', async () => {
    const top = await folder(unique('Q'))
    const sub = await folder('Sub', top)
    await file(sub, 'deep.txt', 'deep')
    for (const path of [`/folders/${top}/zip`, `/folders/${top}/download-url`]) {
      const refused = await call(other, 'GET', path)
      assert.deepEqual([refused.status, refused.body.code], [404, 'folders.not_found'])
      assert.equal((await get(path)).status, 401)
    }
    assert.equal((await call(owner, 'POST', `/folders/${top}/share`, { userId: other.id })).status, 200)
    assert.deepEqual(await entriesOf((await get(`/folders/${sub}/zip`, other)).bytes), { 'deep.txt': 'deep' })
    const { url } = (await call(other, 'GET', `/folders/${top}/download-url`)).body
    assert.deepEqual(await entriesOf((await get(url)).bytes), { 'Sub/': '', 'Sub/deep.txt': 'deep' })
    // A link to one thing opens no other, of no other kind.
    const token = new URL(url, ashlar.url).searchParams.get('token')!
    for (const path of [`/folders/${sub}/download`, `/files/${top}/download`])
      assert.equal((await get(`${path}?token=${encodeURIComponent(token)}`)).status, 403)
    assert.equal((await call(owner, 'POST', `/folders/${top}/unshare`, { userId: other.id })).status, 200)
    const ended = await get(url)
    assert.deepEqual([ended.status, JSON.parse(ended.bytes.toString()).code], [403, 'content.link_invalid'])
  })

  it('breaks off when the right to the folder ends: nothing that is not begun by then is handed over', async () => {
    const top = await folder(unique('Q'))
    await file(top, 'a.txt', 'x'.repeat(16 * 1024 * 1024))
    await file(top, 'b.txt', 'the second one')
    assert.equal((await call(owner, 'POST', `/folders/${top}/share`, { userId: other.id })).status, 200)
    const headers = { authorization: `Bearer ${other.token}` }
    const response = await fetch(`${ashlar.url}${API}/folders/${top}/zip`, { headers })
    assert.equal(response.status, 200)
    const reader = response.body!.getReader()
    let last = Buffer.from((await reader.read()).value!)
    assert.equal((await call(owner, 'POST', `/folders/${top}/unshare`, { userId: other.id })).status, 200)
    await assert.rejects(async () => {
      for (let next = await reader.read(); !next.done; next = await reader.read()) last = Buffer.from(next.value)
    })
    assert.ok(!last.includes('the second one'))
    const log = await ashlar.rows<{ itemId: string }>(
      `SELECT a."itemId" FROM content_accesses a JOIN files f ON f.id = a."itemId" WHERE f."folderId" = $1 AND f.name = 'b.txt'`,
      [top],
    )
    assert.deepEqual(log, [])
  })

  it('breaks off where a content is missing: the answer is never taken for whole', async () => {
    const top = await folder(unique('Q'))
    await file(top, 'a.txt', 'x'.repeat(300_000))
    await file(top, 'b.txt', unique('y'))
    await rm(`${dir}/t`, { recursive: true })
    await assert.rejects(get(`/folders/${top}/zip`, owner))
    assert.equal((await get('/health')).status, 200)
  })
})
