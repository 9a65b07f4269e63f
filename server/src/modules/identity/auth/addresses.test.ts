// E-mail addresses of accounts: proved before use where that is required, changed in two steps, and what people are told.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ADMIN, PASSWORD, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { mailsTo, tokenIn, waitForMail } from '../../../../test/mails.ts'

const API = '/api/v1'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
const FIREFOX_LATER = FIREFOX.replaceAll('128.0', '131.0')
const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15'

describe('a change of address', () => {
  let ashlar: TestApp
  before(async () => {
    ashlar = await startApp({ jobs: true })
  })
  after(() => ashlar.stop())

  const ask = (token: string, email: string, password = PASSWORD) =>
    ashlar.call('POST', `${API}/auth/change-email`, { token, json: { email, password } })
  const confirm = (token: string) => ashlar.call('POST', `${API}/auth/confirm-email-change`, { json: { token } })

  it('is confirmed at the new address and told to the old one; links to the old one end', async () => {
    const person = await ashlar.person()
    const email = `${unique('new')}@example.com`
    assert.equal((await ask(person.token, email.toUpperCase())).status, 202)
    const told = await waitForMail(ashlar, person.email, 'address_change_requested')
    assert.ok(told.text.includes('n…@example.com') && !told.text.includes(email))
    const mail = await waitForMail(ashlar, email, 'confirm_address')
    await ashlar.login(person.email, PASSWORD)
    await ashlar.call('POST', `${API}/auth/forgot-password`, { json: { email: person.email } })
    const reset = tokenIn(await waitForMail(ashlar, person.email, 'password_reset'))

    assert.equal((await confirm(tokenIn(mail))).status, 200)
    const me = (await ashlar.call('GET', `${API}/auth/me`, { token: person.token })).body
    assert.deepEqual([me.email, me.emailVerified], [email, true])
    await ashlar.login(email, PASSWORD)
    await assert.rejects(ashlar.login(person.email, PASSWORD))
    await waitForMail(ashlar, person.email, 'address_changed')
    assert.equal((await confirm(tokenIn(mail))).status, 400, 'once')
    const stale = await ashlar.call('POST', `${API}/auth/reset-password`, {
      json: { token: reset, newPassword: 'An0ther-Quarry!' },
    })
    assert.equal(stale.body.code, 'auth.link_invalid')
  })

  it('tells nobody whether an address is taken: same answer, and no mail to its owner', async () => {
    const [person, other] = [await ashlar.person(), await ashlar.person()]
    const free = `${unique('free')}@example.com`
    const answers = [await ask(person.token, other.email), await ask(person.token, free)]
    assert.deepEqual(answers[0]!.body, answers[1]!.body)
    assert.deepEqual([answers[0]!.status, answers[1]!.status], [202, 202])
    await waitForMail(ashlar, free, 'confirm_address')
    assert.deepEqual(
      (await mailsTo(ashlar, other.email)).map(({ template }) => template),
      ['verify_email'],
    )
  })

  it('does nothing with a wrong password, without one, to the same address, or by a token', async () => {
    const person = await ashlar.person()
    const email = `${unique('no')}@example.com`
    assert.equal((await ask(person.token, email, 'wrong-Quarry1')).body.code, 'auth.wrong_password')
    assert.equal((await ask(person.token, person.email)).status, 422)
    assert.equal(
      (await ashlar.call('POST', `${API}/auth/change-email`, { token: person.token, json: { email } })).status,
      422,
    )
    for (const token of ['x', 'A'.repeat(43)]) assert.equal((await confirm(token)).status >= 400, true)
    assert.deepEqual(await mailsTo(ashlar, email), [])
  })

  it('of two that were asked for, the later one counts; a changed password ends both', async () => {
    const person = await ashlar.person()
    const [first, second] = [`${unique('one')}@example.com`, `${unique('two')}@example.com`]
    await ask(person.token, first)
    const early = tokenIn(await waitForMail(ashlar, first, 'confirm_address'))
    await ask(person.token, second)
    const late = tokenIn(await waitForMail(ashlar, second, 'confirm_address'))
    assert.equal((await confirm(early)).status, 400)
    const changed = await ashlar.call('POST', `${API}/auth/change-password`, {
      token: person.token,
      json: { oldPassword: PASSWORD, newPassword: 'An0ther-Quarry!' },
    })
    assert.equal(changed.status, 200)
    assert.equal((await confirm(late)).status, 400)
  })

  it('is not given to two people who confirm the same address at once', async () => {
    const people = [await ashlar.person(), await ashlar.person()]
    const email = `${unique('both')}@example.com`
    const tokens: string[] = []
    for (const [at, person] of people.entries()) {
      await ask(person.token, email)
      for (let tries = 0; (await mailsTo(ashlar, email)).length <= at && tries < 200; tries++) await sleep(50)
      tokens.push(tokenIn((await mailsTo(ashlar, email))[at]!))
    }
    const statuses = (await Promise.all(tokens.map(confirm))).map(({ status }) => status)
    assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join())
    assert.ok(statuses.every((status) => status < 500))
  })

  it('by an administrator: told to the old address, to be confirmed at the new one', async () => {
    const admin = await ashlar.admin()
    const person = await ashlar.person()
    const email = `${unique('moved')}@example.com`
    const changed = await ashlar.call('PATCH', `${API}/users/${person.id}`, { token: admin.token, json: { email } })
    assert.deepEqual([changed.status, changed.body.emailVerified], [200, false])
    await waitForMail(ashlar, person.email, 'address_changed')
    const verify = tokenIn(await waitForMail(ashlar, email, 'verify_email'))
    assert.equal((await ashlar.call('POST', `${API}/auth/verify-email`, { json: { token: verify } })).status, 200)
  })

  it('AUTH-5: nobody replaces their own address or password by the administration’s route', async () => {
    const admin = await ashlar.admin()
    for (const json of [{ email: `${unique('own')}@example.com` }, { password: 'An0ther-Quarry!' }]) {
      const answer = await ashlar.call('PATCH', `${API}/users/${admin.id}`, { token: admin.token, json })
      assert.equal(answer.body.code, 'users.self')
    }
    await ashlar.login(ADMIN.email, ADMIN.password)
  })
})

