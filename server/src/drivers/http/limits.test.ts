// Rate limits: the stores by one contract, and the whole server over them, one process or two.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { openDatabase } from '../../../test/application.ts'
import { createMigratedDatabase, type TestDatabase } from '../../../test/database.ts'
import { type Answer, PASSWORD, type StartOptions, startApp, type TestApp, unique } from '../../../test/harness.ts'
import { redisMissing, startRedis, type TestRedis } from '../../../test/redis.ts'
import { type LimitStore, memoryLimitStore, networkOf, postgresLimitStore, redisLimitStore } from './index.ts'

if (redisMissing) console.log(`Rate limits in Redis are not tested: ${redisMissing}.`)
const silent = { warn() {} }

/** Opens a store and, where processes share the counters, a second one over the same place. */
type Opened = { store: LimitStore; second?: LimitStore; close(): Promise<void> }

async function overMemory(): Promise<Opened> {
  return { store: memoryLimitStore(), close: async () => {} }
}

async function overPostgres(): Promise<Opened> {
  const database = await createMigratedDatabase()
  const handles = [openDatabase(database), openDatabase(database)] as const
  const [store, second] = [postgresLimitStore(handles[0]), postgresLimitStore(handles[1])]
  return {
    store,
    second,
    async close() {
      await Promise.all([store.close?.(), second.close?.()])
      await Promise.all(handles.map((handle) => handle.close()))
      await database.drop()
    },
  }
}

async function overRedis(): Promise<Opened> {
  const redis = await startRedis()
  const fallback: LimitStore = {
    hit: () => Promise.reject(new Error('Redis is there: nothing falls back')),
    forget: async () => {},
  }
  const open = () => redisLimitStore({ url: redis.url, fallback, log: silent })
  const [store, second] = await Promise.all([open(), open()])
  await until(async () => (await Promise.all([store.hit('ready', 1), second.hit('ready', 1)])).length === 2)
  return {
    store,
    second,
    async close() {
      await Promise.all([store.close?.(), second.close?.()])
      await redis.kill()
    },
  }
}

const STORES: [string, () => Promise<Opened>, string | undefined][] = [
  ['memory', overMemory, undefined],
  ['PostgreSQL', overPostgres, undefined],
  ['Redis', overRedis, redisMissing],
]

for (const [name, open, missing] of STORES) {
  describe(`counters in ${name}`, { skip: missing ?? false }, () => {
    let opened: Opened
    before(async () => {
      opened = await open()
    })
    after(() => opened?.close())

    it('count from one, each key by itself, and say when the window ends', async () => {
      const { store } = opened
      const key = unique('key')
      assert.deepEqual(await store.hit(key, 60), { hits: 1, resetsInSeconds: 60 })
      const second = await store.hit(key, 60)
      assert.equal(second.hits, 2)
      assert.ok(second.resetsInSeconds >= 59 && second.resetsInSeconds <= 60, String(second.resetsInSeconds))
      assert.equal((await store.hit(unique('key'), 60)).hits, 1)
    })

    it('give every call a number of its own, however many come at once and from whatever process', async () => {
      const { store, second = store } = opened
      const key = unique('key')
      const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => (at % 2 ? store : second).hit(key, 60)))
      assert.deepEqual(
        answers.map(({ hits }) => hits).sort((a, b) => a - b),
        Array.from({ length: 60 }, (_, at) => at + 1),
      )
    })

    it('start anew when the window has ended, and when the key is forgotten', async () => {
      const { store } = opened
      const [brief, forgotten, kept] = [unique('key'), unique('key'), unique('key')]
      for (const key of [brief, brief]) await store.hit(key, 1)
      for (const key of [forgotten, kept]) await store.hit(key, 60)
      await store.forget(forgotten)
      assert.equal((await store.hit(forgotten, 60)).hits, 1)
      assert.equal((await store.hit(kept, 60)).hits, 2)
      await wait(1_100)
      assert.equal((await store.hit(brief, 1)).hits, 1)
    })
  })
}

