// The bus on PostgreSQL's LISTEN and NOTIFY: a notification is part of its transaction and needs no broker.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { sql } from '../database/index.ts'
import type { Bus } from './bus.ts'
import { createHandlers } from './handlers.ts'

const CHANNEL = 'ashlar'
const HEARTBEAT_MS = 5_000

export interface PostgresBusOptions {
  /** A direct connection's URL: a pooler in transaction mode cannot listen. */
  url: string
  log: { warn(facts: object, message: string): void; info(facts: object, message: string): void }
}

/** Opens the listening connection and keeps it open. Resolves when it listens. */
export async function createPostgresBus({ url, log }: PostgresBusOptions): Promise<Bus> {
  const { subscribe, onGap, written, deliver, receive, gap } = createHandlers()
  let client: pg.Client | undefined
  let listening = false
  let closed = false

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
    async publish(tx, topic, message) {
      await tx.run(sql`SELECT pg_notify(${CHANNEL}, ${written(topic, message)})`)
      tx.afterCommit(() => deliver(topic, message))
    },
    tell(topic, message) {
      const text = written(topic, message)
      deliver(topic, message)
      // On the connection that listens: commits of others wait for those that notify, and the pool has better to do.
      client?.query('SELECT pg_notify($1, $2)', [CHANNEL, text]).catch(() => undefined)
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
