// Access tokens: JWT (RFC 7519) in the form of RFC 9068, signed by one algorithm a key, verified by exact header.
import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { createSigner, createVerifier } from 'fast-jwt'
import { CLOCK_TOLERANCE_MS, type Clock } from '../../../core/clock.ts'

export type Realm = 'user' | 'admin'

export interface AccessClaims {
  /** The user or admin. */
  sub: string
  /** The session. */
  sid: string
  /** The tenant chosen at sign-in; absent for admins. */
  tid?: string
  iat: number
  exp: number
  /** When the person last proved a secret (OpenID Connect's auth_time), in seconds. */
  auth_time: number
  /** By what the person proved themselves (RFC 8176). */
  amr?: string[]
  /** Who acts in the subject's name (RFC 8693, 4.1). */
  act?: { sub: string }
}

export interface SigningKey {
  algorithm: 'HS256' | 'RS256' | 'EdDSA'
  /** A shared secret for HS256; for the others a private key in PEM, or a public one that only verifies. */
  material: string
}

export interface AccessTokens {
  sign(realm: Realm, claims: AccessClaims): string
  /** The claims of a valid token, or undefined: never why. */
  verify(realm: Realm, token: string): AccessClaims | undefined
  /** The public keys as a JWK Set (RFC 7517); empty with a shared secret. */
  jwks(): { keys: JsonWebKey[] }
}

const KEPT_TOKENS = 20_000
const AUDIENCE: Record<Realm, string> = { user: 'ashlar', admin: 'ashlar-admin' }

interface Key {
  header: string
  /** Absent where only the public half is known. */
  sign: Record<Realm, (claims: object) => string> | undefined
  verify: Record<Realm, (token: string) => AccessClaims>
  jwk: JsonWebKey | undefined
}

/** The first key signs; all of them verify, so that a key can be replaced without signing anyone out. */
export function createAccessTokens({
  issuer,
  keys,
  clock,
}: {
  issuer: string
  keys: readonly [SigningKey, ...SigningKey[]]
  /** The one by which all nodes judge what has ended. */
  clock: Clock
}): AccessTokens {
  const prepared = keys.map((key) => prepare(key, issuer))
  const byHeader = new Map(prepared.map((key) => [key.header, key]))
  const sign = prepared[0]?.sign
  if (!sign) throw new Error('The first key must be able to sign.')
  // Signatures that were found right: a token is sent with every request of its quarter of an hour.
  const verified: Record<Realm, Map<string, AccessClaims>> = { user: new Map(), admin: new Map() }
  const isOver = ({ exp }: AccessClaims) => !(exp * 1000 + CLOCK_TOLERANCE_MS > clock.now())

  return {
    sign: (realm, claims) => sign[realm](claims),
    verify(realm, token) {
      const known = verified[realm].get(token)
      if (known) return isOver(known) ? undefined : known
      // Only headers that our own keys write are accepted, byte for byte: no algorithm, key or extension of the sender's choice.
      const key = byHeader.get(token.slice(0, token.indexOf('.')))
      if (!key || !isCanonical(token)) return undefined
      try {
        const claims = key.verify[realm](token)
        if (isOver(claims)) return undefined
        if (verified[realm].size >= KEPT_TOKENS) verified[realm].delete(verified[realm].keys().next().value!)
        verified[realm].set(token, claims)
        return claims
      } catch {
        return undefined
      }
    },
    jwks: () => ({ keys: prepared.flatMap((key) => (key.jwk ? [key.jwk] : [])) }),
  }
}

function prepare({ algorithm, material }: SigningKey, issuer: string): Key {
  const publicKey = algorithm === 'HS256' ? undefined : createPublicKey(material)
  const publicPem = publicKey?.export({ type: 'spki', format: 'pem' }).toString()
  const kid = createHash('sha256')
    .update(publicPem ?? `kid:${material}`)
    .digest('base64url')
    .slice(0, 16)
  const header = { alg: algorithm, typ: 'at+jwt', kid }
  const signer = (realm: Realm) => createSigner({ key: material, algorithm, header, iss: issuer, aud: AUDIENCE[realm] })
  const verifier = (realm: Realm) =>
    createVerifier({
      key: publicPem ?? material,
      algorithms: [algorithm],
      allowedIss: issuer,
      allowedAud: AUDIENCE[realm],
      requiredClaims: ['sub', 'sid', 'iat', 'exp', 'auth_time'],
      ignoreExpiration: true,
    })
  const signs = algorithm === 'HS256' || material.includes('PRIVATE KEY')
  return {
    // The bytes that fast-jwt writes for this header.
    header: Buffer.from(JSON.stringify(header)).toString('base64url'),
    sign: signs ? { user: signer('user'), admin: signer('admin') } : undefined,
    verify: { user: verifier('user'), admin: verifier('admin') },
    jwk: publicKey && publicJwk(publicKey, kid, algorithm),
  }
}

function publicJwk(key: KeyObject, kid: string, algorithm: string): JsonWebKey {
  return { ...key.export({ format: 'jwk' }), kid, use: 'sig', alg: algorithm }
}

// Base64url has several spellings of one signature (unused bits of the last character): only the canonical one passes.
function isCanonical(token: string): boolean {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return false
  const signature = token.slice(token.lastIndexOf('.') + 1)
  return Buffer.from(signature, 'base64url').toString('base64url') === signature
}
