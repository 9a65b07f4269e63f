// What every bus does alike: who is told what in this process, and how a message is written.
import { newId } from '../../core/ids.ts'
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
  /** Tells this process what came from elsewhere: its own messages it has heard already. */
  receive(text: string): void
  /** Messages may have been missed. */
  gap(): void
}

export function createHandlers(): Handlers {
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
      return text
    },
    deliver,
    receive(text) {
      const { from, topic, message } = JSON.parse(text) as Envelope
      if (from !== node && topic) deliver(topic, message)
    },
    gap() {
      for (const handler of gapHandlers) handler()
    },
  }
}
