// What people do with their own second factors. Each change ends their other sessions, is audited and told by mail.
import { renderSVG } from 'uqr'
import type { Actor, AdminActor, UserActor } from '../../../../core/actor.ts'
import { newId } from '../../../../core/ids.ts'
import { normalizeName } from '../../../../core/text.ts'
import type { Tx } from '../../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../../drivers/http/index.ts'
import { wrongPassword } from '../../passwords/index.ts'
import { tenantOfRecord } from '../../tenants/index.ts'
import { userErrors } from '../../users/index.ts'
import { mfaErrors } from '../mfa.errors.ts'
import * as queries from '../mfa.queries.ts'
import {
  type Confirmed,
  type Enroll,
  type Enrolling,
  type Factor,
  MAX_FACTORS,
  type MfaState,
  toFactor,
} from '../mfa.schema.ts'
import { hashOfCode, newRecoveryCodes } from '../recovery-codes.ts'
import { matchingStep, newTotpSecret, otpauthUri } from '../totp.ts'
import { accountOf, type MfaParts, notify, sealContext } from './parts.ts'
import type { Proving } from './proving.ts'
import type { Requirements } from './requirement.ts'

export interface Factors {
  state(actor: UserActor): Promise<MfaState>
  list(actor: UserActor): Promise<Factor[]>
  /** Begins an enrolment, in the place of one that still waits. */
  enroll(actor: UserActor, sent: Enroll): Promise<Enrolling>
  /** Ends an enrolment by its first code; with the first authenticator come the recovery codes. */
  confirm(actor: UserActor, sent: { id?: string; code: string }, facts: RequestFacts): Promise<Confirmed>
  rename(actor: UserActor, id: string, name: string, facts: RequestFacts): Promise<Factor>
  /** Removes an authenticator; with the last one go the recovery codes. */
  remove(actor: UserActor, id: string, facts: RequestFacts): Promise<void>
  /** Removes all of them. */
  disable(actor: UserActor, facts: RequestFacts): Promise<void>
  /** New recovery codes in the place of the old ones. */
  renewRecoveryCodes(actor: UserActor, facts: RequestFacts): Promise<string[]>
  /**
   * Takes all second factors from an account whose owner has lost them, ends its sessions and tells its owner. Throws
   * `users.not_found`, or `mfa.not_enrolled` when there was none.
   */
  resetByAdmin(by: AdminActor, userId: string, facts: RequestFacts): Promise<void>
  /** Takes every second factor from an account in the transaction; the caller holds it. Answers how many there were. */
  forget(tx: Tx, userId: string): Promise<number>
}

