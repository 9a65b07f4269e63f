// Whether a name and a password fit, at the same cost and with the same answer for every way in which they do not.
import { networkOf, type RateLimiter } from '../../../drivers/http/index.ts'
import type { Hashing } from '../passwords/index.ts'
import type { Realm } from '../sessions/index.ts'
import type { Throttle } from '../throttle/index.ts'
import { authErrors } from './auth.errors.ts'

export interface SecretAttempt {
  identifier: string
  password: string
  ip: string
}

export interface SecretCheck {
  /**
   * The account of the realm that the name and the password belong to, active when it was looked up: whoever opens a session
   * checks in its transaction that it still is. Throws `auth.wrong_credentials`, after some
   * failures `auth.locked`, and past the address's limit `request.limited`.
   */
  check<A extends { email: string; password: string; status: string }>(
    realm: Realm,
    attempt: SecretAttempt,
    find: (identifier: string) => Promise<A | undefined>,
  ): Promise<A>
}

export interface SecretParts {
  throttle: Throttle
  limiter: Pick<RateLimiter, 'take' | 'forget'>
  hashing: Pick<Hashing, 'verify'>
}

export function createSecretCheck({ throttle, limiter, hashing }: SecretParts): SecretCheck {
  return {
    async check<A extends { email: string; password: string; status: string }>(
      realm: Realm,
      { identifier, password, ip }: SecretAttempt,
      find: (identifier: string) => Promise<A | undefined>,
    ): Promise<A> {
      const limitKey = `${realm === 'admin' ? 'admin:' : ''}${networkOf(ip)}:${identifier.toLowerCase()}`
      const account = await find(identifier)
      const check = async () => {
        await limiter.take('login', limitKey)
        const fits = await hashing.verify(password, account?.password)
        return fits && account?.status === 'ACTIVE'
      }
      // Address and username are two names of one account: it has one count, which its password change draws on as well.
      const right = await throttle.attempt(account?.email ?? identifier, check, realm)
      if (!right || !account) throw authErrors('auth.wrong_credentials')
      await limiter.forget('login', limitKey)
      return account
    },
  }
}
