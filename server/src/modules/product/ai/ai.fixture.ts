// What the tests of conversations with language models share: an app with a model, and a client of answers that stream.
import assert from 'node:assert/strict'
import { type AiServer, startAiServer } from '../../../../test/ai-servers.ts'
import { type Answer, type Person, type StartOptions, startApp, type TestApp } from '../../../../test/harness.ts'

export const API = '/api/v1/ai'

export interface Piece {
  id: number
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into pieces of every kind
  data: any
  at: number
}

export interface Following {
  status: number
  /** What was answered instead of a stream. */
  body: string
  pieces: Piece[]
  text(): string
  /** The id of the answer, once it is known. */
  answerId(): string
  lastId(): number
  /** Resolves when the server has closed the stream or it was cut. */
  ended: Promise<void>
  cut(): void
}

export interface FollowOptions {
  token: string
  tenant?: string
  json?: unknown
  headers?: Record<string, string>
  /** Called with every piece as it arrives. */
  onPiece?: (piece: Piece, cut: () => void) => void
}

/** Sends a request and reads its stream; resolves with the head. */
export async function follow(method: 'GET' | 'POST', url: string, options: FollowOptions): Promise<Following> {
  const { token, tenant, json, headers = {}, onPiece } = options
  const controller = new AbortController()
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(tenant !== undefined && { 'x-tenant-id': tenant }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    body: json === undefined ? null : JSON.stringify(json),
    signal: controller.signal,
  })
  const pieces: Piece[] = []
  const isStream = response.headers.get('content-type') === 'text/event-stream'
  const cut = () => controller.abort()

  function take(block: string): void {
    const fields: Record<string, string> = {}
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? []
      fields[name] = value
    }
    if (!fields.event) return
    const piece = {
      id: Number(fields.id),
      event: fields.event,
      data: JSON.parse(fields.data ?? ''),
      at: performance.now(),
    }
    pieces.push(piece)
    onPiece?.(piece, cut)
  }

  async function read(): Promise<void> {
    const decoder = new TextDecoder()
    let rest = ''
    try {
      for await (const part of response.body!) {
        rest += decoder.decode(part, { stream: true })
        const blocks = rest.split('\n\n')
        rest = blocks.pop()!
        for (const block of blocks) if (!controller.signal.aborted) take(block)
      }
    } catch {
      // Cut, by us or by the server.
    }
  }

  return {
    status: response.status,
    body: isStream ? '' : await response.text(),
    pieces,
    text: () => textOf(pieces),
    answerId: () => pieces.find(({ event }) => event === 'start')?.data.id,
    lastId: () => pieces.at(-1)?.id ?? -1,
    ended: isStream ? read() : Promise.resolve(),
    cut,
  }
}

/** The text that pieces make: a start begins it anew. */
export function textOf(pieces: readonly Piece[]): string {
  let text = ''
  for (const { event, data } of pieces) text = event === 'start' ? '' : event === 'delta' ? text + data.text : text
  return text
}

export interface AiApp {
  ashlar: TestApp
  models: AiServer
  ask(person: Pick<Person, 'token'>, json: object, headers?: Record<string, string>): Promise<Answer>
  stream(person: Pick<Person, 'token'>, json: object, more?: Partial<FollowOptions>): Promise<Following>
  resume(
    person: Pick<Person, 'token'>,
    answerId: string,
    lastId?: number,
    more?: Partial<FollowOptions>,
  ): Promise<Following>
  stop(): Promise<void>
}

/** An app whose models are those of a server for tests. */
export async function startAiApp({ env = {}, ...options }: StartOptions = {}): Promise<AiApp> {
  const models = await startAiServer()
  const ashlar = await startApp({ ...options, env: { OLLAMA_HOST: models.ollama, ...env } })
  return {
    ashlar,
    models,
    ask: ({ token }, json, headers) =>
      ashlar.call('POST', `${API}/ask`, { token, json: { stream: false, ...json }, ...(headers && { headers }) }),
    async stream({ token }, json, more) {
      const following = await follow('POST', `${ashlar.url}${API}/ask`, { token, json, ...more })
      assert.equal(following.status, 200, following.body)
      return following
    },
    resume: ({ token }, answerId, lastId, more) =>
      follow('GET', `${ashlar.url}${API}/answers/${answerId}/events`, {
        token,
        ...(lastId !== undefined && { headers: { 'last-event-id': String(lastId) } }),
        ...more,
      }),
    async stop() {
      await ashlar.stop()
      await models.close()
    },
  }
}

/** Waits until something is so. */
export async function until<T>(look: () => T | Promise<T>, withinMs = 5_000): Promise<NonNullable<T>> {
  for (const end = performance.now() + withinMs; ; await new Promise((turn) => setTimeout(turn, 10))) {
    const found = await look()
    if (found) return found
    if (performance.now() > end) throw new Error(`It did not become so within ${withinMs} ms.`)
  }
}
