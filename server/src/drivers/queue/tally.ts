// What became of the jobs of this process, kind by kind: one line of the log a minute, and one at the end.
import type { Metrics } from '../telemetry/index.ts'
import type { Log } from '../telemetry/log.ts'

export type Outcome = 'completed' | 'failed' | 'refused' | 'cancelled'

export interface Tally {
  count(job: string, outcome: Outcome, ms: number): void
  stop(): void
}

const EVERY_MS = 60_000

export function createTally(log: Log, metrics: Pick<Metrics, 'count' | 'observe'>): Tally {
  const kinds = new Map<string, Record<Outcome, number> & { totalMs: number; maxMs: number }>()

  function tell(): void {
    for (const [job, { totalMs, maxMs, ...outcomes }] of kinds) {
      const runs = Object.values(outcomes).reduce((sum, count) => sum + count, 0)
      log.info(
        { job, ...outcomes, meanMs: Math.round(totalMs / runs), maxMs: Math.round(maxMs) },
        'jobs were worked on',
      )
    }
    kinds.clear()
  }

  const timer = setInterval(tell, EVERY_MS)
  timer.unref()
  return {
    count(job, outcome, ms) {
      metrics.count('jobsEnded', { queue: job, outcome })
      metrics.observe('jobSeconds', { queue: job }, ms / 1_000)
      const kind = kinds.get(job) ?? { completed: 0, failed: 0, refused: 0, cancelled: 0, totalMs: 0, maxMs: 0 }
      kind[outcome]++
      kind.totalMs += ms
      kind.maxMs = Math.max(kind.maxMs, ms)
      kinds.set(job, kind)
    },
    stop() {
      clearInterval(timer)
      tell()
    },
  }
}
