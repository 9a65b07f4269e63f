// What requests may look like, and what their answers look like on each base.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PASSWORD, type Person, startApp, type TestApp, unique } from '../../../test/harness.ts'
import { rawClient } from './edge.fixture.ts'

describe('requests and answers', () => {
  let ashlar: TestApp
  let client: ReturnType<typeof rawClient>
  let admin: Person
  let member: Person

  before(async () => {
    ashlar = await startApp({ env: { HASH_QUEUE: '1000' } })
    client = rawClient(ashlar.url)
    admin = await ashlar.admin()
    member = await ashlar.person()
  })
  after(async () => {
    client?.close()
    await ashlar?.stop()
  })
  const call: TestApp['call'] = (...request) => ashlar.call(...request)

  describe('request ids', () => {
    const idOf = async (headers: Record<string, string>) =>
      String((await client.send('GET', '/health', headers)).headers['x-request-id'])

    it('a plain X-Request-ID is kept, up to 128 characters', async () => {
      for (const id of ['a', 'proof-1:2.3_4', 'x'.repeat(128), '550e8400-e29b-41d4-a716-446655440000'])
        assert.equal(await idOf({ 'x-request-id': id }), id)
    })

    it('any other one is replaced', async () => {
      for (const id of ['', ' ', 'a b', 'x'.repeat(129), 'a,b', '<b>', 'ÿ', '"', '%0d%0a', '../..']) {
        const given = await idOf({ 'x-request-id': id })
        assert.match(given, /^[\w.:-]{8,128}$/)
        assert.notEqual(given, id)
      }
    })

    it('a traceparent gives its trace id, behind an X-Request-ID; a broken one gives nothing', async () => {
      const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
      const traceparent = `00-${trace}-00f067aa0ba902b7-01`
      assert.equal(await idOf({ traceparent }), trace)
      assert.equal(await idOf({ traceparent, 'x-request-id': 'mine' }), 'mine')
      for (const broken of [
        `01-${trace}-00f067aa0ba902b7-01`,
        `00-${trace}-x-01`,
        trace,
        `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`,
      ])
        assert.notEqual(await idOf({ traceparent: broken }), trace)
    })

    it('every request has one of its own, and problems repeat it', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => call('GET', '/api/v1/nothing')))
      assert.equal(new Set(answers.map(({ body }) => body.requestId)).size, 20)
      for (const { body, headers } of answers) assert.equal(body.requestId, headers.get('x-request-id'))
    })
  })

  describe('entity tags', () => {
    const me = '/api/v1/users/me'

    it('If-None-Match with the present tag answers 304 without a body', async () => {
      const { headers } = await call('GET', me, { token: member.token })
      const etag = headers.get('etag')!
      assert.match(etag, /^"\d+-[\w-]{12}"$/)
      for (const value of [etag, `W/${etag}`, `"1", ${etag}`]) {
        const answer = await call('GET', me, { token: member.token, headers: { 'if-none-match': value } })
        assert.deepEqual([answer.status, answer.text, answer.headers.get('etag')], [304, '', etag])
      }
      for (const value of ['"1"', '*x', ''])
        assert.equal((await call('GET', me, { token: member.token, headers: { 'if-none-match': value } })).status, 200)
    })

    it('of two changes on one version the second is refused, and changes nothing', async () => {
      const { token } = await ashlar.person()
      const etag = (await call('GET', me, { token })).headers.get('etag')!
      const change = (bio: string, ifMatch: string) =>
        call('PATCH', me, { token, json: { bio }, headers: { 'if-match': ifMatch } })
      assert.equal((await change('one', etag)).status, 200)
      const second = await change('two', etag)
      assert.deepEqual([second.status, second.body.code], [412, 'users.changed_meanwhile'])
      assert.equal((await call('GET', me, { token })).body.bio, 'one')
      assert.equal((await change('three', '*')).status, 200)
      assert.equal((await call('PATCH', me, { token, json: { bio: 'four' } })).status, 200)
    })

    it('ten changes on one version in parallel: one goes through', async () => {
      const { token } = await ashlar.person()
      const etag = (await call('GET', me, { token })).headers.get('etag')!
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          call('PATCH', me, { token, json: { bio: `${at}` }, headers: { 'if-match': etag } }),
        ),
      )
      assert.equal(answers.filter(({ status }) => status === 200).length, 1)
      assert.equal(answers.filter(({ status }) => status === 412).length, 9)
    })

    it('an If-Match that is no tag of ours is a malformed request', async () => {
      for (const value of ['abc', '"abc"', '"1", "2"', '"99999999999999999999"', '1'])
        assert.equal(
          (await call('PATCH', me, { token: member.token, json: {}, headers: { 'if-match': value } })).status,
          400,
          value,
        )
    })
  })

  describe('bodies', () => {
    const login = '/api/v1/auth/login'
    const right = () => ({ login: member.email, password: PASSWORD })

    it('other content types are 415, and the answer says what is read', async () => {
      for (const type of [
        'text/plain',
        'application/xml',
        'application/vnd.api+json',
        'text/json',
        'application/jsonp',
        'image/png',
      ]) {
        const answer = await client.send('POST', login, { 'content-type': type }, JSON.stringify(right()))
        assert.equal(answer.status, 415, type)
        assert.match(JSON.parse(answer.text).detail, /application\/json/)
      }
      const form = new URLSearchParams({ email: `${unique('f')}@example.com`, name: 'F', password: PASSWORD })
      const answer = await call('POST', '/api/v1/users', { token: admin.token, form: Object.fromEntries(form) })
      assert.equal(answer.status, 415, 'a route that reads JSON only reads no form')
    })

    it('parameters of the content type and its case do not matter', async () => {
      for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/json;v=1'])
        assert.equal(
          (await client.send('POST', login, { 'content-type': type }, JSON.stringify(right()))).status,
          200,
          type,
        )
    })

    it('text that is no JSON is 400, an empty body is no body', async () => {
      for (const body of ['{', '{"login":"x",}', "{'login':'x'}", 'login=x', '{}{}', 'NaN', '{"a":01}'])
        assert.equal((await client.send('POST', login, { 'content-type': 'application/json' }, body)).status, 400, body)
      // RFC 8259, 8.1: a byte order mark may be ignored.
      const marked = `\ufeff${JSON.stringify(right())}`
      assert.equal((await client.send('POST', login, { 'content-type': 'application/json' }, marked)).status, 200)
      assert.equal((await client.send('POST', login, { 'content-type': 'application/json' }, '')).status, 422)
      assert.equal((await client.send('POST', login)).status, 422)
      const { token } = await ashlar.person()
      const out = await client.send(
        'POST',
        '/api/v1/auth/logout',
        { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        '',
      )
      assert.equal(out.status, 200)
    })

    it('prototypes are refused, and nobody gets one', async () => {
      for (const body of [
        '{"__proto__":{"isAdmin":true},"login":"x","password":"y"}',
        '{"constructor":{"prototype":{"x":1}},"login":"x","password":"y"}',
      ])
        assert.equal((await client.send('POST', login, { 'content-type': 'application/json' }, body)).status, 400)
      assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined)
    })

    it('more than BODY_LIMIT is 413 and ends the connection, whether or not the length was told', async () => {
      const big = JSON.stringify({ login: 'x'.repeat(300_000) })
      const answer = await client.send('POST', login, { 'content-type': 'application/json' }, big)
      assert.equal(answer.status, 413)
      assert.equal(answer.headers.connection, 'close')
      const chunked = await client.send(
        'POST',
        login,
        { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
        big,
      )
      assert.equal(chunked.status, 413)
    })

    it('INP-1: types are not bent, in any field', async () => {
      const cases = [
        { name: 5 },
        { name: null },
        { name: true },
        { name: ['a'] },
        { phone: 49301234567 },
        { bio: {} },
        { username: 12 },
      ]
      for (const json of cases) {
        for (const prefix of ['/api/v1', '/api']) {
          const { status, body } = await call('PATCH', `${prefix}/users/me`, { token: member.token, json })
          assert.equal(status, 422, JSON.stringify(json))
          if (prefix === '/api/v1')
            assert.deepEqual(
              body.errors.map(({ path }: { path: string }) => path),
              Object.keys(json),
            )
        }
        const root = await call('PATCH', '/users/me', { token: member.token, json })
        assert.equal(root.status, 400, 'the envelope dialect answers 400')
      }
    })

    it('an unknown key is refused on /api/v1 and at the root, and ignored on /api', async () => {
      const json = { name: 'Mason Reed', role: 'admin', isAdmin: true }
      const strict = await call('PATCH', '/api/v1/users/me', { token: member.token, json })
      assert.equal(strict.status, 422)
      assert.deepEqual(
        strict.body.errors.map(({ path, code }: Record<string, string>) => [path, code]),
        [
          ['role', 'unknown'],
          ['isAdmin', 'unknown'],
        ],
      )
      assert.equal((await call('PATCH', '/users/me', { token: member.token, json })).status, 400)
      const lenient = await call('PATCH', '/api/users/me', { token: member.token, json })
      assert.equal(lenient.status, 200)
      assert.ok(!('isAdmin' in lenient.body))
    })

    it('snake_case and camelCase mean the same, and both at once is a contradiction', async () => {
      const refresh = async (json: object, prefix: string) =>
        (await call('POST', `${prefix}/auth/refresh`, { json })).status
      for (const prefix of ['/api/v1', '/api', '']) {
        const { refreshToken } = await ashlar.person()
        assert.equal(await refresh({ refreshToken }, prefix), 200, prefix)
        assert.equal(await refresh({ refresh_token: refreshToken }, prefix), 200, prefix)
        if (prefix !== '/api')
          assert.equal(await refresh({ refreshToken, refresh_token: refreshToken }, prefix), prefix ? 422 : 400, prefix)
      }
      const changed = await call('POST', '/auth/change-password', {
        token: (await ashlar.person()).token,
        json: { old_password: PASSWORD, new_password: 'An0ther-Quarry!' },
      })
      assert.equal(changed.status, 200, changed.text)
    })
  })

  describe('dialects', () => {
    const wrong = { login: 'nobody', password: 'x' }

    it('/api/v1 answers the resource itself, and problem details (RFC 9457)', async () => {
      const { body } = await call('GET', '/api/v1/users/me', { token: member.token })
      assert.equal(body.id, member.id)
      for (const [status, code, pending] of [
        [401, 'auth.wrong_credentials', call('POST', '/api/v1/auth/login', { json: wrong })],
        [403, 'access.forbidden', call('GET', '/api/v1/audit-logs', { token: member.token })],
        [404, 'users.not_found', call('GET', '/api/v1/users/none', { token: admin.token })],
        [404, 'request.not_found', call('GET', '/api/v1/none')],
        [
          409,
          'users.email_taken',
          call('POST', '/api/v1/auth/register', { json: { email: member.email, password: PASSWORD } }),
        ],
        [422, 'request.invalid', call('POST', '/api/v1/auth/register', { json: { email: 'x', password: PASSWORD } })],
      ] as const) {
        const answer = await pending
        assert.equal(answer.status, status, answer.text)
        assert.equal(answer.headers.get('content-type'), 'application/problem+json; charset=utf-8')
        const { type, title, status: told, detail, code: given, errors, instance, requestId } = answer.body
        assert.deepEqual([told, given, type], [status, code, `/docs/errors#${code}`])
        assert.ok(title && detail && Array.isArray(errors) && instance.startsWith('/api/v1/') && requestId)
        assert.equal(answer.headers.has('www-authenticate'), status === 401)
      }
    })

    it('/api answers dates in both spellings, and {detail, message, code}', async () => {
      const { body } = await call('GET', '/api/users/me', { token: member.token })
      assert.equal(body.created_at, body.createdAt)
      const refused = await call('POST', '/api/auth/login', { json: wrong })
      assert.equal(refused.status, 401)
      assert.equal(refused.body.detail, refused.body.message)
      const invalid = await call('POST', '/api/auth/register', { json: { email: 'x', password: PASSWORD } })
      assert.equal(invalid.status, 422)
      assert.deepEqual(invalid.body.detail[0].loc, ['body', 'email'])
      assert.ok(invalid.body.detail[0].msg && invalid.body.detail[0].type)
    })

    it('the root answers in the envelope, in snake_case, and 400 for invalid fields', async () => {
      const { body } = await call('GET', '/users/me', { token: member.token })
      assert.equal(body.success, true)
      assert.ok(body.message)
      assert.equal(body.data.id, member.id)
      assert.ok('created_at' in body.data && !('createdAt' in body.data))
      const refused = await call('POST', '/auth/login', { json: wrong })
      assert.equal(refused.status, 401)
      assert.deepEqual([refused.body.success, refused.body.error.code], [false, 'auth.wrong_credentials'])
      const invalid = await call('POST', '/auth/register', { json: { email: 'x', password: PASSWORD } })
      assert.equal(invalid.status, 400)
      assert.equal(invalid.body.error.details.fields[0].path, 'email')
    })
  })
})
