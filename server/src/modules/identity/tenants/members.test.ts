// Members over HTTP: who adds, promotes and removes whom, and that a tenant always keeps an owner.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const ABSENT = 'c000000000000000000000000'
type Level = 'OWNER' | 'ADMIN' | 'MEMBER'

describe('members', () => {
  let ashlar: TestApp
  before(async () => {
    ashlar = await startApp()
  })
  after(() => ashlar.stop())

  /** A tenant with one person of each level, and one outside. */
  interface Guild {
    id: string
    owner: Person
    admin: Person
    member: Person
    stranger: Person
  }
  const call = (by: Person, method: string, path: string, json?: object, headers?: Record<string, string>) =>
    ashlar.call(method, `/api/v1${path}`, { token: by.token, ...(json && { json }), ...(headers && { headers }) })
  const tenantOf = async (owner: Person): Promise<string> =>
    (await call(owner, 'POST', '/tenants', { name: unique('Guild ') })).body.id
  const add = (by: Person, id: string, who: Person, level: Level) =>
    call(by, 'POST', `/tenants/${id}/members`, { userId: who.id, level })
  const people = <N extends number>(count: N) => Promise.all(Array.from({ length: count }, () => ashlar.person()))
  const guild = async (): Promise<Guild> => {
    const [owner, admin, member, stranger] = (await people(4)) as [Person, Person, Person, Person]
    const id = await tenantOf(owner)
    assert.equal((await add(owner, id, admin, 'ADMIN')).status, 201)
    assert.equal((await add(owner, id, member, 'MEMBER')).status, 201)
    return { id, owner, admin, member, stranger }
  }
  const audited = async (tenantId: string) =>
    (
      await ashlar.rows<{ action: string }>('SELECT action FROM audit_logs WHERE "tenantId" = $1 ORDER BY at, seq', [
        tenantId,
      ])
    ).map(({ action }) => action)
  const levels = async (tenantId: string) =>
    ashlar.rows<{ userId: string; level: Level }>(
      'SELECT "userId", level FROM memberships WHERE "tenantId" = $1 ORDER BY 1',
      [tenantId],
    )
  const rolesIn = async (tenantId: string, person: Person): Promise<string[]> =>
    (
      await ashlar.rows<{ name: string }>(
        'SELECT r.name FROM user_roles ur JOIN roles r ON r.id = ur."roleId" WHERE ur."tenantId" = $1 AND ur."userId" = $2 ORDER BY 1',
        [tenantId, person.id],
      )
    ).map(({ name }) => name)

  it('the role of a new member follows the level: admin, manager, or the default role of the installation', async () => {
    const { id, owner, admin, member, stranger } = await guild()
    const addByMail = () =>
      call(owner, 'POST', `/organizations/${id}/members`, { email: stranger.email.toUpperCase(), role: 'OWNER' })
    // Anybody may write any address into an account: only one that was proved finds it.
    assert.equal((await addByMail()).body.code, 'tenants.user_not_found')
    await ashlar.confirmAddress(stranger)
    const byMail = await addByMail()
    assert.equal(byMail.status, 201)
    assert.equal(byMail.body.level, 'OWNER')
    assert.equal(byMail.body.userId, stranger.id)
    for (const [person, role] of [
      [owner, 'admin'],
      [stranger, 'admin'],
      [admin, 'manager'],
      [member, 'user'],
    ] as const)
      assert.deepEqual(await rolesIn(id, person), [role])
    assert.deepEqual(await audited(id), ['tenants.create', 'members.add', 'members.add', 'members.add'])
  })

  it('any member lists them: exact totals, search, level filter, and a cursor that walks them all once', async () => {
    const { id, member, admin } = await guild()
    const all = await call(member, 'GET', `/tenants/${id}/members?limit=2`)
    assert.deepEqual(
      { ...all.body.meta, nextCursor: '' },
      { total: 3, page: 1, limit: 2, totalPages: 2, nextCursor: '' },
    )
    const rest = await call(member, 'GET', `/tenants/${id}/members?limit=2&cursor=${all.body.meta.nextCursor}`)
    const seen = [...all.body.data, ...rest.body.data].map((one: { userId: string }) => one.userId)
    assert.equal(new Set(seen).size, 3)
    const admins = await call(member, 'GET', `/tenants/${id}/members?level=ADMIN`)
    assert.deepEqual(
      admins.body.data.map((one: { userId: string }) => one.userId),
      [admin.id],
    )
    assert.equal(admins.body.meta.total, 1)
    const found = await call(member, 'GET', `/tenants/${id}/members?search=${admin.email.split('@')[0]}`)
    assert.equal(found.body.meta.total, 1)
    assert.ok(!('password' in found.body.data[0]))
    assert.equal((await call(member, 'GET', `/tenants/${id}/members?cursor=x`)).status, 422)
  })

  it('every order walks everybody once by cursor, both ways, under a filter and a search as well', async () => {
    const { id, member, owner } = await guild()
    for (let count = 0; count < 4; count++) {
      const person = await ashlar.person(count % 2 ? 'Same Name' : unique('Name '))
      await call(owner, 'POST', `/tenants/${id}/members`, { userId: person.id })
    }
    for (const filter of ['', '&level=MEMBER', '&search=example.com', '&search=Same&level=MEMBER']) {
      const whole = await call(member, 'GET', `/tenants/${id}/members?limit=100${filter}`)
      for (const sortBy of ['joinedAt', 'name', 'email']) {
        const orders: string[][] = []
        for (const sortOrder of ['asc', 'desc']) {
          const walked: string[] = []
          let cursor = ''
          do {
            const query = `limit=2&sortBy=${sortBy}&sortOrder=${sortOrder}${filter}${cursor && `&cursor=${cursor}`}`
            const page = await call(member, 'GET', `/tenants/${id}/members?${query}`)
            assert.equal(page.status, 200, page.text)
            assert.equal(page.body.meta.total, whole.body.meta.total)
            walked.push(...page.body.data.map((one: { userId: string }) => one.userId))
            cursor = page.body.meta.nextCursor ?? ''
          } while (cursor)
          assert.equal(walked.length, whole.body.meta.total, `${sortBy} ${sortOrder} ${filter}`)
          assert.equal(new Set(walked).size, walked.length)
          orders.push(walked)
        }
        assert.deepEqual(orders[0], orders[1]!.toReversed())
      }
    }
    const nobody = await call(member, 'GET', `/tenants/${id}/members?search=${unique('nobody')}`)
    assert.deepEqual([nobody.body.data, nobody.body.meta.total], [[], 0])
  })

  it('the level changes with its role, and a role that was given apart from it stays', async () => {
    const { id, owner, member } = await guild()
    await ashlar.rows(
      `INSERT INTO user_roles ("tenantId", "userId", "roleId") SELECT "tenantId", $2, id FROM roles WHERE "tenantId" = $1 AND name = 'moderator'`,
      [id, member.id],
    )
    const promoted = await call(owner, 'PATCH', `/tenants/${id}/members/${member.id}`, { level: 'ADMIN' })
    assert.equal(promoted.status, 200)
    assert.deepEqual(await rolesIn(id, member), ['manager', 'moderator'])
    const me = await call(member, 'GET', '/auth/me', undefined, { 'x-tenant-id': id })
    assert.equal(me.body.level, 'ADMIN')
    assert.ok(me.body.permissions.includes('settings:view'))
    await call(owner, 'PATCH', `/tenants/${id}/members/${member.id}`, { role: 'MEMBER' })
    assert.deepEqual(await rolesIn(id, member), ['moderator', 'user'])
    assert.deepEqual((await audited(id)).slice(3), ['members.level', 'members.level'])
  })

  it('whoever is removed is out at the next request, with roles, teams and tokens, and a new membership revives none', async () => {
    const { id, owner, member } = await guild()
    const headers = { 'x-tenant-id': id }
    const pat = (await call(member, 'POST', '/tokens', { name: 'ci', scopes: ['documents:view'] }, headers)).body.token
    const byToken = () => ashlar.call('GET', '/api/v1/auth/me', { token: pat })
    assert.equal((await byToken()).status, 200)
    assert.equal((await call(member, 'GET', '/auth/me', undefined, headers)).status, 200)
    assert.equal((await call(owner, 'DELETE', `/tenants/${id}/members/${member.id}`)).status, 200)
    assert.equal((await call(member, 'GET', '/auth/me', undefined, headers)).status, 404)
    assert.equal((await call(member, 'GET', `/tenants/${id}`)).status, 404)
    assert.equal((await byToken()).status, 401)
    assert.deepEqual(await rolesIn(id, member), [])
    assert.equal((await call(member, 'GET', '/auth/me')).status, 200, 'the account lives on elsewhere')
    assert.equal((await add(owner, id, member, 'MEMBER')).status, 201)
    assert.equal((await byToken()).status, 401)
    assert.equal((await audited(id)).filter((action) => action === 'members.remove').length, 1)
  })

  it('a member leaves by themselves; out of the home tenant too, and the account signs in to another one', async () => {
    const { id, member } = await guild()
    assert.equal((await call(member, 'DELETE', `/tenants/default/members/${member.id}`)).status, 200)
    assert.equal((await call(member, 'GET', '/auth/me')).status, 401)
    const again = await ashlar.login(member.email, PASSWORD)
    assert.equal((await call(again, 'GET', '/auth/me')).body.tenantId, id)
    const refreshed = await ashlar.call('POST', '/api/v1/auth/refresh', { json: { refreshToken: member.refreshToken } })
    const me = await ashlar.call('GET', '/api/v1/auth/me', { token: refreshed.body.accessToken })
    assert.equal(me.body.tenantId, id)
    assert.equal((await call(again, 'DELETE', `/tenants/${id}/members/${member.id}`)).status, 200)
    assert.equal((await audited(id)).at(-1), 'members.leave')
  })

  describe('RBAC-3: who may not', () => {
    const scenarios: [string, (g: Guild) => Promise<Answer>, number, string][] = [
      ['a member adds somebody', (g) => add(g.member, g.id, g.stranger, 'MEMBER'), 403, 'tenants.managers_only'],
      ['an administrator adds an owner', (g) => add(g.admin, g.id, g.stranger, 'OWNER'), 403, 'tenants.owners_only'],
      [
        'an administrator makes themselves an owner',
        (g) => call(g.admin, 'PATCH', `/tenants/${g.id}/members/${g.admin.id}`, { level: 'OWNER' }),
        403,
        'tenants.owners_only',
      ],
      [
        'an administrator demotes an owner',
        (g) => call(g.admin, 'PATCH', `/tenants/${g.id}/members/${g.owner.id}`, { level: 'MEMBER' }),
        403,
        'tenants.owners_only',
      ],
      [
        'an administrator removes an owner',
        (g) => call(g.admin, 'DELETE', `/tenants/${g.id}/members/${g.owner.id}`),
        403,
        'tenants.owners_only',
      ],
      [
        'a member promotes themselves',
        (g) => call(g.member, 'PATCH', `/tenants/${g.id}/members/${g.member.id}`, { level: 'ADMIN' }),
        403,
        'tenants.managers_only',
      ],
      [
        'a member removes an administrator',
        (g) => call(g.member, 'DELETE', `/tenants/${g.id}/members/${g.admin.id}`),
        403,
        'tenants.managers_only',
      ],
      [
        'the last owner leaves',
        (g) => call(g.owner, 'DELETE', `/tenants/${g.id}/members/${g.owner.id}`),
        409,
        'tenants.last_owner',
      ],
      [
        'the last owner steps down',
        (g) => call(g.owner, 'PATCH', `/tenants/${g.id}/members/${g.owner.id}`, { level: 'ADMIN' }),
        409,
        'tenants.last_owner',
      ],
      ['the last owner deletes the account', (g) => call(g.owner, 'DELETE', '/users/me'), 409, 'tenants.last_owner'],
      [
        'an administrator who holds every permission removes an owner by the accounts',
        async (g) => {
          await ashlar.rows(
            `UPDATE user_roles SET "roleId" = (SELECT id FROM roles WHERE "tenantId" = $1 AND name = 'admin') WHERE "tenantId" = $1 AND "userId" = $2`,
            [g.id, g.admin.id],
          )
          return call(g.admin, 'DELETE', `/users/${g.owner.id}`, undefined, { 'x-tenant-id': g.id })
        },
        403,
        'users.beyond_own',
      ],
      ['somebody is added twice', (g) => add(g.owner, g.id, g.member, 'ADMIN'), 409, 'tenants.already_member'],
      [
        'nobody is added',
        (g) => call(g.owner, 'POST', `/tenants/${g.id}/members`, { userId: ABSENT }),
        404,
        'tenants.user_not_found',
      ],
      [
        'an unknown address is added',
        (g) => call(g.owner, 'POST', `/tenants/${g.id}/members`, { email: 'nobody@example.com' }),
        404,
        'tenants.user_not_found',
      ],
      [
        'a stranger is promoted',
        (g) => call(g.owner, 'PATCH', `/tenants/${g.id}/members/${g.stranger.id}`, { level: 'ADMIN' }),
        404,
        'tenants.member_not_found',
      ],
      [
        'a stranger is removed',
        (g) => call(g.owner, 'DELETE', `/tenants/${g.id}/members/${g.stranger.id}`),
        404,
        'tenants.member_not_found',
      ],
      [
        'two levels are sent',
        (g) => call(g.owner, 'PATCH', `/tenants/${g.id}/members/${g.member.id}`, { level: 'ADMIN', role: 'OWNER' }),
        422,
        'request.invalid',
      ],
      [
        'neither an id nor an address is sent',
        (g) => call(g.owner, 'POST', `/tenants/${g.id}/members`, { role: 'MEMBER' }),
        422,
        'request.invalid',
      ],
    ]
    for (const [title, attempt, status, code] of scenarios) {
      it(`${title}: ${status} ${code}, and nothing changes`, async () => {
        const g = await guild()
        const before = [await levels(g.id), await audited(g.id)]
        const answer = await attempt(g)
        assert.equal(answer.status, status, answer.text)
        assert.equal(answer.body.code, code)
        assert.deepEqual([await levels(g.id), await audited(g.id)], before)
      })
    }

    it('an administrator whose roles were cut cannot pass on what comes with the level', async () => {
      const { id, admin, stranger } = await guild()
      await ashlar.rows(
        `UPDATE user_roles SET "roleId" = (SELECT id FROM roles WHERE "tenantId" = $1 AND name = 'viewer') WHERE "tenantId" = $1 AND "userId" = $2`,
        [id, admin.id],
      )
      const answer = await add(admin, id, stranger, 'ADMIN')
      assert.equal(answer.status, 403)
      assert.equal(answer.body.code, 'roles.beyond_own')
      assert.equal((await levels(id)).length, 3)
      assert.equal((await add(admin, id, stranger, 'MEMBER')).status, 201)
    })

    it('TEN-5: a member of another tenant and a random id are told apart by nothing', async () => {
      const g = await guild()
      const [foreign, random] = await Promise.all(
        [g.stranger.id, ABSENT].map((userId) => call(g.owner, 'DELETE', `/tenants/${g.id}/members/${userId}`)),
      )
      const masked = ({ text, body }: Answer) => text.replace(body.requestId, '').replace(body.instance, '')
      assert.equal(masked(foreign!), masked(random!))
    })
  })

  it('an owner who is suspended or deleted does not count as the one who stays', async () => {
    const { id, owner, admin } = await guild()
    await call(owner, 'PATCH', `/tenants/${id}/members/${admin.id}`, { level: 'OWNER' })
    const root = await ashlar.admin()
    await call(root, 'PATCH', `/users/${admin.id}/status`, { status: 'SUSPENDED' })
    const answer = await call(owner, 'DELETE', `/tenants/${id}/members/${owner.id}`)
    assert.equal(answer.body.code, 'tenants.last_owner')
    await call(root, 'PATCH', `/users/${admin.id}/status`, { status: 'ACTIVE' })
    assert.equal((await call(owner, 'DELETE', `/tenants/${id}/members/${owner.id}`)).status, 200)
  })

  it('DUR-3: of 50 parallel pairs that remove or demote the last two owners, each leaves at least one', async () => {
    const [first, second] = (await people(2)) as [Person, Person]
    const ids: string[] = []
    for (let pair = 0; pair < 50; pair++) {
      const id = await tenantOf(first)
      assert.equal((await add(first, id, second, 'OWNER')).status, 201)
      ids.push(id)
    }
    const attempt = (by: Person, id: string, on: Person, pair: number) =>
      pair % 2
        ? call(by, 'DELETE', `/tenants/${id}/members/${on.id}`)
        : call(by, 'PATCH', `/tenants/${id}/members/${on.id}`, { level: 'MEMBER' })
    const answers = await Promise.all(
      ids.flatMap((id, pair) =>
        // Half of the pairs turn on each other, half step down by themselves at the same moment.
        pair % 4 < 2
          ? [attempt(first, id, second, pair), attempt(second, id, first, pair)]
          : [attempt(first, id, first, pair), attempt(second, id, second, pair)],
      ),
    )
    for (const { status, text } of answers) assert.ok([200, 403, 404, 409].includes(status), text)
    for (const [pair, id] of ids.entries()) {
      const owners = (await levels(id)).filter(({ level }) => level === 'OWNER')
      assert.ok(owners.length >= 1, `pair ${pair} has no owner`)
      const succeeded = answers.slice(pair * 2, pair * 2 + 2).filter(({ status }) => status === 200)
      assert.equal(succeeded.length, 1, `pair ${pair}`)
    }
  })

  it('DUR-3: of 20 requests that add the same person at once, one does', async () => {
    const { id, owner, stranger } = await guild()
    const answers = await Promise.all(Array.from({ length: 20 }, () => add(owner, id, stranger, 'MEMBER')))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array.from({ length: 19 }, () => 409)])
    assert.equal((await audited(id)).length, 4)
  })
})
