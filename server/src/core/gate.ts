// Lets so much through at once; the rest waits its turn.

/** A function that runs work, never more than `width` at once, first come first served. */
export function createGate(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (work) => {
    if (running >= width) await new Promise<void>((go) => waiting.push(go))
    else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}

/** A gate for each key, for as long as somebody is at it. */
export function createGates(width: number): <T>(key: string, work: () => Promise<T>) => Promise<T> {
  const gates = new Map<string, { gate: ReturnType<typeof createGate>; present: number }>()
  return async (key, work) => {
    const one = gates.get(key) ?? { gate: createGate(width), present: 0 }
    gates.set(key, one)
    one.present++
    try {
      return await one.gate(work)
    } finally {
      one.present--
      if (one.present === 0) gates.delete(key)
    }
  }
}
