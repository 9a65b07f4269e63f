// The kinds of calls about tenants, members, invitations, one's own account and the back office.
import { PASSWORD, unique } from '../harness.ts'
import {
  type Attempt,
  inTenant,
  type Kind,
  newAddress,
  roleWishes,
  type Scene,
  sessionOf,
  somebody,
  someone,
} from './attempts.ts'
import { powerOf } from './rules.ts'
import { at, grantsOf, type Level, RANK } from './state.ts'
import { API, type Credential, type Invitation, type Person, type World } from './world.ts'

type Made = Pick<Attempt, 'method' | 'path' | 'json' | 'done'>

/** A kind of call that needs somebody in person, mostly of the level that it takes. */
function personal(
  name: string,
  level: Level,
  make: (scene: Scene, by: Credential) => (Made & { deed?: Partial<Attempt['deed']> }) | undefined,
  weight = 3,
): Kind {
  return {
    name,
    weight,
    async make(scene) {
      const by = await somebody(scene, { rank: RANK[level] })
      const { deed, ...made } = make(scene, by) ?? { deed: undefined }
      return 'path' in made ? inTenant(scene, by, made, { needs: 'session', ...deed }) : undefined
    },
  }
}

const levelOf = ({ world }: Scene) => world.random.of<Level>(['MEMBER', 'MEMBER', 'ADMIN', 'OWNER'])

const memberCalls: Kind[] = [
  personal('members.add', 'ADMIN', (scene) => {
    const { random, people } = scene.world
    const level = levelOf(scene)
    const newcomers = level === 'MEMBER' ? ({ newcomers: 'with the default role' } as const) : {}
    return {
      method: 'POST',
      path: `/tenants/${scene.tenantId}/members`,
      json: { userId: random.of(people).id, level },
      deed: { level, ...newcomers },
    }
  }),
  personal('members.level', 'ADMIN', (scene, by) => {
    const level = levelOf(scene)
    const id = scene.world.random.below(5) ? someone(scene).id : by.caller.userId || 'nobody'
    return { method: 'PATCH', path: `/tenants/${scene.tenantId}/members/${id}`, json: { level }, deed: { level } }
  }),
  personal('members.remove', 'ADMIN', (scene, by) => {
    const id = scene.world.random.below(5) ? someone(scene).id : by.caller.userId || 'nobody'
    return { method: 'DELETE', path: `/tenants/${scene.tenantId}/members/${id}` }
  }),
]

const invitationCalls: Kind[] = [
  personal(
    'invitations.create',
    'ADMIN',
    (scene, by) => {
      const { world, state, tenantId } = scene
      const email = world.random.below(2) ? world.random.of(world.people).email : undefined
      const level = levelOf(scene)
      const roleIds = world.random.below(2) ? roleWishes(scene, by, (id) => grantsOf(state, [id])) : []
      const json = { level, roleIds, ...(email ? { email } : { maxUses: 5 }) }
      const power = powerOf(state, by.caller, tenantId)
      const rank = RANK[state.levels.get(at(tenantId, by.caller.userId)) ?? 'MEMBER']
      const offer = { tenantId, inviterId: by.caller.userId, level, power, rank }
      return {
        method: 'POST',
        path: `/tenants/${tenantId}/invitations`,
        json,
        done({ body }) {
          world.invitations.push({ id: body.id, secret: body.token ?? '', email: email ?? null, offer })
          return undefined
        },
      }
    },
    4,
  ),
  {
    name: 'invitations.accept',
    weight: 5,
    async make(scene) {
      const invitation = await someInvitation(scene)
      if (!invitation) return undefined
      const { world } = scene
      const bound = world.people.find(({ email }) => email === invitation.email)
      const person = bound && world.random.below(4) ? bound : world.random.of(world.people)
      const header = world.random.of(world.tenants)
      const by = world.random.below(6) ? await sessionOf(world, person, header) : await somebody(scene, {})
      const { tenantId } = invitation.offer
      const call = { method: 'POST', path: '/invitations/accept', json: { token: invitation.secret } }
      return {
        ...inTenant(scene, by, call, { needs: 'session', tenantId, offer: invitation.offer }),
        header: headerOf(by),
      }
    },
  },
  {
    name: 'invitations.register',
    weight: 2,
    async make(scene) {
      const invitation = await someInvitation(scene)
      if (!invitation) return undefined
      const { tenantId } = invitation.offer
      return registration(scene.world, { tenantId, offer: invitation.offer }, { invitationToken: invitation.secret })
    },
  },
  personal(
    'invitations.revoke',
    'ADMIN',
    (scene) => {
      const { invitations, random } = scene.world
      const own = invitations.filter(({ offer }) => offer.tenantId === scene.tenantId)
      const invitation = own.length ? random.of(own) : undefined
      return invitation && { method: 'DELETE', path: `/tenants/${scene.tenantId}/invitations/${invitation.id}` }
    },
    3,
  ),
]

