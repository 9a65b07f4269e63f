// Ways up that must not exist: granting beyond one's own, reaching roles above, and other tenants' roles.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const ABSENT = 'c000000000000000000000000'

describe('roles: ways up', () => {
  let ashlar: TestApp
  let admin: Person
  /** Edits roles and users, and holds little else. */
  let keeper: Person
  let keeperRole: string
  before(async () => {
    ashlar = await startApp()
    admin = await ashlar.admin()
    keeperRole = await make(['roles:view', 'roles:edit', 'users:view', 'users:edit', 'users:create', 'documents:*'])
    keeper = await holder(keeperRole)
  })
  after(() => ashlar.stop())

  const call = (by: Person | string, method: string, path: string, json?: unknown, headers?: Record<string, string>) =>
    ashlar.call(method, `/api/v1${path}`, {
      token: typeof by === 'string' ? by : by.token,
      ...(json !== undefined && { json }),
      ...(headers && { headers }),
    })
  const ok = (answer: Answer, status = 200): Answer => {
    assert.equal(answer.status, status, answer.text)
    return answer
  }
  const make = async (permissions: string[], parentIds: string[] = [], by = admin): Promise<string> =>
    ok(await call(by, 'POST', '/roles', { name: unique('role'), permissions, parentIds }), 201).body.id
  const holder = async (...roleIds: string[]): Promise<Person> => {
    const email = `${unique('u')}@example.com`
    ok(await call(admin, 'POST', '/users', { email, password: PASSWORD, roleIds }), 201)
    return ashlar.login(email, PASSWORD)
  }
  const permissionId = async (action: string): Promise<string> =>
    (
      await ashlar.rows<{ id: string }>(`SELECT id FROM permissions WHERE "tenantId" = 'default' AND action = $1`, [
        action,
      ])
    )[0]!.id
  const rights = () =>
    ashlar.rows(`
      SELECT (SELECT json_agg(r ORDER BY id) FROM roles r) AS roles,
        (SELECT json_agg(p.action ORDER BY p.id) FROM permissions p) AS permissions,
        (SELECT json_agg(rp ORDER BY "roleId", "permissionId") FROM role_permissions rp) AS grants,
        (SELECT json_agg(q ORDER BY "roleId", "parentId") FROM role_parents q) AS parents,
        (SELECT json_agg(ur ORDER BY "userId", "roleId") FROM user_roles ur) AS held,
        (SELECT count(*)::int FROM audit_logs) AS trail`)

  describe('RBAC-3: nobody grants what they lack', () => {
    const post = (path: string, json: unknown) => call(keeper, 'POST', path, json)
    const patch = (path: string, json: unknown) => call(keeper, 'PATCH', path, json)
    /** Each prepares what it needs as the administrator, and gives back the attempt. */
    const scripts: [string, () => Promise<() => Promise<Answer>>, string][] = [
      ['a new role with everything', async () => () => post('/roles', { name: 'up', permissions: ['*'] }), '*'],
      ['everything by its other name', async () => () => post('/roles', { name: 'up', permissions: ['*:*'] }), '*:*'],
      [
        'a wildcard over what they hold in part',
        async () => () => post('/roles', { name: 'up', permissions: ['users:*'] }),
        'users:*',
      ],
      [
        'a wildcard over what they hold in every resource but one',
        async () => () => post('/roles', { name: 'up', permissions: ['*:view'] }),
        '*:view',
      ],
      [
        'an alias of more than they hold',
        async () => () => post('/roles', { name: 'up', permissions: ['manage_roles'] }),
        'roles:*',
      ],
      [
        'a permission by its id',
        async () => {
          const id = await permissionId('audit:view')
          return () => post('/roles', { name: 'up', permissionIds: [id] })
        },
        'audit:view',
      ],
      [
        'a permission that they made themselves',
        async () => {
          const word = unique('w').toLowerCase()
          const { id } = ok(await post('/permissions', { action: `${word}:paint` }), 201).body
          ok(await call(admin, 'GET', `/permissions/${id}`))
          return async () => {
            const answer = await post('/roles', { name: 'up', permissionIds: [id] })
            assert.equal(answer.body.permission, `${word}:paint`)
            return answer
          }
        },
        '',
      ],
      ['a new role under admin', async () => () => post('/roles', { name: 'up', parentIds: ['admin'] }), '*'],
      [
        'a new role under one that inherits more',
        async () => {
          const parent = await make([], [await make([], ['admin'])])
          return () => post('/roles', { name: 'up', parentIds: ['viewer', parent] })
        },
        '*',
      ],
      [
        'their own role, replaced',
        async () => () => post(`/roles/${keeperRole}/permissions`, { permissions: ['roles:*', 'users:delete'] }),
        'roles:*',
      ],
      ['their own role under admin', async () => () => patch(`/roles/${keeperRole}`, { parentIds: ['admin'] }), '*'],
      [
        'a role below, widened',
        async () => {
          const id = await make(['users:view'])
          return () => patch(`/roles/${id}`, { permissions: ['users:view', 'users:delete'] })
        },
        'users:delete',
      ],
      [
        'a role that they hold, handed over to admin by deleting it',
        async () => {
          const id = await make(['users:view'])
          await holder(id)
          return () => call(keeper, 'DELETE', `/roles/${id}?reassignTo=admin`)
        },
        '*',
      ],
      [
        'a parent of their role, handed over to one that inherits more',
        async () => {
          const parent = await make(['users:view'])
          await make(['users:view'], [parent])
          const above = await make([], ['admin'])
          return () => call(keeper, 'DELETE', `/roles/${parent}?reassignTo=${above}`)
        },
        '*',
      ],
      [
        'a member given a role above',
        async () => {
          const { id } = await holder()
          return () => patch(`/users/${id}`, { roleIds: ['admin'] })
        },
        '*',
      ],
      [
        'a member given a role that inherits more',
        async () => {
          const above = await make([], ['admin'])
          const { id } = await holder()
          return () => patch(`/users/${id}`, { roleIds: [above] })
        },
        '*',
      ],
      [
        'a new account with a role above',
        async () => () => post('/users', { email: 'up@example.com', password: PASSWORD, roleId: 'admin' }),
        '*',
      ],
      ['relabelling a role above', async () => () => patch('/roles/admin', { label: 'Mine' }), '*'],
      [
        'emptying a role above',
        async () => {
          const id = await make(['audit:view'])
          return () => post(`/roles/${id}/permissions`, { permissions: [] })
        },
        'audit:view',
      ],
      [
        'taking the parents from a role that is above by them only',
        async () => {
          const id = await make([], ['admin'])
          return () => patch(`/roles/${id}`, { parentIds: [] })
        },
        '*',
      ],
      [
        'deleting a role above',
        async () => {
          const id = await make(['audit:view'])
          return () => call(keeper, 'DELETE', `/roles/${id}`)
        },
        'audit:view',
      ],
    ]
    for (const [what, prepare, permission] of scripts) {
      it(`${what}: 403 that names the permission, and nothing changes`, async () => {
        const attempt = await prepare()
        const before = await rights()
        const answer = await attempt()
        assert.equal(answer.status, 403, answer.text)
        assert.equal(answer.body.code, 'roles.beyond_own')
        if (permission) assert.equal(answer.body.permission, permission)
        assert.deepEqual(await rights(), before)
      })
    }

    it('what they hold they may give: the same routes work within it', async () => {
      const id = await make(['users:view', 'documents:edit', 'documents:view'], [], keeper)
      ok(await post(`/roles/${id}/permissions`, { permissions: ['documents:*'] }))
      const child = await make(['roles:view'], [id], keeper)
      ok(await patch(`/users/${(await holder()).id}`, { roleIds: [child] }))
      ok(await call(keeper, 'DELETE', `/roles/${id}?reassignTo=${keeperRole}`))
    })

    it('a personal access token gives no more than its scopes, whatever its owner holds', async () => {
      const body = { name: 'ci', scopes: ['roles:edit', 'users:view'] }
      const { token } = ok(await call(admin, 'POST', '/tokens', body), 201).body
      const before = await rights()
      for (const json of [{ permissions: ['users:edit'] }, { permissions: ['*'] }, { parentIds: ['moderator'] }]) {
        const answer = await call(token, 'POST', '/roles', { name: 'up', ...json })
        assert.equal(answer.body.code, 'roles.beyond_own', answer.text)
      }
      assert.equal((await call(token, 'PATCH', '/roles/moderator', { label: 'Mine' })).status, 403)
      assert.deepEqual(await rights(), before)
      ok(await call(token, 'POST', '/roles', { name: unique('role'), permissions: ['users:view'] }), 201)
    })
  })

  it('RBAC-4: who is demoted is refused at the next call, by session and by token', async () => {
    const role = await make(['users:view', 'roles:view', 'roles:edit'])
    const clerk = await holder(role)
    const scopes = { name: 'ci', scopes: ['users:view'] }
    const { token } = ok(await call(clerk, 'POST', '/tokens', scopes), 201).body
    const both = async () => [(await call(clerk, 'GET', '/users')).status, (await call(token, 'GET', '/users')).status]
    const demotions: [string, () => Promise<Answer>, () => Promise<Answer>][] = [
      [
        'another role',
        () => call(admin, 'PATCH', `/users/${clerk.id}`, { roleIds: [] }),
        () => call(admin, 'PATCH', `/users/${clerk.id}`, { roleIds: [role] }),
      ],
      [
        'the role cut',
        () => call(admin, 'POST', `/roles/${role}/permissions`, { permissions: ['roles:view'] }),
        () => call(admin, 'POST', `/roles/${role}/permissions`, { permissions: ['users:view'] }),
      ],
      [
        'the role replaced',
        async () => {
          const plain = await make(['files:view'])
          return call(admin, 'DELETE', `/roles/${role}?reassignTo=${plain}`)
        },
        () => call(admin, 'PATCH', `/users/${clerk.id}`, { roleIds: ['moderator'] }),
      ],
    ]
    assert.deepEqual(await both(), [200, 200])
    for (const [what, demote, promote] of demotions) {
      ok(await demote())
      assert.deepEqual(await both(), [403, 403], what)
      ok(await promote())
      assert.deepEqual(await both(), [200, 200], what)
    }
  })

  describe('TEN-5: the ids of another tenant', () => {
    let foreign: { role: string; builtIn: string; permission: string; user: string }
    before(async () => {
      const owner = await ashlar.person()
      const tenant = ok(await call(owner, 'POST', '/tenants', { name: unique('Other ') }), 201).body.id
      const headers = { 'x-tenant-id': tenant }
      const made = await call(owner, 'POST', '/roles', { name: 'theirs', permissions: ['users:view'] }, headers)
      const [builtIn] = await ashlar.rows<{ id: string }>(
        `SELECT id FROM roles WHERE "tenantId" = $1 AND name = 'admin'`,
        [tenant],
      )
      const word = await call(owner, 'POST', '/permissions', { action: 'theirs:paint' }, headers)
      const person = await ashlar.person()
      await ashlar.rows(`DELETE FROM user_roles WHERE "userId" = $1`, [person.id])
      await ashlar.rows(`DELETE FROM memberships WHERE "userId" = $1`, [person.id])
      ok(await call(owner, 'POST', `/tenants/${tenant}/members`, { userId: person.id }), 201)
      foreign = {
        role: ok(made, 201).body.id,
        builtIn: builtIn!.id,
        permission: ok(word, 201).body.id,
        user: person.id,
      }
    })

    type Kind = 'role' | 'builtIn' | 'permission' | 'user'
    const places: [string, Kind, (id: string) => Promise<Answer>, number][] = [
      ['GET /roles/:id', 'role', (id) => call(admin, 'GET', `/roles/${id}`), 404],
      ['PATCH /roles/:id', 'role', (id) => call(admin, 'PATCH', `/roles/${id}`, { label: 'Mine' }), 404],
      ['PUT /roles/:id', 'builtIn', (id) => call(admin, 'PUT', `/roles/${id}`, { name: 'mine' }), 404],
      [
        'POST …/permissions',
        'builtIn',
        (id) => call(admin, 'POST', `/roles/${id}/permissions`, { permissions: [] }),
        404,
      ],
      ['POST …/permissions as one who lacks', 'builtIn', (id) => call(keeper, 'PATCH', `/roles/${id}`, {}), 404],
      ['DELETE /roles/:id', 'role', (id) => call(admin, 'DELETE', `/roles/${id}`), 404],
      ['DELETE of a built-in', 'builtIn', (id) => call(admin, 'DELETE', `/roles/${id}?reassignTo=viewer`), 404],
      ['reassignTo', 'role', async (id) => call(admin, 'DELETE', `/roles/${await make([])}?reassignTo=${id}`), 422],
      ['parentIds of a new role', 'role', (id) => call(admin, 'POST', '/roles', { name: 'n', parentIds: [id] }), 422],
      ['parentIds', 'builtIn', (id) => call(keeper, 'PATCH', `/roles/${keeperRole}`, { parentIds: [id] }), 422],
      [
        'permissionIds of a new role',
        'permission',
        (id) => call(admin, 'POST', '/roles', { name: 'n', permissionIds: [id] }),
        422,
      ],
      [
        'permissionIds',
        'permission',
        (id) => call(admin, 'POST', `/roles/${keeperRole}/permissions`, { permissionIds: [id] }),
        422,
      ],
      ['roleIds of a new user', 'role', (id) => newcomer({ roleIds: [id] }), 422],
      ['roleId of a new user', 'builtIn', (id) => newcomer({ roleId: id }), 422],
      ['roleIds', 'role', (id) => call(admin, 'PATCH', `/users/${keeper.id}`, { roleIds: [id] }), 422],
      ['GET /permissions/:id', 'permission', (id) => call(admin, 'GET', `/permissions/${id}`), 404],
      ['DELETE /permissions/:id', 'permission', (id) => call(admin, 'DELETE', `/permissions/${id}`), 404],
      ['explain a role', 'role', (id) => explain({ roleId: id }), 422],
      ['explain a user', 'user', (id) => explain({ userId: id }), 422],
      ['GET /roles?search=', 'role', (id) => call(admin, 'GET', `/roles?search=${id}`), 200],
      [
        'GET /rbac/permissions?search=',
        'permission',
        (id) => call(admin, 'GET', `/rbac/permissions?search=${id}`),
        200,
      ],
      ['HaloLight GET', 'role', (id) => ashlar.call('GET', `/api/roles/${id}`, { token: admin.token }), 404],
      ['HaloLight list', 'role', (id) => ashlar.call('GET', `/api/roles?search=${id}`, { token: admin.token }), 200],
    ]
    const newcomer = (body: object) =>
      call(admin, 'POST', '/users', { email: 'newcomer@example.com', password: PASSWORD, ...body })
    const explain = (body: object) => call(admin, 'POST', '/permissions/explain', { permission: 'users:view', ...body })
    /** What differs from one request to the next in any case. */
    const masked = ({ status, text, headers, body }: Answer, id: string) => {
      const names = [...headers.keys()].filter((name) => name !== 'x-request-id' && name !== 'date').sort()
      let rest = text.replaceAll(id, 'ID')
      if (body.requestId) rest = rest.replaceAll(body.requestId, 'REQUEST')
      if (body.instance) rest = rest.replace(/"instance":"[^"]*"/, '')
      return { status, rest, names }
    }
    for (const [place, kind, ask, status] of places) {
      it(`${place}: as if there were no such ${kind}, byte for byte`, async () => {
        // Other tenants' rows may be changed by a hole, so what they are is compared as a whole.
        const theirs = () =>
          ashlar.rows(
            `SELECT (SELECT json_agg(r ORDER BY id) FROM roles r WHERE "tenantId" <> 'default') AS roles,
              (SELECT json_agg(rp ORDER BY "roleId", "permissionId") FROM role_permissions rp WHERE "tenantId" <> 'default') AS grants,
              (SELECT json_agg(p ORDER BY id) FROM permissions p WHERE "tenantId" <> 'default') AS permissions`,
          )
        const before = await theirs()
        const id = foreign[kind]
        const [real, absent] = [await ask(id), await ask(ABSENT.slice(0, id.length))]
        assert.equal(real.status, status, real.text)
        assert.deepEqual(masked(real, id), masked(absent, ABSENT.slice(0, id.length)))
        if (status === 200) assert.deepEqual(real.body.data ?? real.body, [])
        assert.deepEqual(await theirs(), before)
      })
    }

    it('the names of their roles and permissions are in no list, and free to take', async () => {
      for (const path of ['/roles?search=theirs', '/permissions?search=theirs', '/rbac/permissions?search=theirs'])
        assert.equal(ok(await call(admin, 'GET', path)).body.meta.total, 0)
      assert.ok(!ok(await call(admin, 'GET', '/permissions/matrix')).text.includes('theirs'))
      ok(await call(admin, 'POST', '/roles', { name: 'theirs' }), 201)
      ok(await call(admin, 'POST', '/permissions', { action: 'theirs:paint' }), 201)
    })
  })
})
