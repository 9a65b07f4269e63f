// Time as a dependency: tests move it, the product reads it. What lives in tables is decided by PostgreSQL's now().

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
}

export const systemClock: Clock = { now: () => Date.now() }

/** Whole seconds since the epoch, as JWT and Retry-After use them. */
export function epochSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000)
}