describe('counters in memory, many of them', () => {
  it('cost the same however many windows are open: 150,000 new ones in a moment', async () => {
    const store = memoryLimitStore(() => 0, 200_000)
    const start = performance.now()
    for (let at = 0; at < 150_000; at++) await store.hit(`key${at}`, 60)
    // A scan of all of them at each hit would take minutes.
    assert.ok(performance.now() - start < 10_000)
    assert.equal(store.size(), 150_000)
  })

  it('never exceed the bound, and who has used up a limit is not forgotten in a flood', async () => {
    const store = memoryLimitStore(() => 0, 1_000)
    for (let hit = 0; hit < 20; hit++) await store.hit('guesser', 60)
    for (let at = 0; at < 20_000; at++) {
      await store.hit(`flood${at}`, 60)
      assert.ok(store.size() <= 1_000, String(store.size()))
    }
    assert.equal((await store.hit('guesser', 60)).hits, 21)
  })

  it('go when their windows have ended', async () => {
    let time = 0
    const store = memoryLimitStore(() => time)
    for (let at = 0; at < 2_000; at++) await store.hit(`old${at}`, 1)
    time = 2_000
    for (let at = 0; at < 1_000; at++) await store.hit(`new${at}`, 60)
    assert.equal(store.size(), 1_000)
    assert.equal((await store.hit('old7', 60)).hits, 1)
  })
})

const LIMITED = {
  RATE_LIMIT_ENABLED: 'true',
  RATE_LIMIT_UNAUTHENTICATED: '6/hour',
  RATE_LIMIT_AUTH_ENDPOINTS: '1000/hour',
  RATE_LIMIT_REFRESH: '4/hour',
  RATE_LIMIT_ATTEMPTS: '3',
  MAX_LOGIN_ATTEMPTS: '50',
}
const GUARDED = '/api/v1/users'

/** A limited app of a test's own. */
async function withLimits<T>(options: StartOptions, work: (ashlar: TestApp) => Promise<T>): Promise<T> {
  const ashlar = await startApp({ ...options, env: { ...LIMITED, ...options.env } })
  try {
    return await work(ashlar)
  } finally {
    await ashlar.stop()
  }
}

/** A call that comes from the address, as the server sees it. */
const from = (ashlar: TestApp, remoteAddress: string, url = GUARDED) =>
  ashlar.app.http.app.inject({ method: 'GET', url, remoteAddress })
const statuses = (answers: { statusCode?: number; status?: number }[]) =>
  answers.map(({ statusCode, status }) => statusCode ?? status)
const repeat = <T>(times: number, work: (at: number) => Promise<T>) =>
  Array.from({ length: times }).reduce<Promise<T[]>>(
    async (all, _, at) => [...(await all), await work(at)],
    Promise.resolve([]),
  )

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await isTrue().catch(() => false)) return
    await wait(50)
  }
  assert.fail('It did not come about in five seconds.')
}

