// The cache at the moments at which it could believe something old.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createCache, type Loaded } from './cache.ts'

function setUp() {
  const clock = { time: 0, now: () => clock.time }
  const bus = { fresh: true }
  const cache = createCache<string>({ clock, believedMs: 30_000, maxEntries: 1_000, fresh: () => bus.fresh })
  let loads = 0
  const loaded = (value: string, more: Partial<Loaded<string>> = {}) => ({
    value,
    endsAt: 1_000_000,
    touch: async () => undefined,
    names: ['session', 'user'],
    ...more,
  })
  const get = (value: string, more?: Partial<Loaded<string>>) =>
    cache.get('key', async () => {
      loads++
      return loaded(value, more)
    })
  return { clock, bus, cache, get, loaded, loads: () => loads }
}

describe('the cache of actors', () => {
  it('loads once for many requests at the same time, and then not at all', async () => {
    const { get, loads } = setUp()
    assert.deepEqual(await Promise.all([get('one'), get('two'), get('three')]), ['one', 'one', 'one'])
    assert.equal(await get('four'), 'one')
    assert.equal(loads(), 1)
  })

  it('SESS-2: a request after a message is not given what began to be loaded before it', async () => {
    const { cache, get, loaded } = setUp()
    let finish: (value: Loaded<string>) => void = () => undefined
    const early = cache.get('key', () => new Promise((resolve) => (finish = resolve)))
    cache.forget({ sessionId: 'session' })
    const late = get('after')
    finish(loaded('before'))
    assert.equal(await late, 'after')
    assert.equal(await early, 'before')
    assert.equal(await get('never'), 'after', 'what was loaded before the message must not replace it')
  })

  it('SESS-2: what is loaded while a message arrives is used once and not kept', async () => {
    const { cache, get, loaded } = setUp()
    let finish: (value: Loaded<string>) => void = () => undefined
    const early = cache.get('key', () => new Promise((resolve) => (finish = resolve)))
    cache.forget({ userId: 'somebody else' })
    finish(loaded('before'))
    assert.equal(await early, 'before')
    assert.equal(await get('after'), 'after')
  })

  it('forgets by every name, believes for a while, and never past the end or while the bus is silent', async () => {
    const { clock, bus, cache, get } = setUp()
    let turn = 0
    const next = () => get(`${++turn}`, { endsAt: clock.time + 60_000 })
    const first = await next()
    cache.forget({ userId: 'nobody' })
    assert.equal(await next(), first)
    for (const message of [{ sessionId: 'session' }, { userId: 'user' }]) {
      cache.forget(message)
      assert.equal(await next(), `${turn}`)
    }
    clock.time += 30_001
    assert.equal(await next(), `${turn}`)
    bus.fresh = false
    assert.equal(await next(), `${turn}`)
    assert.equal(await next(), `${turn}`)
    cache.clear() // as for every gap
    bus.fresh = true
    await get('short', { endsAt: clock.time + 10 })
    clock.time += 10
    assert.equal(await get('longer'), 'longer')
  })

  it('keeps nothing of a load that fails', async () => {
    const { cache, get } = setUp()
    await assert.rejects(
      cache.get('key', () => Promise.reject(new Error('refused'))),
      /refused/,
    )
    assert.equal(await get('then'), 'then')
  })
})
