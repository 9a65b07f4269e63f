// The text of a personal access token: a prefix that scanners find, 256 random bits, and a checksum that tells typing errors from guesses.
import { createHash } from 'node:crypto'
import { newSecret } from '../../../core/ids.ts'

const PREFIX = 'ashlar_pat_'

/** A new token: `ashlar_pat_` + 43 base64url characters + 6 of checksum. */
export function newTokenText(): string {
  const secret = newSecret()
  return PREFIX + secret + checksum(secret)
}

export function isPersonalToken(credential: string): boolean {
  return credential.startsWith(PREFIX)
}

/** Whether the text has the form and checksum of a token: false costs no database call. */
export function isWellFormedToken(credential: string): boolean {
  const secret = /^ashlar_pat_([\w-]{43})([\w-]{6})$/.exec(credential)
  return secret !== null && checksum(secret[1]!) === secret[2]
}

function checksum(secret: string): string {
  return createHash('sha256').update(`pat:${secret}`).digest('base64url').slice(0, 6)
}
