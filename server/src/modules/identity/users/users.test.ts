// Accounts over HTTP: refusals as tables, stories as prose.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import sharp from 'sharp'
import { PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

let ashlar: TestApp
let admin: Person
before(async () => {
  ashlar = await startApp()
  admin = await ashlar.admin()
})
after(() => ashlar.stop())

const call: TestApp['call'] = (...args) => ashlar.call(...args)
const audited = async (action: string, targetId: string) =>
  (await ashlar.rows(`SELECT 1 FROM audit_logs WHERE action = $1 AND "targetId" = $2`, [action, targetId])).length

async function newUser(body: object = {}): Promise<{ id: string; email: string }> {
  const answer = await call('POST', '/api/v1/users', {
    token: admin.token,
    json: { email: `${unique('u')}@example.com`, password: PASSWORD, ...body },
  })
  assert.equal(answer.status, 201, answer.text)
  return answer.body
}

describe('refusals', () => {
  const bodies: [string, object, number, string][] = [
    ['an address that is none', { email: 'no' }, 422, 'request.invalid'],
    ['no address', { name: 'X' }, 422, 'request.invalid'],
    ['a weak password', { email: 'w@example.com', password: 'short' }, 422, 'request.invalid'],
    ['a common password', { email: 'w@example.com', password: 'password123' }, 422, 'request.invalid'],
    ['an unknown key', { email: 'w@example.com', isAdmin: true }, 422, 'request.invalid'],
    ['a server-owned key', { email: 'w@example.com', id: 'c1', tenantId: 'x' }, 422, 'request.invalid'],
    ['a role of nowhere', { email: 'w2@example.com', roleId: 'nowhere' }, 422, 'request.invalid'],
    ['a name of spaces', { email: 'w3@example.com', name: '   ' }, 422, 'request.invalid'],
    ['text that PostgreSQL cannot hold', { email: 'w4@example.com', name: 'a\u0000b' }, 422, 'request.invalid'],
    ['a taken address in another case', { email: 'ADMIN@example.com' }, 409, 'users.email_taken'],
    ['a taken username', { email: 'w5@example.com', username: 'Administrator' }, 409, 'users.username_taken'],
  ]
  for (const [what, json, status, code] of bodies) {
    it(`POST /users with ${what} answers ${status} ${code}, and makes nobody`, async () => {
      const before = await ashlar.rows('SELECT count(*)::int AS n FROM users')
      const answer = await call('POST', '/api/v1/users', { token: admin.token, json })
      assert.equal(answer.status, status, answer.text)
      assert.equal(answer.body.code, code)
      assert.deepEqual(await ashlar.rows('SELECT count(*)::int AS n FROM users'), before)
    })
  }

  it('without a token 401, without the permission 403 that names it, for a stranger 404', async () => {
    const { id } = await newUser()
    const plain = await ashlar.person()
    for (const [method, path, permission] of [
      ['GET', '/api/v1/users', 'users:view'],
      ['GET', `/api/v1/users/${id}`, 'users:view'],
      ['PATCH', `/api/v1/users/${id}`, 'users:edit'],
      ['PATCH', `/api/v1/users/${id}/status`, 'users:edit'],
      ['DELETE', `/api/v1/users/${id}`, 'users:delete'],
      ['POST', `/api/v1/users/${id}/restore`, 'users:delete'],
    ] as const) {
      const body = method === 'GET' ? {} : { json: {} }
      assert.equal((await call(method, path, body)).status, 401, path)
      const refused = await call(method, path, { token: plain.token, ...body })
      assert.equal(refused.status, 403, path)
      assert.equal(refused.body.permission, permission)
    }
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['PATCH', '/activate'],
    ] as const) {
      const answer = await call(method, `/api/v1/users/cnobody${path}`, {
        token: admin.token,
        ...(method === 'PATCH' && { json: {} }),
      })
      assert.equal(answer.status, 404)
    }
  })

  it('nobody suspends or deletes their own account by the administration, nor changes their own roles', async () => {
    for (const [method, path, json] of [
      ['PATCH', `/api/v1/users/${admin.id}/deactivate`, undefined],
      ['PATCH', `/api/v1/users/${admin.id}/status`, { status: 'SUSPENDED' }],
      ['DELETE', `/api/v1/users/${admin.id}`, undefined],
      ['POST', '/api/v1/users/batch-delete', { ids: [admin.id] }],
      ['PATCH', `/api/v1/users/${admin.id}`, { roleIds: ['viewer'] }],
    ] as const) {
      const answer = await call(method, path, { token: admin.token, ...(json && { json }) })
      assert.equal(answer.status, 409, `${method} ${path}: ${answer.text}`)
      assert.equal(answer.body.code, 'users.self')
    }
    assert.equal((await call('GET', '/api/v1/users/me', { token: admin.token })).body.status, 'ACTIVE')
  })

  it('RBAC-3: an owner whose roles grant little is out of reach for members and for tokens, whoever made them', async () => {
    const [owner, moderator] = [await ashlar.person(), await ashlar.person()]
    const as = (token: string) => (method: string, path: string, json?: object) =>
      call(method, `/api/v1${path}`, { token, ...(json && { json }) })
    const chief = as((await ashlar.admin()).token)
    const tokenFor = async (...scopes: string[]): Promise<string> =>
      (await chief('POST', '/tokens', { name: unique('token'), scopes })).body.token
    assert.equal((await chief('PATCH', `/tenants/default/members/${owner.id}`, { level: 'OWNER' })).status, 200)
    assert.equal((await chief('PATCH', `/users/${owner.id}`, { roleIds: ['viewer'] })).status, 200)
    const { body: role } = await chief('POST', '/roles', {
      name: unique('clerk'),
      permissions: ['*:view', 'users:*'],
    })
    assert.equal((await chief('PATCH', `/users/${moderator.id}`, { roleIds: [role.id] })).status, 200)
    const ways: [string, string, object?][] = [
      ['PATCH', `/users/${owner.id}`, { password: `${PASSWORD}2` }],
      ['PATCH', `/users/${owner.id}`, { email: `${unique('taken')}@example.com` }],
      ['PATCH', `/users/${owner.id}`, { name: 'Somebody Else' }],
      ['PATCH', `/users/${owner.id}`, { roleIds: [] }],
      ['PATCH', `/users/${owner.id}/status`, { status: 'SUSPENDED' }],
      ['PATCH', `/users/${owner.id}/deactivate`],
      ['DELETE', `/users/${owner.id}`],
      ['POST', '/users/batch-delete', { ids: [owner.id] }],
    ]
    for (const [method, path, json] of ways)
      for (const token of [moderator.token, await tokenFor('*:view', 'users:*')]) {
        const answer = await as(token)(method, path, json)
        assert.deepEqual([answer.status, answer.body.code], [403, 'users.beyond_own'], `${method} ${path}`)
      }
    assert.equal((await ashlar.login(owner.email, PASSWORD)).id, owner.id)
    for (const everything of [chief, as(await tokenFor('*'))])
      assert.equal((await everything('PATCH', `/users/${owner.id}`, { name: 'Somebody Else' })).status, 200)
  })

  it('RBAC-3: who edits users cannot reach an account that holds more, nor grant what they lack', async () => {
    const moderator = await newUser({ roleIds: ['moderator'] })
    const { token } = await ashlar.login(moderator.email, PASSWORD)
    const takeOver = await call('PATCH', `/api/v1/users/${admin.id}`, { token, json: { password: 'Taken-0ver-Now!' } })
    assert.equal(takeOver.status, 403)
    assert.equal(takeOver.body.code, 'users.beyond_own')
    assert.equal((await call('PATCH', `/api/v1/users/${admin.id}/deactivate`, { token })).status, 403)
    const victim = await newUser({ roleIds: [] })
    const grant = await call('PATCH', `/api/v1/users/${victim.id}`, { token, json: { roleId: 'admin' } })
    assert.equal(grant.status, 403)
    assert.equal(grant.body.code, 'roles.beyond_own')
    assert.equal((await ashlar.rows('SELECT 1 FROM user_roles WHERE "userId" = $1', [victim.id])).length, 0)
    assert.equal(await audited('users.edit', victim.id), 0)
    assert.ok(
      (await ashlar.login(admin.email === 'admin@example.com' ? 'administrator' : admin.email, 'Adm1n-Passw0rd!'))
        .token,
    )
  })
})

