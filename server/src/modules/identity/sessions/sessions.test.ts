// Sessions and their tokens, over HTTP.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PASSWORD, startApp, type TestApp } from '../../../../test/harness.ts'

describe('sessions', () => {
  let ashlar: TestApp
  before(async () => {
    ashlar = await startApp({ env: { REFRESH_GRACE_SECONDS: '1' } })
  })
  after(() => ashlar.stop())
  const refresh = (refreshToken: string) => ashlar.call('POST', '/api/v1/auth/refresh', { json: { refreshToken } })

  it('TOK-4: 50 parallel refreshes of one token give one successor, and nobody is signed out', async () => {
    const { refreshToken, token } = await ashlar.person()
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(refreshToken)))
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]))
    assert.equal(new Set(answers.map((answer) => answer.body.refreshToken)).size, 1)
    assert.equal((await ashlar.call('GET', '/api/v1/users/me', { token })).status, 200)
    const [session] = await ashlar.rows<{ generation: number }>(
      'SELECT generation FROM sessions ORDER BY "createdAt" DESC LIMIT 1',
    )
    assert.equal(session?.generation, 1)
  })

  it('TOK-3: a replay after the grace time ends the session, its access token and every descendant', async () => {
    const first = await ashlar.person()
    const chain = [first.refreshToken]
    for (let step = 0; step < 3; step++) chain.push((await refresh(chain.at(-1)!)).body.refreshToken)
    await sleep(1_200)
    const replay = await refresh(chain[0]!)
    assert.equal(replay.status, 401)
    assert.equal(replay.body.code, 'sessions.refresh_reused')
    for (const token of chain) assert.equal((await refresh(token)).status, 401)
    assert.equal((await ashlar.call('GET', '/api/v1/users/me', { token: first.token })).status, 401)
    const audit = await ashlar.rows(`SELECT 1 FROM audit_logs WHERE action = 'sessions.replay'`)
    assert.equal(audit.length, 1)
  })

  it('a forged generation of a known session is refused and ends nothing', async () => {
    const { refreshToken, token } = await ashlar.person()
    const [prefix, id, , mac] = refreshToken.split('.')
    assert.equal((await refresh(`${prefix}.${id}.5.${mac}`)).status, 401)
    assert.equal((await ashlar.call('GET', '/api/v1/users/me', { token })).status, 200)
    assert.equal((await refresh(refreshToken)).status, 200)
  })

  it('logout ends this session only; logout-all ends every one, access tokens included', async () => {
    const one = await ashlar.person()
    const two = await ashlar.login(one.email, PASSWORD)
    assert.equal((await ashlar.call('POST', '/api/v1/auth/logout', { token: one.token })).status, 200)
    assert.equal((await ashlar.call('GET', '/api/v1/users/me', { token: one.token })).status, 401)
    assert.equal((await ashlar.call('GET', '/api/v1/users/me', { token: two.token })).status, 200)
    assert.equal((await ashlar.call('POST', '/api/v1/auth/logout-all', { token: two.token })).status, 200)
    assert.equal((await ashlar.call('GET', '/api/v1/users/me', { token: two.token })).status, 401)
    assert.equal((await refresh(two.refreshToken)).status, 401)
  })

  it('the list shows the devices, and one of another person cannot be ended', async () => {
    const mine = await ashlar.person()
    const other = await ashlar.person()
    const { body } = await ashlar.call('GET', '/api/v1/auth/sessions', { token: mine.token })
    assert.equal(body.data.length, 1)
    assert.equal(body.data[0].current, true)
    const foreign = await ashlar.call('DELETE', `/api/v1/auth/sessions/${body.data[0].id}`, { token: other.token })
    assert.equal(foreign.status, 404)
    assert.equal((await ashlar.call('GET', '/api/v1/users/me', { token: mine.token })).status, 200)
  })

  it('SESS-1: the idle and the absolute end hold on access and at refresh, and no refresh moves the absolute one', async () => {
    const me = (token: string) => ashlar.call('GET', '/api/v1/users/me', { token })
    const set = (token: string, column: 'expiresAt' | 'idleExpiresAt', seconds: number) => {
      const { sid } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
      return ashlar.rows(
        `UPDATE sessions SET "${column}" = now() + make_interval(secs => $2) WHERE id = $1 RETURNING "expiresAt"`,
        [sid, seconds],
      )
    }
    for (const column of ['idleExpiresAt', 'expiresAt'] as const) {
      const live = await ashlar.person()
      await set(live.token, column, 60)
      assert.equal((await me(live.token)).status, 200)
      assert.equal((await refresh(live.refreshToken)).status, 200)
      const ended = await ashlar.person()
      await set(ended.token, column, -1)
      assert.equal((await me(ended.token)).status, 401, column)
      assert.equal((await refresh(ended.refreshToken)).status, 401, column)
    }
    const person = await ashlar.person()
    const [before] = await set(person.token, 'expiresAt', 30)
    const refreshed = await refresh(person.refreshToken)
    assert.ok(refreshed.body.expiresIn <= 30, 'the access token ends with its session')
    const [after] = await ashlar.rows('SELECT "expiresAt" FROM sessions WHERE "userId" = $1', [person.id])
    assert.deepEqual(after, before)
    // An actor that is remembered ends on time as well.
    assert.equal((await me(refreshed.body.accessToken)).status, 200)
    await set(person.token, 'expiresAt', -1)
    ashlar.clock.advance(31_000)
    assert.equal((await me(refreshed.body.accessToken)).status, 401)
  })

  it('SESS-3: the session beyond the limit ends the oldest', async () => {
    const person = await ashlar.person()
    for (let count = 0; count < 20; count++) await ashlar.login(person.email, PASSWORD)
    assert.equal((await ashlar.call('GET', '/api/v1/users/me', { token: person.token })).status, 401)
    const live = await ashlar.rows(`SELECT 1 FROM sessions WHERE "userId" = $1 AND "revokedAt" IS NULL`, [person.id])
    assert.equal(live.length, 20)
  })
})
