// The server's log file: appended to by PostgreSQL, kept small by us, read when a start fails.
import * as fs from 'node:fs'

const MAX_BYTES = 4 * 1024 * 1024
const TAIL_BYTES = 4096

/** Opens the log for appending. The descriptor goes to the server process; close it afterwards. */
export function openLog(path: string): number {
  trimLog(path)
  return fs.openSync(path, 'a', 0o600)
}

/**
 * Past 4 MiB the log is copied to `<path>.1` and emptied. It is emptied in place: the server holds the file open and writes at its end.
 * Both together stay near 8 MiB.
 */
export function trimLog(path: string): void {
  if (logSize(path) <= MAX_BYTES) return
  fs.copyFileSync(path, `${path}.1`)
  fs.truncateSync(path, 0)
}

export function logSize(path: string): number {
  return fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** What was written since the log had `from` bytes, at most the last 4 KiB. */
export function logSince(path: string, from: number): string {
  const text = fs.readFileSync(path)
  return text
    .subarray(Math.max(from, text.length - TAIL_BYTES))
    .toString('utf8')
    .trim()
}
