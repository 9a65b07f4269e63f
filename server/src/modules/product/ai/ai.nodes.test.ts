// Answers across processes that are killed: whoever was listening to one goes on at another.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type AiServer, startAiServer } from '../../../../test/ai-servers.ts'
import {
  type Client,
  createClient,
  createFleet,
  type Fleet,
  register,
  type ServerProcess,
  type Somebody,
} from '../../../../test/processes.ts'
import { API, type Following, follow, textOf, until } from './ai.fixture.ts'

const WORDS = Array.from({ length: 120 }, (_, at) => `word${at} 石🧱 `)

describe('AI-2: answers on processes that are killed', () => {
  let fleet: Fleet
  let models: AiServer
  let client: Client
  let person: Somebody
  let writer: ServerProcess
  let reader: ServerProcess
  let third: ServerProcess
  before(async () => {
    models = await startAiServer()
    fleet = await createFleet({ env: { OLLAMA_HOST: models.ollama, AI_ANSWERS_AT_ONCE: '10' } })
    writer = await fleet.start()
    ;[reader, third] = await Promise.all([fleet.start(), fleet.start()])
    client = createClient()
    person = await register(client, writer.url)
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
    await models?.close()
  })

  const ask = (at: ServerProcess) =>
    follow('POST', `${at.url}${API}/ask`, {
      token: person.token,
      json: { query: 'Long?', tools: false, knowledge: false },
    })
  const resume = (at: ServerProcess, id: string, lastId: number): Promise<Following> =>
    follow('GET', `${at.url}${API}/answers/${id}/events`, {
      token: person.token,
      headers: { 'last-event-id': String(lastId) },
    })

  it('kill -9 of the process that serves the client: resumed on another, the text is that of the uncut run', async () => {
    models.answer({ pieces: WORDS, pieceMs: 15, cut: true })
    const first = await ask(writer)
    const id = await until(() => first.answerId())
    await until(() => first.pieces.length > 2)
    first.cut()
    const served = await resume(reader, id, first.lastId())
    await until(() => served.pieces.length > 5)
    reader.kill('SIGKILL')
    await served.ended
    const last = served.lastId()
    const began = performance.now()
    const again = await resume(third, id, last)
    await until(() => again.pieces.length > 0)
    assert.ok(performance.now() - began < 2_000)
    await again.ended
    const all = [...first.pieces, ...served.pieces, ...again.pieces]
    assert.deepEqual(
      all.map((piece) => piece.id),
      all.map((_, at) => at),
    )
    assert.equal(textOf(all), WORDS.join(''))
    assert.equal(all.at(-1)!.event, 'done')
    reader = await fleet.start()
  })

  it('kill -9 of the process that writes it: another tells what there was, says that it broke off, and can write it again', async () => {
    models.answer({ pieces: WORDS, pieceMs: 15 })
    const doomed = await fleet.start()
    const first = await ask(doomed)
    const id = await until(() => first.answerId())
    const listening = await resume(reader, id, 0)
    await until(() => first.pieces.length > 5)
    const began = performance.now()
    doomed.kill('SIGKILL')
    await first.ended
    const resumed = await resume(third, id, first.lastId())
    await Promise.all([resumed.ended, listening.ended])
    assert.ok(performance.now() - began < 12_000, `${performance.now() - began} ms`)
    assert.deepEqual([resumed.pieces.at(-1)!.event, resumed.pieces.at(-1)!.data.code], ['error', 'ai.broken_off'])
    const text = textOf([...first.pieces, ...resumed.pieces])
    assert.ok(text.length > 0 && WORDS.join('').startsWith(text))
    assert.equal(listening.text(), text, 'whoever listened elsewhere has the same')
    const { token } = person
    const kept = await client.call('GET', `${third.url}${API}/answers/${id}`, { token })
    assert.deepEqual([kept.body.content, kept.body.state], [text, 'broken'])
    const [usage] = await fleet.rows<{ reserved: number }>(
      'SELECT reserved::int AS reserved FROM ai_usage WHERE "userId" = $1',
      [person.id],
    )
    assert.equal(usage!.reserved, 0)
    const again = await client.call('POST', `${third.url}${API}/answers/${id}/regenerate`, {
      token,
      json: { stream: false },
    })
    assert.equal(again.body.content, WORDS.join(''))
  })

  it('a process that is asked to stop lets short answers end, and its listeners go on elsewhere', async () => {
    models.answer({ pieces: WORDS.slice(0, 60), pieceMs: 20 })
    const leaving = await fleet.start()
    const first = await ask(leaving)
    const id = await until(() => first.answerId())
    await until(() => first.pieces.length > 2)
    leaving.kill('SIGTERM')
    await first.ended
    const resumed = await resume(third, id, first.lastId())
    await resumed.ended
    assert.equal(textOf([...first.pieces, ...resumed.pieces]), WORDS.slice(0, 60).join(''))
    assert.equal((await leaving.exited).code, 0)
  })
})
