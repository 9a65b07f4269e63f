// How a request names its tenant: by header, by subdomain, or not at all; and that naming one opens nothing.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const ABSENT = 'c000000000000000000000000'
const DOMAIN = 'ashlar.example'

interface Reply {
  status: number
  body: { code?: string; tenantId?: string; [key: string]: unknown }
  /** The answer without what names the one request. */
  masked: string
}

/** A request with exactly these header lines, Host and repeated ones included. */
function ask(ashlar: TestApp, token: string, lines: string[], path = '/api/v1/auth/me'): Promise<Reply> {
  const url = new URL(ashlar.url)
  const hasHost = lines.some((line, at) => at % 2 === 0 && line.toLowerCase() === 'host')
  const headers = ['Authorization', `Bearer ${token}`, ...(hasHost ? [] : ['Host', url.host]), ...lines]
  return new Promise((resolve, reject) => {
    const sent = request({ host: url.hostname, port: url.port, path, headers, setHost: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part) => {
        text += part
      })
      response.on('end', () => {
        const body = JSON.parse(text)
        resolve({
          status: response.statusCode!,
          body,
          masked: JSON.stringify({ ...body, requestId: '', instance: '' }),
        })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function make(ashlar: TestApp, owner: Person): Promise<{ id: string; slug: string }> {
  const json = { name: 'Quarry', slug: unique('quarry') }
  const answer = await ashlar.call('POST', '/api/v1/tenants', { token: owner.token, json })
  assert.equal(answer.status, 201, answer.text)
  return answer.body
}

describe('the tenant by header', () => {
  let ashlar: TestApp
  let owner: Person
  let mine: { id: string; slug: string }
  let theirs: { id: string; slug: string }
  before(async () => {
    ashlar = await startApp()
    owner = await ashlar.person()
    mine = await make(ashlar, owner)
    theirs = await make(ashlar, await ashlar.person())
  })
  after(() => ashlar.stop())
  const by = (...values: string[]) =>
    ask(
      ashlar,
      owner.token,
      values.flatMap((value) => ['X-Tenant-ID', value]),
    )

  it('TEN-6: chooses among the memberships, by id or slug; a foreign one answers as a random one, byte for byte', async () => {
    for (const own of [mine.id, mine.slug]) assert.equal((await by(own)).body.tenantId, mine.id)
    const absent = await by(ABSENT)
    assert.deepEqual([absent.status, absent.body.code], [404, 'access.tenant_not_found'])
    for (const foreign of [theirs.id, theirs.slug]) {
      const refused = await by(foreign)
      assert.equal(refused.status, 404)
      assert.equal(refused.masked, absent.masked)
    }
  })

  it('TEN-6: two headers, lists and odd values open nothing', async () => {
    const odd = [
      [mine.id, theirs.id],
      [theirs.id, mine.id],
      [mine.id, mine.id],
      [`${mine.id},${theirs.id}`],
      [`["${mine.id}"]`],
      [`${mine.id}\t`, 'x'],
      ['*'],
      ['%'],
      ['null'],
      [`${theirs.id}' OR 'a'='a`],
      [mine.id.toUpperCase()],
      ['x'.repeat(5000)],
    ]
    for (const values of odd) {
      const refused = await by(...values)
      assert.deepEqual([refused.status, refused.body.code], [404, 'access.tenant_not_found'], values.join(' | '))
    }
  })

  it('without a header, or with an empty one, it is the one of the session; the host says nothing', async () => {
    assert.equal((await ask(ashlar, owner.token, [])).body.tenantId, 'default')
    assert.equal((await by('')).body.tenantId, 'default')
    assert.equal((await ask(ashlar, owner.token, ['Host', `${mine.slug}.${DOMAIN}`])).body.tenantId, 'default')
  })

  it('reading by a foreign header shows no row, and writing leaves none', async () => {
    const headers = { 'x-tenant-id': theirs.id }
    const rows = () =>
      ashlar.rows('SELECT id, name, "updatedAt" FROM roles WHERE "tenantId" = $1 ORDER BY id', [theirs.id])
    const before = await rows()
    for (const [method, path, json] of [
      ['GET', '/users'],
      ['GET', '/roles'],
      ['POST', '/roles', { name: 'intruder' }],
      ['POST', '/users', { email: 'intruder@example.com' }],
    ] as const) {
      const answer = await ashlar.call(method, `/api/v1${path}`, { token: owner.token, headers, json })
      assert.deepEqual([answer.status, answer.body.code], [404, 'access.tenant_not_found'])
    }
    assert.deepEqual(await rows(), before)
  })
})

describe('the tenant by subdomain', () => {
  let ashlar: TestApp
  let owner: Person
  let mine: { id: string; slug: string }
  let theirs: { id: string; slug: string }
  const env = { MULTI_TENANCY_STRATEGY: 'subdomain', HOST_MAIN_DOMAIN: 'Ashlar.example' }
  before(async () => {
    ashlar = await startApp({ env })
    owner = await ashlar.person()
    mine = await make(ashlar, owner)
    theirs = await make(ashlar, await ashlar.person())
  })
  after(() => ashlar.stop())
  const at = (host: string, ...more: string[]) => ask(ashlar, owner.token, ['Host', host, ...more])

  it('is the one label before the main domain, in any case, with a port or a final dot', async () => {
    for (const host of [
      `${mine.slug}.${DOMAIN}`,
      `${mine.slug.toUpperCase()}.ASHLAR.Example`,
      `${mine.slug}.${DOMAIN}:8443`,
      `${mine.slug}.${DOMAIN}.`,
      `${mine.slug}.${DOMAIN}.:8000`,
    ]) {
      const answer = await at(host)
      assert.deepEqual([answer.status, answer.body.tenantId], [200, mine.id], host)
    }
  })

  it('TEN-6: a foreign one answers as a random one, byte for byte; nested and empty labels open nothing', async () => {
    const absent = await at(`nobody.${DOMAIN}`)
    assert.deepEqual([absent.status, absent.body.code], [404, 'access.tenant_not_found'])
    assert.equal((await at(`${theirs.slug}.${DOMAIN}`)).masked, absent.masked)
    for (const host of [
      `a.${mine.slug}.${DOMAIN}`,
      `${mine.slug}.a.${DOMAIN}`,
      `${mine.slug}.${theirs.slug}.${DOMAIN}`,
      `www.${mine.slug}.${DOMAIN}`,
      `.${DOMAIN}`,
      `xn--bcher-kva.${DOMAIN}`,
      `${mine.slug}..${DOMAIN}`,
    ]) {
      const refused = await at(host)
      assert.deepEqual([refused.status, refused.body.code], [404, 'access.tenant_not_found'], host)
    }
  })

  it('other hosts name no tenant: the main domain, its www, an address, and whatever only looks like a subdomain', async () => {
    for (const host of [
      DOMAIN,
      `www.${DOMAIN}`,
      'localhost',
      '127.0.0.1:8000',
      `${mine.slug}.example.com`,
      `${mine.slug}${DOMAIN}`,
      `${mine.slug}.${DOMAIN}.evil.example`,
    ]) {
      const answer = await at(host)
      assert.deepEqual([answer.status, answer.body.tenantId], [200, 'default'], host)
    }
  })

  it('the header says nothing here, and neither does X-Forwarded-Host of a proxy that is not trusted', async () => {
    for (const own of [mine.id, theirs.id, ABSENT])
      assert.equal((await at('localhost', 'X-Tenant-ID', own)).body.tenantId, 'default')
    const both = await at(`${mine.slug}.${DOMAIN}`, 'X-Tenant-ID', theirs.id)
    assert.equal(both.body.tenantId, mine.id)
    for (const slug of [mine.slug, theirs.slug]) {
      const forwarded = await at('localhost', 'X-Forwarded-Host', `${slug}.${DOMAIN}`)
      assert.equal(forwarded.body.tenantId, 'default')
    }
  })

  it('a sign-in at a subdomain is one into that tenant', async () => {
    const { url } = ashlar
    const login = (host: string) =>
      new Promise<{ status: number; body: { user?: { tenantId: string }; code?: string } }>((resolve, reject) => {
        const body = JSON.stringify({ email: owner.email, password: 'Gr4nite-Quarry!' })
        const headers = ['Host', host, 'Content-Type', 'application/json', 'Content-Length', String(body.length)]
        const options = { port: new URL(url).port, path: '/api/v1/auth/login', method: 'POST', headers, setHost: false }
        const sent = request(options, (response) => {
          let text = ''
          response.on('data', (part) => {
            text += part
          })
          response.on('end', () => resolve({ status: response.statusCode!, body: JSON.parse(text) }))
        })
        sent.on('error', reject)
        sent.end(body)
      })
    assert.equal((await login(`${mine.slug}.${DOMAIN}`)).body.user?.tenantId, mine.id)
    assert.equal((await login(`${theirs.slug}.${DOMAIN}`)).body.code, 'access.tenant_not_found')
    assert.equal((await login(`nobody.${DOMAIN}`)).body.code, 'access.tenant_not_found')
    assert.equal((await login(DOMAIN)).body.user?.tenantId, 'default')
  })

  it('behind a trusted proxy it is X-Forwarded-Host that counts', async () => {
    const proxied = await startApp({ env: { ...env, TRUST_PROXY: 'loopback' }, database: ashlar.database })
    try {
      const asked = (forwarded: string) =>
        ask(proxied, owner.token, ['Host', 'internal:8000', 'X-Forwarded-Host', forwarded])
      assert.equal((await asked(`${mine.slug}.${DOMAIN}`)).body.tenantId, mine.id)
      assert.equal((await asked(`${theirs.slug}.${DOMAIN}`)).status, 404)
      assert.equal((await asked(DOMAIN)).body.tenantId, 'default')
    } finally {
      await proxied.stop()
    }
  })
})

describe('one tenant for everything', () => {
  let ashlar: TestApp
  let before_: TestApp
  before(async () => {
    before_ = await startApp()
    ashlar = await startApp({ env: { MULTI_TENANCY_STRATEGY: 'none' }, database: before_.database })
  })
  after(async () => {
    await ashlar.stop()
    await before_.stop()
  })

  it('no tenant is made, by people or the back office, and header and host choose nothing', async () => {
    const owner = await ashlar.person()
    const made = await ashlar.call('POST', '/api/v1/tenants', { token: owner.token, json: { name: 'Second' } })
    assert.deepEqual([made.status, made.body.code], [403, 'tenants.single_tenant'])
    const admin = await ashlar.call('POST', '/api/v1/admin/auth/login', {
      json: { email: 'admin@example.com', password: 'Adm1n-Passw0rd!' },
    })
    const json = { name: 'Second', ownerId: owner.id }
    const byAdmin = await ashlar.call('POST', '/api/v1/admin/tenants', { token: admin.body.accessToken, json })
    assert.deepEqual([byAdmin.status, byAdmin.body.code], [403, 'tenants.single_tenant'])
    assert.equal((await ashlar.rows('SELECT 1 FROM tenants')).length, 1)
    for (const lines of [
      ['X-Tenant-ID', ABSENT],
      ['X-Tenant-ID', 'x', 'X-Tenant-ID', 'y'],
      ['Host', `a.${DOMAIN}`],
    ])
      assert.equal((await ask(ashlar, owner.token, lines)).body.tenantId, 'default')
  })

  it('a tenant from before is not entered: by token, sign-in, refresh or switch', async () => {
    const owner = await before_.person()
    const old = await make(before_, owner)
    const switched = await before_.call('POST', `/api/v1/tenants/${old.id}/switch`, { token: owner.token })
    assert.equal((await ask(before_, switched.body.accessToken, [])).body.tenantId, old.id)
    assert.equal((await ask(ashlar, switched.body.accessToken, [])).status, 401)
    const refreshed = await ashlar.call('POST', '/api/v1/auth/refresh', {
      json: { refreshToken: switched.body.refreshToken },
    })
    assert.equal(refreshed.status, 200, refreshed.text)
    assert.equal((await ask(ashlar, refreshed.body.accessToken, [])).body.tenantId, 'default')
    const again = await ashlar.call('POST', `/api/v1/tenants/${old.id}/switch`, { token: refreshed.body.accessToken })
    assert.equal(again.body.code, 'tenants.single_tenant')
    const me = await ashlar.call('GET', '/api/v1/auth/me', { token: refreshed.body.accessToken })
    assert.deepEqual(
      me.body.tenants.map((tenant: { id: string }) => tenant.id),
      ['default'],
    )
  })
})
