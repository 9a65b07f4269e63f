// The secret side of accounts, for the modules that sign people in.
import { type Executor, type Tx, violates } from '../../../../drivers/database/index.ts'
import * as queries from '../users.queries.ts'
import type { UserParts } from './parts.ts'

export interface CredentialStore {
  /** The account that an address or a username signs in to; deleted ones do not exist here. */
  findForSignIn(identifier: string): Promise<queries.Credentials | undefined>
  credentials(db: Executor, id: string): Promise<queries.Credentials | undefined>
  /**
   * Writes a hash that the caller made before its transaction, from the version that it had read; false when the password or
   * the account changed since.
   */
  setPassword(tx: Tx, id: string, hash: string, passwordVersion: string): Promise<boolean>
  /** Makes the account's links and personal access tokens void, and sign-ins that wait for their second step. */
  resetAccess(tx: Tx, id: string): Promise<void>
  /** Keeps the same password under a better hash. */
  upgradeHash(id: string, from: string, password: string): Promise<void>
  /**
   * Writes down a sign-in with the password of that version; undefined for an account made in this transaction. False when
   * the account may not sign in (any more).
   */
  markSignIn(tx: Tx, id: string, passwordVersion: string | undefined): Promise<boolean>
  markVerified(tx: Tx, id: string): Promise<void>
  /** Nobody signs in to the account, and nobody else changes it, until the transaction ends. */
  lock(tx: Tx, id: string): Promise<void>
  /** Gives the account another address, which counts as verified; false when somebody else has it: the transaction must end then. */
  setAddress(tx: Tx, id: string, email: string): Promise<boolean>
}

export function createCredentialStore({ database, hashing }: UserParts): CredentialStore {
  return {
    findForSignIn: (identifier) => queries.findByIdentifier(database.global, identifier.normalize('NFKC').trim()),
    credentials: queries.findCredentials,
    setPassword: queries.setPassword,
    resetAccess: (tx, id) => queries.resetAccess(tx, [id]),
    upgradeHash: async (id, from, password) =>
      queries.upgradeHash(database.global, id, from, await hashing.hash(password)),
    markSignIn: queries.markSignIn,
    markVerified: queries.markVerified,
    lock: queries.lock,
    async setAddress(tx, id, email) {
      try {
        return (await queries.setAddress(tx, id, email)) > 0
      } catch (error) {
        if (violates(error, 'users_email_key')) return false
        throw error
      }
    },
  }
}
