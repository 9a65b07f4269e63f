// Roles over HTTP: what they grant, how they inherit, and what is refused.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { type Cast, castOf, type ForeignTenant, foreignTenant } from './roles.fixture.ts'

describe('roles', () => {
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

  describe('reading', () => {
    it('lists them by name in pages, and finds them by name, label and id', async () => {
      const { body } = await admin('GET', '/roles?limit=4')
      assert.deepEqual(Object.keys(body.data[0]).sort(), [
        'builtIn',
        'createdAt',
        'description',
        'effectivePermissions',
        'id',
        'label',
        'name',
        'parentIds',
        'parents',
        'permissions',
        'updatedAt',
        'userCount',
      ])
      const second = await admin('GET', '/roles?limit=4&page=2')
      const names = [...body.data, ...second.body.data].map((role: { name: string }) => role.name)
      for (const name of ['admin', 'editor', 'manager', 'moderator', 'user', 'viewer']) assert.ok(names.includes(name))
      assert.ok(!names.includes('boss'), 'no role of another tenant')
      assert.equal(body.meta.total, 6)
      for (const search of ['ODERATO', '访客', 'viewer']) {
        const found = await admin('GET', `/roles?search=${encodeURIComponent(search)}`)
        assert.equal(found.body.meta.total, 1, search)
      }
      assert.equal((await admin('GET', '/roles?search=%25')).body.meta.total, 0, 'a wildcard of LIKE is just a sign')
    })

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
  })

  describe('writing', () => {
    it('makes a role from actions, aliases, wildcards and ids, and writes it to the trail', async () => {
      const name = unique('clerk')
      const made = await admin('POST', '/roles', {
        name: ` ${name} `,
        permissions: ['read_user', 'documents:*', '*:view', 'manage_roles'],
        permissionIds: [await cast.permissionId('files:view')],
      })
      assert.equal(made.status, 201)
      assert.equal(made.body.name, name)
      assert.equal(made.body.label, name)
      assert.deepEqual(made.body.permissions.sort(), ['*:view', 'documents:*', 'files:view', 'roles:*', 'users:view'])
      assert.equal(made.body.builtIn, false)
      assert.deepEqual((await admin('GET', `/roles/${made.body.id}`)).body, made.body)
      const [entry, ...rest] = await cast.trail(made.body.id)
      assert.equal(entry?.action, 'roles.create')
      assert.equal(entry?.changes?.name, name)
      assert.deepEqual(rest, [])
    })

    it('PATCH and PUT change what is sent and keep the rest; the trail has before and after', async () => {
      const { id } = await cast.role({ label: 'Old', description: 'kept', permissions: ['users:view'] })
      const changed = await admin('PATCH', `/roles/${id}`, { label: 'New', permissions: ['files:view'] })
      assert.equal(changed.status, 200)
      assert.deepEqual([changed.body.label, changed.body.description], ['New', 'kept'])
      assert.deepEqual(changed.body.permissions, ['files:view'])
      const replaced = await admin('PUT', `/roles/${id}`, { description: null })
      assert.deepEqual([replaced.body.description, replaced.body.permissions], [null, ['files:view']])
      const [, edit] = await cast.trail(id)
      assert.deepEqual(edit, {
        action: 'roles.edit',
        changes: { label: ['Old', 'New'], permissions: [['users:view'], ['files:view']] },
      })
    })

    it('replaces the permissions by id or by name', async () => {
      const { id } = await cast.role({ permissions: ['users:*'] })
      const byId = await admin('POST', `/roles/${id}/permissions`, {
        permissionIds: [await cast.permissionId('users:view')],
      })
      assert.equal(byId.status, 200)
      assert.deepEqual(byId.body.permissions, ['users:view'])
      const byName = await admin('POST', `/roles/${id}/permissions`, { permissions: ['send_email'] })
      assert.deepEqual(byName.body.permissions, ['mail:send'])
      assert.deepEqual((await admin('POST', `/roles/${id}/permissions`, { permissions: [] })).body.permissions, [])
      assert.equal((await admin('POST', `/roles/${id}/permissions`, {})).status, 422)
    })

    it('writes nothing over a version that is not the last one', async () => {
      const { id } = await cast.role({ label: 'One' })
      const stale = (await admin('GET', `/roles/${id}`)).headers.get('etag')!
      assert.equal((await admin('PATCH', `/roles/${id}`, { label: 'Two' })).status, 200)
      const headers = { 'if-match': stale }
      const calls = [
        ['PATCH', `/roles/${id}`],
        ['POST', `/roles/${id}/permissions`],
        ['DELETE', `/roles/${id}`],
      ] as const
      for (const [method, path] of calls) {
        const json = path.endsWith('permissions') ? { permissions: [] } : { label: 'Three' }
        const late = await ashlar.call(method, `/api/v1${path}`, {
          token: cast.admin.token,
          headers,
          ...(method !== 'DELETE' && { json }),
        })
        assert.deepEqual([late.status, late.body.code], [412, 'roles.changed_meanwhile'])
      }
      const last = await admin('GET', `/roles/${id}`)
      assert.equal(last.body.label, 'Two')
      const fresh = await ashlar.call('PATCH', `/api/v1/roles/${id}`, {
        token: cast.admin.token,
        headers: { 'if-match': last.headers.get('etag')! },
        json: { label: 'Three' },
      })
      assert.equal(fresh.status, 200)
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
  })

  describe('inheritance', () => {
    it('grants what parents and their parents grant, and takes it away with them at once', async () => {
      const base = await cast.role({ permissions: ['users:view'] })
      const middle = await cast.role({ parentIds: [base.id] })
      const leaf = await cast.role({ parentIds: [middle.id], permissions: ['files:view'] })
      const person = await cast.holder(leaf.id)
      const { body } = await admin('GET', `/roles/${leaf.id}`)
      assert.deepEqual(body.effectivePermissions, ['files:view', 'users:view'])
      assert.deepEqual([body.permissions, body.parentIds], [['files:view'], [middle.id]])
      assert.deepEqual(body.parents, [{ id: middle.id, name: middle.name }])
      assert.equal((await as(person.token)('GET', '/users')).status, 200)
      assert.equal((await admin('PATCH', `/roles/${base.id}`, { permissions: [] })).status, 200)
      assert.equal((await as(person.token)('GET', '/users')).status, 403)
      assert.notEqual(
        (await admin('GET', `/roles/${leaf.id}`)).body.updatedAt,
        body.updatedAt,
        'what an heir shows has changed, so its version has',
      )
    })

    it('refuses a circle, directly and through others, and leaves everything as it was', async () => {
      const top = await cast.role({})
      const middle = await cast.role({ parentIds: [top.id] })
      const leaf = await cast.role({ parentIds: [middle.id] })
      const trail = await cast.trailLength()
      for (const parent of [top, middle, leaf]) {
        const answer = await admin('PUT', `/roles/${top.id}`, { parentIds: [parent.id] })
        assert.deepEqual([answer.status, answer.body.code], [409, 'roles.cycle'])
      }
      assert.deepEqual((await admin('GET', `/roles/${top.id}`)).body.parentIds, [])
      assert.equal(await cast.trailLength(), trail)
    })

    it('two writes at once cannot make a circle: 30 pairs, one of each is refused', async () => {
      for (let pair = 0; pair < 30; pair++) {
        const [one, two] = await Promise.all([cast.role({}), cast.role({})])
        const answers = await Promise.all([
          admin('PATCH', `/roles/${one.id}`, { parentIds: [two.id] }),
          admin('PATCH', `/roles/${two.id}`, { parentIds: [one.id] }),
        ])
        assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 409])
      }
    })

    it('ends after 20 levels, counted up and down', async () => {
      let last = await cast.role({})
      const first = last
      for (let level = 2; level <= 20; level++) last = await cast.role({ parentIds: [last.id] })
      const below = await admin('POST', '/roles', { name: unique('deep'), parentIds: [last.id] })
      assert.deepEqual([below.status, below.body.errors[0].code], [422, 'too_deep'])
      const above = await cast.role({})
      assert.equal((await admin('PATCH', `/roles/${first.id}`, { parentIds: [above.id] })).status, 422)
      assert.equal((await admin('PATCH', `/roles/${last.id}`, { parentIds: [above.id] })).status, 200)
    })
  })

  describe('deleting', () => {
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

    it('a role that is held or inherited from needs another in its place', async () => {
      const old = await cast.role({ permissions: ['users:view'] })
      const next = await cast.role({ permissions: ['files:view'] })
      const heir = await cast.role({ parentIds: [old.id] })
      const person = await cast.holder(old.id)
      const both = await cast.holder(old.id, next.id)
      const refused = await admin('DELETE', `/roles/${old.id}`)
      assert.deepEqual([refused.status, refused.body.code, refused.body.userCount], [409, 'roles.in_use', 2])
      assert.equal((await as(person.token)('GET', '/users')).status, 200, 'a refusal changes nothing')
      assert.equal((await cast.trail(old.id)).length, 1)
      assert.equal((await admin('DELETE', `/roles/${old.id}?reassignTo=${next.id}`)).status, 200)
      assert.equal((await as(person.token)('GET', '/users')).status, 403)
      for (const { id } of [person, both]) {
        const { body } = await admin('GET', `/users/${id}`)
        assert.deepEqual(
          body.roles.map((role: { id: string }) => role.id),
          [next.id],
        )
      }
      assert.deepEqual((await admin('GET', `/roles/${heir.id}`)).body.parentIds, [next.id])
      assert.equal((await cast.trail(old.id)).at(-1)?.changes?.reassignedTo, next.id)
    })

    it('a role cannot be replaced by one that inherits from it', async () => {
      const old = await cast.role({})
      const heir = await cast.role({ parentIds: [old.id] })
      assert.equal((await admin('DELETE', `/roles/${old.id}?reassignTo=${heir.id}`)).body.code, 'roles.cycle')
      assert.equal((await admin('GET', `/roles/${old.id}`)).status, 200)
    })

    it('is exact while the role is being given away: 15 races end with the role held or gone, never lost', async () => {
      for (let race = 0; race < 15; race++) {
        const { id } = await cast.role({})
        const person = await ashlar.person()
        const [given, gone] = await Promise.all([
          admin('PATCH', `/users/${person.id}`, { roleIds: [id] }),
          admin('DELETE', `/roles/${id}`),
        ])
        assert.deepEqual([given.status, gone.status], given.status === 200 ? [200, 409] : [given.status, 200])
        assert.ok([200, 409, 422].includes(given.status), `giving answered ${given.status}: ${given.text}`)
      }
    })
  })

  describe('refusals', () => {
    it('401 without a token and 403 without the permission, on every route', async () => {
      const viewer = await cast.holding('roles:view')
      const nobody = await cast.holding('users:view')
      for (const [method, path] of [
        ['GET', '/roles'],
        ['GET', '/rbac/roles'],
        ['GET', '/roles/viewer'],
        ['POST', '/roles'],
        ['PATCH', '/roles/viewer'],
        ['PUT', '/roles/viewer'],
        ['POST', '/roles/viewer/permissions'],
        ['DELETE', '/roles/viewer'],
      ] as const) {
        const json = method === 'GET' || method === 'DELETE' ? undefined : {}
        assert.equal((await as(undefined)(method, path, json)).status, 401, `${method} ${path}`)
        const needed = method === 'GET' ? 'roles:view' : 'roles:edit'
        const refused = await as(nobody.token)(method, path, json)
        assert.deepEqual([refused.status, refused.body.permission], [403, needed], `${method} ${path}`)
        if (method !== 'GET') assert.equal((await as(viewer.token)(method, path, json)).status, 403)
      }
    })

    it('404, 409 and 422, each naming its field, and none of them leaves a trace', async () => {
      const mine = await cast.role({})
      const trail = await cast.trailLength()
      const roles = (await admin('GET', '/roles?limit=1')).body.meta.total
      const taken = { in: 'body', path: 'name', code: 'taken' }
      const scenarios: [string, string, unknown, number, object][] = [
        ['GET', '/roles/none', undefined, 404, { code: 'roles.not_found' }],
        ['PATCH', '/roles/none', { label: 'x' }, 404, { code: 'roles.not_found' }],
        ['POST', '/roles/none/permissions', { permissions: [] }, 404, { code: 'roles.not_found' }],
        ['DELETE', '/roles/none', undefined, 404, { code: 'roles.not_found' }],
        ['POST', '/roles', { name: 'editor' }, 409, taken],
        ['POST', '/roles', { name: 'EDITOR' }, 409, taken],
        ['PATCH', `/roles/${mine.id}`, { name: 'Admin' }, 409, taken],
        ['DELETE', '/roles/admin', undefined, 409, { code: 'roles.built_in' }],
        ['DELETE', '/roles/admin?reassignTo=viewer', undefined, 409, { code: 'roles.built_in' }],
        ['DELETE', '/roles/viewer', undefined, 409, { code: 'roles.built_in' }],
        ['PATCH', '/roles/viewer', { name: 'looker' }, 409, { code: 'roles.built_in' }],
        ['PATCH', '/roles/admin', { permissions: ['users:view'] }, 409, { code: 'roles.built_in' }],
        ['POST', '/roles/admin/permissions', { permissions: [] }, 409, { code: 'roles.built_in' }],
        ['POST', '/roles', {}, 422, { path: 'name', code: 'missing' }],
        ['POST', '/roles', { name: '  ' }, 422, { path: 'name', code: 'not_text' }],
        ['POST', '/roles', { name: 'a\nb' }, 422, { path: 'name', code: 'not_text' }],
        ['POST', '/roles', { name: 'x'.repeat(51) }, 422, { path: 'name', code: 'too_long' }],
        ['POST', '/roles', { name: 'x', permissions: ['users:fly'] }, 422, { path: 'permissions' }],
        ['POST', '/roles', { name: 'x', permissions: ['nothing:*'] }, 422, { path: 'permissions' }],
        ['POST', '/roles', { name: 'x', permissions: ['*:fly'] }, 422, { path: 'permissions' }],
        ['POST', '/roles', { name: 'x', permissions: ['USERS:view'] }, 422, { path: 'permissions' }],
        ['POST', '/roles', { name: 'x', permissions: ['constructor'] }, 422, { path: 'permissions' }],
        ['POST', '/roles', { name: 'x', permissionIds: ['none'] }, 422, { path: 'permissionIds' }],
        ['POST', '/roles', { name: 'x', parentIds: ['none'] }, 422, { path: 'parentIds', code: 'unknown_role' }],
        ['POST', '/roles', { name: 'x', parentIds: Array.from({ length: 51 }, (_, n) => `${n}`) }, 422, {}],
        ['DELETE', `/roles/${mine.id}?reassignTo=none`, undefined, 422, { in: 'query', path: 'reassignTo' }],
        ['DELETE', `/roles/${mine.id}?reassignTo=${mine.id}`, undefined, 422, { path: 'reassignTo' }],
        ...['id', 'tenantId', 'builtIn', 'userCount', 'createdAt', 'effectivePermissions'].map(
          (field): [string, string, unknown, number, object] => [
            'POST',
            '/roles',
            { name: 'x', [field]: 'x' },
            422,
            { path: field, code: 'unknown' },
          ],
        ),
      ]
      for (const [method, path, json, status, wanted] of scenarios) {
        const answer = await admin(method, path, json)
        const title = `${method} ${path} ${JSON.stringify(json)} answered ${answer.text}`
        assert.equal(answer.status, status, title)
        const told = { code: answer.body.code, ...answer.body.errors[0] }
        assert.deepEqual({ ...told, ...wanted }, told, title)
      }
      assert.equal(await cast.trailLength(), trail)
      assert.equal((await admin('GET', '/roles?limit=1')).body.meta.total, roles)
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
})
