// Random choices that every run makes alike, so that a failure can be seen again.

export interface Random {
  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number
  /** One of the items. */
  of<T>(items: readonly T[]): T
  /** 0 to `most` of what `make` makes. */
  some<T>(most: number, make: () => T): T[]
}

/** A generator (mulberry32) whose sequence the seed decides. */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    of: (items) => items[below(items.length)]!,
    some: (most, make) => Array.from({ length: below(most + 1) }, make),
  }
}
