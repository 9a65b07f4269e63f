// The back office over its own accounts, all tenants and all users.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ADMIN, PASSWORD, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const API = '/api/v1'

describe('administration by the back office', () => {
  let ashlar: TestApp
  let root: string
  before(async () => {
    ashlar = await startApp()
    root = await adminToken(ADMIN.email, ADMIN.password)
  })
  after(() => ashlar.stop())

  async function adminToken(email: string, password = PASSWORD): Promise<string> {
    const answer = await ashlar.call('POST', `${API}/admin/auth/login`, { json: { email, password } })
    assert.equal(answer.status, 200, answer.text)
    return answer.body.accessToken
  }
  const call = (method: string, path: string, json?: object, token = root) =>
    ashlar.call(method, `${API}/admin${path}`, { token, ...(json && { json }) })
  const newAdmin = async () => {
    const email = `${unique('adm')}@example.com`
    const made = await call('POST', '/admins', { email, password: PASSWORD, name: 'Second' })
    assert.equal(made.status, 201, made.text)
    return { id: made.body.id as string, email, token: await adminToken(email) }
  }
  const me = (token: string) => ashlar.call('GET', `${API}/auth/me`, { token })

  describe('admins', () => {
    it('are made, found, changed, blocked, activated, deleted and restored; each is audited', async () => {
      const { id, email, token } = await newAdmin()
      assert.equal((await call('GET', `/admins/${id}`)).body.email, email)
      const found = await call('GET', `/admins?search=${encodeURIComponent(email)}`)
      assert.deepEqual([found.body.meta.total, found.body.data[0].id], [1, id])
      assert.equal((await call('PATCH', `/admins/${id}`, { name: 'Renamed' })).body.name, 'Renamed')
      assert.equal((await call('PATCH', `/admins/${id}/block`)).body.status, 'SUSPENDED')
      assert.equal((await call('GET', '/me', undefined, token)).status, 401, 'ended at once')
      assert.equal((await call('POST', '/auth/login', { email, password: PASSWORD })).status, 401)
      assert.equal((await call('PATCH', `/admins/${id}/activate`)).body.status, 'ACTIVE')
      const again = await adminToken(email)
      assert.equal((await call('DELETE', `/admins/${id}`)).status, 200)
      assert.equal((await call('GET', '/me', undefined, again)).status, 401)
      assert.equal((await call('GET', `/admins/${id}`)).status, 404)
      assert.equal((await call('PATCH', `/admins/${id}/activate`)).status, 404)
      assert.equal((await call('GET', '/admins?deleted=true')).body.data[0].id, id)
      assert.equal((await call('POST', `/admins/${id}/restore`)).body.deletedAt, null)
      assert.equal((await call('POST', `/admins/${id}/restore`)).status, 404)
      await adminToken(email)
      const trail = await ashlar.rows<{ action: string }>(
        `SELECT action FROM audit_logs WHERE "targetId" = $1 AND "targetType" = 'admin' ORDER BY at, seq`,
        [id],
      )
      assert.deepEqual(
        trail.map(({ action }) => action),
        ['create', 'edit', 'status', 'status', 'delete', 'restore'].map((verb) => `admins.${verb}`),
      )
    })

    it('nobody ends their own account, and of two who end each other at once one stays', async () => {
      const { body: own } = await call('GET', '/me')
      for (const [method, path] of [
        ['PATCH', `/admins/${own.id}/block`],
        ['DELETE', `/admins/${own.id}`],
      ] as const) {
        const answer = await call(method, path)
        assert.deepEqual([answer.status, answer.body.code], [409, 'admins.self'])
      }
      for (let round = 0; round < 10; round++) {
        const [one, other] = [await newAdmin(), await newAdmin()]
        const answers = await Promise.all([
          call('PATCH', `/admins/${other.id}/block`, undefined, one.token),
          call('DELETE', `/admins/${one.id}`, undefined, other.token),
        ])
        assert.equal(answers.filter(({ status }) => status === 200).length, 1, answers.map(({ text }) => text).join())
      }
    })

    it('users do not enter, not even the administrator of the default tenant', async () => {
      const { token } = await ashlar.admin()
      for (const { method, path, access } of ashlar.app.routes) {
        if (access !== 'admin') continue
        const answer = await ashlar.call(method, API + path.replace(/:\w+/g, 'x'), {
          token,
          ...(method !== 'GET' && { json: {} }),
        })
        assert.equal(answer.status, 401, `${method} ${path}`)
      }
    })
  })

  describe('tenants', () => {
    const tenantOf = async () => {
      const owner = await ashlar.person()
      const made = await ashlar.call('POST', `${API}/tenants`, { token: owner.token, json: { name: unique('Yard') } })
      assert.equal(made.status, 201)
      const inside = await ashlar.call('POST', `${API}/tenants/${made.body.id}/switch`, { token: owner.token })
      return {
        owner,
        id: made.body.id as string,
        slug: made.body.slug as string,
        token: inside.body.accessToken as string,
      }
    }

    it('are listed with owners and members, found, and changed', async () => {
      const { owner, id, slug } = await tenantOf()
      const found = await call('GET', `/tenants?search=${slug}`)
      const [tenant] = found.body.data
      assert.deepEqual([found.body.meta.total, tenant.id, tenant.memberCount], [1, id, 1])
      assert.deepEqual(tenant.owners, [
        { userId: owner.id, name: (await me(owner.token)).body.name, email: owner.email },
      ])
      const renamed = await call('PATCH', `/tenants/${id}`, { name: 'Renamed yard', slug: `${slug}-2` })
      assert.deepEqual([renamed.body.name, renamed.body.subdomain], ['Renamed yard', `${slug}-2`])
      const { slug: other } = await tenantOf()
      assert.equal((await call('PATCH', `/tenants/${id}`, { slug: other })).body.code, 'tenants.slug_taken')
      assert.equal((await call('PATCH', `/tenants/${id}`, { slug: 'admin' })).body.code, 'tenants.slug_reserved')
      assert.equal((await call('GET', '/tenants/c-absent')).status, 404)
      assert.equal((await call('PATCH', '/tenants/c-absent', { name: 'x' })).status, 404)
    })

    it('suspended: nobody is inside at the next request, and everything is there again when it is activated', async () => {
      const { id, token } = await tenantOf()
      assert.equal((await me(token)).body.tenantId, id)
      assert.equal((await call('PATCH', `/tenants/${id}/suspend`)).body.status, 'SUSPENDED')
      assert.equal((await me(token)).status, 401)
      assert.equal((await call('GET', '/tenants?status=SUSPENDED')).body.data[0].id, id)
      assert.equal((await call('PATCH', `/tenants/${id}/activate`)).body.status, 'ACTIVE')
      assert.equal((await me(token)).body.tenantId, id)
    })

    it('deleted: gone for its members, seen by the back office; the default one stays', async () => {
      const { id, token } = await tenantOf()
      assert.equal((await call('DELETE', `/tenants/${id}`)).status, 200)
      assert.equal((await me(token)).status, 401)
      assert.notEqual((await call('GET', `/tenants/${id}`)).body.deletedAt, null)
      assert.equal((await call('DELETE', `/tenants/${id}`)).status, 404)
      for (const [method, path] of [
        ['DELETE', '/tenants/default'],
        ['PATCH', '/tenants/default/suspend'],
      ] as const)
        assert.equal((await call(method, path)).body.code, 'tenants.default_stays')
      const trail = await ashlar.rows<{ actor: string }>(
        `SELECT actor FROM audit_logs WHERE "tenantId" = $1 AND action = 'tenants.delete'`,
        [id],
      )
      assert.match(trail[0]!.actor, /^admin:/)
    })
  })

  describe('users', () => {
    it('are deleted with all their sessions, and restored', async () => {
      const person = await ashlar.person()
      assert.equal((await call('DELETE', `/users/${person.id}`)).status, 200)
      assert.equal((await me(person.token)).status, 401)
      assert.equal((await call('DELETE', `/users/${person.id}`)).status, 404)
      assert.equal((await call('POST', `/users/${person.id}/restore`)).body.deletedAt, null)
      assert.equal((await call('POST', `/users/${person.id}/restore`)).status, 404)
      await ashlar.login(person.email, PASSWORD)
    })

    it('whoever alone owns a tenant of others stays', async () => {
      const [owner, guest] = [await ashlar.person(), await ashlar.person()]
      const made = await ashlar.call('POST', `${API}/tenants`, { token: owner.token, json: { name: unique('Yard') } })
      const added = await ashlar.call('POST', `${API}/tenants/${made.body.id}/members`, {
        token: owner.token,
        json: { userId: guest.id },
      })
      assert.equal(added.status, 201, added.text)
      const refused = await call('DELETE', `/users/${owner.id}`)
      assert.deepEqual([refused.status, refused.body.code], [409, 'tenants.last_owner'])
      assert.equal((await me(owner.token)).status, 200)
    })

    it('are signed out everywhere', async () => {
      const person = await ashlar.person()
      const second = await ashlar.login(person.email, PASSWORD)
      assert.equal((await call('POST', `/users/${person.id}/logout`)).status, 200)
      for (const { token } of [person, second]) assert.equal((await me(token)).status, 401)
      assert.equal((await call('POST', '/users/c-absent/logout')).status, 404)
    })
  })
})