describe('the life of an account', () => {
  it('made, read, changed, suspended, deleted and restored, each with its audit entry', async () => {
    const { id, email } = await newUser({ name: 'Jane Slate' })
    assert.equal(await audited('users.create', id), 1)
    const person = await ashlar.login(email, PASSWORD)
    const changed = await call('PATCH', `/api/v1/users/${id}`, {
      token: admin.token,
      json: { name: 'Jane Flint', department: 'Quarry' },
    })
    assert.equal(changed.body.name, 'Jane Flint')
    assert.equal(await audited('users.edit', id), 1)
    assert.equal((await call('GET', '/api/v1/auth/me', { token: person.token })).body.name, 'Jane Flint')

    const suspended = await call('PATCH', `/api/v1/users/${id}/status`, {
      token: admin.token,
      json: { status: 'SUSPENDED' },
    })
    assert.equal(suspended.body.status, 'SUSPENDED')
    assert.equal((await call('GET', '/api/v1/users/me', { token: person.token })).status, 401)
    assert.equal((await call('POST', '/api/v1/auth/login', { json: { email, password: PASSWORD } })).status, 401)
    await call('PATCH', `/api/v1/users/${id}/activate`, { token: admin.token })
    assert.ok((await ashlar.login(email, PASSWORD)).token)

    assert.equal((await call('DELETE', `/api/v1/users/${id}`, { token: admin.token })).status, 200)
    assert.equal((await call('GET', `/api/v1/users/${id}`, { token: admin.token })).status, 404)
    assert.equal((await call('POST', '/api/v1/auth/login', { json: { email, password: PASSWORD } })).status, 401)
    assert.equal((await call('POST', `/api/v1/users/${id}/restore`, { token: admin.token })).status, 200)
    assert.ok((await ashlar.login(email, PASSWORD)).token)
    assert.equal(await audited('users.restore', id), 1)
  })

  it('a roleId that is not among the roleIds is refused, and no role changes', async () => {
    const { id } = await newUser()
    const { token } = admin
    const path = `/api/v1/users/${id}`
    const before = (await call('GET', path, { token })).body.roles
    const json = { roleId: 'viewer', roleIds: ['editor'] }
    for (const answer of [
      await call('PATCH', path, { token, json }),
      await call('PUT', path, { token, json }),
      await call('POST', '/api/v1/users', { token, json: { ...json, email: `${unique('c')}@example.com` } }),
    ]) {
      assert.equal(answer.status, 422, answer.text)
      assert.deepEqual([answer.body.errors[0].path, answer.body.errors[0].code], ['roleId', 'contradiction'])
    }
    assert.deepEqual((await call('GET', path, { token })).body.roles, before)
    const same = await call('PATCH', path, { token, json: { roleId: 'editor', roleIds: ['editor', 'viewer'] } })
    assert.equal(same.status, 200, same.text)
    assert.deepEqual(same.body.roles.map((role: { name: string }) => role.name).sort(), ['editor', 'viewer'])
  })

  it('ETag and If-Match: a stale change answers 412 and changes nothing', async () => {
    const { id } = await newUser()
    const first = await call('GET', `/api/v1/users/${id}`, { token: admin.token })
    const etag = first.headers.get('etag')!
    assert.equal(
      (await call('GET', `/api/v1/users/${id}`, { token: admin.token, headers: { 'if-none-match': etag } })).status,
      304,
    )
    const fresh = await call('PATCH', `/api/v1/users/${id}`, {
      token: admin.token,
      json: { name: 'First' },
      headers: { 'if-match': etag },
    })
    assert.equal(fresh.status, 200)
    const stale = await call('PATCH', `/api/v1/users/${id}`, {
      token: admin.token,
      json: { name: 'Second' },
      headers: { 'if-match': etag },
    })
    assert.equal(stale.status, 412)
    assert.equal((await call('GET', `/api/v1/users/${id}`, { token: admin.token })).body.name, 'First')
  })

  it('a route that compares no versions refuses If-Match and changes nothing', async () => {
    const { id } = await newUser()
    const path = `/api/v1/users/${id}`
    const { token } = admin
    const etag = (await call('GET', path, { token })).headers.get('etag')!
    for (const [method, rest, json] of [
      ['PATCH', '/status', { status: 'SUSPENDED' }],
      ['PATCH', '/deactivate', undefined],
      ['PATCH', '/activate', undefined],
      ['DELETE', '', undefined],
      ['DELETE', '/avatar', undefined],
      ['POST', '/restore', undefined],
    ] as const) {
      const answer = await call(method, path + rest, { token, json, headers: { 'if-match': etag } })
      assert.deepEqual([answer.status, answer.body.code], [400, 'request.malformed'], method + rest)
      assert.match(answer.body.detail, /If-Match/)
    }
    assert.equal((await call('GET', path, { token })).body.status, 'ACTIVE')
    const any = await call('PATCH', `${path}/deactivate`, { token, headers: { 'if-match': '*' } })
    assert.deepEqual([any.status, any.body.status], [200, 'SUSPENDED'])
  })

  it('of 20 parallel registrations of one address one succeeds and none answers 500', async () => {
    const email = `${unique('race')}@example.com`
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call('POST', '/api/v1/auth/register', { json: { email, password: PASSWORD } })),
    )
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, ...Array(19).fill(409)])
    assert.equal((await ashlar.rows('SELECT 1 FROM users WHERE email = $1', [email])).length, 1)
  })

  it('without a password the colleague gets an account that nothing signs in to yet', async () => {
    const { email } = await newUser({ password: undefined })
    for (const password of ['', '!', PASSWORD]) {
      assert.notEqual((await call('POST', '/api/v1/auth/login', { json: { email, password } })).status, 200)
    }
  })
})

