// The bus on Redis: messages of transactions wait in a table until Redis has taken them, so that none is lost with its process.
import type { RedisOptions } from 'ioredis'
import { newId } from '../../core/ids.ts'
import type { Database } from '../database/index.ts'
import type { Metrics } from '../telemetry/index.ts'
import type { Bus } from './bus.ts'
import { createHandlers } from './handlers.ts'
import * as outbox from './outbox.ts'

export interface RedisBusOptions {
  url: string
  database: Pick<Database, 'global' | 'inGlobal'>
  log: { warn(facts: object, message: string): void; info(facts: object, message: string): void }
  metrics?: Pick<Metrics, 'count'>
}

const CHANNEL = 'ashlar:bus'
/** How often a node says something to itself, through Redis, to know that it would hear others. */
const BEAT_MS = 2_500
/** How often messages are looked for whose process could not say that Redis took them. */
const SWEEP_MS = 1_000
/** How long a start waits for Redis before it goes on without. */
const PATIENCE_MS = 2_000

// A Redis that hangs costs nobody more than this; what could not be told stays in the table.
const SETTINGS: RedisOptions = {
  connectTimeout: 1_000,
  commandTimeout: 500,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  autoResubscribe: false,
  retryStrategy: (attempt) => Math.min(1_000, attempt * 50),
}

/** Connects to Redis and stays connected. Resolves when it listens, or after two seconds without: then it goes on trying. */
export async function createRedisBus({ url, database, log, metrics }: RedisBusOptions): Promise<Bus> {
  const { Redis } = await import('ioredis')
  const { subscribe, onGap, written, deliver, receive, gap } = createHandlers(metrics)
  const ownChannel = `${CHANNEL}:${newId()}`
  const [speaker, listener] = [new Redis(url, SETTINGS), new Redis(url, SETTINGS)]
  let listening = false
  let closed = false
  let heardAt = 0
  let told: string[] = []

  const quiet = () => undefined
  speaker.on('error', quiet)
  listener.on('error', quiet)
  listener.on('close', lose)
  listener.on('ready', () => {
    listener.subscribe(CHANNEL, ownChannel).then(
      () => {
        listening = true
        heardAt = Date.now()
        gap()
        log.info({}, 'the bus listens')
      },
      () => listener.disconnect(true),
    )
  })
  listener.on('message', (channel, text) => {
    if (channel === ownChannel) heardAt = Date.now()
    else receive(text)
  })

  function lose(): void {
    if (closed || !listening) return
    listening = false
    log.warn({}, 'the bus lost its connection; nothing is answered from caches until it is back')
    gap()
  }

  // Either connection may have died without a word: whoever does not hear itself is deaf.
  const heartbeat = setInterval(() => {
    if (!listening) return
    if (Date.now() - heardAt > 2 * BEAT_MS) {
      lose()
      speaker.disconnect(true)
      return listener.disconnect(true)
    }
    speaker.publish(ownChannel, '').catch(quiet)
  }, BEAT_MS)

  let sweeping = false
  const sweep = setInterval(async () => {
    if (sweeping || speaker.status !== 'ready') return
    sweeping = true
    await outbox.sweep(database, (text) => speaker.publish(CHANNEL, text)).catch(quiet)
    sweeping = false
  }, SWEEP_MS)
  heartbeat.unref()
  sweep.unref()

  /** After COMMIT. Whatever fails here, the sweep of some node makes good. */
  async function pass(id: string, text: string): Promise<void> {
    await speaker.publish(CHANNEL, text)
    if (told.push(id) > 1) return
    await new Promise(setImmediate)
    const ids = told
    told = []
    await outbox.remove(database.global, ids)
  }

  const begun = Date.now()
  while (!listening && Date.now() - begun < PATIENCE_MS) await new Promise((wake) => setTimeout(wake, 10))
  if (!listening) log.warn({}, 'Redis does not answer: nothing is answered from caches until it does')
  return {
    async publish(tx, topic, message) {
      const [id, text] = [newId(), written(topic, message)]
      await outbox.add(tx, id, text)
      tx.afterCommit(() => {
        deliver(topic, message)
        pass(id, text).catch(quiet)
      })
    },
    tell(topic, message) {
      const text = written(topic, message)
      deliver(topic, message)
      speaker.publish(CHANNEL, text).catch(quiet)
    },
    subscribe,
    onGap,
    connected: () => listening,
    async close() {
      closed = true
      clearInterval(heartbeat)
      clearInterval(sweep)
      speaker.disconnect()
      listener.disconnect()
    },
  }
}
