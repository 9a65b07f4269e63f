// Files over HTTP: up and down, in parts, by links; names, places, copies, the trash; who reaches what, and what it costs.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import sharp from 'sharp'
import { type Answer, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { type Listening, listen } from '../../../../test/streams.ts'
import { folder as newDir } from '../../../drivers/blobs/blobs.fixture.ts'

const API = '/api/v1'
const MB = 1024 * 1024
const ABSENT = 'cmi8z2n4w0q5t1v7x3y9b6d2'
const text = (content: string | Buffer, name = 'note.txt', type = 'text/plain') => ({
  bytes: Buffer.from(content),
  type,
  name,
})

describe('files', () => {
  let ashlar: TestApp
  let dir: string
  let owner: Person
  let other: Person
  let admin: Person

  before(async () => {
    dir = await newDir()
    const env = { UPLOAD_DIR: dir, MAX_UPLOAD_MB: '4', STORAGE_USER_QUOTA_MB: '20', DEFAULT_ROLE: 'editor' }
    ashlar = await startApp({ env: { ...env, UPLOAD_TYPES: `image/*,text/*,application/pdf,application/json` } })
    ;[owner, other, admin] = [await ashlar.person(), await ashlar.person(), await ashlar.admin()]
    // Editors upload and do not delete.
    for (const person of [owner, other])
      await ashlar.rows(
        `INSERT INTO user_roles ("userId", "roleId", "tenantId") SELECT $1, id, "tenantId" FROM roles WHERE name = 'manager' AND "tenantId" = 'default'`,
        [person.id],
      )
    ;[owner, other] = [await relogin(owner), await relogin(other)]
  })
  after(async () => {
    await ashlar?.stop()
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  const relogin = async (person: Person) => ashlar.login(person.email, 'Gr4nite-Quarry!')
  const call = (person: Person, method: string, path: string, json?: unknown) =>
    ashlar.call(method, `${API}${path}`, { token: person.token, ...(json !== undefined && { json }) })
  const upload = (
    person: Person,
    file: ReturnType<typeof text>,
    fields: Record<string, string> = {},
    path = '/files/upload',
  ) => ashlar.call('POST', `${API}${path}`, { token: person.token, multipart: { ...fields, file } })
  const made = async (person: Person, content: string | Buffer = unique('content'), name = `${unique('n')}.txt`) => {
    const answer = await upload(person, text(content, name))
    assert.equal(answer.status, 201, answer.text)
    return answer.body
  }
  async function raw(person: Person | undefined, path: string, headers: Record<string, string> = {}, method = 'GET') {
    const response = await fetch(`${ashlar.url}${path.startsWith('/api') ? '' : API}${path}`, {
      method,
      headers: { ...(person && { authorization: `Bearer ${person.token}` }), ...headers },
    })
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
  }
  const files = async () =>
    (await readdir(dir, { recursive: true, withFileTypes: true })).filter((one) => one.isFile()).length
  const used = async (person: Person) => (await call(person, 'GET', '/files/storage')).body.used as number

  it('uploads, reads back, and lists; the name is metadata only', async () => {
    const content = randomBytes(MB).toString('base64')
    const answer = await upload(owner, text(content, 'Bruchstücke 1.txt'))
    assert.equal(answer.status, 201, answer.text)
    const { id, name, size, sha256, type, mimeType, access } = answer.body
    assert.deepEqual(
      [name, size, type, mimeType, access],
      ['Bruchstücke 1.txt', content.length, 'document', 'text/plain', 'OWNER'],
    )
    assert.equal(sha256, createHash('sha256').update(content).digest('hex'))
    const down = await raw(owner, `/files/${id}/content`)
    assert.equal(down.status, 200)
    assert.equal(down.bytes.toString(), content)
    assert.match(
      down.headers.get('content-disposition')!,
      /^attachment; filename="Bruchst_cke 1.txt"; filename\*=UTF-8''Bruchst%C3%BCcke%201.txt$/,
    )
    assert.equal(down.headers.get('x-content-type-options'), 'nosniff')
    assert.match(down.headers.get('content-security-policy')!, /^sandbox;/)
    const list = await call(owner, 'GET', '/files?search=bruchst')
    assert.deepEqual(
      list.body.data.map((one: { id: string }) => one.id),
      [id],
    )
    assert.equal((await call(other, 'GET', '/files?search=bruchst')).body.meta.total, 0)
    const [entry] = await ashlar.rows(
      `SELECT changes FROM audit_logs WHERE action = 'files.upload' AND "targetId" = $1`,
      [id],
    )
    assert.ok(entry)
    assert.equal((await upload(owner, text('x', 'any.txt'), {}, '/upload')).status, 201)
    const taken = await upload(owner, text('y', 'any.txt'))
    assert.equal(taken.body.name, 'any (2).txt')
  })

  it('sends parts: one, several, the end, none that is there, and all when they belong to something else', async () => {
    const content = randomBytes(300_000).toString('hex')
    const { id } = await made(owner, content)
    const path = `/files/${id}/content`
    const whole = await raw(owner, path)
    const etag = whole.headers.get('etag')!
    const one = await raw(owner, path, { range: 'bytes=0-0' })
    assert.deepEqual(
      [one.status, one.bytes.toString(), one.headers.get('content-range')],
      [206, content[0], `bytes 0-0/${content.length}`],
    )
    const end = await raw(owner, path, { range: 'bytes=-5', 'if-range': etag })
    assert.deepEqual([end.status, end.bytes.toString()], [206, content.slice(-5)])
    const other = await raw(owner, path, { range: 'bytes=0-4', 'if-range': '"another"' })
    assert.deepEqual([other.status, other.bytes.length], [200, content.length])
    const beyond = await raw(owner, path, { range: `bytes=${content.length}-` })
    assert.equal(beyond.status, 416)
    for (const nonsense of ['bytes=x-y', 'lines=1-2', 'bytes=5-2,'])
      assert.ok([200, 416].includes((await raw(owner, path, { range: nonsense })).status), nonsense)
    const two = await raw(owner, path, { range: 'bytes=0-1,100-102' })
    assert.equal(two.status, 206)
    const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(two.headers.get('content-type')!)![1]
    assert.equal(Number(two.headers.get('content-length')), two.bytes.length)
    const parts = two.bytes.toString().split(`--${boundary}`)
    assert.equal(parts.length, 4)
    assert.ok(
      parts[1]!.endsWith(`\r\n\r\n${content.slice(0, 2)}\r\n`) &&
        parts[2]!.endsWith(`\r\n\r\n${content.slice(100, 103)}\r\n`),
    )
    const same = await raw(owner, path, { 'if-none-match': etag })
    assert.deepEqual([same.status, same.bytes.length], [304, 0])
    const head = await raw(owner, path, {}, 'HEAD')
    assert.deepEqual(
      [head.status, head.headers.get('content-length'), head.bytes.length],
      [200, String(content.length), 0],
    )
  })

  it('FILE-1: the content decides what a file is, and must agree with its name', async () => {
    const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const taken = await upload(owner, text(png, 'red.png', 'text/html'))
    assert.deepEqual([taken.status, taken.body.mimeType, taken.body.type], [201, 'image/png', 'image'])
    const inline = await raw(owner, `/files/${taken.body.id}/content?inline=true`)
    assert.match(inline.headers.get('content-disposition')!, /^inline/)
    const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    const kept = await upload(owner, text(svg, 'logo.svg', 'image/png'))
    assert.equal(kept.status, 201, kept.text)
    assert.equal(kept.body.mimeType, 'image/svg+xml')
    const shown = await raw(owner, `/files/${kept.body.id}/content?inline=true`)
    assert.match(shown.headers.get('content-disposition')!, /^attachment/)
    const refused: [ReturnType<typeof text>, string][] = [
      [text('<html><script>alert(1)</script>', 'page.png', 'image/png'), 'files.type_mismatch'],
      [text(svg, 'logo.png', 'image/png'), 'files.type_mismatch'],
      [text('<!doctype html><p>', 'page.txt'), 'files.type_mismatch'],
      // However browsers end a comment, what they would run comes after it.
      ...['<!-- a --> <!-- b -->', '<!-->', '<!--->', '<!-- a --!>'].map(
        (comment): [ReturnType<typeof text>, string] => [
          text(`\n${comment}<script>alert(1)</script>`, 'page.txt'),
          'files.type_mismatch',
        ],
      ),
      [text(png, 'red.pdf', 'application/pdf'), 'files.type_mismatch'],
      [text(png, 'red.html', 'image/png'), 'files.type_mismatch'],
      [text('just text', 'photo.jpg', 'image/jpeg'), 'files.type_mismatch'],
      [text(Buffer.from('504b0304140000000800', 'hex'), 'a.zip', 'text/plain'), 'files.type_refused'],
      [text(Buffer.from('4d5a900003000000', 'hex'), 'setup', 'text/plain'), 'files.type_refused'],
      [text(randomBytes(500), 'noise', 'text/plain'), 'files.type_refused'],
    ]
    for (const words of ['MZ is where the quarry lies', 'BMW came to look at slabs'])
      assert.equal((await upload(owner, text(words))).body.mimeType, 'text/plain')
    // Comments over comments, which may be paired in countless ways.
    assert.equal((await upload(owner, text(`${'<!---->'.repeat(580)}x`))).body.mimeType, 'text/plain')
    const before = await files()
    for (const [file, code] of refused) {
      const answer = await upload(owner, file)
      assert.deepEqual([answer.status, answer.body.code], [415, code], `${file.name}: ${answer.text}`)
    }
    // The name that is kept, wherever it stands.
    for (const [file, name] of [
      [text('just text', 'a.txt'), 'photo.jpg'],
      [text('just text', 'photo.jpg '), undefined],
      [text(png, 'red.png', 'image/png'), 'red.html'],
    ] as const) {
      const answer = await upload(owner, file, name === undefined ? {} : { name })
      assert.deepEqual([answer.status, answer.body.code], [415, 'files.type_mismatch'], name)
    }
    assert.equal(await files(), before, 'nothing of them is kept')
    const named = await upload(owner, text('# Slabs', 'note'), { name: `${unique('n')}.md` })
    assert.deepEqual([named.status, named.body.mimeType], [201, 'text/markdown'])
  })

  it('FILE-2: hostile names are cut to their last part or refused, and never reach the disk', async () => {
    for (const name of ['../../etc/passwd.txt', '..\\..\\boot.txt', 'a/b/c.txt']) {
      const answer = await upload(owner, text(unique('x'), name))
      assert.ok(answer.status === 422 || !/[/\\]/.test(answer.body.name), answer.text)
    }
    for (const name of ['a\u202etxt.exe', 'x'.repeat(300), '..']) {
      const answer = await upload(owner, text('x', 'ok.txt'), { name })
      assert.equal(answer.status, 422, `${name}: ${answer.text}`)
    }
    const stored = (await readdir(dir, { recursive: true })).map(String)
    assert.ok(
      stored.every((path) => /^(?:t|arriving|[\w/-])*$/.test(path)),
      stored.join('\n'),
    )
  })

  it('FILE-2: broken and empty bodies are 4xx and leave nothing', async () => {
    const [before, room] = [await files(), await used(owner)]
    const send = (body: string, type = 'multipart/form-data; boundary=x') =>
      ashlar.call('POST', `${API}/files/upload`, { token: owner.token, headers: { 'content-type': type }, json: body })
    const head =
      '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\ncontent-type: text/plain\r\n\r\n'
    for (const body of [
      '',
      'nonsense',
      head,
      `${head}half`,
      `${head}half\r\n--y--`,
      '--x--\r\n',
      '--x\r\n\r\n\r\n--x--\r\n',
    ]) {
      const answer = await send(body)
      assert.ok(answer.status >= 400 && answer.status < 500, `${JSON.stringify(body)}: ${answer.text}`)
    }
    assert.equal((await send('{}', 'application/json')).status, 415)
    assert.equal((await upload(owner, text('x'), { unknown: 'field' })).status, 422)
    assert.equal((await upload(owner, text('x'), { folderId: ABSENT })).status, 404)
    assert.equal((await upload(owner, text('a'.repeat(4 * MB + 1)))).status, 413)
    assert.deepEqual([await files(), await used(owner)], [before, room])
  })

  it('FILE-2: an upload that breaks off leaves nothing that is seen, no bytes and no charge', async () => {
    const [before, room] = [await files(), await used(owner)]
    const { hostname, port } = new URL(ashlar.url)
    await Promise.all(
      Array.from({ length: 5 }, async (_, at) => {
        const sent = request({
          hostname,
          port,
          path: `${API}/files/upload`,
          method: 'POST',
          headers: {
            authorization: `Bearer ${owner.token}`,
            'content-type': 'multipart/form-data; boundary=x',
            'content-length': '3000000',
          },
        })
        sent.on('error', () => undefined)
        sent.write('--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n')
        sent.write('a'.repeat(200_000 * (at + 1)))
        await new Promise((done) => setTimeout(done, 150))
        sent.destroy()
      }),
    )
    const arriving = () => ashlar.rows(`SELECT id FROM blobs WHERE state = 'arriving'`)
    for (let tries = 0; tries < 100 && (await arriving()).length > 0; tries++)
      await new Promise((done) => setTimeout(done, 100))
    assert.deepEqual(await arriving(), [])
    assert.deepEqual([await files(), await used(owner)], [before, room])
  })

  it('FILE-3: of 100 parallel uploads those are kept that fit, and the others are told that there is no room', async () => {
    const person = await relogin(await ashlar.person())
    const size = 250_000
    // Who is told that the server is busy comes again, as it says.
    async function sent(): Promise<Answer> {
      const answer = await upload(person, text(randomBytes(size / 2).toString('hex')))
      return answer.status === 503 ? sent() : answer
    }
    const all: Answer[] = await Promise.all(Array.from({ length: 100 }, sent))
    const statuses = all.map(({ status }) => status)
    const kept = statuses.filter((status) => status === 201).length
    assert.equal(kept, Math.floor((20 * MB) / size), JSON.stringify(statuses))
    assert.ok(
      statuses.every((status) => status === 201 || status === 507),
      JSON.stringify(statuses),
    )
    assert.equal(await used(person), kept * size)
  })

  it('renames, moves by id and by path, copies without bytes, and each asks for its right', async () => {
    const { id } = await made(owner, 'the same bytes')
    const etag = (await raw(owner, `/files/${id}`)).headers.get('etag')!
    const place = await call(owner, 'POST', '/folders', { name: unique('Plans') })
    const renamed = await call(owner, 'PATCH', `/files/${id}/rename`, { name: 'b.txt' })
    assert.deepEqual([renamed.status, renamed.body.name], [200, 'b.txt'])
    const moved = await call(owner, 'POST', `/files/${id}/move`, { targetPath: `/${place.body.name}` })
    assert.deepEqual(
      [moved.status, moved.body.folderId, moved.body.path],
      [200, place.body.id, `/${place.body.name}/b.txt`],
    )
    const blobs = await files()
    const copy = await call(owner, 'POST', `/files/${id}/copy`, {})
    assert.deepEqual([copy.status, copy.body.name, copy.body.folderId], [201, 'b (2).txt', place.body.id])
    assert.equal(await files(), blobs, 'no bytes were copied')
    assert.equal((await raw(owner, `/files/${copy.body.id}/content`)).bytes.toString(), 'the same bytes')
    for (const [method, path, json] of [
      ['GET', '', undefined],
      ['GET', '/content', undefined],
      ['GET', '/download-url', undefined],
      ['PATCH', '/rename', { name: 'c.txt' }],
      ['POST', '/move', { folderId: null }],
      ['POST', '/copy', {}],
      ['PATCH', '/favorite', { favorite: true }],
      ['POST', '/share', { userId: other.id }],
      ['POST', '/restore', undefined],
      ['DELETE', '', undefined],
    ] as const) {
      const foreign = await call(other, method, `/files/${id}${path}`, json)
      const absent = await call(other, method, `/files/${ABSENT}${path}`, json)
      assert.deepEqual([foreign.status, foreign.body.code], [404, 'files.not_found'], `${method} ${path}`)
      assert.deepEqual([absent.status, absent.body.detail], [foreign.status, foreign.body.detail])
    }
    const stale = await ashlar.call('PATCH', `${API}/files/${id}/rename`, {
      token: owner.token,
      json: { name: 'z.txt' },
      headers: { 'if-match': etag },
    })
    assert.equal(stale.status, 412, stale.text)
  })

  it('a name is there once in a place: refused to a rename, given a number by a move and by the trash', async () => {
    const folder = (await call(owner, 'POST', '/folders', { name: unique('Q') })).body
    const inside = await upload(owner, text(unique('c'), 'same.txt'), { folderId: folder.id })
    const outside = await made(owner, unique('c'), 'same.txt')
    const clash = await made(owner, unique('c'))
    const refused = await call(owner, 'PATCH', `/files/${clash.id}/rename`, { name: 'same.txt' })
    assert.deepEqual([refused.status, refused.body.code], [409, 'files.name_taken'])
    const moved = await call(owner, 'POST', `/files/${outside.id}/move`, { folderId: folder.id })
    assert.deepEqual([moved.status, moved.body.name], [200, 'same (2).txt'])
    assert.equal((await call(owner, 'DELETE', `/files/${inside.body.id}`)).status, 200)
    assert.equal((await upload(owner, text(unique('c'), 'same.txt'), { folderId: folder.id })).body.name, 'same.txt')
    const back = await call(owner, 'POST', `/files/${inside.body.id}/restore`)
    assert.deepEqual([back.status, back.body.name, back.body.folderId], [200, 'same (3).txt', folder.id])
    const parallel = await Promise.all(
      Array.from({ length: 8 }, () => upload(owner, text(unique('c'), 'rush.txt'), { folderId: folder.id })),
    )
    assert.equal(new Set(parallel.map(({ body }) => body.name)).size, 8)
  })

  it('is given to a team and taken back by its owner, and a name goes along', async () => {
    const leader = await ashlar.person()
    const members = { name: unique('Team'), memberIds: [owner.id, other.id] }
    const { id: team } = (await call(admin, 'POST', '/teams', members)).body
    await call(admin, 'POST', `/teams/${team}/members`, { userId: leader.id, role: 'admin' })
    const { id } = await made(owner)
    const level = async (who: Person) => (await call(who, 'GET', `/files/${id}`)).body.access
    const name = `${unique('team')}.txt`
    const heard = await listen(ashlar.url, { token: owner.token, types: 'files.updated' })
    const given = await call(owner, 'PATCH', `/files/${id}`, { teamId: team, name })
    const { data } = await heard.next('files.updated').finally(() => heard.close())
    assert.deepEqual([data.aggregateId, data.payload.fields.toSorted()], [id, ['name', 'teamId']])
    assert.deepEqual([given.status, given.body.teamId, given.body.name], [200, team, name], given.text)
    assert.deepEqual([await level(leader), await level(other)], ['EDIT', 'READ'])
    assert.equal((await call(other, 'PATCH', `/files/${id}`, { teamId: null })).status, 403)
    const { id: others } = (await call(admin, 'POST', '/teams', { name: unique('Team') })).body
    for (const teamId of [others, ABSENT])
      assert.deepEqual((await call(owner, 'PATCH', `/files/${id}`, { teamId })).body.errors[0].code, 'not_in_team')
    const back = await call(owner, 'PATCH', `/files/${id}`, { teamId: null })
    assert.deepEqual([back.status, back.body.teamId, back.body.name], [200, null, name])
    assert.equal(await level(other), undefined)
    const { name: taken } = await made(owner)
    assert.equal((await call(owner, 'PATCH', `/files/${id}`, { name: taken })).body.code, 'files.name_taken')
    const log = (await call(admin, 'GET', '/audit-logs?action=files.edit&sortOrder=asc')).body.data
    const entries = log.filter((entry: { targetId: string }) => entry.targetId === id)
    assert.equal(entries.length, 2)
    assert.ok(JSON.stringify(entries).includes(`"teamId":[null,"${team}"]`), JSON.stringify(entries))
  })

  it('a list goes on by page, and refuses a cursor that it never gave', async () => {
    const { status, body } = await call(owner, 'GET', '/files?cursor=garbage')
    assert.deepEqual([status, body.errors?.[0].code], [422, 'unknown_cursor'])
  })

  it('a share ends at a time that there is', async () => {
    const [{ id }, friend] = [await made(owner), await ashlar.person()]
    const { id: document } = (await call(owner, 'POST', '/documents', { title: unique('d'), content: '' })).body
    for (const path of [`/files/${id}/share`, `/documents/${document}/share`])
      for (const [expiresAt, status] of [
        ['9999-12-31T23:59:59-12:00', 422],
        ['9999-12-31T23:59:59.999Z', 200],
      ])
        assert.equal(
          (await call(owner, 'POST', path, { userId: friend.id, expiresAt })).status,
          status,
          `${path} ${expiresAt}`,
        )
  })

  it('the path by names follows the folders above', async () => {
    const [top, below] = [unique('Top'), unique('Below')]
    const folder = (await call(owner, 'POST', '/folders', { name: top })).body
    const sub = (await call(owner, 'POST', '/folders', { name: below, parentId: folder.id })).body
    const { body: file } = await upload(owner, text(unique('c'), 'p.txt'), { folderId: sub.id })
    assert.equal(file.path, `/${top}/${below}/p.txt`)
    const renamed = unique('Renamed')
    assert.equal((await call(owner, 'PATCH', `/folders/${folder.id}`, { name: renamed })).status, 200)
    assert.equal((await call(owner, 'GET', `/files/${file.id}`)).body.path, `/${renamed}/${below}/p.txt`)
    assert.equal((await call(owner, 'PATCH', `/folders/${sub.id}`, { parentId: null })).status, 200)
    assert.equal((await call(owner, 'GET', `/files/${file.id}`)).body.path, `/${below}/p.txt`)
  })

  it('tells whoever may read a file what happens to it, and nobody else', async () => {
    const listening = await Promise.all(
      [owner, other].map(({ token }) => listen(ashlar.url, { token, types: 'files.*' })),
    )
    const [mine, theirs] = listening as [Listening, Listening]
    try {
      const { id } = await made(owner)
      await call(owner, 'PATCH', `/files/${id}/rename`, { name: `${unique('n')}.txt` })
      // Who may read is asked when a fact is told.
      await mine.next('files.updated')
      await call(owner, 'POST', `/files/${id}/share`, { userId: other.id, permission: 'READ' })
      await Promise.all([mine.next('files.shared'), theirs.next('files.shared')])
      const of = (one: Listening) => one.facts().map(({ event, data }) => [event, data.aggregateId])
      assert.deepEqual(of(theirs), [['files.shared', id]])
      assert.deepEqual(
        of(mine),
        ['files.created', 'files.updated', 'files.shared'].map((event) => [event, id]),
      )
      assert.equal((await call(owner, 'DELETE', `/files/${id}`)).status, 200)
    } finally {
      for (const one of listening) one.close()
    }
  })

  it('shared to read: read and no more; what is in a shared folder comes with it', async () => {
    const { id } = await made(owner, 'for two')
    assert.equal((await call(owner, 'POST', `/files/${id}/share`, { userId: other.id })).status, 200)
    assert.equal((await call(other, 'GET', `/files/${id}`)).body.access, 'READ')
    assert.equal((await raw(other, `/files/${id}/content`)).bytes.toString(), 'for two')
    for (const [method, path, json] of [
      ['PATCH', 'rename', { name: 'x.txt' }],
      ['POST', 'move', { folderId: null }],
      ['POST', 'share', { userId: other.id }],
    ] as const) {
      const answer = await call(other, method, `/files/${id}/${path}`, json)
      assert.deepEqual([answer.status, answer.body.code], [403, 'content.level_too_low'], path)
    }
    assert.equal((await call(other, 'DELETE', `/files/${id}`)).status, 403)
    assert.deepEqual(
      (await call(other, 'GET', '/files?shared=true')).body.data.map((one: { id: string }) => one.id),
      [id],
    )
    const favorite = await call(other, 'PATCH', `/files/${id}/favorite`, {})
    assert.equal(favorite.body.isFavorite, true)
    assert.equal((await call(owner, 'GET', `/files/${id}`)).body.isFavorite, false, 'it is one’s own')
    assert.equal((await call(owner, 'POST', `/files/${id}/unshare`, {})).status, 200)
    assert.equal((await call(other, 'GET', `/files/${id}`)).status, 404)

    const place = await call(owner, 'POST', '/folders', { name: unique('Shared') })
    const inside = await upload(owner, text('below'), { folderId: place.body.id })
    assert.equal((await call(other, 'GET', `/files/${inside.body.id}`)).status, 404)
    const told = async () =>
      (await call(other, 'GET', '/files?shared=true')).body.data.map((one: Record<string, string>) => [
        one.folderId,
        one.path,
      ])
    assert.equal((await call(owner, 'POST', `/files/${inside.body.id}/share`, { userId: other.id })).status, 200)
    assert.deepEqual(await told(), [[null, `/${inside.body.name}`]], 'the folder is not named to who does not reach it')
    assert.equal((await call(owner, 'POST', `/files/${inside.body.id}/unshare`, {})).status, 200)
    await call(owner, 'POST', `/folders/${place.body.id}/share`, { userId: other.id, permission: 'EDIT' })
    assert.equal((await call(other, 'GET', `/files/${inside.body.id}`)).body.access, 'EDIT')
    assert.deepEqual(await told(), [[place.body.id, inside.body.path]])
    const mine = await upload(other, text('theirs'), { folderId: place.body.id })
    assert.equal(mine.status, 201, mine.text)
    assert.equal(
      (await call(admin, 'GET', `/files/${mine.body.id}`)).body.access,
      'OWNER',
      'who manages files reaches all',
    )
  })

  it('FILE-4: a link works for five minutes, for one file, and as long as the right it came from', async () => {
    const { id } = await made(owner, 'linked')
    const another = await made(owner)
    const { url, expiresIn } = (await call(owner, 'GET', `/files/${id}/download-url`)).body
    assert.equal(expiresIn, 300)
    const down = await raw(undefined, url)
    assert.deepEqual([down.status, down.bytes.toString()], [200, 'linked'])
    assert.match(down.headers.get('content-disposition')!, /^attachment/)
    assert.equal((await raw(undefined, url.replace(id, another.id))).status, 403)
    assert.equal((await raw(undefined, `${url.slice(0, -2)}AA`)).status, 403)
    assert.ok([404, 405].includes((await raw(undefined, url, {}, 'POST')).status))
    assert.equal((await call(owner, 'DELETE', `/files/${id}`)).status, 200)
    assert.equal((await raw(undefined, url)).status, 403, 'the file is gone')
    await call(owner, 'POST', `/files/${id}/restore`)
    assert.equal((await raw(undefined, url)).status, 200)
    const guest = await relogin(owner)
    const ending = (await call(guest, 'GET', `/files/${id}/download-url`)).body.url
    await ashlar.call('POST', `${API}/auth/logout`, { token: guest.token, json: { refreshToken: guest.refreshToken } })
    assert.equal((await raw(undefined, ending)).status, 403, 'the session has ended')
    ashlar.clock.advance(301_000)
    assert.equal((await raw(undefined, url)).status, 403, 'the time is over')
    ashlar.clock.advance(-301_000)
  })

  it('the trash: out of sight, counted still, brought back, and gone for good with its bytes', async () => {
    const person = await relogin(other)
    const content = randomBytes(50_000).toString('hex')
    const [room, before] = [await used(person), await files()]
    const { id } = await made(person, content)
    assert.equal((await call(person, 'DELETE', `/files/${id}`)).status, 200)
    assert.equal((await call(person, 'GET', `/files/${id}`)).status, 404)
    assert.deepEqual(
      (await call(person, 'GET', '/files?deleted=true')).body.data.map((one: { id: string }) => one.id),
      [id],
    )
    assert.equal(await used(person), room + content.length)
    assert.equal((await call(person, 'POST', `/files/${id}/restore`)).status, 200)
    const batch = await call(person, 'POST', '/files/batch-delete', { ids: [id, ABSENT] })
    assert.deepEqual(
      [batch.status, batch.body.deletedCount, batch.body.results],
      [
        200,
        1,
        [
          { id, deleted: true },
          { id: ABSENT, deleted: false, code: 'files.not_found' },
        ],
      ],
    )
    await ashlar.rows(`UPDATE files SET "deletedAt" = now() - interval '31 days' WHERE id = $1`, [id])
    assert.ok((await ashlar.app.folders.purgeExpired()) >= 1)
    assert.equal(await used(person), room, 'its room is free')
    await ashlar.rows(`UPDATE blobs SET "touchedAt" = 'epoch' WHERE refs = 0`)
    await ashlar.app.storage.sweep(60)
    assert.equal(await files(), before, 'its bytes are gone')
  })

  it('a folder takes its files along into the trash and back', async () => {
    const place = await call(owner, 'POST', '/folders', { name: unique('Gone') })
    const inside = await upload(owner, text('along'), { folderId: place.body.id })
    assert.equal((await call(owner, 'GET', `/folders/${place.body.id}`)).body.contains.files, 1)
    await call(owner, 'DELETE', `/folders/${place.body.id}`)
    assert.equal((await call(owner, 'GET', `/files/${inside.body.id}`)).status, 404)
    await call(owner, 'POST', `/folders/${place.body.id}/restore`)
    assert.equal((await call(owner, 'GET', `/files/${inside.body.id}`)).status, 200)
  })

  it('on /api: folders first, both names of fields, and a folder by the id of an item', async () => {
    const api = (method: string, path: string, json?: unknown) =>
      ashlar.call(method, `/api${path}`, { token: owner.token, ...(json !== undefined && { json }) })
    const name = unique('Halo')
    const place = await api('POST', '/files/folder', { name, parentPath: '/' })
    assert.deepEqual(
      [place.status, place.body.type, place.body.code, place.body.data.id],
      [201, 'folder', 200, place.body.id],
    )
    const up = await ashlar.call('POST', '/api/files/upload', {
      token: owner.token,
      multipart: { path: `/${name}`, file: text('halo', 'halo.txt') },
    })
    assert.equal(up.status, 201, up.text)
    assert.equal(up.body.folderId, place.body.id)
    assert.ok(up.body.created_at)
    await api('POST', '/files/folder', { name: 'Below', path: `/${name}` })
    const list = await api('GET', `/files?path=/${name}&pageSize=10`)
    assert.deepEqual(
      list.body.data.map((one: { name: string; type: string }) => [one.name, one.type]),
      [
        ['Below', 'folder'],
        ['halo.txt', 'document'],
      ],
    )
    assert.equal(list.body.meta.total, 2)
    const second = await api('GET', `/files?path=/${name}&pageSize=1&page=2`)
    assert.deepEqual(
      second.body.data.map((one: { name: string }) => one.name),
      ['halo.txt'],
    )
    const info = await api('GET', '/files/storage-info')
    assert.ok(info.body.breakdown.documents > 0 && info.body.total > 0)
    const moved = await api('POST', `/files/${up.body.id}/move`, { targetPath: '/' })
    assert.equal(moved.body.folderId, null)
    const renamed = await api('PATCH', `/files/${place.body.id}/rename`, { name: `${name}2` })
    assert.equal(renamed.body.name, `${name}2`)
    const gone = await api('DELETE', `/files/${place.body.id}`)
    assert.deepEqual([gone.status, gone.body.code], [200, 200])
  })
})
