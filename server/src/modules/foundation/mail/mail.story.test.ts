// From a forgotten password to a new one, by the mail that is written on the way.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ADMIN, startApp, type TestApp } from '../../../../test/harness.ts'
import { openPostOffice, type PostOffice, readable } from './mail.fixture.ts'

// What an installation must have that is not for development.
const STAGING = {
  ENVIRONMENT: 'staging',
  MAIL_OUTBOX: 'true',
  JWT_SECRET: randomBytes(48).toString('base64'),
  DATA_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  ADMIN_PASSWORD: 'Bas4lt-Column-9381!',
  REGISTRATION: 'open',
  RATE_LIMIT_ENABLED: 'true',
  ARGON2_MEMORY_KIB: '19456',
  ARGON2_TIME_COST: '2',
}
const LINK = /http:\/\/localhost:8000\/reset-password\?token=([\w-]+)/

describe('a forgotten password', () => {
  let post: PostOffice
  const apps: TestApp[] = []

  before(async () => {
    post = await openPostOffice()
    const { env } = post
    apps.push(await startApp({ jobs: true }), await startApp({ env, jobs: true }))
  })
  after(async () => {
    for (const app of apps) await app.stop()
    await post?.close()
  })

  it('is mended by the link in the outbox, which whoever may view mail reads there', async () => {
    const app = apps[0]!
    const person = await app.person()
    await app.call('POST', '/api/v1/auth/forgot-password', { json: { email: person.email } })
    const admin = await app.admin()
    const list = await app.call('GET', `/api/v1/mail?search=${encodeURIComponent(person.email)}&state=outbox`, {
      token: admin.token,
    })
    const reset = list.body.data.find((mail: { template: string }) => mail.template === 'password_reset')
    const { body } = await app.call('GET', `/api/v1/mail/${reset.id}`, { token: admin.token })
    await mend(app, person.email, LINK.exec(body.text)?.[1])
    assert.equal(
      (await app.call('GET', '/api/v1/mail', { token: person.token })).status,
      401,
      'the reset ended the session',
    )
  })

  it('is not mended by somebody else who may view mail, where the installation is not for development', async () => {
    const app = await startApp({ env: STAGING, jobs: true })
    try {
      const person = await app.person()
      await app.call('POST', '/api/v1/auth/forgot-password', { json: { email: person.email } })
      const { token } = await app.login(ADMIN.email, STAGING.ADMIN_PASSWORD)
      const { body } = await app.call('GET', '/api/v1/mail?state=outbox', { token })
      const reset = body.data.find((mail: { template: string }) => mail.template === 'password_reset')
      const { status, text } = await app.call('GET', `/api/v1/mail/${reset.id}`, { token })
      assert.equal(status, 200)
      assert.doesNotMatch(text, LINK)
      assert.doesNotMatch(JSON.stringify(await app.rows('SELECT * FROM mails')), /token=/)
    } finally {
      await app.stop()
    }
  })

  it('is mended by the link in the mail, which nobody can read in the log', async () => {
    const app = apps[1]!
    const person = await app.person()
    await app.call('POST', '/api/v1/auth/forgot-password', { json: { email: person.email } })
    const taken = await until(() => post.taken.find((mail) => LINK.test(readable(mail.source))))
    assert.deepEqual(taken.to, [person.email])
    const token = LINK.exec(readable(taken.source))![1]!
    assert.doesNotMatch(JSON.stringify(await app.rows('SELECT * FROM mails')), new RegExp(token))
    await mend(app, person.email, token)
    await until(() => post.taken.find(({ source }) => /^Subject: Your password was reset\r$/m.test(source)))
  })
})

async function mend(app: TestApp, email: string, token: string | undefined): Promise<void> {
  const password = 'An0ther-Quarry!'
  const reset = await app.call('POST', '/api/v1/auth/reset-password', { json: { token, password } })
  assert.equal(reset.status, 200, reset.text)
  await app.login(email, password)
}

async function until<T>(look: () => T | undefined): Promise<T> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(50)) {
    const found = look()
    if (found) return found
  }
  throw new Error('Nothing came.')
}
