// Folders over HTTP: trees, moves, what is passed down them, and the trash.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, type Call, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const NOTHING = 'cmi8z2n4w0q5t1v7x3y9b6d2'

describe('folders', () => {
  let ashlar: TestApp
  let anna: Person
  let bert: Person
  before(async () => {
    ashlar = await startApp()
    ;[anna, bert] = [await ashlar.person('Anna'), await ashlar.person('Bert')]
  })
  after(() => ashlar?.stop())

  const call = (method: string, path: string, { token }: Person, json?: unknown, more: Call = {}) =>
    ashlar.call(method, `/api/v1${path}`, { token, ...more, ...(json !== undefined && { json }) })
  async function make(name: string, parentId?: string, who = anna): Promise<string> {
    const answer = await call('POST', '/folders', who, { name, ...(parentId && { parentId }) })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id
  }
  async function write(title: string, folderId: string, who = anna): Promise<string> {
    const answer = await call('POST', '/documents', who, { title, content: '0123456789', folderId })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id
  }
  const statusOf = async (path: string, who: Person) => (await call('GET', path, who)).status
  const codeOf = ({ status, body }: Answer) => [status, body.code]
  const names = ({ body }: Answer) => body.data.map(({ name }: { name: string }) => name)

  it('lie in trees, are counted and measured below, and are listed place by place', async () => {
    const who = await ashlar.person()
    const top = await make('Quarry', undefined, who)
    const [east, west] = [await make('East', top, who), await make('West', top, who)]
    const deep = await make('Deep', east, who)
    await write('one', deep, who)
    await write('two', top, who)
    const { body } = await call('GET', `/folders/${top}`, who)
    assert.deepEqual(body.contains, { folders: 3, documents: 2, files: 0, size: 20 })
    assert.deepEqual((await call('GET', `/folders/${west}`, who)).body.contains.documents, 0)
    const below = (await call('GET', `/folders/${deep}`, who)).body
    assert.deepEqual(
      below.ancestors.map(({ name }: { name: string }) => name),
      ['Quarry', 'East'],
    )
    assert.deepEqual(names(await call('GET', '/folders', who)), ['Quarry'])
    assert.deepEqual(names(await call('GET', `/folders?parentId=${top}`, who)), ['East', 'West'])
    assert.deepEqual(names(await call('GET', '/folders?search=ee', who)), ['Deep'])
    const page = await call('GET', `/folders?parentId=${top}&limit=1`, who)
    const next = await call('GET', `/folders?parentId=${top}&limit=1&cursor=${page.body.meta.nextCursor}`, who)
    assert.deepEqual([...names(page), ...names(next)], ['East', 'West'])
    const node = (id: string, name: string, children: object[] = []) => ({ id, name, children })
    assert.deepEqual((await call('GET', '/folders/tree', who)).body.data, [
      node(top, 'Quarry', [node(east, 'East', [node(deep, 'Deep')]), node(west, 'West')]),
    ])
    const [row] = await ashlar.rows<{ path: string }>('SELECT path FROM folders WHERE id = $1', [deep])
    assert.equal(row!.path, '/Quarry/East/Deep')
  })

  it('have names that are composed and trimmed, and refuse every trick with a code of its own', async () => {
    const who = await ashlar.person()
    const long = 'ü'.repeat(255)
    assert.equal((await call('POST', '/folders', who, { name: ` Cafe\u0301 ` })).body.name, 'Caf\u00e9')
    assert.equal((await call('POST', '/folders', who, { name: long })).status, 201)
    for (const [name, code] of [
      ['  ', 'empty'],
      [`${long}x`, 'too_long'],
      ['a\tb', 'control_characters'],
      ['a/b', 'separator'],
      ['a\\b', 'separator'],
      ['..', 'relative'],
      ['.', 'relative'],
      ['a\u202eb', 'direction'],
    ] as const) {
      const refused = await call('POST', '/folders', who, { name })
      assert.deepEqual([refused.status, refused.body.errors[0].code], [422, code], JSON.stringify(name))
    }
    assert.deepEqual(codeOf(await call('POST', '/folders', who, { name: 'Caf\u00e9' })), [409, 'folders.name_taken'])
    // At the root everybody is by themselves: nobody learns of another's names.
    assert.equal((await call('POST', '/folders', anna, { name: 'Caf\u00e9' })).status, 201)
    let parent = await make('1', undefined, who)
    for (let depth = 2; depth <= 32; depth++) parent = await make(String(depth), parent, who)
    const tooDeep = await call('POST', '/folders', who, { name: '33', parentId: parent })
    assert.deepEqual(codeOf(tooDeep), [409, 'folders.too_deep'])
  })

  it('move with their subtrees, and never below themselves', async () => {
    const who = await ashlar.person()
    const [a, b] = [await make('A', undefined, who), await make('B', undefined, who)]
    const [a1, a2] = [await make('One', a, who), '']
    const a11 = await make('Eleven', a1, who)
    assert.equal(a2, '')
    for (const parentId of [a, a1, a11]) {
      const refused = await call('PATCH', `/folders/${a}`, who, { parentId })
      assert.deepEqual(codeOf(refused), [409, 'folders.into_itself'])
    }
    const moved = await call('PATCH', `/folders/${a}`, who, { parentId: b, name: 'A II' })
    assert.deepEqual([moved.status, moved.body.parentId, moved.body.name], [200, b, 'A II'])
    const rows = await ashlar.rows<{ id: string; path: string; idPath: string }>(
      'SELECT id, path, "idPath" FROM folders WHERE "ownerId" = $1 ORDER BY "idPath"',
      [who.id],
    )
    const found = Object.fromEntries(rows.map(({ id, path, idPath }) => [id, [path, idPath]]))
    assert.deepEqual(found[a11], ['/B/A II/One/Eleven', `/${b}/${a}/${a1}/${a11}/`])
    assert.equal((await call('GET', `/folders/${b}`, who)).body.contains.folders, 3)
    const back = await call('PATCH', `/folders/${a1}`, who, { parentId: null })
    assert.equal(back.body.parentId, null)
    assert.deepEqual(
      (await ashlar.rows<{ idPath: string }>('SELECT "idPath" FROM folders WHERE id = $1', [a11]))[0]!.idPath,
      `/${a1}/${a11}/`,
    )
    for (const parentId of [NOTHING, await make('Theirs', undefined, bert)])
      assert.deepEqual(codeOf(await call('PATCH', `/folders/${a}`, who, { parentId })), [404, 'folders.not_found'])
  })

  it('stay a tree when many move them at once', async () => {
    const who = await ashlar.person()
    const ids = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => make(name, undefined, who)))
    const moves = ids.flatMap((id) => ids.filter((other) => other !== id).map((parentId) => [id, parentId] as const))
    // Who is told that the server is busy comes again, as it says.
    async function patiently(...request: Parameters<typeof call>): ReturnType<typeof call> {
      const answer = await call(...request)
      return answer.status === 503 ? patiently(...request) : answer
    }
    const answers = await Promise.all(
      moves.map(([id, parentId]) => patiently('PATCH', `/folders/${id}`, who, { parentId })),
    )
    assert.deepEqual([...new Set(answers.map(({ status }) => status))].sort(), [200, 409])
    const rows = await ashlar.rows<{ id: string; parentId: string | null; idPath: string }>(
      'SELECT id, "parentId", "idPath" FROM folders WHERE "ownerId" = $1',
      [who.id],
    )
    const byId = new Map(rows.map((row) => [row.id, row]))
    for (const { id, parentId, idPath } of rows)
      assert.equal(idPath, `${parentId === null ? '/' : byId.get(parentId)!.idPath}${id}/`)
    assert.ok(rows.some(({ parentId }) => parentId === null))
    assert.equal(rows.length, 5)
    const same = await Promise.all([1, 2, 3, 4].map(() => patiently('POST', '/folders', who, { name: 'Same' })))
    assert.deepEqual(same.map(({ status }) => status).sort(), [201, 409, 409, 409])
  })

  it('pass on what is shared to everything below at any depth, as far as the level goes and as long as it lasts', async () => {
    const [owner, reader] = [await ashlar.person(), await ashlar.person()]
    const secret = await make('Secret', undefined, owner)
    const open = await make('Open', secret, owner)
    const deep = await make('Deep', open, owner)
    const [inside, outside] = [await write('inside', deep, owner), await write('outside', secret, owner)]
    assert.deepEqual(codeOf(await call('GET', `/folders/${open}`, reader)), [404, 'folders.not_found'])
    assert.equal((await call('POST', `/folders/${open}/share`, owner, { userId: reader.id })).status, 200)
    const seen = await call('GET', `/folders/${open}`, reader)
    assert.deepEqual([seen.body.access, seen.body.parentId, seen.body.ancestors], ['READ', null, []])
    assert.ok(!seen.text.includes('Secret') && !seen.text.includes(secret))
    assert.deepEqual(seen.body.collaborators, [])
    assert.deepEqual(names(await call('GET', '/folders', reader)), ['Open'])
    const listed = await call('GET', '/documents', reader)
    assert.deepEqual([listed.body.data.map(({ id }: { id: string }) => id), listed.body.meta.total], [[inside], 1])
    assert.deepEqual(
      [await statusOf(`/documents/${inside}`, reader), await statusOf(`/documents/${outside}`, reader)],
      [200, 404],
    )
    assert.equal((await call('GET', `/documents?folderId=${deep}`, reader)).body.meta.total, 1)
    assert.equal((await call('GET', `/documents?folderId=${secret}`, reader)).status, 404)
    for (const [method, path, json] of [
      ['PATCH', `/folders/${open}`, { name: 'Mine' }],
      ['POST', '/folders', { name: 'Sub', parentId: open }],
      ['DELETE', `/folders/${open}`],
      ['POST', `/folders/${open}/share`, { userId: owner.id }],
      ['POST', `/folders/${open}/unshare`, {}],
      ['PUT', `/documents/${inside}`, { content: 'mine' }],
      ['DELETE', `/documents/${inside}`],
    ] as const)
      assert.deepEqual(
        codeOf(await call(method, path, reader, json)),
        [403, 'content.level_too_low'],
        `${method} ${path}`,
      )

    await call('POST', `/folders/${open}/share`, owner, { userId: reader.id, permission: 'EDIT' })
    assert.equal((await call('PUT', `/documents/${inside}`, reader, { content: 'better' })).status, 200)
    const sub = await make('Sub', open, reader)
    const theirs = await write('theirs', sub, reader)
    // Whoever owns the folder edits what others put into it, and does not own it.
    assert.equal((await call('GET', `/documents/${theirs}`, owner)).body.access, 'EDIT')
    assert.equal((await call('GET', `/folders/${secret}`, owner)).body.contains.documents, 3)
    assert.deepEqual(codeOf(await call('DELETE', `/folders/${open}`, reader)), [403, 'content.level_too_low'])
    // Out of the folder, where others would see it, or see it no longer, only its owner moves it.
    assert.equal((await call('PATCH', `/folders/${deep}`, reader, { parentId: null })).status, 403)
    const own = await make('Own', undefined, reader)
    assert.equal((await call('PATCH', `/folders/${deep}`, reader, { parentId: own })).status, 403)

    const ends = new Date(Date.now() + 60_000).toISOString()
    await call('POST', `/folders/${open}/share`, owner, { userId: reader.id, expiresAt: ends })
    assert.equal(await statusOf(`/documents/${inside}`, reader), 200)
    await ashlar.rows(`UPDATE content_shares SET "expiresAt" = now() WHERE "itemId" = $1`, [open])
    for (const path of [`/documents/${inside}`, `/folders/${open}`, `/folders/${deep}`])
      assert.equal(await statusOf(path, reader), 404, path)
    assert.deepEqual(names(await call('GET', '/folders', reader)).sort(), ['Own', 'Sub'])
    assert.equal((await call('GET', '/documents?search=inside', reader)).body.meta.total, 0)
    assert.equal(
      (await call('POST', `/folders/${open}/share`, owner, { userId: reader.id, expiresAt: '2020-01-01T00:00:00Z' }))
        .status,
      422,
    )
    for (const userId of [NOTHING])
      assert.equal((await call('POST', `/folders/${open}/share`, owner, { userId })).status, 422)
  })

  it('give the members of a team to read, and its administrators to edit', async () => {
    const admin = await ashlar.admin()
    const [owner, leader, member, other] = await Promise.all([1, 2, 3, 4].map(() => ashlar.person()))
    const team = (await call('POST', '/teams', admin, { name: unique('Team'), memberIds: [owner!.id, member!.id] }))
      .body.id
    await call('POST', `/teams/${team}/members`, admin, { userId: leader!.id, role: 'admin' })
    const folder = await make('Of the team', undefined, owner)
    const document = await write('of the team', folder, owner)
    assert.equal((await call('PATCH', `/folders/${folder}`, owner!, { teamId: team })).status, 200)
    const levels = async (id: string) =>
      Promise.all(
        [leader!, member!, other!].map(async (who) => (await call('GET', `/documents/${id}`, who)).body.access),
      )
    assert.deepEqual(await levels(document), ['EDIT', 'READ', undefined])
    assert.deepEqual(codeOf(await call('PATCH', `/folders/${folder}`, leader!, { teamId: null })), [
      403,
      'content.level_too_low',
    ])
    assert.equal(
      (await call('PATCH', `/folders/${await make('x', undefined, other)}`, other!, { teamId: team })).status,
      422,
    )
    // Shared with a team it is open to everybody in it, as far as the share says.
    const shared = await make('Shared', undefined, owner)
    const inShared = await write('in shared', shared, owner)
    await call('POST', `/folders/${shared}/share`, owner!, { teamId: team, permission: 'COMMENT' })
    assert.deepEqual(await levels(inShared), ['COMMENT', 'COMMENT', undefined])
    assert.equal((await call('DELETE', `/teams/${team}`, admin)).status, 200)
    assert.deepEqual(await levels(inShared), [undefined, undefined, undefined])
    assert.deepEqual(await levels(document), [undefined, undefined, undefined])
    assert.equal(await statusOf(`/folders/${folder}`, owner!), 200)
  })

  it('go into the trash with all below, come back to their place or to the root, and are purged in time', async () => {
    const who = await ashlar.person()
    const top = await make('Top', undefined, who)
    const sub = await make('Sub', top, who)
    const [early, inside] = [await write('early', sub, who), await write('inside', sub, who)]
    await call('DELETE', `/documents/${early}`, who)
    assert.equal((await call('DELETE', `/folders/${sub}`, who)).status, 200)
    for (const path of [`/folders/${sub}`, `/documents/${inside}`]) assert.equal(await statusOf(path, who), 404)
    assert.deepEqual(names(await call('GET', '/folders?deleted=true', who)), ['Sub'])
    assert.equal((await call('GET', '/documents', who)).body.meta.total, 0)
    assert.equal((await call('GET', `/folders/${top}`, who)).body.contains.size, 0)
    await make('Sub', top, who)
    assert.deepEqual(codeOf(await call('POST', `/folders/${sub}/restore`, who)), [409, 'folders.name_taken'])
    assert.equal((await call('POST', `/folders/${sub}/restore`, bert)).status, 404)
    assert.equal((await call('DELETE', `/folders/${top}`, who)).status, 200)
    const back = await call('POST', `/folders/${sub}/restore`, who)
    assert.deepEqual([back.status, back.body.parentId], [200, null])
    assert.deepEqual(
      [await statusOf(`/documents/${inside}`, who), await statusOf(`/documents/${early}`, who)],
      [200, 404],
    )
    await ashlar.rows(`UPDATE folders SET "deletedAt" = now() - interval '31 days' WHERE id = $1`, [top])
    await ashlar.rows(`UPDATE documents SET "deletedAt" = now() - interval '31 days' WHERE id = $1`, [early])
    await ashlar.app.folders.purgeExpired()
    const left = await ashlar.rows<{ id: string }>(
      'SELECT id FROM folders WHERE id = ANY ($1) UNION SELECT id FROM documents WHERE id = ANY ($1)',
      [[top, sub, early, inside]],
    )
    assert.deepEqual(left.map(({ id }) => id).sort(), [sub, inside].sort())
    assert.equal(await statusOf(`/folders/${sub}`, who), 200)
  })

  it('compare versions: a stale If-Match changes nothing', async () => {
    const id = await make(unique('Versioned'))
    const headers = { 'if-match': (await call('GET', `/folders/${id}`, anna)).headers.get('etag')! }
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal((await call('PATCH', `/folders/${id}`, anna, { name: unique('Two') }, { headers })).status, 200)
    const stale = await call('PATCH', `/folders/${id}`, anna, { name: 'Three' }, { headers })
    assert.deepEqual(codeOf(stale), [412, 'folders.changed_meanwhile'])
  })
})
