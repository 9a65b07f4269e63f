// Documents over HTTP: who sees, saves, shares and deletes them, what they were before, and how they are found.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, type Call, type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { type Listening, listen } from '../../../../test/streams.ts'

const NOTHING = 'cmi8z2n4w0q5t1v7x3y9b6d2'

describe('documents', () => {
  let ashlar: TestApp
  let owner: Person
  let reader: Person
  let other: Person
  before(async () => {
    ashlar = await startApp({ env: { DOCUMENT_REVISIONS: '3' } })
    ;[owner, reader, other] = [await ashlar.person('Olga'), await ashlar.person('Rita'), await ashlar.person()]
  })
  after(() => ashlar?.stop())

  const call = (method: string, path: string, { token }: Person = owner, json?: unknown, more: Call = {}) =>
    ashlar.call(method, `/api/v1${path}`, { token, ...more, ...(json !== undefined && { json }) })
  async function make(title = 'Plan', more: object = {}, who = owner): Promise<string> {
    const answer = await call('POST', '/documents', who, { title, content: 'Stone by stone.', ...more })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id
  }
  const codeOf = ({ status, body }: Answer) => [status, body.code]
  const idsOf = ({ body, text }: Answer): string[] => {
    assert.ok(body.data, text)
    return body.data.map(({ id }: { id: string }) => id)
  }
  const find = async (words: string, who = owner, more = '') =>
    idsOf(await call('GET', `/documents?search=${encodeURIComponent(words)}${more}`, who))
  const trailOf = async (id: string) =>
    (
      await ashlar.rows<{ action: string }>('SELECT action FROM audit_logs WHERE "targetId" = $1 ORDER BY at, seq', [
        id,
      ])
    ).map(({ action }) => action)

  it('are open as far as they are shared, and answer like nothing to everybody else (TEN-5)', async () => {
    const id = await make()
    const nothing = await call('GET', `/documents/${NOTHING}`, reader)
    const closed = await call('GET', `/documents/${id}`, reader)
    assert.deepEqual(
      [closed.status, closed.body.code, closed.body.detail],
      [404, 'documents.not_found', nothing.body.detail],
    )
    const writes: [string, string, unknown?][] = [
      ['PUT', '', { content: 'mine' }],
      ['PATCH', '/rename', { title: 'Mine' }],
      ['POST', '/move', { folder: 'Mine' }],
      ['POST', '/tags', { tags: ['mine'] }],
    ]
    const owners: [string, string, unknown?][] = [
      ['POST', '/share', { userId: other.id }],
      ['POST', '/unshare', {}],
      ['DELETE', ''],
    ]
    for (const [method, tail, json] of [...writes, ...owners])
      assert.deepEqual(codeOf(await call(method, `/documents/${id}${tail}`, reader, json)), [
        404,
        'documents.not_found',
      ])
    for (const permission of ['READ', 'COMMENT']) {
      const shared = await call('POST', `/documents/${id}/share`, owner, { userIds: [reader.id], permission })
      assert.deepEqual(
        shared.body.collaborators.map((one: { id: string; permission: string }) => [one.id, one.permission]),
        [[reader.id, permission]],
      )
      const seen = await call('GET', `/documents/${id}`, reader)
      assert.deepEqual([seen.status, seen.body.access, seen.body.shared], [200, permission, true])
      assert.deepEqual(seen.body.collaborators, [], 'whom else it is shared with is the owner’s business')
      for (const [method, tail, json] of [...writes, ...owners])
        assert.deepEqual(codeOf(await call(method, `/documents/${id}${tail}`, reader, json)), [
          403,
          'content.level_too_low',
        ])
    }
    await call('POST', `/documents/${id}/share`, owner, { userId: reader.id, permission: 'EDIT' })
    for (const [method, tail, json] of writes)
      assert.equal((await call(method, `/documents/${id}${tail}`, reader, json)).status, 200, tail)
    for (const [method, tail, json] of owners)
      assert.equal((await call(method, `/documents/${id}${tail}`, reader, json)).status, 403, tail)
    assert.equal((await call('PUT', `/documents/${id}`, reader, { teamId: null })).status, 403)
    const { body } = await call('GET', `/documents/${id}`)
    assert.deepEqual([body.title, body.content, body.folder, body.tags], ['Mine', 'mine', 'Mine', ['mine']])
    assert.deepEqual(idsOf(await call('GET', '/documents?shared=true', reader)), [id])
    assert.equal((await call('POST', `/documents/${id}/unshare`, owner)).status, 200)
    assert.equal((await call('GET', `/documents/${id}`, reader)).status, 404)
    assert.deepEqual(idsOf(await call('GET', '/documents', reader)), [])
    for (const json of [{}, { userId: NOTHING }, { userIds: [reader.id, NOTHING] }, { teamId: NOTHING }])
      assert.equal((await call('POST', `/documents/${id}/share`, owner, json)).status, 422)
    assert.equal((await call('GET', `/documents/${id}`, reader)).status, 404)
    // The tenant's administrator reaches everything; a permission of the module alone reaches nothing.
    const admin = await ashlar.admin()
    assert.equal((await call('GET', `/documents/${id}`, admin)).body.access, 'OWNER')
    assert.ok(idsOf(await call('GET', '/documents?limit=100', admin)).includes(id))
    assert.ok((await trailOf(id)).includes('documents.share'))
  })

  it('keep every save with its author, up to as many as are wanted, and restore one as a new one', async () => {
    const id = await make('First', { content: '1' })
    await call('POST', `/documents/${id}/share`, owner, { userId: reader.id, permission: 'EDIT' })
    await call('PUT', `/documents/${id}`, reader, { content: '2' })
    await call('PATCH', `/documents/${id}/rename`, owner, { title: 'Second' })
    await call('POST', `/documents/${id}/tags`, owner, { tags: ['x'] })
    await call('PUT', `/documents/${id}`, owner, { content: '2', title: 'Second' })
    const list = await call('GET', `/documents/${id}/revisions`, reader)
    assert.deepEqual(
      list.body.data.map((one: { number: number; title: string; author: { name: string }; current: boolean }) => [
        one.number,
        one.title,
        one.author.name,
        one.current,
      ]),
      [
        [3, 'Second', 'Olga', true],
        [2, 'First', 'Rita', false],
        [1, 'First', 'Olga', false],
      ],
    )
    assert.equal((await call('GET', `/documents/${id}/revisions/1`, reader)).body.content, '1')
    const back = await call('POST', `/documents/${id}/revisions/1/restore`, reader)
    assert.deepEqual([back.body.title, back.body.content, back.body.revision, back.body.tags], ['First', '1', 4, ['x']])
    for (const content of ['5', '6', '7']) await call('PUT', `/documents/${id}`, owner, { content })
    const kept = (await call('GET', `/documents/${id}/revisions`)).body
    assert.deepEqual(
      kept.data.map(({ number }: { number: number }) => number),
      [7, 6, 5, 4],
    )
    assert.equal(kept.meta.total, 4)
    assert.deepEqual(codeOf(await call('GET', `/documents/${id}/revisions/1`)), [404, 'documents.revision_not_found'])
    assert.equal((await call('POST', `/documents/${id}/revisions/1/restore`)).status, 404)
    for (const path of ['/revisions', '/revisions/7'])
      assert.deepEqual(codeOf(await call('GET', `/documents/${id}${path}`, other)), [404, 'documents.not_found'])
    assert.equal((await call('GET', `/documents/${id}/revisions/0`)).status, 422)
  })

  it('lose no save when two save at once', async () => {
    const id = await make('Race', { content: '0' })
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((content) => call('PUT', `/documents/${id}`, owner, { content })),
    )
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    )
    const rows = await ashlar.rows<{ content: string }>(
      'SELECT content FROM document_revisions WHERE "documentId" = $1 UNION ALL SELECT content FROM documents WHERE id = $1',
      [id],
    )
    assert.deepEqual(rows.map(({ content }) => content).sort(), ['0', 'a', 'b', 'c'])
  })

  it('compare versions: a stale If-Match saves nothing, not even a revision', async () => {
    const id = await make()
    const read = await call('GET', `/documents/${id}`)
    const headers = { 'if-match': read.headers.get('etag')! }
    const again = await call('GET', `/documents/${id}`, owner, undefined, {
      headers: { 'if-none-match': (await call('GET', `/documents/${id}`)).headers.get('etag')! },
    })
    assert.equal(again.status, 304)
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal((await call('PUT', `/documents/${id}`, owner, { content: '2' }, { headers })).status, 200)
    for (const [method, tail, json] of [
      ['PUT', '', { content: '3' }],
      ['PATCH', '/rename', { title: '3' }],
      ['POST', '/tags', { tags: ['3'] }],
    ] as const)
      assert.deepEqual(codeOf(await call(method, `/documents/${id}${tail}`, owner, json, { headers })), [
        412,
        'documents.changed_meanwhile',
      ])
    const { body } = await call('GET', `/documents/${id}`)
    assert.deepEqual([body.content, body.revision, body.tags], ['2', 2, []])
  })

  it('hold 1 MiB of text and no more, and refuse what is no title, no tag and no heading', async () => {
    const full = await call('POST', '/documents', owner, { title: 'Full', content: 'ü'.repeat(524_288) })
    assert.deepEqual([full.status, full.body.size], [201, 1_048_576])
    assert.deepEqual(codeOf(await call('PUT', `/documents/${full.body.id}`, owner, { content: 'ü'.repeat(524_289) })), [
      413,
      'documents.too_large',
    ])
    for (const json of [
      { title: 'a/b' },
      { title: '' },
      { title: 'x', content: null },
      { title: 'x', content: 'a\0b' },
      { title: 'x', tags: ['a,b'] },
      { title: 'x', tags: [' '] },
      { title: 'x', type: 'exe' },
      { title: 'x', folder: 'a\nb' },
      { title: 'x', ownerId: reader.id },
      { title: 'x', teamId: NOTHING },
    ])
      assert.equal((await call('POST', '/documents', owner, json)).status, 422, JSON.stringify(json))
    assert.equal((await call('POST', '/documents', owner, { title: 'x', folderId: NOTHING })).status, 404)
    // Every character a pair of its own: more than an index of words holds.
    const many = String.fromCharCode(...Array.from({ length: 20_000 }, (_, at) => 0x4e00 + ((at * 7919) % 20_000)))
    assert.equal((await call('POST', '/documents', owner, { title: 'Pairs', content: many.repeat(10) })).status, 201)
  })

  it('are tagged, and found by all of the tags that are asked for', async () => {
    const [both, one] = [await make('B', { tags: ['tag-a', 'tag-b', 'tag-a'] }), await make('O', { tags: ['tag-a'] })]
    assert.deepEqual(idsOf(await call('GET', '/documents?tags=tag-a,tag-b')), [both])
    assert.deepEqual(idsOf(await call('GET', '/documents?tags=tag-a&sortBy=title&sortOrder=asc')), [both, one])
    assert.deepEqual((await call('POST', `/documents/${both}/tags`, owner, { tags: [] })).body.tags, [])
    assert.deepEqual(idsOf(await call('GET', '/documents?tags=tag-b')), [])
    const racing = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        call('POST', `/documents/${at % 2 ? both : one}/tags`, owner, { tags: ['n1', 'n2', 'n3'] }),
      ),
    )
    assert.deepEqual([...new Set(racing.map(({ status }) => status))], [200])
  })

  it('count a reader once an hour', async () => {
    const id = await make()
    await call('POST', `/documents/${id}/share`, owner, { userId: reader.id })
    for (let time = 0; time < 3; time++) await call('GET', `/documents/${id}`, reader)
    await call('GET', `/documents/${id}`)
    assert.equal((await call('GET', `/documents/${id}`)).body.views, 2)
    await ashlar.rows(`UPDATE document_views SET "viewedAt" = now() - interval '61 minutes' WHERE "documentId" = $1`, [
      id,
    ])
    await call('GET', `/documents/${id}`, reader)
    assert.equal((await call('GET', `/documents/${id}`, reader)).body.views, 3)
    await ashlar.app.folders.purgeExpired()
    const [row] = await ashlar.rows<{ views: number }>('SELECT views FROM documents WHERE id = $1', [id])
    assert.equal(row!.views, 3)
    assert.equal((await call('GET', `/documents/${id}`, reader)).body.views, 3)
  })

  it('are found by words and beginnings of words, in title and content, the best first, with the place marked', async () => {
    const who = await ashlar.person()
    const inTitle = await make('Granite wall', { content: 'of stone' }, who)
    const inText = await make('Notes', { content: 'see <b>https://example.com/granite-works</b> for the granite' }, who)
    const chinese = await make('项目文档', { content: '第3章：中文全文检索，测试 search' }, who)
    assert.deepEqual(await find('GRANITE', who), [inTitle, inText])
    assert.deepEqual(await find('gran', who), [inTitle, inText])
    assert.deepEqual(await find('granite wall', who), [inTitle])
    assert.deepEqual(await find('granite nothing', who), [])
    assert.deepEqual(await find('example works', who), [inText])
    for (const words of ['中文', '文档', '全文检索', '检', '测试', '第3章', '项目 search'])
      assert.deepEqual(await find(words, who), [chinese], words)
    for (const words of ['文中', '检测', '天气']) assert.deepEqual(await find(words, who), [], words)
    for (const words of ["'", ':*', '& | !', '()', '\\', 'o:', `t:default`, '%', '😀'])
      assert.equal((await call('GET', `/documents?search=${encodeURIComponent(words)}`, who)).status, 200, words)
    const shown = await call('GET', '/documents?search=granite', who)
    assert.equal(
      shown.body.data[1].highlight,
      'see &lt;b&gt;https://example.com/<mark>granite</mark>-works&lt;/b&gt; for the <mark>granite</mark>',
    )
    assert.deepEqual(await find('granite', other), [], 'nobody finds what they may not read')
    assert.deepEqual(await find(who.id, who), [], 'what the index knows besides words is not found')
    await call('POST', `/documents/${inText}/share`, who, { userId: other.id })
    assert.deepEqual(await find('granite', other), [inText])
    await call('POST', `/documents/${inText}/unshare`, who, {})
    assert.deepEqual(await find('granite', other), [])
    await call('PUT', `/documents/${inText}`, who, { content: 'basalt' })
    assert.deepEqual(await find('granite', who), [inTitle])
    assert.deepEqual(await find('basalt', who), [inText])
    await call('DELETE', `/documents/${inText}`, who)
    assert.deepEqual(await find('basalt', who), [])
    assert.deepEqual(await find('basalt', who, '&deleted=true'), [inText])
    const pages = await Promise.all(
      [1, 2, 3].map((page) => call('GET', `/documents?search=${encodeURIComponent('s')}&limit=1&page=${page}`, who)),
    )
    assert.deepEqual(
      pages.map(({ body }) => [body.data.length, body.meta.total]),
      [
        [1, 2],
        [1, 2],
        [0, 2],
      ],
    )
    assert.equal((await call('GET', '/documents?search=granite&cursor=abc', who)).status, 422)
  })

  it('are listed by every way to them once, by page and cursor', async () => {
    const who = await ashlar.person()
    const folder = (await call('POST', '/folders', owner, { name: 'Ways' })).body.id
    await call('POST', `/folders/${folder}/share`, owner, { userId: who.id })
    const twice = await make('twice', { folderId: folder })
    await call('POST', `/documents/${twice}/share`, owner, { userId: who.id, permission: 'EDIT' })
    const own = await make('own', {}, who)
    const shared = await make('shared')
    await call('POST', `/documents/${shared}/share`, owner, { userId: who.id })
    const all = await call('GET', '/documents?sortBy=title&sortOrder=asc', who)
    assert.deepEqual([idsOf(all), all.body.meta.total], [[own, shared, twice], 3])
    for (const sortBy of ['title', 'updatedAt', 'createdAt']) {
      const seen: string[] = []
      let cursor = ''
      for (let page = 0; page < 5; page++) {
        const answer = await call('GET', `/documents?limit=1&sortBy=${sortBy}${cursor && `&cursor=${cursor}`}`, who)
        seen.push(...idsOf(answer))
        cursor = answer.body.meta.nextCursor ?? ''
        if (!cursor) break
      }
      assert.deepEqual(seen, idsOf(await call('GET', `/documents?sortBy=${sortBy}`, who)), sortBy)
      assert.equal(seen.length, 3)
    }
    assert.deepEqual(idsOf(await call('GET', '/documents?page=2&limit=2&sortBy=title&sortOrder=asc', who)), [twice])
    assert.deepEqual(idsOf(await call('GET', `/documents?ownerId=${who.id}`, who)), [own])
    assert.equal((await call('GET', `/documents/${twice}`, who)).body.access, 'EDIT')
    assert.equal((await call('GET', `/documents/${shared}`, who)).body.folderId, null)
  })

  it('go into the trash one by one or many at once, each authorised, and come back', async () => {
    const [mine, shared, theirs] = [
      await make('mine'),
      await make('shared', {}, other),
      await make('theirs', {}, other),
    ]
    await call('POST', `/documents/${shared}/share`, other, { userId: owner.id, permission: 'EDIT' })
    const batch = await call('POST', '/documents/batch-delete', owner, { ids: [mine, shared, theirs, NOTHING] })
    assert.deepEqual([batch.status, batch.body.deletedCount], [200, 1])
    assert.deepEqual(batch.body.results, [
      { id: mine, deleted: true },
      { id: shared, deleted: false, code: 'content.level_too_low' },
      { id: theirs, deleted: false, code: 'documents.not_found' },
      { id: NOTHING, deleted: false, code: 'documents.not_found' },
    ])
    assert.deepEqual(
      [(await call('GET', `/documents/${mine}`)).status, (await call('GET', `/documents/${shared}`, other)).status],
      [404, 200],
    )
    assert.ok(idsOf(await call('GET', '/documents?deleted=true')).includes(mine))
    assert.ok(!idsOf(await call('GET', '/documents?deleted=true', other)).includes(mine))
    for (const [method, tail, json] of [
      ['PUT', '', { content: 'x' }],
      ['POST', '/share', { userId: reader.id }],
      ['DELETE', ''],
    ] as const)
      assert.equal((await call(method, `/documents/${mine}${tail}`, owner, json)).status, 404)
    assert.equal((await call('POST', `/documents/${mine}/restore`, other)).status, 404)
    assert.equal((await call('POST', `/documents/${mine}/restore`)).status, 200)
    assert.equal((await call('POST', `/documents/${mine}/restore`)).status, 404)
    assert.deepEqual(await trailOf(mine), ['documents.create', 'documents.delete', 'documents.restore'])
  })

  it('tell what happens to them to whoever may read them, and to nobody else', async () => {
    const heard = await Promise.all(
      [reader, other].map(({ token }) => listen(ashlar.url, { token, types: 'documents.*,folders.*' })),
    )
    const [toReader, toOther] = heard as [Listening, Listening]
    try {
      const [id, closed] = [await make('Told'), await make('Closed')]
      await call('POST', `/documents/${id}/share`, owner, { userId: reader.id })
      await call('PUT', `/documents/${id}`, owner, { content: 'a word that nobody is told' })
      await call('PUT', `/documents/${closed}`, owner, { content: 'x' })
      await call('DELETE', `/documents/${id}`)
      await toReader.next('documents.deleted')
      assert.deepEqual(
        toReader
          .facts()
          .map(({ event, data }) => [event, data.aggregateId])
          .slice(-3),
        ['documents.shared', 'documents.updated', 'documents.deleted'].map((event) => [event, id]),
      )
      assert.ok(!JSON.stringify(toReader.told).includes('a word'))
      assert.deepEqual(toOther.facts(), [])
    } finally {
      for (const one of heard) one.close()
    }
  })

  it('speak the HaloLight dialect on /api', async () => {
    const { token } = await ashlar.person()
    const api = (method: string, path: string, json?: unknown) =>
      ashlar.call(method, `/api${path}`, { token, ...(json !== undefined && { json }) })
    const made = await api('POST', '/documents', {
      name: 'Report',
      type: 'pdf',
      folder: '报表',
      tags: ['q3'],
      shared: false,
    })
    assert.deepEqual([made.status, made.body.code, made.body.data.id], [201, 200, made.body.id])
    const { id } = made.body
    const list = await api('GET', '/documents?page=1&limit=10&type=all&folder=&search=')
    const [row] = list.body.data
    assert.deepEqual(
      [row.id, row.name, row.title, row.type, row.folder, row.shared],
      [id, 'Report', 'Report', 'pdf', '报表', false],
    )
    assert.deepEqual([typeof row.created_at, row.author.id, list.body.code], ['string', row.owner.id, undefined])
    assert.equal((await api('PATCH', `/documents/${id}/rename`, { name: 'Renamed' })).body.data.name, 'Renamed')
    assert.equal((await api('POST', `/documents/${id}/move`, { folder: 'Reports' })).body.folder, 'Reports')
    assert.equal((await api('POST', `/documents/${id}/unshare`)).status, 200)
    const gone = await api('POST', '/documents/batch-delete', { ids: [id] })
    assert.deepEqual([gone.body.deleted_count, gone.body.code], [1, 200])
    const folder = await api('POST', '/folders', { name: 'Quarry' })
    assert.deepEqual([folder.status, folder.body.data.name], [201, 'Quarry'])
    assert.deepEqual(
      (await api('GET', '/folders')).body.map(({ name }: { name: string }) => name),
      ['Quarry'],
    )
    assert.deepEqual((await api('GET', '/folders/tree')).body[0].children, [])
  })
})