export function createFactors(parts: MfaParts, proving: Proving, { requirementOf }: Requirements): Factors {
  const { database, audit, clock, sealer, throttle, hashing, sessions, tenants, users, options } = parts

  function record(
    tx: Tx,
    actor: Actor,
    deed: { userId: string; action: string; changes?: object },
    facts: RequestFacts,
  ) {
    const { userId: targetId, action, changes } = deed
    audit.record(
      tx,
      actor,
      { action, targetType: 'user', targetId, ...(changes && { changes: { ...changes } }) },
      facts,
    )
  }

  async function forget(tx: Tx, userId: string): Promise<number> {
    await queries.removeChallenges(tx, userId)
    return queries.removeAll(tx, userId)
  }

  async function mustKnowPassword(userId: string, password: string): Promise<void> {
    const account = await accountOf(parts, database.global, userId)
    const isRight = await throttle.attempt(account.email, () => hashing.verify(password, account.password))
    if (!isRight) throw wrongPassword('password')
  }

  async function issueCodes(tx: Tx, userId: string): Promise<string[]> {
    const codes = newRecoveryCodes()
    await queries.removeCodes(tx, userId)
    await queries.addCodes(tx, userId, codes.map(hashOfCode))
    return codes
  }

  /** The code of a new authenticator: that it works, as the owner's own session says. */
  async function activate(tx: Tx, actor: UserActor, { id, code }: { id: string; code: string }, facts: RequestFacts) {
    const { userId } = actor
    // Sign-ins wait: none of them opens a session that is not asked for the new factor and does not end below.
    await users.lock(tx, userId)
    const pending = await queries.findPending(tx, userId, id)
    const step = pending && matchingStep(sealer.open(pending.secret, sealContext(id)), code, clock.now())
    const row = step === undefined ? undefined : await queries.confirm(tx, userId, id, step)
    if (!row) return undefined
    const first = (await queries.list(tx, userId)).length === 1
    const recoveryCodes = first ? await issueCodes(tx, userId) : undefined
    await sessions.endAll(tx, [userId], 'second factor added', actor.sessionId)
    await sessions.prove(tx, actor.sessionId!, ['pwd', 'otp', 'mfa'])
    await notify(parts, tx, await accountOf(parts, tx, userId), 'mfa_enabled', facts)
    record(tx, actor, { userId, action: 'mfa.enroll', changes: { factor: id, name: row.name } }, facts)
    return { factor: toFactor(row), ...(recoveryCodes && { recoveryCodes }) }
  }

  /** After a removal: the other sessions end, and without any factor the recovery codes are worth nothing. */
  async function removed(tx: Tx, actor: UserActor, facts: RequestFacts, changes: object): Promise<void> {
    const { userId } = actor
    if (!(await queries.isEnrolled(tx, userId))) await queries.removeAll(tx, userId)
    await queries.removeChallenges(tx, userId)
    await sessions.endAll(tx, [userId], 'second factor removed', actor.sessionId)
    await notify(parts, tx, await accountOf(parts, tx, userId), 'mfa_disabled', facts)
    record(tx, actor, { userId, action: 'mfa.remove', changes }, facts)
  }

  return {
    async state({ userId, tenantId }) {
      const db = database.global
      const membership = await tenants.membershipOf(database.tenant(tenantId), userId)
      const [factors, recoveryCodesLeft, requirement] = await Promise.all([
        queries.list(db, userId),
        queries.codesLeft(db, userId),
        membership && requirementOf(tenantId, userId, membership.joinedAt),
      ])
      return {
        enrolled: factors.length > 0,
        factors: factors.map(toFactor),
        recoveryCodesLeft,
        required: requirement !== undefined,
        requiredBy: requirement?.by ?? null,
        until: requirement ? new Date(requirement.until).toISOString() : null,
      }
    },

    list: async ({ userId }) => (await queries.list(database.global, userId)).map(toFactor),

    async enroll({ userId, tenantId }, { name: sentName = 'Authenticator', password }) {
      const name = normalizeName(sentName, 'name')
      if (password !== undefined) await mustKnowPassword(userId, password)
      const secret = newTotpSecret()
      const id = newId()
      return database.inTenant(tenantId, async (tx) => {
        await users.lock(tx, userId)
        if ((await queries.list(tx, userId)).length >= MAX_FACTORS) throw mfaErrors('mfa.too_many')
        const { email } = await accountOf(parts, tx, userId)
        const row = { id, userId, name, secret: sealer.seal(secret, sealContext(id)) }
        const expiresAt = await queries.putPending(tx, row)
        const uri = otpauthUri({ issuer: options.issuer, account: email, secret })
        return { id, secret, otpauthUri: uri, qrSvg: renderSVG(uri, { border: 4 }), expiresAt: expiresAt.toISOString() }
      })
    },

    async confirm(actor, sent, facts) {
      const account = await accountOf(parts, database.global, actor.userId)
      // Who knows of no such enrolment is told so, and costs no guess.
      const pending = await queries.findPending(database.global, actor.userId, sent.id)
      if (!pending) throw mfaErrors('mfa.not_found')
      let confirmed: Confirmed | undefined
      const check = async () => {
        confirmed = await database.inTenant(actor.tenantId, (tx) =>
          activate(tx, actor, { id: pending.id, code: sent.code }, facts),
        )
        return confirmed !== undefined
      }
      if (!(await proving.counted(account, check, facts)) || !confirmed) throw wrongCode('code')
      return confirmed
    },

    async rename(actor, id, sentName, facts) {
      const name = normalizeName(sentName, 'name')
      return database.inTenant(actor.tenantId, async (tx) => {
        const row = await queries.rename(tx, actor.userId, id, name)
        if (!row) throw mfaErrors('mfa.not_found')
        record(tx, actor, { userId: actor.userId, action: 'mfa.rename', changes: { factor: id, name } }, facts)
        return toFactor(row)
      })
    },

    async remove(actor, id, facts) {
      await database.inTenant(actor.tenantId, async (tx) => {
        // Of two removals at once the second sees that no factor is left.
        await users.lock(tx, actor.userId)
        const gone = await queries.remove(tx, actor.userId, id)
        if (!gone) throw mfaErrors('mfa.not_found')
        await removed(tx, actor, facts, { factor: id, name: gone.name })
      })
    },

    async disable(actor, facts) {
      await database.inTenant(actor.tenantId, async (tx) => {
        await users.lock(tx, actor.userId)
        const count = await queries.removeAll(tx, actor.userId)
        if (count === 0) throw mfaErrors('mfa.not_enrolled')
        await removed(tx, actor, facts, { factors: count })
      })
    },

    renewRecoveryCodes: (actor, facts) =>
      database.inTenant(actor.tenantId, async (tx) => {
        const { userId } = actor
        await users.lock(tx, userId)
        if (!(await queries.isEnrolled(tx, userId))) throw mfaErrors('mfa.not_enrolled')
        const codes = await issueCodes(tx, userId)
        await sessions.endAll(tx, [userId], 'recovery codes renewed', actor.sessionId)
        await notify(parts, tx, await accountOf(parts, tx, userId), 'recovery_codes_renewed', facts)
        record(tx, actor, { userId, action: 'mfa.recovery_codes' }, facts)
        return codes
      }),

    forget,

    async resetByAdmin(by, userId, facts) {
      const account = await users.credentials(database.global, userId)
      if (!account) throw userErrors('users.not_found')
      await database.inTenant(tenantOfRecord(account), async (tx) => {
        // Sign-ins wait: none of them opens a session that does not end below.
        await users.lock(tx, userId)
        const count = await forget(tx, userId)
        if (count === 0) throw mfaErrors('mfa.not_enrolled')
        await sessions.endAll(tx, [userId], 'second factor reset')
        await users.resetAccess(tx, userId)
        await notify(parts, tx, account, 'mfa_disabled', facts)
        record(tx, by, { userId, action: 'mfa.reset', changes: { factors: count } }, facts)
      })
    },
  }
}

/** The refusal of a code in a session, which stays as it is: no 401. */
export function wrongCode(field: 'code' | 'recoveryCode') {
  const problem = mfaErrors('mfa.wrong_code')
  problem.fields.push({ in: 'body', path: field, code: 'wrong', message: problem.message })
  return problem
}
