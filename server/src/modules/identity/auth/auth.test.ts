// Signing in and everything around it, over HTTP.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { hash as bcrypt } from '@node-rs/bcrypt'
import sharp from 'sharp'
import { type Answer, PASSWORD, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { Me } from './auth.schema.ts'

let ashlar: TestApp
before(async () => {
  ashlar = await startApp({ jobs: true })
})
after(() => ashlar.stop())

const call: TestApp['call'] = (...args) => ashlar.call(...args)
const register = (json: object, base = '/api/v1') => call('POST', `${base}/auth/register`, { json })
const login = (json: object, base = '/api/v1') => call('POST', `${base}/auth/login`, { json })

/** Bodies without what differs between any two requests. */
const masked = ({ status, body }: Answer) => JSON.stringify({ status, body: { ...body, requestId: '' } })

/** The secret of the newest link that was mailed to the address. */
async function linkTo(address: string, template: string): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const [mail] = await ashlar.rows<{ text: string }>(
      `SELECT text FROM mails WHERE recipients::text LIKE '%' || $1 || '%' AND template = $2 ORDER BY "createdAt" DESC LIMIT 1`,
      [address, template],
    )
    const token = mail && /token=([\w-]+)/.exec(mail.text)?.[1]
    if (token) return token
    await sleep(50)
  }
  throw new Error(`no ${template} mail to ${address}`)
}

