// Signing in, refreshing and signing out.
import type { MembershipLevel, UserActor } from '../../../../core/actor.ts'
import { eitherOf, requestErrors } from '../../../../core/errors.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import type { Enrollment, MfaRequired } from '../../mfa/index.ts'
import type { SessionRow, TokenPair } from '../../sessions/index.ts'
import type { Credentials } from '../../users/index.ts'
import { authErrors } from '../auth.errors.ts'
import type { Login, Me } from '../auth.schema.ts'
import { createSecretCheck } from '../secrets.ts'
import type { MeReader } from './me.ts'
import type { AuthParts } from './parts.ts'

export interface SignIn {
  /** Tokens and profile; or, for an account with a second factor, what is to come. */
  login(body: Login, facts: RequestFacts): Promise<SignedIn | MfaRequired>
  refresh(token: string, facts: RequestFacts): Promise<TokenPair>
  /** Ends this session; on the HaloLight base all of them, as its documents say. */
  logout(actor: UserActor, facts: RequestFacts): Promise<void>
  logoutAll(actor: UserActor, facts: RequestFacts): Promise<void>
  /** Tokens for an account that has just proved itself; inside its own transaction. */
  admit(tx: Tx, account: Admitted, facts: RequestFacts): Promise<TokenPair>
  /** What a sign-in answers once its transaction is done. */
  answerOf(
    pair: TokenPair,
    account: Pick<Admitted, 'id' | 'amr'>,
    member: { tenantId: string; level: MembershipLevel },
  ): Promise<SignedIn>
}

/** An account whose secret was checked; without a version it was made in the same transaction. */
export interface Admitted extends Pick<Credentials, 'id' | 'email' | 'name' | 'locale'> {
  passwordVersion?: string
  /** By what it proved itself; by its password when left out. */
  amr?: readonly string[]
}

export interface SignedIn extends TokenPair {
  user: Me
  /** Present where a second factor is asked for and none was proved. */
  mfaEnrollment?: Enrollment
}

