// Several processes behind one port: WEB_CONCURRENCY of them, replaced when one dies, stopped together.
import cluster from 'node:cluster'
import type { Log } from '../drivers/telemetry/log.ts'
import { UsageError } from './arguments.ts'
import type { LeavingSign } from './leaving.ts'

const RESTART_MS = 1_000

/**
 * Starts the workers and keeps their number. Resolves when all of them have ended after a signal; rejects when every one ended before
 * any listened: another would fare no better, and whoever started us is to know.
 */
export function superviseWorkers(count: number, sign: LeavingSign, log: Log): Promise<void> {
  const replacing = new Set<NodeJS.Timeout>()
  let living = 0
  let missing = 0
  let listened = false
  let stopping = false
  return new Promise((resolve, reject) => {
    const start = () => {
      const worker = cluster.fork()
      living++
      log.info({ worker: worker.id, pid: worker.process.pid }, 'a worker started')
    }
    const replace = () => {
      const timer = setTimeout(() => {
        replacing.delete(timer)
        start()
      }, RESTART_MS)
      replacing.add(timer)
    }
    cluster.on('exit', (worker, code, signal) => {
      living--
      if (stopping) {
        if (living === 0) resolve()
        return
      }
      const facts = { worker: worker.id, exitCode: code, signal }
      if (listened) {
        log.error(facts, 'a worker died; another takes its place')
        replace()
        return
      }
      log.error(facts, 'a worker died before any listened')
      if (++missing === count) reject(new UsageError(gaveUp(count, signal ?? `exit code ${code}`)))
    })
    cluster.on('listening', () => {
      if (stopping) return
      sign.take()
      listened = true
      for (; missing > 0; missing--) replace()
    })
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        stopping = true
        sign.put()
        for (const timer of replacing) clearTimeout(timer)
        for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal)
        if (living === 0) resolve()
      })
    }
    for (let index = 0; index < count; index++) start()
  })
}

function gaveUp(count: number, end: string): string {
  return `None of the ${count} processes came to listen, the last one ended with ${end}: this start is given up. What they said stands above.`
}
