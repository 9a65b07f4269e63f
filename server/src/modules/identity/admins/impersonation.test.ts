// Acting in a person's name: what it opens, what it never opens, and what ends it.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ADMIN, PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const API = '/api/v1'

describe('impersonation', () => {
  let ashlar: TestApp
  let root: string
  let person: Person
  const lines: string[] = []
  before(async () => {
    ashlar = await startApp({ onLog: (line) => lines.push(line) })
    root = await adminToken(ADMIN.email, ADMIN.password)
  })
  after(() => ashlar.stop())
  beforeEach(async () => {
    person = await ashlar.person()
  })

  async function adminToken(email: string, password: string): Promise<string> {
    const answer = await ashlar.call('POST', `${API}/admin/auth/login`, { json: { email, password } })
    assert.equal(answer.status, 200, answer.text)
    return answer.body.accessToken
  }
  const impersonate = (json: object, token = root) =>
    ashlar.call('POST', `${API}/admin/impersonate`, { token, json: { reason: 'Ticket 1', ...json } })
  const begin = async (json: object = {}, token = root) => {
    const answer = await impersonate({ userId: person.id, ...json }, token)
    assert.equal(answer.status, 201, answer.text)
    return { token: answer.body.accessToken as string, id: answer.body.impersonation.id as string, answer }
  }
  const me = (token: string, headers = {}) => ashlar.call('GET', `${API}/auth/me`, { token, headers })

  it('sees what the person sees, marked in the token, in /auth/me, in the log and in the audit trail', async () => {
    const { token, id, answer } = await begin({ minutes: 5 })
    assert.equal(answer.body.expiresIn, 300)
    assert.equal(answer.body.refreshToken, undefined)
    const own = (await me(person.token)).body
    const seen = (await me(token)).body
    assert.deepEqual(seen, { ...own, impersonated: true })
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
    const { id: adminId } = (await ashlar.call('GET', `${API}/admin/me`, { token: root })).body
    assert.deepEqual(claims.act, { sub: `admin:${adminId}` })
    const edited = await ashlar.call('GET', `${API}/users/me`, { token })
    assert.equal(edited.status, 200)
    const actor = `admin:${adminId} as user:${person.id}`
    assert.ok(lines.some((line) => JSON.parse(line).actor === actor))
    const [entry] = await ashlar.rows<{ actor: string; changes: object }>(
      `SELECT actor, changes FROM audit_logs WHERE action = 'impersonation.begin' AND "targetId" = $1`,
      [person.id],
    )
    assert.deepEqual(entry, { actor: `admin:${adminId}`, changes: { sessionId: id, reason: 'Ticket 1', minutes: 5 } })
  })

  it('writes under both names', async () => {
    const tenant = await ashlar.call('POST', `${API}/tenants`, { token: person.token, json: { name: unique('Yard') } })
    const { token } = await begin({ tenantId: tenant.body.id })
    const made = await ashlar.call('POST', `${API}/roles`, { token, json: { name: 'mason', permissions: [] } })
    assert.equal(made.status, 201, made.text)
    const [entry] = await ashlar.rows<{ actor: string; actorId: string }>(
      `SELECT actor, "actorId" FROM audit_logs WHERE action = 'roles.create' AND "targetId" = $1`,
      [made.body.id],
    )
    assert.match(entry!.actor, new RegExp(`^admin:\\w+ as user:${person.id}$`))
    assert.equal(entry!.actorId, person.id)
  })

  it('opens no route that is for the person alone: every one of them answers 403 and does nothing', async () => {
    const { token } = await begin()
    const routes = ashlar.app.routes.filter(
      (route) => route.access === 'session' && !route.path.startsWith('/organizations'),
    )
    assert.ok(routes.length > 15)
    for (const { method, path } of routes) {
      const url = API + path.replace(/:\w+/g, person.id)
      const answer = await ashlar.call(method, url, { token, ...(method !== 'GET' && { json: {} }) })
      assert.equal(answer.status, 403, `${method} ${path}: ${answer.text}`)
    }
    await ashlar.login(person.email, PASSWORD)
    assert.equal((await me(person.token)).status, 200)
  })

  it('stays in the one tenant, whatever the request names', async () => {
    const made = await ashlar.call('POST', `${API}/tenants`, { token: person.token, json: { name: unique('Quarry') } })
    assert.equal(made.status, 201)
    const { token } = await begin({ tenantId: 'default' })
    assert.equal((await me(person.token, { 'x-tenant-id': made.body.id })).status, 200)
    const absent = await me(token, { 'x-tenant-id': 'c-absent' })
    const foreign = await me(token, { 'x-tenant-id': made.body.id })
    assert.deepEqual([foreign.status, foreign.body.detail], [404, absent.body.detail])
    const inside = await begin({ tenantId: made.body.id })
    assert.equal((await me(inside.token)).body.tenantId, made.body.id)
  })

  it('sees of the person’s tenants only that one, and switches to none', async () => {
    const made = await ashlar.call('POST', `${API}/tenants`, { token: person.token, json: { name: unique('Quarry') } })
    const other = made.body.id
    const { token } = await begin({ tenantId: 'default' })
    const get = (path: string, bearer = token) => ashlar.call('GET', API + path, { token: bearer })
    const idsOf = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id)
    assert.deepEqual(idsOf((await get('/tenants', person.token)).body).sort(), [other, 'default'].sort())
    for (const list of ['/tenants', '/organizations', '/tenants/search?name=']) {
      const { body } = await get(list)
      assert.deepEqual([idsOf(body), body.meta.total], [['default'], 1], list)
    }
    const seen = (await me(token)).body
    assert.deepEqual(
      seen.tenants.map(({ id }: { id: string }) => id),
      ['default'],
    )
    assert.equal((await get('/tenants/default')).status, 200)
    assert.equal((await get(`/tenants/${other}`)).status, 404)
    for (const path of ['', '/members', '/settings', '/invitations']) {
      const [foreign, absent] = [await get(`/tenants/${other}${path}`), await get(`/tenants/c-absent${path}`)]
      assert.ok([403, 404].includes(foreign.status), path)
      assert.deepEqual([foreign.status, foreign.body.detail], [absent.status, absent.body.detail], path)
      assert.ok(!foreign.text.includes('Quarry'))
    }
    assert.equal((await ashlar.call('POST', `${API}/tenants/${other}/switch`, { token })).status, 403)
  })

  it('is refused for administrators, for strangers of the tenant, for whoever is blocked, and for nobody', async () => {
    const first = await ashlar.admin()
    const twin = await ashlar.person()
    await ashlar.call('POST', `${API}/admin/admins`, { token: root, json: { email: twin.email, password: PASSWORD } })
    const blocked = await ashlar.person()
    await ashlar.call('PATCH', `${API}/admin/users/${blocked.id}/block`, { token: root })
    const { id: adminId } = (await ashlar.call('GET', `${API}/admin/me`, { token: root })).body
    // Everything may be spelled otherwise.
    const almighty = await ashlar.person()
    const { token } = first
    const json = { name: unique('almighty'), permissions: ['*:*'] }
    const { body: role } = await ashlar.call('POST', `${API}/roles`, { token, json })
    await ashlar.call('PATCH', `${API}/users/${almighty.id}`, { token, json: { roleIds: [role.id] } })
    const scenarios: [object, number, string][] = [
      [{ userId: first.id }, 403, 'admins.not_impersonable'],
      [{ userId: almighty.id }, 403, 'admins.not_impersonable'],
      [{ userId: twin.id }, 403, 'admins.not_impersonable'],
      [{ userId: adminId }, 404, 'admins.person_not_found'],
      [{ userId: 'c-absent' }, 404, 'admins.person_not_found'],
      [{ userId: blocked.id }, 409, 'admins.person_not_active'],
      [{ userId: person.id, tenantId: 'c-absent' }, 409, 'admins.no_member'],
      [{ userId: person.id, minutes: 61 }, 422, 'request.invalid'],
      [{ userId: person.id, reason: ' ' }, 422, 'request.invalid'],
    ]
    const count = () => ashlar.rows('SELECT 1 FROM sessions WHERE "impersonatorId" IS NOT NULL')
    const before = (await count()).length
    for (const [json, status, code] of scenarios) {
      const answer = await impersonate(json)
      assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(json))
    }
    assert.equal((await impersonate({ userId: person.id }, person.token)).status, 401)
    assert.equal((await count()).length, before)
  })

  it('ends by an admin, by the person, with the person’s sessions, and with the admin', async () => {
    const email = `${unique('second')}@example.com`
    await ashlar.call('POST', `${API}/admin/admins`, { token: root, json: { email, password: PASSWORD } })
    const second = await adminToken(email, PASSWORD)
    const { id: secondId } = (await ashlar.call('GET', `${API}/admin/me`, { token: second })).body
    const ends: ((id: string) => Promise<{ status: number }>)[] = [
      (id) => ashlar.call('DELETE', `${API}/admin/impersonations/${id}`, { token: root }),
      (id) => ashlar.call('DELETE', `${API}/auth/sessions/${id}`, { token: person.token }),
      () => ashlar.call('POST', `${API}/admin/users/${person.id}/logout`, { token: root }),
      () => ashlar.call('PATCH', `${API}/admin/admins/${secondId}/block`, { token: root }),
    ]
    for (const end of ends) {
      const { token, id } = await begin({}, second)
      assert.equal((await me(token)).status, 200)
      assert.equal((await end(id)).status, 200)
      assert.equal((await me(token)).status, 401)
    }
    assert.equal((await impersonate({ userId: person.id }, second)).status, 401)
  })

  it('is listed for the back office, and among the person’s own sessions; it takes no place of theirs', async () => {
    const { id } = await begin()
    const list = await ashlar.call('GET', `${API}/admin/impersonations?live=true&limit=100`, { token: root })
    const entry = list.body.data.find((one: { id: string }) => one.id === id)
    assert.deepEqual([entry.user.id, entry.reason, entry.tenantId], [person.id, 'Ticket 1', 'default'])
    const own = await ashlar.call('GET', `${API}/auth/sessions`, { token: person.token })
    assert.deepEqual(own.body.data.map((one: { impersonated: boolean }) => one.impersonated).sort(), [false, true])
    await ashlar.call('DELETE', `${API}/admin/impersonations/${id}`, { token: root })
    const live = await ashlar.call('GET', `${API}/admin/impersonations?live=true&limit=100`, { token: root })
    assert.ok(!live.body.data.some((one: { id: string }) => one.id === id))
    assert.equal((await ashlar.call('DELETE', `${API}/admin/impersonations/${id}`, { token: root })).status, 404)
    const sessions = await ashlar.rows<{ id: string }>(
      'SELECT id FROM sessions WHERE "userId" = $1 AND "impersonatorId" IS NULL',
      [person.id],
    )
    const plain = await ashlar.call('DELETE', `${API}/admin/impersonations/${sessions[0]!.id}`, { token: root })
    assert.equal(plain.status, 404, 'a session of the person’s own is none')
  })
})
