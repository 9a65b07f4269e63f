// The guard: credential, tenant, rate class, second factor, permission and recent proof, in that order, before a byte of the body
// is read.
import { type Actor, anonymous, type UserActor } from '../../core/actor.ts'
import type { Clock } from '../../core/clock.ts'
import { type Problem, requestErrors } from '../../core/errors.ts'
import { grantFor } from '../../core/permission.ts'
import { networkOf } from './addresses.ts'
import type { LimitClass, RateLimiter } from './limits.ts'
import { type Access, isPublic, type RateClass, type RequestFacts, type Route } from './routes.ts'

/** Turns a credential into an actor; throws `unauthenticated` for a bad one. Implemented by the identity modules. */
export interface Authenticator {
  user(credential: string, facts: RequestFacts): Promise<UserActor>
  /** Somebody who was let in by a session, as of now; undefined where they would not be let in by it any more. */
  again(actor: UserActor): Promise<UserActor | undefined>
  /** When the credential of this actor ends by itself, in milliseconds since the epoch; infinity where it does not. */
  endOf(credential: string, actor: UserActor): number
  admin(credential: string, facts: RequestFacts): Promise<Actor>
}

/** What recent means, and by which clock. */
export interface Freshness {
  clock: Clock
  /** How old a proof of a secret may be for what needs a recent one. */
  seconds: number
}

export interface Admission {
  /** RateLimit-* headers of the answer, absent when nothing was counted. */
  headers: Record<string, string>
}

/** Where a call is counted: by the actor, where there is such a bucket and somebody signed in, else by the network it comes from. */
const BUCKETS: Record<RateClass, { signedIn?: LimitClass; stranger: LimitClass }> = {
  general: { signedIn: 'authenticated', stranger: 'anonymous' },
  ai: { signedIn: 'ai', stranger: 'anonymous' },
  auth: { stranger: 'auth' },
  refresh: { stranger: 'refresh' },
  uncounted: { stranger: 'uncounted' },
}

/** Decides whether the caller may enter the route. Throws the refusal, with its rate headers in `facts` of none. */
export async function admit(
  route: Guarded,
  authorization: string | undefined,
  facts: RequestFacts,
  by: { authenticator: Authenticator; limiter: RateLimiter; freshness: Freshness; identified(actor: Actor): void },
): Promise<Admission> {
  const { signedIn, stranger } = BUCKETS[route.rate ?? 'general']
  const network = networkOf(facts.ip)
  const actor = await identify(route.access, authorization, facts, by.authenticator).catch(async (refusal: Problem) => {
    // A stranger's knocking counts as a stranger's: else a flood of bad tokens would cost nothing.
    await by.limiter.take(stranger, network)
    throw refusal
  })
  // Known before anything can refuse: the log names who was turned away.
  by.identified(actor)
  const headers =
    signedIn && actor.kind !== 'anonymous'
      ? await by.limiter.take(
          signedIn,
          actor.kind === 'user' ? `u:${actor.userId}` : `s:${'adminId' in actor ? actor.adminId : ''}`,
        )
      : await by.limiter.take(stranger, network)
  await decide(route, actor, authorization, facts, by)
  return { headers }
}

/**
 * The same decision once the body is there, which may take its time: whoever was turned away meanwhile does not get through.
 * Nothing is counted again. Answers the actor as of now.
 */
export async function readmit(
  route: Guarded,
  authorization: string | undefined,
  facts: RequestFacts,
  by: Deciding,
): Promise<Actor> {
  const actor = await identify(route.access, authorization, facts, by.authenticator)
  await decide(route, actor, authorization, facts, by)
  return actor
}

/** The same after an upload, which may outlast its access token: then the session decides from which the token came. */
export async function readmitUploader(
  route: Guarded,
  authorization: string | undefined,
  facts: RequestFacts,
  by: Deciding,
  admitted: Actor,
): Promise<Actor> {
  try {
    return await readmit(route, authorization, facts, by)
  } catch (refusal) {
    const isEnded = (refusal as Problem).code === 'access.unauthenticated' && admitted.kind === 'user'
    const actor = isEnded ? await by.authenticator.again(admitted) : undefined
    if (!actor) throw refusal
    await decide(route, actor, authorization, facts, by)
    return actor
  }
}

