// How busy the machine is, or the part of it that this process was given.
import { statfs } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { dirname, resolve } from 'node:path'

export interface MachineReading {
  /** In percent, over the time since an earlier reading of some seconds ago, or since the machine started. */
  cpu: number
  /** In percent. */
  memory: number
  /** Of the volume that a folder lies on, in percent; null where the system does not say. */
  disk: number | null
}

export interface Machine {
  read(): Promise<MachineReading>
}

/** Shares of processor time are over this long at least, in milliseconds. */
const WINDOW_MS = 5_000

/** `dir` is the folder whose volume counts; it need not be there yet. */
export function createMachine(dir: string): Machine {
  let before = { at: performance.now(), ...processorTime() }
  let cpu: number | undefined

  function busy(): number {
    const now = { at: performance.now(), ...processorTime() }
    if (cpu !== undefined && now.at - before.at < WINDOW_MS) return cpu
    const passed = now.all - before.all
    cpu = passed > 0 ? rounded((now.used - before.used) / passed) : 0
    before = now
    return cpu
  }

  return {
    async read() {
      const limit = process.constrainedMemory()
      const total = limit > 0 && limit < totalmem() ? limit : totalmem()
      return { cpu: busy(), memory: rounded(1 - process.availableMemory() / total), disk: await fullness(dir) }
    },
  }
}

const rounded = (share: number) => Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10

function processorTime(): { used: number; all: number } {
  let used = 0
  let all = 0
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq
    used += busy
    all += busy + times.idle
  }
  return { used, all }
}

async function fullness(dir: string): Promise<number | null> {
  for (let place = resolve(dir); ; place = dirname(place)) {
    try {
      const { blocks, bfree, bavail } = await statfs(place)
      const used = blocks - bfree
      return used + bavail > 0 ? rounded(used / (used + bavail)) : null
    } catch {
      if (place === dirname(place)) return null
    }
  }
}