describe('registering', () => {
  it('answers tokens and the person, derives name and username, gives the default role and sends a link', async () => {
    const email = `${unique('Mason.Reed')}@Example.com`
    const { status, body } = await register({ email, password: PASSWORD })
    assert.equal(status, 201)
    assert.equal(body.token_type, 'bearer')
    assert.equal(body.access_token, body.accessToken)
    assert.equal(body.user.email, email.toLowerCase())
    assert.equal(body.user.username, email.toLowerCase().split('@')[0])
    assert.deepEqual(
      body.user.roles.map((role: { name: string }) => role.name),
      ['user'],
    )
    assert.ok(!('password' in body.user))
    assert.equal(body.user.emailVerified, false)
    const token = await linkTo(email.toLowerCase(), 'verify_email')
    assert.equal((await call('POST', '/api/v1/auth/verify-email', { json: { token } })).status, 200)
    assert.equal((await call('GET', '/api/v1/auth/me', { token: body.accessToken })).body.emailVerified, true)
    assert.equal((await call('POST', '/api/v1/auth/verify-email', { json: { token } })).status, 400)
  })

  it('takes a multipart form with a picture, and answers in the envelope at the root', async () => {
    const username = unique('layer')
    const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
      .png()
      .toBuffer()
    const fields = { username, name: 'Lay Er', email: `${username}@example.com`, password: PASSWORD, phone: '' }
    const { phone: _phone, ...sent } = fields
    const answer = await call('POST', '/auth/register', {
      multipart: { ...sent, avatar: { bytes: picture, type: 'image/png', name: 'me.png' } },
    })
    assert.equal(answer.status, 201, answer.text)
    assert.equal(answer.body.success, true)
    assert.match(answer.body.data.user.avatar_url, /^\/avatars\//)
    assert.ok(answer.body.data.access_token)
  })

  it('a broken picture makes no account', async () => {
    const email = `${unique('broken')}@example.com`
    const answer = await call('POST', '/auth/register', {
      multipart: {
        email,
        password: PASSWORD,
        avatar: { bytes: Buffer.from('nothing'), type: 'image/png', name: 'x.png' },
      },
    })
    assert.equal(answer.status, 400)
    assert.equal((await ashlar.rows('SELECT 1 FROM users WHERE email = $1', [email])).length, 0)
  })

  it('never joins a tenant of others, whatever the request names', async () => {
    await ashlar.rows(`INSERT INTO tenants (id, name, slug) VALUES ('t-foreign', 'Foreign', 'foreign')`)
    const answer = await call('POST', '/api/v1/auth/register', {
      json: { email: `${unique('sneak')}@example.com`, password: PASSWORD },
      headers: { 'x-tenant-id': 'foreign' },
    })
    assert.equal(answer.body.user.tenantId, 'default')
    assert.equal((await ashlar.rows(`SELECT 1 FROM memberships WHERE "tenantId" = 't-foreign'`)).length, 0)
  })

  const passwords: [string, string][] = [
    ['seven77', 'too_short'],
    ['password123', 'too_common'],
    ['qwertyuiop', 'too_common'],
    ['aaaaaaaaaaaa', 'too_simple'],
    ['x'.repeat(100).replace(/x/g, 'abcd').slice(0, 257), 'too_long'],
  ]
  for (const [password, code] of passwords) {
    it(`PWD-1: refuses a password that is ${code}`, async () => {
      const answer = await register({ email: `${unique('w')}@example.com`, password })
      assert.equal(answer.status, 422)
      assert.equal(answer.body.errors[0].path, 'password')
      assert.equal(answer.body.errors[0].code, code)
      assert.ok(!answer.text.includes(password))
    })
  }

  it('PWD-1: refuses the account’s own name, takes long and lower-case ones, and reads every byte', async () => {
    const username = unique('stonemason')
    assert.equal((await register({ email: `${username}@example.com`, username, password: username })).status, 422)
    const long = `${'correct horse battery staple '.repeat(3)}x`
    const person = await register({ email: `${username}@example.com`, username, password: long })
    assert.equal(person.status, 201)
    assert.equal((await login({ username, password: `${long.slice(0, -1)}y` })).status, 401)
    assert.equal((await login({ username, password: long })).status, 200)
  })
})

describe('signing in', () => {
  it('works by address and username in any case, as JSON and as a form, on every base', async () => {
    const { email, username } = await ashlar.person()
    for (const base of ['/api/v1', '/api', '']) {
      for (const json of [{ email }, { username }, { login: email.toUpperCase() }]) {
        assert.equal(
          (await login({ ...json, password: PASSWORD }, base)).status,
          200,
          `${base} ${JSON.stringify(json)}`,
        )
      }
      const form = await call('POST', `${base}/auth/login`, {
        form: { username, password: PASSWORD, grant_type: 'password' },
      })
      assert.equal(form.status, 200)
    }
    const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
    const [canonical, halolight] = [
      await login({ email, password: PASSWORD }),
      await login({ email, password: PASSWORD }, '/api'),
    ]
    assert.equal(claims(canonical.body.accessToken).exp - claims(canonical.body.accessToken).iat, 900)
    assert.equal(claims(halolight.body.accessToken).exp - claims(halolight.body.accessToken).iat, 7 * 86_400)
  })

  it('two names of one field that disagree are refused, and the field is named', async () => {
    const { email, username } = await ashlar.person()
    const other = await ashlar.person()
    const login = (json: object) => call('POST', '/api/v1/auth/login', { json: { ...json, password: PASSWORD } })
    for (const [json, field] of [
      [{ email, username: other.username }, 'username'],
      [{ email, login: other.email }, 'login'],
      [{ email, username: email, login: username }, 'login'],
    ] as const) {
      const { status, body } = await login(json)
      assert.equal(status, 422)
      assert.deepEqual([body.errors[0].path, body.errors[0].code], [field, 'contradiction'])
    }
    assert.equal((await login({ email, username: email, login: email })).status, 200)
    const reset = await call('POST', '/api/v1/auth/reset-password', {
      json: { token: 'x', newPassword: 'One-Gr4nite!', password: 'Two-Gr4nite!' },
    })
    assert.deepEqual([reset.status, reset.body.errors[0].path], [422, 'password'])
  })

  it('the audit trail tells who signed in, and in which session', async () => {
    const { id, token } = await ashlar.person()
    const { sid } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
    const entries = await ashlar.rows(
      `SELECT action, actor, "actorId", "sessionId", "tokenId" FROM audit_logs WHERE "actorId" = $1 ORDER BY at, seq`,
      [id],
    )
    const by = { actor: `user:${id}`, actorId: id, tokenId: null }
    assert.deepEqual(entries, [
      { action: 'auth.register', ...by, sessionId: null },
      { action: 'auth.login', ...by, sessionId: sid },
    ])
  })

  it('a wrong password in a session is one problem, wherever it is sent', async () => {
    const { token } = await ashlar.person()
    for (const [path, json, field] of [
      ['reauthenticate', { password: 'wrong' }, 'password'],
      ['change-password', { oldPassword: 'wrong', newPassword: 'Bas4lt-Column!' }, 'oldPassword'],
      ['change-email', { email: `${unique('w')}@example.com`, password: 'wrong' }, 'password'],
    ] as const) {
      const { status, body } = await call('POST', `/api/v1/auth/${path}`, { token, json })
      assert.deepEqual([status, body.code], [422, 'auth.wrong_password'], path)
      const message = 'The current password is wrong.'
      assert.deepEqual(body.errors, [{ in: 'body', path: field, code: 'wrong', message }], path)
    }
    const { status } = await call('GET', '/api/v1/auth/me', { token })
    assert.equal(status, 200, 'the session stays')
  })

  it('AUTH-2: a wrong password, an unknown, a suspended and a deleted account answer the same bytes', async () => {
    const [wrong, suspended, deleted] = [await ashlar.person(), await ashlar.person(), await ashlar.person()]
    await ashlar.rows(`UPDATE users SET status = 'SUSPENDED' WHERE id = $1`, [suspended.id])
    await ashlar.rows(`UPDATE users SET "deletedAt" = now() WHERE id = $1`, [deleted.id])
    const answers = [
      await login({ email: wrong.email, password: 'wrong-wrong' }),
      await login({ email: 'nobody@example.com', password: PASSWORD }),
      await login({ email: suspended.email, password: PASSWORD }),
      await login({ email: deleted.email, password: PASSWORD }),
    ]
    assert.equal(answers[0]?.status, 401)
    assert.equal(new Set(answers.map(masked)).size, 1)
  })

  it('AUTH-3: after five wrong passwords the account answers 423 with Retry-After, also to the right one, and so does nobody', async () => {
    const { email } = await ashlar.person()
    for (const address of [email, `${unique('nobody')}@example.com`]) {
      for (let count = 0; count < 5; count++)
        assert.equal((await login({ email: address, password: 'wrong-wrong' })).status, 401)
      const locked = await login({ email: address, password: PASSWORD })
      assert.equal(locked.status, 423)
      const seconds = Number(locked.headers.get('retry-after'))
      assert.ok(seconds > 1_700 && seconds <= 1_800, String(seconds))
    }
    await ashlar.rows(
      `UPDATE throttles SET "lockedUntil" = now() - interval '1 second', "windowEndsAt" = now() - interval '1 second'`,
    )
    assert.equal((await login({ email, password: PASSWORD })).status, 200)
  })

  it('a sign-in that races a suspension or another password never leaves a session', async () => {
    const admin = await ashlar.admin()
    for (const json of [{ status: 'SUSPENDED' }, { password: 'An0ther-Quarry!' }]) {
      for (let round = 0; round < 6; round++) {
        const { id, email } = await ashlar.person()
        const change = () => call('PATCH', `/api/v1/users/${id}`, { token: admin.token, json })
        const signIn = () => login({ email, password: PASSWORD })
        const [changed, ...tries] = await Promise.all([change(), ...Array.from({ length: 4 }, signIn)])
        assert.equal(changed.status, 200, changed.text)
        for (const answer of tries) assert.ok([200, 401].includes(answer.status), answer.text)
        const live = await ashlar.rows(`SELECT 1 FROM sessions WHERE "userId" = $1 AND "revokedAt" IS NULL`, [id])
        assert.equal(live.length, 0)
      }
    }
  })

  it('verifies hashes that came from elsewhere, and replaces them at the sign-in', async () => {
    for (const prefix of ['$2b$', '$2a$', '$2y$']) {
      const { id, email } = await ashlar.person()
      const foreign = (await bcrypt('An-0ld-Password', { cost: 4 })).replace(/^\$2.\$/, prefix)
      await ashlar.rows('UPDATE users SET password = $1 WHERE id = $2', [foreign, id])
      assert.equal((await login({ email, password: 'not it at all' })).status, 401)
      assert.equal((await login({ email, password: 'An-0ld-Password' })).status, 200)
      const [user] = await ashlar.rows<{ password: string }>('SELECT password FROM users WHERE id = $1', [id])
      assert.match(user!.password, /^\$argon2id\$/)
      assert.equal((await login({ email, password: 'An-0ld-Password' })).status, 200)
    }
  })

  it('TEN-6: a tenant that is not one’s own is as unknown as one that does not exist', async () => {
    const { email, token } = await ashlar.person()
    await ashlar.rows(
      `INSERT INTO tenants (id, name, slug) VALUES ('t-other', 'Other', 'other') ON CONFLICT DO NOTHING`,
    )
    const ask = (headers: Record<string, string>) => call('GET', '/api/v1/auth/me', { token, headers })
    const absent = masked(await ask({ 'x-tenant-id': 'no-such-tenant' }))
    for (const named of ['t-other', 'other', 'default, t-other']) {
      assert.equal(masked(await ask({ 'x-tenant-id': named })), absent)
    }
    assert.equal((await ask({ 'x-tenant-id': 'default' })).status, 200)
    const signIn = await call('POST', '/api/v1/auth/login', {
      json: { email, password: PASSWORD },
      headers: { 'x-tenant-id': 'other' },
    })
    assert.equal(signIn.status, 404)
  })

  it('TOK-5: a personal access token is shown what it allows, its maker what they hold, whoever asks first', async () => {
    const { token } = await ashlar.person()
    const json = { name: 'narrow', scopes: ['documents:view'] }
    const { body: made } = await call('POST', '/api/v1/tokens', { token, json })
    const shown = async (credential: string) =>
      (await call('GET', '/api/v1/auth/me', { token: credential })).body.permissions
    const own = await shown(token)
    assert.ok(own.length > 1 && own.includes('documents:view'))
    assert.deepEqual(await shown(made.token), ['documents:view'])
    assert.deepEqual(await shown(token), own)
  })

  it('what the profile says of ids is what stands there: a role’s id is a role’s', () => {
    assert.equal(Me.properties.roles.items.properties.id['x-id-of' as never], 'role')
    assert.equal(Me.properties.id['x-id-of' as never], 'user')
  })

  it('the entity tag of oneself changes with the roles, not only with the account', async () => {
    const admin = await ashlar.admin()
    const { id, token } = await ashlar.person()
    const first = await call('GET', '/api/v1/auth/me', { token })
    const unchanged = { 'if-none-match': first.headers.get('etag')! }
    assert.equal((await call('GET', '/api/v1/auth/me', { token, headers: unchanged })).status, 304)
    await call('PATCH', `/api/v1/users/${id}`, { token: admin.token, json: { roleIds: ['viewer'] } })
    const after = await call('GET', '/api/v1/auth/me', { token, headers: unchanged })
    assert.equal(after.status, 200)
    assert.deepEqual(
      after.body.roles.map((role: { name: string }) => role.name),
      ['viewer'],
    )
  })

  it('the HaloLight base shows permissions as objects with the bare verb, and both spellings of dates', async () => {
    const { body } = await login({ email: 'admin@example.com', password: 'Adm1n-Passw0rd!' }, '/api')
    assert.deepEqual(body.user.permissions, [{ id: '*', action: '*', resource: '*', description: '*' }])
    assert.ok(body.user.roles.every((role: { permissions: unknown }) => Array.isArray(role.permissions)))
    assert.equal(body.user.created_at, body.user.createdAt)
    assert.ok(body.expiresAt)
  })
})

describe('forgotten and changed passwords', () => {
  it('PWD-3, AUTH-2: the answer is the same for everybody; the link works once, ends every session and tells the owner', async () => {
    const person = await ashlar.person()
    const ask = (email: string) =>
      call('POST', '/api/v1/auth/forgot-password', {
        json: { email },
        headers: { host: 'evil.test', 'x-forwarded-host': 'evil.test' },
      })
    const answers = [await ask(person.email), await ask(`${unique('nobody')}@example.com`)]
    assert.equal(answers[0]?.text, answers[1]?.text)
    const token = await linkTo(person.email, 'password_reset')
    const [mail] = await ashlar.rows<{ text: string }>(
      `SELECT text FROM mails WHERE template = 'password_reset' ORDER BY "createdAt" DESC LIMIT 1`,
    )
    assert.ok(!mail!.text.includes('evil.test'))
    const reset = (password: string) =>
      call('POST', '/api/v1/auth/reset-password', { json: { token, new_password: password } })
    assert.equal((await reset('short')).status, 422)
    const tries = await Promise.all(Array.from({ length: 20 }, (_, index) => reset(`New-Secure-Pass-${index}!`)))
    assert.deepEqual(tries.map((answer) => answer.status).sort(), [200, ...Array(19).fill(400)])
    const winner = tries.findIndex((answer) => answer.status === 200)
    assert.equal((await call('GET', '/api/v1/users/me', { token: person.token })).status, 401)
    assert.equal((await login({ email: person.email, password: PASSWORD })).status, 401)
    assert.equal((await login({ email: person.email, password: `New-Secure-Pass-${winner}!` })).status, 200)
    const notices = await ashlar.rows(
      `SELECT 1 FROM mails WHERE template = 'password_reset_success' AND recipients::text LIKE '%' || $1 || '%'`,
      [person.email],
    )
    assert.equal(notices.length, 1)
  })

  it('PWD-3: a second request ends the first link', async () => {
    const { email } = await ashlar.person()
    await call('POST', '/api/v1/auth/forgot-password', { json: { email } })
    const first = await linkTo(email, 'password_reset')
    await call('POST', '/api/v1/auth/forgot-password', { json: { email } })
    for (let second = first; second === first; ) {
      await sleep(50)
      second = await linkTo(email, 'password_reset')
    }
    const answer = await call('POST', '/api/v1/auth/reset-password', {
      json: { token: first, password: 'New-Secure-Pass-1!' },
    })
    assert.equal(answer.status, 400)
  })

  it('SESS-3: changing it needs the old one, ends the other sessions and keeps this one', async () => {
    const here = await ashlar.person()
    const there = await ashlar.login(here.email, PASSWORD)
    const change = (oldPassword: string, newPassword: string) =>
      call('POST', '/api/v1/auth/change-password', {
        token: here.token,
        json: { old_password: oldPassword, new_password: newPassword },
      })
    assert.equal((await change('wrong-wrong', 'Third-Secure-1!')).status, 422)
    assert.equal((await change(PASSWORD, 'password123')).status, 422)
    assert.equal((await change(PASSWORD, 'Third-Secure-1!')).status, 200)
    assert.equal((await call('GET', '/api/v1/users/me', { token: here.token })).status, 200)
    assert.equal((await call('GET', '/api/v1/users/me', { token: there.token })).status, 401)
    assert.equal((await login({ email: here.email, password: 'Third-Secure-1!' })).status, 200)
  })

  it('AUTH-3: guessing the old password locks as well', async () => {
    const { token } = await ashlar.person()
    const change = () =>
      call('POST', '/api/v1/auth/change-password', {
        token,
        json: { oldPassword: 'wrong-wrong', newPassword: 'Third-Secure-1!' },
      })
    for (let count = 0; count < 5; count++) assert.equal((await change()).status, 422)
    assert.equal((await change()).status, 423)
  })
})

describe('personal access tokens', () => {
  it('TOK-5: shown once, kept as a hash, limited to scopes and to what the owner still holds', async () => {
    const admin = await ashlar.admin()
    const email = `${unique('ci')}@example.com`
    const made = await call('POST', '/api/v1/users', {
      token: admin.token,
      json: { email, password: PASSWORD, roleIds: ['manager'] },
    })
    const owner = await ashlar.login(email, PASSWORD)
    const create = (json: object, token = owner.token) => call('POST', '/api/v1/tokens', { token, json })
    const { status, body } = await create({ name: 'ci', scopes: ['users:view'] })
    assert.equal(status, 201)
    const dump = await ashlar.rows(`SELECT t::text FROM personal_access_tokens t`)
    assert.ok(!JSON.stringify(dump).includes(body.token))
    assert.ok(!(await call('GET', '/api/v1/tokens', { token: owner.token })).text.includes(body.token))

    const asToken = (method: string, path: string, json?: object) =>
      call(method, path, { token: body.token, ...(json && { json }) })
    assert.equal((await asToken('GET', '/api/v1/users')).status, 200)
    assert.equal((await asToken('POST', '/api/v1/users', { email: 'x@example.com' })).status, 403)
    for (const [method, path, json] of [
      ['GET', '/api/v1/tokens', undefined],
      ['POST', '/api/v1/tokens', { name: 'more', scopes: ['users:view'] }],
      ['POST', '/api/v1/auth/change-password', { oldPassword: PASSWORD, newPassword: 'Third-Secure-1!' }],
      ['DELETE', '/api/v1/users/me', undefined],
    ] as const) {
      assert.equal((await asToken(method, path, json)).status, 403, `${method} ${path}`)
    }
    for (const scopes of [['*'], ['users:*'], ['roles:edit'], ['*:view']]) {
      assert.equal((await create({ name: 'root', scopes })).status, 403, scopes.join())
    }
    assert.equal((await create({ name: 'odd', scopes: ['no permission'] })).status, 422)

    await call('PATCH', `/api/v1/users/${made.body.id}`, { token: admin.token, json: { roleIds: ['user'] } })
    assert.equal((await asToken('GET', '/api/v1/users')).status, 403)
    const { data } = (await call('GET', '/api/v1/tokens', { token: owner.token })).body
    assert.ok(data[0].lastUsedAt)
    assert.equal((await call('DELETE', `/api/v1/tokens/${body.id}`, { token: owner.token })).status, 200)
    assert.equal((await asToken('GET', '/api/v1/users/me')).status, 401)
  })
})

describe('many personal access tokens', () => {
  it('of 20 at once only as many are made as are left to fifty', async () => {
    const { id, token } = await ashlar.admin()
    await ashlar.rows(
      `INSERT INTO personal_access_tokens (id, "tenantId", "userId", name, hint, "tokenHash", scopes, "expiresAt")
       SELECT 'cap-' || n, 'default', $1, 'T', 'T', 'cap-' || n, '{users:view}', now() + interval '1 day' FROM generate_series(1, 47) n`,
      [id],
    )
    const json = { name: 'T', scopes: ['users:view'] }
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('POST', '/api/v1/tokens', { token, json })))
    assert.equal(answers.filter(({ status }) => status === 201).length, 3)
    assert.equal(answers.filter(({ body }) => body.code === 'tokens.too_many').length, 17)
    await ashlar.rows('DELETE FROM personal_access_tokens WHERE "userId" = $1', [id])
  })
})

describe('access tokens', () => {
  it('TOK-1, TOK-2: a token of another algorithm, key, audience or form opens nothing', async () => {
    const { token, refreshToken } = await ashlar.person()
    const [header, payload, signature] = token.split('.') as [string, string, string]
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    const last = signature.at(-1)!
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const forged = [
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.${signature}`,
      `${encode({ alg: 'HS256', typ: 'JWT' })}.${payload}.${signature}`,
      `${encode({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), crit: ['x'] })}.${payload}.${signature}`,
      `${header}.${encode({ ...claims, sub: 'c1' })}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -1)}${alphabet[(alphabet.indexOf(last) + 1) % 64]}`,
      `${header}.${payload}.${signature}=`,
      ` ${token}x`,
      refreshToken,
    ]
    for (const credential of forged) {
      assert.equal((await call('GET', '/api/v1/auth/me', { token: credential })).status, 401, credential.slice(0, 60))
    }
    assert.equal((await call('POST', '/api/v1/auth/refresh', { json: { refreshToken: token } })).status, 401)
    assert.equal((await call('GET', '/api/v1/auth/me', { token })).status, 200)
  })
})
