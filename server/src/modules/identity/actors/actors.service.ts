// Who is asking: from a credential to an actor, by way of one cache that every node forgets from at once.
import type { AdminActor, UserActor } from '../../../core/actor.ts'
import type { Clock } from '../../../core/clock.ts'
import { requestErrors } from '../../../core/errors.ts'
import { covers } from '../../../core/permission.ts'
import { ACTORS_CHANGED } from '../../../core/topics.ts'
import { type Bus, createCache } from '../../../drivers/bus/index.ts'
import type { Database } from '../../../drivers/database/index.ts'
import type { Authenticator, RequestFacts } from '../../../drivers/http/index.ts'
import type { Mfa } from '../mfa/index.ts'
import type { Roles } from '../roles/index.ts'
import { type SessionRow, type Sessions, sessionErrors } from '../sessions/index.ts'
import type { Tenants } from '../tenants/index.ts'
import { isPersonalToken, type PersonalTokens } from '../tokens/index.ts'
import type { Users } from '../users/index.ts'

export interface ActorParts {
  database: Pick<Database, 'global' | 'tenant'>
  bus: Bus
  clock: Clock
  sessions: Pick<Sessions, 'verify' | 'findLive' | 'touch' | 'within'>
  personalTokens: Pick<PersonalTokens, 'resolve' | 'touch'>
  tenants: Pick<Tenants, 'find' | 'membershipOf'>
  users: Pick<Users, 'credentials'>
  roles: Pick<Roles, 'permissionsOf'>
  mfa: Pick<Mfa, 'enrollBy'>
  /** Whether an admin account may act; by the admins module's table. */
  isActiveAdmin(id: string): Promise<boolean>
}

export interface Actors extends Authenticator {
  /** The person as of now, where they may still come in and the session lives; for links that they made. */
  actorOf(userId: string, tenantId: string, sessionId: string): Promise<UserActor | undefined>
  /** The person as of now, where they may come in at all, without a session: for what stands as long as their rights do. */
  memberOf(userId: string, tenantId: string): Promise<UserActor | undefined>
}

