// What this process answered since it started: requests, failures, how long they took, and bytes over its connections.
import type { Socket } from 'node:net'

export interface MeterReading {
  /** Seconds since the process started. */
  uptime: number
  requests: number
  /** Answers of 500 and above. */
  errors: number
  /** Of an answer lately, in milliseconds. */
  responseTime: number
  /** Bytes a second over all connections, lately. */
  network: number
}

export interface Meter {
  /** A request was answered with this status, in so many milliseconds. */
  answered(status: number, ms: number): void
  /** Counts what goes over a connection. */
  watch(socket: Socket): void
  read(): MeterReading
}

/** Each answer counts for so much of the average: the last hundred or so decide. */
const WEIGHT = 0.02
/** Rates are over this long at least, in milliseconds. */
const WINDOW_MS = 10_000

export function createMeter(): Meter {
  let requests = 0
  let errors = 0
  let average: number | undefined
  let closedBytes = 0
  const open = new Set<Socket>()
  const bytesOf = (socket: Socket) => socket.bytesRead + socket.bytesWritten
  let samples = [{ at: performance.now(), bytes: 0 }]

  function network(): number {
    const now = performance.now()
    let bytes = closedBytes
    for (const socket of open) bytes += bytesOf(socket)
    // The youngest of the samples that are old enough, and those after it, are still of use.
    while (samples[1] && now - samples[1].at >= WINDOW_MS) samples = samples.slice(1)
    const last = samples.at(-1)!
    if (now - last.at >= WINDOW_MS) samples.push({ at: now, bytes })
    const since = samples[0]!
    return now > since.at ? Math.round(((bytes - since.bytes) * 1000) / (now - since.at)) : 0
  }

  return {
    answered(status, ms) {
      requests++
      if (status >= 500) errors++
      average = average === undefined ? ms : average + WEIGHT * (ms - average)
    },
    watch(socket) {
      open.add(socket)
      socket.once('close', () => {
        open.delete(socket)
        closedBytes += bytesOf(socket)
      })
    },
    read: () => ({
      uptime: Math.floor(process.uptime()),
      requests,
      errors,
      responseTime: Math.round((average ?? 0) * 10) / 10,
      network: network(),
    }),
  }
}
