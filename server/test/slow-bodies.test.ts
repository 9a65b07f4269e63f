// SESS-2: what was admitted with the headers is asked again when the body is there, which may take as long as its sender likes.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeAt, fromBase32, stepAt } from '../src/modules/identity/mfa/index.ts'
import { PASSWORD, type Person, startApp, type TestApp, unique } from './harness.ts'
import { tokenIn, waitForMail } from './mails.ts'

const API = '/api/v1'
const NEW = 'An0ther-Quarry!'

describe('SESS-2: a body that comes late', () => {
  let ashlar: TestApp
  let admin: Person
  before(async () => {
    ashlar = await startApp({ jobs: true })
    admin = await ashlar.admin()
  })
  after(() => ashlar.stop())

  const post = (path: string, json: object, token?: string) =>
    ashlar.call('POST', API + path, { json, ...(token !== undefined && { token }) })

  /** Sends headers and the first byte; the rest when told. */
  async function begin(path: string, token: string, json: object) {
    const body = JSON.stringify(json)
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const sent = request(ashlar.url + API + path, { method: 'POST', headers })
    const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
      sent.on('error', reject)
      sent.on('response', async (response) => {
        let text = ''
        for await (const chunk of response) text += chunk
        resolve({ status: response.statusCode!, text })
      })
    })
    sent.write(body.slice(0, 1))
    await sleep(100)
    return {
      finish() {
        sent.end(body.slice(1))
        return answered
      },
    }
  }

  async function resetOf(person: Person): Promise<void> {
    await post('/auth/forgot-password', { email: person.email })
    const token = tokenIn(await waitForMail(ashlar, person.email, 'password_reset'))
    assert.equal((await post('/auth/reset-password', { token, newPassword: NEW })).status, 200)
  }

  it('makes no token across a reset of the password', async () => {
    const person = await ashlar.person()
    const late = await begin('/tokens', person.token, { name: 'late', scopes: ['dashboard:view'] })
    await resetOf(person)
    assert.equal((await late.finish()).status, 401)
    assert.deepEqual(await ashlar.rows('SELECT 1 FROM personal_access_tokens WHERE "userId" = $1', [person.id]), [])
  })

  it('makes no account across the deletion of the administrator', async () => {
    const email = `${unique('a')}@example.com`
    const roles = (await ashlar.call('GET', `${API}/roles?limit=100`, { token: admin.token })).body.data
    const roleIds = [roles.find((role: { name: string }) => role.name === 'admin').id]
    const { id } = (await post('/users', { email, name: 'Helper', password: PASSWORD, roleIds }, admin.token)).body
    const helper = await ashlar.login(email, PASSWORD)
    const wished = `${unique('late')}@example.com`
    const late = await begin('/users', helper.token, { email: wished, name: 'Late', password: PASSWORD, roleIds })
    assert.equal((await ashlar.call('DELETE', `${API}/users/${id}`, { token: admin.token })).status, 200)
    assert.equal((await late.finish()).status, 401)
    assert.deepEqual(await ashlar.rows('SELECT 1 FROM users WHERE email = $1', [wished]), [])
  })

  it('adds no second factor across a reset, and the owner gets in', async () => {
    const person = await ashlar.person()
    await ashlar.confirmAddress(person)
    const { id, secret } = (await post('/auth/mfa/totp/enroll', {}, person.token)).body
    const code = codeAt(fromBase32(secret), stepAt(Date.now()))
    const late = await begin('/auth/mfa/totp/confirm', person.token, { id, code })
    await resetOf(person)
    assert.equal((await late.finish()).status, 401)
    assert.ok((await post('/auth/login', { login: person.email, password: NEW })).body.accessToken)
  })

  it('works where nothing was ended meanwhile', async () => {
    const person = await ashlar.person()
    const late = await begin('/tokens', person.token, { name: 'late', scopes: ['dashboard:view'] })
    assert.equal((await late.finish()).status, 201)
  })
})