describe('what people are told of their accounts', () => {
  let ashlar: TestApp
  before(async () => {
    ashlar = await startApp()
  })
  after(() => ashlar.stop())

  const templates = async (address: string) => (await mailsTo(ashlar, address)).map(({ template }) => template)
  const login = (email: string, userAgent: string) =>
    ashlar.call('POST', `${API}/auth/login`, {
      json: { email, password: PASSWORD },
      headers: { 'user-agent': userAgent },
    })

  it('a sign-in on a device that was never used, not the next one there, nor after an update of the browser', async () => {
    const email = `${unique('dev')}@example.com`
    const headers = { 'user-agent': FIREFOX }
    await ashlar.call('POST', `${API}/auth/register`, { json: { email, password: PASSWORD }, headers })
    await login(email, FIREFOX)
    await login(email, FIREFOX_LATER)
    assert.deepEqual(await templates(email), ['verify_email'])
    await login(email, SAFARI)
    await login(email, SAFARI)
    assert.deepEqual(await templates(email), ['verify_email', 'new_device'])
    assert.match((await mailsTo(ashlar, email))[1]!.text, /Safari 17 on macOS/)
  })

  it('a personal access token that was made, without its secret', async () => {
    const person = await ashlar.person()
    const made = await ashlar.call('POST', `${API}/tokens`, {
      token: person.token,
      json: { name: 'backup', scopes: ['documents:view'] },
    })
    assert.equal(made.status, 201, made.text)
    const mail = (await mailsTo(ashlar, person.email)).at(-1)!
    assert.equal(mail.template, 'token_created')
    assert.ok(mail.text.includes('backup') && !mail.text.includes(made.body.token))
  })

  it('a password that an administrator set', async () => {
    const admin = await ashlar.admin()
    const person = await ashlar.person()
    const json = { password: 'An0ther-Quarry!' }
    const set = await ashlar.call('PATCH', `${API}/users/${person.id}`, { token: admin.token, json })
    assert.equal(set.status, 200, set.text)
    assert.deepEqual(await templates(person.email), ['verify_email', 'password_set'])
  })
})

describe('with REQUIRE_EMAIL_VERIFICATION', () => {
  let ashlar: TestApp
  before(async () => {
    ashlar = await startApp({ env: { REQUIRE_EMAIL_VERIFICATION: 'true' }, jobs: true })
  })
  after(() => ashlar.stop())

  it('nobody gets in before the address is confirmed, not by registering either', async () => {
    const email = `${unique('proof')}@example.com`
    for (const base of ['/api/v1', '/api']) {
      const address = `${base.length}${email}`
      const registered = await ashlar.call('POST', `${base}/auth/register`, {
        json: { email: address, name: 'Mason', password: PASSWORD },
      })
      assert.equal(registered.status, 201, registered.text)
      assert.doesNotMatch(registered.text, /[tT]oken/)
      assert.match(registered.text, /"emailVerificationRequired":true/)
      assert.deepEqual(
        await ashlar.rows('SELECT 1 FROM sessions s JOIN users u ON u.id = s."userId" WHERE u.email = $1', [address]),
        [],
      )
      const login = () => ashlar.call('POST', `${API}/auth/login`, { json: { email: address, password: PASSWORD } })
      assert.deepEqual([(await login()).status, (await login()).body.code], [403, 'auth.email_unverified'])
      const wrong = await ashlar.call('POST', `${API}/auth/login`, { json: { email: address, password: 'wrong-one' } })
      assert.equal(wrong.body.code, 'auth.wrong_credentials', 'only who knows the password is told')
      const token = tokenIn((await mailsTo(ashlar, address))[0]!)
      assert.equal((await ashlar.call('POST', `${API}/auth/verify-email`, { json: { token } })).status, 200)
      assert.equal((await login()).status, 200)
    }
  })

  it('the link can be asked for again; the earlier one ends', async () => {
    const email = `${unique('again')}@example.com`
    await ashlar.call('POST', `${API}/auth/register`, { json: { email, name: 'Mason', password: PASSWORD } })
    const first = tokenIn((await mailsTo(ashlar, email))[0]!)
    await ashlar.call('POST', `${API}/auth/resend-verification`, { json: { email } })
    for (let tries = 0; (await mailsTo(ashlar, email)).length < 2 && tries < 200; tries++) await sleep(50)
    const second = tokenIn((await mailsTo(ashlar, email))[1]!)
    const verify = (token: string) => ashlar.call('POST', `${API}/auth/verify-email`, { json: { token } })
    assert.deepEqual([(await verify(first)).status, (await verify(second)).status], [400, 200])
  })
})
