// Who is asking. A closed union: code that decides by actor is checked for every kind.
import type { Permission } from './permission.ts'

export interface AnonymousActor {
  kind: 'anonymous'
}

/** A signed-in person in one tenant, by a session or by a personal access token. */
export interface UserActor {
  kind: 'user'
  userId: string
  tenantId: string
  /** Absent when the person asks by a personal access token. */
  sessionId: string | undefined
  /** Set when the person asks by a personal access token. */
  tokenId: string | undefined
  /** Set when an admin acts in the person's name. */
  impersonatorId?: string | undefined
  level: MembershipLevel
  /** What the person's roles grant here, wildcards included; by a token, only what its scopes leave. */
  permissions: ReadonlySet<Permission>
  /** When the person last proved a secret, in seconds since the epoch. */
  authenticatedAt: number
  /** Until when the person may work here without a second factor, in milliseconds since the epoch; undefined: for ever, or there is one. */
  enrollBy?: number | undefined
}

/** An account of the back-office realm. Never a user. */
export interface AdminActor {
  kind: 'admin'
  adminId: string
  sessionId: string
  authenticatedAt: number
}

/** The server itself, in a job or at start. */
export interface SystemActor {
  kind: 'system'
  name: string
}

export type Actor = AnonymousActor | UserActor | AdminActor | SystemActor

/** Who did something, as far as a record of it tells: an actor, or somebody who is not signed in yet. */
export type Doer =
  | AnonymousActor
  | SystemActor
  | (Pick<UserActor, 'kind' | 'userId' | 'impersonatorId'> & Partial<Pick<UserActor, 'sessionId' | 'tokenId'>>)
  | (Pick<AdminActor, 'kind' | 'adminId'> & Partial<Pick<AdminActor, 'sessionId'>>)

export type MembershipLevel = 'OWNER' | 'ADMIN' | 'MEMBER'

export const anonymous: AnonymousActor = { kind: 'anonymous' }

/** The id of whoever is signed in, user or admin; null for anybody else. */
export function actorId(actor: Doer): string | null {
  if (actor.kind === 'user') return actor.userId
  return actor.kind === 'admin' ? actor.adminId : null
}

/** The actor's id for logs and audit: `user:c…`, `admin:c…`, `admin:c… as user:c…`, `system:seed`, `anonymous`. */
export function actorName(actor: Doer): string {
  switch (actor.kind) {
    case 'user':
      return actor.impersonatorId === undefined
        ? `user:${actor.userId}`
        : `admin:${actor.impersonatorId} as user:${actor.userId}`
    case 'admin':
      return `admin:${actor.adminId}`
    case 'system':
      return `system:${actor.name}`
    case 'anonymous':
      return 'anonymous'
  }
}

/** Whether one of the names is what the actor was made of: the person, the tenant, the session or token, whoever acts in their name. */
export function isNamedBy(actor: UserActor, names: ReadonlySet<string>): boolean {
  const { userId, tenantId, sessionId, tokenId, impersonatorId } = actor
  return [userId, tenantId, sessionId, tokenId, impersonatorId].some((name) => name !== undefined && names.has(name))
}
