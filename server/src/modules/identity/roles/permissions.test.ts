// Permissions over HTTP: the catalogue, the matrix against what the server really answers, and explanations.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type AiServer, startAiServer } from '../../../../test/ai-servers.ts'
import { startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { ALIASES, CATALOGUE, DEFAULT_ROLES } from './catalogue.ts'
import type { Explanation, Matrix } from './permissions.schema.ts'
import { type Cast, castOf } from './roles.fixture.ts'

describe('permissions', () => {
  let ashlar: TestApp
  let cast: Cast
  let models: AiServer
  before(async () => {
    models = await startAiServer()
    ashlar = await startApp({ jobs: true, env: { OLLAMA_HOST: models.ollama } })
    cast = await castOf(ashlar)
  })
  after(async () => {
    await ashlar?.stop()
    await models?.close()
  })

  const as = (token: string | undefined) => (method: string, path: string, json?: unknown) =>
    ashlar.call(method, `/api/v1${path}`, { ...(token && { token }), ...(json !== undefined && { json }) })
  const admin = (method: string, path: string, json?: unknown) => as(cast.admin.token)(method, path, json)

  describe('catalogue', () => {
    it('lists everything that the modules declare, in pages, under /rbac too, and whole on /api', async () => {
      const { body } = await admin('GET', '/permissions?limit=100')
      const actions = body.data.map((one: { action: string }) => one.action)
      for (const { action } of CATALOGUE) assert.ok(actions.includes(action), action)
      assert.equal(body.meta.total, CATALOGUE.length)
      assert.equal((await admin('GET', '/permissions')).body.data.length, 10)
      assert.deepEqual((await admin('GET', '/rbac/permissions?limit=100')).body, body)
      const bare = await ashlar.call('GET', '/api/permissions', { token: cast.admin.token })
      assert.equal(bare.body.length, CATALOGUE.length)
      const one = bare.body.find((permission: { key: string }) => permission.key === 'users:view')
      const { id, createdAt, created_at, ...rest } = one
      assert.equal(createdAt, created_at)
      assert.equal((await ashlar.call('GET', `/api/permissions/${id}`, { token: cast.admin.token })).body.id, id)
      assert.deepEqual(rest, {
        action: 'users:view',
        key: 'users:view',
        name: 'users:view',
        resource: 'users',
        verb: 'view',
        description: 'View users',
        label: 'View users',
        group: 'Users',
        aliases: ['read_user'],
        builtIn: true,
      })
      for (const alias of Object.keys(ALIASES)) assert.ok(JSON.stringify(body).includes(alias), alias)
      assert.equal((await admin('GET', '/permissions?search=users%3Av')).body.meta.total, 1)
    })

    it('takes permissions of the tenant, and lets go those that no role grants', async () => {
      const resource = unique('widgets')
      const made = await admin('POST', '/permissions', { action: `${resource}:paint`, label: 'Paint', group: 'Shop' })
      assert.equal(made.status, 201)
      assert.deepEqual([made.body.resource, made.body.verb, made.body.builtIn], [resource, 'paint', false])
      assert.equal((await admin('GET', `/permissions/${made.body.id}`)).body.action, `${resource}:paint`)
      const { id: roleId } = await cast.role({ permissions: [`${resource}:*`, `${resource}:paint`] })
      const held = await admin('DELETE', `/permissions/${made.body.id}`)
      assert.deepEqual([held.status, held.body.code], [409, 'permissions.in_use'])
      assert.equal((await admin('POST', `/roles/${roleId}/permissions`, { permissions: [] })).status, 200)
      assert.equal((await admin('DELETE', `/permissions/${made.body.id}`)).status, 200)
      assert.equal((await admin('GET', `/permissions/${made.body.id}`)).status, 404)
      assert.deepEqual(
        (await cast.trail(made.body.id)).map((entry) => entry.action),
        ['permissions.create', 'permissions.delete'],
      )
    })

    it('understands a bare verb beside its resource, and `name` as another word for `action`', async () => {
      const resource = unique('gadgets')
      const bare = await ashlar.call('POST', '/api/permissions', {
        token: cast.admin.token,
        json: { action: 'turn', resource, description: 'Turn gadgets' },
      })
      assert.deepEqual([bare.status, bare.body.action], [201, `${resource}:turn`])
      const named = await admin('POST', '/permissions', { name: `${resource}:stop` })
      assert.deepEqual([named.status, named.body.label], [201, `${resource}:stop`])
    })

    it('refusals: 401, 403, 404, 409 and 422, and none of them leaves a trace', async () => {
      const nobody = await cast.holding('users:view')
      const viewer = await cast.holding('roles:view')
      const builtIn = await cast.permissionId('users:view')
      const trail = await cast.trailLength()
      for (const [method, path] of [
        ['GET', '/permissions'],
        ['GET', '/rbac/permissions'],
        ['GET', '/permissions/matrix'],
        ['GET', `/permissions/${builtIn}`],
        ['POST', '/permissions'],
        ['POST', '/permissions/explain'],
        ['DELETE', `/permissions/${builtIn}`],
      ] as const) {
        const json = method === 'POST' ? {} : undefined
        assert.equal((await as(undefined)(method, path, json)).status, 401, path)
        assert.equal((await as(nobody.token)(method, path, json)).status, 403, path)
        const writes = method === 'DELETE' || (method === 'POST' && path === '/permissions')
        assert.equal((await as(viewer.token)(method, path, json)).status === 403, writes, path)
      }
      const scenarios: [string, string, unknown, number, string?][] = [
        ['GET', '/permissions/none', undefined, 404],
        ['DELETE', '/permissions/none', undefined, 404],
        ['DELETE', `/permissions/${builtIn}`, undefined, 409],
        ['POST', '/permissions', { action: 'users:view' }, 409],
        ['POST', '/permissions', {}, 422, 'action'],
        ['POST', '/permissions', { action: 'nocolon' }, 422, 'action'],
        ['POST', '/permissions', { action: 'a:b:c' }, 422, 'action'],
        ['POST', '/permissions', { action: 'Users:view' }, 422, 'action'],
        ['POST', '/permissions', { action: '*' }, 422, 'action'],
        ['POST', '/permissions', { action: 'users:*' }, 422, 'action'],
        ['POST', '/permissions', { action: '*:paint' }, 422, 'action'],
        ['POST', '/permissions', { action: 'a:b', resource: 'c' }, 422, 'resource'],
        ['POST', '/permissions', { action: 'a:b', builtIn: true }, 422, 'builtIn'],
        ['POST', '/permissions/explain', {}, 422, 'permission'],
        ['POST', '/permissions/explain', { permission: 'a:b', operation: 'users.list' }, 422, 'permission'],
        ['POST', '/permissions/explain', { permission: 'constructor' }, 422, 'permission'],
        ['POST', '/permissions/explain', { operation: 'none' }, 422, 'operation'],
        ['POST', '/permissions/explain', { permission: 'a:b', roleId: 'none' }, 422, 'roleId'],
        ['POST', '/permissions/explain', { permission: 'a:b', userId: 'none' }, 422, 'userId'],
        ['POST', '/permissions/explain', { permission: 'a:b', userId: 'x', roleId: 'viewer' }, 422, 'roleId'],
      ]
      for (const [method, path, json, status, field] of scenarios) {
        const answer = await admin(method, path, json)
        const title = `${method} ${path} ${JSON.stringify(json)} answered ${answer.text}`
        assert.equal(answer.status, status, title)
        assert.equal(answer.body.errors[0]?.path, field, title)
      }
      assert.equal(await cast.trailLength(), trail)
    })
  })

  describe('matrix', () => {
    it('has a row for every route on every base, and the permissions that the roles grant', async () => {
      const { body } = (await admin('GET', '/permissions/matrix')) as { body: Matrix }
      assert.ok(new Set(ashlar.app.routes.map((one) => one.operation)).size > 40)
      for (const { operation } of ashlar.app.routes)
        assert.ok(
          body.routes.some((row) => row.operation === operation),
          operation,
        )
      for (const row of [...body.routes, ...body.permissions])
        assert.deepEqual(Object.keys(row.roles).sort(), body.roles.map((role) => role.id).sort())
      for (const role of DEFAULT_ROLES) {
        const allowed = body.permissions.filter((row) => row.roles[role.name] === 'allow').map((row) => row.action)
        const wanted = role.permissions.includes('*') ? CATALOGUE.map((one) => one.action) : role.permissions
        for (const action of wanted) assert.ok(allowed.includes(action), `${role.name} ${action}`)
        if (!role.permissions.includes('*')) assert.equal(allowed.length, role.permissions.length, role.name)
      }
    })

    it('RBAC-1: every default role gets the 403 that the matrix says, and no other, on every route with a permission', async () => {
      const { body: matrix } = (await admin('GET', '/permissions/matrix')) as { body: Matrix }
      const guarded = matrix.routes.filter((row) => row.permission !== null)
      const mismatches: string[] = []
      for (const { name: role } of DEFAULT_ROLES) {
        for (const row of guarded) {
          // Somebody new for each call would be slow; a call that ends their session would show as a 401.
          const path = row.path.replace(/\{\w+\}/g, 'nothing-has-this-id')
          const { token } = await someone(role)
          const json = row.method === 'GET' || row.method === 'DELETE' ? {} : { json: {} }
          const answer = await ashlar.call(row.method, path, { token, ...json })
          const said = answer.status === 403 && answer.body?.code === 'access.forbidden' ? 'deny' : 'allow'
          if (said !== row.roles[role] || answer.status === 401 || answer.status >= 500)
            mismatches.push(`${role}: ${row.method} ${row.path} answered ${answer.status}, not ${row.roles[role]}`)
        }
      }
      assert.deepEqual(mismatches, [])
      assert.ok(guarded.length > 20)
    })

    const people = new Map<string, Promise<{ token: string }>>()
    const someone = (role: string) => {
      const known = people.get(role) ?? cast.holder(role)
      people.set(role, known)
      return known
    }
  })

  describe('explanations', () => {
    const explain = async (json: object): Promise<Explanation> => {
      const answer = await admin('POST', '/permissions/explain', json)
      assert.equal(answer.status, 200, answer.text)
      return answer.body
    }

    it('name the role, the way to it and the wildcard, or what is missing', async () => {
      const top = await cast.role({ permissions: ['users:*'] })
      const middle = await cast.role({ parentIds: [top.id] })
      const leaf = await cast.role({ parentIds: [middle.id], permissions: ['files:view'] })
      const person = await cast.holder(leaf.id)
      const way = [leaf, middle, top].map(({ id, name }) => ({ id, name }))
      for (const subject of [{ userId: person.id }, { roleId: leaf.id }]) {
        const granted = await explain({ ...subject, operation: 'users.update' })
        assert.equal(granted.allowed, true)
        assert.deepEqual(granted.grant, { permission: 'users:*', wildcard: true, role: way[2], path: way })
        assert.equal(granted.reason, `The role ${top.name} grants users:*, by way of ${leaf.name} → ${middle.name}.`)
        const missing = await explain({ ...subject, permission: 'files:delete' })
        assert.deepEqual([missing.allowed, missing.grant, missing.missing], [false, null, 'files:delete'])
        assert.equal((await explain({ ...subject, permission: 'read_user' })).permission, 'users:view')
      }
      const own = await explain({ permission: 'users:view' })
      assert.deepEqual([own.subject.id, own.grant?.permission], [cast.admin.id, '*'])
    })

    it('know routes that need no permission, and accounts that can do nothing', async () => {
      const person = await cast.holding('users:view')
      const verdicts = async () => {
        const asked = ['auth.login', 'users.me', 'tokens.list', 'users.list'].map((operation) =>
          explain({ userId: person.id, operation }),
        )
        return (await Promise.all(asked)).map(({ access, allowed }) => [access, allowed])
      }
      assert.deepEqual(await verdicts(), [
        ['public', true],
        ['user', true],
        ['session', true],
        ['permission', true],
      ])
      assert.equal((await admin('PATCH', `/users/${person.id}/deactivate`)).status, 200)
      assert.deepEqual(await verdicts(), [
        ['public', true],
        ['user', false],
        ['session', false],
        ['permission', false],
      ])
    })

    it('about oneself by a personal access token count only what its scopes leave', async () => {
      const person = await cast.holding('roles:view', 'users:view')
      const made = await as(person.token)('POST', '/tokens', { name: 'narrow', scopes: ['roles:view'] })
      const byToken = as(made.body.token)
      const asked = async (json: object) => (await byToken('POST', '/permissions/explain', json)).body.allowed
      assert.equal(await asked({ permission: 'roles:view' }), true)
      assert.equal(await asked({ permission: 'users:view' }), false)
      assert.equal(await asked({ operation: 'tokens.list' }), false)
      assert.equal((await byToken('GET', '/users')).status, 403)
      assert.equal(await asked({ userId: person.id, permission: 'users:view' }), true, 'the person may, by a session')
    })

    it('agree with the matrix for every default role and every route', async () => {
      const { body: matrix } = (await admin('GET', '/permissions/matrix')) as { body: Matrix }
      const operations = new Map(matrix.routes.map((row) => [row.operation, row]))
      for (const { name: roleId } of DEFAULT_ROLES)
        for (const [operation, row] of operations) {
          const { allowed } = await explain({ roleId, operation })
          assert.equal(allowed, row.roles[roleId] === 'allow', `${roleId} ${operation}`)
        }
    })
  })
})
