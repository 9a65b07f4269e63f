// Idempotency-Key across kill -9: what was under way is carried out once when it is repeated, never twice and never not at all.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { unique } from '../../../test/harness.ts'
import {
  type Client,
  createClient,
  createFleet,
  type Fleet,
  FULL_SIZE,
  register,
  type ServerProcess,
} from '../../../test/processes.ts'

const KILLS = FULL_SIZE ? 20 : 3
const WRITERS = 8
/** Less than an account may have tokens. */
const MOST = 45

interface Attempt {
  token: string
  key: string
  /** The id that was acknowledged; undefined when the process died first. */
  id: string | undefined
}

describe('kill -9 under requests with an Idempotency-Key', () => {
  let fleet: Fleet
  let node: ServerProcess
  let client: Client

  before(async () => {
    fleet = await createFleet()
    node = await fleet.start()
    client = createClient()
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
  })

  // Nothing but the key keeps a second token of the same name from being made.
  const create = ({ token, key }: Attempt) =>
    client.call('POST', `${node.url}/api/v1/tokens`, {
      token,
      json: { name: key, scopes: ['documents:view'] },
      headers: { 'idempotency-key': key },
    })

  async function write(token: string, attempts: Attempt[]): Promise<void> {
    for (let count = 0; count < MOST; count++) {
      const attempt: Attempt = { token, key: unique('crash'), id: undefined }
      attempts.push(attempt)
      const answer = await create(attempt).catch(() => undefined)
      if (!answer) return
      assert.equal(answer.status, 201, answer.text)
      attempt.id = answer.body.id
    }
  }

  it(`INP-4: repeated after each of ${KILLS} kills, every request was carried out exactly once`, async (test) => {
    const facts = { acknowledged: 0, carriedOutLater: 0, answerLost: 0 }
    for (let kill = 0; kill < KILLS; kill++) {
      const attempts: Attempt[] = []
      // Everybody is there before the first write: a kill must not fall into a registration.
      const people = await Promise.all(Array.from({ length: WRITERS }, () => register(client, node.url)))
      const writers = people.map(({ token }) => write(token, attempts))
      const until = performance.now() + 15_000
      while (attempts.length < 8 * WRITERS && performance.now() < until) await sleep(2)
      await sleep(Math.random() * 20)
      node.kill('SIGKILL')
      await Promise.all([...writers, node.exited])
      node = await fleet.start()
      const unknown = attempts.filter(({ id }) => id === undefined)
      assert.ok(unknown.length > 0, 'no request was under way at the kill')

      const early = await Promise.all(unknown.map(create))
      for (const { status, body } of early)
        if (status !== 201) assert.deepEqual([status, body.code], [409, 'idempotency.in_progress'])
      await fleet.rows(`UPDATE idempotency_keys SET "createdAt" = "createdAt" - interval '61 seconds'`)
      const answers = await Promise.all(attempts.map(async (attempt) => ({ attempt, answer: await create(attempt) })))
      for (const { attempt, answer } of answers) {
        const { id, key } = attempt
        const made = await fleet.rows<{ id: string }>('SELECT id FROM personal_access_tokens WHERE name = $1', [key])
        assert.equal(made.length, 1, `${key} answered ${answer.status}: ${answer.text}`)
        if (answer.status === 201) assert.equal(answer.body.id, made[0]!.id)
        else assert.deepEqual([answer.status, answer.body.code], [409, 'idempotency.answer_lost'])
        if (id !== undefined) assert.equal(made[0]!.id, id, 'what was acknowledged stands')
        facts[id !== undefined ? 'acknowledged' : answer.status === 201 ? 'carriedOutLater' : 'answerLost']++
      }
    }
    test.diagnostic(JSON.stringify(facts))
  })
})
