// Counters in Redis, with a fallback that takes over while Redis does not answer: limits on secrets never vanish.
import type { LimitStore } from './limits.ts'

// INCR and the window's end in one step (a script is atomic), so that a key never stays without an end.
const HIT = `
local hits = redis.call('INCR', KEYS[1])
if hits == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return { hits, redis.call('PTTL', KEYS[1]) }`

export interface RedisLimitOptions {
  url: string
  /** Takes over for as long as Redis is away. */
  fallback: LimitStore
  log: { warn(facts: object, message: string): void }
}

// How long Redis is left alone after it did not answer: one request a second finds out whether it is back.
const REST_MS = 1_000

/** Bounded waits: a Redis that is lost or hangs costs a request at most 200 ms, and those of the next second nothing. */
export async function redisLimitStore({ url, fallback, log }: RedisLimitOptions): Promise<LimitStore> {
  const { Redis } = await import('ioredis')
  const redis = new Redis(url, {
    connectTimeout: 500,
    commandTimeout: 200,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => Math.min(1_000, attempt * 100),
  })
  let complained = Number.NEGATIVE_INFINITY
  let restingUntil = 0
  redis.on('error', (error) => {
    if (performance.now() - complained < 60_000) return
    complained = performance.now()
    log.warn({ reason: error.message }, 'Redis does not answer; limits are counted elsewhere until it does')
  })
  return {
    async hit(key, windowSeconds) {
      if (redis.status !== 'ready' || performance.now() < restingUntil) return fallback.hit(key, windowSeconds)
      try {
        const [hits, left] = (await redis.eval(HIT, 1, `ashlar:limit:${key}`, windowSeconds * 1000)) as [number, number]
        return { hits, resetsInSeconds: Math.max(1, Math.ceil(left / 1000)) }
      } catch {
        restingUntil = performance.now() + REST_MS
        return fallback.hit(key, windowSeconds)
      }
    },
    async forget(key) {
      await fallback.forget(key)
      if (redis.status === 'ready') await redis.del(`ashlar:limit:${key}`).catch(() => undefined)
    },
    async close() {
      redis.disconnect()
      await fallback.close?.()
    },
  }
}
