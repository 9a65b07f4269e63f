// Ways up: what somebody with a few permissions might try with roles, and that each change of a role is felt at once.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { type Cast, castOf, type ForeignTenant, foreignTenant } from './roles.fixture.ts'

describe('escalation by roles', () => {
  let ashlar: TestApp
  let cast: Cast
  let foreign: ForeignTenant
  let climber: Person & { roleId: string }
  let harmless: { id: string }
  let audited: { id: string }
  before(async () => {
    ashlar = await startApp()
    cast = await castOf(ashlar)
    foreign = await foreignTenant(ashlar)
    climber = await cast.holding('roles:view', 'roles:edit', 'users:view', 'users:edit')
    harmless = await cast.role({ permissions: ['users:view'] })
    audited = await cast.role({ permissions: ['audit:view'] })
  })
  after(() => ashlar.stop())

  const as = (token: string) => (method: string, path: string, json?: unknown) =>
    ashlar.call(method, `/api/v1${path}`, { token, ...(json !== undefined && { json }) })

  it('RBAC-3: no script of somebody with roles:edit ends with more than they had', async () => {
    const other = await ashlar.person()
    const star = await cast.permissionId('*')
    const scripts: Record<string, [string, string, unknown?]> = {
      'a new role with everything': ['POST', '/roles', { name: unique('x'), permissions: ['*'] }],
      'a new role with everything, spelled otherwise': ['POST', '/roles', { name: unique('x'), permissions: ['*:*'] }],
      'a new role with everything, by id': ['POST', '/roles', { name: unique('x'), permissionIds: [star] }],
      'a permission that is not held': ['POST', '/roles', { name: unique('x'), permissions: ['audit:view'] }],
      'a wildcard over held ones': ['POST', '/roles', { name: unique('x'), permissions: ['users:*'] }],
      'a wildcard over verbs': ['POST', '/roles', { name: unique('x'), permissions: ['*:view'] }],
      'an alias of more': ['POST', '/roles', { name: unique('x'), permissions: ['manage_roles'] }],
      'a parent with more': ['POST', '/roles', { name: unique('x'), parentIds: ['admin'] }],
      'more in the own role': ['PATCH', `/roles/${climber.roleId}`, { permissions: ['roles:edit', 'audit:view'] }],
      'everything in the own role': ['POST', `/roles/${climber.roleId}/permissions`, { permissionIds: [star] }],
      'a parent with more for the own role': ['PUT', `/roles/${climber.roleId}`, { parentIds: [audited.id] }],
      'a parent with more for a harmless role': ['PATCH', `/roles/${harmless.id}`, { parentIds: ['admin'] }],
      'a role with more in the place of a harmless one': ['DELETE', `/roles/${harmless.id}?reassignTo=admin`],
      'less for those above': ['PATCH', `/roles/${audited.id}`, { permissions: [] }],
      'a new name for a role above': ['PATCH', `/roles/${audited.id}`, { name: unique('x') }],
      'the end of a role above': ['DELETE', `/roles/${audited.id}`],
      'the full role without its star': ['POST', '/roles/admin/permissions', { permissions: ['roles:edit'] }],
      'another role for oneself': ['PATCH', `/users/${climber.id}`, { roleIds: ['admin'] }],
      'a harmless role for oneself': ['PATCH', `/users/${climber.id}`, { roleIds: [harmless.id] }],
      'a role with more for a friend': ['PATCH', `/users/${other.id}`, { roleIds: ['admin'] }],
      'a role of another tenant as parent': ['PATCH', `/roles/${climber.roleId}`, { parentIds: [foreign.roleId] }],
    }
    const before = await everything()
    for (const [title, [method, path, json]] of Object.entries(scripts)) {
      const answer = await as(climber.token)(method, path, json)
      assert.ok([403, 409, 422].includes(answer.status), `${title} answered ${answer.status}: ${answer.text}`)
      assert.deepEqual(await everything(), before, title)
    }
    const { body } = await as(climber.token)('GET', '/auth/me')
    assert.deepEqual(body.permissions, ['roles:edit', 'roles:view', 'users:edit', 'users:view'])
  })

  it('RBAC-3: in two steps neither: an empty role that others wear cannot be filled later with more', async () => {
    const empty = await as(climber.token)('POST', '/roles', { name: unique('empty') })
    assert.equal(empty.status, 201)
    const friend = await ashlar.person()
    // The friend's own role grants more than the climber holds, so nothing of the friend can change.
    assert.equal((await as(climber.token)('PATCH', `/users/${friend.id}`, { roleIds: [empty.body.id] })).status, 403)
    const path = `/roles/${empty.body.id}`
    assert.equal((await as(climber.token)('PATCH', path, { permissions: ['users:view'] })).status, 200)
    assert.equal((await as(climber.token)('PATCH', path, { permissions: ['files:view'] })).status, 403)
    assert.equal((await as(climber.token)('PATCH', path, { parentIds: [audited.id] })).status, 403)
    assert.deepEqual(await cast.granted(empty.body.id), ['users:view'])
  })

  it('RBAC-3: a personal access token grants only what its scopes leave', async () => {
    const scopes = ['roles:edit']
    const { body } = await as(climber.token)('POST', '/tokens', { name: 'narrow', scopes })
    const refused = await as(body.token)('POST', '/roles', { name: unique('x'), permissions: ['users:view'] })
    assert.deepEqual([refused.status, refused.body.permission], [403, 'users:view'])
    assert.equal((await as(body.token)('POST', '/roles', { name: unique('x'), permissions: scopes })).status, 201)
  })

  it('what is held can be granted, by inheritance too', async () => {
    const made = await as(climber.token)('POST', '/roles', {
      name: unique('x'),
      permissions: ['update_user'],
      parentIds: [harmless.id],
    })
    assert.deepEqual([made.status, made.body.effectivePermissions], [201, ['users:edit', 'users:view']])
    const renamed = await as(climber.token)('PATCH', `/roles/${made.body.id}`, { label: 'Renamed' })
    assert.equal(renamed.status, 200)
  })

  it('RBAC-4: every way to take a permission away is felt on the next call', async () => {
    const { id: base } = await cast.role({ permissions: ['users:view'] })
    const { id: spare } = await cast.role({})
    const admin = as(cast.admin.token)
    const ways: Record<string, (roleId: string, userId: string) => ReturnType<typeof admin>> = {
      'permissions of the role': (roleId) => admin('PATCH', `/roles/${roleId}`, { permissions: [], parentIds: [] }),
      'permissions replaced': (roleId) => admin('POST', `/roles/${roleId}/permissions`, { permissions: ['ai:use'] }),
      'another role': (_, userId) => admin('PATCH', `/users/${userId}`, { roleIds: [spare] }),
      'no role': (_, userId) => admin('PATCH', `/users/${userId}`, { roleIds: [] }),
      'the role goes': (roleId) => admin('DELETE', `/roles/${roleId}?reassignTo=${spare}`),
    }
    for (const [title, demote] of Object.entries(ways)) {
      const person = await cast.holding('users:view')
      assert.equal((await as(person.token)('GET', '/users')).status, 200, title)
      assert.equal((await demote(person.roleId, person.id)).status, 200, title)
      assert.equal((await as(person.token)('GET', '/users')).status, 403, title)
    }
    const { id: heir } = await cast.role({ parentIds: [base] })
    const person = await cast.holder(heir)
    assert.equal((await as(person.token)('GET', '/users')).status, 200)
    assert.equal((await admin('PATCH', `/roles/${heir}`, { parentIds: [] })).status, 200)
    assert.equal((await as(person.token)('GET', '/users')).status, 403)
    assert.equal((await admin('PATCH', `/roles/${heir}`, { parentIds: [base] })).status, 200)
    assert.equal((await as(person.token)('GET', '/users')).status, 200)
  })

  it('RBAC-4: another process knows within a second', async () => {
    const second = await startApp({ database: ashlar.database })
    try {
      const person = await cast.holding('users:view')
      const there = () => second.call('GET', '/api/v1/users', { token: person.token })
      assert.equal((await there()).status, 200)
      const path = `/roles/${person.roleId}/permissions`
      assert.equal((await as(cast.admin.token)('POST', path, { permissions: [] })).status, 200)
      const changed = performance.now()
      while ((await there()).status !== 403) assert.ok(performance.now() - changed < 1_000)
    } finally {
      await second.stop()
    }
  })

  /** Everything that says who may do what, and the length of the trail. */
  async function everything() {
    const tables = ['roles', 'permissions', 'role_permissions', 'role_parents', 'user_roles']
    const rows = await Promise.all(
      tables.map((table) => ashlar.rows(`SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY to_jsonb(t)::text`)),
    )
    return { rows, trail: await cast.trailLength() }
  }
})