describe('RATE-1', () => {
  let database: TestDatabase
  let one: TestApp
  let two: TestApp
  before(async () => {
    database = await createMigratedDatabase()
    const options = { database, env: LIMITED, limits: postgresLimitStore }
    one = await startApp(options)
    two = await startApp(options)
  })
  after(async () => {
    await one?.stop()
    await two?.stop()
    await database?.drop()
  })

  it('two processes over one PostgreSQL admit the limit together, and not each', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => from(at % 2 ? one : two, '198.51.100.1')))
    assert.equal(answers.filter(({ statusCode }) => statusCode === 401).length, 6)
    assert.equal(answers.filter(({ statusCode }) => statusCode === 429).length, 14)
    assert.equal((await from(one, '198.51.100.2')).statusCode, 401, 'another address is not affected')
  })

  it('eight IPv6 addresses of one /64 count as one, the next /64 by itself', async () => {
    const answers = await repeat(8, (at) => from(one, `2001:db8:1:2:${at + 1}::${at + 7}`))
    assert.deepEqual(statuses(answers), [401, 401, 401, 401, 401, 401, 429, 429])
    assert.equal((await from(one, '2001:db8:1:3::1')).statusCode, 401)
    assert.equal(networkOf('2001:db8:1:2:ffff::1'), networkOf('2001:0db8:0001:0002::'))
    assert.equal(networkOf('2001:db8::1'), '2001:db8:0:0::/64')
    assert.equal(networkOf('::ffff:198.51.100.9'), '198.51.100.9')
    assert.equal(networkOf('fe80::1%eth0'), networkOf('fe80::2'))
  })

  it('a flood of paths that do not exist counts, and is shared with those that do', async () => {
    const answers = await repeat(8, (at) => from(one, '198.51.100.3', `/api/v1/nowhere-${at}`))
    assert.deepEqual(statuses(answers), [404, 404, 404, 404, 404, 404, 429, 429])
    assert.equal((await from(two, '198.51.100.3')).statusCode, 429)
  })

  it('answers say what is left, and refusals when to come again', async () => {
    const answers = await repeat(7, () => from(one, '198.51.100.4', '/api/v1/nowhere'))
    const refused = answers.at(-1)!
    assert.equal(refused.statusCode, 429)
    assert.equal(refused.json().code, 'request.limited')
    assert.equal(refused.headers['ratelimit-limit'], '6')
    assert.equal(refused.headers['ratelimit-remaining'], '0')
    const again = Number(refused.headers['retry-after'])
    assert.ok(again > 3_500 && again <= 3_600, String(again))
    assert.equal(Number(refused.headers['ratelimit-reset']), again)
    const { headers } = await one.call('POST', '/api/v1/auth/login', { json: { login: 'a', password: 'b' } })
    assert.equal(headers.get('ratelimit-limit'), '1000')
    assert.equal(headers.get('ratelimit-remaining'), '999')
    assert.equal(headers.get('retry-after'), null)
  })

  it('refreshing has a bucket of its own: a used-up one leaves signing in and reading alone', async () => {
    const person = await one.person()
    const refresh = (refreshToken: string) => one.call('POST', '/api/v1/auth/refresh', { json: { refreshToken } })
    assert.equal((await refresh(person.refreshToken)).status, 200)
    const rest = await repeat(4, () => refresh('nothing'))
    assert.deepEqual(statuses(rest.slice(-1)), [429])
    assert.ok(!statuses(rest.slice(0, 3)).includes(429))
    assert.equal((await one.login(person.email, PASSWORD)).id, person.id)
    assert.equal((await one.call('GET', '/api/v1/auth/me', { token: person.token })).status, 200)
  })

  it('sign-in is limited by address and account: neither another account nor another address pays for it', async () => {
    const [victim, other] = [await one.person(), await one.person()]
    const attempt = (ashlar: TestApp, login: string, remoteAddress: string, password = 'wrong') =>
      ashlar.app.http.app.inject({
        method: 'POST',
        url: '/api/v1/auth/login',
        remoteAddress,
        payload: { login, password },
      })
    const tries = await repeat(5, (at) => attempt(at % 2 ? one : two, victim.email, '198.51.100.5'))
    assert.deepEqual(statuses(tries), [401, 401, 401, 429, 429])
    assert.equal((await attempt(one, victim.email.toUpperCase(), '198.51.100.5', PASSWORD)).statusCode, 429)
    assert.equal((await attempt(one, other.email, '198.51.100.5', PASSWORD)).statusCode, 200)
    assert.equal((await attempt(two, victim.email, '198.51.100.6', PASSWORD)).statusCode, 200)
  })
})

