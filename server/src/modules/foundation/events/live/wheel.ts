// One timer for all streams: each gets its heartbeat in turn, and ends when its time is over.
import type { Clock } from '../../../../core/clock.ts'
import type { EventStream } from './stream.ts'

export interface Wheel {
  add(stream: EventStream): void
  remove(stream: EventStream): void
  /** Has the stream looked at soon: its end has moved. */
  watch(stream: EventStream): void
  stop(): void
}

const TICK_MS = 1_000

export function createWheel(clock: Clock, heartbeatMs: number): Wheel {
  const spokes = Array.from({ length: Math.max(1, Math.round(heartbeatMs / TICK_MS)) }, () => new Set<EventStream>())
  // Those whose end comes before their next heartbeat.
  const ending = new Set<EventStream>()
  let at = 0

  function watch(stream: EventStream): void {
    if (stream.endsAt <= clock.now() + spokes.length * TICK_MS) ending.add(stream)
  }

  function tick(): void {
    at = (at + 1) % spokes.length
    for (const stream of spokes[at]!) {
      watch(stream)
      stream.beat()
    }
    const now = clock.now()
    for (const stream of ending) {
      if (stream.endsAt > now) continue
      ending.delete(stream)
      stream.bye('expired')
    }
  }

  let timer: NodeJS.Timeout | undefined
  return {
    add(stream) {
      // The fullest spoke comes last, so that no tick has much more to do than another.
      const spoke = spokes.reduce((fewest, one) => (one.size < fewest.size ? one : fewest))
      spoke.add(stream)
      watch(stream)
      timer ??= setInterval(tick, TICK_MS).unref()
    },
    remove(stream) {
      ending.delete(stream)
      for (const spoke of spokes) if (spoke.delete(stream)) return
    },
    watch,
    stop() {
      clearInterval(timer)
      timer = undefined
    },
  }
}