/** When the credential of the actor ends by itself, in milliseconds since the epoch. */
export function endOf(authorization: string | undefined, actor: Actor, authenticator: Authenticator): number {
  const credential = credentialOf(authorization)
  return actor.kind === 'user' && credential ? authenticator.endOf(credential, actor) : Number.POSITIVE_INFINITY
}

type Guarded = Pick<Route, 'access' | 'rate' | 'fresh' | 'enrolling'>
type Deciding = { authenticator: Authenticator; freshness: Freshness }

async function decide(
  route: Guarded,
  actor: Actor,
  authorization: string | undefined,
  facts: RequestFacts,
  by: Deciding,
): Promise<void> {
  if (!route.enrolling) {
    mustNotOweFactor(actor, by.freshness)
    await mustServePathTenant(actor, authorization, facts, by)
  }
  authorize(route.access, actor)
  if (route.fresh && !isFresh(actor, by.freshness)) throw requestErrors('access.reauthentication_required')
}

/** Whether the caller proved a secret a short while ago. A personal access token proves nothing. */
export function isFresh(actor: Actor, { clock, seconds }: Freshness): boolean {
  return (
    (actor.kind === 'user' || actor.kind === 'admin') && clock.now() - actor.authenticatedAt * 1000 <= seconds * 1000
  )
}

function mustNotOweFactor(actor: Actor, { clock }: Freshness): void {
  if (actor.kind !== 'user' || actor.enrollBy === undefined || clock.now() < actor.enrollBy) return
  throw requestErrors('access.mfa_enrollment_required', { facts: { until: new Date(actor.enrollBy).toISOString() } })
}

/** The tenant that the path names asks for as much of the session as it would of a request of its own. */
async function mustServePathTenant(
  actor: Actor,
  authorization: string | undefined,
  facts: RequestFacts,
  { authenticator, freshness }: Deciding,
): Promise<void> {
  const { tenantInPath, leaver } = facts
  if (actor.kind !== 'user' || tenantInPath === undefined || tenantInPath === actor.tenantId) return
  if (leaver === actor.userId) return
  // No tenant is named so, and PostgreSQL cannot be asked: the check of the address refuses it.
  if (tenantInPath.includes('\0')) return
  const there = await authenticator
    .user(credentialOf(authorization)!, { ...facts, tenantChoice: tenantInPath })
    .catch((refusal: Problem) => {
      // A tenant that is not the caller's: the route says so in its own words.
      if (refusal.code === 'access.tenant_not_found') return undefined
      throw refusal
    })
  if (there) mustNotOweFactor(there, freshness)
}

function credentialOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
}

async function identify(
  access: Access,
  authorization: string | undefined,
  facts: RequestFacts,
  authenticator: Authenticator,
): Promise<Actor> {
  if (isPublic(access) && !(access.or && authorization)) return anonymous
  const credential = credentialOf(authorization)
  if (!credential) throw requestErrors('access.unauthenticated')
  return access === 'admin' || isPublic(access)
    ? authenticator.admin(credential, facts)
    : authenticator.user(credential, facts)
}

/** Whether the actor may enter: the one decision, which the permission matrix and the explanations ask too. */
export function admits(access: Access, actor: Actor): boolean {
  if (isPublic(access)) return true
  if (access === 'admin') return actor.kind === 'admin'
  if (actor.kind !== 'user') return false
  if (access === 'user') return true
  if (access === 'session') return actor.sessionId !== undefined && actor.impersonatorId === undefined
  return grantFor(actor.permissions, access) !== undefined
}

function authorize(access: Access, actor: Actor): void {
  if (admits(access, actor)) return
  if (isPublic(access) || access === 'admin' || actor.kind !== 'user') throw requestErrors('access.forbidden')
  if (access === 'session') {
    const message =
      actor.impersonatorId === undefined
        ? 'A personal access token cannot do this. Sign in.'
        : 'Nobody can do this in the name of somebody else.'
    throw requestErrors('access.forbidden', { message })
  }
  throw missingPermission(access, actor)
}

/** The refusal that names what is missing and where. */
export function missingPermission(permission: string, actor: UserActor): Problem {
  return requestErrors('access.forbidden', {
    message: `You need the permission ${permission} in this tenant.`,
    facts: { permission, tenantId: actor.tenantId, ...(actor.tokenId && { limitedBy: 'token' }) },
  })
}
