// Mass assignment: no field that a route does not declare is taken, wherever in its body it stands and however the body is encoded.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import Type from 'typebox'
import { jobSettings } from '../src/app.ts'
import { createClient } from '../src/cli/isolation/client.ts'
import { type Operation, operationsOf } from '../src/cli/isolation/document.ts'
import { makeSide, type Side } from '../src/cli/isolation/sides.ts'
import { canonical, type Dialect, dialects } from '../src/drivers/http/dialects/index.ts'
import { rawClient, serveRoutes } from '../src/drivers/http/edge.fixture.ts'
import { halolightDocument, mainDocument } from '../src/drivers/http/openapi.ts'
import { type BodyKind, route as declare, type Route } from '../src/drivers/http/routes.ts'
import { installQueue } from '../src/drivers/queue/index.ts'
import { type AiServer, startAiServer } from './ai-servers.ts'
import { type Cast, type Valid, validRequest } from './assignment/bodies.ts'
import { harmful, isOfPrototype, placesOf, serverOwned, withFields } from './assignment/fields.ts'
import { primaryKeys, type Row, readRows, shapeOf, taken, writtenBetween } from './assignment/rows.ts'
import { changedTables, fingerprinter } from './fingerprint.ts'
import { ADMIN, startApp, type TestApp } from './harness.ts'

interface Target {
  dialect: Dialect
  route: Route
  operation: Operation
}

/** Fields of one request: on the path, encoded so, sent together, each to be named. */
interface Case {
  kind: BodyKind
  keys: string[]
  sent: string[]
  named: string[]
}

const PARALLEL = 16
/** As many as one refusal names, and as one form holds. */
const BATCH = 40
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** Whether a route that answers for each of many has refused every one by its fields. */
function isRefusedInside({ operation }: Route, text: string): boolean {
  if (operation !== 'mail.sendBulk' || !text.includes('"results"')) return false
  const { results } = JSON.parse(text) as { results: { accepted: boolean; errors: { code: string }[] }[] }
  return results.every(({ accepted, errors }) => !accepted && errors.some(({ code }) => code === 'unknown'))
}

