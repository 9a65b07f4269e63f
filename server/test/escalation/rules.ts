// What no call may bring about, whoever makes it: judged from the state before and the state after.
import {
  type Account,
  at,
  covers,
  grantsOf,
  holds,
  isCovered,
  isInside,
  type Level,
  RANK,
  roleOfLevel,
  type State,
} from './state.ts'

/** Who made a call, as the test knows it. `admin` is the back office, `nobody` brings no credential. */
export interface Caller {
  kind: 'nobody' | 'admin' | 'session' | 'token' | 'impersonation'
  userId: string
  /** The tenant that the request names; a token or an impersonation stays in its own. */
  tenantId: string
  scopes?: readonly string[]
  /** Set as soon as something happened that must end the credential. */
  ended?: string | undefined
}

/** What an inviter could give when the invitation was made. */
export interface Offer {
  tenantId: string
  inviterId: string
  level: Level
  power: ReadonlySet<string>
  rank: number
}

/** A call that the server answered with success. */
export interface Deed {
  kind: string
  caller: Caller
  /** What the route asks for: a permission, somebody in person, an account of the back office, or nothing. */
  needs: string
  /** The one tenant in which it may change who may do what. */
  tenantId: string
  /** People who are not members yet may come in, with the role of newcomers. */
  newcomers?: 'with the default role' | 'with given roles'
  /** It sets this level, and exchanges the roles that come with levels. */
  level?: Level
  offer?: Offer
  /** It makes a tenant, and this person its first owner. */
  founder?: string
}

/** What a credential lets its bearer do in a tenant. */
export function powerOf(state: State, caller: Caller, tenantId: string): Set<string> {
  if (caller.kind === 'nobody' || caller.kind === 'admin') return new Set()
  if (caller.kind !== 'session' && caller.tenantId !== tenantId) return new Set()
  if (!isInside(state, tenantId, caller.userId)) return new Set()
  const held = holds(state, tenantId, caller.userId)
  return caller.scopes ? narrowed(held, caller.scopes) : held
}

/** What both the maker and the scopes allow, written as plainly as can be. */
function narrowed(held: ReadonlySet<string>, scopes: readonly string[]): Set<string> {
  const words = (one: string) => (one.includes(':') ? one : '*:*').split(':') as [string, string]
  const left = new Set<string>()
  for (const one of held)
    for (const scope of scopes) {
      const pairs = [0, 1].map((part) => [words(one)[part]!, words(scope)[part]!] as const)
      if (pairs.some(([a, b]) => a !== b && a !== '*' && b !== '*')) continue
      left.add(pairs.map(([a, b]) => (a === '*' ? b : a)).join(':'))
    }
  return left
}

export interface Gain {
  tenantId: string
  userId: string
  permission: string
}

/** What people hold after a call that nothing which they held before covers. */
export function gainsOf(before: State, after: State): Gain[] {
  const gains: Gain[] = []
  for (const key of after.held.keys()) {
    const [tenantId, userId] = key.split('/') as [string, string]
    const had = holds(before, tenantId, userId)
    for (const permission of holds(after, tenantId, userId))
      if (!had.has(permission) && !isCovered(had, permission)) gains.push({ tenantId, userId, permission })
  }
  return gains
}

/** Sentences about what the call should not have done; empty for a good one. */
export function judge(before: State, after: State, deed: Deed): string[] {
  return [
    ...credentialFaults(before, deed),
    ...gainFaults(before, after, deed),
    ...roleFaults(before, after, deed),
    ...levelFaults(before, after, deed),
    ...defaultRoleFaults(before, after, deed),
    ...takeoverFaults(before, after, deed),
    ...tokenFaults(after),
    ...strayFaults(before, after, deed),
    ...ownerFaults(before, after, deed),
  ]
}

