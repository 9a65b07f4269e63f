// Failed secrets, counted per account name and exactly, however many arrive at once on however many processes.
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../../drivers/database/index.ts'
import type { Realm } from '../sessions/index.ts'
import { authErrors } from './auth.errors.ts'
import * as queries from './throttle.queries.ts'

export interface ThrottleRule {
  /** Failures that lock. */
  maxFailures: number
  lockSeconds: number
}

export interface Throttle {
  /**
   * Runs a check of a secret if the name is not locked, and counts its failure. A locked name throws `auth.locked`, also
   * for the right secret and for a name that no account has, so that the lock tells nothing. An attempt holds one of the
   * free places while it is checked; when all are taken by attempts in flight, it waits for their outcome. The names of the
   * two realms are counted apart.
   */
  attempt(name: string, check: () => Promise<boolean>, realm?: Realm): Promise<boolean>
}

const WAIT_STEP_MS = 25
const LONGEST_WAIT_MS = 10_000

export function createThrottle({
  database,
  rule,
}: {
  database: Pick<Database, 'global'>
  rule: ThrottleRule
}): Throttle {
  const db = database.global

  async function takePlace(key: string): Promise<void> {
    for (let waited = 0; ; waited += WAIT_STEP_MS) {
      if (await queries.reserve(db, key, rule)) return
      const lockedSeconds = await queries.secondsLocked(db, key)
      if (lockedSeconds > 0) throw authErrors('auth.locked', { retryAfter: lockedSeconds })
      if (waited >= LONGEST_WAIT_MS) throw authErrors('auth.too_many_attempts', { retryAfter: 1 })
      await sleep(WAIT_STEP_MS + Math.random() * WAIT_STEP_MS)
    }
  }

  return {
    async attempt(name, check, realm = 'user') {
      const key = keyOf(name, realm)
      await takePlace(key)
      let right: boolean
      try {
        right = await check()
      } catch (error) {
        await queries.release(db, key)
        throw error
      }
      if (right) await queries.clear(db, key)
      else await queries.fail(db, key, rule)
      return right
    },
  }
}

// Names are kept as hashes: the table must not list who was attacked, nor what people mistyped into the name field.
function keyOf(name: string, realm: Realm): string {
  const hash = createHash('sha256').update(name.normalize('NFKC').trim().toLowerCase()).digest('base64url')
  return realm === 'admin' ? `admin:${hash}` : hash
}