describe('INP-1, RBAC-4: mass assignment', () => {
  let ashlar: TestApp
  let models: AiServer
  let database: pg.Client
  let client: ReturnType<typeof rawClient>
  let cast: Cast
  let other: Side
  let names: string[]
  let targets: Target[]
  before(async () => {
    models = await startAiServer()
    const env = { HASH_QUEUE: '1000', ARGON2_MEMORY_KIB: '64', OLLAMA_HOST: models.ollama, AI_ANSWERS_AT_ONCE: '100' }
    ashlar = await startApp({ env })
    const { url, rolePrefix } = ashlar.database
    // Jobs wait: what they write would stand among what requests write.
    await installQueue(url, { rolePrefix, jobs: jobSettings })
    await ashlar.drivers.jobs.start({ work: false })
    database = new pg.Client({ connectionString: ashlar.database.adminUrl })
    await database.connect()
    await database.query('SET jit = off')
    client = rawClient(ashlar.url)
    const { routes } = ashlar.app
    const documents = [mainDocument(routes, 'test'), halolightDocument(routes, 'test')]
    const operations = documents.flatMap((document) => operationsOf(document as Record<string, unknown>))
    targets = dialects.flatMap((dialect) =>
      dialect.routes(routes).flatMap((route) => {
        if (!route.body) return []
        const path = (dialect.prefix + route.path).replace(/:(\w+)/g, '{$1}')
        const operation = operations.find((one) => one.method === route.method && one.path === path)
        assert.ok(operation, `${route.method} ${path} is in no document`)
        return [{ dialect, route, operation }]
      }),
    )
    names = await serverOwned()
    const asked = createClient(ashlar.url)
    const root = (await ashlar.call('POST', '/api/v1/admin/auth/login', { json: ADMIN })).body.accessToken
    cast = { ashlar, client: asked, side: await makeSide(asked, operations, root), root }
    other = await makeSide(asked, operations, root)
  })
  after(async () => {
    client?.close()
    await database?.end()
    await ashlar?.drivers.jobs.stop({ graceMs: 1_000 })
    await ashlar?.stop()
    await models?.close()
  })

  /** Ids that exist and are nobody's business here: of another tenant, its people and its things. */
  function foreign(): Record<string, string> {
    const { tenant, people, objects } = other
    const stranger = people.plain!.id
    return {
      id: stranger,
      userId: stranger,
      ownerId: stranger,
      tenantId: tenant.id,
      homeTenantId: tenant.id,
      organizationId: tenant.id,
      tenant: tenant.id,
      roleId: objects.get('role')!,
      permissionId: objects.get('permission')!,
    }
  }

  /** Sends a body in one of the encodings; a picture goes with it where the route wants one. */
  function send({ route }: Target, { path, headers }: Valid, kind: BodyKind, body: unknown) {
    // A route that takes one file and no more wants it.
    const wanted = route.uploads?.maxFiles === 1 ? route.uploads.fields : []
    const { type, content } = encode(kind, body, Object.keys(route.files ?? {})[0] ?? wanted[0])
    const all = { ...headers, 'content-type': type, 'content-length': String(content.length) }
    return client.send(route.method, path, all, content)
  }

  const singly = new Set<string>()

  /** What to send: each field alone where a body of that schema comes first, many together where it comes again. */
  function casesOf({ body }: Route, kind: BodyKind): Case[] {
    const text = kind + JSON.stringify(body)
    const size = singly.has(text) ? BATCH : 1
    singly.add(text)
    return placesOf(body!)
      .filter(({ keys }) => kind === 'json' || keys.length === 0)
      .flatMap(({ keys, declared, plainItem }) => {
        const path = (name: string) => [...keys, name].filter(Boolean).join('.')
        if (plainItem) return [{ kind, keys, sent: ['id', 'tenantId', 'unheardOf'], named: [keys.join('.')] }]
        const unknown = names.filter((name) => !declared.has(name))
        const alone = unknown.filter(isOfPrototype).map((name) => [name])
        return [
          ...alone,
          ...batches(
            unknown.filter((name) => !isOfPrototype(name)),
            size,
          ),
        ].map((sent) => ({
          kind,
          keys,
          sent,
          named: sent.map(path),
        }))
      })
  }

  it('a route that refuses unknown fields refuses each one, names it, and writes nothing', async (test) => {
    const fingerprint = await fingerprinter(database)
    const faults: string[] = []
    let tried = 0
    for (const target of targets.filter(({ dialect }) => dialect.unknownKeys === 'refuse')) {
      const { dialect, route } = target
      const valid = await validRequest(cast, target.operation)
      const kinds = route.accepts ?? ['json']
      const cases = kinds.flatMap((kind) => casesOf(route, kind))
      const sums = await fingerprint()
      for (let at = 0; at < cases.length; at += PARALLEL)
        await Promise.all(
          cases.slice(at, at + PARALLEL).map(async ({ kind, keys, sent, named }) => {
            const fields = sent.map((name): [string, unknown] => [name, harmful(name, foreign())])
            const answer = await send(target, valid, kind, withFields(valid.body, keys, fields))
            tried += sent.length
            const fault = isRefusedInside(route, answer.text) ? undefined : faultOf(dialect, sent, named, answer)
            if (fault)
              faults.push(`${route.method} ${dialect.prefix}${route.path} (${kind}) with ${keys} ${sent} ${fault}`)
          }),
        )
      const written = changedTables(sums, await fingerprint())
      if (written.length) faults.push(`${route.method} ${dialect.prefix}${route.path} wrote to ${written}`)
      const plain = await send(target, valid, kinds[0]!, valid.body)
      if (plain.status >= 300)
        faults.push(
          `${route.method} ${dialect.prefix}${route.path} refuses the plain body: ${plain.status} ${plain.text.slice(0, 300)}`,
        )
    }
    test.diagnostic(`${tried} fields in ${targets.length} routes, of ${names.length} names`)
    assert.deepEqual(faults.slice(0, 20), [], `${faults.length} of ${tried}`)
    assert.ok(names.length >= 200 && tried >= 15_000, `${names.length} names, ${tried} tried`)
  })

  it('a route that ignores unknown fields writes nothing of them, all sent at once', async (test) => {
    const keys = await primaryKeys(database)
    const faults: string[] = []
    let tried = 0
    for (const target of targets.filter(({ dialect }) => dialect.unknownKeys === 'ignore')) {
      const { dialect, route, operation } = target
      const name = `${route.method} ${dialect.prefix}${route.path}`
      for (const kind of route.accepts ?? ['json']) {
        const write = async (extra: readonly [string, unknown][]) => {
          const valid = await validRequest(cast, operation)
          const earlier = await readRows(database, keys)
          const answer = await send(target, valid, kind, withFields(valid.body, [], extra))
          if (answer.status >= 300)
            faults.push(`${name} (${kind}) answered ${answer.status} ${answer.text.slice(0, 300)}`)
          return writtenBetween(earlier, await readRows(database, keys))
        }
        const [root] = placesOf(route.body!)
        const unknown = names.filter((one) => !root!.declared.has(one) && !isOfPrototype(one))
        const plainly = await write([])
        // A parser takes so many parts and no more.
        for (const chosen of batches(unknown, kind === 'multipart' ? BATCH : unknown.length)) {
          const extra = chosen.map((one): [string, unknown] => [one, harmful(one, foreign())])
          const written = await write(extra)
          tried += chosen.length
          faults.push(
            ...taken(Object.fromEntries(extra), written, plainly).map((column) => `${name} (${kind}) wrote ${column}`),
          )
          const shapes = [shapeOf(plainly), shapeOf(written)].map((shape) => shape.join('\n'))
          if (shapes[0] !== shapes[1]) faults.push(`${name} (${kind}) wrote otherwise:\n${shapes.join('\n---\n')}`)
        }
      }
    }
    test.diagnostic(`${tried} fields`)
    assert.deepEqual(faults.slice(0, 20), [], `${faults.length} of ${tried}`)
    assert.ok(tried >= 5_000, `${tried} tried`)
  })

  it('would notice a body that takes what it does not declare, and a row that holds it', async () => {
    const lax = declare({
      method: 'POST',
      path: '/probe',
      operation: 'probe.lax',
      access: { public: 'a probe of the tests' },
      bases: ['canonical'],
      summary: 'Take anything',
      body: Type.Object({ name: Type.Optional(Type.String()) }),
      answer: Type.Object({}),
      handle: async () => ({}),
    })
    const server = await serveRoutes(ashlar, [lax])
    const probing = rawClient(server.url)
    const { status, text } = await probing.send(
      'POST',
      '/api/v1/probe',
      { 'content-type': 'application/json', 'content-length': '14' },
      '{"tenantId":1}',
    )
    probing.close()
    await server.drain()
    assert.match(faultOf(canonical, ['tenantId'], ['tenantId'], { status, text }) ?? '', /answered 200/)
    const row = (table: string, row: Row) => [{ table, row, changed: undefined }]
    const owner = row('memberships', { level: 'OWNER' })
    assert.deepEqual(taken({ level: 'OWNER' }, owner, row('memberships', { level: 'MEMBER' })), ['memberships.level'])
    assert.deepEqual(taken({ level: 'OWNER' }, owner, owner), [])
    assert.deepEqual(taken({}, row('users', { bio: harmful('bio', {}) }), []), ['users.bio'])
  })
})

