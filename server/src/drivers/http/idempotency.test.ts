// Idempotency-Key over HTTP: one execution, one answer, and nothing that blocks or leaks.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import Type from 'typebox'
import { PASSWORD, type Person, startApp, type TestApp, unique } from '../../../test/harness.ts'
import { requestErrors } from '../../core/errors.ts'
import { OPTIONS, quiet } from './edge.fixture.ts'
import { createIdempotency, type Idempotency } from './idempotency.ts'
import { type Route, route } from './routes.ts'
import { Body } from './schemas.ts'
import { createHttp, type HttpServer } from './server.ts'

let ashlar: TestApp
let admin: Person
before(async () => {
  ashlar = await startApp()
  admin = await ashlar.admin()
})
after(() => ashlar.stop())

const post = (path: string, key: string | undefined, json: unknown, token = admin.token) =>
  ashlar.call('POST', path, { token, json, headers: key === undefined ? {} : { 'idempotency-key': key } })
const newUser = () => ({ email: `${unique('k')}@example.com`, password: PASSWORD, name: 'Opal' })
const count = async (table: string, condition: string, ...values: unknown[]) =>
  (await ashlar.rows<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${condition}`, values))[0]!.n
const usersCalled = (email: string) => count('users', 'email = $1', email)
const age = (key: string, interval: string, more = '') =>
  ashlar.rows(`UPDATE idempotency_keys SET "createdAt" = now() - $2::interval ${more} WHERE key = $1`, [key, interval])

describe('the same key with the same request', () => {
  it('INP-4: of 50 parallel calls exactly one is carried out; the others get its answer or 409', async () => {
    const [key, json] = [unique('key'), newUser()]
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('/api/v1/users', key, json)))
    const made = answers.filter(({ status }) => status === 201)
    const refused = answers.filter(({ status }) => status !== 201)
    assert.equal(made.filter(({ headers }) => !headers.has('idempotency-replayed')).length, 1)
    assert.equal(new Set(made.map(({ text }) => text)).size, 1)
    for (const { status, body, headers } of refused) {
      assert.deepEqual([status, body.code, headers.get('retry-after')], [409, 'idempotency.in_progress', '1'])
    }
    assert.equal(await usersCalled(json.email), 1)
    assert.equal(await count('audit_logs', `action = 'users.create' AND "targetId" = $1`, made[0]!.body.id), 1)
    const again = await post('/api/v1/users', key, json)
    assert.deepEqual([again.status, again.text], [201, made[0]!.text])
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.equal(again.headers.get('etag'), made[0]!.headers.get('etag'))
  })

  it('may come with its fields in another order, quoted, and on the other base', async () => {
    const [key, { email, password, name }] = [unique('key'), newUser()]
    const first = await post('/api/v1/users', key, { email, password, name })
    const again = await post('/api/v1/users', `"${key}"`, { name, password, email })
    assert.equal(again.text, first.text)
    const halolight = await post('/api/users', key, { name, password, email })
    assert.equal(halolight.status, 201)
    assert.ok(halolight.text.includes(first.body.id))
    assert.equal(await usersCalled(email), 1)
  })

  it('holds for a change that is committed in a tenant which the request makes', async () => {
    const [key, json] = [unique('key'), { name: 'Onyx', slug: unique('onyx') }]
    const { token } = await ashlar.person()
    const made = await post('/api/v1/tenants', key, json, token)
    assert.equal(made.status, 201, made.text)
    const again = await post('/api/v1/tenants', key, json, token)
    assert.equal(again.text, made.text)
    const [row] = await ashlar.rows<{ committedAt: Date | null; tenantId: string }>(
      'SELECT * FROM idempotency_keys WHERE key = $1',
      [key],
    )
    assert.ok(row?.committedAt, 'marked in the transaction of the change')
    assert.equal(row.tenantId, 'default')
  })

  it('gets a refusal again too, even when its cause has gone', async () => {
    const json = newUser()
    const standing = await post('/api/v1/users', undefined, json)
    const key = unique('key')
    const refused = await post('/api/v1/users', key, json)
    assert.deepEqual([refused.status, refused.body.code], [409, 'users.email_taken'])
    await ashlar.rows('DELETE FROM users WHERE id = $1', [standing.body.id])
    const again = await post('/api/v1/users', key, json)
    assert.deepEqual([again.status, again.body.errors], [409, refused.body.errors])
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.equal(await usersCalled(json.email), 0)
  })

  it('is carried out anew for another person, and after 24 hours', async () => {
    const [key, json] = [unique('key'), { name: 'ci', scopes: ['documents:view'] }]
    const [one, two] = [await ashlar.person(), await ashlar.person()]
    const first = await post('/api/v1/tokens', key, json, one.token)
    assert.equal(first.status, 201, first.text)
    assert.notEqual((await post('/api/v1/tokens', key, json, two.token)).body.id, first.body.id)
    assert.equal((await post('/api/v1/tokens', key, json, one.token)).body.token, first.body.token)
    await age(key, '24 hours 1 second')
    const later = await post('/api/v1/tokens', key, json, one.token)
    assert.equal(later.status, 201)
    assert.notEqual(later.body.id, first.body.id)
  })
})

describe('a key', () => {
  it('INP-4: with another body answers 422 and does nothing', async () => {
    const [key, json, other] = [unique('key'), newUser(), newUser()]
    assert.equal((await post('/api/v1/users', key, json)).status, 201)
    for (const [path, sent] of [
      ['/api/v1/users', other],
      ['/api/v1/users/batch-delete', { ids: [admin.id] }],
    ] as const) {
      const refused = await post(path, key, sent)
      assert.deepEqual([refused.status, refused.body.code], [422, 'idempotency.key_reused'])
    }
    assert.equal(await usersCalled(other.email), 0)
  })

  it('is not used up by a request that is refused before it is carried out', async () => {
    const [key, json] = [unique('key'), newUser()]
    const plain = await ashlar.person()
    assert.equal((await post('/api/v1/users', key, { ...json, email: 'no' })).status, 422)
    assert.equal((await post('/api/v1/users', key, json, plain.token)).status, 403)
    assert.equal((await post('/api/v1/users', key, json, 'nonsense')).status, 401)
    assert.equal(await count('idempotency_keys', 'key = $1', key), 0)
    assert.equal((await post('/api/v1/users', key, json)).status, 201)
  })

  for (const [title, key] of [
    ['is empty', '""'],
    ['holds spaces', 'two words'],
    ['is too long', 'k'.repeat(256)],
    ['is quoted on one side', '"half'],
  ] as const) {
    it(`that ${title} answers 400, and nothing is done`, async () => {
      const json = newUser()
      const refused = await post('/api/v1/users', key, json)
      assert.deepEqual([refused.status, refused.body.code], [400, 'request.malformed'])
      assert.equal(await usersCalled(json.email), 0)
    })
  }

  it('keeps no secret readable, and another session of the person does not get what a session was shown', async () => {
    const [key, json] = [unique('key'), { name: 'ci', scopes: ['documents:view'] }]
    const person = await ashlar.person()
    const shown = await post('/api/v1/tokens', key, json, person.token)
    const [row] = await ashlar.rows<Record<string, string>>('SELECT * FROM idempotency_keys WHERE key = $1', [key])
    assert.match(row!.answer!, /^v1\./)
    assert.match(row!.requestHash!, /^v1\./)
    assert.ok(!JSON.stringify(row).includes(shown.body.token))
    const other = await ashlar.login(person.email, PASSWORD)
    const again = await post('/api/v1/tokens', key, json, other.token)
    assert.notEqual(again.body.token, shown.body.token)
  })

  it('is documented where it has an effect, and nowhere else', async () => {
    const { paths } = (await ashlar.call('GET', '/openapi.json')).body
    const has = (path: string, method: string) =>
      paths[path][method].parameters.some(({ name }: { name: string }) => name === 'Idempotency-Key')
    assert.deepEqual(
      [has('/api/v1/users', 'post'), has('/api/v1/tokens', 'post'), has('/api/v1/users', 'get')],
      [true, true, false],
    )
    assert.deepEqual([has('/api/v1/auth/login', 'post'), has('/api/v1/users/{id}/avatar', 'post')], [false, false])
    assert.ok(paths['/api/v1/users'].post.responses['409'].description.includes('idempotency.in_progress'))
  })
})

describe('a request that does not end well', () => {
  let http: HttpServer
  let idempotency: Idempotency
  let url: string
  /** What the next call of the probe does between its two halves. */
  let middle: () => Promise<void>
  let runs = 0

  const probe: Route = route({
    method: 'POST',
    path: '/probe',
    operation: 'probe.post',
    access: 'user',
    summary: 'Write one audit entry',
    body: Body({ note: Type.String() }),
    answer: Type.Object({ run: Type.Integer() }),
    handle: ({ actor, body }) => {
      const run = ++runs
      return ashlar.app.database.inTenant(actor.tenantId, async (tx) => {
        ashlar.app.audit.record(tx, actor, { action: 'probe.post', targetType: 'probe', targetId: body.note })
        await middle()
        return { run }
      })
    },
  })
  before(async () => {
    idempotency = createIdempotency(ashlar.app)
    const { actors: authenticator, limiter } = ashlar.app
    http = await createHttp(OPTIONS, { routes: [probe], authenticator, limiter, idempotency, log: quiet })
    url = await http.listen('127.0.0.1', 0)
  })
  after(() => http.drain())
  beforeEach(() => {
    middle = async () => {}
  })

  const send = async (key: string) => {
    const headers = {
      authorization: `Bearer ${admin.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
    }
    const answer = await fetch(`${url}/api/v1/probe`, { method: 'POST', headers, body: JSON.stringify({ note: key }) })
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> }
  }
  const done = (key: string) => count('audit_logs', `action = 'probe.post' AND "targetId" = $1`, key)

  it('by a failure of the server (5xx) is not kept: the next one is carried out', async () => {
    for (const failure of [new Error('a bug'), requestErrors('server.unavailable')]) {
      const key = unique('key')
      middle = async () => {
        throw failure
      }
      assert.ok((await send(key)).status >= 500)
      assert.deepEqual([await done(key), await count('idempotency_keys', 'key = $1', key)], [0, 0])
      middle = async () => {}
      const second = await send(key)
      assert.deepEqual([second.status, second.headers.has('idempotency-replayed')], [200, false])
      assert.equal(await done(key), 1)
    }
  })

  it('because its process died blocks for a minute only; had it lived after all, it could not commit any more', async () => {
    const key = unique('key')
    const entered = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    middle = () => {
      entered.resolve()
      return gate.promise
    }
    const first = send(key)
    await entered.promise
    const waiting = await send(key)
    assert.deepEqual([waiting.status, waiting.headers.get('retry-after')], [409, '1'])
    await age(key, '61 seconds')
    middle = async () => {}
    const second = await send(key)
    assert.equal(second.status, 200)
    gate.resolve()
    assert.equal((await first).status, 409)
    assert.equal(await done(key), 1, 'the change of the first was taken back')
    assert.deepEqual((await send(key)).body, second.body)
  })

  it('after its change was committed, and before its answer was kept, is never carried out again', async () => {
    const key = unique('key')
    assert.equal((await send(key)).status, 200)
    await age(key, '61 seconds', ', answer = NULL')
    const before = runs
    const again = await send(key)
    assert.deepEqual([again.status, again.body.code], [409, 'idempotency.answer_lost'])
    assert.deepEqual([runs, await done(key)], [before, 1])
  })

  it('leaves nothing behind: keys are swept after 24 hours, in every tenant, and younger ones stay', async () => {
    const [old, young] = [unique('key'), unique('key')]
    await ashlar.rows(`INSERT INTO tenants (id, name, slug) VALUES ('sweep', 'Sweep', 'sweep')`)
    await ashlar.rows(
      `INSERT INTO idempotency_keys ("tenantId", actor, key, "requestHash", claim, "createdAt")
       SELECT tenant, 'user:u', key, 'x', 'c', now() - age::interval
       FROM unnest(ARRAY['default', 'sweep']) tenant, (VALUES ($1, '25 hours'), ($2, '23 hours')) one (key, age)`,
      [old, young],
    )
    await idempotency.sweep()
    assert.deepEqual(
      [await count('idempotency_keys', 'key = $1', old), await count('idempotency_keys', 'key = $1', young)],
      [0, 2],
    )
  })
})
