// Ids that sort by time, so that new rows land together in every index.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'
const TIME_DIGITS = 9
const RANDOM_DIGITS = 15

/** A new id: 25 characters, `c`, the time in milliseconds in 9 base-36 digits, and 15 random base-36 digits (77 bits). */
export function newId(now = Date.now()): string {
  return `c${now.toString(36).padStart(TIME_DIGITS, '0')}${randomDigits(RANDOM_DIGITS)}`
}

/** 256 bits from the system's random source, as 43 base64url characters. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is kept of such a secret: SHA-256, hexadecimal. With 256 random bits there is nothing to guess from its hash. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Whether two secrets are the same. Hashes have one length: the comparison tells neither the secret nor how long it is. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(hashOfSecret(one)), Buffer.from(hashOfSecret(other)))
}

function randomDigits(count: number): string {
  let digits = ''
  while (digits.length < count) {
    for (const byte of randomBytes(count + 8)) {
      // 252 is the largest multiple of 36 in a byte: taking the rest as well would favour the first digits.
      if (byte < 252 && digits.length < count) digits += ALPHABET[byte % 36]
    }
  }
  return digits
}
