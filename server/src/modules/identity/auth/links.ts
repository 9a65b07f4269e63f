// One-time secrets that are sent by mail: random, kept as a hash, used once, ended by the next one.
import { hashOfSecret, newId, newSecret } from '../../../core/ids.ts'
import type { Executor, Tx } from '../../../drivers/database/index.ts'
import * as queries from './links.queries.ts'

export type LinkPurpose = 'reset' | 'verify' | 'change'

export interface Links {
  /** Makes a secret for an address of the account, for `change` the new one, and ends the earlier ones of that purpose. */
  make(tx: Tx, purpose: LinkPurpose, user: { id: string; email: string }, lifeSeconds: number): Promise<string>
  /** Whose secret it is, without using it up. */
  peek(db: Executor, purpose: LinkPurpose, secret: string): Promise<queries.LinkRow | undefined>
  /** Uses it up: of concurrent callers one gets the row. */
  use(tx: Tx, purpose: LinkPurpose, secret: string): Promise<queries.LinkRow | undefined>
  /** Ends every open secret of the account. */
  endAll(tx: Tx, userId: string, purpose: LinkPurpose): Promise<void>
}

export const links: Links = {
  async make(tx, purpose, user, lifeSeconds) {
    const secret = newSecret()
    await queries.endAll(tx, user.id, purpose)
    await queries.insert(tx, {
      id: newId(),
      userId: user.id,
      purpose,
      tokenHash: hashOfSecret(secret),
      email: user.email,
      lifeSeconds,
    })
    return secret
  },
  peek: (db, purpose, secret) => queries.findOpen(db, purpose, hashOfSecret(secret)),
  use: (tx, purpose, secret) => queries.use(tx, purpose, hashOfSecret(secret)),
  endAll: queries.endAll,
}
