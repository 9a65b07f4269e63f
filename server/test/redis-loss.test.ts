// E3: Redis is killed under load and comes back empty: limits go on counting, nothing fails and nothing waits for it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from './figures.ts'
import {
  type Client,
  createClient,
  createFleet,
  eventually,
  type Fleet,
  FULL_SIZE,
  percentile,
  register,
  type ServerProcess,
  type Somebody,
} from './processes.ts'
import { redisMissing, startRedis, type TestRedis } from './redis.ts'

const AWAY_MS = FULL_SIZE ? 30_000 : 3_000
const MAX_LOGIN_ATTEMPTS = 5
const ANONYMOUS = 20
/** No request waits longer for Redis. */
const WAIT_MS = 250
/** Far beyond what a busy machine adds: a request that hangs. */
const HANG_MS = 5_000
const BACK_MS = 2_000
const CLIENTS = 8
const PAUSE_MS = 40

interface Seen {
  kind: 'read' | 'write' | 'login' | 'stranger'
  status: number
  ms: number
}

describe('RATE-3, AVL-2, E3: Redis is killed', { skip: redisMissing ?? false }, () => {
  let fleet: Fleet
  let redis: TestRedis
  let nodes: ServerProcess[]
  let client: Client
  let person: Somebody

  before(async () => {
    redis = await startRedis()
    fleet = await createFleet({
      env: {
        REDIS_URL: redis.url,
        RATE_LIMIT_ENABLED: 'true',
        RATE_LIMIT_AUTHENTICATED: '1000000',
        RATE_LIMIT_UNAUTHENTICATED: `${ANONYMOUS}/hour`,
        RATE_LIMIT_AUTH_ENDPOINTS: '1000000',
        RATE_LIMIT_ATTEMPTS: '100000',
        MAX_LOGIN_ATTEMPTS: String(MAX_LOGIN_ATTEMPTS),
        TRUST_PROXY: 'loopback',
      },
    })
    nodes = [await fleet.start(), await fleet.start()]
    client = createClient({ connections: 2 * CLIENTS })
    person = await register(client, nodes[0]!.url)
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
    await redis?.kill()
  })

  const at = (turn: number) => nodes[turn % nodes.length]!.url

  /** Calls of every kind over both nodes until the signal; each phase attacks an account of its own, from an address of its own. */
  async function load(signal: AbortSignal, victim: Somebody, address: string): Promise<Seen[]> {
    const seen: Seen[] = []
    const headers = { 'x-forwarded-for': address }
    const calls: Record<Seen['kind'], (turn: number) => ReturnType<Client['call']>> = {
      read: (turn) => client.call('GET', `${at(turn)}/api/v1/users/me`, { token: person.token }),
      write: (turn) =>
        client.call('PATCH', `${at(turn)}/api/v1/users/me`, { token: person.token, json: { bio: `turn ${turn}` } }),
      login: (turn) =>
        client.call('POST', `${at(turn)}/api/v1/auth/login`, {
          headers,
          json: { login: victim.email, password: `wrong ${turn}` },
        }),
      stranger: (turn) => client.call('GET', `${at(turn)}/api/v1/nothing`, { headers }),
    }
    const kinds = Object.keys(calls) as Seen['kind'][]
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, place) => {
        for (let turn = place; !signal.aborted; turn++) {
          const kind = kinds[(turn + place) % kinds.length]!
          const { status, ms } = await calls[kind](turn).catch(() => ({ status: 0, ms: HANG_MS }))
          seen.push({ kind, status, ms })
          await sleep(PAUSE_MS)
        }
      }),
    )
    return seen
  }

  async function phase(address: string, ms: number, during: () => Promise<void> = async () => {}): Promise<Seen[]> {
    const victim = await register(client, at(0))
    const stop = new AbortController()
    const seen = load(stop.signal, victim, address)
    await Promise.all([sleep(ms), during()])
    stop.abort()
    return seen
  }

  const count = (seen: Seen[], kind: Seen['kind'], status: number) =>
    seen.filter((one) => one.kind === kind && one.status === status).length
  const times = (seen: Seen[]) => seen.map(({ ms }) => ms)

  it(`for ${AWAY_MS / 1_000} s: no 5xx, nobody waits for it, sign-ins and strangers stay limited, and it is used again at once`, async (test) => {
    const calm = await phase('198.51.100.1', Math.min(AWAY_MS, 5_000))
    // Killed under load: what was asked of Redis at that moment has no answer.
    const down = await phase('198.51.100.2', AWAY_MS, async () => {
      await sleep(300)
      await redis.kill()
    })
    await redis.restart()
    const began = performance.now()
    const listening = async () =>
      (await Promise.all(nodes.map(({ url }) => client.call('GET', `${url}/api/v1/health/cache`)))).every(
        ({ body }) => body.bus === 'connected',
      )
    const counting = async () => {
      await Promise.all(nodes.map(({ url }) => client.call('GET', `${url}/api/v1/users/me`, { token: person.token })))
      return (await redis.keys()).some((key) => key.startsWith('ashlar:limit:'))
    }
    const isBack = (await eventually(listening, 10_000)) && (await eventually(counting, 10_000))
    const backMs = performance.now() - began
    const after = await phase('198.51.100.3', Math.min(AWAY_MS, 3_000))

    const all = [...calm, ...down, ...after]
    const unanswered = all.filter(({ status }) => status === 0 || status >= 500)
    const checked = count(down, 'login', 401)
    const letThrough = count(down, 'stranger', 404)
    const slow = (seen: Seen[]) => seen.filter(({ ms }) => ms > WAIT_MS).length
    const shown = (seen: Seen[]) =>
      `${percentile(times(seen), 0.5).toFixed(1)} and ${percentile(times(seen), 0.99).toFixed(0)} ms`
    test.diagnostic(
      `${all.length} requests; p50 and p99 before ${shown(calm)}, while it was away ${shown(down)}, after ${shown(after)}; ` +
        `${checked} of ${down.filter(({ kind }) => kind === 'login').length} passwords were checked while it was away; back after ${backMs.toFixed(0)} ms`,
    )
    report('E3', `Redis killed for ${AWAY_MS / 1_000} s under load, and started empty`, {
      requests: [all.length],
      'answers 5xx, or none': [unanswered.length, { is: 0 }],
      'p99 before, ms': [percentile(times(calm), 0.99)],
      'p99 while it is away, ms': [percentile(times(down), 0.99)],
      [`requests over ${WAIT_MS} ms, more than in as many before`]: [
        Math.max(0, slow(down) - Math.ceil((slow(calm) / calm.length) * down.length)),
        { is: 0 },
      ],
      'passwords checked of one attacked account while it is away': [checked, { atMost: MAX_LOGIN_ATTEMPTS }],
      'calls of one stranger let through while it is away, of 20 an hour': [letThrough, { atMost: 2 * ANONYMOUS }],
      'used again, ms after it is back': [backMs, { atMost: BACK_MS }],
    })
    assert.deepEqual(unanswered.slice(0, 5), [])
    assert.ok(Math.max(...times(all)) < HANG_MS, 'a request hung')
    assert.ok(isBack)
    for (const [name, seen] of Object.entries({ calm, down, after })) {
      assert.equal(count(seen, 'login', 401), MAX_LOGIN_ATTEMPTS, `${name}: passwords that were checked`)
      assert.ok(count(seen, 'login', 423) > 0, `${name}: the account was not locked`)
      assert.ok(count(seen, 'stranger', 429) > 0, `${name}: the stranger was not limited`)
      // What Redis had counted is gone with it, and PostgreSQL begins anew.
      const most = name === 'down' ? 2 * ANONYMOUS : ANONYMOUS
      const passed = count(seen, 'stranger', 404)
      assert.ok(passed >= ANONYMOUS && passed <= most, `${name}: ${passed} calls of a stranger were let through`)
      assert.ok(count(seen, 'read', 200) > 0 && count(seen, 'write', 200) > 0)
      assert.deepEqual(
        seen.filter(({ kind, status }) => (kind === 'read' || kind === 'write') && status !== 200).slice(0, 3),
        [],
      )
    }
    for (const { pid } of nodes) process.kill(pid, 0)
  })
})
