// The kinds of calls about tenants, members, invitations, one's own account and the back office.
import { unique } from '../harness.ts'
import {
  inTenant,
  type Kind,
  personal,
  registration,
  roleWishes,
  type Scene,
  sessionOf,
  somebody,
  someone,
} from './attempts.ts'
import { exceeds, powerOf } from './rules.ts'
import { at, grantsOf, isInside, type Level, RANK, roleOfLevel } from './state.ts'
import type { Credential, Invitation } from './world.ts'

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
        done({ body }, before) {
          world.invitations.push({ id: body.id, secret: body.token ?? '', email: email ?? null, offer })
          const comesWith = rank === RANK.OWNER || level === 'MEMBER' ? undefined : roleOfLevel(before, tenantId, level)
          const beyond = exceeds(grantsOf(before, roleIds.length ? roleIds : [comesWith ?? '']), power)
          return beyond ? [`an invitation offers ${beyond}, which its maker does not hold`] : undefined
        },
      }
    },
    4,
  ),
  {
    name: 'invitations.accept',
    weight: 7,
    async make(scene) {
      const invitation = await someInvitation(scene)
      if (!invitation) return undefined
      const { world } = scene
      const bound = world.people.find(({ email }) => email === invitation.email)
      const person = bound && world.random.below(4) ? bound : world.random.of(world.people)
      const homes = world.tenants.filter((id) => isInside(scene.state, id, person.id))
      const header = world.random.of(homes.length && world.random.below(8) ? homes : world.tenants)
      const by = world.random.below(8) ? await sessionOf(world, person, header) : await somebody(scene, {})
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
async function someInvitation({ world, state }: Scene): Promise<Invitation | undefined> {
  const { random, ashlar } = world
  const live = world.invitations.filter(({ offer }) => state.tenants.get(offer.tenantId)?.live)
  const invitations = live.length && random.below(8) ? live : world.invitations
  if (!invitations.length) return undefined
  const late = invitations.slice(-8)
  const invitation = random.of(random.below(3) ? late : invitations)
  if (!invitation.secret) {
    const [mail] = await ashlar.rows<{ text: string }>(
      `SELECT text FROM mails WHERE $1 = ANY(recipients) AND template = 'tenant_invitation' AND "tenantId" = $2 ORDER BY "createdAt" DESC LIMIT 1`,
      [invitation.email, invitation.offer.tenantId],
    )
    invitation.secret = /token=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? 'lost'
  }
  return invitation
}

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

export const tenantSideCalls: readonly Kind[] = [...memberCalls, ...invitationCalls, ...tenantCalls]
