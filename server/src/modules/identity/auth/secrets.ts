// Whether a name and a password fit, at the same cost and with the same answer for every way in which they do not.
import { networkOf, type RateLimiter } from '../../../drivers/http/index.ts'
import type { Hashing } from '../passwords/index.ts'
import type { Realm } from '../sessions/index.ts'
import { authErrors } from './auth.errors.ts'
import type { Throttle } from './throttle.ts'

export interface SecretAttempt {
  identifier: string
  password: string
  ip: string
}

export interface SecretCheck {
  /**
   * The active account of the realm that the name and the password belong to. Throws `auth.wrong_credentials`, after some
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
      const found: { account: A | undefined } = { account: undefined }
      const check = async () => {
        await limiter.take('login', limitKey)
        found.account = await find(identifier)
        const fits = await hashing.verify(password, found.account?.password)
        return fits && found.account?.status === 'ACTIVE'
      }
      // Address and username are two names of one account: it has one count, which its password change draws on as well.
      const name = (await find(identifier))?.email ?? identifier
      const right = await throttle.attempt(name, check, realm)
      if (!right || !found.account) throw authErrors('auth.wrong_credentials')
      await limiter.forget('login', limitKey)
      return found.account
    },
  }
}
