// Refresh tokens under contention: two processes, one PostgreSQL, many clients with one token.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from './figures.ts'
import {
  type Client,
  createClient,
  createFleet,
  type Fleet,
  percentile,
  register,
  type ServerProcess,
} from './processes.ts'

const GRACE_SECONDS = 3
const ROUNDS = 20
const PARALLEL = 50

describe('refresh tokens across two processes', () => {
  let fleet: Fleet
  let nodes: ServerProcess[]
  let client: Client

  before(async () => {
    fleet = await createFleet({ env: { REFRESH_GRACE_SECONDS: String(GRACE_SECONDS) } })
    nodes = [await fleet.start(), await fleet.start()]
    client = createClient({ connections: PARALLEL })
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
  })

  const at = (turn: number) => nodes[turn % nodes.length]!.url
  const refresh = (turn: number, refreshToken: string, drop = false) =>
    client.call('POST', `${at(turn)}/api/v1/auth/refresh`, { json: { refreshToken }, drop })
  const mine = (turn: number, token: string) => client.call('GET', `${at(turn)}/api/v1/users/me`, { token })
  const sessionOf = async (userId: string) => {
    const [row] = await fleet.rows<{ generation: number; revokedAt: Date | null }>(
      'SELECT generation, "revokedAt" FROM sessions WHERE "userId" = $1',
      [userId],
    )
    return row
  }

  it(`TOK-4, E9: ${ROUNDS} rounds of ${PARALLEL} parallel refreshes, some answers lost and asked for again: one successor a round`, async (test) => {
    const person = await register(client, at(0))
    let token = person.refreshToken
    let lost = 0
    const times: number[] = []
    let most = 0
    for (let round = 0; round < ROUNDS; round++) {
      const attempts = Array.from({ length: PARALLEL }, async (_, turn) => {
        // Every twentieth client loses its answer and asks again with what it has.
        if ((turn + round) % 20 === 0) {
          lost++
          await refresh(turn, token, true).catch(() => undefined)
        }
        return refresh(turn, token)
      })
      const answers = await Promise.all(attempts)
      times.push(...answers.map(({ ms }) => ms))
      assert.deepEqual(
        answers.filter(({ status }) => status !== 200).map(({ status, text }) => `${status} ${text}`),
        [],
      )
      const successors = new Set(answers.map(({ body }) => body.refreshToken))
      most = Math.max(most, successors.size)
      assert.equal(successors.size, 1, `round ${round} gave ${successors.size} successors`)
      assert.equal((await sessionOf(person.id))?.generation, round + 1)
      token = [...successors][0]!
      for (const turn of [0, 1]) assert.equal((await mine(turn, answers[turn]!.body.accessToken)).status, 200)
    }
    report('E9', `${PARALLEL} refreshes of one token at once over two processes, ${ROUNDS} rounds, answers lost`, {
      'successors of one token, most': [most, { is: 1 }],
      'families that were ended for no reason': [(await sessionOf(person.id))?.revokedAt ? 1 : 0, { is: 0 }],
      'p99, ms': [percentile(times, 0.99), { atMost: 250 }],
    })
    assert.equal((await sessionOf(person.id))?.revokedAt, null)
    assert.equal((await fleet.rows(`SELECT 1 FROM audit_logs WHERE action = 'sessions.replay'`)).length, 0)
    test.diagnostic(
      `${ROUNDS * PARALLEL} refreshes, ${lost} answers lost, p99 ${percentile(times, 0.99).toFixed(0)} ms`,
    )
  })

  it('TOK-3, E9: a grandparent that is replayed after the grace time ends its family, 20 of 20', async () => {
    const families = await Promise.all(
      Array.from({ length: 20 }, async (_, turn) => {
        const person = await register(client, at(turn))
        const chain = [person.refreshToken]
        let access = person.token
        for (let step = 0; step < 3; step++) {
          const { body } = await refresh(turn + step, chain.at(-1)!)
          chain.push(body.refreshToken)
          access = body.accessToken
        }
        return { person, chain, access, turn }
      }),
    )
    await sleep(GRACE_SECONDS * 1000 + 500)
    for (const { person, chain, access, turn } of families) {
      assert.equal((await mine(turn, access)).status, 200)
      const replay = await refresh(turn + 1, chain[1]!)
      assert.deepEqual([replay.status, replay.body.code], [401, 'sessions.refresh_reused'])
      for (const [step, token] of chain.entries()) assert.equal((await refresh(turn + step, token)).status, 401)
      assert.notEqual((await sessionOf(person.id))?.revokedAt, null)
    }
    // The access tokens end on both processes, at the latest when the second one has heard of it.
    await sleep(500)
    for (const { access, person } of families) {
      for (const turn of [0, 1]) {
        for (const token of [access, person.token]) assert.equal((await mine(turn, token)).status, 401)
      }
    }
    const [row] = await fleet.rows<{ replays: number }>(
      `SELECT count(*)::int AS replays FROM audit_logs WHERE action = 'sessions.replay'`,
    )
    report('E9', 'a grandparent replayed after the grace time', {
      'families ended, of 20': [row?.replays ?? 0, { is: 20 }],
    })
    assert.equal(row?.replays, 20)
  })

  it('E9: refreshing while signing out never leaves a live session', async (test) => {
    let granted = 0
    for (let trial = 0; trial < 30; trial++) {
      const person = await register(client, at(trial))
      const signOut = () => client.call('POST', `${at(trial + 1)}/api/v1/auth/logout`, { token: person.token })
      // By turns the sign-out is sent before, among and after the refreshes.
      const logout = sleep(trial % 3).then(signOut)
      const racing = Array.from({ length: 10 }, async (_, turn) => {
        await sleep(turn % 5)
        return refresh(turn, person.refreshToken)
      })
      const answers = await Promise.all(racing)
      assert.equal((await logout).status, 200)
      assert.notEqual((await sessionOf(person.id))?.revokedAt, null)
      await sleep(100)
      for (const [turn, { status, body }] of answers.entries()) {
        if (status !== 200) {
          assert.equal(status, 401)
          continue
        }
        granted++
        assert.equal((await mine(turn, body.accessToken)).status, 401)
        assert.equal((await refresh(turn, body.refreshToken)).status, 401)
      }
    }
    assert.ok(granted > 0, 'no refresh was in time: the race was not run')
    test.diagnostic(`${granted} of 300 refreshes came before the sign-out; none of their tokens works after it`)
  })
})