describe('RATE-2', () => {
  const spoofed = (ashlar: TestApp) =>
    repeat(8, (at) => ashlar.call('GET', GUARDED, { headers: { 'x-forwarded-for': `203.0.113.${at + 1}` } }))

  it('X-Forwarded-For is ignored where no proxy is trusted: a thousand values are one client', () =>
    withLimits({}, async (ashlar) => {
      const answers: number[] = []
      for (let lie = 0; lie < 1_000; lie++) {
        const address = Array.from(randomBytes(4)).join('.')
        const headers = { 'x-forwarded-for': address, 'x-real-ip': address, forwarded: `for=${address}` }
        answers.push((await ashlar.app.http.app.inject({ method: 'GET', url: GUARDED, headers })).statusCode)
      }
      assert.deepEqual(answers, [...Array(6).fill(401), ...Array(994).fill(429)])
    }))

  it('and where the one who sends it is not the trusted proxy', () =>
    withLimits({ env: { TRUST_PROXY: '10.9.8.0/24' } }, async (ashlar) => {
      assert.deepEqual(statuses(await spoofed(ashlar)), [401, 401, 401, 401, 401, 401, 429, 429])
    }))

  it('by a trusted proxy each client counts by itself, and what clients write before it is ignored', () =>
    withLimits({ env: { TRUST_PROXY: 'loopback' } }, async (ashlar) => {
      assert.ok(!statuses(await spoofed(ashlar)).includes(429))
      const lies = await repeat(8, (at) =>
        ashlar.call('GET', GUARDED, { headers: { 'x-forwarded-for': `192.0.2.${at + 1}, 203.0.113.99` } }),
      )
      assert.deepEqual(statuses(lies), [401, 401, 401, 401, 401, 401, 429, 429])
    }))
})

describe('RATE-3', { skip: redisMissing ?? false }, () => {
  let redis: TestRedis
  let ashlar: TestApp
  before(async () => {
    redis = await startRedis()
    ashlar = await startApp({
      env: { ...LIMITED, RATE_LIMIT_UNAUTHENTICATED: '100000/hour' },
      limits: (database) => redisLimitStore({ url: redis.url, fallback: postgresLimitStore(database), log: silent }),
    })
    await countsInRedis()
  })
  after(async () => {
    await ashlar?.stop()
    await redis?.kill()
  })

  // A name that was never tried before, so that an old counter does not pass for a new one.
  const countsInRedis = () =>
    until(async () => {
      const login = unique('nobody')
      await signIn(login)
      return (await redis.keys()).some((key) => key.startsWith('ashlar:limit:login:') && key.endsWith(`:${login}`))
    })
  const signIn = (login: string, password = 'wrong') =>
    ashlar.call('POST', '/api/v1/auth/login', { json: { login, password } })

  /** The answers to calls one after the other, and how long the slowest took, in ms. */
  async function timed(count: number): Promise<{ answers: Answer[]; slowest: number }> {
    let slowest = 0
    const answers = await repeat(count, async () => {
      const start = performance.now()
      const answer = await ashlar.call('GET', GUARDED)
      slowest = Math.max(slowest, performance.now() - start)
      return answer
    })
    return { answers, slowest }
  }

  const losses: [string, () => Promise<void> | void, () => Promise<void> | void][] = [
    ['killed', () => redis.kill(), () => redis.restart()],
    ['frozen', () => redis.freeze(), () => redis.thaw()],
  ]
  for (const [how, lose, bring] of losses) {
    it(`Redis ${how}: no 5xx, no wait to speak of, sign-in stays limited, and it is used again when it is back`, async () => {
      const person = await ashlar.person()
      const usual = await timed(20)
      await lose()
      const lost = await timed(20)
      assert.ok(lost.answers.every(({ status }) => status === 401))
      assert.ok(lost.slowest - usual.slowest < 250, `${lost.slowest} ms, usually ${usual.slowest} ms`)

      const tries = await repeat(5, () => signIn(person.email))
      assert.deepEqual(statuses(tries), [401, 401, 401, 429, 429])
      assert.equal((await signIn(person.email, PASSWORD)).status, 429)

      await bring()
      await countsInRedis()
    })
  }
})
