// A file that stands while this node leaves: a proxy on the same machine looks for it and chooses another node.
import { rmSync, writeFileSync } from 'node:fs'
import type { Log } from '../drivers/telemetry/log.ts'

export interface LeavingSign {
  /** From now on this node is not to be chosen. */
  put(): void
  /** It is again. */
  take(): void
}

/** The sign at a path; without one, nothing. Start and stop go on where the file cannot be written or removed. */
export function leavingSign(path: string | undefined, log: Log): LeavingSign {
  if (path === undefined) return { put() {}, take() {} }
  const attempt = (work: () => void, words: string) => {
    try {
      work()
    } catch (error) {
      log.error({ reason: (error as Error).message }, words)
    }
  }
  return {
    put: () =>
      attempt(() => writeFileSync(path, ''), 'SHUTDOWN_FILE cannot be written: proxies are not told of the stop'),
    take: () =>
      attempt(
        () => rmSync(path, { force: true }),
        'SHUTDOWN_FILE cannot be removed: proxies go on choosing other nodes',
      ),
  }
}
