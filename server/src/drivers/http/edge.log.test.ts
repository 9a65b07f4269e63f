// What the request log says, and what it never says.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PASSWORD, type Person, startApp, type TestApp, unique } from '../../../test/harness.ts'
import { sql } from '../database/index.ts'
import { createLog } from '../telemetry/log.ts'
import { failingPath, failingRoutes, type RawAnswer, rawClient, serveRoutes } from './edge.fixture.ts'

type Line = Record<string, unknown>

describe('the request log', () => {
  let ashlar: TestApp
  let client: ReturnType<typeof rawClient>
  let member: Person
  let lines: string[] = []

  before(async () => {
    ashlar = await startApp({ onLog: (line) => lines.push(line) })
    client = rawClient(ashlar.url)
    member = await ashlar.person()
  })
  after(async () => {
    client?.close()
    await ashlar?.stop()
  })

  /** What is logged while the work is done, one object a line. */
  async function logged(work: () => Promise<unknown>): Promise<Line[]> {
    lines = []
    await work()
    await sleep(20) // a line is written after its answer has left
    return lines.map((line) => {
      assert.ok(line.endsWith('\n') && !/[\r\n\u001b\u2028]/.test(line.slice(0, -1)), JSON.stringify(line))
      return JSON.parse(line)
    })
  }
  const requestLine = async (work: () => Promise<unknown>): Promise<Line> => {
    const found = (await logged(work)).filter(({ msg }) => msg === 'request')
    assert.equal(found.length, 1)
    return found[0]!
  }

  it('LOG-1: every request is one line with method, route, status, actor, tenant, address and request id', async () => {
    const bearer = { authorization: `Bearer ${member.token}`, 'x-request-id': 'proof-1' }
    const line = await requestLine(() => client.send('GET', '/api/v1/users/me?search=x', bearer))
    const { time, ms, ...facts } = line
    assert.deepEqual(facts, {
      level: 'info',
      reqId: 'proof-1',
      method: 'GET',
      route: 'users.me',
      path: '/api/v1/users/me',
      status: 200,
      ip: '127.0.0.1',
      actor: `user:${member.id}`,
      tenant: 'default',
      msg: 'request',
    })
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.ok(typeof ms === 'number' && ms >= 0)
  })

  it('LOG-1: who is turned away is named, and so is every other refusal', async () => {
    const bearer = { authorization: `Bearer ${member.token}` }
    const json = { 'content-type': 'application/json' }
    const cases: [number, string, () => Promise<RawAnswer>][] = [
      [401, 'users.me', () => client.send('GET', '/api/v1/users/me')],
      [401, 'auth.login', () => client.send('POST', '/api/v1/auth/login', json, '{"login":"nobody","password":"x"}')],
      [403, 'users.list', () => client.send('GET', '/api/v1/audit-logs', bearer)],
      [404, 'none', () => client.send('GET', '/api/v1/nothing')],
      [400, 'none', () => client.send('GET', '/api/v1/%zz')],
      [422, 'auth.login', () => client.send('POST', '/api/v1/auth/login', json, '{}')],
      [400, 'auth.login', () => client.send('POST', '/api/v1/auth/login', json, '{')],
    ]
    for (const [status, route, send] of cases) {
      const line = await requestLine(send)
      assert.equal(line.status, status)
      assert.equal(line.route, status === 403 ? 'audit.list' : route)
      assert.ok(line.reqId)
      if (status === 403) assert.deepEqual([line.actor, line.tenant], [`user:${member.id}`, 'default'])
    }
  })

  it('LOG-1: the address is the peer, whatever X-Forwarded-For says', async () => {
    const line = await requestLine(() =>
      client.send('GET', '/health', { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' }),
    )
    assert.equal(line.ip, '127.0.0.1')
  })

  it('LOG-1: CR, LF and ESC in names and headers stay inside one line', async () => {
    const evil = 'a\r\n{"level":"info","msg":"forged"}\u001b[31m\u2028'
    const found = await logged(async () => {
      for (const json of [
        { login: evil, password: 'x' },
        { email: `${evil}@example.com`, password: evil, name: evil, username: evil },
      ]) {
        for (const path of ['/api/v1/auth/login', '/api/v1/auth/register', '/api/auth/login', '/auth/register'])
          await ashlar.call('POST', path, { json })
      }
      await client.send('GET', `/api/v1/${encodeURIComponent(evil)}`)
      await client.send('GET', '/api/v1/health', {
        'x-request-id': 'a\tb [31m',
        'user-agent': 'x\ty',
        'x-tenant-id': 'a\tb',
      })
      await client.send('GET', '/api/v1/users/me', {
        authorization: `Bearer ${member.token}`,
        'x-tenant-id': 'no such\ttenant',
      })
    })
    assert.ok(found.length >= 11)
    assert.ok(found.every(({ msg }) => msg !== 'forged'))
  })

  it('LOG-2: no password, token, header, cookie or query of a request is ever logged', async () => {
    const canary = (name: string) => `canary-${name}-${unique('x')}`
    const secrets = [
      'password',
      'old',
      'new',
      'bearer',
      'cookie',
      'query',
      'refresh',
      'link',
      'broken',
      'form',
      'name',
    ].map(canary)
    const [password, old, fresh, bearer, cookie, query, refresh, link, broken, form, basic] = secrets as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ]
    const bearerHeader = {
      authorization: `Bearer ${bearer}`,
      cookie: `session=${cookie}`,
      'x-api-key': bearer,
      'proxy-authorization': basic,
    }
    const email = `${unique('log')}@example.com`
    const found = await logged(async () => {
      const post = (path: string, json: unknown, token?: string) =>
        ashlar.call('POST', path, { json, ...(token && { token }), headers: { cookie: `session=${cookie}` } })
      for (const prefix of ['/api/v1', '/api', '']) {
        await post(`${prefix}/auth/login?token=${query}&password=${query}`, { login: member.email, password })
        await post(`${prefix}/auth/register`, { email, password, name: 'Mason', username: 5, secret: password })
        await post(`${prefix}/auth/refresh`, { refreshToken: refresh })
        await post(`${prefix}/auth/reset-password`, { token: link, newPassword: fresh })
        await post(`${prefix}/auth/change-password`, { oldPassword: old, newPassword: fresh }, member.token)
        await ashlar.call('POST', `${prefix}/auth/login`, { json: `{"login":"x","password":"${broken}"` })
        await ashlar.call('POST', `${prefix}/auth/login`, { form: { username: 'x', password: form } })
        await client.send('GET', `${prefix}/users/me?access_token=${query}`, bearerHeader)
      }
      const { body } = await post('/api/v1/auth/register', { email, password: `Long-${password}`, name: 'Mason' })
      secrets.push(body.accessToken, body.refreshToken)
      await post('/api/v1/auth/refresh', { refreshToken: body.refreshToken })
      const made = await post('/api/v1/tokens', { name: 'log', scopes: [body.user.permissions[0]] }, body.accessToken)
      assert.equal(made.status, 201, made.text)
      secrets.push(made.body.token)
      await ashlar.call('GET', '/api/v1/users/me', { token: made.body.token })
    })
    assert.ok(found.length >= 28)
    const text = lines.join('')
    for (const secret of [...secrets, PASSWORD, member.token, member.refreshToken])
      assert.ok(!text.includes(secret), `${secret} is logged`)
    assert.ok(!/\$argon2id\$|\$2b\$/.test(text))
  })

  it('LOG-2: an error is logged with what an operator needs, without its objects and the row it met', async () => {
    const secret = `canary-${unique('row')}`
    await ashlar.rows(`
      CREATE TABLE public.kept (id int, password text, amount int CHECK (amount > 0));
      GRANT INSERT ON public.kept TO ${ashlar.database.rolePrefix}_app`)
    let cause: unknown
    await ashlar.drivers.database.global.run(sql`INSERT INTO kept VALUES (1, ${secret}, -1)`).catch((error) => {
      cause = error
    })
    assert.ok(String((cause as { detail?: string }).detail).includes(secret), 'PostgreSQL does show the row')
    const errors = [
      cause,
      Object.assign(new Error('broken'), {
        client: { password: secret, secretKey: secret },
        config: { headers: { authorization: secret } },
      }),
      new Error('outer', { cause: Object.assign(new Error('inner'), { password: secret }) }),
    ]
    lines = []
    const log = createLog({ level: 'info', format: 'json' }, { write: (line: string) => void lines.push(line) })
    let thrown: unknown
    const http = await serveRoutes(
      ashlar,
      failingRoutes(() => thrown),
      {},
      log,
    )
    const failing = rawClient(http.url)
    try {
      for (thrown of errors) {
        const found = await logged(() => failing.send('GET', failingPath('canonical'), { 'x-request-id': 'proof-2' }))
        const line = found.find(({ msg }) => msg === 'request failed')!
        assert.equal(line.level, 'error')
        assert.equal(line.reqId, 'proof-2')
        const { message, stack } = line.error as Line
        assert.ok(message && stack)
        assert.ok(!lines.join('').includes(secret), lines.join(''))
      }
    } finally {
      failing.close()
      await http.drain()
    }
  })
})
