// Wrong passwords in parallel, on two processes over one PostgreSQL.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { hash as bcryptHash } from '@node-rs/bcrypt'
import { startApp, type TestApp, unique } from './harness.ts'
import {
  type Client,
  createClient,
  createFleet,
  type Fleet,
  type Reply,
  register,
  type ServerProcess,
} from './processes.ts'

const MAX_LOGIN_ATTEMPTS = 5
const ATTACK = 300

describe('AUTH-3: failed sign-ins across two processes', () => {
  let fleet: Fleet
  let nodes: ServerProcess[]
  let client: Client

  before(async () => {
    fleet = await createFleet({ env: { MAX_LOGIN_ATTEMPTS: String(MAX_LOGIN_ATTEMPTS) } })
    nodes = [await fleet.start(), await fleet.start()]
    client = createClient({ connections: ATTACK })
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
  })

  const at = (turn: number) => nodes[turn % nodes.length]!.url
  const signIn = (turn: number, login: string, password: string) =>
    client.call('POST', `${at(turn)}/api/v1/auth/login`, { json: { login, password }, timeoutMs: 30_000 })
  const attack = (names: string[], count = ATTACK) =>
    Promise.all(Array.from({ length: count }, (_, turn) => signIn(turn, names[turn % names.length]!, `wrong ${turn}`)))
  const masked = ({ text, body }: Reply) => text.replaceAll(body.requestId, '')

  /** Exactly the configured number of answers says "wrong", every other one "locked", with the time to wait. */
  function assertLockedExactly(answers: Reply[]): void {
    const counted = Object.groupBy(answers, ({ status }) => status)
    assert.deepEqual(
      Object.fromEntries(Object.entries(counted).map(([status, list]) => [status, list?.length])),
      { 401: MAX_LOGIN_ATTEMPTS, 423: answers.length - MAX_LOGIN_ATTEMPTS },
      'each 401 is one secret that was checked',
    )
    for (const { headers } of counted[423] ?? []) {
      const seconds = Number(headers['retry-after'])
      assert.ok(seconds > 0 && seconds <= 30 * 60, `Retry-After is ${headers['retry-after']}`)
    }
  }

  it(`${ATTACK} parallel wrong passwords: ${MAX_LOGIN_ATTEMPTS} are checked, then even the right one is refused`, async () => {
    const person = await register(client, at(0))
    assertLockedExactly(await attack([person.email]))
    for (const turn of [0, 1]) {
      for (const name of [person.email, person.email.toUpperCase(), ` ${person.email} `, person.username]) {
        const right = await signIn(turn, name, person.password)
        assert.equal(right.status, 423, `${name} is another way to the same account`)
        assert.ok(Number(right.headers['retry-after']) > 0)
      }
    }
    // Who is signed in stays signed in: an outsider must not be able to put people out.
    assert.equal((await client.call('GET', `${at(0)}/api/v1/users/me`, { token: person.token })).status, 200)
  })

  it('address and username of one account share their attempts', async () => {
    const { email, username } = await register(client, at(0))
    assertLockedExactly(await attack([email, username, email.toUpperCase(), username.toUpperCase()], 100))
  })

  it('a name that no account has locks the same way, in the same words', async () => {
    const person = await register(client, at(0))
    const known = await attack([person.email], 40)
    const unknown = await attack([`${unique('nobody')}@example.com`], 40)
    assertLockedExactly(unknown)
    for (const status of [401, 423]) {
      const texts = [...known, ...unknown].filter((answer) => answer.status === status).map(masked)
      assert.equal(new Set(texts).size, 1, `answers ${status} differ`)
    }
  })

  it('20 parallel right passwords all sign in, time after time, also beyond the most sessions a person may have', async () => {
    const person = await register(client, at(0))
    for (let round = 0; round < 6; round++) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, turn) => signIn(turn, person.email, person.password)),
      )
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    }
    const live = await fleet.rows('SELECT 1 FROM sessions WHERE "userId" = $1 AND "revokedAt" IS NULL', [person.id])
    assert.equal(live.length, 20)
  })

  it('changing the password draws on the same attempts', async () => {
    const person = await register(client, at(0))
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, turn) =>
        client.call('POST', `${at(turn)}/api/v1/auth/change-password`, {
          token: person.token,
          json: { oldPassword: `wrong ${turn}`, newPassword: 'An0ther-Quarry!' },
        }),
      ),
    )
    const wrong = answers.filter(({ status }) => status === 422).length
    assert.equal(wrong, MAX_LOGIN_ATTEMPTS)
    assert.equal(answers.filter(({ status }) => status === 423).length, answers.length - wrong)
    assert.equal((await signIn(1, person.email, person.password)).status, 423)
  })

  it('a bcrypt hash of another system signs in once and is an Argon2id hash from then on', async () => {
    const person = await register(client, at(0))
    const stored = async () =>
      (await fleet.rows<{ password: string }>('SELECT password FROM users WHERE id = $1', [person.id]))[0]!.password
    const foreign = await bcryptHash('Carried-0ver!', { cost: 4 })
    await fleet.rows('UPDATE users SET password = $2 WHERE id = $1', [person.id, foreign])
    assert.equal((await signIn(0, person.email, 'not the one')).status, 401)
    assert.equal(await stored(), foreign)
    assert.equal((await signIn(0, person.email, 'Carried-0ver!')).status, 200)
    assert.match(await stored(), /^\$argon2id\$v=19\$m=1024,t=2,p=1\$/)
    assert.equal((await signIn(1, person.email, 'Carried-0ver!')).status, 200)
  })
})

describe('AUTH-3: what a locked account costs', () => {
  let nodes: [TestApp, TestApp]

  before(async () => {
    const one = await startApp()
    nodes = [one, await startApp({ database: one.database })]
  })
  after(async () => {
    await nodes?.[1].stop()
    await nodes?.[0].stop()
  })
  const checks = () => nodes.reduce((sum, { app }) => sum + app.hashing.checks(), 0)

  it(`${ATTACK} attempts on two nodes make ${MAX_LOGIN_ATTEMPTS} secret checks, for a name with and without an account`, async () => {
    const { email } = await nodes[0].person()
    for (const login of [email, `${unique('nobody')}@example.com`]) {
      const before = checks()
      await Promise.all(
        Array.from({ length: ATTACK }, (_, turn) =>
          nodes[turn % 2]!.call('POST', '/api/v1/auth/login', { json: { login, password: `wrong ${turn}` } }),
        ),
      )
      assert.equal(checks() - before, MAX_LOGIN_ATTEMPTS)
    }
  })
})
