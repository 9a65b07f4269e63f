// Sessions: one signed-in device each, its access tokens and its family of refresh tokens.
import type { AdminActor, UserActor } from '../../../core/actor.ts'
import { requestErrors } from '../../../core/errors.ts'
import { newId, newSecret } from '../../../core/ids.ts'
import { ACTORS_CHANGED } from '../../../core/topics.ts'
import type { Bus } from '../../../drivers/bus/index.ts'
import type { Database, Tx } from '../../../drivers/database/index.ts'
import type { RequestFacts } from '../../../drivers/http/index.ts'
import type { Audit } from '../../foundation/audit/index.ts'
import type { AccessClaims, AccessTokens, Realm } from './access-tokens.ts'
import { deviceKind, deviceName } from './devices.ts'
import { createLives, type LifeReader } from './lives.ts'
import { parseRefreshToken, type RefreshToken, type RefreshTokens } from './refresh-tokens.ts'
import { sessionErrors } from './sessions.errors.ts'
import * as queries from './sessions.queries.ts'
import { type Session, toSession } from './sessions.schema.ts'

export type { SessionRow } from './sessions.queries.ts'

export interface SessionOptions {
  accessSeconds: number
  /** Life of access tokens given on the HaloLight base. */
  halolightAccessSeconds: number
  absoluteSeconds: number
  idleSeconds: number
  graceSeconds: number
  maxSessions: number
  /** Sessions of the back-office realm live shorter. */
  admin: { absoluteSeconds: number; idleSeconds: number }
}

export interface TokenPair {
  accessToken: string
  refreshToken: string
  /** End of the access token's life. */
  expiresAt: string
  expiresIn: number
}

export interface Refreshed extends TokenPair {
  ownerId: string
  tenantId: string | null
}

export interface RefreshSteps {
  /** The tenant in which the session goes on: its own one may be gone, or its owner be no member any more. */
  tenantFor(session: queries.SessionRow): Promise<string | null>
  /** Runs in the transaction that ends a session whose token was replayed. */
  onReplay(tx: Tx, session: queries.SessionRow): Promise<void>
}

export interface Sessions {
  /**
   * Opens a session in the caller's transaction, by the password where `amr` says nothing else; the oldest beyond the limit ends.
   * `newDevice` is what its owner, who signed in before, never used.
   */
  open(
    tx: Tx,
    owner: { realm: Realm; id: string; tenantId: string | null; amr?: readonly string[] },
    facts: RequestFacts,
  ): Promise<TokenPair & { sessionId: string; newDevice: string | undefined }>
  /** Opens a session in a user's name. It has no refresh token and ends after these seconds. */
  impersonate(
    tx: Tx,
    impersonation: { adminId: string; userId: string; reason: string; seconds: number },
    facts: RequestFacts,
  ): Promise<Omit<TokenPair, 'refreshToken'> & { sessionId: string }>
  /** Sessions in others' names, newest first, ended ones included unless only live ones are wanted. */
  impersonations(
    filter: { live: boolean },
    limit: number,
    offset: number,
  ): Promise<{ rows: queries.ImpersonationRow[]; total: number }>
  /** Ends a session in another's name inside the caller's transaction; false when it was not live. */
  endImpersonation(tx: Tx, id: string): Promise<boolean>
  /** Rotates. A replayed token outside its grace time ends the session. */
  refresh(realm: Realm, token: string, facts: RequestFacts, steps: RefreshSteps): Promise<Refreshed>
  /** A new access token of a live session, for another tenant. */
  switchTenant(tx: Tx, session: queries.SessionRow, tenantId: string, facts: RequestFacts): Promise<TokenPair>
  /** Writes down in the caller's transaction that the owner proved a secret now; answers when, and nothing when the session has ended. */
  prove(tx: Tx, id: string, amr?: readonly string[]): Promise<Date | undefined>
  verify(realm: Realm, accessToken: string): AccessClaims | undefined
  findLive(id: string): Promise<queries.SessionRow | undefined>
  /**
   * Throws `access.unauthenticated` when the caller's session has ended. For what gives lasting access, in its transaction, once
   * the account is locked: whoever ends sessions locks it too.
   */
  mustBeLive(tx: Tx, actor: UserActor): Promise<void>
  /** The session with the ends that it has in a tenant, which may be earlier; undefined when they have passed. */
  within(session: queries.SessionRow, tenantId: string | null): Promise<queries.SessionRow | undefined>
  touch(realm: Realm, id: string): Promise<void>
  list(actor: UserActor): Promise<Session[]>
  /** Ends one of the caller's own sessions. */
  end(actor: UserActor | AdminActor, id: string, facts: RequestFacts): Promise<void>
  /** Ends every session of these owners inside the caller's transaction, but `except`. */
  endAll(tx: Tx, ownerIds: readonly string[], reason: string, except?: string): Promise<void>
}

