// One PostgreSQL server process: started, found again, tied to the life of this process, ended.
import { spawn } from 'node:child_process'
import { closeSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { commandLine, environment, type Runner } from './account.ts'
import { type Cluster, DATABASE, disownPostmasterFile, OWNER, readPostmasterFile } from './cluster.ts'
import { logSince, logSize, openLog } from './logfile.ts'
import { isGoneWithin, isPostmasterOf, signal, startOf } from './processes.ts'

export interface Postmaster {
  pid: number
  /** The process's start, see `startOf`. */
  start: string | undefined
  port: number
  /** Ends the process that would end this one after us, where there is such a process. */
  untie?: () => void
}

const POLL_MS = 4
const FAST_SHUTDOWN_MS = 20_000
const IMMEDIATE_SHUTDOWN_MS = 5000
const KILL_MS = 5000
const SETTLE_MS = 100
const ANSWER_MS = 3000

/** For a small machine and one application; everything else is PostgreSQL's default. Statements with their values stay out of the log. */
const SETTINGS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  max_connections: '100',
  shared_buffers: '128MB',
  effective_cache_size: '512MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '512MB',
  min_wal_size: '64MB',
  max_worker_processes: '4',
  max_parallel_workers_per_gather: '1',
  autovacuum_max_workers: '2',
  random_page_cost: '1.1',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
}

export function connectionUrl(cluster: Cluster, port: number): string {
  return `postgresql://${OWNER}:${cluster.password}@127.0.0.1:${port}/${DATABASE}`
}

/** Why a server ended before it was ready, with its own words. */
export class StartFailure extends Error {
  /** Another port, or a little time, may help. */
  readonly passing: boolean

  constructor(words: string) {
    super(`The embedded PostgreSQL did not start: ${words}`)
    this.passing = /could not (bind|create any TCP)|pre-existing shared memory|lock file .* already exists/i.test(words)
  }
}

/** Starts a server and waits until it is ready, however long its recovery takes. */
export async function launch(
  cluster: Cluster,
  runner: Runner,
  options: { logFile: string; port?: number; settings?: Record<string, string>; onSlow: (seconds: number) => void },
): Promise<Postmaster> {
  const port = options.port ?? (await freePort())
  // The workers of PostgreSQL 18's asynchronous reads are three more processes, of no use on a small machine.
  const settings = { ...SETTINGS, ...(runner.major >= 18 && { io_method: 'sync' }), ...options.settings, port }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const program = [join(runner.binaries.bin, 'postgres'), '-D', cluster.directory, ...flags]
  const { file, args, identity } = commandLine(runner, 'INT', program)
  const output = openLog(options.logFile)
  const logged = logSize(options.logFile)
  // A session of its own: Ctrl-C in a terminal is for us, who then end the server when its clients are done.
  const child = spawn(file, args, {
    ...identity,
    env: environment(runner.binaries),
    cwd: '/',
    detached: true,
    stdio: ['ignore', output, output],
  })
  child.unref()
  closeSync(output)
  let failure: string | undefined
  child.once('error', (error) => {
    failure = error.message
  })
  child.once('exit', (code, killed) => {
    failure = `${logSince(options.logFile, logged) || 'it wrote nothing'} (${killed ?? `exit code ${code}`})`
  })
  const began = Date.now()
  let told = 0
  while (!isReady(cluster, child.pid)) {
    if (failure !== undefined) throw new StartFailure(failure)
    const seconds = Math.floor((Date.now() - began) / 10_000) * 10
    if (seconds > told) {
      told = seconds
      options.onSlow(seconds)
    }
    await sleep(POLL_MS)
  }
  const pid = child.pid ?? 0
  return { pid, start: startOf(pid), port, untie: runner.setpriv ? undefined : tie(pid, cluster) }
}

function isReady(cluster: Cluster, pid: number | undefined): boolean {
  const told = readPostmasterFile(cluster.directory)
  return told?.pid === pid && told?.status === 'ready'
}

/**
 * Finds a server that a dead process left on the cluster. One that answers to our password is handed back, from now on tied
 * to this process; any other is ended. Undefined means that none runs.
 */
export async function adopt(cluster: Cluster): Promise<Postmaster | undefined> {
  const told = readPostmasterFile(cluster.directory)
  const start = told && startOf(told.pid)
  if (!told || start === undefined) return undefined
  if (!isPostmasterOf(told.pid, cluster.directory)) {
    disownPostmasterFile(cluster.directory)
    return undefined
  }
  const found = { pid: told.pid, start, port: told.port }
  if (told.status === 'ready' && (await answers(connectionUrl(cluster, told.port)))) {
    return { ...found, untie: tie(found.pid, cluster) }
  }
  await end(found)
  return undefined
}

/** True when the server lets us in, and does not throw us out at once because it is shutting down. */
async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS })
  client.on('error', () => {}) // the next query says it
  try {
    await client.connect()
    await sleep(SETTLE_MS)
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** Ends a server: fast shutdown, then immediate shutdown, then SIGKILL. No acknowledged row is lost by any of them. */
export async function end({ pid, start, untie }: Omit<Postmaster, 'port'>): Promise<void> {
  untie?.()
  for (const [name, ms] of [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS],
    ['SIGKILL', KILL_MS],
  ] as const) {
    if (await isGoneWithin(pid, start, 0)) return
    signal(pid, name)
    if (await isGoneWithin(pid, start, ms)) return
  }
  throw new Error(`The embedded PostgreSQL (pid ${pid}) does not end.`)
}

// Waits for the end of its input, which is our end; a line of input means that the server was ended in order.
const WATCH = `trap '' INT TERM HUP; read -r line && exit; read -r pid < "$2" && [ "$pid" = "$1" ] && kill -INT "$1"`

/** Ties the server's life to ours where the kernel does not: a shell waits for our end of a pipe to close. Returns how to undo it. */
function tie(pid: number, cluster: Cluster): () => void {
  const watch = spawn('/bin/sh', ['-c', WATCH, 'sh', String(pid), join(cluster.directory, 'postmaster.pid')], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watch.unref()
  watch.on('error', () => {}) // no shell: the next start adopts what is left
  watch.stdin.on('error', () => {})
  ;(watch.stdin as unknown as { unref(): void }).unref()
  return () => watch.stdin.end('ended\n')
}

/** A TCP port of the loopback interface that nobody listens on. It may be taken a moment later: be ready to ask again. */
function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer()
    probe.once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
