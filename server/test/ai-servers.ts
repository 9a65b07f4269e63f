// A server for tests that speaks what Ollama (/api/chat, /api/tags) and OpenAI (/v1/chat/completions, /v1/models) speak, and fails as they do.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { seeded } from './random.ts'

/** What one request is answered with. */
export interface Script {
  /** The text, token by token. */
  pieces?: readonly string[]
  /** Before the first piece, and between two. */
  firstMs?: number
  pieceMs?: number
  /** What it thinks before the first piece, at the pace of pieces. */
  thoughts?: readonly string[]
  /** Calls of tools instead of text. */
  calls?: readonly { name: string; input: unknown }[]
  /** Cuts the bytes at random places, in the middle of characters too. */
  cut?: boolean
  /** Refused before anything is said. */
  status?: number
  refusal?: string
  /** Sent somewhere else. */
  location?: string
  /** How it ends after so many pieces: a line that says so, a lost connection, an early end, or silence. */
  after?: { pieces: number; how: 'error' | 'reset' | 'end' | 'stall' }
  /** Goes on beyond what was asked for. */
  ignoreLimit?: boolean
  /** What it says that the question took. */
  inputTokens?: number
}

export interface Asked {
  path: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into requests of either protocol
  body: any
  headers: IncomingMessage['headers']
  /** How many pieces were sent. */
  sent: number
  /** When the connection was lost before the answer was complete, by performance.now(). */
  closedAt: number | undefined
  done: boolean
}

export interface AiServer {
  /** For OLLAMA_HOST, and for OPENAI_BASE_URL. */
  ollama: string
  openai: string
  /** What was asked, in order. */
  asked: Asked[]
  /** Everything that was sent in messages, of all requests. */
  told(): string
  /** How requests are answered from now on: always the same, or each by itself. */
  answer(script: Script | ((asked: Asked, index: number) => Script)): void
  models: string[]
  /** Whether lists of models are refused. */
  listFails: boolean
  close(): Promise<void>
}

const DEFAULT: Script = { pieces: ['On ', 'Monday', '.'] }

