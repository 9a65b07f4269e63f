// The bus on PostgreSQL's LISTEN and NOTIFY: a notification is part of its transaction and needs no broker.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { sql } from '../database/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import type { Bus } from './bus.ts'
import { createHandlers } from './handlers.ts'

const CHANNEL = 'ashlar'
const HEARTBEAT_MS = 5_000

export interface PostgresBusOptions {
  /** A direct connection's URL: a pooler in transaction mode cannot listen. */
  url: string
  log: { warn(facts: object, message: string): void; info(facts: object, message: string): void }
  metrics?: Pick<Metrics, 'count'>
}

/** Opens the listening connection and keeps it open. Resolves when it listens. */
export async function createPostgresBus({ url, log, metrics }: PostgresBusOptions): Promise<Bus> {
  const { subscribe, onGap, written, deliver, receive, gap } = createHandlers(metrics)
  let client: pg.Client | undefined
  let listening = false
  let closed = false
  let untold: string[] = []
  let telling = false

  async function listen(): Promise<void> {
    const next = new pg.Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      application_name: 'ashlar-bus',
    })
    next.on('notification', ({ payload }) => receive(payload ?? '{}'))
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
    void lost.end().catch(() => undefined)
    log.warn({}, 'the bus lost its connection; nothing is answered from caches until it is back')
    gap()
    void relisten()
  }

  async function relisten(): Promise<void> {
    for (let wait = 50; !closed && !listening; wait = Math.min(wait * 2, 2_000)) {
      await sleep(wait)
      await listen().then(
        () => {
          gap()
          log.info({}, 'the bus listens again')
        },
        () => undefined,
      )
    }
  }

  let asked = Promise.resolve()
  /** One statement after the other on the listening connection, which is lost when it does not answer. */
  function ask(text: string, values: unknown[] = []): Promise<void> {
    asked = asked.then(async () => {
      const on = client
      if (!on) return
      const silence = setTimeout(() => lose(on), HEARTBEAT_MS)
      await on.query(text, values).catch(() => lose(on))
      clearTimeout(silence)
    })
    return asked
  }

  /** What comes while something is being told is told in one go after it. */
  async function flush(): Promise<void> {
    if (telling) return
    telling = true
    while (untold.length > 0) {
      const texts = untold
      untold = []
      await ask('SELECT pg_notify($1, told) FROM unnest($2::text[]) told', [CHANNEL, texts])
    }
    telling = false
  }

  // A connection that died without a word (a cut cable) is only found by asking.
  const heartbeat = setInterval(() => void ask('SELECT 1'), HEARTBEAT_MS)
  heartbeat.unref()

  await listen()
  return {
    async publish(tx, topic, message) {
      await tx.run(sql`SELECT pg_notify(${CHANNEL}, ${written(topic, message)})`)
      tx.afterCommit(() => deliver(topic, message))
    },
    tell(topic, message) {
      const text = written(topic, message)
      deliver(topic, message)
      if (!client) return
      untold.push(text)
      void flush()
    },
    subscribe,
    onGap,
    connected: () => listening,
    async close() {
      closed = true
      clearInterval(heartbeat)
      await client?.end().catch(() => undefined)
    },
  }
}
