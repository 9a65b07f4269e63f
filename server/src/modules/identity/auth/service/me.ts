// The signed-in person as they are seen in one tenant, kept in memory until something about them changes.
import type { UserActor } from '../../../../core/actor.ts'
import { ACTORS_CHANGED, PROFILES_CHANGED } from '../../../../core/topics.ts'
import type { Message } from '../../../../drivers/bus/index.ts'
import type { Me } from '../auth.schema.ts'
import type { AuthParts } from './parts.ts'

export interface MeReader {
  read(who: Pick<UserActor, 'userId' | 'tenantId' | 'level'> & { permissions: Held }): Promise<Me>
}

type Held = ReadonlySet<string> | readonly string[]

const MAX_ENTRIES = 20_000
const BELIEVED_MS = 30_000

export function createMeReader(parts: AuthParts): MeReader {
  const { database, bus, clock, users, roles, tenants } = parts
  // What the caller may do and at which level is the credential's matter: a token shows less than its maker's session.
  const known = new Map<string, Known>()
  // Which of them are about a person or a tenant, by its id.
  const about = new Map<unknown, Set<string>>()
  let epoch = 0

  function forget({ userId, tenantId }: Message): void {
    epoch++
    for (const id of [userId, tenantId]) for (const key of about.get(id) ?? []) drop(key)
  }

  function drop(key: string): void {
    for (const id of known.get(key)?.ids ?? []) {
      about.get(id)?.delete(key)
      if (about.get(id)?.size === 0) about.delete(id)
    }
    known.delete(key)
  }

  function keep(key: string, entry: Known): void {
    drop(key)
    if (known.size >= MAX_ENTRIES) drop(known.keys().next().value!)
    known.set(key, entry)
    for (const id of entry.ids) about.set(id, (about.get(id) ?? new Set()).add(key))
  }

  bus.onGap(() => {
    epoch++
    known.clear()
    about.clear()
  })
  bus.subscribe(ACTORS_CHANGED, forget)
  bus.subscribe(PROFILES_CHANGED, forget)

  return {
    async read({ userId, tenantId, level, permissions }) {
      const key = `${userId}:${tenantId}`
      const entry = known.get(key)
      if (entry && bus.connected() && clock.now() - entry.at < BELIEVED_MS) return shown(entry, level, permissions)
      const begun = epoch
      const db = database.tenant(tenantId)
      const [user, held, of] = await Promise.all([
        users.me({ userId, tenantId }),
        roles.rolesOf(db, userId),
        tenants.ofUser(userId),
      ])
      const me = {
        ...user,
        roles: held,
        tenantId,
        tenants: of.map((tenant) => ({ id: tenant.id, name: tenant.name, slug: tenant.slug, level: tenant.level })),
      }
      const ids = [userId, tenantId, ...me.tenants.map(({ id }) => id)]
      if (begun === epoch) keep(key, { me, ids, at: clock.now(), views: new WeakMap() })
      return shown({ me, views: new WeakMap() }, level, permissions)
    },
  }
}

interface Known {
  me: Omit<Me, 'permissions' | 'level'>
  /** Of whom and what it tells. */
  ids: readonly string[]
  at: number
  /** What each credential was shown, by its permissions: the same object is not written out twice. */
  views: WeakMap<object, Me>
}

function shown({ me, views }: Pick<Known, 'me' | 'views'>, level: Me['level'], permissions: Held): Me {
  const seen = views.get(permissions)
  if (seen?.level === level) return seen
  const view = { ...me, level, permissions: [...permissions].sort() }
  views.set(permissions, view)
  return view
}