function batches<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))
}

/** What is wrong with the answer to fields that must be refused by name; undefined when nothing is. */
function faultOf(
  { base }: Dialect,
  sent: readonly string[],
  named: readonly string[],
  { status, text }: { status: number; text: string },
): string | undefined {
  const wrong = `answered ${status} ${text.slice(0, 200)}`
  if (sent.every(isOfPrototype) && status === 400) return undefined
  if (status !== (base === 'envelope' ? 400 : 422)) return wrong
  const body = JSON.parse(text)
  const fields: { path: string }[] = base === 'envelope' ? (body.error.details.fields ?? []) : body.errors
  const missing = named.find((path) => !fields.some((field) => field.path === path))
  return missing === undefined ? undefined : `does not name ${missing}: ${wrong}`
}

function encode(kind: BodyKind, body: unknown, file: string | undefined): { type: string; content: Buffer } {
  const fields = Object.entries((body ?? {}) as Row).map(([key, value]): [string, string] => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])
  if (kind === 'json') return { type: 'application/json', content: Buffer.from(JSON.stringify(body)) }
  if (kind === 'form')
    return {
      type: 'application/x-www-form-urlencoded',
      content: Buffer.from(new URLSearchParams(fields).toString()),
    }
  const part = (headers: string, content: string | Buffer) =>
    Buffer.concat([
      Buffer.from(`--line\r\ncontent-disposition: form-data; ${headers}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ])
  const parts = fields.map(([key, value]) => part(`name="${key}"`, value))
  if (file)
    parts.push(part(`name="${file}"; filename="pixel.png"\r\ncontent-type: image/png`, Buffer.from(PIXEL, 'base64')))
  return { type: 'multipart/form-data; boundary=line', content: Buffer.concat([...parts, Buffer.from('--line--\r\n')]) }
}
