// The bus on PostgreSQL's LISTEN and NOTIFY: a notification is part of its transaction and needs no broker.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { newId } from '../../core/ids.ts'
import { sql, type Tx } from '../database/index.ts'
import type { Bus, Message } from './bus.ts'

const CHANNEL = 'ashlar'
const HEARTBEAT_MS = 5_000

export interface PostgresBusOptions {
  /** A direct connection's URL: a pooler in transaction mode cannot listen. */
  url: string
  log: { warn(facts: object, message: string): void; info(facts: object, message: string): void }
}

interface Envelope {
  from: string
  topic: string
  message: Message
}

/** Opens the listening connection and keeps it open. Resolves when it listens. */
export async function createPostgresBus({ url, log }: PostgresBusOptions): Promise<Bus> {
  const node = newId()
  const handlers = new Map<string, ((message: Message) => void)[]>()
  const gapHandlers: (() => void)[] = []
  let client: pg.Client | undefined
  let listening = false
  let closed = false

  const deliver = (topic: string, message: Message) => {
    for (const handler of handlers.get(topic) ?? []) handler(message)
  }
  const receive = (payload: string | undefined) => {
    const { from, topic, message } = JSON.parse(payload ?? '{}') as Envelope
    // This node has delivered its own messages at commit already.
    if (from !== node && topic) deliver(topic, message)
  }

  async function listen(): Promise<void> {
    const next = new pg.Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      application_name: 'ashlar-bus',
    })
    next.on('notification', ({ payload }) => receive(payload))
    next.on('error', () => lose(next))
    next.on('end', () => lose(next))
    await next.connect()
    await next.query(`LISTEN ${CHANNEL}`)
    client = next
    listening = true
  }

  function lose(lost: pg.Client): void {
    if (closed || lost !== client) return
    client = undefined
    listening = false
    log.warn({}, 'the bus lost its connection; nothing is answered from caches until it is back')
    for (const handler of gapHandlers) handler()
    void relisten()
  }

  async function relisten(): Promise<void> {
    for (let wait = 50; !closed && !listening; wait = Math.min(wait * 2, 2_000)) {
      await sleep(wait)
      await listen().then(
        () => {
          for (const handler of gapHandlers) handler()
          log.info({}, 'the bus listens again')
        },
        () => undefined,
      )
    }
  }

  // A connection that died without a word (a cut cable) is only found by asking.
  const heartbeat = setInterval(() => {
    const asked = client
    if (!asked) return
    const silence = setTimeout(() => lose(asked), HEARTBEAT_MS)
    asked.query('SELECT 1').then(
      () => clearTimeout(silence),
      () => lose(asked),
    )
  }, HEARTBEAT_MS)
  heartbeat.unref()

  await listen()
  return {
    async publish(tx: Tx, topic, message) {
      const envelope: Envelope = { from: node, topic, message }
      await tx.run(sql`SELECT pg_notify(${CHANNEL}, ${JSON.stringify(envelope)})`)
      tx.afterCommit(() => deliver(topic, message))
    },
    subscribe(topic, handler) {
      handlers.set(topic, [...(handlers.get(topic) ?? []), handler])
    },
    onGap: (handler) => void gapHandlers.push(handler),
    connected: () => listening,
    async close() {
      closed = true
      clearInterval(heartbeat)
      await client?.end().catch(() => undefined)
    },
  }
}
