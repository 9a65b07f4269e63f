// The back office over HTTP: a realm of its own, never open, and what it does to accounts of all tenants.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  ADMIN,
  type Answer,
  type Call,
  PASSWORD,
  type Person,
  startApp,
  type TestApp,
  unique,
} from '../../../../test/harness.ts'

const BOOTSTRAP = 'a-bootstrap-token-that-only-the-tests-know-012345'
const ABSENT = 'c000000000000000000000000'

describe('the back office', () => {
  let ashlar: TestApp
  let admin: string
  before(async () => {
    ashlar = await startApp({ env: { ADMIN_BOOTSTRAP_TOKEN: BOOTSTRAP } })
    admin = (await login(ADMIN.email, ADMIN.password)).body.data.access_token
  })
  after(() => ashlar.stop())

  const call = (method: string, path: string, options?: Call) => ashlar.call(method, path, options)
  const login = (username: string, password: string) =>
    call('POST', '/admin/auth/login', { form: { username, password } })
  const account = () => {
    const username = unique('back')
    return { email: `${username}@example.com`, username, name: 'Flint', password: PASSWORD }
  }
  const register = (json: object, options: Call = {}) => call('POST', '/admin/auth/register', { json, ...options })
  const audited = (tenantId = 'default') =>
    ashlar.rows<{ action: string; actor: string; targetId: string }>(
      'SELECT action, actor, "targetId" FROM audit_logs WHERE "tenantId" = $1 ORDER BY at, seq',
      [tenantId],
    )
  const block = (id: string) => call('PATCH', `/admin/users/${id}/block`, { token: admin })
  const activate = (id: string) => call('PATCH', `/admin/users/${id}/activate`, { token: admin })

  describe('entering', () => {
    it('the first administrator signs in by address and by username, as a form and as JSON, on both bases', async () => {
      for (const name of [ADMIN.email, ADMIN.email.toUpperCase(), 'administrator']) {
        const answer = await login(name, ADMIN.password)
        assert.equal(answer.status, 200)
        assert.equal(answer.body.success, true)
        assert.equal(answer.body.data.admin.email, ADMIN.email)
        assert.ok(!answer.text.includes('argon2'))
      }
      const canonical = await call('POST', '/api/v1/admin/auth/login', { json: ADMIN })
      assert.equal(canonical.status, 200)
      assert.equal(canonical.body.tokenType, 'bearer')
      const me = await call('GET', '/api/v1/admin/me', { token: canonical.body.accessToken })
      assert.equal(me.body.username, 'administrator')
    })

    it('an account of the other realm, an unknown name and a wrong password get the same answer', async () => {
      const person = await ashlar.person()
      const checked = ashlar.app.hashing.checks()
      const answers = [
        await login(person.email, PASSWORD),
        await login('nobody@example.com', PASSWORD),
        await login(account().email, 'x'),
      ]
      for (const { status, text } of answers) {
        assert.equal(status, 401)
        assert.equal(text, answers[0]?.text)
      }
      assert.equal(ashlar.app.hashing.checks(), checked + 3, 'each costs one hash')
    })

    it('five failures lock the name in this realm: 423 also for the right password, and the users realm is untouched', async () => {
      const mine = account()
      assert.equal((await register(mine, { token: admin })).status, 201)
      const twin = await call('POST', '/api/v1/auth/register', {
        json: { email: mine.email, name: 'Twin', password: PASSWORD },
      })
      assert.equal(twin.status, 201)
      for (let failure = 0; failure < 5; failure++) assert.equal((await login(mine.email, 'wrong-wrong')).status, 401)
      const locked = await login(mine.email, PASSWORD)
      assert.equal(locked.status, 423)
      assert.ok(Number(locked.headers.get('retry-after')) > 0)
      await ashlar.login(mine.email, PASSWORD)
    })

    it('nobody locks the back office out by the door of the users', async () => {
      const mine = account()
      await register(mine, { token: admin })
      for (const name of [mine.email, `admin:${mine.email}`, `admin\n${mine.email}`])
        for (let failure = 0; failure < 6; failure++)
          await call('POST', '/auth/login', { json: { username: name, password: 'wrong' } })
      assert.equal((await login(mine.email, PASSWORD)).status, 200)
    })

    it('the session refreshes, rotates, and ends at logout; its life is the one of this realm', async () => {
      const first = (await login(ADMIN.email, ADMIN.password)).body.data
      const [session] = await ashlar.rows<{ hours: number; idle: number; tenantId: string | null }>(
        `SELECT round(extract(epoch FROM "expiresAt" - "createdAt") / 3600)::int AS hours, "tenantId",
           round(extract(epoch FROM "idleExpiresAt" - "createdAt") / 60)::int AS idle
         FROM sessions WHERE realm = 'admin' ORDER BY "createdAt" DESC LIMIT 1`,
      )
      assert.deepEqual(session, { hours: 24, idle: 60, tenantId: null })
      const refresh = (path: string, refresh_token: string) => call('POST', path, { json: { refresh_token } })
      assert.equal((await refresh('/auth/refresh', first.refresh_token)).status, 401, 'not by the users route')
      const second = await refresh('/admin/auth/refresh', first.refresh_token)
      assert.equal(second.status, 200)
      const { access_token: token, refresh_token } = second.body.data
      assert.notEqual(refresh_token, first.refresh_token)
      assert.equal((await call('POST', '/admin/auth/logout', { token })).status, 200)
      for (const ended of [token, first.access_token])
        assert.equal((await call('GET', '/admin/me', { token: ended })).status, 401)
      assert.equal((await refresh('/admin/auth/refresh', refresh_token)).status, 401)
    })
  })

  describe('registering is never open', () => {
    let root: Person
    before(async () => {
      root = await ashlar.admin()
    })
    const evil = () => ({ ...account(), name: 'Evil' })
    const scenarios: [string, () => Promise<Answer>, number][] = [
      ['by nobody', () => register(evil()), 401],
      ['with an empty bootstrap token', () => register(evil(), { headers: { 'x-bootstrap-token': '' } }), 403],
      ['with a wrong one', () => register(evil(), { headers: { 'x-bootstrap-token': `${BOOTSTRAP}x` } }), 403],
      ['with the token in the body', () => register({ ...evil(), bootstrapToken: BOOTSTRAP }), 400],
      ['by a user', () => register(evil(), { token: root.token }), 401],
      ['by a broken token', () => register(evil(), { token: 'x.y.z' }), 401],
      ['with a common password', () => register({ ...evil(), password: 'password123' }, { token: admin }), 400],
      ['with a taken address', () => register({ ...evil(), email: 'ADMIN@example.com' }, { token: admin }), 409],
      ['with a taken username', () => register({ ...evil(), username: 'Administrator' }, { token: admin }), 409],
    ]
    for (const [title, attempt, status] of scenarios) {
      it(`${title}: ${status}, and no account is made`, async () => {
        const count = () => ashlar.rows('SELECT 1 FROM admins')
        const before = [(await count()).length, (await audited()).length]
        const answer = await attempt()
        assert.equal(answer.status, status, answer.text)
        assert.equal(answer.body.success, false)
        assert.deepEqual([(await count()).length, (await audited()).length], before)
      })
    }

    it('an admin and the bearer of the bootstrap token may; the answer holds no token, the audit trail says who', async () => {
      const [byAdmin, byToken] = [account(), account()]
      const first = await register(byAdmin, { token: admin })
      assert.equal(first.status, 201)
      assert.equal(first.body.data.access_token, undefined)
      const second = await register(byToken, { headers: { 'x-bootstrap-token': BOOTSTRAP } })
      assert.equal(second.status, 201)
      assert.equal((await login(byToken.username, PASSWORD)).status, 200)
      const made = (await audited()).filter(({ action }) => action === 'admins.create').slice(-2)
      assert.match(made[0]!.actor, /^admin:c/)
      assert.deepEqual(made[1], { action: 'admins.create', actor: 'system:bootstrap', targetId: second.body.data.id })
    })
  })

  describe('two realms', () => {
    it("a user's token and a personal access token open no route of the back office", async () => {
      const root = await ashlar.admin()
      const pat = await call('POST', '/api/v1/tokens', { token: root.token, json: { name: 'ci', scopes: ['*'] } })
      const routes: [string, string][] = [
        ['GET', '/admin/me'],
        ['PATCH', '/admin/me'],
        ['POST', '/admin/me/change-password'],
        ['POST', '/admin/auth/logout'],
        ['GET', '/admin/users'],
        ['GET', `/admin/users/${root.id}`],
        ['PUT', `/admin/users/${root.id}`],
        ['PATCH', `/admin/users/${root.id}/block`],
        ['PATCH', `/admin/users/${root.id}/activate`],
      ]
      for (const [method, path] of routes)
        for (const base of ['', '/api/v1'])
          for (const token of [root.token, pat.body.token])
            assert.equal((await call(method, base + path, { token })).status, 401, `${method} ${base}${path}`)
    })

    it("an admin's token opens no route of the users", async () => {
      for (const path of ['/users/me', '/api/v1/users', '/api/v1/tenants', '/api/users', '/api/v1/auth/sessions'])
        assert.equal((await call('GET', path, { token: admin })).status, 401, path)
    })

    it('a suspended account of the back office is out at once where the change is announced', async () => {
      const mine = account()
      await register(mine, { token: admin })
      const { access_token: token, admin: me } = (await login(mine.email, PASSWORD)).body.data
      assert.equal((await call('GET', '/admin/me', { token })).status, 200)
      await ashlar.rows(`UPDATE admins SET status = 'SUSPENDED' WHERE id = $1`, [me.id])
      await ashlar.drivers.database.inGlobal((tx) =>
        ashlar.drivers.bus.publish(tx, 'actors.changed', { adminId: me.id }),
      )
      await new Promise((done) => setTimeout(done, 200))
      assert.equal((await call('GET', '/admin/me', { token })).status, 401)
      assert.equal((await login(mine.email, PASSWORD)).status, 401)
    })
  })

  describe('the own account', () => {
    it('changes name and username with a version, and is audited', async () => {
      const mine = account()
      await register(mine, { token: admin })
      const { access_token: token } = (await login(mine.email, PASSWORD)).body.data
      const etag = (await call('GET', '/admin/me', { token })).headers.get('etag')!
      const changed = await call('PATCH', '/admin/me', {
        token,
        json: { name: 'Gneiss' },
        headers: { 'if-match': etag },
      })
      assert.equal(changed.body.data.name, 'Gneiss')
      const stale = await call('PUT', '/admin/me', { token, json: { name: 'x' }, headers: { 'if-match': etag } })
      assert.equal(stale.status, 412)
      const taken = await call('PATCH', '/admin/me', { token, json: { username: 'administrator' } })
      assert.equal(taken.body.error.code, 'admins.username_taken')
      assert.equal((await call('PATCH', '/admin/me', { token, json: { status: 'ACTIVE' } })).status, 400)
      const own = (await audited()).filter(({ action }) => action === 'admins.edit_own')
      assert.equal(own.length, 1)
    })

    it('changes the password: the old one ends, and so do the other sessions', async () => {
      const mine = account()
      await register(mine, { token: admin })
      const [one, two] = [(await login(mine.email, PASSWORD)).body.data, (await login(mine.email, PASSWORD)).body.data]
      const change = (token: string, old_password: string, new_password: string) =>
        call('POST', '/admin/me/change-password', { token, json: { old_password, new_password } })
      assert.equal((await change(one.access_token, 'wrong', 'New-Gr4nite-1')).status, 400)
      assert.equal((await change(one.access_token, PASSWORD, 'short')).status, 400)
      assert.equal((await change(one.access_token, PASSWORD, 'New-Gr4nite-1')).status, 200)
      assert.equal((await call('GET', '/admin/me', { token: one.access_token })).status, 200)
      assert.equal((await call('GET', '/admin/me', { token: two.access_token })).status, 401)
      assert.equal((await login(mine.email, PASSWORD)).status, 401)
      assert.equal((await login(mine.email, 'New-Gr4nite-1')).status, 200)
    })
  })

  describe('accounts of all tenants', () => {
    let person: Person
    let tenantId: string
    before(async () => {
      person = await ashlar.person('Tuff Basalt')
      const made = await call('POST', '/api/v1/tenants', { token: person.token, json: { name: unique('T ') } })
      tenantId = made.body.id
    })

    it('are listed, found, filtered by state and paged; each with its memberships', async () => {
      const found = await call('GET', `/admin/users?search=${person.email}`, { token: admin })
      assert.equal(found.body.data.meta.total, 1)
      const [row] = found.body.data.data
      assert.equal(row.home_tenant_id, 'default')
      assert.deepEqual(
        row.memberships.map((one: { tenant_id: string; level: string }) => [one.tenant_id, one.level]),
        [
          ['default', 'MEMBER'],
          [tenantId, 'OWNER'],
        ],
      )
      assert.ok(!found.text.includes('argon2'))
      const first = await call('GET', '/api/v1/admin/users?limit=1', { token: admin })
      const [{ count }] = (await ashlar.rows<{ count: number }>('SELECT count(*)::int AS count FROM users')) as [
        { count: number },
      ]
      assert.equal(first.body.meta.total, count)
      const cursor = first.body.meta.nextCursor
      const next = await call('GET', `/api/v1/admin/users?limit=1&cursor=${cursor}`, { token: admin })
      assert.notEqual(next.body.data[0].id, first.body.data[0].id)
      const none = await call('GET', `/admin/users?status=SUSPENDED&search=${person.email}`, { token: admin })
      assert.equal(none.body.data.meta.total, 0)
      assert.equal((await call('GET', '/admin/users?limit=0', { token: admin })).status, 400)
    })

    it('are edited with their version, audited in the home tenant; a taken address and an unknown field are refused', async () => {
      const path = `/admin/users/${person.id}`
      const before = (await audited()).length
      const changed = await call('PUT', path, { token: admin, json: { name: 'By admin', phone: '+49 30 5550000' } })
      assert.equal(changed.body.data.name, 'By admin')
      const entry = (await audited()).at(-1)!
      assert.match(entry.actor, /^admin:c/)
      assert.deepEqual([entry.action, entry.targetId], ['users.edit', person.id])
      const refusals: [object, number][] = [
        [{ email: ADMIN.email }, 409],
        [{ username: 'ADMINISTRATOR' }, 409],
        [{ password: PASSWORD }, 400],
        [{ roles: ['admin'] }, 400],
        [{ status: 'GONE' }, 400],
      ]
      for (const [json, status] of refusals)
        assert.equal((await call('PATCH', path, { token: admin, json })).status, status, JSON.stringify(json))
      const stale = await call('PATCH', path, { token: admin, json: { name: 'x' }, headers: { 'if-match': '"1"' } })
      assert.equal(stale.status, 412)
      assert.equal((await audited()).length, before + 1)
      assert.equal((await call('PATCH', `/admin/users/${ABSENT}`, { token: admin, json: {} })).status, 404)
      assert.equal((await call('GET', `/admin/users/${ABSENT}`, { token: admin })).status, 404)
    })

    it('are blocked everywhere at once: sessions, refresh and personal tokens in every tenant; activation lets them sign in', async () => {
      const made = await call('POST', '/api/v1/tokens', {
        token: person.token,
        headers: { 'x-tenant-id': tenantId },
        json: { name: 'ci', scopes: ['documents:view'] },
      })
      const pat = made.body.token
      const alive = () =>
        Promise.all([person.token, pat].map((token) => call('GET', '/api/v1/auth/me', { token }))).then((answers) =>
          answers.map(({ status }) => status),
        )
      assert.deepEqual(await alive(), [200, 200])
      const blocked = await block(person.id)
      assert.equal(blocked.body.data.status, 'SUSPENDED')
      assert.deepEqual(await alive(), [401, 401])
      const refreshed = await call('POST', '/auth/refresh', { json: { refreshToken: person.refreshToken } })
      assert.equal(refreshed.status, 401)
      assert.equal(
        (await call('POST', '/auth/login', { json: { email: person.email, password: PASSWORD } })).status,
        401,
      )
      assert.equal((await activate(person.id)).body.data.status, 'ACTIVE')
      const again = await ashlar.login(person.email, PASSWORD)
      assert.equal((await call('GET', '/users/me', { token: again.token })).status, 200)
      assert.equal((await call('GET', '/users/me', { token: person.token })).status, 401, 'the old session stays ended')
      const actions = (await audited()).filter(({ targetId }) => targetId === person.id).map(({ action }) => action)
      assert.deepEqual(actions.filter((action) => action === 'users.status').length, 2)
    })

    it('are audited in their home tenant, where that is another one', async () => {
      const owner = await ashlar.person()
      const home = (await call('POST', '/api/v1/tenants', { token: owner.token, json: { name: unique('H ') } })).body.id
      const made = await call('POST', '/api/v1/users', {
        token: owner.token,
        headers: { 'x-tenant-id': home },
        json: { email: `${unique('e')}@example.com`, name: 'Employee', password: PASSWORD },
      })
      assert.equal(made.status, 201)
      assert.equal((await block(made.body.id)).status, 200)
      assert.equal((await audited(home)).at(-1)?.action, 'users.status')
    })

    it('can be read when they are deleted, and not changed', async () => {
      const gone = await ashlar.person()
      await call('DELETE', '/users/me', { token: gone.token })
      const read = await call('GET', `/admin/users/${gone.id}`, { token: admin })
      assert.ok(read.body.data.deleted_at)
      assert.equal((await block(gone.id)).status, 404)
      const listed = await call('GET', `/admin/users?deleted=true&search=${gone.email}`, { token: admin })
      assert.equal(listed.body.data.meta.total, 1)
    })
  })
})

describe('AUTH-4: an installation', () => {
  it('without a bootstrap token refuses every one, and starts with one administrator of each realm, with one password', async () => {
    const ashlar = await startApp()
    try {
      const json = { email: 'evil@example.com', username: 'evil', name: 'E', password: PASSWORD }
      for (const token of ['', 'undefined', 'null', BOOTSTRAP]) {
        const headers = { 'x-bootstrap-token': token }
        assert.equal((await ashlar.call('POST', '/admin/auth/register', { json, headers })).status, 403, token)
      }
      const rows = await ashlar.rows<{ email: string; same: boolean }>(
        'SELECT a.email, a.password = u.password AS same FROM admins a JOIN users u ON u.email = a.email',
      )
      assert.deepEqual(rows, [{ email: ADMIN.email, same: true }])
      assert.equal((await ashlar.rows('SELECT 1 FROM admins')).length, 1)
      assert.equal((await ashlar.rows('SELECT 1 FROM users')).length, 1)
    } finally {
      await ashlar.stop()
    }
  })
})
