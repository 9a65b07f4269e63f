// A client of event streams for tests: what arrived, in order, and when the server closed.
import { setTimeout as sleep } from 'node:timers/promises'

export interface Told {
  id: string
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into payloads of every shape
  data: any
  at: number
}

export interface Listening {
  status: number
  headers: Headers
  /** What was answered instead of a stream. */
  body: string
  /** Everything that came, `ready` and `bye` included. */
  told: Told[]
  /** The events of the product among them. */
  facts(): Told[]
  /** The id from which to go on, as a browser keeps it. */
  lastEventId(): string
  /** How many heartbeats came. */
  beats(): number
  /** Resolves with the first event of that name that came or comes. */
  next(event: string, withinMs?: number): Promise<Told>
  /** Resolves when the server has closed the stream. */
  ended: Promise<void>
  close(): void
}

export interface ListenOptions {
  token: string
  tenant?: string
  lastEventId?: string
  types?: string
}

/** Opens a stream and reads until it ends. Resolves with the answer's head, for a stream after its first block. */
export async function listen(url: string, { token, tenant, lastEventId, types }: ListenOptions): Promise<Listening> {
  const controller = new AbortController()
  const query = types === undefined ? '' : `?types=${encodeURIComponent(types)}`
  const response = await fetch(`${url}/api/v1/events${query}`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(tenant !== undefined && { 'x-tenant-id': tenant }),
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    signal: controller.signal,
  })
  const told: Told[] = []
  let [last, beats, buffer] = ['', 0, '']
  const isStream = response.headers.get('content-type') === 'text/event-stream'

  function take(block: string): void {
    const fields = { id: '', event: '', data: '' }
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^(\w*): ?(.*)$/.exec(line) ?? []
      if (name in fields) fields[name as 'id'] = value
    }
    if (fields.id) last = fields.id
    if (block.startsWith(':')) beats++
    if (fields.event) told.push({ ...fields, data: JSON.parse(fields.data), at: performance.now() })
  }

  async function read(): Promise<void> {
    const decoder = new TextDecoder()
    try {
      for await (const part of response.body!) {
        buffer += decoder.decode(part, { stream: true })
        const blocks = buffer.split('\n\n')
        buffer = blocks.pop()!
        for (const block of blocks) take(block)
      }
    } catch {
      // Cut, by us or by the server.
    }
  }

  const body = isStream ? '' : await response.text()
  const ended = isStream ? read() : Promise.resolve()
  const listening: Listening = {
    status: response.status,
    headers: response.headers,
    body,
    told,
    facts: () => told.filter(({ event }) => event.includes('.')),
    lastEventId: () => last,
    beats: () => beats,
    async next(event, withinMs = 5_000) {
      for (const until = performance.now() + withinMs; performance.now() < until; await sleep(5)) {
        const found = told.find((one) => one.event === event)
        if (found) return found
      }
      throw new Error(`No ${event} came within ${withinMs} ms; there were: ${told.map((one) => one.event).join(' ')}`)
    },
    ended,
    close: () => controller.abort(),
  }
  if (isStream && response.status === 200)
    for (const until = performance.now() + 5_000; told.length === 0 && performance.now() < until; ) await sleep(2)
  return listening
}