const headerOf = ({ caller }: Credential) => caller.tenantId

/** An invitation that was made, mostly a late one; the secret of a bound one is read in its mail. */
async function someInvitation({ world }: Scene): Promise<Invitation | undefined> {
  const { invitations, random, ashlar } = world
  if (!invitations.length) return undefined
  const late = invitations.slice(-8)
  const invitation = random.of(random.below(4) ? late : invitations)
  if (!invitation.secret) {
    const [mail] = await ashlar.rows<{ text: string }>(
      `SELECT text FROM mails WHERE $1 = ANY(recipients) AND template = 'tenant_invitation' AND "tenantId" = $2 ORDER BY "createdAt" DESC LIMIT 1`,
      [invitation.email, invitation.offer.tenantId],
    )
    invitation.secret = /token=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? 'lost'
  }
  return invitation
}

function registration(world: World, deed: Partial<Attempt['deed']>, more: object = {}): Attempt {
  const email = newAddress()
  // Now and then an address that is taken, which no registration gets past.
  const json = {
    email: world.random.below(4) ? email : world.random.of(world.people).email,
    password: PASSWORD,
    ...more,
  }
  return {
    by: { secret: '', caller: { kind: 'nobody', userId: '', tenantId: 'default' }, id: '' },
    method: 'POST',
    path: `${API}/auth/register`,
    json,
    header: 'default',
    deed: { needs: 'nothing', tenantId: 'default', ...deed },
    done({ body }) {
      world.people.push({ id: body.user.id, email: json.email, password: PASSWORD })
      return undefined
    },
  }
}

const ownCalls: Kind[] = [
  {
    name: 'auth.register',
    weight: 1,
    make: async ({ world }) => registration(world, { newcomers: 'with the default role' }),
  },
  personal('users.removeMe', 'MEMBER', () => ({ method: 'DELETE', path: '/users/me' }), 1),
]

const tenantCalls: Kind[] = [
  personal(
    'tenants.create',
    'MEMBER',
    ({ world }, by) =>
      world.tenants.length > 4
        ? undefined
        : {
            method: 'POST',
            path: '/tenants',
            json: { name: unique('Yard'), ...(world.random.below(4) === 0 && { slug: 'admin' }) },
            deed: { founder: by.caller.userId },
            done({ body }) {
              world.tenants.push(body.id)
              return undefined
            },
          },
    1,
  ),
  personal(
    'tenants.update',
    'ADMIN',
    ({ tenantId }) => ({ method: 'PATCH', path: `/tenants/${tenantId}`, json: { name: unique('Yard') } }),
    1,
  ),
  personal('tenants.settings', 'ADMIN', (scene, by) => {
    const [defaultRole = null] = roleWishes(scene, by, (id) => grantsOf(scene.state, [id]))
    return { method: 'PATCH', path: `/tenants/${scene.tenantId}/settings`, json: { defaultRole } }
  }),
  personal(
    'tenants.switch',
    'MEMBER',
    (scene) => ({ method: 'POST', path: `/tenants/${scene.world.random.of(scene.world.tenants)}/switch` }),
    1,
  ),
  personal('tenants.remove', 'OWNER', ({ tenantId }) => ({ method: 'DELETE', path: `/tenants/${tenantId}` }), 1),
  {
    name: 'tenants.restore',
    weight: 4,
    async make(scene) {
      const { world, state } = scene
      const gone = world.tenants.filter((id) => state.tenants.get(id)?.live === false)
      if (!gone.length && world.random.below(4)) return undefined
      const tenantId = world.random.of(gone.length ? gone : world.tenants)
      const owners = world.people.filter(({ id }) => state.levels.get(at(tenantId, id)) === 'OWNER')
      const person = world.random.of(owners.length && world.random.below(5) ? owners : world.people)
      const by = await sessionOf(world, person, 'default')
      const call = { method: 'POST', path: `/tenants/${tenantId}/restore` }
      return { ...inTenant(scene, by, call, { needs: 'session', tenantId }), header: 'default' }
    },
  },
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

export const tenantSideCalls: readonly Kind[] = [
  ...memberCalls,
  ...invitationCalls,
  ...ownCalls,
  ...tenantCalls,
  ...officeCalls,
]
