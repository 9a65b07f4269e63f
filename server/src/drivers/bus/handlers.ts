// What every bus does alike: who is told what in this process, and how a message is written.
import { newId } from '../../core/ids.ts'
import { type Metrics, noMetrics } from '../telemetry/index.ts'
import type { Message } from './bus.ts'

interface Envelope {
  from: string
  topic: string
  message: Message
}

/** PostgreSQL takes 8,000 bytes; what is larger is content and no id. */
const MAX_BYTES = 7_900

export interface Handlers {
  subscribe(topic: string, handler: (message: Message) => void): void
  onGap(handler: () => void): void
  /** The message as it travels. Throws when it is too large. */
  written(topic: string, message: Message): string
  /** Tells this process. */
  deliver(topic: string, message: Message): void
  /** Tells this process what came from elsewhere: its own messages it has heard already. What is no message is left alone. */
  receive(text: string): void
  /** Messages may have been missed. */
  gap(): void
}

export function createHandlers(metrics: Pick<Metrics, 'count'> = noMetrics): Handlers {
  const node = newId()
  const byTopic = new Map<string, ((message: Message) => void)[]>()
  const gapHandlers: (() => void)[] = []

  const deliver = (topic: string, message: Message) => {
    for (const handler of byTopic.get(topic) ?? []) handler(message)
  }
  return {
    subscribe: (topic, handler) => void byTopic.set(topic, [...(byTopic.get(topic) ?? []), handler]),
    onGap: (handler) => void gapHandlers.push(handler),
    written(topic, message) {
      const text = JSON.stringify({ from: node, topic, message } satisfies Envelope)
      const bytes = Buffer.byteLength(text)
      if (bytes > MAX_BYTES)
        throw new Error(`A message on ${topic} has ${bytes} bytes: the bus carries ids, ${MAX_BYTES} bytes at most.`)
      metrics.count('busMessages', { topic, direction: 'sent' })
      return text
    },
    deliver,
    receive(text) {
      const envelope = read(text)
      if (!envelope || envelope.from === node) return
      const { topic, message } = envelope
      // What nobody here knows may be anything.
      metrics.count('busMessages', { topic: byTopic.has(topic) ? topic : 'other', direction: 'received' })
      deliver(topic, message)
    },
    gap() {
      metrics.count('busGaps', {})
      for (const handler of gapHandlers) handler()
    },
  }
}

/** Whoever gets to the database or to Redis can write anything on the channel. */
function read(text: string): Envelope | undefined {
  try {
    const envelope = JSON.parse(text) as Partial<Envelope> | null
    const { topic, message } = envelope ?? {}
    return typeof topic === 'string' && typeof message === 'object' && message ? (envelope as Envelope) : undefined
  } catch {
    return undefined
  }
}
