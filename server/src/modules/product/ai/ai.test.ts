// Asking language models over HTTP: whole answers and streams, conversations, refusals and settings.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { unique } from '../../../../test/harness.ts'
import { type AiApp, API, startAiApp, until } from './ai.fixture.ts'

let app: AiApp

before(async () => {
  app = await startAiApp()
})
after(() => app.stop())
beforeEach(() => {
  app.models.asked.length = 0
  app.models.answer({ pieces: ['On ', 'Monday', ' 🧱.'] })
})

describe('asking a language model', () => {
  it('answers as a whole, with what it took', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: ['On ', 'Monday', ' 🧱.'], inputTokens: 21 })
    const { status, body } = await app.ask(person, { query: 'When do the masons meet?' })
    assert.equal(status, 200)
    assert.equal(body.content, 'On Monday 🧱.')
    assert.equal(body.state, 'done')
    assert.equal(body.reason, 'stop')
    assert.equal(body.model, 'ollama/stone:latest')
    assert.deepEqual(body.usage, { inputTokens: 21, outputTokens: 3 })
    assert.ok(body.firstTokenMs >= 0 && body.totalMs >= body.firstTokenMs)
    assert.equal(app.models.asked[0]!.body.model, 'stone:latest')
    assert.match(JSON.stringify(app.models.asked[0]!.body.messages), /When do the masons meet\?/)
  })

  it('streams: start, deltas, done, each with a number', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: ['On ', 'Monday', ' 🧱.'], pieceMs: 60 })
    const following = await app.stream(person, { message: 'When do the masons meet?' })
    await following.ended
    const { pieces } = following
    assert.equal(following.text(), 'On Monday 🧱.')
    assert.deepEqual(
      pieces.map(({ id }) => id),
      pieces.map((_, at) => at),
    )
    assert.deepEqual(
      pieces.map(({ event }) => event),
      ['start', 'delta', 'delta', 'delta', 'done'],
    )
    assert.equal(pieces[0]!.data.model, 'ollama/stone:latest')
    assert.deepEqual(pieces.at(-1)!.data, {
      state: 'done',
      reason: 'stop',
      usage: { inputTokens: 7, outputTokens: 3 },
    })
  })

  it('goes on in a conversation, which the model is told', async () => {
    const person = await app.ashlar.person()
    const first = await app.ask(person, { query: 'Who cuts granite?' })
    app.models.answer({ pieces: ['Basalt too.'] })
    const { conversationId } = first.body
    const second = await app.ask(person, { query: 'And else?', conversationId })
    assert.equal(second.body.number, 2)
    const roles = app.models.asked[1]!.body.messages.map(({ role, content }: { role: string; content: string }) => [
      role,
      content,
    ])
    assert.deepEqual(roles.slice(1), [
      ['user', 'Who cuts granite?'],
      ['assistant', 'On Monday 🧱.'],
      ['user', 'And else?'],
    ])
    const { token } = person
    const list = await app.ashlar.call('GET', `${API}/conversations`, { token })
    assert.deepEqual(
      list.body.data.map((one: { title: string; answers: number }) => [one.title, one.answers]),
      [['Who cuts granite?', 2]],
    )
    const history = await app.ashlar.call('GET', `${API}/history?conversationId=${conversationId}`, { token })
    assert.deepEqual(
      history.body.data.map((one: { content: string }) => one.content),
      ['Basalt too.', 'On Monday 🧱.'],
    )
  })

  it('renames and removes conversations, and everything that was said with them', async () => {
    const person = await app.ashlar.person()
    const { token } = person
    const { conversationId, id } = (await app.ask(person, { query: 'One?' })).body
    await app.ask(person, { query: 'Two?' })
    const renamed = await app.ashlar.call('PATCH', `${API}/conversations/${conversationId}`, {
      token,
      json: { title: ' Stones ' },
    })
    assert.equal(renamed.body.title, 'Stones')
    assert.equal((await app.ashlar.call('DELETE', `${API}/conversations/${conversationId}`, { token })).status, 200)
    assert.equal((await app.ashlar.call('GET', `${API}/answers/${id}`, { token })).status, 404)
    const cleared = await app.ashlar.call('POST', `${API}/clear-history`, { token })
    assert.equal(cleared.body.conversations, 1)
    assert.equal((await app.ashlar.call('GET', `${API}/history`, { token })).body.data.length, 0)
    const kept = await app.ashlar.rows(
      'SELECT 1 FROM ai_chunks c JOIN ai_answers a ON a.id = c."answerId" WHERE a."userId" = $1',
      [person.id],
    )
    assert.equal(kept.length, 0)
  })

  it('ends the stream of a conversation that is removed with a last piece', async () => {
    const person = await app.ashlar.person()
    const { token } = person
    app.models.answer({ pieces: ['a', 'b', 'c'], pieceMs: 700 })
    const [following, cleared] = [
      await app.stream(person, { query: 'One?' }),
      await app.stream(person, { query: 'Two?' }),
    ]
    await until(() => following.pieces.length > 1 && cleared.pieces.length > 1)
    const { conversationId } = following.pieces[0]!.data
    assert.equal((await app.ashlar.call('DELETE', `${API}/conversations/${conversationId}`, { token })).status, 200)
    await following.ended
    assert.equal((await app.ashlar.call('POST', `${API}/clear-history`, { token, json: {} })).status, 200)
    await cleared.ended
    for (const { pieces } of [following, cleared]) {
      const last = pieces.at(-1)!
      assert.deepEqual([last.event, last.data.code], ['error', 'ai.conversation_not_found'])
      assert.deepEqual(
        pieces.map(({ id }) => id),
        pieces.map((_, at) => at),
      )
    }
  })

  it('writes the last answer again in the place of the first', async () => {
    const person = await app.ashlar.person()
    const { token } = person
    const first = await app.ask(person, { query: 'Again?' })
    app.models.answer({ pieces: ['Better.'] })
    const path = `${API}/answers/${first.body.id}/regenerate`
    const second = await app.ashlar.call('POST', path, { token, json: { stream: false } })
    assert.equal(second.body.content, 'Better.')
    assert.equal(second.body.question, 'Again?')
    assert.doesNotMatch(app.models.told().slice(app.models.told().lastIndexOf('[{')), /On Monday/)
    const history = await app.ashlar.call('GET', `${API}/history`, { token })
    assert.deepEqual(
      history.body.data.map((one: { content: string }) => one.content),
      ['Better.'],
    )
    assert.equal((await app.ashlar.call('POST', path, { token, json: {} })).body.code, 'ai.not_last')
  })

  it('keeps the answer that there is until another one has taken its place', async () => {
    const person = await app.ashlar.person()
    const { token } = person
    const get = async (path: string) => (await app.ashlar.call('GET', `${API}/${path}`, { token })).body
    const { id, conversationId } = (await app.ask(person, { query: 'Which?' })).body
    const again = (answerId: string) =>
      app.ashlar.call('POST', `${API}/answers/${answerId}/regenerate`, { token, json: { stream: false } })
    const contents = async () => (await get('history')).data.map((one: { content: string }) => one.content)
    app.models.answer({ status: 400 })
    const failed = await again(id)
    assert.deepEqual([failed.status, await contents()], [503, ['On Monday 🧱.']])
    app.models.answer({ pieces: ['Half', ' of'], after: { pieces: 1, how: 'error' } })
    const half = await again(id)
    assert.deepEqual([half.body.content, half.body.state, await contents()], ['Half', 'failed', ['On Monday 🧱.']])
    app.models.asked.length = 0
    app.models.answer({ pieces: ['Next.'] })
    const next = await app.ask(person, { query: 'And then?', conversationId })
    assert.match(app.models.told(), /On Monday/)
    assert.doesNotMatch(app.models.told(), /Half/)
    assert.equal((await again(half.body.id)).body.code, 'ai.not_last')
    app.models.answer({ pieces: ['a', 'b'], firstMs: 300 })
    const [better] = await Promise.all([
      again(next.body.id),
      until(async () => {
        if (app.ashlar.app.ai.writing() === 0) return false
        assert.deepEqual(await contents(), ['Next.', 'On Monday 🧱.'])
        return true
      }),
    ])
    assert.deepEqual([better.body.content, await contents()], ['ab', ['ab', 'On Monday 🧱.']])
    app.models.answer({ status: 400 })
    const { answerId } = (await again(better.body.id)).body
    app.models.answer({ pieces: ['Best.'] })
    assert.equal((await again(answerId)).body.content, 'Best.')
    assert.deepEqual(await contents(), ['Best.', 'On Monday 🧱.'])
  })

  it('writes an answer again as it was asked for, without documents and tools where these were not wanted', async () => {
    const person = await app.ashlar.person()
    const { token } = person
    const json = { title: 'Marl', content: 'Marl crumbles.' }
    assert.equal((await app.ashlar.call('POST', '/api/v1/documents', { token, json })).status, 201)
    let { id } = (await app.ask(person, { query: 'Does marl crumble?', knowledge: false, tools: false })).body
    const again = async (more: object) => {
      app.models.asked.length = 0
      const path = `${API}/answers/${id}/regenerate`
      id = (await app.ashlar.call('POST', path, { token, json: { stream: false, ...more } })).body.id
      return [/Marl crumbles/.test(app.models.told()), app.models.asked[0]!.body.tools !== undefined]
    }
    assert.deepEqual(await again({}), [false, false])
    assert.deepEqual(await again({}), [false, false])
    assert.deepEqual(await again({ knowledge: true }), [true, false])
    assert.deepEqual(await again({ tools: true }), [true, true])
    assert.deepEqual(await again({}), [true, true])
  })

  it('is the same answer again under the same Idempotency-Key, and asks the model once', async () => {
    const person = await app.ashlar.person()
    const headers = { 'idempotency-key': unique('ask') }
    const first = await app.ask(person, { query: 'Once?' }, headers)
    const again = await app.ask(person, { query: 'Once?' }, headers)
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    assert.deepEqual(again.body, first.body)
    const streamed = await app.stream(person, { query: 'Twice?' }, { headers: { 'idempotency-key': unique('ask') } })
    await streamed.ended
    assert.equal(app.models.asked.length, 2)
  })

  it('refuses what is not there, not allowed or not a question', async () => {
    const person = await app.ashlar.person()
    const other = await app.ashlar.person()
    const { conversationId, id } = (await app.ask(other, { query: 'Mine?' })).body
    const refusals: [object, number, string][] = [
      [{}, 422, 'request.invalid'],
      [{ query: '  ' }, 422, 'request.invalid'],
      [{ query: 'a', message: 'b' }, 422, 'request.invalid'],
      [{ query: 'Hi', model: 'marble' }, 422, 'request.invalid'],
      [{ query: 'Hi', conversationId }, 404, 'ai.conversation_not_found'],
      [{ query: 'x'.repeat(32_001) }, 422, 'request.invalid'],
      [{ query: '字'.repeat(20_000) }, 413, 'ai.question_too_long'],
      [{ query: 'Hi', url: 'http://127.0.0.1' }, 422, 'request.invalid'],
    ]
    app.models.asked.length = 0
    for (const [json, status, code] of refusals) {
      const answer = await app.ask(person, json)
      assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(json).slice(0, 80))
    }
    const { token } = person
    for (const [method, path] of [
      ['GET', `answers/${id}`],
      ['GET', `answers/${id}/events`],
      ['POST', `answers/${id}/stop`],
      ['POST', `answers/${id}/regenerate`],
      ['GET', `conversations/${conversationId}`],
      ['DELETE', `conversations/${conversationId}`],
      ['GET', `history?conversationId=${conversationId}`],
    ] as const) {
      const json = method === 'POST' ? { json: {} } : {}
      assert.equal((await app.ashlar.call(method, `${API}/${path}`, { token, ...json })).status, 404, path)
    }
    assert.equal(app.models.asked.length, 0)
    assert.equal((await app.ashlar.call('POST', `${API}/ask`, { json: { query: 'Hi' } })).status, 401)
  })

  it('tells who fails, as a whole and in a stream, and keeps the part that there is', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ status: 400 })
    const refused = await app.ask(person, { query: 'Hi' })
    assert.deepEqual([refused.status, refused.body.code], [503, 'ai.provider_failed'])
    assert.doesNotMatch(refused.text, /does not want/)
    app.models.answer({ pieces: ['One', ' two', ' three'], after: { pieces: 2, how: 'error' } })
    const following = await app.stream(person, { query: 'Hi' })
    await following.ended
    assert.equal(following.text(), 'One two')
    const last = following.pieces.at(-1)!
    assert.deepEqual([last.event, last.data.code, last.data.state], ['error', 'ai.provider_failed', 'failed'])
    const { token } = person
    const { body } = await app.ashlar.call('GET', `${API}/answers/${following.answerId()}`, { token })
    assert.deepEqual([body.content, body.state], ['One two', 'failed'])
  })

  it('records who asked which model, and nothing that was said', async () => {
    const admin = await app.ashlar.admin()
    await app.ask(admin, { query: 'A secret question?' })
    const { token } = admin
    const { body, text } = await app.ashlar.call('GET', '/api/v1/audit-logs?action=ai.ask&limit=1', { token })
    assert.equal(body.data[0].changes.model, 'ollama/stone:latest')
    assert.doesNotMatch(text, /secret question/)
  })

  it('follows what the tenant chose: prompt, model and knowledge', async () => {
    const admin = await app.ashlar.admin()
    const { token } = admin
    const json = { systemPrompt: 'Speak like a mason.', defaultModel: 'granite:8b' }
    assert.equal(
      (await app.ashlar.call('PATCH', `${API}/settings`, { token, json })).body.systemPrompt,
      'Speak like a mason.',
    )
    const { body } = await app.ask(admin, { query: 'Hi' })
    assert.equal(body.model, 'ollama/granite:8b')
    assert.match(app.models.asked[0]!.body.messages[0].content, /Speak like a mason\./)
    const listed = await app.ashlar.call('GET', `${API}/models`, { token })
    assert.equal(listed.body.data.find((one: { default: boolean }) => one.default).id, 'ollama/granite:8b')
    const person = await app.ashlar.person()
    const refused = await app.ashlar.call('PATCH', `${API}/settings`, { token: person.token, json })
    assert.equal(refused.status, 403)
    await app.ashlar.call('PATCH', `${API}/settings`, { token, json: { systemPrompt: null, defaultModel: null } })
  })

  it('keeps what a model wrote as it is, whatever the characters', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: ['\ud83e', '\uddf1 a\0b ', '<script>', '\ud800'] })
    const { body } = await app.ask(person, { query: 'Odd?' })
    assert.equal(body.content, '🧱 ab <script>')
  })

  it('writes two answers at once for one person and one in a conversation', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: ['a', 'b', 'c', 'd'], pieceMs: 300 })
    const one = await app.stream(person, { query: 'One?' })
    await until(() => one.pieces.length > 0)
    const { conversationId } = one.pieces[0]!.data
    assert.equal((await app.ask(person, { query: 'Same?', conversationId })).body.code, 'ai.still_writing')
    const two = await app.stream(person, { query: 'Two?' })
    const third = await app.ask(person, { query: 'Three?' })
    assert.deepEqual([third.status, third.body.code], [429, 'ai.too_many_answers'])
    assert.ok(third.headers.get('retry-after'))
    await Promise.all([one.ended, two.ended])
    assert.equal(one.text() + two.text(), 'abcdabcd')
  })
})
