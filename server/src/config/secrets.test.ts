// Secrets made on first start: kept, private, and the same for processes that start together.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ConfigurationError, ensureSecrets, loadConfig } from '../config.ts'

const folders: string[] = []
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-secrets-'))
  folders.push(folder)
  return folder
}

const complete = (env: Record<string, string>) => ensureSecrets(loadConfig(env, { dotenvPath: false }))

describe('secrets in development', () => {
  it('are made on first start and found again on the next', () => {
    const env = { DATA_DIR: join(emptyFolder(), 'data') }
    const first = complete(env)
    const second = complete(env)
    assert.ok(first.tokens.secret.length >= 43)
    assert.equal(second.tokens.secret, first.tokens.secret)
    assert.equal(second.tokens.refreshSecret, first.tokens.refreshSecret)
    assert.equal(second.database.appPassword, first.database.appPassword)
    assert.deepEqual(second.encryption.keys, first.encryption.keys)
    assert.notEqual(complete({ DATA_DIR: emptyFolder() }).tokens.secret, first.tokens.secret)
  })

  it('are readable by their owner only', () => {
    const folder = join(emptyFolder(), 'data')
    complete({ DATA_DIR: folder, JWT_ALGORITHM: 'EdDSA' })
    const kept = join(folder, 'secrets')
    assert.equal(statSync(kept).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(kept).sort(), ['data-encryption-key', 'jwt-eddsa.pem', 'jwt-secret'])
    for (const name of readdirSync(kept)) assert.equal(statSync(join(kept, name)).mode & 0o777, 0o600)
  })

  it('are not written when they are set', () => {
    const folder = join(emptyFolder(), 'data')
    complete({ DATA_DIR: folder, JWT_SECRET: 'set', DATA_ENCRYPTION_KEY: '1f'.repeat(32) })
    assert.throws(() => statSync(folder))
  })

  it('are the same in processes that start together', async () => {
    const folder = emptyFolder()
    const source = `import { ensureSecrets, loadConfig } from ${JSON.stringify(new URL('../config.ts', import.meta.url).href)}
      process.stdout.write(ensureSecrets(loadConfig({ DATA_DIR: ${JSON.stringify(folder)} }, { dotenvPath: false })).tokens.secret)`
    const printed = await Promise.all(Array.from({ length: 4 }, () => output(source)))
    assert.ok((printed[0] ?? '').length >= 43)
    assert.equal(new Set(printed).size, 1)
    assert.deepEqual(readdirSync(join(folder, 'secrets')).sort(), ['data-encryption-key', 'jwt-secret'])
  })

  it('say so when they are damaged or cannot be kept', () => {
    const folder = emptyFolder()
    complete({ DATA_DIR: folder })
    writeFileSync(join(folder, 'secrets', 'jwt-secret'), '')
    assert.throws(
      () => complete({ DATA_DIR: folder }),
      /JWT_SECRET is not set, and .* cannot be used instead: .*damaged/,
    )
    assert.throws(
      () => complete({ DATA_DIR: '/dev/null/data' }),
      (error: Error) =>
        error instanceof ConfigurationError &&
        /DATA_DIR is \/dev\/null\/data, where the user \S+ cannot write and read \(ENOTDIR at \/dev\/null\/data.*\): give/.test(
          error.message,
        ) &&
        !error.message.includes('JWT_SECRET'),
    )
  })
})

describe('derived secrets', () => {
  const secret = 'q7Tz0vBnLw3RkYx9PdHs5JmCf2GaUe8KoVi4ZbNtXrQy'
  const successor = 'Lm4WcXe8RtYb1NvQz6HuJk0SdFg3PaZx9CiVo5BnTwEr'
  const production = {
    ENVIRONMENT: 'production',
    PUBLIC_URL: 'https://api.acme.dev',
    MAIL_OUTBOX: 'true',
    DATA_DIR: '/dev/null/data',
  }

  it('differ from each other and from what they come from, and write nothing in production', () => {
    const config = complete({ ...production, JWT_SECRET: secret })
    const all = [
      config.tokens.secret,
      config.tokens.refreshSecret,
      config.database.appPassword,
      config.encryption.keys[0]?.key.toString('base64url'),
    ]
    assert.equal(new Set(all).size, 4)
  })

  it('sign with the current key and verify with earlier ones (TOK-6)', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    const ed = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
    const { keys } = complete({
      ...production,
      JWT_SECRET: successor,
      JWT_PREVIOUS_SECRETS: secret,
      JWT_ALGORITHM: 'EdDSA',
      JWT_PRIVATE_KEY: String(ed).replaceAll('\n', '\\n'),
      JWT_PREVIOUS_PRIVATE_KEYS: `${rsa}${ed}`,
    }).tokens
    const algorithms = keys.map(({ algorithm }) => algorithm)
    assert.deepEqual(algorithms, ['EdDSA', 'HS256', 'RS256', 'EdDSA'])
    assert.equal(keys[0].material, ed)
    assert.equal(keys[1]?.material, secret)
    assert.equal(keys[2]?.material, rsa)
    assert.ok(!keys.some(({ material }) => material === successor), 'the secret is no key when keys are asymmetric')
  })

  it('refuse keys of another kind than the algorithm', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    const env = { ...production, JWT_SECRET: secret, JWT_PRIVATE_KEY: String(weak) }
    for (const JWT_ALGORITHM of ['RS256', 'EdDSA']) {
      assert.throws(() => complete({ ...env, JWT_ALGORITHM }), /JWT_PRIVATE_KEY must be an? (?:RSA|Ed25519) key/)
    }
    const earlier = { ...production, JWT_SECRET: secret, JWT_PREVIOUS_PRIVATE_KEYS: String(weak) }
    assert.throws(() => complete(earlier), /JWT_PREVIOUS_PRIVATE_KEYS must hold/)
  })

  it('still open what an earlier secret closed (CFG-1)', () => {
    const before = complete({ ...production, JWT_SECRET: secret })
    const rotated = complete({ ...production, JWT_SECRET: successor, JWT_PREVIOUS_SECRETS: secret })
    const own = complete({
      ...production,
      JWT_SECRET: secret,
      DATA_ENCRYPTION_KEY: 'n0Yq3pV7mX2sLk9RtZ4cBw8HdJf6GaUe1KoViTyQrMs=',
    })
    const id = before.encryption.keys[0]?.id
    assert.notEqual(rotated.encryption.keys[0]?.id, id)
    assert.ok(rotated.encryption.keys.some((key) => key.id === id))
    assert.notEqual(own.encryption.keys[0]?.id, id)
    assert.ok(own.encryption.keys.some((key) => key.id === id))
  })
})

function output(source: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve(text) : reject(new Error(`exit ${code}`))))
  })
}
