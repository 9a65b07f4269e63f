// Completes the secrets: what is not set is derived, or in development made once and kept under DATA_DIR.
import { createHash, hkdfSync, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import type { Settings } from './derive.ts'
import { ConfigurationError } from './faults.ts'
import { makePrivateKey, type SigningKey, signingAlgorithm } from './keys.ts'

/** A key that encrypts data: `id` stands beside what it closed, so that the right one opens it again. */
export interface DataKey {
  id: string
  /** 32 bytes. */
  key: Buffer
}

/** The whole configuration, every secret in place. */
export type Config = Omit<Settings, 'tokens' | 'database' | 'encryption'> & {
  /** The first key signs, all verify. */
  tokens: Settings['tokens'] & { secret: string; refreshSecret: string; keys: [SigningKey, ...SigningKey[]] }
  /** `appPassword` is for the application role when DATABASE_APP_URL does not bring its own. */
  database: Settings['database'] & { appPassword: string }
  /** The first key closes, all open. */
  encryption: { keys: readonly DataKey[] }
}

/**
 * Completes the secrets. In development and tests, missing ones are made on first start and kept in `<DATA_DIR>/secrets`,
 * one file each, readable by the owner only; two processes that start together end up with the same ones.
 * @throws ConfigurationError when the folder cannot be written or a kept secret cannot be read.
 */
export function ensureSecrets(settings: Settings): Config {
  const { tokens, database, encryption, app } = settings
  const kept: Keep = (name, variable, make) => keep(app.dataDir, name, variable, make)
  const randomSecret = () => randomBytes(48).toString('base64url')
  const secret = tokens.secret ?? kept('jwt-secret', 'JWT_SECRET', randomSecret)
  // A key of its own outlives a change of JWT_SECRET; production may leave it to be derived, and then keeps the earlier secrets' keys too.
  const dataKey =
    encryption.key ??
    (app.strict
      ? undefined
      : kept('data-encryption-key', 'DATA_ENCRYPTION_KEY', () => randomBytes(32).toString('base64')))
  const given = [dataKey, ...encryption.previousKeys]
    .filter((key) => key !== undefined)
    .map((key) => Buffer.from(key, 'base64'))
  const derived = [secret, ...tokens.previousSecrets].map((from) => deriveKey(from, 'data encryption'))
  return Object.freeze({
    ...settings,
    tokens: Object.freeze({
      ...tokens,
      secret,
      keys: signingKeys(tokens, secret, kept),
      refreshSecret: tokens.refreshSecret ?? deriveKey(secret, 'refresh tokens').toString('base64url'),
    }),
    database: Object.freeze({
      ...database,
      appPassword: deriveKey(secret, 'database application role').toString('base64url'),
    }),
    encryption: Object.freeze({ keys: Object.freeze([...given, ...derived].map((key) => ({ id: keyId(key), key }))) }),
  })
}

type Keep = (name: string, variable: string, make: () => string) => string

function signingKeys(tokens: Settings['tokens'], secret: string, kept: Keep): [SigningKey, ...SigningKey[]] {
  const { algorithm, privateKey, previousSecrets, previousPrivateKeys } = tokens
  const material =
    algorithm === 'HS256'
      ? secret
      : (privateKey ?? kept(`jwt-${algorithm.toLowerCase()}.pem`, 'JWT_PRIVATE_KEY', () => makePrivateKey(algorithm)))
  return [
    { algorithm, material },
    ...previousSecrets.map((earlier): SigningKey => ({ algorithm: 'HS256', material: earlier })),
    // The rules let only keys pass whose algorithm is known.
    ...previousPrivateKeys.map(
      (earlier): SigningKey => ({ algorithm: signingAlgorithm(earlier) ?? 'RS256', material: earlier }),
    ),
  ]
}

/** HKDF (RFC 5869) with SHA-256: one secret, as many independent keys as there are purposes. */
function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `ashlar ${purpose}`, 32))
}

function keyId(key: Buffer): string {
  return createHash('sha256').update('ashlar key id').update(key).digest('hex').slice(0, 8)
}

function keep(dataDir: string, name: string, variable: string, make: () => string): string {
  const folder = join(dataDir, 'secrets')
  const path = join(folder, name)
  try {
    // Only the secrets' own folder is shut: the embedded database may run as another user below DATA_DIR.
    mkdirSync(dataDir, { recursive: true })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return readKept(path) ?? create(path, make())
  } catch (error) {
    const { code, path: at = path, message } = error as NodeJS.ErrnoException
    if (code !== undefined) throw new ConfigurationError([{ name: 'DATA_DIR', message: closedTo(dataDir, code, at) }])
    throw new ConfigurationError([
      { name: variable, message: `is not set, and ${path} cannot be used instead: ${message}` },
    ])
  }
}

function closedTo(dataDir: string, code: string, at: string): string {
  return `is ${resolve(dataDir)}, where ${userName()} cannot write and read (${code} at ${at}): give the folder to this user, or set DATA_DIR to one of theirs`
}

function userName(): string {
  try {
    return `the user ${userInfo().username}`
  } catch {
    // A container's user need not have a name.
    return `the user with the id ${process.getuid?.()}`
  }
}

function readKept(path: string): string | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  if (text.length < 32) throw new Error('the file is damaged')
  return path.endsWith('.pem') ? `${text}\n` : text
}

/** Writes the whole file aside and links it into place: a link never replaces, so the first process wins and all read its secret. */
function create(path: string, secret: string): string {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const file = openSync(aside, 'wx', 0o600)
  try {
    writeSync(file, `${secret.trim()}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  try {
    linkSync(aside, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(aside)
  }
  const kept = readKept(path)
  if (kept === undefined) throw new Error('the file went away')
  return kept
}
