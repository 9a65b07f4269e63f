// Validation of large bodies: refused in today's form, and without looking at more of them than it takes.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fastJson, { type Schema } from 'fast-json-stringify'
import Type, { type TSchema } from 'typebox'
import { type Person, startApp, type TestApp } from '../../../test/harness.ts'
import { entries } from '../../config/table.ts'
import { type FieldFault, Problem } from '../../core/errors.ts'
import { camelKeysFor } from './casing.ts'
import { halolight } from './dialects/index.ts'
import { rawClient } from './edge.fixture.ts'
import type { Route } from './routes.ts'
import { compileCheck } from './validation.ts'

const Ids = Type.Object(
  { ids: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, maxItems: 100, uniqueItems: true }) },
  { additionalProperties: false },
)
const Login = Type.Object(
  { login: Type.String(), password: Type.String(), deviceName: Type.Optional(Type.String({ maxLength: 5 })) },
  { additionalProperties: false },
)

const manyKeys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 0]))

function faultsOf(check: (value: unknown) => void, value: unknown): FieldFault[] {
  try {
    check(value)
  } catch (error) {
    if (error instanceof Problem) return error.fields
    throw error
  }
  return []
}

/** The same value, and how many of its own values were read. */
function counted<T extends object>(value: T): { value: T; reads: () => number } {
  let reads = 0
  const get = (target: T, key: string | symbol) => {
    if (typeof key === 'string' && Object.hasOwn(target, key) && key !== 'length') reads++
    return Reflect.get(target, key)
  }
  return { value: new Proxy(value, { get }), reads: () => reads }
}

describe('large bodies', () => {
  for (const unknownKeys of ['refuse', 'ignore'] as const) {
    it(`of 60,000 items at most a few thousand are read (unknown keys: ${unknownKeys})`, () => {
      const check = compileCheck('body', Ids, unknownKeys)
      const ids = counted(Array.from({ length: 60_000 }, (_, at) => at))
      const faults = faultsOf(check, { ids: ids.value })
      assert.deepEqual(
        faults.map(({ path, code }) => [path, code]),
        [['ids', 'maxItems']],
      )
      assert.ok(ids.reads() < 3_000, `${ids.reads()} reads`)
    })

    it(`of 27,000 unknown keys no more are read, by the casing and the dialect neither (${unknownKeys})`, () => {
      const body = counted<object>(manyKeys(27_000))
      const named = camelKeysFor(Login)(body.value)
      const accepted = halolight.accept({} as Route, 'body', named)
      const faults = faultsOf(compileCheck('body', Login, unknownKeys), accepted)
      assert.equal(faults.length, 1)
      assert.ok(body.reads() < 3_000, `${body.reads()} reads`)
    })
  }

  it('a body of usual size is told all its faults at once, a large one its first', () => {
    const check = compileCheck('body', Login, 'refuse')
    const usual = faultsOf(check, { login: 5, deviceName: 'too long', role: 'x', bio: '\0' })
    assert.deepEqual(usual.map(({ path, code }) => `${path} ${code}`).sort(), [
      'bio unknown',
      'bio unreadable_text',
      'deviceName too_long',
      'login type',
      'password missing',
      'role unknown',
    ])
    assert.equal(faultsOf(check, manyKeys(900)).length, 50)
    assert.equal(faultsOf(check, manyKeys(1_100)).length, 1)
    assert.equal(faultsOf(check, { login: 5, deviceName: 'x'.repeat(300_000) }).length, 1, 'long text is large too')
  })

  it('a large body that is valid passes, unless it holds what is no text', () => {
    const check = compileCheck('body', Type.Object({ ids: Type.Array(Type.String()) }), 'refuse')
    const ids = Array.from({ length: 5_000 }, (_, at) => `id${at}`)
    assert.deepEqual(faultsOf(check, { ids }), [])
    assert.deepEqual(
      faultsOf(check, { ids: [...ids, 'a\0'] }).map(({ path, code }) => [path, code]),
      [['ids.5000', 'unreadable_text']],
    )
  })

  it('deep nesting is refused, and not followed to its end', () => {
    const check = compileCheck('body', Type.Object({ any: Type.Unknown() }), 'refuse')
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep = JSON.parse(`{"any":${open.repeat(50_000)}1${close.repeat(50_000)}}`)
      assert.deepEqual(
        faultsOf(check, deep).map(({ code }) => code),
        ['too_deep'],
        open,
      )
    }
  })
})