export function createActors(parts: ActorParts): Actors {
  const { database, bus, clock, sessions, personalTokens, tenants, users, roles, mfa } = parts
  const cache = createCache<UserActor | AdminActor>({
    clock,
    believedMs: 30_000,
    maxEntries: 100_000,
    fresh: () => bus.connected(),
  })
  bus.subscribe(ACTORS_CHANGED, (message) => cache.forget(message))
  bus.onGap(() => cache.clear())

  const ends = new WeakMap<UserActor, number>()

  const refuse = (cause?: unknown) =>
    requestErrors('access.unauthenticated', {
      message: 'The access token is not valid or has ended. Sign in again.',
      cause,
    })

  async function loadUser(
    userId: string,
    tenantId: string,
    base: Pick<UserActor, 'sessionId' | 'tokenId' | 'authenticatedAt' | 'impersonatorId'>,
    session: Pick<SessionRow, 'amr' | 'impersonatorId'> | undefined,
  ): Promise<UserActor | undefined> {
    const db = database.tenant(tenantId)
    const [account, membership, permissions] = await Promise.all([
      users.credentials(database.global, userId),
      tenants.membershipOf(db, userId),
      roles.permissionsOf(db, userId),
    ])
    if (account?.status !== 'ACTIVE' || !membership) return undefined
    const { level, joinedAt } = membership
    // Nobody enrols in somebody else's name: support is not shut out by what the person owes.
    const enrollBy = session?.impersonatorId
      ? undefined
      : await mfa.enrollBy({ tenantId, userId, joinedAt }, session?.amr)
    return { kind: 'user', userId, tenantId, level, permissions: new Set(permissions), enrollBy, ...base }
  }

  /** The tenant of the request: the one it names, or the token's. A foreign one and an absent one are the same 404. */
  async function tenantOf(facts: RequestFacts, standard: string | null | undefined): Promise<string> {
    const found = await tenants.find(facts.tenantChoice ?? standard ?? '')
    if (found) return found.id
    throw facts.tenantChoice ? requestErrors('access.tenant_not_found') : refuse()
  }

  async function bySession(credential: string, facts: RequestFacts): Promise<UserActor> {
    const claims = sessions.verify('user', credential)
    if (!claims) throw refuse()
    const key = `s:${claims.sid}:${facts.tenantChoice ?? claims.tid ?? ''}`
    const actor = await cache.get(key, async () => {
      const session = await sessions.findLive(claims.sid)
      if (session?.userId !== claims.sub) throw refuse()
      const tenantId = await tenantOf(facts, claims.tid)
      const { impersonatorId } = session
      if (impersonatorId !== null) {
        // Support was given for one tenant, by an admin who must still be one.
        if (tenantId !== session.tenantId) throw requestErrors('access.tenant_not_found')
        if (!(await parts.isActiveAdmin(impersonatorId))) throw refuse()
      }
      const base = {
        sessionId: session.id,
        tokenId: undefined,
        // An admin proved no secret of the person's.
        authenticatedAt: impersonatorId === null ? Math.floor(session.authenticatedAt.getTime() / 1000) : 0,
        impersonatorId: impersonatorId ?? undefined,
      }
      const loaded = await loadUser(claims.sub, tenantId, base, session)
      if (!loaded) throw facts.tenantChoice ? requestErrors('access.tenant_not_found') : refuse()
      const served = await sessions.within(session, tenantId)
      if (!served) throw tenantId === session.tenantId ? refuse() : sessionErrors('sessions.too_old_for_tenant')
      const endsAt = Math.min(served.expiresAt.getTime(), served.idleExpiresAt.getTime())
      ends.set(loaded, endsAt)
      return {
        value: loaded,
        endsAt,
        touch: () => sessions.touch('user', session.id),
        names: [session.id, claims.sub, tenantId, ...(impersonatorId === null ? [] : [impersonatorId])],
      }
    })
    return actor as UserActor
  }

  async function byPersonalToken(credential: string, facts: RequestFacts): Promise<UserActor> {
    const actor = await cache.get(`t:${credential}:${facts.tenantChoice ?? ''}`, async () => {
      const token = await personalTokens.resolve(credential)
      if (!token) throw refuse()
      // A token belongs to one tenant, whatever the request names.
      if (facts.tenantChoice && (await tenants.find(facts.tenantChoice))?.id !== token.tenantId)
        throw requestErrors('access.tenant_not_found')
      if (!(await tenants.find(token.tenantId))) throw refuse()
      const base = { sessionId: undefined, tokenId: token.id, authenticatedAt: 0 }
      const owner = await loadUser(token.userId, token.tenantId, base, undefined)
      if (!owner) throw refuse()
      const actor = { ...owner, permissions: new Set(narrow(owner.permissions, token.scopes)) }
      const endsAt = token.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
      ends.set(actor, endsAt)
      return {
        value: actor,
        endsAt,
        touch: () => personalTokens.touch(token.tenantId, token.id),
        names: [token.id, token.userId, token.tenantId],
      }
    })
    return actor as UserActor
  }

  async function actorOf(userId: string, tenantId: string, sessionId: string): Promise<UserActor | undefined> {
    const session = await sessions.findLive(sessionId)
    if (!session || session.userId !== userId || !(await tenants.find(tenantId))) return undefined
    if (session.impersonatorId !== null && !(await parts.isActiveAdmin(session.impersonatorId))) return undefined
    if (!(await sessions.within(session, tenantId))) return undefined
    const impersonatorId = session.impersonatorId ?? undefined
    const base = { sessionId, tokenId: undefined, authenticatedAt: 0, impersonatorId }
    return loadUser(userId, tenantId, base, session)
  }

  return {
    user: (credential, facts) =>
      isPersonalToken(credential) ? byPersonalToken(credential, facts) : bySession(credential, facts),
    endOf(credential, actor) {
      const exp = isPersonalToken(credential) ? undefined : sessions.verify('user', credential)?.exp
      return Math.min(
        ends.get(actor) ?? Number.POSITIVE_INFINITY,
        exp === undefined ? Number.POSITIVE_INFINITY : exp * 1000,
      )
    },
    async admin(credential) {
      const claims = sessions.verify('admin', credential)
      if (!claims) throw refuse()
      const actor = await cache.get(`a:${claims.sid}`, async () => {
        const session = await sessions.findLive(claims.sid)
        if (session?.adminId !== claims.sub || !(await parts.isActiveAdmin(claims.sub))) throw refuse()
        const authenticatedAt = Math.floor(session.authenticatedAt.getTime() / 1000)
        const endsAt = Math.min(session.expiresAt.getTime(), session.idleExpiresAt.getTime())
        return {
          value: { kind: 'admin', adminId: claims.sub, sessionId: session.id, authenticatedAt } satisfies AdminActor,
          endsAt,
          touch: () => sessions.touch('admin', session.id),
          names: [session.id, claims.sub],
        }
      })
      return actor
    },
    async again({ userId, tenantId, sessionId, authenticatedAt }) {
      const actor = sessionId === undefined ? undefined : await actorOf(userId, tenantId, sessionId)
      return actor && { ...actor, authenticatedAt }
    },
    actorOf,
    async memberOf(userId, tenantId) {
      const base = { sessionId: undefined, tokenId: undefined, authenticatedAt: 0 }
      return (await tenants.find(tenantId)) ? loadUser(userId, tenantId, base, undefined) : undefined
    },
  }
}

/** What is left of the owner's permissions under a token's scopes: of each pair the narrower one. */
export function narrow(held: Iterable<string>, scopes: readonly string[]): string[] {
  const left = new Set<string>()
  for (const permission of held) {
    for (const scope of scopes) {
      if (covers(permission, scope)) left.add(scope)
      else if (covers(scope, permission)) left.add(permission)
      else for (const both of intersection(permission, scope)) left.add(both)
    }
  }
  return [...left]
}

/** `users:*` and `*:view` meet in `users:view`. */
function intersection(one: string, other: string): string[] {
  const [a, b] = [one.split(':'), other.split(':')]
  // What is not a resource and a verb, as another back end may have written it, meets nothing but itself.
  if (a.length !== 2 || b.length !== 2) return []
  const pick = (x: string | undefined, y: string | undefined) => (x === '*' ? y : y === '*' || x === y ? x : undefined)
  const [resource, verb] = [pick(a[0], b[0]), pick(a[1], b[1])]
  return resource && verb ? [`${resource}:${verb}`] : []
}
