// Getting an account back: what was given to somebody before is worth nothing afterwards, whoever races.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ADMIN, PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { tokenIn, waitForMail } from '../../../../test/mails.ts'
import { codeAt, fromBase32, stepAt } from '../mfa/index.ts'

const API = '/api/v1'
const NEW = 'An0ther-Quarry!'

describe('getting an account back', () => {
  let ashlar: TestApp
  let admin: Person
  before(async () => {
    ashlar = await startApp({ jobs: true })
    admin = await ashlar.admin()
  })
  after(() => ashlar.stop())

  const post = (path: string, json: object, token?: string) =>
    ashlar.call('POST', API + path, { json, ...(token !== undefined && { token }) })
  const edit = (id: string, json: object) => ashlar.call('PATCH', `${API}/users/${id}`, { token: admin.token, json })
  const signIn = (login: string, password: string) => post('/auth/login', { login, password })
  const reset = (token: string, newPassword = NEW) => post('/auth/reset-password', { token, newPassword })
  const resetLink = async (email: string) => {
    await post('/auth/forgot-password', { email })
    return tokenIn(await waitForMail(ashlar, email, 'password_reset'))
  }
  const personalToken = async (person: Person) =>
    (await post('/tokens', { name: 'robot', scopes: ['dashboard:view'] }, person.token)).body.token as string
  const worksWith = async (token: string) => (await ashlar.call('GET', `${API}/auth/me`, { token })).status === 200

  it('a link that went to a wrong address ends when the address is corrected, by either administration', async () => {
    const backOffice = (await post('/admin/auth/login', { username: 'administrator', password: ADMIN.password })).body
    const corrections: [string, (id: string, email: string) => Promise<{ status: number }>][] = [
      ['the tenant', (id, email) => edit(id, { email })],
      [
        'the back office',
        (id, email) =>
          ashlar.call('PATCH', `${API}/admin/users/${id}`, { token: backOffice.accessToken, json: { email } }),
      ],
    ]
    for (const [who, correct] of corrections) {
      const wrong = `${unique('wrong')}@example.com`
      const right = `${unique('right')}@example.com`
      const { id } = (await post('/users', { email: wrong, name: 'New Colleague' }, admin.token)).body
      const invited = tokenIn(await waitForMail(ashlar, wrong, 'account_invitation'))
      const asked = await resetLink(wrong)
      assert.equal((await correct(id, right)).status, 200, who)
      for (const token of [invited, asked]) assert.equal((await reset(token)).body.code, 'auth.link_invalid', who)
      assert.equal((await signIn(right, NEW)).status, 401)
      const [account] = await ashlar.rows('SELECT "emailVerifiedAt" FROM users WHERE id = $1', [id])
      assert.deepEqual(account, { emailVerifiedAt: null }, 'nobody has proved the address')
      // The right address proves itself as before.
      assert.equal((await reset(await resetLink(right))).status, 200)
      assert.equal((await signIn(right, NEW)).status, 200)
    }
  })

  it('of a reset and a change of password at once, whoever knows the old one never has the last word', async () => {
    let changedFirst = 0
    for (let round = 0; round < 12; round++) {
      const person = await ashlar.person()
      const token = await resetLink(person.email)
      const [taken, changed] = await Promise.all([
        reset(token, NEW),
        post('/auth/change-password', { oldPassword: PASSWORD, newPassword: 'Th1rd-Quarry!' }, person.token),
      ])
      assert.ok(taken.status === 200 || changed.status === 200)
      if (taken.status !== 200) changedFirst++
      assert.equal((await signIn(person.email, NEW)).status, taken.status === 200 ? 200 : 401)
      assert.equal((await signIn(person.email, 'Th1rd-Quarry!')).status, taken.status === 200 ? 401 : 200)
    }
    assert.ok(changedFirst < 12)
  })

  it('a password that an administrator sets ends a change of address that was asked for before', async () => {
    const person = await ashlar.person()
    const intruders = `${unique('intruder')}@example.com`
    await post('/auth/change-email', { email: intruders, password: PASSWORD }, person.token)
    const link = tokenIn(await waitForMail(ashlar, intruders, 'confirm_address'))
    assert.equal((await edit(person.id, { password: NEW })).status, 200)
    assert.equal((await post('/auth/confirm-email-change', { token: link })).body.code, 'auth.link_invalid')
    assert.equal((await signIn(person.email, NEW)).status, 200)
  })

  it('personal access tokens end with a reset, with an administrator’s password, with suspension and with deletion', async () => {
    const endings: [string, (person: Person) => Promise<unknown>][] = [
      ['a reset', async (person) => reset(await resetLink(person.email))],
      ['a password that is set', (person) => edit(person.id, { password: NEW })],
      [
        'suspension',
        async (person) => {
          await edit(person.id, { status: 'SUSPENDED' })
          await edit(person.id, { status: 'ACTIVE' })
        },
      ],
      [
        'deletion',
        async (person) => {
          await ashlar.call('DELETE', `${API}/users/${person.id}`, { token: admin.token })
          await post(`/users/${person.id}/restore`, {}, admin.token)
        },
      ],
    ]
    for (const [what, end] of endings) {
      const person = await ashlar.person()
      const token = await personalToken(person)
      assert.ok(await worksWith(token))
      await end(person)
      assert.ok(!(await worksWith(token)), what)
      assert.equal(
        (
          await ashlar.rows('SELECT 1 FROM users WHERE id = $1 AND status = $2 AND "deletedAt" IS NULL', [
            person.id,
            'ACTIVE',
          ])
        ).length,
        1,
      )
    }
  })

  it('personal access tokens stay when their owner chooses another password, and new ones work after a reset', async () => {
    const person = await ashlar.person()
    const token = await personalToken(person)
    await post('/auth/change-password', { oldPassword: PASSWORD, newPassword: NEW }, person.token)
    assert.ok(await worksWith(token))
    await reset(await resetLink(person.email), 'F0urth-Quarry!')
    assert.ok(!(await worksWith(token)))
    const again = await ashlar.login(person.email, 'F0urth-Quarry!')
    assert.deepEqual((await ashlar.call('GET', `${API}/tokens`, { token: again.token })).body.data, [])
    assert.ok(await worksWith(await personalToken(again)))
  })

  it('whoever proves the address first gets the account without the second factor of whoever had it before', async () => {
    const squatted = await ashlar.person()
    const { id, secret } = (await post('/auth/mfa/totp/enroll', {}, squatted.token)).body
    const code = codeAt(fromBase32(secret), stepAt(Date.now()))
    assert.equal((await post('/auth/mfa/totp/confirm', { id, code }, squatted.token)).status, 200)
    assert.equal((await reset(await resetLink(squatted.email))).status, 200)
    const owner = await signIn(squatted.email, NEW)
    assert.ok(owner.body.accessToken, owner.text)
    // From then on the address alone is not enough.
    const enrolled = (await post('/auth/mfa/totp/enroll', {}, owner.body.accessToken)).body
    const next = codeAt(fromBase32(enrolled.secret), stepAt(Date.now()))
    await post('/auth/mfa/totp/confirm', { id: enrolled.id, code: next }, owner.body.accessToken)
    await ashlar.rows('DELETE FROM mails WHERE $1 = ANY(recipients)', [squatted.email])
    assert.equal((await reset(await resetLink(squatted.email), 'F0urth-Quarry!')).status, 200)
    assert.equal((await signIn(squatted.email, 'F0urth-Quarry!')).body.mfaRequired, true)
  })

  it('MFA-3: an administrator who moves the address of somebody proved takes no second factor away by a reset', async () => {
    const person = await ashlar.person()
    await ashlar.confirmAddress(person)
    const { id, secret } = (await post('/auth/mfa/totp/enroll', {}, person.token)).body
    await post('/auth/mfa/totp/confirm', { id, code: codeAt(fromBase32(secret), stepAt(Date.now())) }, person.token)
    const elsewhere = `${unique('moved')}@example.com`
    assert.equal((await edit(person.id, { email: elsewhere })).status, 200)
    assert.equal((await reset(await resetLink(elsewhere))).status, 200)
    assert.equal((await signIn(elsewhere, NEW)).body.mfaRequired, true)
  })

  it('links of two kinds that are opened at once never wait for each other', async () => {
    for (let round = 0; round < 8; round++) {
      const person = await ashlar.person()
      const verify = tokenIn(await waitForMail(ashlar, person.email, 'verify_email'))
      const wished = `${unique('w')}@example.com`
      await post('/auth/change-email', { email: wished, password: PASSWORD }, person.token)
      const change = tokenIn(await waitForMail(ashlar, wished, 'confirm_address'))
      const answers = await Promise.all([
        post('/auth/confirm-email-change', { token: change }),
        post('/auth/verify-email', { token: verify }),
      ])
      for (const { status, text } of answers) assert.ok(status === 200 || status === 400, text)
      assert.equal(answers[0]!.status, 200)
    }
  })

  it('a reset opens an account that wrong passwords had locked', async () => {
    const person = await ashlar.person()
    for (let time = 0; time < 5; time++) await signIn(person.email, 'wr0ng-Passw0rd!')
    assert.equal((await signIn(person.email, PASSWORD)).status, 423)
    await reset(await resetLink(person.email))
    assert.equal((await signIn(person.email, NEW)).status, 200)
  })
})