export interface SessionParts {
  database: Pick<Database, 'global' | 'inTenant' | 'inGlobal'>
  bus: Bus
  audit: Audit
  accessTokens: AccessTokens
  refreshTokens: RefreshTokens
  options: SessionOptions
  lifeIn: LifeReader
}

export function createSessions(parts: SessionParts): Sessions {
  const { database, bus, audit, accessTokens, refreshTokens, options } = parts
  const lives = createLives(options, parts.lifeIn)

  function pairFor(session: queries.SessionRow, facts: RequestFacts, generation = session.generation): TokenPair {
    const now = Math.floor(session.readAt.getTime() / 1000)
    const standard = facts.base === 'halolight' ? options.halolightAccessSeconds : options.accessSeconds
    // What cannot be refreshed lives as long as its session, which is short. No token outlives its session.
    const life = session.impersonatorId === null ? standard : Number.POSITIVE_INFINITY
    const expires = Math.min(now + life, Math.floor(session.expiresAt.getTime() / 1000))
    const claims: AccessClaims = {
      sub: (session.userId ?? session.adminId)!,
      sid: session.id,
      ...(session.tenantId && { tid: session.tenantId }),
      iat: now,
      exp: expires,
      auth_time: Math.floor(session.authenticatedAt.getTime() / 1000),
      amr: session.amr,
      ...(session.impersonatorId && { act: { sub: `admin:${session.impersonatorId}` } }),
    }
    return {
      accessToken: accessTokens.sign(session.realm, claims),
      refreshToken: refreshTokens.make(session.realm, session.id, session.nonce, generation),
      expiresAt: new Date(expires * 1000).toISOString(),
      expiresIn: expires - now,
    }
  }

  async function loseReplayed(
    presented: RefreshToken,
    session: queries.SessionRow,
    facts: RequestFacts,
    onReplay: RefreshSteps['onReplay'],
  ) {
    const ownerId = (session.userId ?? session.adminId)!
    await database.inTenant(session.tenantId ?? 'default', async (tx) => {
      if (!(await queries.revokeOne(tx, session.id, ownerId, 'refresh token replayed'))) return
      await bus.publish(tx, ACTORS_CHANGED, { sessionId: session.id })
      audit.record(
        tx,
        { kind: 'system', name: 'sessions' },
        {
          action: 'sessions.replay',
          targetType: 'session',
          targetId: session.id,
          changes: { ownerId, generation: presented.generation },
        },
        facts,
      )
      await onReplay(tx, session)
    })
  }

  return {
    async open(tx, owner, facts) {
      const session = await queries.insert(tx, {
        id: newId(),
        realm: owner.realm,
        ownerId: owner.id,
        tenantId: owner.tenantId,
        userAgent: facts.userAgent,
        device: deviceName(facts.userAgent),
        ip: facts.ip,
        nonce: newSecret(),
        amr: owner.amr ?? ['pwd'],
        ...(await lives.of(owner.realm, owner.tenantId, tx)),
      })
      const evicted = await queries.revokeBeyond(tx, owner.id, options.maxSessions)
      for (const { id } of evicted) await bus.publish(tx, ACTORS_CHANGED, { sessionId: id })
      const known = (await queries.devicesBefore(tx, owner.id, session!.id)).map(deviceKind)
      const isNew = known.length > 0 && !known.includes(deviceKind(session!.device))
      return {
        ...pairFor(session!, facts),
        sessionId: session!.id,
        newDevice: isNew ? session!.device : undefined,
      }
    },

    async impersonate(tx, { adminId, userId, reason, seconds }, facts) {
      const session = await queries.insert(tx, {
        id: newId(),
        realm: 'user',
        ownerId: userId,
        tenantId: tx.tenantId!,
        userAgent: facts.userAgent,
        device: deviceName(facts.userAgent),
        ip: facts.ip,
        nonce: newSecret(),
        absoluteSeconds: seconds,
        idleSeconds: seconds,
        impersonation: { adminId, reason },
      })
      const { refreshToken: _none, ...token } = pairFor(session!, facts)
      return { ...token, sessionId: session!.id }
    },

    impersonations: async (filter, limit, offset) => ({
      rows: await queries.listImpersonations(database.global, filter, limit, offset),
      total: await queries.countImpersonations(database.global, filter),
    }),

    endImpersonation: async (tx, id) => (await queries.revokeImpersonation(tx, id)) > 0,

    async refresh(realm, token, facts, { tenantFor, onReplay }) {
      const presented = parseRefreshToken(token)
      if (!presented) throw sessionErrors('sessions.refresh_invalid')
      const current = await queries.findForGrace(
        database.global,
        presented.sessionId,
        presented.generation,
        options.graceSeconds,
      )
      if (
        !current ||
        current.realm !== realm ||
        !refreshTokens.fits(realm, presented, current.nonce) ||
        current.impersonatorId !== null
      )
        throw sessionErrors('sessions.refresh_invalid')
      // A replayed token goes nowhere: it is not asked where.
      const valid = current.generation === presented.generation || current.graceful
      const tenantId = valid ? await tenantFor(current) : current.tenantId
      const served = await lives.within(current, tenantId)
      if (!served) throw sessionErrors('sessions.refresh_invalid')
      if (tenantId !== null && tenantId !== current.tenantId)
        await queries.setTenant(database.global, current.id, tenantId)
      const answer = (session: queries.SessionRow): Refreshed => ({
        ...pairFor({ ...session, tenantId, expiresAt: served.expiresAt }, facts, presented.generation + 1),
        ownerId: (session.userId ?? session.adminId)!,
        tenantId,
      })
      if (current.generation === presented.generation) {
        const rotated = await queries.rotate(
          database.global,
          current.id,
          presented.generation,
          options.graceSeconds,
          lives.standard(realm).idleSeconds,
        )
        if (rotated) return answer(rotated)
      } else if (current.graceful) {
        return answer(current)
      }
      // Somebody else rotated it between the two statements, a moment ago: that is within the grace time, or the session ended.
      const after = await queries.findForGrace(
        database.global,
        presented.sessionId,
        presented.generation,
        options.graceSeconds,
      )
      if (after?.graceful) return answer(after)
      if (!after || after.generation <= presented.generation) throw sessionErrors('sessions.refresh_invalid')
      await loseReplayed(presented, after, facts, onReplay)
      throw sessionErrors('sessions.refresh_reused')
    },

    async switchTenant(tx, session, tenantId, facts) {
      const served = await lives.within(session, tenantId, tx)
      if (!served) throw sessionErrors('sessions.too_old_for_tenant')
      await queries.setTenant(tx, session.id, tenantId)
      return pairFor({ ...served, tenantId }, facts)
    },

    async prove(tx, id, amr) {
      const session = await queries.prove(tx, id, amr)
      await bus.publish(tx, ACTORS_CHANGED, { sessionId: id })
      return session?.authenticatedAt
    },

    verify: accessTokens.verify,
    findLive: (id) => queries.findLive(database.global, id),
    async mustBeLive(tx, { sessionId }) {
      if (!sessionId || !(await queries.findLive(tx, sessionId))) throw requestErrors('access.unauthenticated')
    },
    within: lives.within,
    touch: async (realm, id) => void (await queries.touch(database.global, id, lives.standard(realm).idleSeconds)),

    async list(actor) {
      const rows = await queries.listLive(database.global, actor.userId)
      const served = await Promise.all(rows.map((row) => lives.within(row, row.tenantId)))
      return served.flatMap((row) => (row ? [toSession(row, actor.sessionId)] : []))
    },

    async end(actor, id, facts) {
      const ownerId = actor.kind === 'user' ? actor.userId : actor.adminId
      await database.inTenant(actor.kind === 'user' ? actor.tenantId : 'default', async (tx) => {
        if (!(await queries.revokeOne(tx, id, ownerId, 'ended by its owner'))) throw sessionErrors('sessions.not_found')
        await bus.publish(tx, ACTORS_CHANGED, { sessionId: id })
        audit.record(tx, actor, { action: 'sessions.end', targetType: 'session', targetId: id }, facts)
      })
    },

    async endAll(tx, ownerIds, reason, except) {
      await queries.revokeAll(tx, ownerIds, reason, except)
      await queries.deleteSharedTokens(tx, ownerIds)
      for (const ownerId of ownerIds) await bus.publish(tx, ACTORS_CHANGED, { userId: ownerId })
    },
  }
}
