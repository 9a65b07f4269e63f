// The kinds of calls of the back office, and of people who make or end their own accounts.
import { unique } from '../harness.ts'
import {
  type Attempt,
  inTenant,
  type Kind,
  type Made,
  personal,
  registration,
  type Scene,
  somebody,
  someone,
} from './attempts.ts'
import { powerOf } from './rules.ts'
import type { Person } from './world.ts'

const ownCalls: Kind[] = [
  {
    name: 'auth.register',
    weight: 1,
    make: async ({ world }) => registration(world, { newcomers: 'with the default role' }),
  },
  personal('users.removeMe', 'MEMBER', () => ({ method: 'DELETE', path: '/users/me' }), 1),
]

/** A kind of call of the back office; others try too. */
function office(
  name: string,
  weight: number,
  make: (scene: Scene) => (Made & { deed?: Partial<Attempt['deed']> }) | undefined,
): Kind {
  return {
    name,
    weight,
    async make(scene) {
      const by = await somebody(scene, { admin: true })
      const { deed, ...made } = make(scene) ?? { deed: undefined }
      if (!('path' in made)) return undefined
      return inTenant(scene, by, { ...made, path: `/admin${made.path}` }, { needs: 'admin', ...deed })
    },
  }
}

const isGone =
  ({ state }: Scene) =>
  ({ id }: Person) =>
    state.users.get(id)?.deleted === true
const isBarred =
  ({ state }: Scene) =>
  ({ id }: Person) =>
    state.users.get(id)?.active === false

const officeCalls: Kind[] = [
  office('admin.impersonate', 5, (scene) => {
    const { world, tenantId } = scene
    const userId = someone(scene).id
    const caller = { kind: 'impersonation', userId, tenantId } as const
    return {
      method: 'POST',
      path: '/impersonate',
      json: { userId, tenantId, reason: 'The tests look around' },
      done({ body }, before) {
        world.impersonations.push({ secret: body.accessToken, caller: { ...caller }, id: body.impersonation.id })
        const everything = [...powerOf(before, { kind: 'session', userId, tenantId: 'default' }, 'default')]
        return everything.some((one) => one === '*' || one === '*:*')
          ? [`${userId} may do everything and was impersonated`]
          : []
      },
    }
  }),
  office('admin.endImpersonation', 1, ({ world: { impersonations, random } }) => {
    const one = impersonations.length ? random.of(impersonations) : undefined
    const done = () => {
      one!.caller.ended = 'the impersonation was ended'
      return undefined
    }
    return { method: 'DELETE', path: `/impersonations/${one?.id ?? 'none'}`, done }
  }),
  office('admin.block', 1, (scene) => ({ method: 'PATCH', path: `/users/${someone(scene).id}/block` })),
  office('admin.activate', 4, (scene) => ({
    method: 'PATCH',
    path: `/users/${someone(scene, isBarred(scene)).id}/activate`,
  })),
  office('admin.removeUser', 1, (scene) => ({ method: 'DELETE', path: `/users/${someone(scene).id}` })),
  office('admin.restoreUser', 4, (scene) => {
    const { people, random } = scene.world
    if (!people.some(isGone(scene)) && random.below(4)) return undefined
    return { method: 'POST', path: `/users/${someone(scene, isGone(scene)).id}/restore` }
  }),
  office('admin.createTenant', 1, ({ world: { random, people, tenants } }) => {
    const ownerId = random.below(6) ? random.of(people).id : 'nobody'
    const done: Made['done'] = ({ body }) => {
      if (tenants.length < 6) tenants.push(body.id)
      return undefined
    }
    return {
      method: 'POST',
      path: '/tenants',
      json: { name: unique('Yard'), ownerId },
      deed: { founder: ownerId },
      done,
    }
  }),
]

export const officeAndOwnCalls: readonly Kind[] = [...ownCalls, ...officeCalls]
