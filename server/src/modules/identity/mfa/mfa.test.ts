// Second factors over HTTP: enrolling, signing in, guessing, losing them, and being asked for them.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ADMIN, type Answer, PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { codeAt, fromBase32, stepAt } from './totp.ts'

const API = '/api/v1'
const MINUTE = 60_000

describe('second factors', () => {
  let ashlar: TestApp
  before(async () => {
    ashlar = await startApp()
  })
  after(() => ashlar.stop())

  const call = (method: string, path: string, token?: string, json?: unknown) =>
    ashlar.call(method, API + path, { ...(token && { token }), ...(json !== undefined && { json }) })
  const me = (token: string) => call('GET', '/auth/me', token)
  const password = (person: Person, base = API) =>
    ashlar.call('POST', `${base}/auth/login`, { json: { login: person.email, password: PASSWORD } })
  const verify = (json: object) => call('POST', '/auth/mfa/verify', undefined, json)
  /** The code of an authenticator, some steps away from now; each code is good once, so the clock moves on. */
  const codeOf = (secret: string, steps = 0) => codeAt(fromBase32(secret), stepAt(ashlar.clock.now()) + steps)
  const nextCode = (secret: string) => {
    ashlar.clock.advance(30_000)
    return codeOf(secret)
  }

  interface Enrolled extends Person {
    secret: string
    factorId: string
    recoveryCodes: string[]
  }
  /** Somebody new with an authenticator, signed in by two factors. */
  async function enrolled(): Promise<Enrolled> {
    const person = await personNow()
    const begun = await call('POST', '/auth/mfa/totp/enroll', person.token, { name: 'Phone' })
    assert.equal(begun.status, 200, begun.text)
    const { id, secret } = begun.body
    const done = await call('POST', '/auth/mfa/totp/confirm', person.token, { id, code: nextCode(secret) })
    assert.equal(done.status, 200, done.text)
    return { ...person, secret, factorId: id, recoveryCodes: done.body.recoveryCodes }
  }
  // The clock of the process runs ahead of PostgreSQL's in these tests: a new session is as fresh as its row says.
  async function personNow(): Promise<Person> {
    const person = await ashlar.person()
    await freshen(person.token)
    return person
  }
  const sid = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()).sid as string
  async function freshen(token: string, minutesAgo = 0): Promise<void> {
    const at = new Date(ashlar.clock.now() - minutesAgo * MINUTE)
    await ashlar.rows('UPDATE sessions SET "authenticatedAt" = $2 WHERE id = $1', [sid(token), at])
    await ashlar.drivers.database.inGlobal((tx) =>
      ashlar.drivers.bus.publish(tx, 'actors.changed', { sessionId: sid(token) }),
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  async function begin(person: Person): Promise<string> {
    const answer = await password(person)
    assert.equal(answer.body.mfaRequired, true, answer.text)
    return answer.body.mfaToken
  }
  const mailsTo = async (email: string) =>
    (
      await ashlar.rows<{ template: string }>(
        'SELECT template FROM mails WHERE $1 = ANY(recipients) ORDER BY "createdAt"',
        [email],
      )
    ).map(({ template }) => template)

  describe('enrolling', () => {
    it('MFA-4, SESS-3: shows the secret once, counts from the first code on, ends the other sessions, and is told by mail', async () => {
      const person = await personNow()
      const other = await ashlar.login(person.email, PASSWORD)
      const begun = (await call('POST', '/auth/mfa/totp/enroll', person.token, { name: 'Phone' })).body
      assert.match(begun.otpauthUri, /^otpauth:\/\/totp\/Ashlar:.*secret=[A-Z2-7]{32}/)
      assert.match(begun.qrSvg, /^<svg/)
      assert.equal((await password(person)).body.mfaRequired, undefined, 'not before it is confirmed')
      assert.equal(
        (await call('POST', '/auth/mfa/totp/confirm', person.token, { id: begun.id, code: '000000' })).body.code,
        'mfa.wrong_code',
      )
      const done = await call('POST', '/auth/mfa/totp/confirm', person.token, {
        id: begun.id,
        code: nextCode(begun.secret),
      })
      assert.equal(done.body.recoveryCodes.length, 10)
      assert.equal(new Set(done.body.recoveryCodes).size, 10)
      assert.equal((await me(person.token)).status, 200)
      assert.equal((await me(other.token)).status, 401, 'SESS-3: the others end')
      assert.ok((await mailsTo(person.email)).includes('mfa_enabled'))
      const state = (await call('GET', '/auth/mfa', person.token)).body
      assert.deepEqual([state.enrolled, state.factors.length, state.recoveryCodesLeft], [true, 1, 10])
      assert.doesNotMatch(JSON.stringify(state), new RegExp(begun.secret))
      const kept = JSON.stringify(await ashlar.rows('SELECT * FROM mfa_factors, recovery_codes'))
      assert.ok(!kept.includes(begun.secret), 'MFA-4: only sealed')
      for (const code of done.body.recoveryCodes) assert.ok(!kept.includes(code))
    })

    it('checks a password that is sent along, and confirms the one that waits without its id', async () => {
      const person = await personNow()
      const wrong = await call('POST', '/auth/mfa/totp/enroll', person.token, { password: 'Wr0ng-Quarry!' })
      assert.deepEqual([wrong.status, wrong.body.code], [422, 'auth.wrong_password'])
      assert.equal((await call('POST', '/auth/mfa/totp/confirm', person.token, { code: '287082' })).status, 404)
      const begun = await call('POST', '/auth/mfa/totp/enroll', person.token, { password: PASSWORD })
      assert.equal(begun.status, 200, begun.text)
      const done = await call('POST', '/auth/mfa/totp/confirm', person.token, { code: nextCode(begun.body.secret) })
      assert.equal(done.status, 200, done.text)
      assert.equal(done.body.factor.id, begun.body.id)
    })

    it('an enrolment of somebody else, an old one and one that was replaced do not count; five are the most', async () => {
      const [person, stranger] = [await personNow(), await personNow()]
      const first = (await call('POST', '/auth/mfa/totp/enroll', person.token, {})).body
      const code = () => nextCode(first.secret)
      assert.equal(
        (await call('POST', '/auth/mfa/totp/confirm', stranger.token, { id: first.id, code: code() })).status,
        404,
      )
      const second = (await call('POST', '/auth/mfa/totp/enroll', person.token, {})).body
      assert.equal(
        (await call('POST', '/auth/mfa/totp/confirm', person.token, { id: first.id, code: code() })).status,
        404,
      )
      await ashlar.rows(`UPDATE mfa_factors SET "createdAt" = now() - interval '11 minutes' WHERE id = $1`, [second.id])
      const late = await call('POST', '/auth/mfa/totp/confirm', person.token, {
        id: second.id,
        code: nextCode(second.secret),
      })
      assert.equal(late.status, 404)
      for (let count = 0; count < 5; count++) {
        const { id, secret } = (await call('POST', '/auth/mfa/totp/enroll', person.token, {})).body
        const done = await call('POST', '/auth/mfa/totp/confirm', person.token, { id, code: nextCode(secret) })
        assert.equal(done.status, 200, done.text)
        assert.equal(done.body.recoveryCodes?.length, count === 0 ? 10 : undefined)
      }
      assert.equal((await call('POST', '/auth/mfa/totp/enroll', person.token, {})).body.code, 'mfa.too_many')
    })

    it('is renamed and removed by its owner only; with the last one go the recovery codes', async () => {
      const person = await enrolled()
      const stranger = await personNow()
      const path = `/auth/mfa/totp/${person.factorId}`
      assert.equal((await call('PATCH', path, stranger.token, { name: 'Mine' })).status, 404)
      assert.equal((await call('DELETE', path, stranger.token)).status, 404)
      assert.equal((await call('PATCH', path, person.token, { name: 'Work phone' })).body.name, 'Work phone')
      await freshen(person.token)
      assert.equal((await call('DELETE', path, person.token)).status, 200)
      assert.equal((await call('GET', '/auth/mfa', person.token)).body.recoveryCodesLeft, 0)
      assert.equal((await password(person)).body.mfaRequired, undefined)
      assert.ok((await mailsTo(person.email)).includes('mfa_disabled'))
    })
  })

  it('of two authenticators removed at once nothing is left, recovery codes neither', async () => {
    for (let round = 0; round < 5; round++) {
      const person = await enrolled()
      await freshen(person.token)
      const begun = await call('POST', '/auth/mfa/totp/enroll', person.token, {})
      const code = nextCode(begun.body.secret)
      assert.equal(
        (await call('POST', '/auth/mfa/totp/confirm', person.token, { id: begun.body.id, code })).status,
        200,
      )
      await freshen(person.token)
      const answers = await Promise.all(
        [person.factorId, begun.body.id].map((id) => call('DELETE', `/auth/mfa/totp/${id}`, person.token)),
      )
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200],
      )
      assert.deepEqual(await ashlar.rows('SELECT 1 FROM recovery_codes WHERE "userId" = $1', [person.id]), [])
    }
  })

  describe('signing in', () => {
    it('on every base: the password gives a token for the second half, and that gives the session', async () => {
      const person = await enrolled()
      for (const base of [API, '/api', '']) {
        const first = await password(person, base)
        assert.equal(first.status, 200, first.text)
        const half = first.body.data ?? first.body
        const token = half.mfaToken ?? half.mfa_token
        assert.ok(token, first.text)
        assert.doesNotMatch(first.text, /access_?[tT]oken/)
        const whole = await ashlar.call('POST', `${base}/auth/mfa/verify`, {
          json: { mfaToken: token, code: nextCode(person.secret) },
        })
        assert.equal(whole.status, 200, whole.text)
        const answer = whole.body.data ?? whole.body
        const claims = JSON.parse(
          Buffer.from((answer.accessToken ?? answer.access_token).split('.')[1], 'base64url').toString(),
        )
        assert.deepEqual(claims.amr, ['pwd', 'otp', 'mfa'])
      }
    })

    it('MFA-1: a code works once and one step around now; of 20 at once one gets in', async () => {
      const person = await enrolled()
      ashlar.clock.advance(10 * MINUTE)
      for (const [steps, right] of [
        [-2, false],
        [2, false],
        [-1, true],
        [0, true],
        [1, true],
      ] as const) {
        const code = codeOf(person.secret, steps)
        const status = (await verify({ mfaToken: await begin(person), code })).status
        assert.equal(status, right ? 200 : 401, `${steps} steps away`)
      }
      assert.equal(
        (await verify({ mfaToken: await begin(person), code: codeOf(person.secret) })).status,
        401,
        'replayed',
      )
      ashlar.clock.advance(5 * MINUTE)
      const tokens = await Promise.all(Array.from({ length: 4 }, () => begin(person)))
      const code = codeOf(person.secret)
      const answers = await Promise.all(tokens.map((mfaToken) => verify({ mfaToken, code })))
      assert.equal(answers.filter(({ status }) => status === 200).length, 1)
    })

    it('MFA-3: the token of the first half opens no route, works once, ends with the password, and is not kept in clear', async () => {
      const person = await enrolled()
      const mfaToken = await begin(person)
      for (const { method, path, access } of ashlar.app.routes) {
        if (typeof access === 'object') continue
        const answer = await call(method, path.replace(/:\w+/g, 'x'), mfaToken, method === 'GET' ? undefined : {})
        assert.equal(answer.status, 401, `${method} ${path}`)
      }
      assert.equal((await call('POST', '/auth/refresh', undefined, { refreshToken: mfaToken })).status, 401)
      assert.ok(!JSON.stringify(await ashlar.rows('SELECT * FROM mfa_challenges')).includes(mfaToken))
      assert.equal((await verify({ mfaToken, code: nextCode(person.secret) })).status, 200)
      assert.equal((await verify({ mfaToken, code: nextCode(person.secret) })).body.code, 'auth.mfa_token_invalid')

      const stale = await begin(person)
      await freshen(person.token)
      const changed = await call('POST', '/auth/change-password', person.token, {
        oldPassword: PASSWORD,
        newPassword: 'An0ther-Quarry!',
      })
      assert.equal(changed.status, 200, changed.text)
      assert.equal(
        (await verify({ mfaToken: stale, code: nextCode(person.secret) })).body.code,
        'auth.mfa_token_invalid',
      )
      const expired = (
        await ashlar.call('POST', `${API}/auth/login`, { json: { login: person.email, password: 'An0ther-Quarry!' } })
      ).body.mfaToken
      await ashlar.rows(`UPDATE mfa_challenges SET "expiresAt" = now() - interval '1 second' WHERE "userId" = $1`, [
        person.id,
      ])
      assert.equal(
        (await verify({ mfaToken: expired, code: nextCode(person.secret) })).body.code,
        'auth.mfa_token_invalid',
      )
    })

    it('MFA-3: a refresh keeps the level, and a suspended account does not pass', async () => {
      const person = await enrolled()
      const session = (await verify({ mfaToken: await begin(person), code: nextCode(person.secret) })).body
      const refreshed = (await call('POST', '/auth/refresh', undefined, { refreshToken: session.refreshToken })).body
      const claims = JSON.parse(Buffer.from(refreshed.accessToken.split('.')[1], 'base64url').toString())
      assert.ok(claims.amr.includes('mfa'))
      const half = await begin(person)
      await ashlar.rows(`UPDATE users SET status = 'SUSPENDED' WHERE id = $1`, [person.id])
      assert.equal(
        (await verify({ mfaToken: half, code: nextCode(person.secret) })).body.code,
        'auth.mfa_token_invalid',
      )
    })

    it('a recovery code works once, of four at once for one, and is told; new ones end the old ones', async () => {
      const person = await enrolled()
      const [code, other] = person.recoveryCodes
      const tokens = await Promise.all(Array.from({ length: 4 }, () => begin(person)))
      const answers = await Promise.all(
        tokens.map((mfaToken) => verify({ mfaToken, recoveryCode: code!.toUpperCase() })),
      )
      assert.equal(answers.filter(({ status }) => status === 200).length, 1, 'also typed in capitals')
      assert.equal((await mailsTo(person.email)).filter((template) => template === 'recovery_code_used').length, 1)
      const token = answers.find(({ status }) => status === 200)!.body.accessToken
      await freshen(token)
      const renewed = await call('POST', '/auth/mfa/recovery-codes', token)
      assert.equal(renewed.body.recoveryCodes.length, 10)
      assert.equal((await verify({ mfaToken: await begin(person), recoveryCode: other })).status, 401)
      assert.equal(
        (await verify({ mfaToken: await begin(person), recoveryCode: renewed.body.recoveryCodes[0] })).status,
        200,
      )
    })
  })

  it('MFA-2: wrong codes count per person over all sessions and ways: five, then none is looked at, and one mail is sent', async () => {
    const person = await enrolled()
    const two = await startApp({ database: ashlar.database })
    try {
      const answers: Answer[] = []
      for (let round = 0; round < 4; round++) {
        const tokens = await Promise.all(Array.from({ length: 5 }, () => begin(person)))
        const guesses = tokens.map((mfaToken, at) =>
          (at % 2 ? two : ashlar).call('POST', `${API}/auth/mfa/verify`, { json: { mfaToken, code: '000000' } }),
        )
        answers.push(...(await Promise.all(guesses)))
      }
      assert.equal(answers.filter(({ status }) => status === 401).length, 5, 'five were looked at')
      for (const { status, headers } of answers.filter((answer) => answer.status !== 401)) {
        assert.equal(status, 423)
        assert.ok(Number(headers.get('retry-after')) > 0)
      }
      const right = await verify({ mfaToken: await begin(person), code: nextCode(person.secret) })
      assert.equal(right.status, 423, 'also the right one')
      await freshen(person.token)
      const again = await call('POST', '/auth/reauthenticate', person.token, { code: nextCode(person.secret) })
      assert.equal(again.status, 423, 'also on the other ways')
      assert.equal((await mailsTo(person.email)).filter((template) => template === 'mfa_guessing').length, 1)
      await password(person)
    } finally {
      await two.stop()
    }
  })

  it('AUTH-5: what is sensitive asks for a recent proof, which only a proof renews', async () => {
    const person = await enrolled()
    const sensitive = ashlar.app.routes.filter(
      (route) => route.fresh && route.access !== 'admin' && !route.path.startsWith('/organizations'),
    )
    assert.ok(sensitive.length >= 7, sensitive.map(({ path }) => path).join())
    await freshen(person.token, 11)
    const before = await ashlar.rows('SELECT count(*)::int AS n FROM audit_logs')
    for (const { method, path } of sensitive) {
      const answer = await call(
        method,
        path.replace(/:\w+/g, person.factorId),
        person.token,
        method === 'DELETE' ? undefined : {},
      )
      assert.deepEqual(
        [answer.status, answer.body.code],
        [403, 'access.reauthentication_required'],
        `${method} ${path}`,
      )
    }
    assert.deepEqual(await ashlar.rows('SELECT count(*)::int AS n FROM audit_logs'), before)
    const renew = (json: object) => call('POST', '/auth/reauthenticate', person.token, json)
    assert.equal((await renew({ password: PASSWORD })).status, 422, 'who has a second factor sends a code')
    assert.equal((await renew({ code: '000000' })).body.code, 'mfa.wrong_code')
    assert.equal((await renew({ code: nextCode(person.secret) })).status, 200)
    await freshen(person.token)
    assert.equal((await call('POST', '/auth/mfa/recovery-codes', person.token)).status, 200)

    const plain = await personNow()
    await freshen(plain.token, 11)
    const enroll = () => call('POST', '/auth/mfa/totp/enroll', plain.token, {})
    assert.equal((await enroll()).body.code, 'access.reauthentication_required')
    const refreshed = (await call('POST', '/auth/refresh', undefined, { refreshToken: plain.refreshToken })).body
      .accessToken
    assert.equal((await call('POST', '/auth/mfa/totp/enroll', refreshed, {})).status, 403, 'a refresh proves nothing')
    assert.equal(
      (await call('POST', '/auth/reauthenticate', plain.token, { password: 'wrong-one' })).body.code,
      'auth.wrong_password',
    )
    assert.equal((await call('POST', '/auth/reauthenticate', plain.token, { password: PASSWORD })).status, 200)
    await freshen(plain.token)
    assert.equal((await enroll()).status, 200)
  })

  it('the back office takes them from who has lost them: signing in asks for the password alone, all sessions end', async () => {
    const person = await enrolled()
    const root = (await ashlar.call('POST', `${API}/admin/auth/login`, { json: ADMIN })).body.accessToken
    await freshen(root)
    const reset = () => call('POST', `/admin/users/${person.id}/reset-mfa`, root)
    assert.equal((await reset()).status, 200)
    assert.equal((await me(person.token)).status, 401)
    assert.ok((await mailsTo(person.email)).includes('mfa_disabled'))
    await ashlar.login(person.email, PASSWORD)
    assert.equal((await reset()).body.code, 'mfa.not_enrolled')
    assert.equal((await call('POST', '/admin/users/c-absent/reset-mfa', root)).status, 404)
  })

  describe('asked for', () => {
    async function tenantThatAsks(graceDays: number) {
      const owner = await enrolled()
      const made = await call('POST', '/tenants', owner.token, { name: unique('Vault') })
      const set = await call('PATCH', `/tenants/${made.body.id}/settings`, owner.token, {
        mfa: { required: true, graceDays },
      })
      assert.equal(set.status, 200, set.text)
      const member = await personNow()
      const added = await call('POST', `/tenants/${made.body.id}/members`, owner.token, { userId: member.id })
      assert.equal(added.status, 201, added.text)
      return { id: made.body.id as string, owner, member }
    }
    const inside = (token: string, tenant: string, path = '/roles', method = 'GET') =>
      ashlar.call(method, API + path, { token, headers: { 'x-tenant-id': tenant } })

    it('by a tenant without time: nothing but enrolling is open there, everything is elsewhere, and enrolling opens it', async () => {
      const { id, owner, member } = await tenantThatAsks(0)
      assert.notEqual((await inside(owner.token, id)).body.code, 'access.mfa_enrollment_required')
      const refused = await inside(member.token, id, '/users/me')
      assert.deepEqual([refused.status, refused.body.code], [403, 'access.mfa_enrollment_required'])
      assert.equal((await inside(member.token, id, '/auth/mfa')).body.requiredBy, 'tenant')
      assert.equal((await inside(member.token, id, '/auth/me')).status, 200)
      assert.equal((await call('GET', '/users/me', member.token)).status, 200, 'another tenant does not ask')
      // Nor is there a way around by naming the tenant in the path from another one, whatever the level.
      const raised = await call('PATCH', `/tenants/${id}/members/${member.id}`, owner.token, { level: 'OWNER' })
      assert.equal(raised.status, 200, raised.text)
      const byPath: [string, string, object?][] = [
        ['GET', ''],
        ['GET', '/members'],
        ['GET', '/settings'],
        ['GET', '/invitations'],
        ['PATCH', '/settings', { mfa: { required: false } }],
        ['POST', '/invitations', { level: 'OWNER' }],
        ['POST', '/members', { userId: owner.id }],
        ['DELETE', `/members/${owner.id}`],
        ['DELETE', ''],
      ]
      for (const [method, rest, json] of byPath) {
        const answer = await call(method, `/tenants/${id}${rest}`, member.token, json)
        assert.equal(answer.body.code, 'access.mfa_enrollment_required', `${method} ${rest}: ${answer.text}`)
      }
      assert.equal((await inside(member.token, id, '/users/me')).status, 403, 'it still asks')
      const other = await personNow()
      await call('POST', `/tenants/${id}/members`, owner.token, { userId: other.id })
      const left = await call('DELETE', `/tenants/${id}/members/${other.id}`, other.token)
      assert.equal(left.status, 200, `leaving is always open: ${left.text}`)
      const begun = (await call('POST', '/auth/mfa/totp/enroll', member.token, {})).body
      await call('POST', '/auth/mfa/totp/confirm', member.token, { id: begun.id, code: nextCode(begun.secret) })
      assert.equal((await inside(member.token, id, '/users/me')).status, 200)
    })

    it('by a tenant with time: signing in says until when, and after it the tenant is closed', async () => {
      const { id, member } = await tenantThatAsks(7)
      const login = await ashlar.call('POST', `${API}/auth/login`, {
        json: { login: member.email, password: PASSWORD },
        headers: { 'x-tenant-id': id },
      })
      assert.equal(login.body.mfaEnrollment.required, true, login.text)
      const days = (Date.parse(login.body.mfaEnrollment.until) - Date.now()) / 86_400_000
      assert.ok(days > 6.9 && days < 7.1, `${days} days`)
      assert.equal((await inside(login.body.accessToken, id, '/users/me')).status, 200)
      await ashlar.rows(
        `UPDATE tenants SET settings = jsonb_set(settings, '{mfa,requiredSince}', to_jsonb((now() - interval '8 days')::text)) WHERE id = $1`,
        [id],
      )
      await ashlar.rows(`UPDATE memberships SET "joinedAt" = now() - interval '9 days' WHERE "userId" = $1`, [
        member.id,
      ])
      await ashlar.drivers.database.inGlobal((tx) => ashlar.drivers.bus.publish(tx, 'actors.changed', { tenantId: id }))
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.equal((await inside(login.body.accessToken, id, '/users/me')).body.code, 'access.mfa_enrollment_required')
    })

    it('by a role, at the next request of whoever holds it; personal access tokens stop as well', async () => {
      const admin = await ashlar.admin()
      await freshen(admin.token)
      const person = await personNow()
      const made = await call('POST', '/tokens', person.token, { name: 'robot', scopes: ['documents:view'] })
      assert.equal(made.status, 201, made.text)
      const role = await call('POST', '/roles', admin.token, {
        name: unique('vault'),
        permissions: ['documents:view'],
        requiresMfa: true,
      })
      assert.equal(role.status, 201, role.text)
      await ashlar.rows(`UPDATE roles SET "mfaRequiredSince" = now() - interval '30 days' WHERE id = $1`, [
        role.body.id,
      ])
      await ashlar.rows(`UPDATE memberships SET "joinedAt" = now() - interval '30 days' WHERE "userId" = $1`, [
        person.id,
      ])
      assert.equal((await call('GET', '/users/me', person.token)).status, 200)
      const given = await call('PATCH', `/users/${person.id}`, admin.token, { roleIds: [role.body.id] })
      assert.equal(given.status, 200, given.text)
      for (const token of [person.token, made.body.token])
        assert.equal((await call('GET', '/users/me', token)).body.code, 'access.mfa_enrollment_required')
    })

    it('is not owed by an admin who acts in the person’s name', async () => {
      const { id, member } = await tenantThatAsks(0)
      const root = (await ashlar.call('POST', `${API}/admin/auth/login`, { json: ADMIN })).body.accessToken
      await freshen(root)
      const json = { userId: member.id, tenantId: id, reason: 'Ticket 1' }
      const { accessToken } = (await call('POST', '/admin/impersonate', root, json)).body
      assert.equal((await call('GET', '/users/me', accessToken)).status, 200)
    })
  })
})
