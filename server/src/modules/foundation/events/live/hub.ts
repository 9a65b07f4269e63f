// The streams of this process: counted, told what happens in their tenants, and asked for their rights again when those may have changed.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { UserActor } from '../../../../core/actor.ts'
import type { Clock } from '../../../../core/clock.ts'
import { Problem } from '../../../../core/errors.ts'
import type { Fact } from '../../../../core/events.ts'
import { createGate } from '../../../../core/gate.ts'
import { ACTORS_CHANGED, EVENTS_PUBLISHED } from '../../../../core/topics.ts'
import type { Bus, Message } from '../../../../drivers/bus/index.ts'
import type { Database } from '../../../../drivers/database/index.ts'
import type { Streaming } from '../../../../drivers/http/index.ts'
import type { Log } from '../../../../drivers/telemetry/log.ts'
import { eventErrors } from '../events.errors.ts'
import * as queries from '../events.queries.ts'
import { Channel } from './channel.ts'
import { EventStream } from './stream.ts'
import { createWheel } from './wheel.ts'

export interface StreamLimits {
  heartbeatMs: number
  /** How long one stream lives at most. */
  lifeMs: number
  perPerson: number
  perProcess: number
}

export interface HubParts {
  database: Pick<Database, 'tenant' | 'acrossTenants'>
  bus: Bus
  clock: Clock
  log: Log
  limits: StreamLimits
  decide(actor: UserActor, fact: Fact): boolean | Promise<boolean>
  /** Orders what nobody has ordered in these tenants. */
  orderRest(tenantIds: string[]): Promise<void>
}

export interface Hub {
  /** Opens a stream for the actor, after the event of that id, or from now on. Throws what refuses it. */
  open(listener: Listener): Promise<void>
  /** How many are open. */
  size(): number
}

export interface Listener {
  actor: UserActor
  streaming: Streaming
  wants(name: string): boolean
  lastEventId: string | undefined
}

const BATCH = 200
/** How many streams ask the database for something at once. */
const AT_ONCE = 4
/** Refusals that say nothing of the listener. */
const PASSING = new Set<string>(['unavailable', 'internal', 'limited'])
/** How often the tables are asked for what no message told of. */
const LOOK_MS = 5_000

export function createHub({ database, bus, clock, log, limits, decide, orderRest }: HubParts): Hub {
  const channels = new Map<string, Channel>()
  const countOf = new Map<string, number>()
  const gate = createGate(AT_ONCE)
  const wheel = createWheel(clock, limits.heartbeatMs)
  let open = 0
  let look: NodeJS.Timeout | undefined

  const read = (tenantId: string, after: number) => queries.listAfter(database.tenant(tenantId), after, BATCH)
  const readMissed = (tenantId: string, after: number) => gate(() => read(tenantId, after))

  bus.subscribe(EVENTS_PUBLISHED, ({ tenantIds }) => {
    // A revocation might not be heard of: the next look asks for everybody's rights first.
    if (!bus.connected()) return
    for (const tenantId of String(tenantIds).split(' ')) void channels.get(tenantId)?.pump()
  })
  bus.subscribe(ACTORS_CHANGED, (message) => doubt(namedBy(message)))
  bus.onGap(() => {
    if (!bus.connected()) return
    for (const stream of everyStream()) recheck(stream)
    void lookAtTables()
  })

  function* everyStream(): Generator<EventStream> {
    for (const { streams } of channels.values()) yield* streams
  }

  function doubt(names: ReadonlySet<string>): void {
    for (const stream of everyStream()) if (stream.isNamedBy(names)) recheck(stream)
  }

  /** Tells the stream nothing any more before its listener was let in once more, by the rights of now. */
  function recheck(stream: EventStream): void {
    stream.doubt()
    if (!stream.isChecking) void check(stream)
  }

  async function check(stream: EventStream): Promise<void> {
    stream.isChecking = true
    for (let doubts = -1; stream.isOpen && stream.doubts !== doubts; ) {
      // Whoever keeps actors in memory hears of the same message first.
      await nextTurn()
      doubts = stream.doubts
      await admitAgain(stream).catch((error: Error) => {
        log.warn({ reason: error.message }, 'an event stream cannot go on yet')
        stream.isUnsure = true
      })
    }
    // In the same turn as the last look at the doubts: none is overlooked.
    stream.isChecking = false
  }

  async function admitAgain(stream: EventStream): Promise<void> {
    const { doubts } = stream
    try {
      const { actor, until } = await gate(() => stream.streaming.readmit())
      if (stream.doubts !== doubts) return
      stream.actor = actor as UserActor
      stream.endsAt = Math.min(until, stream.lifeEndsAt)
      stream.isUnsure = false
      wheel.watch(stream)
    } catch (error) {
      if (!(error instanceof Problem) || PASSING.has(error.kind)) throw error
      return stream.bye(clock.now() < stream.endsAt ? 'revoked' : 'expired')
    }
    await channels.get(stream.actor.tenantId)?.catchUp(stream)
  }

  /** Finds what a lost message did not tell of, and asks again for whoever could not be asked. */
  async function lookAtTables(): Promise<void> {
    if (channels.size === 0) return
    try {
      await orderRest([...channels.keys()])
      for (const { tenantId, seq } of await queries.listHeads(database, [...channels.keys()])) {
        const channel = channels.get(tenantId)
        if (!channel || channel.seq >= seq) continue
        if (!bus.connected()) for (const stream of channel.streams) recheck(stream)
        void channel.pump()
      }
      for (const stream of everyStream()) if (stream.isUnsure) recheck(stream)
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'the events of tenants could not be looked for')
    }
  }

  function channelOf(tenantId: string, at: queries.Place): Channel {
    const known = channels.get(tenantId)
    if (known) return known
    const channel = new Channel({ tenantId, at, read, readMissed, decide, log })
    channels.set(tenantId, channel)
    // What was told between reading where the order ends and now.
    setImmediate(() => void channel.pump())
    return channel
  }

  function count(person: string, by: 1 | -1): void {
    const left = (countOf.get(person) ?? 0) + by
    if (left > 0) countOf.set(person, left)
    else countOf.delete(person)
    open += by
    look ??= setInterval(() => void lookAtTables(), LOOK_MS).unref()
    if (open > 0) return
    clearInterval(look)
    look = undefined
    wheel.stop()
  }

  return {
    async open({ actor, streaming, wants, lastEventId }) {
      const { tenantId } = actor
      const person = actor.impersonatorId ?? actor.userId
      const { head, place } = await queries.findPlace(database.tenant(tenantId), lastEventId)
      // From here on in one turn: two that come at once are both counted.
      if (open >= limits.perProcess) throw eventErrors('events.busy', { retryAfter: 5 })
      if ((countOf.get(person) ?? 0) >= limits.perPerson)
        throw eventErrors('events.too_many_streams', { retryAfter: 5 })
      const channel = channelOf(tenantId, head)
      const stream = new EventStream({
        streaming,
        actor,
        wants,
        at: place ?? head,
        lifeEndsAt: clock.now() + limits.lifeMs,
        onClosed(closed) {
          channel.streams.delete(closed)
          if (channel.streams.size === 0 && channels.get(tenantId) === channel) channels.delete(tenantId)
          wheel.remove(closed)
          count(person, -1)
        },
      })
      count(person, 1)
      channel.streams.add(stream)
      wheel.add(stream)
      stream.open(place ? 'ready' : 'reset')
      // What changed since the caller was let in, and before the stream was known here.
      recheck(stream)
    },
    size: () => open,
  }
}

function namedBy(message: Message): Set<string> {
  return new Set(Object.values(message).map(String))
}
