// Sealed texts: what opens them and what does not.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createSealer } from './index.ts'

const older = { id: 'older', key: randomBytes(32) }
const newer = { id: 'newer', key: randomBytes(32) }

describe('a sealed text', () => {
  it('opens again, also after the key was changed', () => {
    const sealed = createSealer([older]).seal('the secret ✓', 'mail 1')
    assert.equal(createSealer([newer, older]).open(sealed, 'mail 1'), 'the secret ✓')
    assert.match(createSealer([newer, older]).seal('x', 'mail 1'), /^v1\.newer\./)
  })

  it('shows nothing of what it holds and is never the same twice', () => {
    const sealer = createSealer([newer])
    const sealed = sealer.seal('the secret', 'mail 1')
    assert.ok(!Buffer.from(sealed.split('.')[2]!, 'base64url').includes('secret'))
    assert.notEqual(sealer.seal('the secret', 'mail 1'), sealed)
  })

  it('does not open under another context, without its key, or after any change', () => {
    const sealer = createSealer([newer])
    const sealed = sealer.seal('the secret', 'mail 1')
    assert.throws(() => sealer.open(sealed, 'mail 2'))
    assert.throws(() => createSealer([older]).open(sealed, 'mail 1'), /key newer/)
    const bytes = Buffer.from(sealed.split('.')[2]!, 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      assert.throws(() => sealer.open(`v1.newer.${changed.toString('base64url')}`, 'mail 1'), `byte ${at}`)
    }
    for (const other of ['', 'v1', 'v1.newer.', 'v2.newer.AAAA', 'plain text'])
      assert.throws(() => sealer.open(other, 'mail 1'))
  })
})