describe('bodies over HTTP', () => {
  let ashlar: TestApp
  let admin: Person
  before(async () => {
    ashlar = await startApp()
    admin = await ashlar.admin()
  })
  after(() => ashlar?.stop())

  // Serving compiles a schema when it is first asked: one that cannot be would be found by whoever asks.
  it('have schemas that compile, for what is sent and what is answered, of every route', () => {
    const { routes } = ashlar.app
    assert.ok(routes.length > 150, `${routes.length} routes`)
    for (const { operation, params, query, body, answer } of routes)
      assert.doesNotThrow(() => {
        if (params) faultsOf(compileCheck('path', params, 'refuse'), {})
        if (query) faultsOf(compileCheck('query', query, 'ignore'), {})
        if (body)
          for (const unknownKeys of ['refuse', 'ignore'] as const) faultsOf(compileCheck('body', body, unknownKeys), {})
        if (answer) fastJson(answer as Schema)
      }, operation)
    assert.throws(() => compileCheck('body', { type: 'no such type' } as TSchema, 'refuse')({}), /schema is invalid/)
  })

  it('have limits of their own where BODY_LIMIT says so, beside uploads and forms with files', () => {
    const own = ashlar.app.routes.filter(({ bodyLimit, files, uploads }) => bodyLimit && !files && !uploads)
    const limits = Object.fromEntries(own.map(({ operation, bodyLimit }) => [operation, bodyLimit]))
    const document = 8 * 1024 * 1024
    assert.deepEqual(limits, {
      'documents.create': document,
      'documents.update': document,
      'documents.edit': document,
      'ai.ask': 256 * 1024,
    })
    const { about } = entries().find(({ setting }) => setting.name === 'BODY_LIMIT')!.setting
    assert.match(
      about,
      /files have limits of their own; a document is taken up to 8 MiB, a question to a model up to 256 KiB/,
    )
  })

  it('are answered like any invalid body, on every base, when they are large', async () => {
    const { token } = admin
    const ids = Array.from({ length: 43_000 }, (_, at) => at)
    const deletion = await ashlar.call('POST', '/api/v1/users/batch-delete', { token, json: { ids } })
    assert.deepEqual([deletion.status, deletion.body.code], [422, 'request.invalid'])
    assert.deepEqual(
      deletion.body.errors.map(({ in: part, path }: FieldFault) => [part, path]),
      [['body', 'ids']],
    )
    for (const [prefix, status] of [
      ['/api/v1', 422],
      ['/api', 422],
      ['', 400],
    ] as const) {
      const answer = await ashlar.call('POST', `${prefix}/auth/login`, { json: manyKeys(20_000) })
      assert.equal(answer.status, status, prefix)
    }
  })

  it('are refused in words where they are no JSON, with the place and without the text', async () => {
    const client = rawClient(ashlar.url)
    after(() => client.close())
    const CANARY = 'canary5e1f'
    const json = { 'content-type': 'application/json' }
    const invalid = 'The body is not valid JSON'
    for (const [body, words] of [
      [`{"login":"${CANARY}",}`, `${invalid}: it goes wrong at position 22 (line 1, column 23).`],
      [`\ufeff{"login":"${CANARY}",}`, `${invalid}: it goes wrong at position 22 (line 1, column 23).`],
      [`{\n "login": ["${CANARY}"\n}`, `${invalid}: it goes wrong at position 26 (line 3, column 1).`],
      [`{"login":${CANARY}}`, `${invalid}.`],
      [`${CANARY} in JSON at position 7 (line 1 column 8)`, `${invalid}.`],
      ['{"login":', `${invalid}: it ends too early.`],
      [' ', `${invalid}: it ends too early.`],
      [`{"__proto__":"${CANARY}"}`, 'The body has a key that JavaScript takes for a prototype.'],
    ] as const)
      for (const base of ['/api/v1', '/api', '']) {
        const { status, text } = await client.send('POST', `${base}/auth/login`, json, body)
        const { code, detail, message, error } = JSON.parse(text)
        assert.deepEqual([status, code ?? error.code, detail ?? message], [400, 'request.malformed', words], body)
        assert.ok(!text.includes(CANARY), text)
      }
    for (const headers of [json, {}]) {
      const { status, text } = await client.send('POST', '/api/v1/auth/login', headers, '')
      const { detail, errors } = JSON.parse(text)
      assert.deepEqual([status, detail], [422, 'The request has no body, and needs one.'])
      assert.ok(
        errors.some(({ path, code }: FieldFault) => path === 'password' && code === 'missing'),
        text,
      )
    }
    const bare = JSON.parse((await client.send('POST', '/api/v1/auth/login', json, '{}')).text)
    assert.equal(bare.detail, 'The request has invalid fields.')
  })
})
