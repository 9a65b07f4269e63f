// Answers that outlive their connections: resumed after any piece, stopped from anywhere, ended with the rights of who asked.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { FULL_SIZE } from '../../../../test/processes.ts'
import { seeded } from '../../../../test/random.ts'
import { type AiApp, API, type Following, follow, type Piece, startAiApp, textOf, until } from './ai.fixture.ts'

const CUTS = FULL_SIZE ? 200 : 40
const AT_ONCE = 8

/** A text of many scripts, in pieces as a model makes them. */
function pieces(count: number, seed: number): string[] {
  const random = seeded(seed)
  const words = [
    'stone ',
    'Grüße ',
    '石工',
    '🧱',
    '👷‍♀️ ',
    'é',
    '\n\n',
    '- one',
    ' “two” ',
    '\\n',
    'data: x\n',
    '‍',
    'ﷺ ',
  ]
  return Array.from({ length: count }, () => random.of(words))
}

describe('AI: an answer that outlives its connection', () => {
  let app: AiApp
  let other: TestApp
  before(async () => {
    app = await startAiApp({ env: { AI_ANSWERS_AT_ONCE: '100', EVENTS_STREAMS_PER_PERSON: '1000' } })
    const env = { OLLAMA_HOST: app.models.ollama, AI_ANSWERS_AT_ONCE: '100', EVENTS_STREAMS_PER_PERSON: '1000' }
    other = await startApp({ env, database: app.ashlar.database })
  })
  after(async () => {
    await other?.stop()
    await app?.stop()
  })
  beforeEach(() => {
    app.models.asked.length = 0
  })

  const elsewhere = (
    person: Pick<Person, 'token'>,
    id: string,
    lastId?: number,
    onPiece?: (piece: Piece, cut: () => void) => void,
  ) =>
    follow('GET', `${other.url}${API}/answers/${id}/events`, {
      token: person.token,
      ...(lastId !== undefined && { headers: { 'last-event-id': String(lastId) } }),
      ...(onPiece && { onPiece }),
    })

  it(`ends in the same text as the uncut run after ${CUTS} random disconnects, on two processes`, async () => {
    const person = await app.ashlar.person()
    const random = seeded(20_261)
    let cuts = 0
    let runs = 0
    async function run(seed: number): Promise<void> {
      const told = pieces(60, seed)
      const whole = told.join('')
      app.models.answer(({ body }) => {
        const at = Number(/seed (\d+)/.exec(JSON.stringify(body.messages.at(-1)))?.[1])
        return { pieces: pieces(60, at), pieceMs: 12, cut: at % 2 === 0 }
      })
      runs++
      const got: Piece[] = []
      const lastOf = () => got.at(-1)?.id
      const isOver = () => got.some(({ event }) => event === 'done' || event === 'error')
      const leaveAfter = () => 1 + random.below(4)
      let left = leaveAfter()
      const onPiece = (piece: Piece, cut: () => void) => {
        got.push(piece)
        if (--left > 0 || isOver()) return
        cuts++
        cut()
      }
      let at: Following = await app.stream(
        person,
        { query: `seed ${seed}`, knowledge: false, tools: false },
        { onPiece },
      )
      const id = await until(() => got.find(({ event }) => event === 'start')?.data.id as string | undefined)
      for (;;) {
        await at.ended
        if (isOver()) break
        left = leaveAfter()
        if (random.below(3) === 0) await sleep(random.below(80))
        at = random.below(2)
          ? await app.resume(person, id, lastOf(), { onPiece })
          : await elsewhere(person, id, lastOf(), onPiece)
        assert.equal(at.status, 200, at.body)
      }
      assert.deepEqual(
        got.map((piece) => piece.id),
        got.map((_, index) => index),
        'no piece twice, and none missing',
      )
      assert.equal(textOf(got), whole)
      const kept = await app.ashlar.call('GET', `${API}/answers/${id}`, { token: person.token })
      assert.equal(kept.body.content, whole)
      assert.equal(kept.body.state, 'done')
    }
    while (cuts < CUTS) await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => run(runs + at)))
    assert.equal(app.models.asked.length, runs, 'no cut had a model asked again')
  })

  it('is written to its end when nobody listens, and is told whole to whoever comes later', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: ['a', 'b', 'c', 'd', 'e'], pieceMs: 30 })
    const following = await app.stream(person, { query: 'Long?' })
    const id = await until(() => following.answerId())
    following.cut()
    await until(
      async () => (await app.ashlar.call('GET', `${API}/answers/${id}`, { token: person.token })).body.state === 'done',
    )
    const later = await elsewhere(person, id)
    await later.ended
    assert.equal(later.text(), 'abcde')
    assert.deepEqual([later.pieces[0]!.event, later.pieces.at(-1)!.event], ['start', 'done'])
    const known = await elsewhere(person, id, later.lastId())
    await known.ended
    assert.deepEqual(
      known.pieces.map(({ event, id: number }) => [event, number]),
      [['done', later.lastId()]],
    )
    // When the pieces are not kept any more the text is told from its beginning.
    await app.ashlar.rows('DELETE FROM ai_chunks WHERE "answerId" = $1', [id])
    const after = await elsewhere(person, id, 2)
    await after.ended
    assert.deepEqual(
      after.pieces.map(({ event }) => event),
      ['start', 'delta', 'done'],
    )
    assert.equal(after.text(), 'abcde')
    const bad = await app.resume(person, id, undefined, { headers: { 'last-event-id': 'x' } })
    assert.equal(bad.status, 422)
  })

  it('stops within a second from another process: the request of the provider is closed, and what there is stays', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: pieces(1_000, 7), pieceMs: 20 })
    const following = await app.stream(person, { query: 'Endless?' })
    await until(() => following.pieces.length > 3)
    const began = performance.now()
    const { status, body } = await other.call('POST', `${API}/answers/${following.answerId()}/stop`, {
      token: person.token,
    })
    assert.equal(status, 200)
    assert.equal(body.state, 'stopped')
    const closedAt = await until(() => app.models.asked[0]!.closedAt)
    assert.ok(closedAt - began < 1_000, `${closedAt - began} ms`)
    await following.ended
    assert.deepEqual([following.pieces.at(-1)!.event, following.pieces.at(-1)!.data.state], ['done', 'stopped'])
    assert.equal(following.text(), body.content)
    assert.ok(body.content.length > 0)
    const again = await other.call('POST', `${API}/answers/${following.answerId()}/stop`, { token: person.token })
    assert.deepEqual(again.body, body)
    const stopped = await app.ashlar.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM audit_logs WHERE action = 'ai.stop' AND "targetId" = $1`,
      [body.conversationId],
    )
    assert.equal(stopped[0]!.n, 1)
  })

  it('stops where no message of it arrives', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: pieces(1_000, 8), pieceMs: 20 })
    const following = await app.stream(person, { query: 'Endless?' })
    const id = await until(() => following.answerId())
    const began = performance.now()
    // As another process would, and without a word.
    await app.ashlar.rows(
      `UPDATE ai_answers SET state = 'stopped', reason = 'stopped', runner = NULL, "leaseUntil" = NULL, reserved = 0 WHERE id = $1`,
      [id],
    )
    const closedAt = await until(() => app.models.asked[0]!.closedAt)
    assert.ok(closedAt - began < 1_000, `${closedAt - began} ms`)
    following.cut()
  })

  it('is broken off and never waited for when the process that writes it is dead', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: ['One', ' two', ' three'], after: { pieces: 2, how: 'stall' } })
    const following = await app.stream(person, { query: 'Dead?' })
    const id = await until(() => (following.text() === 'One two' ? following.answerId() : undefined))
    // Its lease is another's, who does not renew it.
    await app.ashlar.rows(
      `UPDATE ai_answers SET runner = 'nobody', "leaseUntil" = now() - interval '1 second' WHERE id = $1`,
      [id],
    )
    await following.ended
    const last = following.pieces.at(-1)!
    assert.deepEqual([last.event, last.data.code, last.data.state], ['error', 'ai.broken_off', 'broken'])
    const { token } = person
    const { body } = await other.call('GET', `${API}/answers/${id}`, { token })
    assert.deepEqual([body.content, body.state], ['One two', 'broken'])
    // It can be written again.
    app.models.answer({ pieces: ['Whole.'] })
    const again = await other.call('POST', `${API}/answers/${id}/regenerate`, { token, json: { stream: false } })
    assert.equal(again.body.content, 'Whole.')
  })

  it('SESS-2: ends with the session of who asked, stream, provider and all', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: pieces(1_000, 9), pieceMs: 20 })
    const following = await app.stream(person, { query: 'Mine?' })
    const id = await until(() => (following.pieces.length > 2 ? following.answerId() : undefined))
    const remote = await elsewhere(person, id)
    const began = performance.now()
    assert.equal((await other.call('POST', '/api/v1/auth/logout', { token: person.token, json: {} })).status, 200)
    await Promise.all([following.ended, remote.ended])
    const closedAt = await until(() => app.models.asked[0]!.closedAt)
    assert.ok(closedAt - began < 1_500, `${closedAt - began} ms`)
    const rows = await until(async () => {
      const found = await app.ashlar.rows<{ state: string; reason: string }>(
        'SELECT state, reason FROM ai_answers WHERE id = $1',
        [id],
      )
      return found[0]!.state === 'running' ? undefined : found
    })
    assert.deepEqual(rows, [{ state: 'failed', reason: 'ai.access_ended' }])
    assert.equal((await elsewhere(person, id)).status, 401)
  })

  it('waits for its own row where the model is quicker than the database, with tools and without', async () => {
    const slow = await startApp({
      env: { OLLAMA_HOST: app.models.ollama },
      database: app.ashlar.database,
      // Every transaction commits late.
      wrap: (database) => ({
        ...database,
        inTenant: (tenantId, work) =>
          database.inTenant(tenantId, async (tx) => {
            tx.beforeCommit(() => sleep(250))
            return work(tx)
          }),
      }),
    })
    try {
      const person = await slow.person()
      const call = {
        calls: [{ name: 'list_calendar', input: { start: '2030-05-06T00:00:00Z', end: '2030-05-07T00:00:00Z' } }],
      }
      for (const tools of [true, false]) {
        app.models.asked.length = 0
        app.models.answer((_, index) => (tools && index === 0 ? call : { pieces: ['In time.'] }))
        const json = { query: 'Quick?', stream: false, tools }
        const { body } = await slow.call('POST', `${API}/ask`, { token: person.token, json })
        assert.deepEqual([body.content, body.state], ['In time.', 'done'])
      }
    } finally {
      await slow.stop()
    }
  })

  it('ends when its conversation is removed', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: pieces(1_000, 10), pieceMs: 20 })
    const following = await app.stream(person, { query: 'Gone?' })
    await until(() => following.pieces.length > 2)
    const { token } = person
    assert.equal((await other.call('POST', `${API}/clear-history`, { token, json: {} })).body.conversations, 1)
    await following.ended
    await until(() => app.models.asked[0]!.closedAt)
    const usage = await app.ashlar.rows<{ used: number; reserved: number }>(
      'SELECT used::int AS used, reserved::int AS reserved FROM ai_usage WHERE "userId" = $1',
      [person.id],
    )
    assert.equal(usage[0]!.reserved, 0)
    assert.ok(usage[0]!.used > 0, 'what was used is counted although nothing of it is left')
  })

  it('is followed by nobody else, whatever tenant they name', async () => {
    const [person, stranger] = [await app.ashlar.person(), await app.ashlar.person()]
    app.models.answer({ pieces: ['Mine.'] })
    const { id } = (await app.ask(person, { query: 'Mine?' })).body
    assert.equal((await elsewhere(stranger, id)).status, 404)
    const made = await app.ashlar.call('POST', '/api/v1/tenants', { token: person.token, json: { name: 'Elsewhere' } })
    const foreign = await app.resume(person, id, undefined, { tenant: made.body.id })
    assert.equal(foreign.status, 404)
  })
})
