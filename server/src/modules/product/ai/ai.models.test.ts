// Which model answers when providers do not say what they have: the one that was chosen, or none.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type AiServer, startAiServer } from '../../../../test/ai-servers.ts'
import { type AiApp, API, startAiApp } from './ai.fixture.ts'

describe('a model that somebody chose', () => {
  let silent: AiServer
  let other: AiServer
  let app: AiApp

  before(async () => {
    ;[silent, other] = [await startAiServer(), await startAiServer()]
    silent.listFails = true
    const env = { OLLAMA_HOST: silent.ollama, OPENAI_BASE_URL: other.openai, AI_DEFAULT_MODEL: 'ollama/granite:8b' }
    app = await startAiApp({ env })
  })
  after(async () => {
    await app.stop()
    await silent.close()
    await other.close()
  })
  beforeEach(() => {
    silent.asked.length = 0
    other.asked.length = 0
  })
  const notAsked = () => assert.deepEqual([silent.asked.length, other.asked.length], [0, 0])

  it('is not refused as unknown while its provider does not say what it has, and no other answers for it', async () => {
    const person = await app.ashlar.person()
    for (const [model, status, code] of [
      ['ollama/granite:8b', 503, 'ai.model_unavailable'],
      ['granite:8b', 503, 'ai.model_unavailable'],
      ['openai/marble', 422, 'request.invalid'],
    ] as const) {
      const { status: got, body, headers } = await app.ask(person, { query: 'Hi', model })
      assert.deepEqual([got, body.code], [status, code], model)
      if (status === 503) assert.ok(headers.get('retry-after'))
    }
    notAsked()
    assert.equal((await app.ask(person, { query: 'Hi', model: 'openai/stone:latest' })).status, 200)
  })

  it('is waited for where the operator, the tenant or the answer before chose it', async () => {
    const admin = await app.ashlar.admin()
    const { token } = admin
    const operators = await app.ask(admin, { query: 'Hi' })
    assert.deepEqual([operators.status, operators.body.code], [503, 'ai.model_unavailable'])
    const listed = await app.ashlar.call('GET', `${API}/models`, { token })
    assert.ok(!listed.body.data.some((one: { default: boolean }) => one.default), listed.text)
    const settings = (json: object) => app.ashlar.call('PATCH', `${API}/settings`, { token, json })
    assert.equal((await settings({ defaultModel: 'ollama/stone:latest' })).body.code, 'ai.model_unavailable')
    notAsked()
    assert.equal((await settings({ defaultModel: 'openai/stone:latest' })).status, 200)
    const { id, model } = (await app.ask(admin, { query: 'Hi' })).body
    assert.equal(model, 'openai/stone:latest')
    await app.ashlar.rows(`UPDATE ai_answers SET model = 'gone' WHERE id = $1`, [id])
    other.asked.length = 0
    const again = (json: object) =>
      app.ashlar.call('POST', `${API}/answers/${id}/regenerate`, { token, json: { stream: false, ...json } })
    const { status, body } = await again({})
    assert.deepEqual([status, body.code], [503, 'ai.model_unavailable'])
    notAsked()
    assert.equal((await again({ model: 'openai/stone:latest' })).status, 200)
  })
})
