// Refresh tokens: `ar1.<session>.<generation>.<mac>`. The MAC proves that this server gave that generation of that session,
// so an old one is recognised for ever, nothing of a token is stored, and the successor of a token is always the same.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Realm } from './access-tokens.ts'

export interface RefreshToken {
  sessionId: string
  generation: number
  mac: string
}

export interface RefreshTokens {
  /** The token of a generation; `nonce` is the session's random secret (256 bits), so that the key alone makes no token. */
  make(realm: Realm, sessionId: string, nonce: string, generation: number): string
  /** Whether the token is one that this server made for the session. */
  fits(realm: Realm, token: RefreshToken, nonce: string): boolean
}

export function createRefreshTokens({ secret }: { secret: string }): RefreshTokens {
  const mac = (realm: Realm, sessionId: string, nonce: string, generation: number) =>
    createHmac('sha256', secret).update(`refresh\n${realm}\n${sessionId}\n${nonce}\n${generation}`).digest('base64url')
  return {
    make: (realm, sessionId, nonce, generation) =>
      `ar1.${sessionId}.${generation}.${mac(realm, sessionId, nonce, generation)}`,
    fits(realm, token, nonce) {
      const expected = Buffer.from(mac(realm, token.sessionId, nonce, token.generation))
      const presented = Buffer.from(token.mac)
      return expected.length === presented.length && timingSafeEqual(expected, presented)
    },
  }
}

/** The parts of a refresh token, or undefined when it has another form. */
export function parseRefreshToken(token: string): RefreshToken | undefined {
  const match = /^ar1\.(c[0-9a-z]{24})\.(\d{1,9})\.([\w-]{43})$/.exec(token)
  return match ? { sessionId: match[1]!, generation: Number(match[2]), mac: match[3]! } : undefined
}
