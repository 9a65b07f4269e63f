// Failed secrets, counted per account and exactly, however many arrive at once on however many processes.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, Tx } from '../../../drivers/database/index.ts'
import { throttleErrors } from './throttle.errors.ts'
import * as queries from './throttle.queries.ts'

export interface ThrottleRule {
  /** Failures that lock. */
  maxFailures: number
  lockSeconds: number
  /** How many times the lock of a name that is locked again and again doubles; 0: always the same length. */
  doublings: number
}

/**
 * What a name is counted as: the passwords of the two realms, the codes of second factors, and the passwords of links, by
 * link and source and by link, have counts of their own.
 */
export type CountedAs = 'user' | 'admin' | 'mfa' | 'link' | 'wholeLink'

export interface Throttle {
  /**
   * Runs a check of a secret if the name is not locked, and counts its failure. A locked name throws `auth.locked`, also
   * for the right secret and for a name that no account has, so that the lock tells nothing. An attempt holds one of the
   * free places while it is checked; when all are taken by attempts in flight, it waits for their outcome. `onLock` runs
   * once for each lock, after the failure that caused it.
   */
  attempt(
    name: string,
    check: () => Promise<boolean>,
    countedAs?: CountedAs,
    onLock?: () => Promise<void>,
  ): Promise<boolean>
  /** Ends a lock in the transaction, and forgets the failures: the secret is another one now. */
  forgive(tx: Tx, name: string): Promise<void>
}

const WAIT_STEP_MS = 25
const LONGEST_WAIT_MS = 10_000

export function createThrottle({
  database,
  rules,
}: {
  database: Pick<Database, 'global'>
  rules: Record<CountedAs, ThrottleRule>
}): Throttle {
  const db = database.global

  async function takePlace(key: string, rule: ThrottleRule): Promise<void> {
    for (let waited = 0; ; waited += WAIT_STEP_MS) {
      if (await queries.reserve(db, key, rule)) return
      const lockedSeconds = await queries.secondsLocked(db, key)
      if (lockedSeconds > 0) throw throttleErrors('auth.locked', { retryAfter: lockedSeconds })
      if (waited >= LONGEST_WAIT_MS) throw throttleErrors('auth.too_many_attempts', { retryAfter: 1 })
      await sleep(WAIT_STEP_MS + Math.random() * WAIT_STEP_MS)
    }
  }

  return {
    async attempt(name, check, countedAs = 'user', onLock) {
      const key = keyOf(name, countedAs)
      const rule = rules[countedAs]
      await takePlace(key, rule)
      let right: boolean
      try {
        right = await check()
      } catch (error) {
        await queries.release(db, key)
        throw error
      }
      if (right) await queries.clear(db, key)
      else if (await queries.fail(db, key, rule)) await onLock?.()
      return right
    },
    forgive: (tx, name) => queries.unlock(tx, keyOf(name, 'user')),
  }
}

// Names are kept as hashes: the table must not list who was attacked, nor what people mistyped into the name field.
function keyOf(name: string, countedAs: CountedAs): string {
  const hash = createHash('sha256').update(name.normalize('NFKC').trim().toLowerCase()).digest('base64url')
  return countedAs === 'user' ? hash : `${countedAs}:${hash}`
}
