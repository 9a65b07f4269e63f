// Time as a dependency: tests move it, the product reads it. What lives in tables is decided by PostgreSQL's now().

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

/** How far the clocks of nodes and of the database may be apart: what was signed on one is judged by another. */
export const CLOCK_TOLERANCE_MS = 5_000

export const systemClock: Clock = { now: () => Date.now() }

/**
 * How far another clock is ahead, in milliseconds, negative where it is behind. It was read at some moment between `sent` and `received`
 * of this one: only what none of those moments explains counts.
 */
export function skewOf(other: number, { sent, received }: { sent: number; received: number }): number {
  return Math.min(0, other - sent) + Math.max(0, other - received)
}
