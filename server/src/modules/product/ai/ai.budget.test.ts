// Budgets of tokens: of a person and of a tenant, set aside before a model is asked and settled when it has answered.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { Person } from '../../../../test/harness.ts'
import { type AiApp, API, startAiApp } from './ai.fixture.ts'

const LIMIT = 450
const PIECES = Array.from({ length: 400 }, (_, at) => `w${at} `)

describe('AI-2: budgets', () => {
  let app: AiApp
  before(async () => {
    app = await startAiApp({
      env: { AI_USER_TOKENS_PER_DAY: String(LIMIT), AI_MAX_OUTPUT_TOKENS: '200', AI_ANSWERS_AT_ONCE: '8' },
    })
  })
  after(() => app.stop())
  beforeEach(() => {
    app.models.asked.length = 0
  })

  const ask = (person: Person, more: object = {}) =>
    app.ask(person, { query: 'Go on.', knowledge: false, tools: false, ...more })

  async function usage(person: Person) {
    const rows = await app.ashlar.rows<{ used: number; reserved: number }>(
      'SELECT used::int AS used, reserved::int AS reserved FROM ai_usage WHERE "userId" = $1',
      [person.id],
    )
    return rows[0] ?? { used: 0, reserved: 0 }
  }

  it('an answer ends where the tokens of the day do, also of a model that does not care: no piece too many is told', async () => {
    for (const ignoreLimit of [false, true]) {
      const person = await app.ashlar.person()
      app.models.answer({ pieces: PIECES, ignoreLimit, inputTokens: 60, ...(ignoreLimit && { pieceMs: 1 }) })
      const first = await ask(person)
      assert.equal(first.body.state, 'done')
      const left = (await app.ashlar.call('GET', `${API}/usage`, { token: person.token })).body.ownTokensLeft
      assert.ok(left < 250, String(left))
      const second = await ask(person)
      assert.equal(second.body.state, 'done', second.text)
      assert.equal(second.body.reason, ignoreLimit ? 'budget' : 'length')
      assert.equal(second.body.content.trim().split(' ').length, second.body.usage.outputTokens)
      const { used, reserved } = await usage(person)
      assert.equal(reserved, 0)
      assert.ok(used <= LIMIT, `${used} of ${LIMIT}`)
      const refused = await ask(person)
      assert.deepEqual([refused.status, refused.body.code], [429, 'ai.budget_used_up'])
      const seconds = Number(refused.headers.get('retry-after'))
      assert.ok(seconds > 0 && seconds <= 86_400)
      assert.equal(app.models.asked.length, 2)
      app.models.asked.length = 0
    }
  })

  it('answers at once share what is left, exactly: all of them together are not above it by a piece', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ pieces: PIECES, ignoreLimit: true, pieceMs: 2 })
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(person)))
    const written = answers.filter(({ status }) => status === 200)
    assert.ok(written.length >= 1 && written.length < 8)
    for (const refused of answers.filter(({ status }) => status !== 200))
      assert.equal(refused.body.code, 'ai.budget_used_up')
    const told = written.reduce((sum, { body }) => sum + body.usage.inputTokens + body.usage.outputTokens, 0)
    assert.ok(told <= LIMIT, `${told} of ${LIMIT}`)
    assert.deepEqual(await usage(person), { used: told, reserved: 0 })
    for (const { body } of written) assert.equal(body.content.trim().split(' ').length, body.usage.outputTokens)
  })

  it('a failed answer gives back what was set aside for it', async () => {
    const person = await app.ashlar.person()
    app.models.answer({ status: 400 })
    await ask(person)
    const { used, reserved } = await usage(person)
    assert.equal(reserved, 0)
    assert.ok(used < 80, 'its question only')
  })

  it('a tenant can allow less than the installation, for all of it together, and nobody more', async () => {
    const admin = await app.ashlar.admin()
    const { token } = admin
    const made = await app.ashlar.call('POST', '/api/v1/tenants', { token, json: { name: 'Thrifty' } })
    const headers = { 'x-tenant-id': made.body.id }
    const set = (json: object) => app.ashlar.call('PATCH', `${API}/settings`, { token, headers, json })
    assert.equal((await set({ tenantTokensPerDay: 120, userTokensPerDay: 1_000_000 })).status, 200)
    app.models.answer({ pieces: PIECES, inputTokens: 90 })
    const first = await app.ask(admin, { query: 'Go on.', knowledge: false, tools: false }, headers)
    assert.equal(first.body.reason, 'length')
    const left = await app.ashlar.call('GET', `${API}/usage`, { token, headers })
    assert.ok(left.body.tenantTokensLeft <= 30, left.text)
    assert.ok(left.body.ownTokensLeft <= LIMIT)
    const second = await app.ask(admin, { query: 'Go on.', knowledge: false, tools: false }, headers)
    assert.equal(second.body.code, 'ai.budget_used_up', second.text)
    assert.equal((await set({ tenantTokensPerDay: -1 })).status, 422)
  })

  it('further steps with tools are paid for as well', async () => {
    const person = await app.ashlar.person()
    const call = { calls: [{ name: 'search_documents', input: { query: 'stone' } }] }
    app.models.answer(() => ({ ...call, inputTokens: 50 }))
    const { body } = await app.ask(person, { query: 'Look again and again.', knowledge: false })
    assert.equal(body.reason, 'budget', JSON.stringify(body))
    assert.ok(app.models.asked.length < 4)
    assert.equal((await usage(person)).reserved, 0)
  })
})

