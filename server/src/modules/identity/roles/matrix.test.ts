// The matrix of roles and routes, held against what the server really answers, the written policy and the explanations.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type AiServer, startAiServer } from '../../../../test/ai-servers.ts'
import { PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { endpointsOf, isPublic } from '../../../drivers/http/index.ts'
import { DEFAULT_ROLES } from './catalogue.ts'
import type { Matrix } from './permissions.schema.ts'

const ABSENT = 'c000000000000000000000000'

/** Of the permissions that routes need, those that each default role may use: written by hand, against what the code derives. */
const POLICY: Record<string, readonly string[]> = {
  admin: [
    'ai:use',
    'audit:view',
    'calendar:edit',
    'calendar:view',
    'dashboard:view',
    'documents:create',
    'documents:delete',
    'documents:edit',
    'documents:view',
    'files:delete',
    'files:upload',
    'files:view',
    'jobs:manage',
    'jobs:view',
    'mail:edit',
    'mail:send',
    'mail:view',
    'messages:send',
    'messages:view',
    'notifications:view',
    'roles:edit',
    'roles:view',
    'settings:edit',
    'settings:view',
    'storage:edit',
    'storage:view',
    'teams:edit',
    'teams:view',
    'users:create',
    'users:delete',
    'users:edit',
    'users:view',
  ],
  manager: [
    'calendar:edit',
    'calendar:view',
    'dashboard:view',
    'documents:create',
    'documents:delete',
    'documents:edit',
    'documents:view',
    'files:delete',
    'files:upload',
    'files:view',
    'messages:send',
    'messages:view',
    'notifications:view',
    'roles:view',
    'settings:view',
    'teams:view',
    'users:create',
    'users:edit',
    'users:view',
  ],
  editor: [
    'calendar:edit',
    'calendar:view',
    'dashboard:view',
    'documents:create',
    'documents:edit',
    'documents:view',
    'files:upload',
    'files:view',
    'messages:send',
    'messages:view',
    'notifications:view',
    'roles:view',
    'users:view',
  ],
  viewer: [
    'calendar:view',
    'dashboard:view',
    'documents:view',
    'files:view',
    'messages:view',
    'notifications:view',
    'roles:view',
    'users:view',
  ],
  user: [
    'ai:use',
    'calendar:edit',
    'calendar:view',
    'dashboard:view',
    'documents:create',
    'documents:delete',
    'documents:edit',
    'documents:view',
    'files:delete',
    'files:upload',
    'files:view',
    'messages:send',
    'messages:view',
    'notifications:view',
    'teams:view',
  ],
  moderator: ['users:edit', 'users:view'],
}

describe('the matrix of roles and routes', () => {
  let ashlar: TestApp
  let models: AiServer
  let admin: Person
  let matrix: Matrix
  const people = new Map<string, Person>()
  before(async () => {
    models = await startAiServer()
    ashlar = await startApp({ jobs: true, env: { OLLAMA_HOST: models.ollama } })
    admin = await ashlar.admin()
    matrix = (await ashlar.call('GET', '/api/v1/permissions/matrix', { token: admin.token })).body
    for (const { name } of DEFAULT_ROLES) {
      const json = { email: `${unique('u')}@example.com`, password: PASSWORD, roleIds: [name] }
      const made = await ashlar.call('POST', '/api/v1/users', { token: admin.token, json })
      assert.equal(made.status, 201, made.text)
      people.set(name, await ashlar.login(json.email, PASSWORD))
    }
  })
  after(async () => {
    await ashlar.stop()
    await models.close()
  })

  it('RBAC-1: has a row for every mounted route, with its access, and a cell for every role', () => {
    const mounted = endpointsOf(ashlar.app.routes)
    const access = (one: (typeof mounted)[number]['access']) =>
      isPublic(one) ? 'public' : one.includes(':') ? 'permission' : one
    assert.deepEqual(
      matrix.routes.map(({ method, path, operation, ...row }) => [method, path, operation, row.access, row.permission]),
      mounted.map((one) => [
        one.method,
        one.path,
        one.operation,
        access(one.access),
        access(one.access) === 'permission' ? one.access : null,
      ]),
    )
    assert.deepEqual(matrix.roles.map(({ id }) => id).sort(), DEFAULT_ROLES.map(({ name }) => name).sort())
    for (const row of [...matrix.routes, ...matrix.permissions])
      assert.deepEqual(Object.keys(row.roles).sort(), matrix.roles.map(({ id }) => id).sort())
    for (const { access: kind, operation, roles } of matrix.routes)
      if (kind !== 'permission')
        assert.deepEqual(new Set(Object.values(roles)), new Set([kind === 'admin' ? 'deny' : 'allow']), operation)
  })

  it('RBAC-1: equals the written policy, and the policy names every permission that a route needs', () => {
    const guarded = matrix.routes.filter(({ permission }) => permission !== null)
    assert.deepEqual(
      [...new Set(guarded.map(({ permission }) => permission))].sort(),
      POLICY.admin,
      'a route needs a permission that the policy above does not speak of: write down who has it',
    )
    for (const { method, path, permission, roles } of guarded)
      for (const [role, allowed] of Object.entries(POLICY))
        assert.equal(roles[role], allowed.includes(permission!) ? 'allow' : 'deny', `${role} on ${method} ${path}`)
  })

  for (const { name } of DEFAULT_ROLES) {
    it(`RBAC-1: what it says of ${name} is what the server answers on every route that needs a permission`, async () => {
      const { token } = people.get(name)!
      let denied = 0
      const guarded = matrix.routes.filter(({ access }) => access === 'permission')
      for (const { method, path, permission, roles } of guarded) {
        // Nothing that exists, and bodies that no route accepts: whoever may enter does no harm.
        const url = path.replace(/\{\w+\}/g, ABSENT)
        const answer = await ashlar.call(method, url, { token, ...(method !== 'GET' && { json: {} }) })
        const what = `${name} on ${method} ${path}: ${answer.status} ${answer.text}`
        assert.ok(answer.status !== 401 && answer.status < 500, what)
        assert.equal(answer.status === 403, roles[name] === 'deny', what)
        if (answer.status !== 403) continue
        denied++
        assert.equal(answer.body.code, 'access.forbidden', what)
        if (path.startsWith('/api/v1/')) assert.equal(answer.body.permission, permission, what)
      }
      assert.equal(denied, guarded.filter(({ permission }) => !POLICY[name]!.includes(permission!)).length)
    })

    it(`RBAC-1: explanations agree with it on every operation, for a member with the role ${name} and for the role`, async () => {
      const explain = async (json: object) =>
        (await ashlar.call('POST', '/api/v1/permissions/explain', { token: admin.token, json })).body
      const operations = new Map(matrix.routes.map((row) => [row.operation, row]))
      for (const [operation, row] of operations)
        for (const subject of [{ userId: people.get(name)!.id }, { roleId: name }]) {
          const answer = await explain({ operation, ...subject })
          assert.equal(answer.allowed, row.roles[name] === 'allow', `${operation}: ${answer.reason}`)
          assert.deepEqual([answer.access, answer.permission], [row.access, row.permission])
          assert.equal(answer.grant !== null, answer.allowed && row.permission !== null)
          assert.equal(answer.missing, answer.allowed ? null : row.permission)
        }
      for (const { action, roles } of matrix.permissions) {
        const answer = await explain({ permission: action, roleId: name })
        assert.equal(answer.allowed, roles[name] === 'allow', action)
      }
    })
  }

  it('RBAC-1: a role of the tenant, with wildcards and parents, is another column that the server keeps to', async () => {
    const json = { name: unique('role'), permissions: ['*:view'], parentIds: ['moderator'] }
    const role = (await ashlar.call('POST', '/api/v1/roles', { token: admin.token, json })).body
    const account = { email: `${unique('u')}@example.com`, password: PASSWORD, roleIds: [role.id] }
    await ashlar.call('POST', '/api/v1/users', { token: admin.token, json: account })
    const { token } = await ashlar.login(account.email, PASSWORD)
    const now: Matrix = (await ashlar.call('GET', '/api/v1/permissions/matrix', { token })).body
    assert.ok(now.permissions.some(({ action, roles }) => action === '*:view' && roles[role.id] === 'allow'))
    for (const { method, path, permission, roles } of now.routes) {
      if (permission === null) continue
      const allowed = permission.endsWith(':view') || permission === 'users:edit'
      assert.equal(roles[role.id], allowed ? 'allow' : 'deny', `${method} ${path}`)
      const url = path.replace(/\{\w+\}/g, ABSENT)
      const { status } = await ashlar.call(method, url, { token, ...(method !== 'GET' && { json: {} }) })
      assert.equal(status === 403, !allowed, `${method} ${path} ${status}`)
    }
  })
})
