// What every answer carries, and what none of them gives away.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startApp, type TestApp } from '../../../test/harness.ts'
import { sql } from '../database/index.ts'
import { BASES, failingPath, failingRoutes, type RawAnswer, rawBytes, rawClient, serveRoutes } from './edge.fixture.ts'
import type { Base } from './routes.ts'
import type { HttpServer } from './server.ts'

const CANARY = 'canary-7d1c4a'
const EXPECTED: Record<string, string | RegExp> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'strict-transport-security': /^max-age=(31536000|[4-9]\d{7}|\d{9,}); includeSubDomains$/,
  'x-request-id': /^[\w.:-]{8,128}$/,
}
const STRICT = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

describe('headers and bodies of answers', () => {
  let ashlar: TestApp
  let http: HttpServer & { url: string }
  let client: ReturnType<typeof rawClient>
  let token: string
  let thrown: () => unknown = () => new Error('not told what to throw')
  const bases = Object.keys(BASES) as Base[]

  before(async () => {
    ashlar = await startApp()
    token = (await ashlar.admin()).token
    http = await serveRoutes(ashlar, [...ashlar.app.routes, ...failingRoutes(() => thrown())])
    client = rawClient(http.url)
  })
  after(async () => {
    client?.close()
    await http?.drain()
    await ashlar?.stop()
  })

  function assertSafe(name: string, { headers }: Pick<RawAnswer, 'headers'>, policy: string | RegExp = STRICT): void {
    for (const [header, expected] of Object.entries({ ...EXPECTED, 'content-security-policy': policy })) {
      const value = String(headers[header] ?? '')
      const right = typeof expected === 'string' ? value === expected : expected.test(value)
      assert.ok(right, `${name}: ${header} is "${value}"`)
    }
    assert.equal(headers.server, undefined, name)
    assert.equal(headers['x-powered-by'], undefined, name)
  }

  it('HDR-1: every kind of answer on every base carries the security headers', async () => {
    thrown = () => new Error(CANARY)
    const bearer = { authorization: `Bearer ${token}` }
    const json = { 'content-type': 'application/json' }
    const seen = new Set<number>()
    for (const base of bases) {
      const prefix = BASES[base]
      const login = base === 'plain' ? '/auth/login' : `${prefix}/auth/login`
      const me = base === 'plain' ? '/auth/me' : `${prefix}/auth/me`
      const ordinary: [string, Promise<RawAnswer>][] = [
        ['200', client.send('GET', me, bearer)],
        ['HEAD', client.send('HEAD', me, bearer)],
        ['401', client.send('GET', me)],
        ['404', client.send('GET', `${prefix}/users/nothing/here`)],
        ['405', client.send('PATCH', login)],
        ['400 undecodable', client.send('GET', `${prefix}/users/%zz`)],
        ['400 too long a parameter', client.send('GET', `${prefix}/users/${'x'.repeat(300)}`, bearer)],
        ['400 no JSON', client.send('POST', login, json, '{')],
        ['413', client.send('POST', login, json, JSON.stringify({ login: 'x'.repeat(5_000) }))],
        ['415', client.send('POST', login, { 'content-type': 'text/csv' }, 'a,b')],
        ['422', client.send('POST', login, json, '{"login":5}')],
        ['500', client.send('GET', failingPath(base))],
      ]
      for (const [name, pending] of ordinary) {
        const answer = await pending
        seen.add(answer.status)
        assertSafe(`${base} ${name} (${answer.status})`, answer)
        assert.match(String(answer.headers['cache-control']), /no-store/, `${base} ${name}`)
      }
    }
    assert.deepEqual([...seen].sort(), [200, 400, 401, 404, 405, 413, 415, 422, 500])
    for (const path of ['/docs', '/redoc', '/docs/errors'])
      assertSafe(
        path,
        await client.send('GET', path),
        /^default-src 'none'; script-src 'self';.*frame-ancestors 'none'/,
      )
    for (const path of ['/health', '/openapi.json', '/.well-known/jwks.json'])
      assertSafe(path, await client.send('GET', path))
  })

  it('HDR-1: so do the answers to what is no HTTP request', async () => {
    const broken = {
      400: 'NONSENSE\r\n\r\n',
      431: `GET /health HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`,
    }
    for (const [status, bytes] of Object.entries(broken)) {
      const text = await rawBytes(http.url, bytes)
      const [head = '', body = ''] = text.split('\r\n\r\n')
      const [line, ...fields] = head.split('\r\n')
      assert.ok(line?.startsWith(`HTTP/1.1 ${status} `), text)
      const headers = Object.fromEntries(
        fields.map((field) => [field.split(': ')[0]!, field.slice(field.indexOf(': ') + 2)]),
      )
      assertSafe(`raw ${status}`, { headers })
      assert.equal(headers.connection, 'close')
      assert.equal(JSON.parse(body).status, Number(status))
    }
  })

  it('HDR-2: without CORS_ORIGINS, and beside it, no origin is echoed', async () => {
    const allowed = 'https://app.example.com'
    const listing = await serveRoutes(ashlar, ashlar.app.routes, { corsOrigins: [allowed] })
    const listed = rawClient(listing.url)
    try {
      const hostile = [
        'https://evil.test',
        'https://app.example.com.evil.test',
        'https://evilapp.example.com',
        'http://app.example.com',
        'https://app.example.com:8443',
        'https://APP.example.com\u002eevil.test',
        'null',
        'https://app.example.com@evil.test',
      ]
      for (const origin of hostile) {
        for (const method of ['GET', 'OPTIONS', 'POST']) {
          const headers = { origin, 'access-control-request-method': 'GET' }
          for (const to of [client, listed]) {
            const answer = await to.send(method, '/api/v1/health', headers)
            assert.notEqual(answer.headers['access-control-allow-origin'], '*')
            assert.ok(
              !Object.values(answer.headers).flat().join(' ').includes(origin),
              `${origin} is echoed to ${method}`,
            )
            assert.equal(answer.headers['access-control-allow-credentials'], undefined)
          }
        }
      }
      const friend = await listed.send('GET', '/api/v1/health', { origin: allowed })
      assert.equal(friend.headers['access-control-allow-origin'], allowed)
      assert.match(String(friend.headers.vary), /origin/i)
      assertSafe('an allowed origin', friend)
      const preflight = await listed.send('OPTIONS', '/api/v1/users/me', {
        origin: allowed,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization',
      })
      assert.equal(preflight.status, 204)
      assertSafe('a preflight', preflight)
    } finally {
      listed.close()
      await listing.drain()
    }
  })

  it('HDR-3: TRACE is refused', async () => {
    const answer = await client.send('TRACE', '/health', { 'x-canary': CANARY })
    assert.ok(answer.status >= 400 && answer.status < 500)
    assert.ok(!answer.text.includes(CANARY))
  })

  it('HDR-3: nothing of a thrown error leaves', async () => {
    const inner = Object.assign(new Error(CANARY), { code: 'E_CANARY', detail: CANARY, statusCode: 418 })
    const errors: (() => unknown)[] = [
      () => new Error(CANARY),
      () => new TypeError(CANARY, { cause: new Error(CANARY) }),
      () => inner,
      () => Object.assign(new Error(CANARY), { statusCode: 500 }),
      () => Object.assign(new Error(CANARY), { status: 200, headers: { 'x-canary': CANARY } }),
      () => new AggregateError([new Error(CANARY)], CANARY),
      () => CANARY,
      () => ({ message: CANARY, toJSON: () => CANARY }),
      () => undefined,
      () => null,
    ]
    for (const make of errors) {
      thrown = make
      for (const base of bases) {
        const answer = await client.send('GET', failingPath(base))
        assert.ok(answer.status === 500 || answer.status === 400, `${answer.status}`)
        const all = JSON.stringify(answer)
        assert.ok(!all.includes(CANARY), all)
        assert.ok(!/\.ts:\d+|node_modules|at async/.test(all), all)
        assert.equal(
          JSON.parse(answer.text).requestId ?? answer.headers['x-request-id'],
          answer.headers['x-request-id'],
        )
        if (base === 'canonical') assert.match(JSON.parse(answer.text).code, /^(server\.internal|request\.malformed)$/)
      }
    }
  })

  it('HDR-3: nor does anything of PostgreSQL, whatever its SQLSTATE class', async () => {
    await ashlar.rows(`
      CREATE FUNCTION raise_state(state text) RETURNS text LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION USING ERRCODE = state, MESSAGE = '${CANARY}', DETAIL = '${CANARY}', HINT = '${CANARY}',
          COLUMN = '${CANARY}', CONSTRAINT = '${CANARY}', TABLE = '${CANARY}';
      END $$`)
    const classes =
      '01 02 03 08 09 0A 0B 0F 0L 0P 0Z 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 72 F0 HV P0 XX'.split(
        ' ',
      )
    const special =
      '22001 22003 22021 22P02 22P05 23502 23503 23505 23514 23P01 25P02 25P03 40001 40P01 42501 42P01 53300 55P03 57014 57P01 57P03'.split(
        ' ',
      )
    const statuses: Record<string, number> = {}
    for (const state of [...classes.map((one) => `${one}000`), ...special]) {
      let cause: unknown
      await ashlar.drivers.database.global.run(sql`SELECT raise_state(${state})`).catch((error) => {
        cause = error
      })
      assert.ok(cause, state)
      thrown = () => cause
      for (const base of bases) {
        const answer = await client.send('GET', failingPath(base))
        const all = JSON.stringify(answer)
        assert.ok(!all.includes(CANARY) && !all.includes(state) && !/SQLSTATE|raise_state|postgres/i.test(all), all)
        if (answer.status === 503) assert.ok(Number(answer.headers['retry-after']) > 0)
        if (base === 'canonical') statuses[state] = answer.status
      }
    }
    const of = (pattern: RegExp) =>
      new Set(Object.entries(statuses).flatMap(([state, status]) => (pattern.test(state) ? [status] : [])))
    assert.deepEqual(of(/^22/), new Set([422]))
    assert.deepEqual(of(/^23(503|505|P01)/), new Set([409]))
    assert.deepEqual(of(/^(08|53|57P0[13]|57014|40001|40P01|55P03|25P03)/), new Set([503]))
    assert.deepEqual(of(/^(42|XX|P0|28|0A|25P02)/), new Set([500]))
  })
})
