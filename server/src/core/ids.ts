// Ids that sort by time, so that new rows land together in every index.
import { randomBytes } from 'node:crypto'

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
