// One-time passwords against the vectors of their standards.
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { codeAt, fromBase32, matchingStep, newTotpSecret, otpauthUri, stepAt, toBase32 } from './totp.ts'

const RFC_SECRET = Buffer.from('12345678901234567890')

describe('one-time passwords', () => {
  it('are those of RFC 4226, appendix D', () => {
    const codes = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ')
    for (const [counter, code] of codes.entries()) assert.equal(codeAt(RFC_SECRET, counter), code)
  })

  it('are those of RFC 6238, appendix B, for SHA-1', () => {
    const vectors: [seconds: number, code: string][] = [
      [59, '94287082'],
      [1111111109, '07081804'],
      [1111111111, '14050471'],
      [1234567890, '89005924'],
      [2000000000, '69279037'],
      [20000000000, '65353130'],
    ]
    for (const [seconds, code] of vectors) assert.equal(codeAt(RFC_SECRET, stepAt(seconds * 1000), 8), code)
  })

  it('MFA-1: of the codes at −2, −1, 0, +1 and +2 steps only −1, 0 and +1 are accepted, each as the step it belongs to', () => {
    const secret = newTotpSecret()
    const now = 1_800_000_015_000
    const step = stepAt(now)
    for (const offset of [-2, -1, 0, 1, 2]) {
      const found = matchingStep(secret, codeAt(fromBase32(secret), step + offset), now)
      assert.equal(found, Math.abs(offset) <= 1 ? step + offset : undefined, `${offset}`)
    }
  })

  it('a step begins and ends on its second', () => {
    assert.equal(stepAt(29_999), 0)
    assert.equal(stepAt(30_000), 1)
  })

  it('nothing but the code itself fits', () => {
    const secret = toBase32(RFC_SECRET)
    assert.equal(matchingStep(secret, '287082', 59_000), 1)
    for (const wrong of ['', '28708', '2870822', '94287082', '287083', ' 287082', '２８７０８２'])
      assert.equal(matchingStep(secret, wrong, 59_000), undefined, JSON.stringify(wrong))
  })
})

describe('base32', () => {
  it('is that of RFC 4648, section 10, without padding, and comes back', () => {
    const words = ['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar']
    const texts = ['', 'MY', 'MZXQ', 'MZXW6', 'MZXW6YQ', 'MZXW6YTB', 'MZXW6YTBOI']
    assert.deepEqual(
      words.map((word) => toBase32(Buffer.from(word))),
      texts,
    )
    for (let length = 0; length < 64; length++) {
      const bytes = randomBytes(length)
      assert.deepEqual(fromBase32(toBase32(bytes)), bytes)
    }
    assert.throws(() => fromBase32('MY======'))
    assert.throws(() => fromBase32('my'))
  })

  it('a new secret has 160 bits and is never the same', () => {
    const secrets = new Set(Array.from({ length: 1000 }, newTotpSecret))
    assert.equal(secrets.size, 1000)
    for (const secret of secrets) assert.match(secret, /^[A-Z2-7]{32}$/)
    assert.ok(createHmac('sha1', fromBase32([...secrets][0]!)))
  })
})

describe('the address in the QR code', () => {
  it('names issuer and account, whatever signs they hold', () => {
    const uri = otpauthUri({ issuer: 'Blue: Quarry & Söhne', account: 'mason+1@example.com', secret: 'MZXW6YTBOI' })
    const parsed = new URL(uri)
    assert.equal(parsed.protocol, 'otpauth:')
    assert.equal(parsed.hostname, 'totp')
    assert.equal(decodeURIComponent(parsed.pathname), '/Blue  Quarry & Söhne:mason+1@example.com')
    assert.deepEqual(Object.fromEntries(parsed.searchParams), {
      secret: 'MZXW6YTBOI',
      issuer: 'Blue  Quarry & Söhne',
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    })
  })
})