describe('AI: the rate of questions', () => {
  it('is counted for each person', async () => {
    const app = await startAiApp({
      env: { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_AI: '2', RATE_LIMIT_AUTH_ENDPOINTS: '100' },
    })
    try {
      const [one, two] = [await app.ashlar.person(), await app.ashlar.person()]
      const ask = (person: Person) => app.ask(person, { query: 'Hi' })
      const answers = [await ask(one), await ask(one), await ask(one), await ask(two)]
      assert.deepEqual(
        answers.map(({ status, body }) => [status, body.code]),
        [
          [200, undefined],
          [200, undefined],
          [429, 'request.limited'],
          [200, undefined],
        ],
      )
      assert.ok(Number(answers[2]!.headers.get('retry-after')) > 0)
    } finally {
      await app.stop()
    }
  })
})

describe('AI: without a provider', () => {
  it('says what to set, and still shows and removes what was said', async () => {
    const app = await startAiApp({ env: { OLLAMA_HOST: '' } })
    try {
      const person = await app.ashlar.person()
      const { token } = person
      const asked = await app.ask(person, { query: 'Hi' })
      assert.deepEqual([asked.status, asked.body.code], [503, 'ai.no_provider'])
      assert.match(asked.body.detail, /OLLAMA_HOST.+OPENAI_API_KEY.+OPENAI_BASE_URL/)
      assert.equal((await app.ashlar.call('GET', `${API}/models`, { token })).status, 503)
      assert.equal((await app.ashlar.call('GET', `${API}/history`, { token })).status, 200)
      assert.equal((await app.ashlar.call('POST', `${API}/clear-history`, { token })).status, 200)
    } finally {
      await app.stop()
    }
  })
})

describe('AI: what is kept', () => {
  it('conversations go when their time is over, by the shorter rule of tenant and installation', async () => {
    const app = await startAiApp({ env: { AI_RETENTION_DAYS: '30' } })
    try {
      const admin = await app.ashlar.admin()
      const ids: string[] = []
      for (const query of ['Old?', 'New?', 'Middle?']) ids.push((await app.ask(admin, { query })).body.conversationId)
      const age = (id: string, days: number) =>
        app.ashlar.rows(`UPDATE ai_conversations SET "updatedAt" = now() - make_interval(days => $2) WHERE id = $1`, [
          id,
          days,
        ])
      await age(ids[0]!, 31)
      await age(ids[2]!, 8)
      assert.equal(await app.ashlar.app.ai.forgetExpired(), 1)
      await app.ashlar.call('PATCH', `${API}/settings`, { token: admin.token, json: { retentionDays: 7 } })
      assert.equal(await app.ashlar.app.ai.forgetExpired(), 1)
      const left = await app.ashlar.rows<{ id: string }>('SELECT id FROM ai_conversations')
      assert.deepEqual(left, [{ id: ids[1]! }])
      await app.ashlar.rows(`UPDATE ai_answers SET "finishedAt" = now() - interval '2 days'`)
      await app.ashlar.app.ai.forgetExpired()
      assert.deepEqual(await app.ashlar.rows('SELECT * FROM ai_chunks'), [])
      const history = await app.ashlar.call('GET', `${API}/history`, { token: admin.token })
      assert.equal(history.body.data[0].content, 'On Monday.')
    } finally {
      await app.stop()
    }
  })

  it('what a dead process wrote is ended by any other, without anybody following it', async () => {
    const app = await startAiApp()
    try {
      const person = await app.ashlar.person()
      const { id } = (await app.ask(person, { query: 'Dead?' })).body
      await app.ashlar.rows(
        `UPDATE ai_answers SET state = 'running', runner = 'nobody', "leaseUntil" = now() - interval '1 second', content = '' WHERE id = $1`,
        [id],
      )
      assert.equal(await app.ashlar.app.ai.endDead(), 1)
      assert.equal(await app.ashlar.app.ai.endDead(), 0)
      const { body } = await app.ashlar.call('GET', `${API}/answers/${id}`, { token: person.token })
      assert.deepEqual([body.state, body.content], ['broken', 'On Monday.'])
    } finally {
      await app.stop()
    }
  })
})

describe('AI: streams of one person', () => {
  it('are counted before a model is asked: what could not be shown is not begun', async () => {
    const app = await startAiApp({ env: { EVENTS_STREAMS_PER_PERSON: '1' } })
    try {
      const person = await app.ashlar.person()
      const first = (await app.ask(person, { query: 'One?' })).body.id
      app.models.answer({ pieces: ['a', 'b'], pieceMs: 1_000 })
      const following = await app.stream(person, { query: 'Two?' })
      const { token } = person
      const refused = [
        await app.ashlar.call('POST', `${API}/ask`, { token, json: { query: 'Three?' } }),
        await app.ashlar.call('POST', `${API}/answers/${first}/regenerate`, { token, json: {} }),
      ]
      for (const { status, body } of refused) assert.deepEqual([status, body.code], [429, 'ai.too_many_streams'])
      assert.equal(app.models.asked.length, 2)
      assert.equal((await app.ashlar.rows('SELECT 1 FROM ai_answers')).length, 2)
      assert.equal((await app.ask(person, { query: 'Whole?' })).status, 200)
      await following.ended
    } finally {
      await app.stop()
    }
  })
})
