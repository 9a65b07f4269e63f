// Teams over HTTP: who sees, changes and leaves them, and what happens to them when people leave the tenant.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  type Answer,
  type Call,
  PASSWORD,
  type Person,
  startApp,
  type TestApp,
  unique,
} from '../../../../test/harness.ts'

describe('teams', () => {
  let ashlar: TestApp
  let owner: Person
  let stranger: Person
  let tenant: string
  let foreign: string
  before(async () => {
    ashlar = await startApp()
    ;[owner, stranger] = [await ashlar.person('Olga Owner'), await ashlar.person()]
    ;[tenant, foreign] = [await makeTenant(owner), await makeTenant(stranger)]
  })
  after(() => ashlar?.stop())

  async function makeTenant({ token }: Person): Promise<string> {
    const json = { name: 'Quarry', slug: unique('quarry') }
    return (await ashlar.call('POST', '/api/v1/tenants', { token, json })).body.id
  }
  const call = (method: string, path: string, person: Person = owner, json?: unknown, more: Call = {}) =>
    ashlar.call(method, `/api/v1${path}`, {
      token: person.token,
      headers: { 'x-tenant-id': person === stranger ? foreign : tenant, ...more.headers },
      ...(json !== undefined && { json }),
    })
  /** Somebody in the tenant with these permissions and no others. */
  async function member(...permissions: string[]): Promise<Person> {
    const role = await call('POST', '/roles', owner, { name: unique('role'), permissions })
    const email = `${unique('m')}@example.com`
    const json = { email, name: 'Mason', password: PASSWORD, roleIds: [role.body.id] }
    assert.equal((await call('POST', '/users', owner, json)).status, 201)
    return ashlar.login(email, PASSWORD)
  }
  const made = (answer: Answer): string => {
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id
  }
  const roles = ({ body }: Answer) =>
    Object.fromEntries(body.members.map(({ userId, role }: { userId: string; role: string }) => [userId, role]))

  it('are made with their owner in them, listed by page and cursor, searched, and read with their members', async () => {
    const mason = await member('teams:view')
    const first = await call('POST', '/teams', owner, { name: ' Setters ', description: '', memberIds: [mason.id] })
    const id = made(first)
    assert.deepEqual(roles(first), { [owner.id]: 'owner', [mason.id]: 'member' })
    const { name, description, memberCount, role, owner: shown } = first.body
    assert.deepEqual([name, description, memberCount, role], ['Setters', '', 2, 'owner'])
    assert.deepEqual(shown, { id: owner.id, name: 'Olga Owner' })
    const second = made(await call('POST', '/teams', owner, { name: 'Cutters' }))
    const list = await call('GET', '/teams?sortBy=name&sortOrder=asc', mason)
    assert.deepEqual(
      list.body.data.map((team: { id: string; role: string | null }) => [team.id, team.role]),
      [
        [second, null],
        [id, 'member'],
      ],
    )
    assert.equal(list.body.meta.total, 2)
    assert.equal(list.body.data[0].members, undefined)
    const page = await call('GET', '/teams?limit=1')
    const next = await call('GET', `/teams?limit=1&cursor=${page.body.meta.nextCursor}`)
    assert.deepEqual([page.body.data[0].id, next.body.data[0].id], [second, id])
    assert.deepEqual((await call('GET', '/teams?search=sett')).body.data.length, 1)
    assert.deepEqual((await call('GET', '/teams?mine=true', mason)).body.data.length, 1)
    for (const bad of ['cursor=abc', 'sortBy=avatar', 'limit=101', 'mine=perhaps'])
      assert.equal((await call('GET', `/teams?${bad}`)).status, 422, bad)
  })

  it('take members of the tenant only, and answer anybody else as nobody (TEN-5)', async () => {
    const before = (await call('GET', '/teams')).body.meta.total
    for (const nobody of [stranger.id, 'cmi8z2n4w0q5t1v7x3y9b6d2']) {
      const refused = await call('POST', '/teams', owner, { name: 'Strange', memberIds: [owner.id, nobody] })
      assert.equal(refused.status, 422)
      assert.deepEqual(
        refused.body.errors.map((fault: { path: string }) => fault.path),
        ['memberIds.1'],
      )
    }
    assert.equal((await call('GET', '/teams')).body.meta.total, before)
    const id = made(await call('POST', '/teams', owner, { name: 'Own' }))
    const theirs = made(await call('POST', '/teams', stranger, { name: 'Theirs' }))
    assert.equal((await call('POST', `/teams/${id}/members`, owner, { userId: stranger.id })).status, 422)
    assert.equal((await call('PATCH', `/teams/${id}`, owner, { ownerId: stranger.id })).status, 422)
    for (const [method, tail, json] of [
      ['GET', ''],
      ['PATCH', '', { name: 'x' }],
      ['DELETE', ''],
      ['POST', '/members', { userId: owner.id }],
      ['DELETE', `/members/${stranger.id}`],
    ] as const) {
      const [one, none] = await Promise.all(
        [theirs, 'cmi8z2n4w0q5t1v7x3y9b6d2'].map((team) => call(method, `/teams/${team}${tail}`, owner, json)),
      )
      assert.deepEqual([one!.status, one!.body.code], [404, 'teams.not_found'], `${method} ${tail}`)
      assert.deepEqual([none!.status, none!.body.code, none!.body.detail], [404, one!.body.code, one!.body.detail])
    }
    assert.equal((await call('GET', `/teams/${theirs}`, stranger)).body.name, 'Theirs')
  })

  it('are changed by their owner; members are managed by owner and administrators, administrators by the owner', async () => {
    const all = ['teams:view', 'teams:edit']
    const [founder, deputy, mason, other] = [
      await member(...all),
      await member(...all),
      await member(...all),
      await member(),
    ]
    const id = made(await call('POST', '/teams', founder, { name: 'Layers', memberIds: [mason.id] }))
    const put = (who: Person, userId: string, role?: string) =>
      call('POST', `/teams/${id}/members`, who, { userId, ...(role && { role }) })
    assert.equal((await put(founder, deputy.id, 'admin')).status, 200)
    for (const json of [{ name: 'Ours' }, { ownerId: deputy.id }])
      assert.equal((await call('PATCH', `/teams/${id}`, deputy, json)).body.code, 'teams.owner_only')
    assert.equal((await call('DELETE', `/teams/${id}`, deputy)).body.code, 'teams.owner_only')
    assert.equal((await put(mason, other.id)).body.code, 'teams.managers_only')
    assert.equal((await put(deputy, other.id, 'admin')).body.code, 'teams.owner_only')
    assert.equal((await put(deputy, other.id)).status, 200)
    assert.equal((await put(deputy, deputy.id)).body.code, 'teams.owner_only')
    assert.equal((await put(deputy, founder.id)).body.code, 'teams.owner_stays')
    assert.equal((await call('DELETE', `/teams/${id}/members/${founder.id}`, founder)).body.code, 'teams.owner_stays')
    assert.equal((await call('DELETE', `/teams/${id}/members/${deputy.id}`, mason)).body.code, 'teams.managers_only')
    assert.deepEqual(roles(await call('GET', `/teams/${id}`, mason)), {
      [founder.id]: 'owner',
      [deputy.id]: 'admin',
      [mason.id]: 'member',
      [other.id]: 'member',
    })
    const given = await call('PATCH', `/teams/${id}`, founder, { ownerId: deputy.id })
    assert.deepEqual([given.body.owner.id, given.body.role], [deputy.id, 'admin'])
    assert.equal((await call('PATCH', `/teams/${id}`, founder, { name: 'Back' })).status, 403)
    const left = await call('DELETE', `/teams/${id}/members/${founder.id}`, founder)
    assert.deepEqual([left.status, left.body.teamId, left.body.userId], [200, id, founder.id])
    assert.equal((await call('GET', `/teams/${id}`)).body.memberCount, 3)
    // Whoever holds everything reaches a team that is not theirs.
    assert.equal((await call('PATCH', `/teams/${id}`, owner, { name: 'Layers II' })).status, 200)
    const trail = await ashlar.rows<{ action: string }>(
      'SELECT action FROM audit_logs WHERE "targetId" = $1 ORDER BY at, seq',
      [id],
    )
    assert.deepEqual(
      trail.map(({ action }) => action),
      ['teams.create', 'teams.member', 'teams.member', 'teams.edit', 'teams.leave', 'teams.edit'],
    )
  })

  it('ask for teams:view to look and leave, and for teams:edit to change', async () => {
    const [viewer, nobody] = [await member('teams:view'), await member('users:view')]
    const id = made(await call('POST', '/teams', owner, { name: 'Guarded', memberIds: [viewer.id, nobody.id] }))
    assert.equal((await call('POST', '/teams', viewer, { name: 'Mine' })).status, 403)
    assert.equal((await call('PATCH', `/teams/${id}`, viewer, { name: 'Mine' })).status, 403)
    const taken = await call('DELETE', `/teams/${id}/members/${nobody.id}`, viewer)
    assert.equal(taken.body.code, 'access.forbidden')
    assert.equal((await call('DELETE', `/teams/${id}/members/${viewer.id}`, viewer)).status, 200)
    for (const path of ['/teams', `/teams/${id}`]) assert.equal((await call('GET', path, nobody)).status, 403)
  })

  it('compare versions: a stale If-Match changes nothing', async () => {
    const first = await call('POST', '/teams', owner, { name: 'Versioned' })
    const headers = { 'if-match': (await call('GET', `/teams/${made(first)}`)).headers.get('etag')! }
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal((await call('PATCH', `/teams/${first.body.id}`, owner, { name: 'Two' }, { headers })).status, 200)
    const stale = await call('PATCH', `/teams/${first.body.id}`, owner, { name: 'Three' }, { headers })
    assert.deepEqual([stale.status, stale.body.code], [412, 'teams.changed_meanwhile'])
    assert.equal((await call('GET', `/teams/${first.body.id}`)).body.name, 'Two')
  })

  it('lose whoever leaves the tenant, and go to an administrator, a member, or an owner of the tenant', async () => {
    const all = ['teams:view', 'teams:edit']
    const [leaver, admin, mason] = [await member(...all), await member(...all), await member(...all)]
    const withAdmin = made(await call('POST', '/teams', leaver, { name: 'One', memberIds: [mason.id] }))
    await call('POST', `/teams/${withAdmin}/members`, leaver, { userId: admin.id, role: 'admin' })
    const withMember = made(await call('POST', '/teams', leaver, { name: 'Two', memberIds: [mason.id] }))
    const alone = made(await call('POST', '/teams', leaver, { name: 'Three' }))
    const inside = made(await call('POST', '/teams', mason, { name: 'Four', memberIds: [leaver.id] }))
    assert.equal((await call('DELETE', `/tenants/${tenant}/members/${leaver.id}`)).status, 200)
    const owners = await Promise.all(
      [withAdmin, withMember, alone, inside].map(async (id) => (await call('GET', `/teams/${id}`)).body),
    )
    assert.deepEqual(
      owners.map((team) => team.owner.id),
      [admin.id, mason.id, owner.id, mason.id],
    )
    for (const team of owners) assert.ok(!JSON.stringify(team).includes(leaver.id), team.name)
    assert.deepEqual(
      owners.map((team) => team.memberCount),
      [2, 1, 1, 1],
    )
  })
})