function credentialFaults(before: State, { caller, needs }: Deed): string[] {
  const { kind, userId, tenantId, ended } = caller
  if (ended) return [`a credential worked that had ended: ${ended}`]
  if (needs === 'nothing') return []
  if (needs === 'admin' || kind === 'admin' || kind === 'nobody')
    return needs === kind ? [] : [`${kind} entered where ${needs} is needed`]
  if (!isInside(before, tenantId, userId)) return [`${kind} worked in a tenant that its person cannot be in`]
  if (needs === 'session') return kind === 'session' ? [] : [`${kind} did what needs somebody in person`]
  if (needs === 'user' || isCovered(powerOf(before, caller, tenantId), needs)) return []
  return [`${kind} did without ${needs} what needs it`]
}

/** Whoever gains a permission gets it from somebody who may pass it on, or by one of the ways in that the tenant itself has. */
function gainFaults(before: State, after: State, deed: Deed): string[] {
  return gainsOf(before, after)
    .filter((gain) => !isGranted(before, deed, gain))
    .map(({ tenantId, userId, permission }) => `${userId} gained ${permission} in ${tenantId} from nobody who held it`)
}

function isGranted(before: State, deed: Deed, { tenantId, userId, permission }: Gain): boolean {
  const { caller, newcomers, level, offer, founder } = deed
  if (isCovered(powerOf(before, caller, tenantId), permission)) return true
  if (founder !== undefined && !before.tenants.has(tenantId)) return userId === founder
  const comesWith = (one: Level) => isCovered(grantsOf(before, [roleOfLevel(before, tenantId, one) ?? '']), permission)
  if (newcomers === 'with the default role' && !before.levels.has(at(tenantId, userId)) && comesWith('MEMBER'))
    return true
  if (level && (level === 'MEMBER' || before.levels.get(at(tenantId, caller.userId)) === 'OWNER')) {
    if (comesWith(level)) return true
  }
  if (!offer || offer.tenantId !== tenantId || before.levels.has(at(tenantId, userId))) return false
  if (offer.level === 'MEMBER' && comesWith('MEMBER')) return true
  const now = { kind: 'session', userId: offer.inviterId, tenantId } as const
  const isOwner = before.levels.get(at(tenantId, offer.inviterId)) === 'OWNER' && offer.rank === RANK.OWNER
  if (isOwner && comesWith(offer.level)) return true
  return isCovered(offer.power, permission) && isCovered(powerOf(before, now, tenantId), permission)
}

/** Nobody puts into a role what they do not hold, whether or not anybody has the role yet. */
function roleFaults(before: State, after: State, { caller, founder }: Deed): string[] {
  const faults: string[] = []
  for (const [id, { tenantId, name }] of after.roles) {
    if (founder && !before.tenants.has(tenantId)) continue
    const known = [...grantsOf(before, [id]), ...powerOf(before, caller, tenantId)]
    for (const permission of grantsOf(after, [id]))
      if (!isCovered(known, permission)) faults.push(`the role ${name} of ${tenantId} came to grant ${permission}`)
  }
  return faults
}

/** Levels come from somebody of that level, or of the one below the highest. */
function levelFaults(before: State, after: State, { caller, newcomers, offer, founder }: Deed): string[] {
  const faults: string[] = []
  for (const [key, level] of after.levels) {
    const [tenantId, userId] = key.split('/') as [string, string]
    const old = before.levels.get(key)
    if (old !== undefined && RANK[level] <= RANK[old]) continue
    if (founder === userId && !before.tenants.has(tenantId)) continue
    if (newcomers && old === undefined && level === 'MEMBER') continue
    const giver = offer?.tenantId === tenantId ? offer.inviterId : caller.userId
    const rank = Math.min(rankOf(before, tenantId, giver), offer?.rank ?? RANK.OWNER)
    if (rank < Math.max(RANK.ADMIN, RANK[level])) faults.push(`${userId} became ${level} of ${tenantId} by ${giver}`)
  }
  return faults
}

function rankOf(state: State, tenantId: string, userId: string): number {
  const level = state.levels.get(at(tenantId, userId))
  return level && isInside(state, tenantId, userId) ? RANK[level] : -1
}

