// Sealing: what must be read back is kept encrypted, under keys that can be changed.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** A key of 32 bytes and the name that stands beside what it closed. */
export interface SealingKey {
  id: string
  key: Buffer
}

export interface Sealer {
  /** Encrypts and authenticates. `context` says what this is (`mail c…`): under another one it does not open. */
  seal(text: string, context: string): string
  /** The text again. Throws when the key is gone, or the text, the context or a byte of it is not what was sealed. */
  open(sealed: string, context: string): string
}

const VERSION = 'v1'
const IV_BYTES = 12
const TAG_BYTES = 16

/** AES-256-GCM (NIST SP 800-38D) with random 96-bit nonces. The first key closes, all open. */
export function createSealer(keys: readonly SealingKey[]): Sealer {
  const [current] = keys
  if (!current) throw new Error('A sealer needs at least one key.')
  return {
    seal(text, context) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', current.key, iv)
      cipher.setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return [VERSION, current.id, Buffer.concat([iv, body, cipher.getAuthTag()]).toString('base64url')].join('.')
    },
    open(sealed, context) {
      const [version, id, content = ''] = sealed.split('.')
      const key = keys.find((one) => one.id === id)?.key
      const bytes = Buffer.from(content, 'base64url')
      if (version !== VERSION || bytes.length < IV_BYTES + TAG_BYTES) throw new Error('This is not a sealed text.')
      if (!key) throw new Error(`The key ${id} that closed this is not among the configured ones.`)
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
    },
  }
}
