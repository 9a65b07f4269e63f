// Password hashes: Argon2id (RFC 9106) for new ones, bcrypt verified for those that came from elsewhere, and made where another back
// end checks the same accounts.
import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2'
import { hash as bcryptHash, verify as bcryptVerify } from '@node-rs/bcrypt'
import { requestErrors } from '../../../core/errors.ts'

// The library's const enum is out of reach of type stripping.
const ARGON2ID = 2

/** As the other back end makes its own. */
const BCRYPT_COST = 12
/** Bcrypt reads no more of a password. */
export const BCRYPT_BYTES = 72

export interface HashingOptions {
  /** KiB of memory of one hash. */
  memoryKib: number
  passes: number
  /** Hashes at the same time; each holds a thread of libuv's pool and its memory. */
  concurrency: number
  /** How many may wait beyond that; the next one is told to come back. */
  queue: number
  /** Another back end checks the same accounts and knows bcrypt only: a hash of another make would shut people out there. */
  shared?: boolean
}

export interface Hashing {
  hash(password: string): Promise<string>
  /** Whether the password fits. With no hash (an unknown account) it costs the same and answers false. */
  verify(password: string, hash: string | undefined): Promise<boolean>
  /** Whether a hash was made another way than new ones are, so that the next sign-in should replace it. */
  isOutdated(hash: string): boolean
  /** How many secrets were checked since the start. */
  checks(): number
}

export function createHashing(options: HashingOptions): Hashing {
  const parameters = { algorithm: ARGON2ID, memoryCost: options.memoryKib, timeCost: options.passes, parallelism: 1 }
  const prefix = `$argon2id$v=19$m=${options.memoryKib},t=${options.passes},p=1$`
  const limited = bounded(options.concurrency, options.queue)
  // What bcrypt would cut short is kept whole: better shut out there than open to whatever begins alike.
  const hash = (password: string) =>
    limited(() =>
      options.shared && Buffer.byteLength(password) <= BCRYPT_BYTES
        ? bcryptHash(password, { cost: BCRYPT_COST })
        : argon2Hash(password, parameters),
    )
  const fits = (password: string, stored: string) =>
    limited(() => (isBcrypt(stored) ? bcryptVerify(password, stored) : argon2Verify(stored, password)))
  let dummy: Promise<string> | undefined
  let checks = 0

  return {
    hash,
    async verify(password, stored) {
      checks++
      if (stored === undefined) {
        // An account that does not exist must take as long as one that does.
        dummy ??= hash('no account has this password')
        await fits(password, await dummy)
        return false
      }
      // An account whose password was never set holds a hash that nothing fits.
      return isBcrypt(stored) || stored.startsWith('$argon2') ? fits(password, stored) : false
    },
    isOutdated: (stored) => (options.shared ? costOf(stored) < BCRYPT_COST : !stored.startsWith(prefix)),
    checks: () => checks,
  }
}

const isBcrypt = (stored: string) => /^\$2[aby]\$/.test(stored)

/** Of a bcrypt hash; 0 of any other. */
const costOf = (stored: string) => (isBcrypt(stored) ? Number(stored.slice(4, 6)) : 0)

/** Runs at most `concurrency` tasks at once; past `queue` waiting ones it refuses with `server.unavailable`. */
function bounded(concurrency: number, queue: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (task) => {
    if (running >= concurrency) {
      if (waiting.length >= queue)
        throw requestErrors('server.unavailable', {
          message: 'Too many sign-ins at once. Try again shortly.',
          retryAfter: 1,
        })
      await new Promise<void>((go) => waiting.push(go))
    } else {
      running++
    }
    try {
      return await task()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