describe('lists', () => {
  it('page, filter, search and sort; totals are exact, a cursor goes on where the page ended', async () => {
    const word = unique('granite')
    for (let count = 0; count < 5; count++) await newUser({ name: `${word} ${count}` })
    const found = await call('GET', `/api/v1/users?search=${word}&limit=2&sortBy=name&sortOrder=asc`, {
      token: admin.token,
    })
    assert.equal(found.body.meta.total, 5)
    assert.equal(found.body.meta.totalPages, 3)
    assert.deepEqual(
      found.body.data.map((user: { name: string }) => user.name),
      [`${word} 0`, `${word} 1`],
    )

    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await call('GET', `/api/v1/users?limit=3${cursor ? `&cursor=${cursor}` : ''}`, {
        token: admin.token,
      })
      seen.push(...page.body.data.map((user: { id: string }) => user.id))
      cursor = page.body.meta.nextCursor
    } while (cursor)
    const [{ n }] = (await ashlar.rows<{ n: number }>(
      'SELECT count(*)::int AS n FROM users WHERE "deletedAt" IS NULL',
    )) as [{ n: number }]
    assert.equal(seen.length, n)
    assert.equal(new Set(seen).size, n)
    const all = await call('GET', '/api/v1/users?limit=1', { token: admin.token })
    assert.equal(all.body.meta.total, n)
  })

  it('a cursor is refused beside an order that it does not fit, whatever it holds', async () => {
    const { token } = admin
    const cursor = (await call('GET', '/api/v1/users?limit=1', { token })).body.meta.nextCursor
    assert.ok(cursor)
    for (const sent of [cursor, 'garbage']) {
      for (const sortBy of ['name', 'email', 'username', 'lastLoginAt']) {
        const { status, body } = await call('GET', `/api/v1/users?cursor=${sent}&page=2&sortBy=${sortBy}`, { token })
        assert.equal(status, 422)
        assert.deepEqual([body.errors[0].path, body.errors[0].code], ['cursor', 'unknown_cursor'])
      }
    }
    const [page, byPage] = await Promise.all(
      [`cursor=${cursor}&page=40&`, 'page=2&'].map((place) => call('GET', `/api/v1/users?${place}limit=1`, { token })),
    )
    assert.deepEqual(page!.body.data, byPage!.body.data)
    const named = await call('GET', '/api/v1/users?limit=1&sortBy=name', { token })
    assert.equal(named.body.meta.nextCursor, undefined)
  })

  it('wildcards of a search are taken literally, and a foreign cursor is refused', async () => {
    assert.equal((await call('GET', '/api/v1/users?search=%25', { token: admin.token })).body.meta.total, 0)
    assert.equal((await call('GET', '/api/v1/users?search=_', { token: admin.token })).body.meta.total, 0)
    const answer = await call('GET', '/api/v1/users?cursor=abc', { token: admin.token })
    assert.equal(answer.status, 422)
    for (const query of ['limit=0', 'limit=101', 'page=0', 'page=1e9', 'sortBy=password', 'status=nobody']) {
      assert.equal((await call('GET', `/api/v1/users?${query}`, { token: admin.token })).status, 422, query)
    }
  })
})

