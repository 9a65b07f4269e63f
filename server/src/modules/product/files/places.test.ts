// Where things lie: in folders of others, beside changes of the tree, and in the trash.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { type Answer, PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { folder as newDir } from '../../../drivers/blobs/blobs.fixture.ts'
import { sql } from '../../../drivers/database/index.ts'

const NOWHERE: string[] = []

describe('places', () => {
  let ashlar: TestApp
  let dir: string
  let anna: Person
  let bert: Person
  before(async () => {
    dir = await newDir()
    const env = { UPLOAD_DIR: dir, DEFAULT_ROLE: 'manager', RATE_LIMIT_ENABLED: 'false', DB_POOL_TIMEOUT: '2' }
    ashlar = await startApp({ env })
    ;[anna, bert] = [await ashlar.person('Anna'), await ashlar.person('Bert')]
  })
  after(async () => {
    await ashlar?.stop()
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  const call = (person: Person, method: string, path: string, json?: unknown, base = '/api/v1') =>
    ashlar.call(method, `${base}${path}`, { token: person.token, ...(json !== undefined && { json }) })
  const done = ({ status, body, text }: Answer, wanted = 201) => {
    assert.equal(status, wanted, text)
    return body
  }
  const folder = async (person: Person, name: string, parentId?: string): Promise<string> =>
    done(await call(person, 'POST', '/folders', { name, ...(parentId && { parentId }) })).id
  const send = (person: Person, name: string, place: Record<string, string>, base = '/api/v1') => {
    const file = { bytes: Buffer.from(unique('content')), type: 'text/plain', name }
    return ashlar.call('POST', `${base}/files/upload`, { token: person.token, multipart: { ...place, file } })
  }
  const file = async (person: Person, name: string, folderId: string): Promise<string> =>
    done(await send(person, name, { folderId })).id
  const share = (id: string, person: Person, permission = 'EDIT', kind = 'folders') =>
    call(anna, 'POST', `/${kind}/${id}/share`, { userId: person.id, permission })
  const namesAt = async (person: Person, query: string) =>
    done(await call(person, 'GET', `/files?limit=100&${query}`), 200).data.map((one: { name: string }) => one.name)
  const path = (names: string) => `path=${encodeURIComponent(names)}`
  const statusOf = async (person: Person, at: string) => (await call(person, 'GET', at)).status

  it('of a folder one gets what one may look at: its zip and its figures ask for the permission of each kind', async () => {
    const top = await folder(anna, unique('Mixed'))
    await file(anna, 'plan.txt', top)
    const document = done(
      await call(anna, 'POST', '/documents', { title: 'Salaries', content: 'TOP-SECRET-TEXT', folderId: top }),
    )
    const scopes = ['files:view']
    const token = done(await call(anna, 'POST', '/tokens', { name: unique('t'), scopes })).token
    const admin = await ashlar.admin()
    const role = done(await call(admin, 'POST', '/roles', { name: unique('keeper'), permissions: ['files:*'] }))
    const email = `${unique('k')}@example.com`
    const json = { email, name: 'Keeper', password: PASSWORD, roleIds: [role.id] }
    done(await call(admin, 'POST', '/users', json))
    const keeper = await ashlar.login(email, PASSWORD)
    for (const person of [{ ...anna, token }, keeper]) {
      assert.equal(await statusOf(person, `/documents/${document.id}`), 403)
      const zip = await fetch(`${ashlar.url}/api/v1/folders/${top}/zip`, {
        headers: { authorization: `Bearer ${person.token}` },
      })
      const bytes = Buffer.from(await zip.arrayBuffer()).toString('latin1')
      assert.equal(zip.status, 200)
      assert.match(bytes, /plan\.txt/)
      assert.doesNotMatch(bytes, /Salaries/)
      const { contains } = done(await call(person, 'GET', `/folders/${top}`), 200)
      assert.deepEqual([contains.files, contains.documents], [1, 0])
    }
    assert.equal(done(await call(anna, 'GET', `/folders/${top}`), 200).contains.documents, 1)
  })

  it('on /api a folder is opened by the path that its item shows, at any depth', async () => {
    const dirName = unique('Dir')
    done(await call(anna, 'POST', '/files/folder', { name: dirName, parentPath: '/' }, '/api'))
    done(await call(anna, 'POST', '/files/folder', { name: 'Sub', parentPath: `/${dirName}` }, '/api'))
    const at = async (where: string) => (await call(anna, 'GET', `/files?${path(where)}`, undefined, '/api')).body.data
    const [sub] = await at(`/${dirName}`)
    assert.equal(sub.path, `/${dirName}/Sub`)
    done(await send(anna, 'deep.txt', { path: sub.path }, '/api'))
    assert.deepEqual(
      (await at(sub.path)).map((one: { path: string }) => one.path),
      [`/${dirName}/Sub/deep.txt`],
    )
    assert.equal(await statusOf(anna, `/files?${path('/Sub')}`), 404)
  })

  it('a path begins where somebody reaches in, and finds what they reach and nothing else', async () => {
    const [secret, party] = [unique('Layoffs'), unique('Party')]
    const open = await folder(anna, party, await folder(anna, secret))
    const cake = await file(anna, 'cake.txt', open)
    done(await share(open, bert, 'READ'), 200)
    const seen = done(await call(bert, 'GET', `/files/${cake}`), 200)
    assert.equal(seen.path, `/${party}/cake.txt`)
    assert.ok(!(await call(bert, 'GET', '/files?withFolders=true&limit=100')).text.includes(secret))
    assert.deepEqual(await namesAt(bert, path(`/${party}`)), ['cake.txt'])
    assert.equal(await statusOf(bert, `/files?${path(`/${secret}/${party}`)}`), 404)
    // A folder of the same name that a third one has hides nothing.
    const third = await ashlar.person()
    await folder(third, party)
    assert.deepEqual(await namesAt(bert, path(`/${party}`)), ['cake.txt'])
    // However long the path is.
    let [id, names] = ['', '']
    for (let depth = 0; depth < 4; depth++) {
      const name = `${unique('d')}-${'x'.repeat(200)}`
      id = await folder(anna, name, id || undefined)
      names += `/${name}`
    }
    await file(anna, 'far.txt', id)
    assert.deepEqual(await namesAt(anna, path(names)), ['far.txt'])
  })

  it('what somebody else’s deletion takes along stands in its owner’s trash, and comes back by itself', async () => {
    const shared = await folder(anna, unique('Shared'))
    done(await share(shared, bert), 200)
    const thesis = await file(bert, 'thesis.txt', shared)
    const own = await folder(bert, unique('Own'), shared)
    const inner = await folder(bert, 'Inner', own)
    const draft = await file(bert, 'draft.txt', inner)
    const note = done(await call(bert, 'POST', '/documents', { title: 'Note', folderId: own })).id
    assert.equal((await call(anna, 'DELETE', `/files/${thesis}`)).status, 403)
    done(await call(anna, 'DELETE', `/folders/${shared}`), 200)
    const trash = async (who: Person, kind: string) =>
      done(await call(who, 'GET', `/${kind}?deleted=true&limit=100`), 200).data.map((one: { id: string }) => one.id)
    assert.deepEqual([await trash(bert, 'files'), await trash(bert, 'folders')], [[thesis], [own]])
    assert.deepEqual(await trash(bert, 'documents'), NOWHERE, 'it comes back with the folder of its owner')
    assert.deepEqual([await trash(anna, 'files'), await trash(anna, 'folders')], [NOWHERE, [shared]])
    assert.equal((await call(bert, 'POST', `/folders/${inner}/restore`)).body.code, 'folders.deleted_with_another')
    const back = done(await call(bert, 'POST', `/folders/${own}/restore`), 200)
    assert.equal(back.parentId, null)
    for (const at of [`/folders/${inner}`, `/files/${draft}`, `/documents/${note}`])
      assert.equal(await statusOf(bert, at), 200, at)
    assert.equal(done(await call(bert, 'GET', `/files/${draft}`), 200).path, `${back.path}/Inner/draft.txt`)
    done(await call(bert, 'POST', `/files/${thesis}/restore`), 200)
    // What came back stays where it is when the rest does.
    done(await call(anna, 'POST', `/folders/${shared}/restore`), 200)
    assert.equal(done(await call(anna, 'GET', `/folders/${shared}`), 200).contains.files, 0)
    assert.equal(await statusOf(anna, `/files/${draft}`), 404)
  })

  it('nothing comes back into a folder that its owner may not put it into any more', async () => {
    const shared = await folder(anna, unique('Left'))
    done(await share(shared, bert), 200)
    const gone = await file(bert, 'gone.txt', shared)
    const document = done(await call(bert, 'POST', '/documents', { title: 'Gone', folderId: shared })).id
    const sub = await folder(bert, 'Sub', shared)
    for (const at of [`/files/${gone}`, `/documents/${document}`, `/folders/${sub}`])
      done(await call(bert, 'DELETE', at), 200)
    done(await call(anna, 'POST', `/folders/${shared}/unshare`, { userId: bert.id }), 200)
    for (const at of [`/files/${gone}`, `/documents/${document}`, `/folders/${sub}`]) {
      const back = done(await call(bert, 'POST', `${at}/restore`), 200)
      assert.equal(back.folderId ?? back.parentId ?? null, null, at)
    }
    const { contains } = done(await call(anna, 'GET', `/folders/${shared}`), 200)
    assert.deepEqual([contains.files, contains.documents, contains.folders], [0, 0, 0])
  })

  it('of a folder and what lies in it deleted together both are told of as deleted', async () => {
    const top = await folder(anna, unique('Both'))
    const inside = await file(anna, 'in.txt', top)
    const { body } = await call(anna, 'POST', '/files/batch-delete', { ids: [top, inside] })
    assert.deepEqual(body.results, [
      { id: top, deleted: true },
      { id: inside, deleted: true },
    ])
  })

  it('folders in the trash weigh nothing in a move, and what comes back keeps its path and its depth', async () => {
    const chain = async (length: number, parentId?: string) => {
      const ids: string[] = []
      for (let count = 0; count < length; count++) ids.push(await folder(anna, unique('c'), ids.at(-1) ?? parentId))
      return ids
    }
    const deep = await chain(20)
    const [top, second] = await chain(14)
    const far = await file(anna, 'far.txt', second!)
    done(await call(anna, 'DELETE', `/folders/${second}`), 200)
    done(await call(anna, 'PATCH', `/folders/${top}`, { parentId: deep.at(-1) }), 200)
    const refused = await call(anna, 'POST', `/folders/${second}/restore`)
    assert.deepEqual([refused.status, refused.body.code], [409, 'folders.too_deep'])
    done(await call(anna, 'DELETE', `/folders/${top}`), 200)
    const back = done(await call(anna, 'POST', `/folders/${second}/restore`), 200)
    assert.equal(back.parentId, null)
    assert.equal(done(await call(anna, 'GET', `/files/${far}`), 200).path, `${back.path}/far.txt`)
    assert.deepEqual(await namesAt(anna, path(back.path)), ['far.txt'])
  })

  it('holds 10,000 things at most', async () => {
    const [full, near] = [await folder(anna, unique('Full')), await folder(anna, unique('Near'))]
    const kept = await file(anna, 'kept.txt', full)
    done(await call(anna, 'DELETE', `/files/${kept}`), 200)
    await ashlar.rows(
      `INSERT INTO documents (id, title, content, size, type, "folderId", "ownerId", "tenantId")
       SELECT 'full-' || n, 'D', '', 0, 'document', $1, $2, 'default' FROM generate_series(1, 10000) n`,
      [full, anna.id],
    )
    const other = done(await send(anna, 'other.txt', { folderId: near })).id
    for (const answer of [
      await send(anna, 'one.txt', { folderId: full }),
      await call(anna, 'POST', '/documents', { title: 'One', folderId: full }),
      await call(anna, 'POST', '/folders', { name: 'One', parentId: full }),
      await call(anna, 'POST', `/files/${other}/move`, { folderId: full }),
      await call(anna, 'POST', `/files/${other}/copy`, { folderId: full }),
    ])
      assert.deepEqual([answer.status, answer.body.code], [409, 'folders.full'])
    assert.equal(done(await call(anna, 'POST', `/files/${kept}/restore`), 200).folderId, null)
    await ashlar.rows(`DELETE FROM documents WHERE "folderId" = $1`, [full])
  })

  it('beside the deletion of a folder nothing stays alive in it, and a rename reaches every path', async () => {
    for (let round = 0; round < 6; round++) {
      const [top, aside] = [await folder(anna, unique('Race')), await folder(anna, unique('Aside'))]
      const moving = await Promise.all(['a.txt', 'b.txt'].map((name) => file(anna, name, aside)))
      const gone = await file(anna, 'c.txt', top)
      done(await call(anna, 'DELETE', `/files/${gone}`), 200)
      await Promise.all([
        call(anna, 'DELETE', `/folders/${top}`),
        send(anna, 'd.txt', { folderId: top }),
        ...moving.map((id) => call(anna, 'POST', `/files/${id}/move`, { folderId: top })),
        call(anna, 'POST', `/files/${moving[0]}/copy`, { folderId: top }),
        call(anna, 'POST', `/files/${gone}/restore`),
      ])
      const alive = await ashlar.rows(`SELECT name FROM files WHERE "folderId" = $1 AND "deletedAt" IS NULL`, [top])
      assert.deepEqual(alive, [])
      const name = unique('Renamed')
      await Promise.all([
        call(anna, 'PATCH', `/folders/${aside}`, { name }),
        ...['e.txt', 'f.txt', 'g.txt'].map((one) => send(anna, one, { folderId: aside })),
      ])
      const stale = `SELECT path FROM files WHERE "folderId" = $1 AND "deletedAt" IS NULL AND path NOT LIKE '/' || $2 || '/%'`
      assert.deepEqual(await ashlar.rows(stale, [aside, name]), [])
    }
  })

  it('whoever waits for a tree keeps nobody waiting who does not', async () => {
    const top = await folder(anna, unique('Held'))
    let release = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    let tell = () => {}
    const locked = new Promise<void>((resolve) => {
      tell = resolve
    })
    const held = ashlar.drivers.database.inTenant('default', async (tx) => {
      await tx.run(sql`SELECT pg_advisory_xact_lock(hashtextextended('folders default', 0))`)
      tell()
      await released
    })
    await locked
    const waiting = [
      ...Array.from({ length: 30 }, () => call(anna, 'POST', '/folders', { name: unique('w'), parentId: top })),
      ...Array.from({ length: 30 }, () => send(anna, `${unique('w')}.txt`, { folderId: top })),
    ]
    try {
      for (let count = 0; count < 5; count++) assert.equal(await statusOf(bert, '/documents'), 200)
    } finally {
      release()
    }
    await held
    const statuses = (await Promise.all(waiting)).map(({ status }) => status)
    assert.deepEqual([...new Set(statuses)], [201])
  })

  it('one content is uploaded and copied into one place by many at once, and nobody is turned away', async () => {
    const top = await folder(anna, unique('Slabs'))
    const same = { bytes: Buffer.from(unique('the same slab')), type: 'text/plain', name: 'slab.txt' }
    const upload = () =>
      ashlar.call('POST', '/api/v1/files/upload', { token: anna.token, multipart: { folderId: top, file: same } })
    const { id } = done(await upload())
    const copy = () => call(anna, 'POST', `/files/${id}/copy`, { folderId: top })
    for (let round = 0; round < 15; round++)
      for (const answer of await Promise.all([upload(), copy(), upload(), copy()])) done(answer)
    assert.equal(new Set(await namesAt(anna, `folderId=${top}`)).size, 61)
  })

  it('shared with one person at once by many requests it is shared once, with what the last one gave', async () => {
    const top = await folder(anna, unique('Often'))
    const one = await file(anna, 'often.txt', top)
    const document = done(await call(anna, 'POST', '/documents', { title: 'Often' })).id
    for (const [kind, id] of [
      ['folders', top],
      ['files', one],
      ['documents', document],
    ] as const) {
      const levels = ['READ', 'EDIT', 'READ', 'COMMENT', 'EDIT', 'READ']
      const answers = await Promise.all(levels.map((level) => share(id, bert, level, kind)))
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200], kind)
      assert.equal(done(await call(anna, 'GET', `/${kind}/${id}`), 200).collaborators.length, 1, kind)
    }
  })
})
