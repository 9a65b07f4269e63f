// The kinds of calls about roles, permissions, accounts and personal access tokens.
import { PASSWORD, unique } from '../harness.ts'
import {
  type Attempt,
  inTenant,
  type Kind,
  type Made,
  newAddress,
  roleWishes,
  type Scene,
  somebody,
  someone,
  someRole,
  wishes,
} from './attempts.ts'
import { exceeds, powerOf } from './rules.ts'
import { at, grantsOf } from './state.ts'
import { type Credential, type Person, signIn } from './world.ts'

/** A kind of call that needs a permission, by somebody who mostly has it. */
function guarded(
  name: string,
  needs: string,
  make: (scene: Scene, by: Credential) => Made | undefined,
  more: Partial<Attempt['deed']> & { weight?: number } = {},
): Kind {
  const { weight = 3, ...deed } = more
  return {
    name,
    weight,
    async make(scene) {
      const by = await somebody(scene, { permission: needs })
      const made = make(scene, by)
      return made && inTenant(scene, by, made, { needs, ...deed })
    },
  }
}

const maybe = <T>({ world: { random } }: Scene, share: number, value: () => T): T | undefined =>
  random.below(100) < share ? value() : undefined

const roleCalls: Kind[] = [
  guarded('roles.create', 'roles:edit', (scene, by) => ({
    method: 'POST',
    path: '/roles',
    json: {
      name: unique('role'),
      permissions: wishes(scene, by),
      parentIds: maybe(scene, 40, () => [someRole(scene)]),
    },
  })),
  guarded('roles.update', 'roles:edit', (scene, by) => ({
    method: scene.world.random.of(['PATCH', 'PUT']),
    path: `/roles/${someRole(scene)}`,
    json: { label: unique('Label '), permissions: maybe(scene, 50, () => wishes(scene, by)) },
  })),
  guarded('roles.setPermissions', 'roles:edit', (scene, by) => ({
    method: 'POST',
    path: `/roles/${someRole(scene)}/permissions`,
    json: idsOrNames(scene, by),
  })),
  guarded('roles.inherit', 'roles:edit', (scene, by) => ({
    method: 'PATCH',
    path: `/roles/${someRole(scene)}`,
    json: { parentIds: roleWishes(scene, by, (id) => grantsOf(scene.state, [id])) },
  })),
  guarded('roles.remove', 'roles:edit', (scene) => {
    const successor = maybe(scene, 70, () => `?reassignTo=${someRole(scene)}`) ?? ''
    return { method: 'DELETE', path: `/roles/${someRole(scene)}${successor}` }
  }),
  guarded('permissions.create', 'roles:edit', ({ world }) => ({
    method: 'POST',
    path: '/permissions',
    json: { action: `${world.random.of(['gold', 'lead'])}:${world.random.of(['mine', 'view', 'edit', unique('v')])}` },
  })),
  guarded('permissions.remove', 'roles:edit', (scene) => {
    const own = [...scene.state.permissions].filter(([, one]) => one.tenantId === scene.tenantId)
    const made = own.filter(([, one]) => !one.builtIn)
    const [id] = scene.world.random.of(made.length && scene.world.random.below(4) ? made : own)
    return { method: 'DELETE', path: `/permissions/${id}` }
  }),
]

/** Permissions by their names, or by the ids of rows, which may be another tenant's. */
function idsOrNames(scene: Scene, by: Credential): object {
  const { random, tenants } = scene.world
  const names = wishes(scene, by)
  if (random.below(2)) return { permissions: names }
  const known = [...scene.state.permissions].filter(([, { tenantId }]) => tenants.includes(tenantId))
  const own = known.filter(([, one]) => one.tenantId === scene.tenantId && names.includes(one.action))
  const rows = own.length ? own : random.some(2, () => random.of(known))
  return { permissionIds: rows.map(([id]) => id) }
}

const join = (scene: Scene, by: Credential) => roleWishes(scene, by, (id) => grantsOf(scene.state, [id]))

const keep = (scene: Scene, json: { email: string }): Attempt['done'] => {
  return ({ body }) => {
    scene.world.people.push({ id: body.id, email: json.email, password: PASSWORD })
    return undefined
  }
}

