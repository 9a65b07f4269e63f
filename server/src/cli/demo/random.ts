// Random choices that are the same at every run: mulberry32 over a fixed seed.

export interface Random {
  /** 0 ≤ x < 1. */
  next(): number
  /** min ≤ n ≤ max. */
  int(min: number, max: number): number
  pick<T>(from: readonly T[]): T
  /** An id of our form that is the same at every run. */
  id(kind: string): string
}

export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const counts = new Map<string, number>()
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    int,
    pick: (from) => from[int(0, from.length - 1)]!,
    id(kind) {
      const count = (counts.get(kind) ?? 0) + 1
      counts.set(kind, count)
      return `cdemo${kind.slice(0, 8).padEnd(8, '0')}${count.toString(36).padStart(12, '0')}`
    },
  }
}