export async function startAiServer({ seed = 1 } = {}): Promise<AiServer> {
  const random = seeded(seed)
  let script: (asked: Asked, index: number) => Script = () => DEFAULT
  const server = createServer((request, response) => {
    response.on('error', () => undefined)
    void handle(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const asked: Asked[] = []

  const self: AiServer = {
    ollama: address,
    openai: `${address}/v1`,
    asked,
    told: () => JSON.stringify(asked.map(({ body }) => body.messages)),
    answer(next) {
      script = typeof next === 'function' ? next : () => next
    },
    models: ['stone:latest', 'granite:8b'],
    listFails: false,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? ''
    if (request.method === 'GET') {
      if (self.listFails) return void response.writeHead(500).end()
      const list =
        path === '/api/tags'
          ? { models: self.models.map((name) => ({ name, model: name, size: 1, digest: 'd' })) }
          : { object: 'list', data: self.models.map((id) => ({ id, object: 'model', owned_by: 'tests' })) }
      return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(list))
    }
    const bytes: Buffer[] = []
    for await (const part of request) bytes.push(part as Buffer)
    const one: Asked = {
      path,
      body: JSON.parse(Buffer.concat(bytes).toString('utf8')),
      headers: request.headers,
      sent: 0,
      closedAt: undefined,
      done: false,
    }
    asked.push(one)
    response.on('close', () => {
      if (!response.writableFinished) one.closedAt = performance.now()
    })
    await play(one, script(one, asked.length - 1), response)
  }

  async function play(one: Asked, what: Script, response: ServerResponse): Promise<void> {
    const wire = one.path === '/api/chat' ? ollamaWire(one.body) : openaiWire(one.body)
    if (what.location !== undefined) {
      response.writeHead(307, { location: what.location }).end()
      return
    }
    if (what.status !== undefined) {
      response
        .writeHead(what.status, { 'content-type': 'application/json' })
        .end(wire.refusal(what.refusal ?? 'It does not want to.'))
      return
    }
    response.writeHead(200, { 'content-type': wire.type })
    const write = async (text: string): Promise<void> => {
      const whole = Buffer.from(text)
      let at = 0
      while (what.cut && at < whole.length - 1) {
        const length = 1 + random.below(Math.min(40, whole.length - at - 1))
        response.write(whole.subarray(at, at + length))
        at += length
        await new Promise((turn) => setImmediate(turn))
      }
      response.write(whole.subarray(at))
    }
    if (what.firstMs) await sleep(what.firstMs)
    for (const thought of what.thoughts ?? []) {
      await write(wire.thought(thought))
      if (what.pieceMs) await sleep(what.pieceMs)
    }
    const limit = what.ignoreLimit ? Number.POSITIVE_INFINITY : wire.limit
    const pieces = what.calls ? [] : (what.pieces ?? [])
    let length = 0
    for (const [at, piece] of pieces.entries()) {
      if (response.destroyed) return
      if (what.after?.pieces === at) return fail(what.after.how)
      if (at >= limit) break
      if (at > 0 && what.pieceMs) await sleep(what.pieceMs)
      await write(wire.piece(piece))
      one.sent = ++length
    }
    if (what.after && what.after.pieces >= pieces.length) return fail(what.after.how)
    for (const [at, call] of (what.calls ?? []).entries()) await write(wire.call(call, at))
    const usage = { input: what.inputTokens ?? 7, output: length }
    const reason = what.calls ? 'calls' : length < pieces.length ? 'length' : 'stop'
    await write(wire.last(reason, usage))
    one.done = true
    response.end()

    async function fail(how: 'error' | 'reset' | 'end' | 'stall'): Promise<void> {
      if (how === 'error') response.end(wire.error('It broke.'))
      if (how === 'end') response.end()
      if (how === 'reset') {
        await sleep(20)
        response.destroy()
      }
    }
  }

  return self
}

interface Wire {
  type: string
  limit: number
  piece(text: string): string
  thought(text: string): string
  call(call: { name: string; input: unknown }, at: number): string
  last(reason: 'stop' | 'length' | 'calls', usage: { input: number; output: number }): string
  error(message: string): string
  refusal(message: string): string
}

// biome-ignore lint/suspicious/noExplicitAny: the request as it came
function ollamaWire(body: any): Wire {
  const line = (value: object) =>
    `${JSON.stringify({ model: body.model, created_at: '2026-11-21T09:30:00Z', ...value })}\n`
  return {
    type: 'application/x-ndjson',
    limit: body.options?.num_predict ?? Number.POSITIVE_INFINITY,
    piece: (content) => line({ message: { role: 'assistant', content }, done: false }),
    thought: (thinking) => line({ message: { role: 'assistant', content: '', thinking }, done: false }),
    call: ({ name, input }) =>
      line({
        message: { role: 'assistant', content: '', tool_calls: [{ function: { name, arguments: input } }] },
        done: false,
      }),
    last: (reason, { input, output }) =>
      line({
        message: { role: 'assistant', content: '' },
        done: true,
        done_reason: reason === 'length' ? 'length' : 'stop',
        total_duration: 1,
        prompt_eval_count: input,
        eval_count: output,
      }),
    error: (error) => `${JSON.stringify({ error })}\n`,
    refusal: (error) => JSON.stringify({ error }),
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the request as it came
function openaiWire(body: any): Wire {
  const event = (value: object) =>
    `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: body.model, ...value })}\n\n`
  const choice = (delta: object, finish_reason: string | null = null) =>
    event({ choices: [{ index: 0, delta, finish_reason }] })
  return {
    type: 'text/event-stream',
    limit: body.max_completion_tokens ?? body.max_tokens ?? Number.POSITIVE_INFINITY,
    piece: (content) => choice({ role: 'assistant', content }),
    thought: (thought) => choice({ role: 'assistant', reasoning_content: thought }),
    call: ({ name, input }, index) => {
      const text = JSON.stringify(input)
      const half = Math.floor(text.length / 2)
      const part = (args: string, more: object = {}) =>
        choice({ tool_calls: [{ index, function: { arguments: args, ...more } }] })
      return (
        choice({
          tool_calls: [{ index, id: `call_${index + 1}`, type: 'function', function: { name, arguments: '' } }],
        }) +
        part(text.slice(0, half)) +
        part(text.slice(half))
      )
    },
    last: (reason, { input, output }) =>
      choice({}, reason === 'calls' ? 'tool_calls' : reason) +
      (body.stream_options?.include_usage
        ? event({
            choices: [],
            usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
          })
        : '') +
      'data: [DONE]\n\n',
    error: (message) => `data: ${JSON.stringify({ error: { message, type: 'server_error' } })}\n\n`,
    refusal: (message) => JSON.stringify({ error: { message, type: 'invalid_request_error' } }),
  }
}
