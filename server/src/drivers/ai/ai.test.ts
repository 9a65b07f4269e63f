// The providers, against servers that speak their wire protocols and fail as they do.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AiServer, startAiServer } from '../../../test/ai-servers.ts'
import { createLog } from '../telemetry/log.ts'
import { createDirectory, type Directory } from './directory.ts'
import { type Generation, generate, type Piece } from './generate.ts'
import { ProviderFailure } from './provider.ts'

const log = createLog({ level: 'silent', format: 'json' })
const WORDS = ['Grüße', ' aus', ' der', ' 石工', ' 🧱', '👷‍♀️', ' – ', 'fin', '.']

let server: AiServer
let directory: Directory

before(async () => {
  server = await startAiServer()
  const models = undefined
  directory = createDirectory(
    {
      ollama: { url: server.ollama, models, contextTokens: 4_096 },
      openai: { url: server.openai, key: 'sk-tests', models },
    },
    log,
  )
})
after(() => server.close())
beforeEach(() => {
  server.asked.length = 0
  server.answer({ pieces: WORDS })
})

async function* asked(provider: 'ollama' | 'openai', more: Partial<Generation> = {}): AsyncGenerator<Piece> {
  yield* generate({
    model: (await directory.open({ provider, name: 'stone' }))!,
    system: 'Be brief.',
    turns: [{ role: 'user', content: 'Who?' }],
    tools: [],
    first: Promise.resolve(100),
    maxSteps: 4,
    maxCalls: 4,
    beforeStep: async () => ({ maxOutputTokens: 100, useTools: true }),
    signal: new AbortController().signal,
    firstPieceMs: 5_000,
    pieceMs: 5_000,
    ...more,
  })
}

async function all(pieces: AsyncIterable<Piece>): Promise<{ text: string; pieces: Piece[] }> {
  const got: Piece[] = []
  for await (const piece of pieces) got.push(piece)
  return { text: got.map((one) => (one.type === 'text' ? one.text : '')).join(''), pieces: got }
}

