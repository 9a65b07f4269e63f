// Roles on the other bases, what they count, and ids of other tenants.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { type Cast, castOf, type ForeignTenant, foreignTenant } from './roles.fixture.ts'

describe('roles, elsewhere', () => {
  let ashlar: TestApp
  let cast: Cast
  let foreign: ForeignTenant
  before(async () => {
    ashlar = await startApp()
    cast = await castOf(ashlar)
    foreign = await foreignTenant(ashlar)
  })
  after(() => ashlar.stop())

  const as = (token: string | undefined) => (method: string, path: string, json?: unknown) =>
    ashlar.call(method, `/api/v1${path}`, { ...(token && { token }), ...(json !== undefined && { json }) })
  const admin = (method: string, path: string, json?: unknown) => as(cast.admin.token)(method, path, json)

  it('answers the same under /rbac, and without paging as a bare list on /api', async () => {
    const roles = await admin('GET', '/rbac/roles?limit=100')
    assert.deepEqual(roles.body, (await admin('GET', '/roles?limit=100')).body)
    for (let count = 0; count < 8; count++) await cast.role({})
    const bare = await ashlar.call('GET', '/api/roles', { token: cast.admin.token })
    assert.ok(Array.isArray(bare.body) && bare.body.length === 14, 'more than a page')
    const full = bare.body.find((role: { id: string }) => role.id === 'admin')
    assert.deepEqual(full.permissions, ['*'])
    assert.equal(full.created_at, full.createdAt)
    assert.equal((await ashlar.call('GET', '/api/rbac/roles', { token: cast.admin.token })).status, 404)
  })

  it('counts the people who hold it, without deleted ones', async () => {
    const { id } = await cast.role({})
    const one = await cast.holder(id)
    await cast.holder(id)
    assert.equal((await admin('GET', `/roles/${id}`)).body.userCount, 2)
    assert.equal((await admin('DELETE', `/users/${one.id}`)).status, 200)
    assert.equal((await admin('GET', `/roles/${id}`)).body.userCount, 1)
  })

  it('takes the body that a HaloLight front end sends, unknown keys included', async () => {
    const made = await ashlar.call('POST', '/api/roles', {
      token: cast.admin.token,
      json: { name: unique('halo'), label: 'Halo', description: '', permissions: ['users:view'], userCount: 3 },
    })
    assert.equal(made.status, 201)
    assert.equal(made.body.userCount, 0)
    const gone = await ashlar.call('DELETE', `/api/roles/${made.body.id}`, { token: cast.admin.token })
    assert.deepEqual([gone.status, gone.body.id, gone.body.code], [200, made.body.id, 200])
  })

  it('an unused role goes; the trail remembers it', async () => {
    const { id, name } = await cast.role({ permissions: ['users:view'] })
    const gone = await admin('DELETE', `/roles/${id}`)
    assert.equal(gone.status, 200)
    assert.equal(gone.body.id, id)
    assert.equal((await admin('GET', `/roles/${id}`)).status, 404)
    const [, entry] = await cast.trail(id)
    assert.equal(entry?.action, 'roles.delete')
    assert.deepEqual([entry?.changes?.name, entry?.changes?.permissions], [name, ['users:view']])
  })

  it('TEN-5: ids of another tenant answer exactly as ids of nothing, wherever they stand', async () => {
    const mine = await cast.role({})
    const person = await ashlar.person()
    const places: ((ids: ForeignTenant) => [string, string, unknown?])[] = [
      ({ roleId }) => ['GET', `/roles/${roleId}`],
      ({ roleId }) => ['PATCH', `/roles/${roleId}`, { label: 'x' }],
      ({ roleId }) => ['PUT', `/roles/${roleId}`, { parentIds: [] }],
      ({ roleId }) => ['POST', `/roles/${roleId}/permissions`, { permissions: ['*'] }],
      ({ roleId }) => ['DELETE', `/roles/${roleId}`],
      ({ roleId }) => ['DELETE', `/roles/${roleId}?reassignTo=viewer`],
      ({ roleId }) => ['DELETE', `/roles/${mine.id}?reassignTo=${roleId}`],
      ({ roleId }) => ['POST', '/roles', { name: 'x', parentIds: [roleId] }],
      ({ roleId }) => ['PATCH', `/roles/${mine.id}`, { parentIds: ['viewer', roleId] }],
      ({ permissionId }) => ['POST', '/roles', { name: 'x', permissionIds: [permissionId] }],
      ({ permissionId }) => ['POST', `/roles/${mine.id}/permissions`, { permissionIds: [permissionId] }],
      ({ permissionId }) => ['GET', `/permissions/${permissionId}`],
      ({ permissionId }) => ['DELETE', `/permissions/${permissionId}`],
      ({ roleId }) => ['POST', '/permissions/explain', { roleId, permission: 'gold:mine' }],
      ({ userId }) => ['POST', '/permissions/explain', { userId, permission: 'gold:mine' }],
      ({ roleId }) => ['PATCH', `/users/${person.id}`, { roleIds: [roleId] }],
      ({ roleId }) => ['GET', `/roles?search=${roleId}`],
      () => ['POST', '/roles', { name: 'x', permissions: ['gold:mine'] }],
      () => ['POST', '/roles', { name: 'x', permissions: ['gold:*'] }],
    ]
    const absent = { roleId: 'r-absent', permissionId: 'p-absent', userId: 'u-absent' }
    for (const place of places) {
      const texts: string[] = []
      for (const ids of [foreign, absent]) {
        const answer = await admin(...place(ids))
        assert.ok([200, 404, 422].includes(answer.status), answer.text)
        const { requestId, ...body } = answer.body
        texts.push(
          Object.values(ids).reduce((text, id) => text.replaceAll(id, 'ID'), JSON.stringify([answer.status, body])),
        )
      }
      assert.equal(texts[0], texts[1])
    }
    assert.deepEqual(await cast.granted(foreign.roleId), ['gold:mine'])
    assert.equal((await ashlar.rows('SELECT 1 FROM roles WHERE id = $1', [foreign.roleId])).length, 1)
  })
})
