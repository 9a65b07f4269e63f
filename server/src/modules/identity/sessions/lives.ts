// How long sessions live: as the installation says, and in a tenant no longer than the tenant lets them.
import type { Tx } from '../../../drivers/database/index.ts'
import type { Realm } from './access-tokens.ts'
import type { SessionRow } from './sessions.queries.ts'

/** Seconds; null where the installation's own limit holds. */
export interface SessionLife {
  absoluteSeconds: number | null
  idleSeconds: number | null
}

/** The limits of a tenant; read within the tenant's transaction where there is one. */
export type LifeReader = (tenantId: string, within?: Tx) => Promise<SessionLife>

interface Life {
  absoluteSeconds: number
  idleSeconds: number
}

export interface Lives {
  /** What the installation lets sessions of a realm live. */
  standard(realm: Realm): Life
  /** The same in a tenant. */
  of(realm: Realm, tenantId: string | null, tx?: Tx): Promise<Life>
  /** The session with the ends that it has in a tenant; undefined when they had passed as it was read. */
  within(session: SessionRow, tenantId: string | null, tx?: Tx): Promise<SessionRow | undefined>
}

export function createLives(options: Life & { admin: Life }, lifeIn: LifeReader): Lives {
  const standard = (realm: Realm): Life => {
    const { absoluteSeconds, idleSeconds } = realm === 'admin' ? options.admin : options
    return { absoluteSeconds, idleSeconds }
  }

  async function of(realm: Realm, tenantId: string | null, tx?: Tx): Promise<Life> {
    const { absoluteSeconds, idleSeconds } = standard(realm)
    const own = tenantId === null ? undefined : await lifeIn(tenantId, tx)
    return {
      absoluteSeconds: Math.min(absoluteSeconds, own?.absoluteSeconds ?? absoluteSeconds),
      idleSeconds: Math.min(idleSeconds, own?.idleSeconds ?? idleSeconds),
    }
  }

  return {
    standard,
    of,
    async within(session, tenantId, tx) {
      const life = await of(session.realm, tenantId, tx)
      const expiresAt = earlier(session.expiresAt, session.createdAt, life.absoluteSeconds)
      const idleExpiresAt = earlier(session.idleExpiresAt, session.lastSeenAt, life.idleSeconds)
      if (session.readAt >= expiresAt || session.readAt >= idleExpiresAt) return undefined
      return { ...session, expiresAt, idleExpiresAt }
    },
  }
}

function earlier(end: Date, from: Date, seconds: number): Date {
  return new Date(Math.min(end.getTime(), from.getTime() + seconds * 1000))
}
