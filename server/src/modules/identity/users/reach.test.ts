// Who reaches whose account: never upwards, and never into other tenants.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const API = '/api/v1'
const NEW = 'An0ther-Quarry!'

describe('RBAC-2: who reaches an account', () => {
  let ashlar: TestApp
  let admin: Person
  before(async () => {
    ashlar = await startApp({ jobs: true })
    admin = await ashlar.admin()
  })
  after(() => ashlar.stop())

  const call = (by: Person, method: string, path: string, json?: object, tenant?: string) =>
    ashlar.call(method, API + path, {
      token: by.token,
      ...(json && { json }),
      ...(tenant !== undefined && { headers: { 'x-tenant-id': tenant } }),
    })
  const tenantOf = async (owner: Person) =>
    (await call(owner, 'POST', '/tenants', { name: unique('Yard') })).body.id as string
  const roleNamed = async (by: Person, tenant: string, name: string) =>
    (await call(by, 'GET', '/roles?limit=100', undefined, tenant)).body.data.find(
      (role: { name: string }) => role.name === name,
    ).id as string
  /** An account that is at home in the tenant, with a level and one role. */
  async function colleague(owner: Person, tenant: string, level: string, role: string): Promise<Person> {
    const email = `${unique('c')}@example.com`
    const roleIds = [await roleNamed(owner, tenant, role)]
    const made = await call(owner, 'POST', '/users', { email, name: 'Colleague', password: PASSWORD, roleIds }, tenant)
    assert.equal(made.status, 201, made.text)
    if (level !== 'MEMBER')
      await ashlar.rows('UPDATE memberships SET level = $3 WHERE "tenantId" = $1 AND "userId" = $2', [
        tenant,
        made.body.id,
        level,
      ])
    return { ...(await ashlar.login(email, PASSWORD)), id: made.body.id }
  }

  it('no level reaches a higher one, whatever the roles of either', async () => {
    const owner = await ashlar.person()
    const tenant = await tenantOf(owner)
    const levels = ['MEMBER', 'ADMIN', 'OWNER']
    for (const [rank, level] of levels.entries()) {
      const actor = await colleague(owner, tenant, level, 'admin')
      for (const [targetRank, targetLevel] of levels.entries()) {
        const target = await colleague(owner, tenant, targetLevel, 'viewer')
        const attempts: [string, string, object?][] = [
          ['PATCH', '', { password: NEW }],
          ['PATCH', '', { email: `${unique('e')}@example.com` }],
          ['PATCH', '', { roleIds: [] }],
          ['PATCH', '/status', { status: 'SUSPENDED' }],
          ['DELETE', ''],
        ]
        for (const [method, rest, json] of attempts) {
          const answer = await call(actor, method, `/users/${target.id}${rest}`, json, tenant)
          const what = `${level} ${method} ${rest} ${JSON.stringify(json)} on ${targetLevel}: ${answer.text}`
          if (targetRank > rank) assert.equal(answer.body.code, 'users.beyond_own', what)
          else assert.equal(answer.status, 200, what)
        }
        if (targetRank > rank) await ashlar.login(target.email, PASSWORD)
      }
    }
  })

  it('password and address of somebody who belongs to other tenants too are theirs alone; the rest is administered at home', async () => {
    const person = await ashlar.person()
    const tenant = await tenantOf(person)
    for (const json of [{ password: NEW }, { email: `${unique('e')}@example.com` }]) {
      const answer = await call(admin, 'PATCH', `/users/${person.id}`, json)
      assert.deepEqual([answer.status, answer.body.code], [403, 'users.belongs_elsewhere'])
    }
    await ashlar.rows("UPDATE tenants SET status = 'SUSPENDED' WHERE id = $1", [tenant])
    const besides = await call(admin, 'PATCH', `/users/${person.id}`, { password: NEW })
    assert.equal(besides.body.code, 'users.belongs_elsewhere', 'a tenant that is suspended may open again')
    await ashlar.login(person.email, PASSWORD)
    assert.equal((await call(admin, 'PATCH', `/users/${person.id}`, { name: 'Another Name' })).status, 200)
    assert.equal((await call(admin, 'PATCH', `/users/${person.id}/status`, { status: 'SUSPENDED' })).status, 200)
    assert.equal((await call(person, 'GET', '/auth/me', undefined, tenant)).status, 401)
  })

  it('a tenant that somebody was added to does not see their telephone number, and its domains do not bind them', async () => {
    const person = await ashlar.person()
    assert.equal((await call(person, 'PATCH', '/users/me', { phone: '+49 30 7654321' })).status, 200)
    const owner = await ashlar.person()
    const tenant = await tenantOf(owner)
    await call(owner, 'POST', `/tenants/${tenant}/members`, { userId: person.id })
    const read = await call(owner, 'GET', `/users/${person.id}`, undefined, tenant)
    assert.deepEqual([read.status, read.body.phone], [200, null])
    const listed = await call(owner, 'GET', '/users?limit=100', undefined, tenant)
    assert.ok(!listed.text.includes('7654321'))
    assert.equal((await call(admin, 'GET', `/users/${person.id}`)).body.phone, '+49 30 7654321')
    assert.equal((await call(person, 'GET', '/users/me')).body.phone, '+49 30 7654321')

    assert.equal(
      (await call(owner, 'PATCH', `/tenants/${tenant}/settings`, { allowedMailDomains: ['evil.example'] })).status,
      200,
    )
    const change = await call(person, 'POST', '/auth/change-email', {
      email: `${unique('n')}@example.com`,
      password: PASSWORD,
    })
    assert.equal(change.status, 202, change.text)
  })
})