describe('pictures', () => {
  const picture = (format: 'png' | 'jpeg' | 'webp') =>
    sharp({ create: { width: 900, height: 700, channels: 3, background: '#8899aa' } })
      .withExif({ IFD0: { Copyright: 'canary-in-exif' } })
      [format]()
      .toBuffer()

  it('are recognised by content, re-encoded without metadata, and replaced', async () => {
    const person = await ashlar.person()
    let last = ''
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const answer = await call('POST', `/api/v1/users/${person.id}/avatar`, {
        token: person.token,
        multipart: { file: { bytes: await picture(format), type: 'application/octet-stream', name: 'me.exe' } },
      })
      assert.equal(answer.status, 200, answer.text)
      const image = Buffer.from(await (await fetch(ashlar.url + answer.body.avatarUrl)).arrayBuffer())
      const { width, height, format: kept, exif } = await sharp(image).metadata()
      assert.deepEqual([width, height, kept, exif], [512, 512, 'webp', undefined])
      if (last) assert.equal((await fetch(ashlar.url + last)).status, 404)
      last = answer.body.avatarUrl
    }
    assert.equal((await call('DELETE', `/api/v1/users/${person.id}/avatar`, { token: person.token })).body.avatar, null)
    assert.equal((await fetch(ashlar.url + last)).status, 404)
  })

  it('that are none, are too large or are somebody else’s are refused', async () => {
    const person = await ashlar.person()
    const other = await ashlar.person()
    const send = (bytes: Uint8Array, id = person.id) =>
      call('POST', `/api/v1/users/${id}/avatar`, {
        token: person.token,
        multipart: { file: { bytes, type: 'image/png', name: 'x.png' } },
      })
    assert.equal((await send(Buffer.from('<svg onload=alert(1)>'))).status, 422)
    assert.equal((await send(Buffer.from('89504e470d0a1a0a', 'hex'))).status, 422)
    assert.equal((await send(Buffer.alloc(6 * 1024 * 1024))).status, 413)
    assert.equal((await send(await picture('png'), other.id)).status, 403)
    assert.equal(
      (await call('POST', `/api/v1/users/${person.id}/avatar`, { token: person.token, multipart: { x: 'y' } })).status,
      422,
    )
    assert.equal(
      (await ashlar.rows('SELECT 1 FROM avatars WHERE "userId" IN ($1, $2)', [person.id, other.id])).length,
      0,
    )
  })
})
