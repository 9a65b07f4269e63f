// Settings of tenants over HTTP: who may change them, and what they do.
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
import { domainOf, readDomain } from './domains.ts'

const DEFAULTS = {
  allowedMailDomains: [],
  mfa: { required: false, graceDays: 7, requiredSince: null },
  sessions: { absoluteMinutes: null, idleMinutes: null },
  defaultRole: null,
  locale: null,
  publicLinks: true,
}

describe('tenant settings', () => {
  let ashlar: TestApp
  let second: TestApp
  before(async () => {
    ashlar = await startApp()
    second = await startApp({ database: ashlar.database })
  })
  after(async () => {
    await second.stop()
    await ashlar.stop()
  })

  const call = (method: string, path: string, options?: Call) => ashlar.call(method, `/api/v1${path}`, options)
  const make = async (owner: Person): Promise<string> => {
    const answer = await call('POST', '/tenants', { token: owner.token, json: { name: unique('Quarry ') } })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id
  }
  const set = (person: Person, id: string, json: object, headers = {}): Promise<Answer> =>
    call('PATCH', `/tenants/${id}/settings`, { token: person.token, json, headers })
  const add = (person: Person, id: string, json: object): Promise<Answer> =>
    call('POST', `/tenants/${id}/members`, { token: person.token, json })
  const roleOf = async (person: Person, id: string, name: string): Promise<string> => {
    const roles = await call('GET', '/roles?limit=100', { token: person.token, headers: { 'x-tenant-id': id } })
    return roles.body.data.find((role: { name: string }) => role.name === name).id
  }
  const enter = (person: Person, id: string) =>
    call('GET', '/auth/me', { token: person.token, headers: { 'x-tenant-id': id } })

  it('are the defaults at first, change by field, and the second process sees it within a second', async () => {
    const owner = await ashlar.person()
    const id = await make(owner)
    const first = await call('GET', `/tenants/${id}/settings`, { token: owner.token })
    assert.deepEqual({ ...first.body, updatedAt: '' }, { tenantId: id, ...DEFAULTS, updatedAt: '' })
    assert.deepEqual(await second.app.tenants.settingsOf(id), DEFAULTS)

    const headers = { 'if-match': first.headers.get('etag')! }
    const changed = await set(
      owner,
      id,
      { allowedMailDomains: ['Example.COM', 'bücher.example', 'example.com'] },
      headers,
    )
    assert.equal(changed.status, 200, changed.text)
    assert.deepEqual(changed.body.allowedMailDomains, ['example.com', 'xn--bcher-kva.example'])
    const lives = await set(owner, id, { sessions: { absoluteMinutes: 60 }, mfa: { graceDays: 3 } })
    assert.deepEqual(lives.body.sessions, { absoluteMinutes: 60, idleMinutes: null })
    assert.deepEqual(lives.body.mfa, { required: false, graceDays: 3, requiredSince: null })
    assert.deepEqual(lives.body.allowedMailDomains, changed.body.allowedMailDomains, 'what was not sent stays')

    const stale = await set(owner, id, { allowedMailDomains: [] }, headers)
    assert.equal(stale.status, 412)
    assert.equal(stale.body.code, 'tenants.changed_meanwhile')

    const { tenantId: _id, updatedAt: _at, ...now } = lives.body
    const until = Date.now() + 1_000
    while (JSON.stringify(await second.app.tenants.settingsOf(id)) !== JSON.stringify(now))
      assert.ok(Date.now() < until, 'the other process still has the old settings after a second')
    const entries = await ashlar.rows<{ action: string }>(
      `SELECT action, changes FROM audit_logs WHERE "tenantId" = $1 AND action = 'tenants.settings' ORDER BY at, seq`,
      [id],
    )
    assert.equal(entries.length, 2, 'the refused change leaves no entry')
  })

  it('requiredSince belongs to the server: set when MFA becomes required, kept, and gone with it', async () => {
    const owner = await ashlar.person()
    const id = await make(owner)
    const forged = await set(owner, id, { mfa: { required: true, requiredSince: '2020-01-01T00:00:00.000Z' } })
    assert.equal(forged.status, 422)
    const on = await set(owner, id, { mfa: { required: true } })
    assert.ok(Math.abs(Date.parse(on.body.mfa.requiredSince) - Date.now()) < 60_000)
    const kept = await set(owner, id, { mfa: { required: true, graceDays: 1 } })
    assert.equal(kept.body.mfa.requiredSince, on.body.mfa.requiredSince)
    assert.equal((await set(owner, id, { mfa: { required: false } })).body.mfa.requiredSince, null)
  })

  it('are for managers: members are refused without the permission, strangers see an absent tenant, tokens cannot', async () => {
    const [owner, admin, member, stranger] = [
      await ashlar.person(),
      await ashlar.person(),
      await ashlar.person(),
      await ashlar.person(),
    ]
    const id = await make(owner)
    assert.equal((await add(owner, id, { userId: admin.id, level: 'ADMIN' })).status, 201)
    assert.equal((await add(owner, id, { userId: member.id })).status, 201)
    assert.equal((await set(admin, id, { mfa: { graceDays: 1 } })).status, 200)
    for (const [method, json] of [
      ['GET', undefined],
      ['PATCH', { mfa: { graceDays: 2 } }],
      ['PUT', {}],
    ] as const) {
      const path = `/tenants/${id}/settings`
      const refused = await call(method, path, { token: member.token, json })
      assert.equal(refused.status, 403)
      assert.equal(refused.body.permission, method === 'GET' ? 'tenants:view' : 'tenants:edit')
      const foreign = await call(method, path, { token: stranger.token, json })
      const absent = await call(method, '/tenants/c000000000000000000000000/settings', { token: stranger.token, json })
      assert.equal(foreign.status, 404)
      assert.deepEqual([foreign.body.code, foreign.body.detail], [absent.body.code, absent.body.detail])
      assert.equal((await call(method, `/organizations/${id}/settings`, { token: member.token, json })).status, 403)
      assert.equal((await call(method, path, { json })).status, 401)
    }
    const made = await call('POST', '/tokens', {
      token: owner.token,
      headers: { 'x-tenant-id': id },
      json: { name: 'reader', scopes: ['*'] },
    })
    assert.equal(made.status, 201, made.text)
    assert.equal((await call('GET', `/tenants/${id}/settings`, { token: made.body.token })).status, 403)
    assert.equal((await call('GET', `/tenants/${id}/settings`, { token: owner.token })).body.mfa.graceDays, 1)
  })

  it('members read them with tenants:view and change them with tenants:edit, held in that tenant and no other', async () => {
    const [owner, member] = [await ashlar.person(), await ashlar.person()]
    const [id, other] = [await make(owner), await make(owner)]
    const give = async (tenantId: string, permissions: string[]) => {
      const headers = { 'x-tenant-id': tenantId }
      const json = { name: unique('role'), permissions }
      const role = await call('POST', '/roles', { token: owner.token, headers, json })
      const roleIds = [role.body.id]
      const given = await call('PATCH', `/users/${member.id}`, { token: owner.token, headers, json: { roleIds } })
      assert.equal(given.status, 200, given.text)
    }
    for (const tenantId of [id, other]) await add(owner, tenantId, { userId: member.id })
    const read = async () => (await call('GET', `/tenants/${id}/settings`, { token: member.token })).status
    const write = async () => (await set(member, id, { mfa: { graceDays: 5 } })).status
    await give(other, ['tenants:view', 'tenants:edit'])
    assert.deepEqual([await read(), await write()], [403, 403], 'what is held elsewhere counts nothing here')
    await give(id, ['tenants:view'])
    assert.deepEqual([await read(), await write()], [200, 403])
    await give(id, ['tenants:edit'])
    assert.deepEqual([await read(), await write()], [403, 200])
  })

  const wrong: [string, object][] = [
    ['a domain without a dot', { allowedMailDomains: ['localhost'] }],
    ['an address', { allowedMailDomains: ['a@example.com'] }],
    ['a pattern', { allowedMailDomains: ['*.example.com'] }],
    ['an IP address', { allowedMailDomains: ['127.0.0.1'] }],
    ['a host with a port', { allowedMailDomains: ['example.com:25'] }],
    ['too many domains', { allowedMailDomains: Array.from({ length: 101 }, (_, at) => `d${at}.example.com`) }],
    ['a session of seconds', { sessions: { idleMinutes: 4 } }],
    ['a session longer than the installation lets it be', { sessions: { absoluteMinutes: 60 * 24 * 31 } }],
    ['an idle time longer than the installation lets it be', { sessions: { idleMinutes: 60 * 24 * 8 } }],
    ['a half minute', { sessions: { idleMinutes: 7.5 } }],
    ['a negative grace time', { mfa: { graceDays: -1 } }],
    ['an unknown field', { sessionLength: 1 }],
    ['an unknown nested field', { sessions: { minutes: 60 } }],
    ['a role of nobody', { defaultRole: 'c000000000000000000000000' }],
    ['another tenant in the body', { tenantId: 'default' }],
  ]
  for (const [title, json] of wrong) {
    it(`refuse ${title}`, async () => {
      const owner = await ashlar.person()
      const id = await make(owner)
      const answer = await set(owner, id, json)
      assert.equal(answer.status, 422, answer.text)
      assert.equal(answer.body.errors?.length > 0 || answer.body.fields?.length > 0, true, answer.text)
      const [{ settings } = { settings: undefined }] = await ashlar.rows<{ settings: object }>(
        'SELECT settings FROM tenants WHERE id = $1',
        [id],
      )
      assert.deepEqual(settings, {}, 'nothing was written')
    })
  }

  it('allowed mail domains hold for whoever is added, made, registers or changes the address; who is in stays', async () => {
    const [owner, outside, inside] = [await ashlar.person(), await ashlar.person(), await ashlar.person()]
    const id = await make(owner)
    await ashlar.rows('UPDATE users SET email = $2 WHERE id = $1', [inside.id, `${unique('in')}@Quarry.example`])
    await set(owner, id, { allowedMailDomains: ['quarry.example'] })
    assert.equal((await enter(owner, id)).status, 200, 'the owner has another domain and stays')

    const refused = await add(owner, id, { userId: outside.id })
    assert.equal(refused.status, 403)
    assert.equal(refused.body.code, 'tenants.domain_not_allowed')
    assert.equal((await add(owner, id, { userId: inside.id })).body.code, 'tenants.domain_not_allowed', 'not proved')
    await ashlar.confirmAddress(inside)
    assert.equal((await add(owner, id, { userId: inside.id })).status, 201)

    const headers = { 'x-tenant-id': id }
    const create = (email: string) =>
      call('POST', '/users', { token: owner.token, headers, json: { email, password: PASSWORD } })
    assert.equal((await create(`${unique('x')}@sub.quarry.example`)).body.code, 'tenants.domain_not_allowed')
    assert.equal((await create(`${unique('x')}@quarry.example.org`)).body.code, 'tenants.domain_not_allowed')
    const made = await create(`${unique('x')}@QUARRY.example`)
    assert.equal(made.status, 201, made.text)

    const change = (email: string) =>
      call('PATCH', `/users/${made.body.id}`, { token: owner.token, headers, json: { email } })
    assert.equal((await change(`${unique('x')}@example.com`)).body.code, 'tenants.domain_not_allowed')
    assert.equal((await change(made.body.email.toUpperCase())).status, 200, 'the same address in other letters')
    assert.equal((await change(`${unique('y')}@quarry.example`)).status, 200)
    const admin = await call('POST', '/admin/auth/login', { json: ADMIN })
    const byAdmin = (email: string) =>
      call('PATCH', `/admin/users/${made.body.id}`, { token: admin.body.accessToken, json: { email } })
    assert.equal((await byAdmin(`${unique('x')}@example.com`)).body.code, 'tenants.domain_not_allowed')
    assert.equal((await byAdmin(`${unique('z')}@quarry.example`)).status, 200)
    const members = await ashlar.rows<{ count: number }>(
      'SELECT count(*)::int AS count FROM memberships WHERE "tenantId" = $1',
      [id],
    )
    assert.equal(members[0]!.count, 3)
  })

  it('the default tenant restricts registration the same way', async () => {
    const root = await ashlar.admin()
    const own = unique('own')
    assert.equal((await set(root, 'default', { allowedMailDomains: [`${own}.example`] })).status, 200)
    try {
      const register = (email: string) => call('POST', '/auth/register', { json: { email, password: PASSWORD } })
      const email = `${unique('x')}@example.com`
      assert.equal((await register(email)).body.code, 'tenants.domain_not_allowed')
      assert.deepEqual(await ashlar.rows('SELECT 1 FROM users WHERE email = $1', [email]), [])
      const inside = `${unique('x')}@${own}.example`
      const registered = await register(inside)
      assert.deepEqual([registered.status, registered.body.emailVerificationRequired], [201, true])
      const signIn = () => call('POST', '/auth/login', { json: { login: inside, password: PASSWORD } })
      assert.equal((await signIn()).body.code, 'auth.email_unverified', 'the address says who may be in')
      await ashlar.confirmAddress(registered.body.user)
      assert.equal((await signIn()).status, 200)
    } finally {
      await set(root, 'default', { allowedMailDomains: [] })
    }
  })

  it('the default role is given to new members, follows its renaming, and falls back when it is deleted', async () => {
    const owner = await ashlar.person()
    const id = await make(owner)
    const headers = { 'x-tenant-id': id }
    const named = async (name: string, permissions: string[]) => {
      const answer = await call('POST', '/roles', { token: owner.token, headers, json: { name, permissions } })
      assert.equal(answer.status, 201, answer.text)
      return answer.body.id as string
    }
    const mason = await named('mason', ['documents:view'])
    assert.equal((await set(owner, id, { defaultRole: mason })).body.defaultRole, mason)
    const rolesOfNew = async () => {
      const person = await ashlar.person()
      const added = await add(owner, id, { userId: person.id })
      return added.body.roles.map((role: { name: string }) => role.name)
    }
    assert.deepEqual(await rolesOfNew(), ['mason'])
    assert.equal(
      (await call('PATCH', `/roles/${mason}`, { token: owner.token, headers, json: { name: 'stonemason' } })).status,
      200,
    )
    assert.deepEqual(await rolesOfNew(), ['stonemason'])
    const created = await call('POST', '/users', {
      token: owner.token,
      headers,
      json: { email: `${unique('n')}@example.com`, password: PASSWORD },
    })
    assert.equal(created.body.role.name, 'stonemason')

    const successor = await named('setter', [])
    const gone = await call('DELETE', `/roles/${mason}?reassignTo=${successor}`, { token: owner.token, headers })
    assert.equal(gone.status, 200, gone.text)
    assert.equal((await call('GET', `/tenants/${id}/settings`, { token: owner.token })).body.defaultRole, null)
    assert.deepEqual(await rolesOfNew(), ['user'])
    assert.equal((await ashlar.app.tenants.settingsOf(id)).defaultRole, null)
  })

  it('nobody sets a default role that grants what they lack, nor a role of another tenant', async () => {
    const [owner, admin] = [await ashlar.person(), await ashlar.person()]
    const [id, other] = [await make(owner), await make(owner)]
    await add(owner, id, { userId: admin.id, level: 'ADMIN' })
    const full = await roleOf(owner, id, 'admin')
    const refused = await set(admin, id, { defaultRole: full })
    assert.equal(refused.status, 403)
    assert.equal(refused.body.code, 'roles.beyond_own')
    assert.equal((await set(admin, id, { defaultRole: await roleOf(owner, id, 'viewer') })).status, 200)
    const foreign = await set(owner, id, { defaultRole: await roleOf(owner, other, 'viewer') })
    assert.equal(foreign.status, 422)
    assert.equal((await set(owner, id, { defaultRole: full })).status, 200)
  })

  describe('session lifetimes', () => {
    const age = (person: Person, what: 'createdAt' | 'lastSeenAt', minutes: number) =>
      ashlar.rows(
        `UPDATE sessions SET "${what}" = now() - make_interval(mins => $2) WHERE "userId" = $1 AND "revokedAt" IS NULL`,
        [person.id, minutes],
      )
    // A change of the tenant makes the node forget the actor, as a message from the bus would.
    const forget = (person: Person, id: string) =>
      set(person, id, { mfa: { graceDays: Math.floor(Math.random() * 90) } })

    it('a session that is older than the tenant lets it be does not enter, by header or switch, and goes on elsewhere', async () => {
      const owner = await ashlar.person()
      const id = await make(owner)
      await set(owner, id, { sessions: { absoluteMinutes: 60, idleMinutes: 30 } })
      assert.equal((await enter(owner, id)).status, 200)
      await age(owner, 'createdAt', 61)
      await forget(owner, id)
      const refused = await enter(owner, id)
      assert.equal(refused.status, 403)
      assert.equal(refused.body.code, 'sessions.too_old_for_tenant')
      const switched = await call('POST', `/tenants/${id}/switch`, { token: owner.token })
      assert.equal(switched.body.code, 'sessions.too_old_for_tenant')
      const byPath = await call('GET', `/tenants/${id}/members`, { token: owner.token })
      assert.equal(byPath.body.code, 'sessions.too_old_for_tenant', 'nor by the path')
      assert.equal((await enter(owner, 'default')).status, 200, 'the default tenant has no limit of its own')
      const stranger = await ashlar.person()
      await age(stranger, 'createdAt', 61)
      assert.equal((await enter(stranger, id)).body.code, 'access.tenant_not_found', 'a stranger learns nothing of it')
    })

    it('a session in the tenant ends there at its time, idle or not, and no refresh prolongs it', async () => {
      const owner = await ashlar.person()
      const id = await make(owner)
      await set(owner, id, { sessions: { absoluteMinutes: 10, idleMinutes: 5 } })
      const login = async () => {
        const answer = await call('POST', '/auth/login', {
          json: { login: owner.email, password: PASSWORD },
          headers: { 'x-tenant-id': id },
        })
        assert.equal(answer.status, 200, answer.text)
        return answer.body as { accessToken: string; refreshToken: string; expiresIn: number }
      }
      const first = await login()
      assert.ok(first.expiresIn <= 600, 'the access token does not outlive the session')
      const me = (token: string) => call('GET', '/auth/me', { token })
      const refresh = (refreshToken: string) => call('POST', '/auth/refresh', { json: { refreshToken } })
      const next = await refresh(first.refreshToken)
      assert.equal(next.status, 200)

      await age(owner, 'lastSeenAt', 6)
      await forget(owner, id)
      assert.equal((await me(next.body.accessToken)).status, 401)
      assert.equal((await refresh(next.body.refreshToken)).body.code, 'sessions.refresh_invalid')

      const again = await login()
      assert.equal((await me(again.accessToken)).status, 200)
      await age(owner, 'createdAt', 11)
      await forget(await ashlar.login(owner.email, PASSWORD), id)
      assert.equal((await me(again.accessToken)).status, 401)
      assert.equal((await refresh(again.refreshToken)).body.code, 'sessions.refresh_invalid')
    })

    it('shortening them ends longer sessions at once', async () => {
      const owner = await ashlar.person()
      const id = await make(owner)
      assert.equal((await call('POST', `/tenants/${id}/switch`, { token: owner.token })).status, 200)
      await age(owner, 'createdAt', 61)
      assert.equal((await enter(owner, id)).status, 200)
      await set(owner, id, { sessions: { absoluteMinutes: 60 } })
      assert.equal((await enter(owner, id)).status, 401)
    })
  })
})

describe('mail domains', () => {
  for (const [sent, kept] of [
    ['Example.com', 'example.com'],
    ['  mail.example.co.uk ', 'mail.example.co.uk'],
    ['straße.example', 'xn--strae-oqa.example'],
    ['XN--STRAE-OQA.example', 'xn--strae-oqa.example'],
    ['example', undefined],
    ['example.com.', undefined],
    ['.example.com', undefined],
    ['exa mple.com', undefined],
    ['-a.example.com', undefined],
    ['@example.com', undefined],
    ['http://example.com', undefined],
    ['1.2.3.4', undefined],
    [`${'a'.repeat(64)}.com`, undefined],
    ['', undefined],
  ] as const)
    it(`${JSON.stringify(sent)} is ${kept ?? 'no domain'}`, () => assert.equal(readDomain(sent), kept))

  it('the domain of an address is what stands behind the last @, in ASCII', () => {
    assert.equal(domainOf('"a@b"@Bücher.Example'), 'xn--bcher-kva.example')
    assert.equal(domainOf('a@example.com'), 'example.com')
  })
})
