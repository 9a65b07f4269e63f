// The signed-in person as they are seen in one tenant, kept in memory until something about them changes.
import type { UserActor } from '../../../../core/actor.ts'
import { ACTORS_CHANGED, PROFILES_CHANGED } from '../../../../core/topics.ts'
import { createCache } from '../../../../drivers/bus/index.ts'
import type { Me } from '../auth.schema.ts'
import type { AuthParts } from './parts.ts'

export interface MeReader {
  read(who: Pick<UserActor, 'userId' | 'tenantId' | 'level'> & { permissions: Held }): Promise<Me>
}

type Held = ReadonlySet<string> | readonly string[]

export function createMeReader(parts: AuthParts): MeReader {
  const { database, bus, clock, users, roles, tenants } = parts
  const known = createCache<Known>({
    clock,
    believedMs: 30_000,
    maxEntries: 20_000,
    fresh: () => bus.connected(),
  })
  for (const topic of [ACTORS_CHANGED, PROFILES_CHANGED]) bus.subscribe(topic, (message) => known.forget(message))
  bus.onGap(() => known.clear())

  async function load(userId: string, tenantId: string) {
    const [user, held, of] = await Promise.all([
      users.me({ userId, tenantId }),
      roles.rolesOf(database.tenant(tenantId), userId),
      tenants.ofUser(userId),
    ])
    const me = {
      ...user,
      roles: held,
      tenantId,
      tenants: of.map(({ id, name, slug, level }) => ({ id, name, slug, level })),
    }
    return { value: { me, views: new WeakMap() }, names: [userId, tenantId, ...of.map(({ id }) => id)] }
  }

  return {
    async read({ userId, tenantId, level, permissions }) {
      return shown(await known.get(`${userId}:${tenantId}`, () => load(userId, tenantId)), level, permissions)
    },
  }
}

// What the caller may do and at which level is the credential's matter: a token shows less than its maker's session.
interface Known {
  me: Omit<Me, 'permissions' | 'level'>
  /** What each credential was shown, by its permissions: the same object is not written out twice. */
  views: WeakMap<object, Me>
}

function shown({ me, views }: Known, level: Me['level'], permissions: Held): Me {
  const seen = views.get(permissions)
  if (seen?.level === level) return seen
  const view = { ...me, level, permissions: [...permissions].sort() }
  views.set(permissions, view)
  return view
}