/** What newcomers will get is chosen by somebody who could give it. */
function defaultRoleFaults(before: State, after: State, { caller }: Deed): string[] {
  const faults: string[] = []
  for (const [tenantId, { defaultRole }] of after.tenants) {
    if (!defaultRole || before.tenants.get(tenantId)?.defaultRole === defaultRole) continue
    const beyond = exceeds(grantsOf(before, [defaultRole]), powerOf(before, caller, tenantId))
    if (beyond) faults.push(`newcomers of ${tenantId} are to get ${beyond}, which ${caller.userId} does not hold`)
  }
  return faults
}

/** Who sets somebody's password or address, or their state, administers the account at its home and reaches all that it holds there. */
function takeoverFaults(before: State, after: State, { kind, caller, needs }: Deed): string[] {
  if (needs === 'admin' || kind === 'invitations.accept') return []
  const faults: string[] = []
  for (const [userId, account] of after.users) {
    const old = before.users.get(userId)
    if (!old || userId === caller.userId) continue
    const taken = account.secret !== old.secret
    if (!taken && account.active === old.active && account.deleted === old.deleted) continue
    if (old.home !== caller.tenantId) faults.push(`the account ${userId} was changed outside its home`)
    const power = powerOf(before, caller, caller.tenantId)
    const worth = holds(before, caller.tenantId, userId)
    // A level is somebody's in person, and an owner makes owners, who get everything.
    const ranked = caller.kind === 'session' || isCovered(power, '*')
    const rank = ranked ? rankOf(before, caller.tenantId, caller.userId) : RANK.MEMBER
    const level = before.levels.get(at(caller.tenantId, userId)) ?? 'MEMBER'
    if (RANK[level] > rank) faults.push(`${userId}, who is ${level}, was changed from below`)
    for (const permission of worth)
      if (!isCovered(power, permission)) faults.push(`${userId}, who is worth ${permission}, was changed from below`)
  }
  return faults
}

/** No token waits for its maker to come back to the tenant. */
function tokenFaults(after: State): string[] {
  return [...after.tokens]
    .filter(([, { tenantId, userId, revoked }]) => !revoked && !after.levels.has(at(tenantId, userId)))
    .map(([id, { tenantId }]) => `the token ${id} is alive in ${tenantId}, where its maker is no member`)
}

/** In every other tenant everything stays as it was: roles, who holds them, levels, tokens. */
function strayFaults(before: State, after: State, { tenantId: own, founder }: Deed): string[] {
  return [...after.tenants.keys()]
    .filter((tenantId) => tenantId !== own && !(founder && !before.tenants.has(tenantId)))
    .filter((tenantId) => before.tenantTexts.get(tenantId) !== after.tenantTexts.get(tenantId))
    .map((tenantId) => `who may do what in ${tenantId} changed by a call in ${own}`)
}

/** Blocking by the back office, and elsewhere suspending, win; nothing else takes from a tenant of people its last owner who can sign in. */
function ownerFaults(before: State, after: State, { kind, tenantId: own }: Deed): string[] {
  if (kind === 'admin.block') return []
  const faults: string[] = []
  for (const [tenantId, { live }] of after.tenants) {
    if (kind === 'users.status' && tenantId !== own) continue
    if (!live || !hasOwner(before, tenantId) || hasOwner(after, tenantId)) continue
    const others = [...after.levels.keys()].filter((key) => key.startsWith(`${tenantId}/`))
    const stays = ({ active, deleted }: Account) => active && !deleted
    if (others.some((key) => stays(after.users.get(key.split('/')[1]!)!)))
      faults.push(`${tenantId} lost its last owner who can sign in`)
  }
  return faults
}

function hasOwner(state: State, tenantId: string): boolean {
  for (const [key, level] of state.levels) {
    const [tenant, userId] = key.split('/') as [string, string]
    if (tenant === tenantId && level === 'OWNER' && isInside(state, tenantId, userId)) return true
  }
  return false
}

/** Whether everything that one credential allows is allowed by the other set. */
export function exceeds(allowed: Iterable<string>, limit: ReadonlySet<string>): string | undefined {
  for (const one of allowed) if (![...limit].some((other) => covers(other, one))) return one
  return undefined
}
