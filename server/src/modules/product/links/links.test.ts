// Links over HTTP: what they give to anybody and to whom they do not, how downloads are counted, and passwords.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Person, startApp } from '../../../../test/harness.ts'
import { ABSENT, API, type Links, NEVER, startLinks } from './links.fixture.ts'

describe('links', () => {
  let links: Links
  let ashlar: Links['ashlar']
  let dir: Links['dir']
  let lines: Links['lines']
  let owner: Links['owner']
  let other: Links['other']
  let call: Links['call']
  let upload: Links['upload']
  let link: Links['link']
  let get: Links['get']
  let content: Links['content']
  let unlock: Links['unlock']
  let shares: Links['shares']
  let logOf: Links['logOf']
  let mustBeAbsent: Links['mustBeAbsent']

  before(async () => {
    links = await startLinks()
    ;({ ashlar, dir, lines, owner, other, call, upload, link, get, content, unlock, shares, logOf, mustBeAbsent } =
      links)
  })
  after(() => links?.stop())

  it('a link shows name, size and type, hands out the bytes, and nothing of whose they are', async () => {
    const file = await upload(owner)
    const made = await call(owner, 'POST', `/files/${file.id}/links`, {})
    assert.equal(made.status, 201, made.text)
    const { token, url, id } = made.body
    assert.match(token, /^[\w-]{43}$/)
    assert.ok(url.endsWith(`${API}/files/shared/${token}`))
    const shown = await get(token)
    assert.deepEqual(shown.body, {
      name: file.name,
      size: file.content.length,
      mimeType: 'text/plain',
      type: 'document',
      needsPassword: false,
      expiresAt: null,
    })
    const down = await content(token)
    assert.deepEqual([down.status, down.text], [200, file.content])
    assert.match(down.headers.get('content-disposition')!, /^attachment/)
    for (const { headers } of [shown, down, await get(NEVER)]) {
      assert.equal(headers.get('referrer-policy'), 'no-referrer')
      assert.equal(headers.get('x-robots-tag'), 'noindex, nofollow')
      assert.equal(headers.get('cache-control'), 'no-store')
    }
    assert.match(down.headers.get('content-security-policy')!, /^sandbox;/)
    const part = await content(token, { range: 'bytes=0-3' })
    assert.deepEqual([part.status, part.text], [206, file.content.slice(0, 4)])
    assert.equal((await get(token, '/content', {}, 'HEAD')).status, 200)

    const [row] = await ashlar.rows<Record<string, unknown>>('SELECT * FROM content_links WHERE id = $1', [id])
    assert.ok(!JSON.stringify(row).includes(token), 'the secret is kept nowhere')
    for (const answer of [
      await call(owner, 'GET', `/files/${file.id}/shares`),
      await call(owner, 'GET', `/files/${file.id}`),
    ])
      assert.ok(!answer.text.includes(token))
    const trail = await ashlar.rows<{ changes: object }>(
      `SELECT changes FROM audit_logs WHERE action = 'files.link' AND "targetId" = $1`,
      [file.id],
    )
    assert.equal(trail.length, 1)
    assert.ok(!JSON.stringify(trail).includes(token))
    const events = await ashlar.rows<{ payload: object }>(
      `SELECT payload FROM events WHERE name = 'files.link_created' AND "aggregateId" = $1`,
      [file.id],
    )
    assert.deepEqual(events, [{ payload: { linkId: id } }])
  })

  it('no secret of a link, no pass and no password stands in the log', async () => {
    const file = await upload(owner)
    const { token } = await link(owner, file.id, { password: 'granite-quarry' })
    await unlock(token, 'wrong-granite')
    const { pass } = (await unlock(token, 'granite-quarry')).body
    assert.equal((await get(token, `/content?pass=${encodeURIComponent(pass)}`)).status, 200)
    await get(token, '/nothing')
    await fetch(`${ashlar.url}/api/files/shared/${token}`)
    await fetch(`${ashlar.url}/api/v1/files/%73hared/${token}`)
    const log = lines.join('\n')
    assert.ok(log.includes('files.sharedContent'))
    for (const secret of [token, pass, 'granite-quarry', 'wrong-granite']) assert.ok(!log.includes(secret), secret)
  })

  it('only whoever may share a file makes links to it, sees them, and revokes them', async () => {
    const file = await upload(owner)
    const made = await link(owner, file.id)
    const verbs = (person: Person, id: string, shareId: string) =>
      Promise.all([
        call(person, 'POST', `/files/${id}/links`, {}),
        call(person, 'GET', `/files/${id}/shares`),
        call(person, 'POST', `/files/${id}/revoke-share`, { shareId }),
        call(person, 'GET', `/files/${id}/access-logs`),
      ])
    const [foreign, absent] = [await verbs(other, file.id, made.id), await verbs(other, ABSENT, ABSENT)]
    for (const [at, answer] of foreign.entries())
      assert.deepEqual([answer.status, answer.body.code], [404, absent[at]!.body.code])
    await call(owner, 'POST', `/files/${file.id}/share`, { userId: other.id, permission: 'EDIT' })
    for (const answer of await verbs(other, file.id, made.id))
      assert.deepEqual([answer.status, answer.body.code], [403, 'content.level_too_low'])
    assert.equal((await get(made.token)).status, 200)

    const second = await upload(owner)
    const elsewhere = await call(owner, 'POST', `/files/${second.id}/revoke-share`, { shareId: made.id })
    assert.deepEqual([elsewhere.status, elsewhere.body.code], [404, 'links.share_not_found'], 'a link of another file')
    assert.equal((await get(made.token)).status, 200)

    const listed = await shares(owner, file.id)
    assert.deepEqual(
      listed.map((one: { kind: string; userId: string; permission: string; state: string }) => [
        one.kind,
        one.userId,
        one.permission,
        one.state,
      ]),
      [
        ['user', other.id, 'EDIT', 'active'],
        ['link', null, 'READ', 'active'],
      ],
    )
    for (const { id } of listed)
      assert.equal((await call(owner, 'POST', `/files/${file.id}/revoke-share`, { shareId: id })).status, 200)
    assert.equal(
      (await call(owner, 'POST', `/files/${file.id}/revoke-share`, { shareId: made.id })).status,
      200,
      'again',
    )
    assert.equal((await call(other, 'GET', `/files/${file.id}`)).status, 404)
    await mustBeAbsent(made.token, 'revoked')
    assert.deepEqual(
      (await shares(owner, file.id)).map((one: { kind: string; state: string }) => [one.kind, one.state]),
      [['link', 'revoked']],
    )
    const told = await ashlar.rows(`SELECT 1 FROM events WHERE name = 'files.link_revoked' AND "aggregateId" = $1`, [
      file.id,
    ])
    assert.equal(told.length, 1)
  })

  it('refuses what cannot be meant', async () => {
    const { id } = await upload(owner)
    const faults: [object, string][] = [
      [{ expiresAt: new Date(Date.now() - 1000).toISOString() }, 'past'],
      [{ expiresAt: new Date(Date.now() + 1e7).toISOString(), expiresInHours: 2 }, 'contradiction'],
    ]
    for (const [json, code] of faults) {
      const answer = await call(owner, 'POST', `/files/${id}/links`, json)
      assert.deepEqual([answer.status, answer.body.errors?.[0]?.code], [422, code], answer.text)
    }
    const wrong = [
      { maxDownloads: 0 },
      { expiresInHours: 0 },
      { expiresInHours: 9000 },
      { password: 'short' },
      { fileId: ABSENT },
      { downloads: 5 },
    ]
    for (const json of wrong) assert.equal((await call(owner, 'POST', `/files/${id}/links`, json)).status, 422)
    for (const token of ['x', 'a'.repeat(43), `${NEVER}x`, '%00', 'a b'])
      assert.equal((await get(encodeURIComponent(token))).status, 404, token)
    assert.deepEqual(await shares(owner, id), [])
  })

  describe('counting', () => {
    it('a limit of 10 lets exactly 10 of 50 parallel downloads through, on two processes', async () => {
      const { id } = await upload(owner, 'x'.repeat(50_000))
      const { token } = await link(owner, id, { maxDownloads: 10 })
      const second = await startApp({ env: { UPLOAD_DIR: dir }, database: ashlar.database })
      const urls = [ashlar.url, second.url]
      const download = async (at: number) => {
        const headers = { 'user-agent': `reader ${at}` }
        const response = await fetch(`${urls[at % 2]}${API}/files/shared/${token}/content`, { headers })
        const text = await response.text()
        return { status: response.status, text, body: response.status === 404 ? JSON.parse(text) : undefined }
      }
      const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => download(at)))
      await second.stop()
      assert.equal(answers.filter(({ status, text }) => status === 200 && text.length === 50_000).length, 10)
      assert.equal(answers.filter(({ status, body }) => status === 404 && body.code === 'links.not_found').length, 40)
      const [row] = await ashlar.rows<{ downloads: number }>(
        'SELECT downloads FROM content_links WHERE "itemId" = $1',
        [id],
      )
      assert.equal(row!.downloads, 10)
      assert.equal((await logOf(id)).filter(({ action }) => action === 'download').length, 10)
      await mustBeAbsent(token, 'used up')
      assert.equal((await shares(owner, id))[0].state, 'used_up')
    })

    it('looks, HEAD and what has not changed are no downloads; a part behind the first byte goes on with one', async () => {
      const { id, content: text } = await upload(owner, 'x'.repeat(1000))
      const { token } = await link(owner, id, { maxDownloads: 1 })
      const [me, stranger] = [{ 'user-agent': 'player' }, { 'user-agent': 'stranger' }]
      const head = await get(token, '/content', me, 'HEAD')
      assert.equal((await get(token)).status, 200)
      assert.equal((await content(token, { ...me, 'if-none-match': head.headers.get('etag')! })).status, 304)
      assert.equal((await content(token, { ...me, range: 'bytes=5000-' })).status, 416)
      assert.equal((await shares(owner, id))[0].downloads, 0)

      const begun = await content(token, { ...me, range: 'bytes=0-99' })
      assert.deepEqual([begun.status, begun.text], [206, text.slice(0, 100)])
      assert.equal((await shares(owner, id))[0].downloads, 1)
      for (const range of ['bytes=100-199', 'bytes=200-', 'bytes=-10', 'bytes=300-310,400-410'])
        assert.equal((await content(token, { ...me, range })).status, 206, range)
      for (const headers of [me, { ...me, range: 'bytes=0-' }, { ...me, range: 'bytes=100-199,0-9' }])
        assert.equal((await content(token, headers)).status, 404, 'from the first byte it is a new one')
      for (const method of ['GET', 'HEAD'])
        assert.equal(
          (await get(token, '/content', { ...stranger, range: 'bytes=100-' }, method)).status,
          404,
          'of another client',
        )
      assert.equal((await shares(owner, id))[0].downloads, 1)

      const began = (ago: string) =>
        ashlar.rows(
          `UPDATE content_accesses SET "accessedAt" = now() - $2::interval, "seenAt" = now() - $2::interval WHERE "itemId" = $1`,
          [id, ago],
        )
      await began('61 minutes')
      assert.equal((await content(token, { ...me, range: 'bytes=100-199' })).status, 404, 'an hour later')
      await call(owner, 'POST', `/files/${id}/revoke-share`, { shareId: (await shares(owner, id))[0].id })
      await began('0')
      assert.equal((await content(token, { ...me, range: 'bytes=100-199' })).status, 404, 'nor once it is revoked')
    })

    it('a download is gone on with for no more than its content altogether, and for an hour from its beginning', async () => {
      const { id, content: text } = await upload(owner, 'x'.repeat(100_000))
      const { token } = await link(owner, id, { maxDownloads: 1 })
      assert.equal((await content(token)).status, 200)
      const answers = await Promise.all(Array.from({ length: 20 }, () => content(token, { range: 'bytes=1-' })))
      const sent = answers.filter(({ status }) => status === 206)
      assert.deepEqual(
        sent.map(({ text: part }) => part),
        [text.slice(1)],
      )
      assert.ok(answers.every(({ status, body }) => status === 206 || body.code === 'links.not_found'))
      for (const range of ['bytes=1-', 'bytes=50000-'])
        assert.equal((await content(token, { range })).status, 404, range)

      // Without parts that move its beginning on.
      const { token: second } = await link(owner, id, { maxDownloads: 1 })
      assert.equal((await content(second)).status, 200)
      await ashlar.rows(
        `UPDATE content_accesses SET "accessedAt" = now() - interval '59 minutes' WHERE "itemId" = $1`,
        [id],
      )
      assert.equal((await content(second, { range: 'bytes=1-9' })).status, 206)
      await ashlar.rows(
        `UPDATE content_accesses SET "accessedAt" = "accessedAt" - interval '2 minutes', "seenAt" = "accessedAt" WHERE "itemId" = $1`,
        [id],
      )
      assert.equal((await content(second, { range: 'bytes=1-9' })).status, 404)
    })

    it('a player that leaves a part for another one has used up what it took, not what it asked for', async () => {
      const { id } = await upload(owner, 'x'.repeat(24 * 1024 * 1024))
      const { token } = await link(owner, id, { maxDownloads: 1 })
      const leave = async (range: string) => {
        const stop = new AbortController()
        const response = await fetch(`${ashlar.url}${API}/files/shared/${token}/content`, {
          headers: { range },
          signal: stop.signal,
        })
        await response.body!.getReader().read()
        stop.abort()
        return response.status
      }
      const used = async () => {
        const [row] = await ashlar.rows<{ share: number }>(
          `SELECT extract(epoch FROM "seenAt" - "accessedAt")::float / 3600 AS share FROM content_accesses WHERE "itemId" = $1`,
          [id],
        )
        return row!.share
      }
      assert.equal(await leave('bytes=0-'), 206)
      for (let times = 0; times < 3; times++) {
        assert.equal(await leave('bytes=1000-'), 206, `part ${times}`)
        for (let tries = 0; tries < 100 && (await used()) > 0.9; tries++) await sleep(20)
      }
      const share = await used()
      assert.ok(share > 0 && share < 0.9, `${share}`)
    })
  })

  describe('passwords', () => {
    it('nothing is shown before the right one; the pass is for this link and ends', async () => {
      const file = await upload(owner)
      const { token } = await link(owner, file.id, { password: 'Steinbruch-é' })
      const second = await link(owner, file.id, { password: 'Steinbruch-é' })
      const [row] = await ashlar.rows<{ passwordHash: string }>(
        'SELECT "passwordHash" FROM content_links WHERE "itemId" = $1',
        [file.id],
      )
      assert.match(row!.passwordHash, /^\$argon2id\$/)
      const locked = await get(token)
      assert.deepEqual(locked.body, {
        name: null,
        size: null,
        mimeType: null,
        type: null,
        needsPassword: true,
        expiresAt: null,
      })
      const refused = await content(token)
      assert.deepEqual([refused.status, refused.body.code], [403, 'links.password_required'])
      for (const part of ['/content?password=Steinbruch-%C3%A9', '/content?pass=x', '/content?pass=Steinbruch-%C3%A9'])
        assert.equal((await get(token, part)).status, 403, 'never by the address')
      assert.equal((await unlock(token, 'steinbruch-é')).body.code, 'links.wrong_password')
      const open = await unlock(token, 'Steinbruch-é')
      assert.equal(open.status, 200, open.text)
      assert.equal(open.headers.get('cache-control'), 'no-store')
      const { pass } = open.body
      assert.equal((await get(token, '', { 'x-link-pass': pass })).body.name, file.name)
      assert.equal((await content(token, { 'x-link-pass': pass })).text, file.content)
      assert.equal((await get(token, `/content?pass=${encodeURIComponent(pass)}`)).text, file.content)
      assert.equal((await content(second.token, { 'x-link-pass': pass })).status, 403, 'not for another link')
      assert.equal((await shares(owner, file.id)).at(-1).downloads, 2)
      ashlar.clock.advance(3_601_000)
      try {
        assert.equal((await content(token, { 'x-link-pass': pass })).status, 403)
      } finally {
        ashlar.clock.advance(-3_601_000)
      }
      await call(owner, 'DELETE', `/files/${file.id}`)
      assert.equal((await content(token, { 'x-link-pass': pass })).status, 404, 'a pass outlives no link')
    })

    it('five wrong ones from a source lock it out of that link, whatever comes then, and nobody else', async () => {
      const { id } = await upload(owner)
      const { token } = await link(owner, id, { password: 'granite' })
      const second = await link(owner, id, { password: 'granite' })
      const tries = await Promise.all(Array.from({ length: 20 }, (_, at) => unlock(token, `wrong ${at}`)))
      assert.equal(tries.filter(({ status }) => status === 403).length, 5)
      const rest = tries.filter(({ status }) => status !== 403)
      for (const answer of rest) assert.deepEqual([answer.status, answer.body.code], [429, 'links.locked'])
      const right = await unlock(token, 'granite')
      assert.deepEqual([right.status, right.body.code], [429, 'links.locked'])
      assert.ok(Number(right.headers.get('retry-after')) > 0)
      assert.equal((await unlock(second.token, 'granite')).status, 200)
      const trail = await ashlar.rows(
        `SELECT 1 FROM audit_logs WHERE action = 'files.link_locked' AND "targetId" = $1`,
        [id],
      )
      assert.equal(trail.length, 1)
      assert.equal((await unlock(NEVER, 'granite')).status, 404)
    })
  })

  describe('in the dialect of HaloLight', () => {
    const post = (id: string, json: object) => call(owner, 'POST', `/api/files/${id}/share`, json)

    it('sharing makes a link where nobody is named, and answers what the front ends read, never the password', async () => {
      const { id, content: text } = await upload(owner)
      const made = await post(id, { expiresIn: 24, password: 'granite', maxAccessCount: 3 })
      assert.equal(made.status, 201, made.text)
      const {
        shareUrl,
        shareToken,
        permission,
        expiresAt,
        accessCount,
        maxAccessCount,
        isRevoked,
        createdAt,
        created_at,
        code,
        data,
      } = made.body
      assert.ok(shareUrl.endsWith(`/files/shared/${shareToken}`))
      assert.deepEqual(
        [permission, accessCount, maxAccessCount, isRevoked, code, data.shareUrl],
        ['READ', 0, 3, false, 200, shareUrl],
      )
      assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 24 * 3_600_000) < 60_000, 'in hours')
      assert.deepEqual(created_at, createdAt)
      assert.ok(!('password' in made.body) && !made.text.includes('granite'))
      const shown = await ashlar.call('GET', `/api/files/shared/${shareToken}`)
      assert.deepEqual([shown.status, shown.body.needsPassword], [200, true])
      const { pass } = (
        await ashlar.call('POST', `/api/files/shared/${shareToken}/unlock`, { json: { password: 'granite' } })
      ).body
      const down = await ashlar.call('GET', `/api/files/shared/${shareToken}/content`, {
        headers: { 'x-link-pass': pass },
      })
      assert.equal(down.text, text)

      const plain = await post(id, {})
      assert.deepEqual([plain.status, plain.body.expiresAt], [201, null])
      const list = await call(owner, 'GET', `/api/files/${id}/shares`)
      assert.deepEqual(
        list.body.map((one: { accessCount: number; shareToken: null }) => [one.accessCount, one.shareToken]),
        [
          [0, null],
          [1, null],
        ],
      )
      const log = await call(owner, 'GET', `/api/files/${id}/access-logs`)
      assert.deepEqual([log.body.meta.limit, log.body.data[0].action], [20, 'download'])
      const revoked = await call(owner, 'POST', `/api/files/${id}/revoke-share`, { shareId: made.body.id })
      assert.deepEqual([revoked.status, revoked.body.shareId, revoked.body.code], [200, made.body.id, 200])
      await mustBeAbsent(shareToken, 'revoked')
    })

    it('sharing with people makes no link unless it is asked for, and takes the other words for levels and times', async () => {
      const { id } = await upload(owner)
      for (const [sent, level] of [
        ['VIEW', 'READ'],
        ['DOWNLOAD', 'READ'],
        ['EDIT', 'EDIT'],
        ['READ', 'READ'],
      ] as const) {
        const answer = await post(id, { userId: other.id, permission: sent, expiresInDays: 2 })
        assert.deepEqual(
          [answer.status, answer.body.permission, answer.body.shareToken],
          [201, level, null],
          answer.text,
        )
        assert.ok(Math.abs(Date.parse(answer.body.expiresAt) - Date.now() - 48 * 3_600_000) < 60_000)
      }
      assert.deepEqual(
        (await shares(owner, id)).map((one: { kind: string }) => one.kind),
        ['user'],
      )
      const both = await post(id, { userIds: [other.id], public: true })
      assert.match(both.body.shareToken, /^[\w-]{43}$/)
      assert.equal((await shares(owner, id)).length, 2)
      const wrong = [
        { userId: other.id, password: 'granite' },
        { userId: other.id, maxAccessCount: 2 },
        { public: false },
        { permission: 'EDIT' },
        { expiresIn: 3600 },
        { expiresIn: 1, expiresAt: '2999-01-01T00:00:00Z' },
        { userId: ABSENT },
      ]
      for (const json of wrong) assert.equal((await post(id, json)).status, 422, JSON.stringify(json))
      assert.equal((await shares(owner, id)).length, 2)
    })
  })
})
