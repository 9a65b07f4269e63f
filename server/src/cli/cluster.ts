// Several processes behind one port: WEB_CONCURRENCY of them, replaced when one dies, stopped together.
import cluster from 'node:cluster'
import type { Log } from '../drivers/telemetry/log.ts'

const RESTART_MS = 1_000

/** Starts the workers and keeps their number. Resolves when all of them have ended after a signal. */
export function superviseWorkers(count: number, log: Log): Promise<void> {
  let stopping = false
  return new Promise((resolve) => {
    const start = () => {
      const worker = cluster.fork()
      log.info({ worker: worker.id, pid: worker.process.pid }, 'a worker started')
    }
    cluster.on('exit', (worker, code, signal) => {
      if (stopping) {
        if (Object.keys(cluster.workers ?? {}).length === 0) resolve()
        return
      }
      log.error({ worker: worker.id, code, signal }, 'a worker died; another takes its place')
      setTimeout(() => {
        if (!stopping) start()
      }, RESTART_MS)
    })
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        stopping = true
        for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill(signal)
      })
    }
    for (let index = 0; index < count; index++) start()
  })
}