for (const provider of ['ollama', 'openai'] as const)
  describe(`a model of ${provider}`, () => {
    it('is asked when it may write, and not at all when it may not', async () => {
      const paid = Promise.withResolvers<number>()
      const answer = all(asked(provider, { first: paid.promise, firstPieceMs: 150 }))
      await sleep(250)
      assert.equal(server.asked.length, 0, 'asked before it was paid for')
      paid.resolve(100)
      assert.equal((await answer).text, WORDS.join(''))
      assert.equal(server.asked.length, 1)
      await assert.rejects(all(asked(provider, { first: Promise.reject(new Error('the budget is used up')) })))
      assert.equal(server.asked.length, 1)
    })

    it('writes the same text however its bytes are cut, in the middle of characters too', async () => {
      server.answer({ pieces: WORDS, cut: true, inputTokens: 11 })
      const { text, pieces } = await all(asked(provider))
      assert.equal(text, WORDS.join(''))
      assert.deepEqual(pieces.at(-1), { type: 'end', reason: 'stop', inputTokens: 11, outputTokens: WORDS.length })
    })

    it('is told the system prompt, the turns and how much it may write', async () => {
      await all(asked(provider, { first: Promise.resolve(3) }))
      const { body, headers } = server.asked[0]!
      assert.deepEqual(body.messages.slice(0, 2), [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Who?' },
      ])
      if (provider === 'ollama') assert.deepEqual(body.options, { num_ctx: 4_096, num_predict: 3 })
      else assert.equal(headers.authorization, 'Bearer sk-tests')
      assert.equal(server.asked[0]!.sent, 3)
    })

    it('says that it ran out of room', async () => {
      const { pieces } = await all(asked(provider, { first: Promise.resolve(3) }))
      assert.equal((pieces.at(-1) as { reason: string }).reason, 'length')
    })

    it('is asked again before its first piece, and not after it', async () => {
      server.answer((_, index) => (index < 2 ? { status: 503 } : { pieces: WORDS }))
      assert.equal((await all(asked(provider))).text, WORDS.join(''))
      assert.equal(server.asked.length, 3)
      for (const how of ['error', 'reset', 'end'] as const) {
        server.asked.length = 0
        server.answer({ pieces: WORDS, after: { pieces: 2, how } })
        let text = ''
        const reading = async () => {
          for await (const piece of asked(provider)) if (piece.type === 'text') text += piece.text
        }
        await assert.rejects(reading, ProviderFailure, how)
        assert.equal(text, WORDS.slice(0, 2).join(''), how)
        assert.equal(server.asked.length, 1, how)
      }
    })

    it('is not asked again where it refuses for good', async () => {
      server.answer({ status: 400 })
      await assert.rejects(all(asked(provider)), { name: 'ProviderFailure', kind: 'refused' })
      assert.equal(server.asked.length, 1)
    })

    it('is not waited for when it falls silent', async () => {
      server.answer({ pieces: WORDS, after: { pieces: 2, how: 'stall' } })
      await assert.rejects(all(asked(provider, { pieceMs: 200 })), { name: 'ProviderFailure', kind: 'stalled' })
      server.answer({ pieces: WORDS, firstMs: 60_000 })
      await assert.rejects(all(asked(provider, { firstPieceMs: 100 })), { name: 'ProviderFailure', kind: 'stalled' })
    })

    it('is waited for while it thinks, and what it thinks is no part of the answer', async () => {
      server.answer({ thoughts: ['Hm', ', a', ' stone', '.'], pieces: WORDS, pieceMs: 150 })
      const { text, pieces } = await all(asked(provider, { firstPieceMs: 400, pieceMs: 400 }))
      assert.equal(text, WORDS.join(''))
      assert.deepEqual(
        pieces.flatMap((one) => (one.type === 'alive' ? [one.text] : [])),
        ['Hm', ', a', ' stone', '.'],
      )
    })

    it('has its request closed when nobody wants the answer any more', async () => {
      server.answer({ pieces: WORDS, pieceMs: 50 })
      for await (const piece of asked(provider)) if (piece.type === 'text') break
      const began = performance.now()
      while (server.asked[0]!.closedAt === undefined && performance.now() - began < 2_000)
        await new Promise((turn) => setTimeout(turn, 5))
      assert.ok(server.asked[0]!.closedAt! - began < 1_000)
    })

    it('calls tools with checked inputs and goes on with what they answer', async () => {
      const ran: unknown[] = []
      const tool = {
        name: 'find_stone',
        description: 'Finds a stone.',
        schema: { type: 'object', properties: { word: { type: 'string' } }, required: ['word'] },
        check: (input: unknown) => typeof (input as { word?: unknown }).word === 'string',
        run: async (input: unknown) => {
          ran.push(input)
          return { found: 'basalt' }
        },
      }
      server.answer((_, index) =>
        index === 0
          ? { calls: [{ name: 'find_stone', input: { word: 'dark' } }] }
          : index === 1
            ? { calls: [{ name: 'find_stone', input: { word: 7 } }] }
            : { pieces: WORDS, inputTokens: 30 },
      )
      const { text, pieces } = await all(asked(provider, { tools: [tool] }))
      assert.equal(text, WORDS.join(''))
      assert.deepEqual(ran, [{ word: 'dark' }])
      assert.equal(server.asked.length, 3)
      assert.match(JSON.stringify(server.asked[1]!.body.messages), /basalt/)
      assert.deepEqual(pieces.at(-1), { type: 'end', reason: 'stop', inputTokens: 44, outputTokens: WORDS.length })
    })

    it('runs so many calls of a step and no more, and has no tools where there is no room for them', async () => {
      let ran = 0
      const tool = {
        name: 'count',
        description: 'Counts.',
        schema: { type: 'object', properties: {} },
        check: () => true,
        run: async () => ++ran,
      }
      const calls = Array.from({ length: 6 }, () => ({ name: 'count', input: {} }))
      server.answer((_, index) => (index < 2 ? { calls } : { pieces: WORDS }))
      let steps = 0
      const beforeStep = async () => ({ maxOutputTokens: 100, useTools: ++steps < 2 })
      assert.equal((await all(asked(provider, { tools: [tool], beforeStep }))).text, WORDS.join(''))
      assert.equal(ran, 8)
      assert.equal(JSON.stringify(server.asked[2]!.body.messages).split('too many calls at once').length - 1, 4)
      const mayCall = server.asked.map(({ body }) => body.tools !== undefined && body.tool_choice !== 'none')
      assert.deepEqual(mayCall, [true, true, false])
    })

    it('follows no redirect', async () => {
      server.answer({ location: `${server.ollama}/elsewhere` })
      await assert.rejects(all(asked(provider)), ProviderFailure)
      assert.ok(server.asked.length > 0 && server.asked.every(({ path }) => path !== '/elsewhere'))
    })
  })

