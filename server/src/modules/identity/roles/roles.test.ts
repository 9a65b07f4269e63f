// Roles over HTTP: refusals as tables, the life of a role, inheritance, and the shapes of lists.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const ABSENT = 'c000000000000000000000000'

interface RoleBody {
  id: string
  name: string
  permissions: string[]
  effectivePermissions: string[]
  parentIds: string[]
  userCount: number
  updatedAt: string
}

describe('roles', () => {
  let ashlar: TestApp
  let admin: Person
  before(async () => {
    ashlar = await startApp()
    admin = await ashlar.admin()
  })
  after(() => ashlar.stop())

  const call = (by: Person, method: string, path: string, json?: unknown, headers?: Record<string, string>) =>
    ashlar.call(method, `/api/v1${path}`, {
      token: by.token,
      ...(json !== undefined && { json }),
      ...(headers && { headers }),
    })
  const ok = (answer: Answer, status = 200): Answer => {
    assert.equal(answer.status, status, answer.text)
    return answer
  }
  const make = async (body: object = {}, by = admin): Promise<RoleBody> =>
    ok(await call(by, 'POST', '/roles', { name: unique('role'), ...body }), 201).body
  const read = async (id: string): Promise<RoleBody> => ok(await call(admin, 'GET', `/roles/${id}`)).body
  const holder = async (...roleIds: string[]): Promise<Person> => {
    const email = `${unique('u')}@example.com`
    ok(await call(admin, 'POST', '/users', { email, password: PASSWORD, roleIds }), 201)
    return ashlar.login(email, PASSWORD)
  }
  const may = async (who: Person, path = '/users'): Promise<boolean> => {
    const { status, text } = await call(who, 'GET', path)
    assert.ok(status === 200 || status === 403, text)
    return status === 200
  }
  const trail = (targetId: string) =>
    ashlar.rows<{ action: string; actorId: string; changes: Record<string, unknown> }>(
      `SELECT action, "actorId", changes FROM audit_logs WHERE "targetId" = $1 ORDER BY at, seq`,
      [targetId],
    )
  /** Everything that a refused write must leave alone. */
  const everything = () =>
    ashlar.rows(`
      SELECT (SELECT json_agg(r ORDER BY id) FROM roles r) AS roles,
        (SELECT json_agg(p.action ORDER BY p.id) FROM permissions p) AS permissions,
        (SELECT json_agg(rp ORDER BY "roleId", "permissionId") FROM role_permissions rp) AS grants,
        (SELECT json_agg(q ORDER BY "roleId", "parentId") FROM role_parents q) AS parents,
        (SELECT json_agg(ur ORDER BY "userId", "roleId") FROM user_roles ur) AS held,
        (SELECT count(*)::int FROM audit_logs) AS trail`)
  const refused = async (attempt: () => Promise<Answer>, status: number, code: string): Promise<Answer> => {
    const before = await everything()
    const answer = await attempt()
    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.body.code, code, answer.text)
    assert.deepEqual(await everything(), before)
    return answer
  }

  describe('refusals', () => {
    const routes: [string, string, string][] = [
      ['GET', '/roles', 'roles:view'],
      ['GET', '/rbac/roles', 'roles:view'],
      ['GET', '/roles/viewer', 'roles:view'],
      ['POST', '/roles', 'roles:edit'],
      ['PATCH', '/roles/viewer', 'roles:edit'],
      ['PUT', '/roles/viewer', 'roles:edit'],
      ['POST', '/roles/viewer/permissions', 'roles:edit'],
      ['DELETE', '/roles/viewer', 'roles:edit'],
    ]
    for (const [method, path, permission] of routes) {
      it(`${method} ${path} without a token 401, without ${permission} 403 that names it, for a stranger 404`, async () => {
        const json = method === 'GET' || method === 'DELETE' ? undefined : {}
        const anonymous = await ashlar.call(method, `/api/v1${path}`, { ...(json && { json }) })
        assert.equal(anonymous.status, 401)
        const plain = await ashlar.person()
        const answer = await refused(() => call(plain, method, path, json), 403, 'access.forbidden')
        assert.equal(answer.body.permission, permission)
        if (!path.includes('viewer')) return
        const body = json && { permissions: [] }
        await refused(() => call(admin, method, path.replace('viewer', ABSENT), body), 404, 'roles.not_found')
      })
    }

    const bodies: [string, object, number, string, string?][] = [
      ['no name', {}, 422, 'request.invalid', 'name'],
      ['an empty name', { name: '' }, 422, 'request.invalid', 'name'],
      ['a name of spaces', { name: '   ' }, 422, 'request.invalid', 'name'],
      ['a name of 51 characters', { name: 'n'.repeat(51) }, 422, 'request.invalid', 'name'],
      ['a name that PostgreSQL cannot hold', { name: 'a\u0000b' }, 422, 'request.invalid', 'name'],
      ['a label that PostgreSQL cannot hold', { name: 'x1', label: 'a\u0000b' }, 422, 'request.invalid', 'label'],
      ['a description that PostgreSQL cannot hold', { name: 'x2', description: 'a\u0000b' }, 422, 'request.invalid'],
      ['an unknown key', { name: 'x3', colour: 'red' }, 422, 'request.invalid'],
      ['server-owned keys', { name: 'x4', id: 'mine', builtIn: true, tenantId: 'default' }, 422, 'request.invalid'],
      ['an unknown permission', { name: 'x5', permissions: ['users:fly'] }, 422, 'request.invalid', 'permissions'],
      ['a wildcard of nowhere', { name: 'x6', permissions: ['nowhere:*'] }, 422, 'request.invalid', 'permissions'],
      ['a permission that is none', { name: 'x7', permissions: ['users'] }, 422, 'request.invalid', 'permissions'],
      ['an inherited word as a permission', { name: 'x8', permissions: ['constructor'] }, 422, 'request.invalid'],
      ['a permission in capitals', { name: 'x9', permissions: ['Users:View'] }, 422, 'request.invalid', 'permissions'],
      ['an unknown permission id', { name: 'x10', permissionIds: [ABSENT] }, 422, 'request.invalid', 'permissionIds'],
      ['an unknown parent', { name: 'x11', parentIds: [ABSENT] }, 422, 'request.invalid', 'parentIds'],
      ['a parent twice', { name: 'x12', parentIds: ['viewer', 'viewer'] }, 422, 'request.invalid'],
      ['permissions with a zero byte', { name: 'x13', permissions: ['users:\u0000'] }, 422, 'request.invalid'],
      ['permission ids with a zero byte', { name: 'x14', permissionIds: ['a\u0000'] }, 422, 'request.invalid'],
      ['parents with a zero byte', { name: 'x15', parentIds: ['a\u0000'] }, 422, 'request.invalid', 'parentIds'],
      ['a taken name', { name: 'viewer' }, 409, 'roles.name_taken', 'name'],
      ['a taken name in another case', { name: ' VIEWER ' }, 409, 'roles.name_taken', 'name'],
      ['no JSON', '{"name":' as unknown as object, 400, 'request.malformed'],
    ]
    for (const [what, json, status, code, field] of bodies) {
      it(`POST /roles with ${what} answers ${status} ${code}, and makes nothing`, async () => {
        const answer = await refused(() => call(admin, 'POST', '/roles', json), status, code)
        if (field) assert.match(answer.body.errors[0].path, new RegExp(`^${field}`))
      })
    }

    const edits: [string, string, string, unknown, number, string][] = [
      ['renaming a built-in role', 'PATCH', '/roles/editor', { name: 'redactor' }, 409, 'roles.built_in'],
      ['renaming the admin role', 'PUT', '/roles/admin', { name: 'root' }, 409, 'roles.built_in'],
      ['deleting a built-in role', 'DELETE', '/roles/moderator', undefined, 409, 'roles.built_in'],
      ['deleting the admin role', 'DELETE', '/roles/admin?reassignTo=viewer', undefined, 409, 'roles.built_in'],
      ['emptying the admin role', 'POST', '/roles/admin/permissions', { permissions: [] }, 409, 'roles.built_in'],
      ['cutting the admin role', 'PATCH', '/roles/admin', { permissions: ['users:*', '*:*'] }, 409, 'roles.built_in'],
      ['taking a name', 'PATCH', '/roles/editor', { name: 'Viewer' }, 409, 'roles.built_in'],
      ['inheriting from itself', 'PATCH', '/roles/editor', { parentIds: ['editor'] }, 409, 'roles.cycle'],
      ['sending no list', 'POST', '/roles/editor/permissions', {}, 422, 'request.invalid'],
      ['a name of null', 'PATCH', '/roles/editor', { name: null }, 422, 'request.invalid'],
      ['a label of spaces', 'PATCH', '/roles/editor', { label: ' ' }, 422, 'request.invalid'],
      ['a page of none', 'GET', '/roles?page=0', undefined, 422, 'request.invalid'],
      ['101 on a page', 'GET', '/roles?limit=101', undefined, 422, 'request.invalid'],
      ['an unknown sort key', 'GET', '/roles?sortBy=password', undefined, 422, 'request.invalid'],
      ['a search with a zero byte', 'GET', '/roles?search=%00', undefined, 422, 'request.invalid'],
      ['an id with a zero byte', 'GET', '/roles/%00', undefined, 422, 'request.invalid'],
      ['a successor with a zero byte', 'DELETE', '/roles/ROLE?reassignTo=%00', undefined, 422, 'request.invalid'],
      ['an absent successor', 'DELETE', `/roles/ROLE?reassignTo=${ABSENT}`, undefined, 422, 'request.invalid'],
      ['an empty successor', 'DELETE', '/roles/ROLE?reassignTo=', undefined, 422, 'request.invalid'],
      ['itself as its successor', 'DELETE', '/roles/ROLE?reassignTo=ROLE', undefined, 422, 'request.invalid'],
      ['an If-Match that is none', 'PATCH', '/roles/editor', { label: 'X' }, 400, 'request.malformed'],
    ]
    for (const [what, method, path, json, status, code] of edits) {
      it(`${what} answers ${status} ${code}, and changes nothing`, async () => {
        const { id } = path.includes('ROLE') ? await make() : { id: '' }
        const headers = what.startsWith('an If-Match') ? { 'if-match': 'yesterday' } : undefined
        await refused(() => call(admin, method, path.replaceAll('ROLE', id), json, headers), status, code)
      })
    }

    it('no request body of any JSON kind makes a 500', async () => {
      for (const json of [null, 1, 'text', [], [{}], { permissions: 'users:view' }, { parentIds: [null] }])
        for (const path of ['/roles', '/roles/editor/permissions']) {
          const { status, text } = await call(admin, 'POST', path, JSON.stringify(json))
          assert.ok(status === 422 || status === 400, `${JSON.stringify(json)}: ${text}`)
        }
    })

    it('a stale If-Match answers 412 on every write, and a fresh one passes', async () => {
      const { id } = await make()
      const first = (await call(admin, 'GET', `/roles/${id}`)).headers.get('etag')!
      const second = ok(await call(admin, 'PATCH', `/roles/${id}`, { label: 'Second' }, { 'if-match': first }))
      for (const [method, path, json] of [
        ['PATCH', `/roles/${id}`, { label: 'Third' }],
        ['PUT', `/roles/${id}`, { label: 'Third' }],
        ['POST', `/roles/${id}/permissions`, { permissions: [] }],
        ['DELETE', `/roles/${id}`, undefined],
      ] as const)
        await refused(() => call(admin, method, path, json, { 'if-match': first }), 412, 'roles.changed_meanwhile')
      ok(await call(admin, 'DELETE', `/roles/${id}`, undefined, { 'if-match': second.headers.get('etag')! }))
    })

    it('a tenant has at most 500 roles', async () => {
      const owner = await ashlar.person()
      const tenant = ok(await call(owner, 'POST', '/tenants', { name: unique('Full ') }), 201).body.id
      await ashlar.rows(
        `INSERT INTO roles (id, name, label, "tenantId") SELECT $1 || n, 'r' || n, 'R', $1
         FROM generate_series(1, 500 - (SELECT count(*)::int FROM roles WHERE "tenantId" = $1)) AS n`,
        [tenant],
      )
      const headers = { 'x-tenant-id': tenant }
      await refused(() => call(owner, 'POST', '/roles', { name: 'more' }, headers), 409, 'roles.too_many')
    })
  })

  describe('the life of a role', () => {
    it('RBAC-4: made, read, changed and deleted, each with its audit entry and its effect on the next request', async () => {
      const role = await make({ name: ' Clerk ', label: 'Büro', description: 'd', permissions: ['users:view'] })
      assert.deepEqual(
        { ...role, id: '', createdAt: '', updatedAt: '' },
        {
          id: '',
          name: 'Clerk',
          label: 'Büro',
          description: 'd',
          permissions: ['users:view'],
          effectivePermissions: ['users:view'],
          parents: [],
          parentIds: [],
          userCount: 0,
          builtIn: false,
          requiresMfa: false,
          createdAt: '',
          updatedAt: '',
        },
      )
      assert.deepEqual(await read(role.id), role)
      const clerk = await holder(role.id)
      assert.equal((await read(role.id)).userCount, 1)
      assert.equal(await may(clerk), true)

      ok(await call(admin, 'PATCH', `/roles/${role.id}`, { name: 'Scribe', permissions: ['files:view'] }))
      assert.equal(await may(clerk), false, 'what is taken is gone at the next request')
      ok(await call(admin, 'POST', `/roles/${role.id}/permissions`, { permissions: ['users:*'] }))
      assert.equal(await may(clerk), true, 'what is given is there at the next request')
      assert.deepEqual((await call(clerk, 'GET', '/auth/me')).body.permissions, ['users:*'])

      ok(await call(admin, 'DELETE', `/roles/${role.id}?reassignTo=viewer`))
      assert.equal((await call(admin, 'GET', `/roles/${role.id}`)).status, 404)
      assert.deepEqual(
        (await trail(role.id)).map(({ action, actorId, changes }) => [action, actorId, Object.keys(changes).sort()]),
        [
          ['roles.create', admin.id, ['description', 'label', 'name', 'parents', 'permissions', 'requiresMfa']],
          ['roles.edit', admin.id, ['name', 'permissions']],
          ['roles.edit', admin.id, ['permissions']],
          [
            'roles.delete',
            admin.id,
            ['description', 'label', 'name', 'parents', 'permissions', 'reassignedTo', 'requiresMfa', 'userCount'],
          ],
        ],
      )
      const [, edited] = await trail(role.id)
      assert.deepEqual(edited!.changes, { name: ['Clerk', 'Scribe'], permissions: [['users:view'], ['files:view']] })
    })

    it('a change leaves out what it does not name, and clears what it sends as empty', async () => {
      const { id } = await make({ description: 'd', permissions: ['users:view'], parentIds: ['viewer'] })
      const relabelled = ok(await call(admin, 'PUT', `/roles/${id}`, { label: 'New' })).body
      assert.deepEqual(
        [relabelled.label, relabelled.description, relabelled.permissions, relabelled.parentIds],
        ['New', 'd', ['users:view'], ['viewer']],
      )
      const emptied = { description: null, permissions: [], parentIds: [] }
      const { body } = ok(await call(admin, 'PATCH', `/roles/${id}`, emptied))
      assert.deepEqual([body.label, body.description, body.effectivePermissions], ['New', null, []])
    })

    it('its own name in another case is no conflict, and the freed name can be taken', async () => {
      const role = await make()
      ok(await call(admin, 'PATCH', `/roles/${role.id}`, { name: role.name.toUpperCase() }))
      ok(await call(admin, 'PATCH', `/roles/${role.id}`, { name: unique('other') }))
      await make({ name: role.name })
    })

    it('permissions are replaced by ids, by actions, by aliases and by both lists together', async () => {
      const { id } = await make({ permissions: ['read_user', 'create_user', 'send_email'] })
      assert.deepEqual((await read(id)).permissions, ['mail:send', 'users:create', 'users:view'])
      const all = ok(await call(admin, 'GET', '/permissions?limit=100')).body.data as { id: string; action: string }[]
      const idOf = (action: string) => all.find((one) => one.action === action)!.id
      const set = async (json: object) =>
        ok(await call(admin, 'POST', `/roles/${id}/permissions`, json)).body.permissions
      assert.deepEqual(await set({ permissionIds: [idOf('files:view'), idOf('ai:use')] }), ['ai:use', 'files:view'])
      assert.deepEqual(await set({ permissions: ['manage_roles', 'update_user'] }), ['roles:*', 'users:edit'])
      const both = {
        permissionIds: [idOf('files:view'), idOf('files:view')],
        permissions: ['files:view', 'delete_user'],
      }
      assert.deepEqual(await set(both), ['files:view', 'users:delete'])
      assert.deepEqual(await set({ permissionIds: [] }), [])
    })

    it('a wildcard becomes a permission when a role first asks for it, once', async () => {
      const wanted = { permissions: ['*:export', 'calendar:*', '*:*'] }
      const answers = await Promise.all([1, 2, 3, 4].map(() => make(wanted)))
      for (const role of answers) assert.deepEqual(role.permissions, ['*:*', '*:export', 'calendar:*'])
      const rows = await ashlar.rows(
        `SELECT 1 FROM permissions WHERE "tenantId" = 'default' AND action IN ('*:export', 'calendar:*', '*:*')`,
      )
      assert.equal(rows.length, 3)
    })

    it('of ten that make a role of one name at once, one does', async () => {
      const name = unique('race')
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, n) =>
          call(admin, 'POST', '/roles', { name: n % 2 ? name : name.toUpperCase() }),
        ),
      )
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array.from({ length: 9 }, () => 409)])
    })
  })

  describe('deleting a role in use', () => {
    it('people hold it: 409 that counts them, unless reassignTo names another, which they hold at once', async () => {
      const role = await make({ permissions: ['roles:view'] })
      const successor = await make({ permissions: ['users:view'] })
      const clerk = await holder(role.id)
      const both = await holder(role.id, successor.id)
      const answer = await refused(() => call(admin, 'DELETE', `/roles/${role.id}`), 409, 'roles.in_use')
      assert.deepEqual([answer.body.userCount, answer.body.inheritedBy], [2, 0])
      ok(await call(admin, 'DELETE', `/roles/${role.id}?reassignTo=${successor.id}`))
      assert.equal(await may(clerk), true)
      assert.equal(await may(clerk, '/roles'), false)
      assert.equal(await may(both, '/roles'), false)
      assert.equal((await read(successor.id)).userCount, 2)
    })

    it('roles inherit from it: 409, unless reassignTo takes its place in them', async () => {
      const role = await make({ permissions: ['roles:view'] })
      const child = await make({ parentIds: [role.id, 'user'] })
      const clerk = await holder(child.id)
      const answer = await refused(() => call(admin, 'DELETE', `/roles/${role.id}`), 409, 'roles.in_use')
      assert.deepEqual([answer.body.userCount, answer.body.inheritedBy], [0, 1])
      ok(await call(admin, 'DELETE', `/roles/${role.id}?reassignTo=moderator`))
      const after = await read(child.id)
      assert.deepEqual(after.parentIds, ['moderator', 'user'])
      assert.notEqual(after.updatedAt, (child as RoleBody).updatedAt, 'the heir has a new version')
      assert.equal(await may(clerk, '/roles'), false)
    })

    it('an heir cannot take the place of what it inherits from', async () => {
      const role = await make()
      const child = await make({ parentIds: [role.id] })
      const grandchild = await make({ parentIds: [child.id] })
      for (const { id } of [child, grandchild])
        await refused(() => call(admin, 'DELETE', `/roles/${role.id}?reassignTo=${id}`), 409, 'roles.cycle')
    })

    it('nobody is left with a role that is deleted while it is given', async () => {
      for (let round = 0; round < 10; round++) {
        const { id } = await make()
        const { id: userId } = await holder()
        const [given, deleted] = await Promise.all([
          call(admin, 'PATCH', `/users/${userId}`, { roleIds: [id] }),
          call(admin, 'DELETE', `/roles/${id}`),
        ])
        assert.ok([200, 409, 422].includes(given.status), given.text)
        assert.ok([200, 409].includes(deleted.status), deleted.text)
        assert.ok(given.status !== 200 || deleted.status === 409, 'given, and deleted without a word')
      }
    })
  })

  describe('inheritance', () => {
    it('a child has what its parents and theirs have, and what the parent loses is gone at the next request', async () => {
      const top = await make({ permissions: ['users:view'] })
      const middle = await make({ permissions: ['roles:view'], parentIds: [top.id] })
      const child = await make({ permissions: ['files:view'], parentIds: [middle.id, 'moderator'] })
      assert.deepEqual(child.permissions, ['files:view'])
      assert.deepEqual(child.effectivePermissions, ['files:view', 'roles:view', 'users:edit', 'users:view'])
      ok(await call(admin, 'PATCH', `/roles/${child.id}`, { parentIds: [middle.id] }))
      const clerk = await holder(child.id)
      assert.deepEqual([await may(clerk), await may(clerk, '/roles')], [true, true])
      const etag = (await call(admin, 'GET', `/roles/${child.id}`)).headers.get('etag')!
      ok(await call(admin, 'POST', `/roles/${top.id}/permissions`, { permissions: [] }))
      assert.deepEqual([await may(clerk), await may(clerk, '/roles')], [false, true])
      assert.deepEqual((await read(child.id)).effectivePermissions, ['files:view', 'roles:view'])
      const changed = await call(admin, 'GET', `/roles/${child.id}`, undefined, { 'if-none-match': etag })
      assert.equal(changed.status, 200, 'an heir has a new version')
      ok(await call(admin, 'PATCH', `/roles/${middle.id}`, { parentIds: [], permissions: [] }))
      assert.equal(await may(clerk, '/roles'), false)
    })

    it('a circle is refused: over two, over three, and through a parent beside others', async () => {
      const a = await make()
      const b = await make({ parentIds: [a.id] })
      const c = await make({ parentIds: [b.id, 'viewer'] })
      for (const parentIds of [[a.id], [b.id], [c.id], ['viewer', c.id]])
        await refused(() => call(admin, 'PATCH', `/roles/${a.id}`, { parentIds }), 409, 'roles.cycle')
      ok(await call(admin, 'PATCH', `/roles/${c.id}`, { parentIds: [a.id, b.id] }))
    })

    it('of two writes at once that would close a circle, one is refused, 20 times', async () => {
      for (let round = 0; round < 20; round++) {
        const [a, b] = await Promise.all([make(), make()])
        const answers = await Promise.all([
          call(admin, 'PATCH', `/roles/${a.id}`, { parentIds: [b.id] }),
          call(admin, 'PATCH', `/roles/${b.id}`, { parentIds: [a.id] }),
        ])
        assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409])
        assert.equal(answers.find(({ status }) => status === 409)!.body.code, 'roles.cycle')
      }
    })

    it('a line of 20 roles is the longest, seen from either end', async () => {
      let last = await make()
      const first = last
      for (let level = 2; level <= 20; level++) last = await make({ parentIds: [last.id] })
      const below = () => call(admin, 'POST', '/roles', { name: unique('deep'), parentIds: [last.id] })
      await refused(below, 422, 'request.invalid')
      const above = await make()
      const raise = () => call(admin, 'PATCH', `/roles/${first.id}`, { parentIds: [above.id] })
      await refused(raise, 422, 'request.invalid')
      const long = await make({ parentIds: [above.id] })
      const replace = () => call(admin, 'DELETE', `/roles/${first.id}?reassignTo=${long.id}`)
      const tooDeep = await refused(replace, 422, 'request.invalid')
      assert.deepEqual([tooDeep.body.errors[0].in, tooDeep.body.errors[0].path], ['query', 'reassignTo'])
      // A place within the longest line can still be taken by another.
      ok(await call(admin, 'DELETE', `/roles/${first.id}?reassignTo=${above.id}`))
    })
  })

  describe('lists', () => {
    it('pages with exact totals, searches names, labels and ids, and sorts', async () => {
      const word = unique('list')
      const made: RoleBody[] = []
      for (const letter of ['c', 'a', 'b'])
        made.push(await make({ name: `${word}${letter}`, label: `${letter}%_ ${word.toUpperCase()}` }))
      for (const path of ['/roles', '/rbac/roles']) {
        const first = ok(await call(admin, 'GET', `${path}?search=${word}&limit=2`)).body
        assert.deepEqual(first.meta, { total: 3, page: 1, limit: 2, totalPages: 2 })
        const second = ok(await call(admin, 'GET', `${path}?search=${word}&limit=2&page=2`)).body
        const names = [...first.data, ...second.data].map(({ name }: RoleBody) => name.slice(-1))
        assert.deepEqual(names, ['a', 'b', 'c'])
        const sorted = ok(await call(admin, 'GET', `${path}?search=${word}&sortBy=createdAt&sortOrder=desc`)).body
        assert.deepEqual(
          sorted.data.map(({ id }: RoleBody) => id),
          made.map(({ id }) => id).reverse(),
        )
        const total = async (search: string) =>
          ok(await call(admin, 'GET', `${path}?search=${encodeURIComponent(search)}`)).body.meta.total
        assert.equal(await total(made[0]!.id), 1)
        assert.equal(await total(`b%_ ${word}`), 1, 'the label, in any case')
        assert.equal(await total(`${word}%c`), 0, 'wildcards of SQL are letters')
        assert.equal(await total(`${word}_`), 0)
      }
      const beyond = ok(await call(admin, 'GET', `/roles?search=${word}&page=9`)).body
      assert.deepEqual([beyond.data, beyond.meta.total], [[], 3])
      const whole = ok(await call(admin, 'GET', '/roles')).body.meta
      const [{ n } = { n: 0 }] = await ashlar.rows<{ n: number }>(
        `SELECT count(*)::int AS n FROM roles WHERE "tenantId" = 'default'`,
      )
      assert.deepEqual([whole.total, whole.limit], [n, 10])
    })

    it('the HaloLight base answers a bare array, both spellings of dates, and wraps what was deleted', async () => {
      const halo = (method: string, path: string, json?: object) =>
        ashlar.call(method, `/api${path}`, { token: admin.token, ...(json && { json }) })
      const list = ok(await halo('GET', '/roles')).body
      assert.ok(Array.isArray(list) && list.length >= 6)
      const viewer = list.find((role: RoleBody) => role.id === 'viewer')
      assert.equal(viewer.label, 'Viewer')
      assert.equal(viewer.created_at, viewer.createdAt)
      assert.ok(viewer.permissions.every((one: unknown) => typeof one === 'string'))
      assert.equal(ok(await halo('GET', '/roles?search=')).body.length, list.length)
      assert.deepEqual(
        ok(await halo('GET', '/roles?search=moderat')).body.map(({ id }: RoleBody) => id),
        ['moderator'],
      )
      const body = { name: unique('halo'), label: 'Halo', permissions: ['users:view'], colour: 'ignored', id: 'mine' }
      const made = ok(await halo('POST', '/roles', body), 201).body
      assert.notEqual(made.id, 'mine')
      assert.equal(made.updated_at, made.updatedAt)
      const [permission] = ok(await halo('GET', '/permissions?search=files:view')).body
      const set = ok(await halo('POST', `/roles/${made.id}/permissions`, { permissionIds: [permission.id] })).body
      assert.deepEqual(set.permissions, ['files:view'])
      assert.equal(ok(await halo('PUT', `/roles/${made.id}`, { label: 'Ring' })).body.label, 'Ring')
      const deleted = ok(await halo('DELETE', `/roles/${made.id}`)).body
      assert.deepEqual([deleted.code, deleted.data.id], [200, made.id])
      const gone = await halo('GET', `/roles/${made.id}`)
      assert.deepEqual([gone.status, gone.body.code, typeof gone.body.detail], [404, 'roles.not_found', 'string'])
    })
  })
})