const userCalls: Kind[] = [
  guarded(
    'users.create',
    'users:create',
    (scene) => {
      const json = { email: newAddress(), password: PASSWORD }
      return { method: 'POST', path: '/users', json, done: keep(scene, json) }
    },
    { newcomers: 'with the default role', weight: 1 },
  ),
  guarded(
    'users.createWithRoles',
    'users:create',
    (scene, by) => {
      const json = { email: newAddress(), password: PASSWORD, roleIds: join(scene, by) }
      return { method: 'POST', path: '/users', json, done: keep(scene, json) }
    },
    { newcomers: 'with given roles', weight: 2 },
  ),
  guarded(
    'users.assign',
    'users:edit',
    (scene, by) => ({
      method: 'PATCH',
      path: `/users/${someone(scene).id}`,
      json: { roleIds: maybe(scene, 85, () => join(scene, by)) ?? [] },
    }),
    { weight: 6 },
  ),
  guarded('users.edit', 'users:edit', (scene) => ({
    method: 'PATCH',
    path: `/users/${someone(scene).id}`,
    json: { name: unique('Name ') },
  })),
  guarded('users.password', 'users:edit', (scene) => {
    const person = someone(scene)
    const password = `${PASSWORD}${unique('')}`
    const done = () => {
      person.password = password
      if (person.session) person.session.caller.ended ??= 'an administrator set another password'
      return undefined
    }
    return { method: 'PATCH', path: `/users/${person.id}`, json: { password }, done }
  }),
  guarded('users.address', 'users:edit', (scene) => {
    const person = someone(scene)
    const email = newAddress()
    const done = () => {
      person.email = email
      return undefined
    }
    return { method: 'PATCH', path: `/users/${person.id}`, json: { email }, done }
  }),
  guarded('users.status', 'users:edit', (scene) => ({
    method: 'PATCH',
    path: `/users/${someone(scene).id}/status`,
    json: { status: scene.world.random.of(['ACTIVE', 'ACTIVE', 'SUSPENDED', 'INACTIVE']) },
  })),
  guarded('users.remove', 'users:delete', (scene) => ({ method: 'DELETE', path: `/users/${someone(scene).id}` }), {
    weight: 1,
  }),
  guarded(
    'users.batchRemove',
    'users:delete',
    (scene) => ({
      method: 'POST',
      path: '/users/batch-delete',
      json: { ids: [...new Set([someone(scene).id, someone(scene).id])] },
    }),
    { weight: 1 },
  ),
  guarded('users.restore', 'users:delete', (scene) => {
    const { state, tenantId, world } = scene
    const gone = ({ id }: Person) => state.users.get(id)?.deleted === true && state.levels.has(at(tenantId, id))
    if (!world.people.some(gone) && world.random.below(4)) return undefined
    return { method: 'POST', path: `/users/${someone(scene, gone).id}/restore` }
  }),
]

const tokenCalls: Kind[] = [
  {
    name: 'tokens.create',
    weight: 4,
    async make(scene) {
      const by = await somebody(scene, {})
      const scopes = wishes(scene, by, 1)
      return inTenant(
        scene,
        by,
        {
          method: 'POST',
          path: '/tokens',
          json: { name: unique('token'), scopes },
          done({ body }, before) {
            const caller = { ...by.caller, kind: 'token', tenantId: scene.tenantId, scopes } as const
            scene.world.tokens.push({ secret: body.token, caller, id: body.id })
            const beyond = exceeds(scopes, powerOf(before, by.caller, scene.tenantId))
            return beyond ? [`a token was made with ${beyond}, which its maker does not hold`] : undefined
          },
        },
        { needs: 'session' },
      )
    },
  },
  {
    name: 'tokens.use',
    weight: 5,
    async make(scene) {
      const { random, tokens, impersonations } = scene.world
      const kept = [...tokens, ...tokens, ...impersonations]
      if (!kept.length) return undefined
      const by = random.of(kept)
      const tenantId = random.below(8) ? by.caller.tenantId : scene.tenantId
      return {
        ...inTenant({ ...scene, tenantId }, by, { method: 'GET', path: '/auth/me' }, { needs: 'user' }),
        done({ body }, before) {
          const beyond = exceeds(body.permissions, powerOf(before, by.caller, by.caller.tenantId))
          return beyond ? [`the credential yields ${beyond}, which its maker or its scopes do not`] : undefined
        },
      }
    },
  },
  {
    name: 'tokens.revoke',
    weight: 1,
    async make(scene) {
      const token = scene.world.tokens.length ? scene.world.random.of(scene.world.tokens) : undefined
      if (!token) return undefined
      const owner = scene.world.people.find(({ id }) => id === token.caller.userId)
      const session = owner && scene.world.random.below(3) ? await signIn(scene.world, owner) : undefined
      const by = session ?? (await somebody(scene, {}))
      const { tenantId } = token.caller
      const caller = by.caller.kind === 'session' ? { ...by.caller, tenantId } : by.caller
      const done = () => {
        token.caller.ended = 'the token was revoked'
        return undefined
      }
      const call = { method: 'DELETE', path: `/tokens/${token.id}`, done }
      return inTenant({ ...scene, tenantId }, { ...by, caller }, call, { needs: 'session' })
    },
  },
]

export const accessCalls: readonly Kind[] = [...roleCalls, ...userCalls, ...tokenCalls]
