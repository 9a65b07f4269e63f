// Tenants over HTTP: making, changing, leaving and switching them, and what strangers learn of them.
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
import { isReserved, isWellFormed, slugsFor } from './slugs.ts'

const ABSENT = 'c000000000000000000000000'

describe('tenants', () => {
  let ashlar: TestApp
  before(async () => {
    ashlar = await startApp()
  })
  after(() => ashlar.stop())

  const call = (method: string, path: string, options?: Call) => ashlar.call(method, `/api/v1${path}`, options)
  const make = async (person: Person, json: object = {}): Promise<{ id: string; slug: string; updatedAt: string }> => {
    const answer = await call('POST', '/tenants', { token: person.token, json: { name: unique('Quarry '), ...json } })
    assert.equal(answer.status, 201, answer.text)
    return answer.body
  }
  const audited = (tenantId: string) =>
    ashlar.rows<{ action: string; actorId: string; targetId: string }>(
      'SELECT action, "actorId", "targetId" FROM audit_logs WHERE "tenantId" = $1 ORDER BY at, seq',
      [tenantId],
    )
  const masked = ({ status, text, body }: Answer) => ({
    status,
    text: text.replaceAll(body.requestId, '').replaceAll(body.instance, ''),
  })

  describe('the owner', () => {
    it('makes a tenant with its own roles, becomes its owner with every permission, and enters it by header', async () => {
      const owner = await ashlar.person()
      const slug = unique('quarry')
      const tenant = await make(owner, { name: '  Blue Quarry ', subdomain: slug })
      assert.deepEqual(
        { ...tenant, id: '', createdAt: '', updatedAt: '' },
        {
          id: '',
          name: 'Blue Quarry',
          slug,
          subdomain: slug,
          status: 'ACTIVE',
          level: 'OWNER',
          createdAt: '',
          updatedAt: '',
          deletedAt: null,
        },
      )
      for (const choice of [tenant.id, slug]) {
        const me = await call('GET', '/auth/me', { token: owner.token, headers: { 'x-tenant-id': choice } })
        assert.equal(me.body.tenantId, tenant.id)
        assert.deepEqual(me.body.permissions, ['*'])
        assert.deepEqual(
          me.body.roles.map((role: { name: string }) => role.name),
          ['admin'],
        )
      }
      const users = await call('GET', '/users', { token: owner.token, headers: { 'x-tenant-id': tenant.id } })
      assert.equal(users.body.meta.total, 1)
      const roles = await ashlar.rows('SELECT 1 FROM roles WHERE "tenantId" = $1 AND "builtIn"', [tenant.id])
      assert.ok(roles.length >= 6)
      assert.deepEqual(await audited(tenant.id), [{ action: 'tenants.create', actorId: owner.id, targetId: tenant.id }])
    })

    it('gets a slug from the name, another one when it is taken, and the new tenant shows in /auth/me at once', async () => {
      const owner = await ashlar.person()
      const name = unique('Grüner Stein ')
      const stem = name.toLowerCase().replace('ü', 'u').replaceAll(' ', '-')
      assert.equal((await make(owner, { name })).slug, stem)
      assert.equal((await make(owner, { name })).slug, `${stem}-2`)
      assert.match((await make(owner, { name: '石頭' })).slug, /^team/)
      const me = await call('GET', '/auth/me', { token: owner.token })
      assert.equal(me.body.tenants.length, 4)
    })

    it('lists, pages and searches only their own tenants', async () => {
      const [owner, other] = [await ashlar.person(), await ashlar.person()]
      const word = unique('slate')
      for (const number of [1, 2, 3]) await make(owner, { name: `${word} ${number}` })
      await make(other, { name: `${word} of others` })
      const page = await call('GET', '/tenants?limit=2&page=2', { token: owner.token })
      assert.deepEqual(page.body.meta, { total: 4, page: 2, limit: 2, totalPages: 2 })
      const found = await call('GET', `/tenants/search?name=${word.toUpperCase()}&limit=2`, { token: owner.token })
      assert.equal(found.body.meta.total, 3)
      assert.equal(found.body.data[0].name, `${word} 3`)
      assert.equal((await call('GET', '/tenants/search?name=%25', { token: owner.token })).body.meta.total, 0)
    })

    it('renames it under both methods and both addresses, and a stale version is refused', async () => {
      const owner = await ashlar.person()
      const tenant = await make(owner)
      const slug = unique('moved')
      const read = await call('GET', `/tenants/${tenant.id}`, { token: owner.token })
      const headers = { 'if-match': read.headers.get('etag')! }
      const renamed = await call('PUT', `/tenants/${tenant.id}`, { token: owner.token, json: { slug }, headers })
      assert.equal(renamed.status, 200)
      assert.equal(renamed.body.subdomain, slug)
      const stale = await call('PATCH', `/organizations/${tenant.id}`, {
        token: owner.token,
        json: { name: 'x' },
        headers,
      })
      assert.equal(stale.status, 412)
      assert.equal(stale.body.code, 'tenants.changed_meanwhile')
      const old = await call('GET', '/auth/me', { token: owner.token, headers: { 'x-tenant-id': tenant.slug } })
      assert.equal(old.status, 404, 'the old slug opens nothing')
      assert.deepEqual(
        (await audited(tenant.id)).map(({ action }) => action),
        ['tenants.create', 'tenants.edit'],
      )
    })

    it('switches the session to it: the new token works there without a header, and so does the refreshed one', async () => {
      const owner = await ashlar.person()
      const tenant = await make(owner)
      const pair = await call('POST', `/tenants/${tenant.id}/switch`, { token: owner.token })
      assert.equal(pair.status, 200)
      assert.equal((await call('GET', '/auth/me', { token: pair.body.accessToken })).body.tenantId, tenant.id)
      const refreshed = await call('POST', '/auth/refresh', { json: { refreshToken: pair.body.refreshToken } })
      assert.equal((await call('GET', '/auth/me', { token: refreshed.body.accessToken })).body.tenantId, tenant.id)
      assert.equal((await audited(tenant.id)).at(-1)?.action, 'tenants.switch')
    })

    it('deletes it: everybody is out at once, its slug stays taken, and sessions go on elsewhere at their refresh', async () => {
      const [owner, member] = [await ashlar.person(), await ashlar.person()]
      const tenant = await make(owner)
      await call('POST', `/tenants/${tenant.id}/members`, { token: owner.token, json: { userId: member.id } })
      const inside = (await call('POST', `/tenants/${tenant.id}/switch`, { token: member.token })).body
      const pat = await call('POST', '/tokens', {
        token: owner.token,
        headers: { 'x-tenant-id': tenant.id },
        json: { name: 'ci', scopes: ['*'] },
      })
      assert.equal((await call('GET', '/auth/me', { token: inside.accessToken })).status, 200)
      assert.equal((await call('GET', '/auth/me', { token: pat.body.token })).status, 200)

      assert.equal((await call('DELETE', `/tenants/${tenant.id}`, { token: owner.token })).status, 200)
      assert.equal((await call('GET', '/auth/me', { token: inside.accessToken })).status, 401)
      assert.equal((await call('GET', '/auth/me', { token: pat.body.token })).status, 401)
      const named = { token: owner.token, headers: { 'x-tenant-id': tenant.id } }
      assert.equal((await call('GET', '/auth/me', named)).status, 404)
      assert.equal((await call('GET', `/tenants/${tenant.id}`, { token: owner.token })).status, 404)
      assert.equal((await call('DELETE', `/tenants/${tenant.id}`, { token: owner.token })).status, 404)
      const me = await call('GET', '/auth/me', { token: owner.token })
      assert.deepEqual(
        me.body.tenants.map((one: { id: string }) => one.id),
        ['default'],
      )

      const refreshed = await call('POST', '/auth/refresh', { json: { refreshToken: inside.refreshToken } })
      assert.equal(refreshed.status, 200)
      assert.equal((await call('GET', '/auth/me', { token: refreshed.body.accessToken })).body.tenantId, 'default')
      const again = await call('POST', '/auth/refresh', { json: { refreshToken: refreshed.body.refreshToken } })
      assert.equal(again.status, 200)
      const taken = await call('GET', `/tenants/subdomain-available?subdomain=${tenant.slug}`, { token: owner.token })
      assert.deepEqual(taken.body, { available: false, reason: 'taken' })
      assert.equal((await audited(tenant.id)).at(-1)?.action, 'tenants.delete')
    })
  })

  describe('subdomains', () => {
    const scenarios: [string, object][] = [
      ['admin', { available: false, reason: 'reserved' }],
      ['default', { available: false, reason: 'reserved' }],
      ['xn--80ak6aa92e', { available: false, reason: 'reserved' }],
      ['cmi8z2n4w0q5t1v7x3y9b6d2a', { available: false, reason: 'reserved' }],
      ['-quarry', { available: false, reason: 'invalid' }],
      ['blue.quarry', { available: false, reason: 'invalid' }],
      ['a'.repeat(64), { available: false, reason: 'invalid' }],
      [unique('free'), { available: true }],
    ]
    for (const [subdomain, answer] of scenarios) {
      it(`${subdomain.slice(0, 30)}: ${JSON.stringify(answer)}, and making it agrees`, async () => {
        const person = await ashlar.person()
        const available = await call('GET', `/tenants/subdomain-available?subdomain=${subdomain}`, {
          token: person.token,
        })
        assert.deepEqual(available.body, answer)
        const made = await call('POST', '/tenants', { token: person.token, json: { name: 'x', slug: subdomain } })
        const wanted = 'reason' in answer ? { reserved: 409, invalid: 422 }[answer.reason as 'reserved'] : 201
        assert.equal(made.status, wanted, made.text)
      })
    }

    it('one of 20 people who ask for the same slug at once gets it, the others a conflict', async () => {
      const people = await Promise.all(Array.from({ length: 20 }, () => ashlar.person()))
      const slug = unique('race')
      const answers = await Promise.all(
        people.map(({ token }) => call('POST', '/tenants', { token, json: { name: 'Race', slug } })),
      )
      const statuses = answers.map(({ status }) => status).sort()
      assert.deepEqual(statuses, [201, ...Array.from({ length: 19 }, () => 409)])
    })

    it('an id wins over a slug that reads the same, however it came into the table', async () => {
      const [owner, thief] = [await ashlar.person(), await ashlar.person()]
      const [tenant, trap] = [await make(owner), await make(thief)]
      await ashlar.rows('UPDATE tenants SET slug = $1 WHERE id = $2', [tenant.id, trap.id])
      const headers = { 'x-tenant-id': tenant.id }
      assert.equal((await call('GET', '/auth/me', { token: owner.token, headers })).body.tenantId, tenant.id)
      assert.equal((await call('GET', '/auth/me', { token: thief.token, headers })).status, 404)
    })

    it('every slug made from a name is one that may be used', () => {
      for (const name of [
        'Admin',
        'default',
        '  --  ',
        'ÅÄÖ',
        '石',
        'C'.repeat(25),
        'x'.repeat(100),
        'ab--cd',
        'Xn--Quarry',
      ]) {
        const slugs = slugsFor(name, 'a1b2c3d4')
        assert.ok(slugs.length > 0, name)
        for (const slug of slugs) assert.ok(isWellFormed(slug) && !isReserved(slug), `${name}: ${slug}`)
      }
    })
  })

  describe('refusals', () => {
    const body = { name: 'Mine now' }
    const routes: [string, string, object | undefined][] = [
      ['GET', '', undefined],
      ['PATCH', '', body],
      ['PUT', '', body],
      ['DELETE', '', undefined],
      ['POST', '/switch', undefined],
      ['GET', '/members', undefined],
      ['POST', '/members', { userId: ABSENT, role: 'OWNER' }],
      ['PATCH', `/members/${ABSENT}`, { level: 'OWNER' }],
      ['DELETE', `/members/${ABSENT}`, undefined],
    ]
    let owner: Person
    let member: Person
    let stranger: Person
    let tenant: { id: string; slug: string }
    before(async () => {
      ;[owner, member, stranger] = [await ashlar.person(), await ashlar.person(), await ashlar.person()]
      tenant = await make(owner)
      await call('POST', `/tenants/${tenant.id}/members`, { token: owner.token, json: { userId: member.id } })
    })

    for (const [method, path, json] of routes) {
      it(`TEN-5: ${method} /tenants/{id}${path} answers a foreign id, its slug and an absent id byte for byte alike`, async () => {
        const before = await audited(tenant.id)
        const options = { token: stranger.token, ...(json && { json }) }
        const answers = await Promise.all(
          [tenant.id, tenant.slug, ABSENT, 'default2'].map((id) => call(method, `/tenants/${id}${path}`, options)),
        )
        for (const answer of answers) assert.deepEqual(masked(answer), masked(answers[2]!))
        assert.equal(answers[0]?.status, 404)
        assert.equal(answers[0]?.body.code, 'tenants.not_found')
        assert.deepEqual(await audited(tenant.id), before)
      })

      it(`${method} /tenants/{id}${path} needs a sign-in`, async () => {
        const answer = await call(method, `/tenants/${tenant.id}${path}`, { ...(json && { json }) })
        assert.equal(answer.status, 401)
      })
    }

    it("TEN-6: a header, a repeated header or a slug of B with A's token gives the 404 of a random tenant", async () => {
      const random = await call('GET', '/users/me', { token: stranger.token, headers: { 'x-tenant-id': ABSENT } })
      assert.equal(random.status, 404)
      for (const choice of [tenant.id, tenant.slug, `${tenant.id}, default`, `default, ${tenant.id}`, 'nobody']) {
        const headers = { 'x-tenant-id': choice }
        assert.deepEqual(
          masked(await call('GET', '/users/me', { token: stranger.token, headers })),
          masked(random),
          choice,
        )
        const write = await call('POST', '/tenants', { token: stranger.token, headers, json: body })
        assert.equal(write.status, 404)
      }
    })

    it('the path decides, not the header: a member acts on the tenant in the path, and it is audited there', async () => {
      const other = await make(owner)
      const answer = await call('PATCH', `/tenants/${tenant.id}`, {
        token: owner.token,
        headers: { 'x-tenant-id': other.id },
        json: { name: 'By path' },
      })
      assert.equal(answer.status, 200)
      assert.equal((await audited(tenant.id)).at(-1)?.action, 'tenants.edit')
      assert.equal((await audited(other.id)).at(-1)?.action, 'tenants.create')
    })

    it('a plain member reads it, and is told which permission a change needs; deleting is for owners', async () => {
      const { token } = member
      const before = await audited(tenant.id)
      assert.equal((await call('GET', `/tenants/${tenant.id}`, { token })).body.level, 'MEMBER')
      const edit = await call('PATCH', `/tenants/${tenant.id}`, { token, json: body })
      assert.equal(edit.status, 403)
      assert.equal(edit.body.permission, 'tenants:edit')
      assert.equal(edit.body.tenantId, tenant.id)
      const remove = await call('DELETE', `/tenants/${tenant.id}`, { token })
      assert.equal(remove.body.code, 'tenants.owners_only')
      assert.deepEqual(await audited(tenant.id), before)
    })

    it('RBAC-4: an unknown field is refused, and so are two names that disagree', async () => {
      const { token } = owner
      for (const json of [
        { name: 'x', id: 'y' },
        { name: 'x', level: 'OWNER' },
        { name: 'x', slug: 'aa-a', subdomain: 'bb-b' },
        { name: '\n' },
        {},
      ]) {
        assert.equal((await call('POST', '/tenants', { token, json })).status, 422, JSON.stringify(json))
      }
    })

    it('the default tenant is never deleted, not by its owner either', async () => {
      const { token } = await ashlar.admin()
      const answer = await call('DELETE', '/tenants/default', { token })
      assert.equal(answer.status, 409)
      assert.equal(answer.body.code, 'tenants.default_stays')
      assert.equal((await call('GET', '/tenants/default', { token })).status, 200)
    })

    it('a personal access token sees its own tenant only, and changes none', async () => {
      const pat = await call('POST', '/tokens', {
        token: owner.token,
        headers: { 'x-tenant-id': tenant.id },
        json: { name: 'ci', scopes: ['*'] },
      })
      const { token } = pat.body
      const list = await call('GET', '/tenants', { token })
      assert.deepEqual(
        list.body.data.map((one: { id: string }) => one.id),
        [tenant.id],
      )
      const { tenants } = (await call('GET', '/auth/me', { token })).body
      assert.deepEqual(
        tenants.map((one: { id: string }) => one.id),
        [tenant.id],
      )
      assert.equal((await call('GET', '/tenants/default', { token })).status, 404)
      assert.equal((await call('PATCH', `/tenants/${tenant.id}`, { token, json: body })).status, 403)
      assert.equal((await call('POST', '/tenants', { token, json: body })).status, 403)
    })
  })

  it('somebody with no tenant left can neither sign in nor refresh, and says so', async () => {
    const person = await ashlar.person()
    await call('DELETE', `/tenants/default/members/${person.id}`, { token: person.token })
    const login = await call('POST', '/auth/login', { json: { email: person.email, password: PASSWORD } })
    assert.equal(login.body.code, 'auth.no_tenant')
    const refresh = await call('POST', '/auth/refresh', { json: { refreshToken: person.refreshToken } })
    assert.equal(refresh.body.code, 'auth.no_tenant')
  })

  it('a person owns 100 tenants and not one more', async () => {
    const owner = await ashlar.person()
    await ashlar.rows(
      `INSERT INTO tenants (id, name, slug) SELECT 'cap-' || n, 'T', 'cap-' || n FROM generate_series(1, 100) n`,
    )
    await ashlar.rows(
      `INSERT INTO memberships ("tenantId", "userId", level) SELECT 'cap-' || n, $1, 'OWNER' FROM generate_series(1, 100) n`,
      [owner.id],
    )
    const answer = await call('POST', '/tenants', { token: owner.token, json: { name: 'One more' } })
    assert.equal(answer.status, 409)
    assert.equal(answer.body.code, 'tenants.too_many')

    await ashlar.rows(`DELETE FROM tenants WHERE id IN ('cap-1', 'cap-2', 'cap-3')`)
    await ashlar.rows(`UPDATE tenants SET "deletedAt" = now() WHERE id = 'cap-4'`)
    const answers = await Promise.all([
      ...Array.from({ length: 20 }, (_, at) =>
        call('POST', '/tenants', { token: owner.token, json: { name: `${at}` } }),
      ),
      call('POST', '/tenants/cap-4/restore', { token: owner.token }),
    ])
    assert.equal(answers.filter(({ status }) => status < 300).length, 4)
    assert.ok(answers.every(({ status, body }) => status < 300 || body.code === 'tenants.too_many'))
    const [{ n }] = (await ashlar.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM memberships m JOIN tenants t ON t.id = m."tenantId"
       WHERE m."userId" = $1 AND level = 'OWNER' AND t."deletedAt" IS NULL`,
      [owner.id],
    )) as [{ n: number }]
    assert.equal(n, 100)
  })
})

describe('tenants made by the back office only', () => {
  it('are refused to users, and made by the back office for an owner', async () => {
    const ashlar = await startApp({ env: { TENANT_CREATION: 'admins' } })
    try {
      const { token } = await ashlar.admin()
      const answer = await ashlar.call('POST', '/api/v1/tenants', { token, json: { name: 'Mine' } })
      assert.equal(answer.status, 403)
      assert.equal(answer.body.code, 'tenants.creation_closed')
      assert.equal((await ashlar.rows('SELECT 1 FROM tenants')).length, 1)

      const owner = await ashlar.person()
      const login = await ashlar.call('POST', '/api/v1/admin/auth/login', { json: ADMIN })
      const make = (json: object, by = login.body.accessToken) =>
        ashlar.call('POST', '/api/v1/admin/tenants', { token: by, json })
      assert.equal(
        (await make({ name: 'Given', ownerEmail: owner.email })).status,
        404,
        'an address that nobody proved',
      )
      await ashlar.confirmAddress(owner)
      const made = await make({ name: 'Given', ownerEmail: owner.email })
      assert.equal(made.status, 201, made.text)
      assert.ok(!('level' in made.body))
      const read = await ashlar.call('GET', `/api/v1/tenants/${made.body.id}`, { token: owner.token })
      assert.equal(read.body.level, 'OWNER')
      const [entry] = await ashlar.rows<{ actor: string }>('SELECT actor FROM audit_logs WHERE "tenantId" = $1', [
        made.body.id,
      ])
      assert.match(entry!.actor, /^admin:c/)
      assert.equal((await make({ name: 'x', ownerId: ABSENT })).status, 404)
      assert.equal((await make({ name: 'x' })).status, 422)
      assert.equal((await make({ name: 'x', slug: 'admin', ownerId: owner.id })).status, 409)
      assert.equal((await make({ name: 'x', ownerId: owner.id }, owner.token)).status, 401)
      assert.equal((await ashlar.rows('SELECT 1 FROM tenants')).length, 2)
    } finally {
      await ashlar.stop()
    }
  })
})