export function createSignIn(parts: AuthParts, me: MeReader): SignIn {
  const { database, audit, mail, hashing, sessions, tenants, roles, users, mfa, options } = parts
  const secrets = createSecretCheck(parts)

  async function checkSecret(identifier: string, password: string, facts: RequestFacts): Promise<Credentials> {
    const account = await secrets.check('user', { identifier, password, ip: facts.ip }, users.findForSignIn)
    if (hashing.isOutdated(account.password)) await users.upgradeHash(account.id, account.password, password)
    return account
  }

  /** Whether an address has to be confirmed before it signs in: everywhere, or where only some domains are accepted. */
  async function mustBeProved({ homeTenantId }: Credentials): Promise<boolean> {
    return options.requireEmailVerification || (homeTenantId !== null && (await tenants.asksForProof(homeTenantId)))
  }

  /** The tenant that the request names, or the account's home, or its oldest membership. */
  async function chooseTenant(
    account: Credentials,
    facts: Pick<RequestFacts, 'tenantChoice'>,
  ): Promise<{ id: string; level: MembershipLevel }> {
    const named = facts.tenantChoice === undefined ? undefined : await tenants.find(facts.tenantChoice)
    const wished = facts.tenantChoice === undefined ? account.homeTenantId : named?.id
    const level = wished ? await tenants.levelOf(database.tenant(wished), account.id) : undefined
    if (wished && level && (named ?? (await tenants.find(wished)))) return { id: wished, level }
    if (facts.tenantChoice !== undefined) throw requestErrors('access.tenant_not_found')
    const [oldest] = await tenants.ofUser(account.id)
    if (!oldest) throw authErrors('auth.no_tenant')
    return oldest
  }

  /** The session's own tenant while the person belongs to it; else the one that a new sign-in would choose. */
  async function tenantOfSession({ userId, tenantId }: SessionRow): Promise<string> {
    const own = tenantId && (await tenants.find(tenantId))
    if (own && (await tenants.levelOf(database.tenant(own.id), userId!))) return own.id
    const account = await users.credentials(database.global, userId!)
    if (!account) throw authErrors('auth.no_tenant')
    return (await chooseTenant(account, { tenantChoice: undefined })).id
  }

  async function admit(tx: Tx, account: Admitted, facts: RequestFacts): Promise<TokenPair> {
    // The account before its sessions, as whoever changes a password or a state does: sign-ins of one person take turns.
    const { amr = ['pwd'] } = account
    if (!(await users.markSignIn(tx, account.id, account.passwordVersion))) throw authErrors('auth.wrong_credentials')
    const pair = await sessions.open(tx, { realm: 'user', id: account.id, tenantId: tx.tenantId!, amr }, facts)
    if (pair.newDevice !== undefined) {
      await mail.send(tx, {
        template: 'new_device',
        to: { address: account.email, name: account.name },
        locale: account.locale,
        values: { name: account.name, device: pair.newDevice, ip: facts.ip },
      })
    }
    const changes = { base: facts.base, amr, ...(pair.newDevice !== undefined && { newDevice: true }) }
    audit.record(
      tx,
      { kind: 'user', userId: account.id, sessionId: pair.sessionId },
      { action: 'auth.login', targetType: 'session', targetId: pair.sessionId, changes },
      facts,
    )
    return pair
  }

  async function answerOf(
    pair: TokenPair,
    { id: userId, amr = ['pwd'] }: Pick<Admitted, 'id' | 'amr'>,
    { tenantId, level }: { tenantId: string; level: MembershipLevel },
  ): Promise<SignedIn> {
    const db = database.tenant(tenantId)
    const [permissions, membership] = await Promise.all([
      roles.permissionsOf(db, userId),
      tenants.membershipOf(db, userId),
    ])
    const enrollBy = membership && (await mfa.enrollBy({ tenantId, userId, joinedAt: membership.joinedAt }, amr))
    return {
      ...pair,
      user: await me.read({ userId, tenantId, level, permissions }),
      ...(enrollBy !== undefined && { mfaEnrollment: { required: true, until: new Date(enrollBy).toISOString() } }),
    }
  }

  return {
    admit,
    answerOf,

    async login(body, facts) {
      const identifier = eitherOf(eitherOf(body.email, body.username, 'username'), body.login, 'login')
      if (identifier === undefined) {
        throw requestErrors('request.invalid', {
          fields: [{ in: 'body', path: 'email', code: 'missing', message: 'Send an e-mail address or a username.' }],
        })
      }
      const account = await checkSecret(identifier, body.password, facts)
      if (account.emailVerifiedAt === null && (await mustBeProved(account))) throw authErrors('auth.email_unverified')
      const tenant = await chooseTenant(account, facts)
      const outcome = await database.inTenant(tenant.id, async (tx) => {
        // Whoever is just adding a second factor comes before or after: no session slips in without it.
        await users.lock(tx, account.id)
        return (await mfa.isEnrolled(tx, account.id)) ? mfa.challenge(tx, account, facts) : admit(tx, account, facts)
      })
      if ('mfaRequired' in outcome) return outcome
      return answerOf(outcome, account, { tenantId: tenant.id, level: tenant.level })
    },

    refresh: (token, facts) =>
      sessions.refresh('user', token, facts, {
        tenantFor: tenantOfSession,
        async onReplay(tx, session) {
          const account = await users.credentials(tx, session.userId!)
          if (!account) return
          const values = { name: account.name, device: session.device, ip: facts.ip }
          await mail.send(tx, {
            template: 'session_replayed',
            to: { address: account.email, name: account.name },
            locale: account.locale,
            values,
          })
        },
      }),

    async logout(actor, facts) {
      if (facts.base === 'halolight') return this.logoutAll(actor, facts)
      await sessions.end(actor, actor.sessionId!, facts)
    },

    async logoutAll(actor, facts) {
      await database.inTenant(actor.tenantId, async (tx) => {
        await sessions.endAll(tx, [actor.userId], 'signed out everywhere')
        audit.record(tx, actor, { action: 'sessions.end_all', targetType: 'user', targetId: actor.userId }, facts)
      })
    },
  }
}
