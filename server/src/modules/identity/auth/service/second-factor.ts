// The second half of signing in, and proving oneself again within a session.
import type { UserActor } from '../../../../core/actor.ts'
import { invalidField, requestErrors } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { mustBeOne, wrongCode } from '../../mfa/index.ts'
import { wrongPassword } from '../../passwords/index.ts'
import type { TokenPair } from '../../sessions/index.ts'
import type { Credentials } from '../../users/index.ts'
import { authErrors } from '../auth.errors.ts'
import type { Reauthenticate, Reauthenticated, VerifyMfa } from '../auth.schema.ts'
import type { AuthParts } from './parts.ts'
import type { SignedIn, SignIn } from './sign-in.ts'

export interface SecondFactor {
  /** Ends a sign-in that the password began. */
  verifyMfa(body: VerifyMfa, facts: RequestFacts): Promise<SignedIn>
  /**
   * Renews the proof of who sits in the session: by a code where the account has a second factor, else by the password.
   * With a second factor its code alone is enough: no session of such an account exists that the password did not open too.
   */
  reauthenticate(actor: UserActor, body: Reauthenticate, facts: RequestFacts): Promise<Reauthenticated>
}

const TWO_FACTORS = ['pwd', 'otp', 'mfa'] as const

export function createSecondFactor(parts: AuthParts, signIn: SignIn): SecondFactor {
  const { database, audit, throttle, hashing, sessions, tenants, users, mfa, options } = parts

  /** Whose sign-in the token is, as everything stands now. Throws `auth.mfa_token_invalid`, never why. */
  async function open(token: string, facts: RequestFacts) {
    const challenge = await mfa.findChallenge(token, facts)
    if (!challenge) throw authErrors('auth.mfa_token_invalid')
    const [account, tenant, level] = await Promise.all([
      users.credentials(database.global, challenge.userId),
      tenants.find(facts.tenantChoice ?? challenge.tenantId),
      tenants.levelOf(database.tenant(challenge.tenantId), challenge.userId),
    ])
    const stands =
      account?.status === 'ACTIVE' &&
      account.passwordVersion === challenge.passwordVersion &&
      tenant?.id === challenge.tenantId
    if (!stands || !level) throw authErrors('auth.mfa_token_invalid')
    return { account, tenantId: tenant.id, level }
  }

  async function proveAgain(tx: Tx, actor: UserActor, facts: RequestFacts, amr?: readonly string[]): Promise<Date> {
    const at = await sessions.prove(tx, actor.sessionId!, amr)
    if (!at) throw requestErrors('access.unauthenticated')
    const deed = { action: 'auth.reauthenticate', targetType: 'session', targetId: actor.sessionId! }
    audit.record(tx, actor, deed, facts)
    return at
  }

  async function byPassword(actor: UserActor, account: Credentials, body: Reauthenticate, facts: RequestFacts) {
    const { password } = body
    if (password === undefined) throw invalidField('password', 'missing', 'Send your password.')
    if (!(await throttle.attempt(account.email, () => hashing.verify(password, account.password))))
      throw wrongPassword('password')
    return database.inTenant(actor.tenantId, (tx) => proveAgain(tx, actor, facts))
  }

  async function byCode(actor: UserActor, account: Credentials, body: Reauthenticate, facts: RequestFacts) {
    if (body.password !== undefined)
      throw invalidField('password', 'not_enough', 'This account has a second factor: send a code of it instead.')
    mustBeOne(body)
    let at: Date | undefined
    const check = async () => {
      at = await database.inTenant(actor.tenantId, async (tx) =>
        (await mfa.consume(tx, account, body, facts)) ? proveAgain(tx, actor, facts, TWO_FACTORS) : undefined,
      )
      return at !== undefined
    }
    if (!(await mfa.counted(account, check, facts)) || !at)
      throw wrongCode(body.code === undefined ? 'recoveryCode' : 'code')
    return at
  }

  return {
    async verifyMfa({ mfaToken, ...proof }, facts) {
      mustBeOne(proof)
      const { account, tenantId, level } = await open(mfaToken, facts)
      const admitted = { ...account, amr: TWO_FACTORS }
      let pair: TokenPair | undefined
      const check = async () => {
        pair = await database.inTenant(tenantId, async (tx) => {
          if (!(await mfa.consume(tx, account, proof, facts))) return undefined
          // Thrown, so that the code is not used up for a sign-in that is over.
          if (!(await mfa.useChallenge(tx, mfaToken))) throw authErrors('auth.mfa_token_invalid')
          return signIn.admit(tx, admitted, facts)
        })
        return pair !== undefined
      }
      if (!(await mfa.counted(account, check, facts)) || !pair) throw authErrors('auth.wrong_code')
      return signIn.answerOf(pair, admitted, { tenantId, level })
    },

    async reauthenticate(actor, body, facts) {
      const account = await users.credentials(database.global, actor.userId)
      if (!account) throw requestErrors('access.unauthenticated')
      const enrolled = await mfa.isEnrolled(database.global, actor.userId)
      const at = await (enrolled ? byCode : byPassword)(actor, account, body, facts)
      const freshUntil = new Date(at.getTime() + options.reauthenticationSeconds * 1000)
      return { authenticatedAt: at.toISOString(), freshUntil: freshUntil.toISOString() }
    },
  }
}
