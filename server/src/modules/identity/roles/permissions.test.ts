// Permissions over HTTP: the catalogue, a tenant's own, and why somebody may do something or not.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { CATALOGUE } from './catalogue.ts'

const ABSENT = 'c000000000000000000000000'

describe('permissions', () => {
  let ashlar: TestApp
  let admin: Person
  before(async () => {
    ashlar = await startApp()
    admin = await ashlar.admin()
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
  const word = () => unique('w').toLowerCase()
  const make = async (body: object, by = admin): Promise<Answer['body']> =>
    ok(await call(by, 'POST', '/permissions', body), 201).body
  const role = async (permissions: string[], parentIds: string[] = []): Promise<{ id: string; name: string }> =>
    ok(await call(admin, 'POST', '/roles', { name: unique('role'), permissions, parentIds }), 201).body
  const holder = async (...roleIds: string[]): Promise<Person> => {
    const email = `${unique('u')}@example.com`
    ok(await call(admin, 'POST', '/users', { email, password: PASSWORD, roleIds }), 201)
    return ashlar.login(email, PASSWORD)
  }
  const state = () =>
    ashlar.rows(`
      SELECT (SELECT json_agg(p ORDER BY id) FROM permissions p) AS permissions,
        (SELECT json_agg(rp ORDER BY "roleId", "permissionId") FROM role_permissions rp) AS grants,
        (SELECT count(*)::int FROM audit_logs) AS trail`)
  const refused = async (attempt: () => Promise<Answer>, status: number, code: string): Promise<Answer> => {
    const before = await state()
    const answer = await attempt()
    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.body.code, code, answer.text)
    assert.deepEqual(await state(), before)
    return answer
  }

  describe('the catalogue', () => {
    it('every tenant has it from the start, each permission with its words, and nothing else', async () => {
      const owner = await ashlar.person()
      const tenant = ok(await call(owner, 'POST', '/tenants', { name: unique('New ') }), 201).body.id
      const list = ok(await call(owner, 'GET', '/permissions?limit=100', undefined, { 'x-tenant-id': tenant })).body
      assert.deepEqual(
        list.data.map(({ action }: { action: string }) => action).sort(),
        CATALOGUE.map(({ action }) => action).sort(),
      )
      assert.equal(list.meta.total, CATALOGUE.length)
      const one = list.data.find(({ action }: { action: string }) => action === 'users:view')
      assert.deepEqual(
        { ...one, id: '', createdAt: '' },
        {
          id: '',
          action: 'users:view',
          key: 'users:view',
          name: 'users:view',
          resource: 'users',
          verb: 'view',
          description: 'View users',
          label: 'View users',
          group: '用户管理',
          aliases: ['read_user'],
          builtIn: true,
          createdAt: '',
        },
      )
      const full = list.data.find(({ action }: { action: string }) => action === '*')
      assert.deepEqual([full.resource, full.verb, full.builtIn], ['*', '*', true])
    })

    it('pages and searches alike at both addresses, with the aliases of other systems', async () => {
      for (const path of ['/permissions', '/rbac/permissions']) {
        const first = ok(await call(admin, 'GET', `${path}?limit=3`)).body
        const second = ok(await call(admin, 'GET', `${path}?limit=3&page=2`)).body
        assert.deepEqual([first.meta.limit, first.meta.page, second.meta.page], [3, 1, 2])
        assert.equal(first.meta.totalPages, Math.ceil(first.meta.total / 3))
        const actions = [...first.data, ...second.data].map(({ action }: { action: string }) => action)
        assert.equal(new Set(actions).size, 6)
        const found = ok(await call(admin, 'GET', `${path}?search=USERS:`)).body
        assert.deepEqual(
          found.data.map(({ action, aliases }: { action: string; aliases: string[] }) => [action, aliases]),
          [
            ['users:create', ['create_user']],
            ['users:delete', ['delete_user']],
            ['users:edit', ['update_user']],
            ['users:view', ['read_user']],
          ],
        )
        assert.equal(found.meta.total, 4)
        assert.equal(ok(await call(admin, 'GET', `${path}?search=users_view`)).body.meta.total, 0)
        assert.equal(
          ok(await call(admin, 'GET', `${path}?search=${encodeURIComponent('用户管理')}`)).body.meta.total,
          4,
        )
      }
    })

    it('the HaloLight base answers a bare array with both spellings of the date', async () => {
      const { body } = ok(await ashlar.call('GET', '/api/permissions', { token: admin.token }))
      assert.ok(Array.isArray(body) && body.length >= CATALOGUE.length)
      const one = body.find(({ action }: { action: string }) => action === 'users:view')
      assert.deepEqual([one.resource, one.created_at], ['users', one.createdAt])
      const found = ok(await ashlar.call('GET', '/api/permissions?search=users:view', { token: admin.token })).body
      assert.equal(found.length, 1)
      const single = ok(await ashlar.call('GET', `/api/permissions/${one.id}`, { token: admin.token })).body
      assert.deepEqual(single, one)
    })
  })

  describe("a tenant's own", () => {
    it('made, read, granted, and deleted only when no role grants it; each with its audit entry', async () => {
      const name = word()
      const sent = { action: `${name}:paint`, label: 'Paint', group: 'Studio', description: 'd' }
      const made = await make(sent)
      assert.deepEqual(
        [made.action, made.resource, made.verb, made.label, made.group, made.description, made.builtIn, made.aliases],
        [`${name}:paint`, name, 'paint', 'Paint', 'Studio', 'd', false, []],
      )
      assert.deepEqual(ok(await call(admin, 'GET', `/permissions/${made.id}`)).body, made)
      const painter = await role([`${name}:paint`, `${name}:*`])
      const inUse = await refused(() => call(admin, 'DELETE', `/permissions/${made.id}`), 409, 'permissions.in_use')
      assert.deepEqual(inUse.body.roles, [painter.name])
      const person = await holder(painter.id)
      assert.deepEqual((await call(person, 'GET', '/auth/me')).body.permissions, [`${name}:*`, `${name}:paint`])
      ok(await call(admin, 'POST', `/roles/${painter.id}/permissions`, { permissions: [] }))
      assert.equal(ok(await call(admin, 'DELETE', `/permissions/${made.id}`)).body.id, made.id)
      assert.equal((await call(admin, 'GET', `/permissions/${made.id}`)).status, 404)
      const trail = await ashlar.rows<{ action: string; actorId: string }>(
        `SELECT action, "actorId" FROM audit_logs WHERE "targetId" = $1 ORDER BY seq`,
        [made.id],
      )
      assert.deepEqual(trail, [
        { action: 'permissions.create', actorId: admin.id },
        { action: 'permissions.delete', actorId: admin.id },
      ])
    })

    it('is named by action, by name, or by a verb beside its resource', async () => {
      const [a, b, c, d] = [word(), word(), word(), word()]
      assert.equal((await make({ action: `${a}:paint` })).action, `${a}:paint`)
      assert.equal((await make({ name: `${b}:paint` })).action, `${b}:paint`)
      assert.equal((await make({ action: 'paint', resource: c })).action, `${c}:paint`)
      const plain = await make({ action: `${d}:paint`, resource: d })
      assert.deepEqual([plain.label, plain.group, plain.description], [`${d}:paint`, d, null])
    })

    const bodies: [string, object, number, string, string?][] = [
      ['nothing', {}, 422, 'request.invalid', 'action'],
      ['a verb alone', { action: 'paint' }, 422, 'request.invalid', 'action'],
      ['the full permission', { action: '*' }, 422, 'request.invalid', 'action'],
      ['a wildcard', { action: 'widgets:*' }, 422, 'request.invalid', 'action'],
      ['a wildcard as its resource', { action: 'paint', resource: '*' }, 422, 'request.invalid', 'action'],
      ['capitals', { action: 'Widgets:Paint' }, 422, 'request.invalid', 'action'],
      ['three segments', { action: 'widgets:paint:all' }, 422, 'request.invalid', 'action'],
      ['a line break', { action: 'widgets:paint\n' }, 422, 'request.invalid', 'action'],
      ['a zero byte', { action: 'widgets:\u0000' }, 422, 'request.invalid', 'action'],
      ['another resource than its own', { action: 'widgets:paint', resource: 'w' }, 422, 'request.invalid', 'resource'],
      ['101 characters', { action: `w:${'p'.repeat(99)}` }, 422, 'request.invalid', 'action'],
      ['101 characters in two', { action: 'p'.repeat(60), resource: 'w'.repeat(50) }, 422, 'request.invalid', 'action'],
      ['a label with a zero byte', { action: 'widgets:p1', label: 'a\u0000' }, 422, 'request.invalid', 'label'],
      ['a group with a zero byte', { action: 'widgets:p2', group: 'a\u0000' }, 422, 'request.invalid', 'group'],
      ['server-owned keys', { action: 'widgets:p3', builtIn: true, id: 'x' }, 422, 'request.invalid'],
      ['one of the catalogue', { action: 'users:view' }, 409, 'permissions.taken'],
      ['one of the catalogue in two parts', { action: 'view', resource: 'users' }, 409, 'permissions.taken'],
    ]
    for (const [what, json, status, code, field] of bodies) {
      it(`POST /permissions with ${what} answers ${status} ${code}, and makes nothing`, async () => {
        const answer = await refused(() => call(admin, 'POST', '/permissions', json), status, code)
        if (field) assert.equal(answer.body.errors[0].path, field)
      })
    }

    it('of ten that make the same at once, one does', async () => {
      const action = `${word()}:paint`
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => call(admin, 'POST', '/permissions', { action })),
      )
      assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array.from({ length: 9 }, () => 409)])
    })

    it('what the system declares cannot be deleted, whether a role grants it or not', async () => {
      const { body } = ok(await call(admin, 'GET', '/permissions?limit=100'))
      for (const action of ['*', 'users:view', 'storage:edit']) {
        const { id } = body.data.find((one: { action: string }) => one.action === action)
        await refused(() => call(admin, 'DELETE', `/permissions/${id}`), 409, 'permissions.built_in')
      }
    })

    it('without a token 401, without the permission 403 that names it, for a stranger 404', async () => {
      const plain = await ashlar.person()
      for (const [method, path, permission, json] of [
        ['GET', '/permissions', 'roles:view'],
        ['GET', '/rbac/permissions', 'roles:view'],
        ['GET', `/permissions/${ABSENT}`, 'roles:view'],
        ['GET', '/permissions/matrix', 'roles:view'],
        ['POST', '/permissions/explain', 'roles:view', {}],
        ['POST', '/permissions', 'roles:edit', {}],
        ['DELETE', `/permissions/${ABSENT}`, 'roles:edit'],
      ] as const) {
        const anonymous = await ashlar.call(method, `/api/v1${path}`, { ...(json && { json }) })
        assert.equal(anonymous.status, 401, path)
        const answer = await refused(() => call(plain, method, path, json), 403, 'access.forbidden')
        assert.equal(answer.body.permission, permission)
        if (path.endsWith(ABSENT)) await refused(() => call(admin, method, path), 404, 'permissions.not_found')
      }
    })

    it('a tenant has at most 1,000 of them, wildcards that roles ask for included', async () => {
      const owner = await ashlar.person()
      const tenant = ok(await call(owner, 'POST', '/tenants', { name: unique('Full ') }), 201).body.id
      await ashlar.rows(
        `INSERT INTO permissions (id, action, resource, "tenantId") SELECT $1 || n, 'r' || n || ':paint', 'r' || n, $1
         FROM generate_series(1, 1000 - (SELECT count(*)::int FROM permissions WHERE "tenantId" = $1)) AS n`,
        [tenant],
      )
      const headers = { 'x-tenant-id': tenant }
      const own = () => call(owner, 'POST', '/permissions', { action: 'more:paint' }, headers)
      await refused(own, 409, 'permissions.too_many')
      const wildcard = () => call(owner, 'POST', '/roles', { name: 'more', permissions: ['r1:*'] }, headers)
      await refused(wildcard, 409, 'permissions.too_many')
      ok(await call(owner, 'POST', '/roles', { name: 'more', permissions: ['r1:paint', '*'] }, headers), 201)
    })
  })

  describe('explanations', () => {
    const explain = async (json: object, by: Person | string = admin) =>
      ok(await call(by, 'POST', '/permissions/explain', json)).body

    it('the way to a grant is told: by the role itself, by a wildcard, and from parent to parent', async () => {
      const top = await role(['users:*'])
      const middle = await role(['files:view'], [top.id])
      const child = await role(['files:upload'], [middle.id])
      const person = await holder(child.id)
      const line = [child, middle, top].map(({ id, name }) => ({ id, name }))
      for (const [json, permission, path] of [
        [{ userId: person.id, permission: 'files:upload' }, 'files:upload', line.slice(0, 1)],
        [{ userId: person.id, permission: 'files:view' }, 'files:view', line.slice(0, 2)],
        [{ userId: person.id, permission: 'read_user' }, 'users:*', line],
        [{ userId: person.id, operation: 'users.remove' }, 'users:*', line],
        [{ roleId: middle.id, operation: 'users.list' }, 'users:*', line.slice(1)],
      ] as const) {
        const answer = await explain(json)
        assert.equal(answer.allowed, true, JSON.stringify(json))
        assert.deepEqual(answer.grant.path, path)
        assert.deepEqual([answer.grant.permission, answer.grant.role], [permission, path.at(-1)])
        assert.equal(answer.grant.wildcard, permission === 'users:*')
        assert.equal(answer.missing, null)
        assert.ok(answer.reason.includes(path.at(-1)!.name))
      }
    })

    it('what is missing is named; a suspended account may do nothing but what is open to anyone', async () => {
      const person = await holder('moderator')
      const missing = await explain({ userId: person.id, operation: 'roles.list' })
      assert.deepEqual([missing.allowed, missing.missing, missing.grant], [false, 'roles:view', null])
      assert.deepEqual(missing.subject, { kind: 'user', id: person.id, name: missing.subject.name })
      ok(await call(admin, 'PATCH', `/users/${person.id}/deactivate`))
      const barred = await explain({ userId: person.id, operation: 'users.list' })
      assert.deepEqual([barred.allowed, barred.missing, barred.grant], [false, null, null])
      assert.match(barred.reason, /^The account is /)
      assert.equal((await explain({ userId: person.id, operation: 'auth.login' })).allowed, true)
    })

    it('without a subject it is about the asker, and by a token about what the token leaves', async () => {
      const self = await explain({ permission: 'users:delete' })
      assert.deepEqual([self.allowed, self.subject.id, self.grant.permission], [true, admin.id, '*'])
      const scopes = { name: 'ci', scopes: ['roles:view'] }
      const { token } = ok(await call(admin, 'POST', '/tokens', scopes), 201).body
      const cut = await explain({ permission: 'users:delete' }, token)
      assert.deepEqual([cut.allowed, cut.missing], [false, 'users:delete'])
      assert.match(cut.reason, /token/)
      assert.equal((await explain({ permission: 'roles:view' }, token)).allowed, true)
      assert.equal((await explain({ operation: 'sessions.list' }, token)).allowed, false)
      assert.equal((await explain({ userId: admin.id, permission: 'users:delete' }, token)).allowed, true)
    })

    const questions: [string, object, string][] = [
      ['nothing', {}, 'permission'],
      ['both a permission and an operation', { permission: 'users:view', operation: 'users.list' }, 'permission'],
      ['both a user and a role', { userId: 'a', roleId: 'viewer', permission: 'users:view' }, 'roleId'],
      ['a permission that is none', { permission: 'users' }, 'permission'],
      ['an operation that is none', { operation: 'users.fly' }, 'operation'],
      ['an absent user', { userId: ABSENT, permission: 'users:view' }, 'userId'],
      ['an absent role', { roleId: ABSENT, permission: 'users:view' }, 'roleId'],
      ['a user with a zero byte', { userId: '\u0000', permission: 'users:view' }, 'userId'],
    ]
    for (const [what, json, field] of questions) {
      it(`a question with ${what} answers 422 at ${field}`, async () => {
        const answer = await refused(() => call(admin, 'POST', '/permissions/explain', json), 422, 'request.invalid')
        assert.equal(answer.body.errors[0].path, field)
      })
    }
  })
})
