// Signing keys: what a private key signs with, and new ones.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'

/** What signs access tokens: a secret for HS256, else a private key in PEM form. */
export interface SigningKey {
  algorithm: 'HS256' | 'RS256' | 'EdDSA'
  material: string
}

/** The algorithm that a private key signs with, or undefined when it is none of ours or too short. */
export function signingAlgorithm(pem: string): 'RS256' | 'EdDSA' | undefined {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(pem)
    if (asymmetricKeyType === 'ed25519') return 'EdDSA'
    return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? 'RS256' : undefined
  } catch {
    return undefined
  }
}

/** A new private key in PEM form. */
export function makePrivateKey(algorithm: 'RS256' | 'EdDSA'): string {
  const { privateKey } =
    algorithm === 'RS256' ? generateKeyPairSync('rsa', { modulusLength: 3072 }) : generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
