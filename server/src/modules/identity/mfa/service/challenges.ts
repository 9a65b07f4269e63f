// Sign-ins whose password was right: an opaque token that is good for the second factor, once, and for nothing else.
import { createHash } from 'node:crypto'
import { newSecret } from '../../../../core/ids.ts'
import type { Executor, Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { Credentials } from '../../users/index.ts'
import * as queries from '../mfa.queries.ts'
import type { MfaRequired } from '../mfa.schema.ts'
import type { MfaParts } from './parts.ts'

export interface Challenges {
  isEnrolled(db: Executor, userId: string): Promise<boolean>
  /** Begins the second half of a sign-in to the transaction's tenant on the base of the request. */
  challenge(tx: Tx, account: Credentials, facts: RequestFacts): Promise<MfaRequired>
  /** The sign-in that a token belongs to; undefined when it is used, too old, or of another base. */
  findChallenge(token: string, facts: RequestFacts): Promise<queries.Challenge | undefined>
  /** Uses the token up: of many callers one gets true. */
  useChallenge(tx: Tx, token: string): Promise<boolean>
}

const LIFE_SECONDS = 300

export function createChallenges({ database }: MfaParts): Challenges {
  return {
    isEnrolled: queries.isEnrolled,

    async challenge(tx, account, facts) {
      const mfaToken = newSecret()
      const about = { userId: account.id, tenantId: tx.tenantId!, base: facts.base }
      const { passwordVersion } = account
      const expiresAt = await queries.addChallenge(tx, hashOf(mfaToken), { ...about, passwordVersion }, LIFE_SECONDS)
      const codes = await queries.codesLeft(tx, account.id)
      const methods: MfaRequired['methods'] = codes > 0 ? ['totp', 'recovery'] : ['totp']
      return { mfaRequired: true, mfaToken, methods, expiresAt: expiresAt.toISOString() }
    },

    async findChallenge(token, facts) {
      const found = await queries.findChallenge(database.global, hashOf(token))
      return found?.base === facts.base ? found : undefined
    },

    useChallenge: (tx, token) => queries.useChallenge(tx, hashOf(token)),
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
