// Slices of load in turns: what is compared runs in the same minute, and the slice in the middle counts.
import { type Measured, measure, median, type Request } from './load.ts'
import type { Installation } from './servers.ts'

/** A request to one of the servers; made anew for each slice where a slice uses something up. */
export interface Load {
  server: Installation
  request: Request | (() => Promise<Request>)
  connections?: number
  /** Runs beside the slice, and is not measured. */
  beside?: Load
}

export interface Slices {
  seconds: number
  rounds: number
  /** One slice of the load. */
  one(load: Load, seconds?: number): Promise<Measured>
  /** Both in turns, each warmed up for a second. */
  inTurns(ours: Load, limit: Load): Promise<{ ours: Measured; limit: Measured }>
}

const CONNECTIONS = 32

export function createSlices(postmaster: number, rounds: number, seconds: number): Slices {
  async function one({ server, request, connections = CONNECTIONS, beside }: Load, length = seconds) {
    const made = typeof request === 'function' ? await request() : request
    const other = beside && one(beside, length)
    const measured = await measure(made, { pid: server.pid, postmaster }, { connections, seconds: length })
    await other
    await server.settle()
    return measured
  }
  return {
    seconds,
    rounds,
    one,
    async inTurns(ours, limit) {
      await one(ours, 1)
      await one(limit, 1)
      const slices: { ours: Measured[]; limit: Measured[] } = { ours: [], limit: [] }
      for (let round = 0; round < rounds; round++) {
        slices.ours.push(await one(ours))
        slices.limit.push(await one(limit))
      }
      return { ours: median(slices.ours), limit: median(slices.limit) }
    },
  }
}
