// Time-based one-time passwords (RFC 6238 over RFC 4226), as every authenticator app makes them: SHA-1, 6 digits, 30 seconds.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

const STEP_SECONDS = 30
const DIGITS = 6
/** As long as the hash, as RFC 4226 recommends. */
const SECRET_BYTES = 20
/** Steps before and after the server's own that are accepted: clocks differ, and typing takes a while. */
const WINDOW = 1

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A new shared secret of 160 bits, in base32 (RFC 4648) without padding. */
export function newTotpSecret(): string {
  return toBase32(randomBytes(SECRET_BYTES))
}

/** The number of the time step that a moment lies in; `now` in milliseconds since the epoch. */
export function stepAt(now: number): number {
  return Math.floor(now / 1000 / STEP_SECONDS)
}

/** The code of a counter or time step (RFC 4226, 5.3). */
export function codeAt(secret: Buffer, step: number, digits = DIGITS): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  const binary = mac.readUInt32BE(mac[mac.length - 1]! & 0xf) & 0x7fff_ffff
  return String(binary % 10 ** digits).padStart(digits, '0')
}

/** The newest step in the window around `now` that the code belongs to; undefined when it belongs to none. */
export function matchingStep(secret: string, code: string, now: number): number | undefined {
  const key = fromBase32(secret)
  const sent = Buffer.from(code)
  let found: number | undefined
  for (let step = stepAt(now) - WINDOW; step <= stepAt(now) + WINDOW; step++) {
    const expected = Buffer.from(codeAt(key, step))
    if (sent.length === expected.length && timingSafeEqual(sent, expected)) found = step
  }
  return found
}

/** What an authenticator app reads from the QR code: `otpauth://totp/Issuer:account?…`. */
export function otpauthUri({ issuer, account, secret }: { issuer: string; account: string; secret: string }): string {
  // Apps split the label at the colon, so the names hold none.
  const label = [issuer, account].map((part) => encodeURIComponent(part.replaceAll(':', ' '))).join(':')
  const query = `secret=${secret}&issuer=${encodeURIComponent(issuer.replaceAll(':', ' '))}`
  return `otpauth://totp/${label}?${query}&algorithm=SHA1&digits=${DIGITS}&period=${STEP_SECONDS}`
}

export function toBase32(bytes: Buffer): string {
  let bits = 0
  let held = 0
  let text = ''
  for (const byte of bytes) {
    held = (held << 8) | byte
    bits += 8
    for (; bits >= 5; bits -= 5) text += ALPHABET[(held >>> (bits - 5)) & 31]
    held &= (1 << bits) - 1
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text
}

/** Throws for what is no base32 without padding. */
export function fromBase32(text: string): Buffer {
  let bits = 0
  let held = 0
  const bytes: number[] = []
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter)
    if (value < 0) throw new Error('This is not base32.')
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push(held >>> bits)
      held &= (1 << bits) - 1
    }
  }
  return Buffer.from(bytes)
}
