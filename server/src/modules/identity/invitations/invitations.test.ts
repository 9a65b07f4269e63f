// Invitations over HTTP: who may invite whom, what a secret is worth, and that it is worth it once.
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

interface Tenant {
  id: string
  name: string
}

describe('invitations', () => {
  let ashlar: TestApp
  before(async () => {
    ashlar = await startApp({ env: { TENANT_INVITATIONS_PER_DAY: '60' } })
  })
  after(() => ashlar.stop())

  const call = (method: string, path: string, options?: Call) => ashlar.call(method, `/api/v1${path}`, options)
  const make = async (owner: Person): Promise<Tenant> => {
    const answer = await call('POST', '/tenants', { token: owner.token, json: { name: unique('Quarry ') } })
    assert.equal(answer.status, 201, answer.text)
    return answer.body
  }
  const invite = (person: Person, tenant: Tenant, json: object = {}): Promise<Answer> =>
    call('POST', `/tenants/${tenant.id}/invitations`, { token: person.token, json })
  const invited = async (person: Person, tenant: Tenant, json: object = {}) => {
    const answer = await invite(person, tenant, json)
    assert.equal(answer.status, 201, answer.text)
    return answer.body
  }
  const accept = (person: Person, token: string) =>
    call('POST', '/invitations/accept', { token: person.token, json: { token } })
  const preview = (token: string) => call('POST', '/invitations/preview', { json: { token } })
  const register = (json: object) => call('POST', '/auth/register', { json: { password: PASSWORD, ...json } })
  const resend = (person: Person, tenant: Tenant, id: string) =>
    call('POST', `/tenants/${tenant.id}/invitations/${id}/resend`, { token: person.token })
  const revoke = (person: Person, tenant: Tenant, id: string) =>
    call('DELETE', `/tenants/${tenant.id}/invitations/${id}`, { token: person.token })
  const stateOf = async (person: Person, tenant: Tenant, id: string) => {
    const list = await call('GET', `/tenants/${tenant.id}/invitations?limit=100`, { token: person.token })
    return list.body.data.find((one: { id: string }) => one.id === id)?.state
  }
  const age = (id: string, column: 'expiresAt' | 'sentAt', minutes: number) =>
    ashlar.rows(`UPDATE invitations SET "${column}" = "${column}" - make_interval(mins => $2) WHERE id = $1`, [
      id,
      minutes,
    ])
  const members = async (tenant: Tenant) =>
    (await ashlar.rows('SELECT 1 FROM memberships WHERE "tenantId" = $1', [tenant.id])).length
  /** The secret in the newest mail to the address. */
  const mailed = async (address: string): Promise<string> => {
    const [mail] = await ashlar.rows<{ text: string }>(
      `SELECT text FROM mails WHERE $1 = ANY(recipients) AND template = 'tenant_invitation' ORDER BY "createdAt" DESC LIMIT 1`,
      [address],
    )
    const token = /token=([\w-]+)/.exec(mail?.text ?? '')?.[1]
    assert.ok(token, `no invitation was mailed to ${address}`)
    return token
  }
  const add = async (owner: Person, tenant: Tenant, level: string): Promise<Person> => {
    const person = await ashlar.person()
    const answer = await call('POST', `/tenants/${tenant.id}/members`, {
      token: owner.token,
      json: { userId: person.id, level },
    })
    assert.equal(answer.status, 201, answer.text)
    return person
  }

  describe('bound to an address', () => {
    it('goes by mail only; its person looks at it, accepts, and is a member with the role of the level', async () => {
      const [owner, guest] = [await ashlar.person('Olive Owner'), await ashlar.person()]
      const tenant = await make(owner)
      const invitation = await invited(owner, tenant, { email: guest.email.toUpperCase() })
      assert.deepEqual(
        [invitation.email, invitation.state, invitation.maxUses, invitation.invitedBy.id],
        [guest.email, 'pending', 1, owner.id],
      )
      assert.equal('token' in invitation || 'link' in invitation, false, 'who invites never sees the secret')
      const token = await mailed(guest.email)
      assert.equal(Buffer.from(token, 'base64url').length, 32)
      const stored = await ashlar.rows<{ row: string }>('SELECT to_jsonb(i)::text AS row FROM invitations i', [])
      assert.equal(
        stored.some(({ row }) => row.includes(token)),
        false,
        'the secret is kept as a hash',
      )

      const look = await preview(token)
      assert.deepEqual(look.body, { tenant: tenant.name, inviter: 'Olive Owner', level: 'MEMBER', bound: true })
      const joined = await accept(guest, token)
      assert.equal(joined.status, 200, joined.text)
      assert.deepEqual([joined.body.id, joined.body.level], [tenant.id, 'MEMBER'])
      const me = await call('GET', '/auth/me', { token: guest.token, headers: { 'x-tenant-id': tenant.id } })
      assert.deepEqual(
        me.body.roles.map((role: { name: string }) => role.name),
        ['user'],
      )
      assert.equal(me.body.emailVerified, true, 'the secret that came by mail proves the address')
      assert.equal(await stateOf(owner, tenant, invitation.id), 'accepted')
      const trail = await ashlar.rows<{ action: string; actorId: string; changes: object }>(
        `SELECT action, "actorId", changes FROM audit_logs WHERE "tenantId" = $1 AND action LIKE 'invitations.%' ORDER BY at, seq`,
        [tenant.id],
      )
      assert.deepEqual(
        trail.map(({ action, actorId }) => [action, actorId]),
        [
          ['invitations.create', owner.id],
          ['invitations.accept', guest.id],
        ],
      )
      assert.equal(JSON.stringify(trail).includes(token), false)
    })

    it('is accepted once, and again by the same person without a second use or a second membership', async () => {
      const [owner, guest, thief] = [await ashlar.person(), await ashlar.person(), await ashlar.person()]
      const tenant = await make(owner)
      await invited(owner, tenant, { email: guest.email })
      const token = await mailed(guest.email)
      assert.equal((await accept(thief, token)).body.code, 'invitations.other_address')
      assert.equal((await accept(guest, token)).status, 200)
      assert.equal((await accept(guest, token)).status, 200)
      assert.equal((await accept(thief, token)).body.code, 'invitations.used_up')
      assert.equal(await members(tenant), 2)
    })

    it('lets its address register, also as verified, and another address not', async () => {
      const owner = await ashlar.person()
      const tenant = await make(owner)
      const email = `${unique('new')}@example.com`
      await invited(owner, tenant, { email, level: 'ADMIN' })
      const token = await mailed(email)
      const other = await register({ email: `${unique('x')}@example.com`, invitationToken: token })
      assert.equal(other.body.code, 'invitations.other_address')
      const answer = await register({ email, invitationToken: token })
      assert.equal(answer.status, 201, answer.text)
      const { user } = answer.body
      assert.deepEqual([user.tenantId, user.level, user.emailVerified], [tenant.id, 'ADMIN', true])
      assert.deepEqual(
        user.roles.map((role: { name: string }) => role.name),
        ['manager'],
      )
      assert.deepEqual(
        user.tenants.map((one: { id: string }) => one.id),
        [tenant.id],
      )
      const [account] = await ashlar.rows<{ homeTenantId: string | null }>(
        'SELECT "homeTenantId" FROM users WHERE id = $1',
        [user.id],
      )
      assert.equal(account!.homeTenantId, null)
      const takeover = await call('PATCH', `/users/${user.id}`, {
        token: owner.token,
        headers: { 'x-tenant-id': tenant.id },
        json: { password: PASSWORD },
      })
      assert.equal(takeover.body.code, 'users.managed_elsewhere', 'who invites somebody does not get their account')
      const verifications = await ashlar.rows(
        `SELECT 1 FROM mails WHERE $1 = ANY(recipients) AND template = 'verify_email'`,
        [email],
      )
      assert.equal(verifications.length, 0)
      const again = await ashlar.login(email, PASSWORD)
      assert.ok(again.token, 'signing in again finds the tenant')
    })

    it('is not sent twice to one address, nor to a member, nor with more than one use', async () => {
      const [owner, guest] = [await ashlar.person(), await ashlar.person()]
      const tenant = await make(owner)
      await invited(owner, tenant, { email: guest.email })
      assert.equal((await invite(owner, tenant, { email: guest.email })).body.code, 'invitations.already_pending')
      assert.equal((await invite(owner, tenant, { email: owner.email })).body.code, 'invitations.already_member')
      assert.equal((await invite(owner, tenant, { email: `${unique('x')}@example.com`, maxUses: 2 })).status, 422)
      assert.equal((await accept(guest, await mailed(guest.email))).status, 200)
    })
  })

  describe('an open link', () => {
    it('shows its secret once, in the answer, and brings as many people as it says', async () => {
      const [owner, one, two, three] = [
        await ashlar.person(),
        await ashlar.person(),
        await ashlar.person(),
        await ashlar.person(),
      ]
      const tenant = await make(owner)
      const { token, link, id } = await invited(owner, tenant, { maxUses: 2 })
      assert.ok(link.endsWith(`/accept-invitation?token=${token}`))
      const list = await call('GET', `/organizations/${tenant.id}/invitations`, { token: owner.token })
      assert.equal(list.text.includes(token), false)
      assert.equal((await accept(one, token)).status, 200)
      assert.equal((await accept(one, token)).status, 200, 'again by the same person')
      const registered = await register({ email: `${unique('x')}@example.com`, invitationToken: token })
      assert.equal(registered.status, 201, registered.text)
      assert.equal(registered.body.user.emailVerified, false, 'an open link proves no address')
      for (const person of [two, three]) assert.equal((await accept(person, token)).body.code, 'invitations.used_up')
      assert.equal((await preview(token)).body.code, 'invitations.used_up')
      assert.equal(await stateOf(owner, tenant, id), 'accepted')
      assert.equal(await members(tenant), 3)
    })

    it('50 requests at once by a link for 10 become exactly 10 members', async () => {
      const owner = await ashlar.person()
      const tenant = await make(owner)
      const { token, id } = await invited(owner, tenant, { maxUses: 10 })
      const people = await Promise.all(Array.from({ length: 25 }, () => ashlar.person()))
      // Everybody twice at the same time.
      const answers = await Promise.all([...people, ...people].map((person) => accept(person, token)))
      const inside = answers.filter(({ status }) => status === 200).length
      assert.equal(await members(tenant), 11)
      assert.equal(inside, 20, 'ten people, each answered twice')
      for (const { status, body } of answers)
        if (status !== 200) assert.deepEqual([status, body.code], [409, 'invitations.used_up'])
      const [row] = await ashlar.rows<{ uses: number; came: number }>(
        `SELECT uses, (SELECT count(*)::int FROM invitation_uses WHERE "invitationId" = i.id) AS came FROM invitations i WHERE id = $1`,
        [id],
      )
      assert.deepEqual(row, { uses: 10, came: 10 })
    })

    it('does not bring back whom the tenant removed', async () => {
      const [owner, guest] = [await ashlar.person(), await ashlar.person()]
      const tenant = await make(owner)
      const { token } = await invited(owner, tenant, { maxUses: 5 })
      await accept(guest, token)
      const gone = await call('DELETE', `/tenants/${tenant.id}/members/${guest.id}`, { token: owner.token })
      assert.equal(gone.status, 200)
      assert.equal((await accept(guest, token)).body.code, 'invitations.used_up')
      assert.equal(await members(tenant), 1)
    })
  })

  describe('refusals', () => {
    it('a wrong secret is not found, whatever was sent, and looks the same as one of a deleted tenant', async () => {
      const [owner, guest] = [await ashlar.person(), await ashlar.person()]
      const tenant = await make(owner)
      const { token } = await invited(owner, tenant)
      assert.equal((await call('DELETE', `/tenants/${tenant.id}`, { token: owner.token })).status, 200)
      for (const wrong of [token, 'x', 'A'.repeat(43), `${token}A`, "' OR 1=1 --"]) {
        for (const answer of [
          await preview(wrong),
          await accept(guest, wrong),
          await register({ email: `${unique('x')}@example.com`, invitationToken: wrong }),
        ])
          assert.deepEqual([answer.status, answer.body.code], [404, 'invitations.not_found'])
      }
      assert.equal((await call('POST', '/invitations/accept', { json: { token } })).status, 401)
      assert.equal((await preview('')).status, 422)
      assert.equal((await preview('x'.repeat(201))).status, 422)
    })

    it('one that was withdrawn or has expired says so, and brings nobody in', async () => {
      const [owner, guest] = [await ashlar.person(), await ashlar.person()]
      const tenant = await make(owner)
      const first = await invited(owner, tenant, { maxUses: 5 })
      assert.equal((await revoke(owner, tenant, first.id)).status, 200)
      assert.equal((await revoke(owner, tenant, first.id)).status, 200, 'again changes nothing')
      assert.equal((await preview(first.token)).body.code, 'invitations.revoked')
      assert.equal((await accept(guest, first.token)).body.code, 'invitations.revoked')
      assert.equal((await resend(owner, tenant, first.id)).body.code, 'invitations.revoked')
      const second = await invited(owner, tenant, { expiresInDays: 1 })
      await age(second.id, 'expiresAt', 24 * 60 + 1)
      assert.equal(await stateOf(owner, tenant, second.id), 'expired')
      assert.equal((await accept(guest, second.token)).body.code, 'invitations.expired')
      const expired = await register({ email: `${unique('x')}@example.com`, invitationToken: second.token })
      assert.equal(expired.body.code, 'invitations.expired')
      assert.equal(await members(tenant), 1)
    })

    it('who is a member already keeps the level and costs no use', async () => {
      const owner = await ashlar.person()
      const tenant = await make(owner)
      const { token, id } = await invited(owner, tenant, { level: 'ADMIN' })
      const member = await add(owner, tenant, 'MEMBER')
      assert.equal((await accept(member, token)).body.code, 'invitations.already_member')
      assert.equal((await accept(owner, token)).body.code, 'invitations.already_member')
      const [row] = await ashlar.rows<{ uses: number; level: string }>(
        `SELECT uses, (SELECT m.level FROM memberships m WHERE m."tenantId" = i."tenantId" AND m."userId" = $2) AS level
         FROM invitations i WHERE id = $1`,
        [id, member.id],
      )
      assert.deepEqual(row, { uses: 0, level: 'MEMBER' })
    })

    it("a tenant's mail domains hold for inviting and for coming in, and an open link asks for a proven address", async () => {
      const owner = await ashlar.person()
      const tenant = await make(owner)
      const { token } = await invited(owner, tenant, { maxUses: 5 })
      await call('PATCH', `/tenants/${tenant.id}/settings`, {
        token: owner.token,
        json: { allowedMailDomains: ['quarry.example'] },
      })
      const outside = await invite(owner, tenant, { email: `${unique('x')}@example.com` })
      assert.equal(outside.body.code, 'invitations.domain_not_allowed')
      const stranger = await ashlar.person()
      assert.equal((await accept(stranger, token)).body.code, 'invitations.domain_not_allowed')
      const email = `${unique('in')}@quarry.example`
      const unproven = await register({ email, invitationToken: token })
      assert.equal(unproven.body.code, 'invitations.address_unverified')
      assert.deepEqual(await ashlar.rows('SELECT 1 FROM users WHERE email = $1', [email]), [], 'no account was left')
      await invited(owner, tenant, { email })
      assert.equal((await register({ email, invitationToken: await mailed(email) })).status, 201)
    })
  })

  describe('who may invite', () => {
    it('owners to every level, administrators to all but owner, members nobody, strangers see no tenant', async () => {
      const owner = await ashlar.person()
      const tenant = await make(owner)
      const [admin, member, stranger] = [
        await add(owner, tenant, 'ADMIN'),
        await add(owner, tenant, 'MEMBER'),
        await ashlar.person(),
      ]
      for (const level of ['OWNER', 'ADMIN', 'MEMBER']) {
        const byOwner = await invited(owner, tenant, { level })
        const byAdmin = await invite(admin, tenant, { level })
        assert.deepEqual(
          [byAdmin.status, byAdmin.body.code],
          level === 'OWNER' ? [403, 'tenants.owners_only'] : [201, undefined],
        )
        assert.equal((await invite(member, tenant, { level })).body.code, 'tenants.managers_only')
        assert.equal((await invite(stranger, tenant, { level })).body.code, 'tenants.not_found')
        const allowed = level === 'OWNER' ? 403 : 200
        assert.equal((await revoke(admin, tenant, byOwner.id)).status, allowed)
        assert.equal((await revoke(member, tenant, byOwner.id)).status, 403)
        assert.equal((await revoke(stranger, tenant, byOwner.id)).status, 404)
      }
      const list = (person: Person) => call('GET', `/tenants/${tenant.id}/invitations`, { token: person.token })
      assert.equal((await list(admin)).body.meta.total, 5)
      assert.equal((await list(member)).body.code, 'tenants.managers_only')
      assert.equal((await list(stranger)).body.code, 'tenants.not_found')
    })

    it('TEN-5: an invitation of another tenant answers as one that is not there', async () => {
      const [owner, other] = [await ashlar.person(), await ashlar.person()]
      const [mine, theirs] = [await make(owner), await make(other)]
      const { id } = await invited(other, theirs)
      for (const attempt of [resend, revoke]) {
        const foreign = await attempt(owner, mine, id)
        const absent = await attempt(owner, mine, 'c000000000000000000000000')
        assert.deepEqual(
          [foreign.status, foreign.body.code, foreign.body.detail],
          [absent.status, absent.body.code, absent.body.detail],
        )
        assert.equal(foreign.body.code, 'invitations.not_found')
      }
      assert.equal(await stateOf(other, theirs, id), 'pending')
    })

    it('RBAC-3: nobody gives a role that grants what they lack, when inviting or by what they were allowed once', async () => {
      const [owner, guest] = [await ashlar.person(), await ashlar.person()]
      const tenant = await make(owner)
      const headers = { 'x-tenant-id': tenant.id }
      const admin = await add(owner, tenant, 'ADMIN')
      const roles = await call('GET', '/roles?limit=100', { token: owner.token, headers })
      const role = (name: string) => roles.body.data.find((one: { name: string }) => one.name === name).id
      assert.equal((await invite(admin, tenant, { roleIds: [role('admin')] })).body.code, 'roles.beyond_own')
      assert.equal((await invite(admin, tenant, { roleIds: ['c000000000000000000000000'] })).status, 422)

      const { token, roleIds } = await invited(admin, tenant, { roleIds: [role('editor'), role('viewer')] })
      assert.equal(roleIds.length, 2)
      const lowered = await call('PATCH', `/users/${admin.id}`, {
        token: owner.token,
        headers,
        json: { roleIds: [role('viewer')] },
      })
      assert.equal(lowered.status, 200, lowered.text)
      assert.equal((await accept(guest, token)).body.code, 'invitations.inviter_lost_right')
      assert.equal(await members(tenant), 2)
      await call('PATCH', `/users/${admin.id}`, { token: owner.token, headers, json: { roleIds: [role('manager')] } })
      assert.equal((await accept(guest, token)).status, 200)
      const me = await call('GET', '/auth/me', { token: guest.token, headers })
      assert.deepEqual(
        me.body.roles.map((one: { name: string }) => one.name),
        ['editor', 'viewer'],
      )
    })

    it('what a demoted, removed, suspended or deleted inviter left open is worth nothing', async () => {
      const owner = await ashlar.person()
      const tenant = await make(owner)
      const endings: [string, (admin: Person) => Promise<unknown>][] = [
        [
          'demoted',
          (admin) =>
            call('PATCH', `/tenants/${tenant.id}/members/${admin.id}`, {
              token: owner.token,
              json: { level: 'MEMBER' },
            }),
        ],
        ['removed', (admin) => call('DELETE', `/tenants/${tenant.id}/members/${admin.id}`, { token: owner.token })],
        ['suspended', (admin) => ashlar.rows(`UPDATE users SET status = 'SUSPENDED' WHERE id = $1`, [admin.id])],
        ['deleted', (admin) => call('DELETE', '/users/me', { token: admin.token })],
      ]
      for (const [word, end] of endings) {
        const admin = await add(owner, tenant, 'ADMIN')
        const { token } = await invited(admin, tenant)
        await end(admin)
        const guest = await ashlar.person()
        assert.equal((await accept(guest, token)).body.code, 'invitations.inviter_lost_right', word)
        const account = await register({ email: `${unique('x')}@example.com`, invitationToken: token })
        assert.equal(account.body.code, 'invitations.inviter_lost_right', word)
      }
    })

    it('personal access tokens neither invite nor accept', async () => {
      const [owner, guest] = [await ashlar.person(), await ashlar.person()]
      const tenant = await make(owner)
      const made = await call('POST', '/tokens', {
        token: owner.token,
        headers: { 'x-tenant-id': tenant.id },
        json: { name: 'robot', scopes: ['*'] },
      })
      const robot = { ...owner, token: made.body.token }
      assert.equal((await invite(robot, tenant)).status, 403)
      const { token } = await invited(owner, tenant)
      const own = await call('POST', '/tokens', {
        token: guest.token,
        json: { name: 'robot', scopes: ['documents:view'] },
      })
      assert.equal((await accept({ ...guest, token: own.body.token }, token)).status, 403)
    })
  })

  describe('sending again', () => {
    it('gives a new secret and its whole life, once a minute; the old secret is dead', async () => {
      const [owner, guest] = [await ashlar.person(), await ashlar.person()]
      const tenant = await make(owner)
      const { id } = await invited(owner, tenant, { email: guest.email, expiresInDays: 2 })
      const old = await mailed(guest.email)
      const early = await resend(owner, tenant, id)
      assert.deepEqual([early.status, early.body.code], [429, 'invitations.sent_recently'])
      assert.ok(Number(early.headers.get('retry-after')) > 0)
      assert.equal((await preview(old)).status, 200, 'a refused one changes nothing')

      await age(id, 'sentAt', 3 * 24 * 60)
      await age(id, 'expiresAt', 3 * 24 * 60)
      assert.equal((await preview(old)).body.code, 'invitations.expired')
      const again = await resend(owner, tenant, id)
      assert.equal(again.status, 200, again.text)
      const life = Date.parse(again.body.expiresAt) - Date.parse(again.body.sentAt)
      assert.equal(life, 2 * 86_400_000)
      assert.equal((await preview(old)).body.code, 'invitations.not_found')
      assert.equal((await accept(guest, await mailed(guest.email))).status, 200)
      assert.equal((await resend(owner, tenant, id)).body.code, 'invitations.used_up')
    })

    it('MAIL-2: a tenant sends so many in a day, repeated ones included, and then 429 with Retry-After', async () => {
      const owner = await ashlar.person()
      const tenant = await make(owner)
      const first = await invited(owner, tenant)
      await ashlar.rows('UPDATE invitations SET sends = 58 WHERE id = $1', [first.id])
      const second = await invited(owner, tenant)
      const [third, fourth] = await Promise.all([invite(owner, tenant), invite(owner, tenant)])
      const statuses = [third.status, fourth.status].sort()
      assert.deepEqual(statuses, [201, 429])
      const refused = third.status === 429 ? third : fourth
      assert.equal(refused.body.code, 'invitations.too_many')
      assert.ok(Number(refused.headers.get('retry-after')) > 86_000)
      await age(second.id, 'sentAt', 2)
      assert.equal((await resend(owner, tenant, second.id)).body.code, 'invitations.too_many')
      assert.equal((await invite(await ashlar.person(), tenant)).status, 404)
      const elsewhere = await make(owner)
      assert.equal((await invite(owner, elsewhere)).status, 201, 'another tenant has its own count')
    })
  })

  it('the list has states, search and cursors', async () => {
    const owner = await ashlar.person()
    const tenant = await make(owner)
    const word = unique('mason')
    for (let at = 0; at < 5; at++) await invited(owner, tenant, { email: `${word}.${at}@example.com` })
    const open = await invited(owner, tenant)
    await revoke(owner, tenant, open.id)
    const list = (query: string) => call('GET', `/tenants/${tenant.id}/invitations?${query}`, { token: owner.token })
    assert.equal((await list('state=pending')).body.meta.total, 5)
    assert.deepEqual(
      (await list('state=revoked')).body.data.map((one: { id: string }) => one.id),
      [open.id],
    )
    assert.equal((await list(`search=${word.toUpperCase()}.3`)).body.meta.total, 1)
    assert.equal((await list('search=%25')).body.meta.total, 0)
    const seen: string[] = []
    let cursor = ''
    do {
      const page = await list(`limit=2${cursor && `&cursor=${cursor}`}`)
      assert.equal(page.body.meta.total, 6)
      seen.push(...page.body.data.map((one: { id: string }) => one.id))
      cursor = page.body.meta.nextCursor ?? ''
    } while (cursor)
    assert.equal(new Set(seen).size, 6)
    assert.equal(seen[0], open.id)
    assert.equal((await list('cursor=abc')).status, 422)
    assert.equal((await list('state=open')).status, 422)
  })
})

describe('invitations where registration is closed', () => {
  let ashlar: TestApp
  before(async () => {
    ashlar = await startApp({ env: { REGISTRATION: 'closed' } })
  })
  after(() => ashlar.stop())

  it('are the way in, and the only one', async () => {
    const admin = await ashlar.admin()
    const call = (path: string, options: Call) => ashlar.call('POST', `/api/v1${path}`, options)
    const { body } = await call('/tenants/default/invitations', { token: admin.token, json: {} })
    const email = `${unique('x')}@example.com`
    const closed = await call('/auth/register', { json: { email, password: PASSWORD } })
    assert.equal(closed.body.code, 'auth.registration_closed')
    const forged = await call('/auth/register', { json: { email, password: PASSWORD, invitationToken: 'x' } })
    assert.equal(forged.body.code, 'invitations.not_found')
    const json = { email, password: PASSWORD, invitationToken: body.token }
    assert.equal((await call('/auth/register', { json })).status, 201)
    const [account] = await ashlar.rows<{ homeTenantId: string }>('SELECT "homeTenantId" FROM users WHERE email = $1', [
      email,
    ])
    assert.equal(account!.homeTenantId, 'default')
  })
})
