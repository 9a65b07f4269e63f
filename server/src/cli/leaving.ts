// A file that stands while this node leaves: a proxy on the same machine looks for it and chooses another node.
import { accessSync, constants, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Log } from '../drivers/telemetry/log.ts'
import { UsageError } from './arguments.ts'

export interface LeavingSign {
  /** From now on this node is not to be chosen. */
  put(): void
  /** It is again. */
  take(): void
}

/** The sign at a path; without one, nothing. A stop goes on where the file can no longer be written. */
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

const WORDS: Record<string, string> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'is none',
  EACCES: 'may not be written by this user',
  EROFS: 'may not be written by anybody',
}

/** Why a stop could not put up the sign, and how to mend it; undefined where it could. */
export function signFault(path: string): { says: string; mend: string } | undefined {
  const folder = dirname(resolve(path))
  const mend = 'SHUTDOWN_FILE: Make the folder, writable for the user of the service, or name a file elsewhere.'
  try {
    accessSync(`${folder}/`, constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    return { says: `The folder ${folder} of SHUTDOWN_FILE ${WORDS[code] ?? `cannot be used: ${code}`}.`, mend }
  }
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return undefined
  return { says: `SHUTDOWN_FILE ${path} is a folder.`, mend: 'SHUTDOWN_FILE: Name a file, of each node another.' }
}

/** Throws UsageError where a stop could not put up the sign. */
export function mustTakeSign(path: string | undefined): void {
  const fault = path === undefined ? undefined : signFault(path)
  if (fault) throw new UsageError(`${fault.says}\n${fault.mend}`)
}
