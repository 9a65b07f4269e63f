// Recovery codes: random, readable, and kept as hashes.
import { createHash, randomBytes } from 'node:crypto'
import { toBase32 } from './totp.ts'

const COUNT = 10
const CODE_BYTES = 10

/** Ten new codes of 80 random bits each, in four groups of four letters and digits. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: COUNT }, () => toBase32(randomBytes(CODE_BYTES)).toLowerCase().match(/.{4}/g)!.join('-'))
}

/**
 * How a code is kept, however it is typed: case, spaces and dashes do not count. With 80 random bits there is nothing to
 * guess, not even offline, so that a fast hash does what a slow one does for passwords.
 */
export function hashOfCode(code: string): string {
  return createHash('sha256').update(code.normalize('NFKC').toUpperCase().replace(/[\s-]/g, '')).digest('base64url')
}