describe('a server that knows another name of the limit only', () => {
  it('is asked with that name after its first refusal, and OpenAI itself from the beginning', async (test) => {
    server.answer(({ body }) =>
      'max_tokens' in body
        ? {
            status: 400,
            refusal: "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
          }
        : { pieces: WORDS },
    )
    const openai = { url: server.openai, key: undefined, models: undefined }
    const own = createDirectory({ ollama: undefined, openai }, log)
    const model = (await own.open({ provider: 'openai', name: 'stone' }))!
    for (let times = 0; times < 2; times++)
      assert.equal((await all(asked('openai', { model, first: Promise.resolve(3) }))).text, WORDS.slice(0, 3).join(''))
    const names = () => server.asked.map(({ body }) => ['max_tokens' in body, 'max_completion_tokens' in body])
    assert.deepEqual(names(), [
      [true, false],
      [false, true],
      [false, true],
    ])
    server.asked.length = 0
    const { fetch } = globalThis
    test.mock.method(globalThis, 'fetch', (url: string, init: RequestInit) =>
      fetch(url.replace('https://api.openai.com/v1', server.openai), init),
    )
    const theirs = { url: 'https://api.openai.com/v1', key: 'sk-tests', models: undefined }
    const there = createDirectory({ ollama: undefined, openai: theirs }, log)
    const opened = (await there.open({ provider: 'openai', name: 'stone' }))!
    assert.equal(
      (await all(asked('openai', { model: opened, first: Promise.resolve(3) }))).text,
      WORDS.slice(0, 3).join(''),
    )
    assert.deepEqual(names(), [[false, true]])
  })
})

describe('the directory of models', () => {
  it('lists the models of every provider with their health, and remembers both', async () => {
    const { models, providers } = await directory.list()
    assert.deepEqual(
      models.map(({ id }) => id),
      ['ollama/stone:latest', 'ollama/granite:8b', 'openai/stone:latest', 'openai/granite:8b'],
    )
    assert.deepEqual(
      providers.map(({ name, healthy }) => [name, healthy]),
      [
        ['ollama', true],
        ['openai', true],
      ],
    )
  })

  it('offers what the operator named, and says what is not there', async () => {
    const ollama = { url: server.ollama, models: ['stone', 'marble'], contextTokens: 4_096 }
    const named = createDirectory({ ollama, openai: undefined }, log)
    const { models } = await named.list()
    assert.deepEqual(
      models.map(({ id, available }) => [id, available]),
      [
        ['ollama/stone', true],
        ['ollama/marble', false],
      ],
    )
    assert.equal((await named.find('stone'))?.id, 'ollama/stone')
    assert.equal((await named.find('ollama/marble'))?.id, 'ollama/marble')
    assert.equal(await named.find('granite:8b'), undefined)
  })

  it('says that a provider does not answer', async () => {
    const dead = createDirectory(
      { ollama: { url: 'http://127.0.0.1:9', models: ['stone'], contextTokens: 1 }, openai: undefined },
      log,
    )
    const { models, providers } = await dead.list()
    assert.equal(models[0]!.available, undefined)
    assert.equal(providers[0]!.healthy, false)
  })

  it('keeps what a provider had last while it does not answer', async (test) => {
    test.mock.timers.enable({ apis: ['Date'], now: Date.now() })
    const own = await startAiServer()
    try {
      const ollama = { url: own.ollama, models: undefined, contextTokens: 1 }
      const passing = createDirectory(
        { ollama, openai: { url: server.openai, key: undefined, models: undefined } },
        log,
      )
      assert.equal((await passing.find('granite:8b'))?.id, 'ollama/granite:8b')
      own.listFails = true
      const health = async () => (await passing.list()).providers[0]!.healthy
      test.mock.timers.tick(61_000)
      while (await health()) await new Promise((turn) => setTimeout(turn, 5))
      assert.deepEqual(await passing.find('granite:8b'), {
        id: 'ollama/granite:8b',
        provider: 'ollama',
        name: 'granite:8b',
        available: undefined,
      })
      assert.deepEqual(
        [await passing.isDoubtful('ollama/marble'), await passing.isDoubtful('openai/marble')],
        [true, false],
      )
    } finally {
      await own.close()
    }
  })
})
