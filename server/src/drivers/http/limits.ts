// Rate limits: a fixed window per class and caller, kept in memory, in PostgreSQL or in Redis by the same contract.
import { requestErrors } from '../../core/errors.ts'

export type LimitClass = 'anonymous' | 'authenticated' | 'auth' | 'login' | 'refresh' | 'ai' | 'uncounted'

export interface LimitRule {
  /** Calls a window allows. */
  limit: number
  windowSeconds: number
}

/** Where the counters are. One call, one atomic step: concurrent calls never share a number. */
export interface LimitStore {
  /** Counts one hit and returns how many the window has now, and when it ends. */
  hit(key: string, windowSeconds: number): Promise<{ hits: number; resetsInSeconds: number }>
  /** Starts the caller's window anew. */
  forget(key: string): Promise<void>
  close?(): Promise<void>
}

export interface RateLimiter {
  /** Counts a call; returns the RateLimit-* headers, or throws `request.limited` with Retry-After. */
  take(limitClass: LimitClass, caller: string): Promise<Record<string, string>>
  /** Forgives what the caller has used of the class. */
  forget(limitClass: LimitClass, caller: string): Promise<void>
}

/** A limiter over a store. With `enabled` false nothing is counted. */
export function createLimiter(
  rules: Record<Exclude<LimitClass, 'uncounted'>, LimitRule>,
  store: LimitStore,
  enabled: boolean,
): RateLimiter {
  return {
    async take(limitClass, caller) {
      if (!enabled || limitClass === 'uncounted') return {}
      const { limit, windowSeconds } = rules[limitClass]
      const { hits, resetsInSeconds } = await store.hit(`${limitClass}:${caller}`, windowSeconds)
      const headers = rateHeaders(limit, Math.max(0, limit - hits), resetsInSeconds)
      if (hits > limit) throw limited(resetsInSeconds, headers)
      return headers
    },
    async forget(limitClass, caller) {
      if (enabled) await store.forget(`${limitClass}:${caller}`)
    },
  }
}

/** The three fields of draft-ietf-httpapi-ratelimit-headers-03, which clients know best. */
function rateHeaders(limit: number, remaining: number, resetSeconds: number): Record<string, string> {
  return {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(resetSeconds),
  }
}

const limitedHeaders = new WeakMap<object, Record<string, string>>()

function limited(retryAfter: number, headers: Record<string, string>) {
  const problem = requestErrors('request.limited', { retryAfter })
  limitedHeaders.set(problem, headers)
  return problem
}

/** The RateLimit-* headers of a refusal by the limiter. */
export function headersOfLimit(problem: object): Record<string, string> {
  return limitedHeaders.get(problem) ?? {}
}

const MAX_WINDOWS = 100_000
const LOOKED_AT = 8

/**
 * Counters of one process. Each new window pays for looking at a few old ones: ended ones go, and where the bound is reached the
 * one with the fewest hits, so that a flood of new callers does not make room by forgetting who has used up a limit.
 */
export function memoryLimitStore(
  now: () => number = () => performance.now(),
  maxWindows = MAX_WINDOWS,
): LimitStore & { size(): number } {
  const windows = new Map<string, { hits: number; endsAt: number }>()
  let hand = windows.entries()

  function next() {
    const step = hand.next()
    if (!step.done) return step.value
    hand = windows.entries()
    return hand.next().value
  }

  function makeRoom(time: number): void {
    let least: { key: string; hits: number } | undefined
    for (let looked = 0; looked < LOOKED_AT; looked++) {
      const entry = next()
      if (!entry) return
      const [key, { hits, endsAt }] = entry
      if (endsAt <= time) windows.delete(key)
      else if (!least || hits < least.hits) least = { key, hits }
    }
    if (windows.size >= maxWindows && least) windows.delete(least.key)
  }

  return {
    async hit(key, windowSeconds) {
      const time = now()
      let window = windows.get(key)
      if (!window || window.endsAt <= time) {
        if (!window) makeRoom(time)
        window = { hits: 0, endsAt: time + windowSeconds * 1000 }
        windows.set(key, window)
      }
      window.hits++
      return { hits: window.hits, resetsInSeconds: Math.max(1, Math.ceil((window.endsAt - time) / 1000)) }
    },
    async forget(key) {
      windows.delete(key)
    },
    size: () => windows.size,
  }
}
