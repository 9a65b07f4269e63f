// A tenant never loses its last owner, whoever goes and however many at once; on two processes over one database.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ADMIN, type Answer, type Person, startApp, type TestApp, unique } from './harness.ts'

const API = '/api/v1'

describe('RBAC-3, DUR-3: the last owner', () => {
  let one: TestApp
  let two: TestApp
  let root: string
  before(async () => {
    one = await startApp()
    two = await startApp({ database: one.database })
    const answer = await one.call('POST', `${API}/admin/auth/login`, { json: ADMIN })
    root = answer.body.accessToken
  })
  after(async () => {
    await two.stop()
    await one.stop()
  })

  /** A tenant with two owners and a member. */
  async function coOwned(): Promise<{ id: string; owners: [Person, Person] }> {
    const owners: [Person, Person] = [await one.person(), await one.person()]
    const member = await one.person()
    const made = await one.call('POST', `${API}/tenants`, { token: owners[0].token, json: { name: unique('Yard') } })
    assert.equal(made.status, 201, made.text)
    for (const [person, level] of [
      [owners[1], 'OWNER'],
      [member, 'MEMBER'],
    ] as const) {
      const added = await one.call('POST', `${API}/tenants/${made.body.id}/members`, {
        token: owners[0].token,
        json: { userId: person.id, level },
      })
      assert.equal(added.status, 201, added.text)
    }
    return { id: made.body.id, owners }
  }

  const ownersLeft = (id: string) =>
    one.rows(
      `SELECT 1 FROM memberships m JOIN users u ON u.id = m."userId"
       WHERE m."tenantId" = $1 AND m.level = 'OWNER' AND u."deletedAt" IS NULL AND u.status = 'ACTIVE'`,
      [id],
    )

  type Way = (of: { tenantId: string; self: Person; app: TestApp; admin: Person }) => Promise<Answer>
  const ways: Record<string, Way> = {
    'deletes the own account': ({ self, app }) => app.call('DELETE', `${API}/users/me`, { token: self.token }),
    leaves: ({ tenantId, self, app }) =>
      app.call('DELETE', `${API}/tenants/${tenantId}/members/${self.id}`, { token: self.token }),
    'steps down': ({ tenantId, self, app }) =>
      app.call('PATCH', `${API}/tenants/${tenantId}/members/${self.id}`, {
        token: self.token,
        json: { level: 'MEMBER' },
      }),
    'is deleted where the account is at home': ({ self, app, admin }) =>
      app.call('DELETE', `${API}/users/${self.id}`, { token: admin.token }),
    'is deleted by the back office': ({ self, app }) =>
      app.call('DELETE', `${API}/admin/users/${self.id}`, { token: root }),
  }

  for (const [name, way] of Object.entries(ways)) {
    it(`one of two owners ${name} while the other goes in any way: one stays`, async () => {
      const admin = await one.admin()
      for (const other of Object.values(ways)) {
        const { id, owners } = await coOwned()
        const answers = await Promise.all([
          way({ tenantId: id, self: owners[0], app: one, admin }),
          other({ tenantId: id, self: owners[1], app: two, admin }),
        ])
        const texts = answers.map(({ status, text }) => `${status} ${text}`).join('\n')
        assert.equal((await ownersLeft(id)).length, 1, texts)
        const refused = answers.filter(({ status }) => status >= 300)
        assert.equal(refused.length, 1, texts)
        assert.ok(['tenants.last_owner', 'server.unavailable'].includes(refused[0]!.body.code), texts)
      }
    })
  }

  it('both at once in one request are refused, and who asks for others does not learn which tenant it is about', async () => {
    const admin = await one.admin()
    const { id, owners } = await coOwned()
    const both = await one.call('POST', `${API}/users/batch-delete`, {
      token: admin.token,
      json: { ids: owners.map((owner) => owner.id) },
    })
    assert.deepEqual([both.status, both.body.code], [409, 'tenants.last_owner'])
    assert.ok(!both.text.includes(id))
    assert.equal((await ownersLeft(id)).length, 2)
  })

  it('suspending wins: owning a tenant elsewhere makes nobody untouchable, and they stay its owner', async () => {
    const admin = await one.admin()
    const { id, owners } = await coOwned()
    for (const owner of owners) {
      const suspended = await one.call('PATCH', `${API}/users/${owner.id}/status`, {
        token: admin.token,
        json: { status: 'SUSPENDED' },
      })
      assert.equal(suspended.status, 200, suspended.text)
      assert.equal((await one.call('GET', `${API}/auth/me`, { token: owner.token })).status, 401)
    }
    assert.equal((await ownersLeft(id)).length, 0)
    const levels = await one.rows('SELECT 1 FROM memberships WHERE "tenantId" = $1 AND level = $2', [id, 'OWNER'])
    assert.equal(levels.length, 2)
    const last = await one.call('PATCH', `${API}/users/${admin.id}/status`, {
      token: admin.token,
      json: { status: 'SUSPENDED' },
    })
    assert.equal(last.status, 409)
  })

  it('who owns a tenant that nobody else is in may go', async () => {
    const person = await one.person()
    await one.call('POST', `${API}/tenants`, { token: person.token, json: { name: unique('Yard') } })
    assert.equal((await one.call('DELETE', `${API}/users/me`, { token: person.token })).status, 200)
  })
})
