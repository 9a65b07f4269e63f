// What the machine knows about a process: whether it lives, since when, and whether it is the postmaster of a directory.
import { spawnSync } from 'node:child_process'
import { readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 5
// Fields of /proc/<pid>/stat counted from the state, which follows the name in brackets.
const START_TIME_FIELD = 19

/**
 * When a process started, as an opaque word, or undefined when it does not run (a zombie does not).
 * A pid together with this word names one process for ever; a pid alone may be given out again.
 */
export function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const stat = readText(`/proc/${pid}/stat`)
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields && fields[0] !== 'Z' && fields[0] !== 'X' ? fields[START_TIME_FIELD] : undefined
  }
  const { stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
  const [, state, since] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout) ?? []
  return since && !state?.startsWith('Z') ? String(Date.parse(since)) : undefined
}

/** Names the set of pids that this process can see: one boot of one machine, one pid namespace (a container has its own). */
export function pidSpace(): string {
  if (process.platform !== 'linux') return hostname().replace(/[^\w.]/g, '_')
  const boot = readText('/proc/sys/kernel/random/boot_id')?.slice(0, 8) ?? 'unknown'
  return `${boot}.${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`
}

/** True when the process is a PostgreSQL server on this directory. A postmaster's working directory is its data directory. */
export function isPostmasterOf(pid: number, directory: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(directory)
  } catch {
    return false
  }
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout.includes('postgres') && stdout.includes(directory)
}

/** Waits until the process is gone, at most `ms` milliseconds, and says whether it is. */
export async function isGoneWithin(pid: number, start: string | undefined, ms: number): Promise<boolean> {
  const deadline = Date.now() + ms
  while (start !== undefined && startOf(pid) === start) {
    if (Date.now() > deadline) return false
    await sleep(POLL_MS)
  }
  return true
}

/** Sends a signal; a process that is already gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
