// Hostile requests against every documented route: refused in the words of the dialect, never an error of the server.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Person, startApp, type TestApp } from '../../../test/harness.ts'
import { FULL_SIZE } from '../../../test/processes.ts'
import { type Dialect, dialects } from './dialects/index.ts'
import { type RawAnswer, rawClient } from './edge.fixture.ts'
import { type HostileRequest, hostileRequests } from './fuzz.fixture.ts'
import { halolightDocument, mainDocument } from './openapi.ts'
import type { Route } from './routes.ts'

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? (FULL_SIZE ? 60_000 : 10_000))
const SEED = Number(process.env.FUZZ_SEED ?? (FULL_SIZE ? Date.now() % 1_000_000 : 1))
const PARALLEL = 24
const SLOW_MS = 2_000
const ROLES = ['anonymous', 'member', 'admin'] as const

/** Numbers below one that a seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('INP-2, E7: hostile requests', () => {
  let ashlar: TestApp
  let client: ReturnType<typeof rawClient>
  let chief: Person
  let adminRole: string
  const logged: { code?: string; reqId?: string; error?: { code?: string; message?: string } }[] = []

  before(async () => {
    const onLog = (line: string) => {
      const entry = JSON.parse(line)
      if (entry.msg === 'request failed') logged.push(entry)
    }
    ashlar = await startApp({
      jobs: true,
      onLog,
      env: { HASH_QUEUE: '10000', ARGON2_MEMORY_KIB: '64', ARGON2_TIME_COST: '1' },
    })
    client = rawClient(ashlar.url)
    chief = await ashlar.admin()
    const [role] = await ashlar.rows<{ id: string }>(
      `SELECT id FROM roles WHERE name = 'admin' AND "tenantId" = 'default'`,
    )
    adminRole = role!.id
  })
  after(async () => {
    client?.close()
    await ashlar?.stop()
  })

  /** Somebody for one route: a request may sign out or delete whoever sends it. */
  async function someone(role: (typeof ROLES)[number]): Promise<Person | undefined> {
    if (role === 'anonymous') return undefined
    const person = await ashlar.person()
    if (role === 'admin') {
      const given = await ashlar.call('PATCH', `/api/v1/users/${person.id}`, {
        token: chief.token,
        json: { roleIds: [adminRole] },
      })
      assert.equal(given.status, 200, given.text)
    }
    return person
  }

  /** What is wrong with the answer, or undefined. */
  function fault(dialect: Dialect, { status, headers, text }: RawAnswer, ms: number): string | undefined {
    if (status >= 500) return `answered ${status}: ${text.slice(0, 300)}`
    if (ms > SLOW_MS) return `took ${ms.toFixed(0)} ms`
    if (!headers['x-request-id']) return `answered ${status} without a request id`
    if (status < 400) return undefined
    let body: Record<string, unknown>
    try {
      body = JSON.parse(text)
    } catch {
      return `answered ${status} with no JSON: ${text.slice(0, 100)}`
    }
    const fits = {
      canonical: () =>
        body.status === status &&
        typeof body.code === 'string' &&
        typeof body.detail === 'string' &&
        Array.isArray(body.errors) &&
        body.requestId === headers['x-request-id'],
      halolight: () =>
        (typeof body.detail === 'string' || Array.isArray(body.detail)) &&
        typeof body.message === 'string' &&
        typeof body.code === 'string',
      envelope: () =>
        body.success === false &&
        typeof body.message === 'string' &&
        typeof (body.error as { code?: unknown })?.code === 'string',
    }
    const right = fits[dialect.base === 'plain' ? 'canonical' : dialect.base]()
    return right ? undefined : `answered ${status} in another shape: ${text.slice(0, 200)}`
  }

  it(`${REQUESTS} of them over every route, as nobody, member and admin: no 5xx, no foreign shape, none slow`, async (test) => {
    const random = randomFrom(SEED)
    const faults: string[] = []
    const statuses = new Map<number, number>()
    const exercised = new Set<string>()
    let count = 0

    async function send(
      dialect: Dialect,
      route: Route,
      hostile: HostileRequest,
      token: string | undefined,
    ): Promise<void> {
      const { method, path, headers, body, what } = hostile
      const began = performance.now()
      const sent = {
        ...headers,
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-length': String(Buffer.byteLength(body)) }),
      }
      const name = `${dialect.base} ${route.operation} with ${what}`
      try {
        const answer = await client.send(method, path, sent, body)
        count++
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
        const wrong = fault(dialect, answer, performance.now() - began)
        if (wrong) faults.push(`${name} ${wrong}`)
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException
        // A refusal before the body is read ends the connection; a client that still writes then sees the end, not the answer.
        if (!(Buffer.byteLength(body ?? '') > 60_000 && (code === 'EPIPE' || code === 'ECONNRESET')))
          faults.push(`${name}: ${code} ${message}`)
      }
    }

    const targets = dialects.flatMap((dialect) =>
      dialect.routes(ashlar.app.routes).map((route) => ({ dialect, route })),
    )
    const share = Math.ceil(REQUESTS / targets.length / ROLES.length)
    for (const { dialect, route } of targets) {
      exercised.add(`${route.method} ${dialect.prefix}${route.path.replace(/:(\w+)/g, '{$1}')}`)
      const victim = await ashlar.person()
      for (const role of ROLES) {
        const person = await someone(role)
        const all = hostileRequests(route, dialect.prefix, [victim.id])
        // Whatever is left over of the share is spent on the same requests in another order: state has changed meanwhile.
        const chosen = Array.from({ length: share }, () => all[Math.floor(random() * all.length)]!)
        for (let at = 0; at < chosen.length; at += PARALLEL)
          await Promise.all(
            chosen.slice(at, at + PARALLEL).map((hostile) => send(dialect, route, hostile, person?.token)),
          )
      }
    }

    const holes = new Set(
      logged.filter(({ code }) => code?.startsWith('data.')).map(({ error }) => `${error?.code} ${error?.message}`),
    )
    test.diagnostic(
      `seed ${SEED}, ${count} requests on ${targets.length} routes: ${[...statuses]
        .sort(([a], [b]) => a - b)
        .map(([status, times]) => `${times} × ${status}`)
        .join(', ')}`,
    )
    for (const hole of holes) test.diagnostic(`reached PostgreSQL, which refused it: ${hole}`)
    assert.deepEqual(faults.slice(0, 20), [], `${faults.length} of ${count}`)
    assert.ok(count >= REQUESTS * 0.98)
    const documents = [mainDocument(ashlar.app.routes, 'test'), halolightDocument(ashlar.app.routes, 'test')] as {
      paths: Record<string, object>
    }[]
    for (const { paths } of documents) {
      for (const [path, methods] of Object.entries(paths)) {
        for (const method of Object.keys(methods)) {
          const name = `${method.toUpperCase()} ${path}`
          assert.ok(
            [...exercised].some((one) => one === name || one.endsWith(` ${path}`)),
            `${name} was not tried`,
          )
        }
      }
    }
    assert.equal((await ashlar.call('GET', '/health')).body.status, 'ok')
  })
})
