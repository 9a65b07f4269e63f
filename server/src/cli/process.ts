// How a process of ours ends: in order when it is told to, at once when it is told again or takes too long.
import type { Log } from '../drivers/telemetry/log.ts'

/** A terminal and a service manager tell every process of a group, and the first process tells the others again. */
const SAME_SIGNAL_MS = 500

export interface Ending {
  log: Log
  /** How long the whole end may take. */
  timeoutMs: number
  /** What is said in the log when it begins. */
  words: string
  /** Ends what the process has. */
  end(): Promise<void>
}

/** On SIGTERM, SIGINT and unhandled rejections: ends and exits. */
export function endOnSignals({ log, timeoutMs, words, end }: Ending): void {
  let stoppingSince: number | undefined
  const stop = async (signal: string, exitCode = 0) => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince < SAME_SIGNAL_MS) return
      log.warn({ signal }, 'second signal: leaving at once')
      process.exit(1)
    }
    stoppingSince = performance.now()
    log.info({ signal }, words)
    const hard = setTimeout(() => {
      log.error({}, 'stopping took too long')
      process.exit(1)
    }, timeoutMs)
    await end()
    clearTimeout(hard)
    log.info({}, 'stopped')
    process.exit(exitCode)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
  process.on('unhandledRejection', (reason) => {
    log.fatal(
      { reason: reason instanceof Error ? { message: reason.message, stack: reason.stack } : String(reason) },
      'unhandled rejection',
    )
    void stop('unhandledRejection', 1)
  })
}
