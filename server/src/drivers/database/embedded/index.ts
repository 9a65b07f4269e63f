// The door of the embedded PostgreSQL: a real server on a folder, for a machine that has none.
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { accounts, type Runner, tryRunner } from './account.ts'
import { findBinaries } from './binaries.ts'
import { claimDirectory } from './claim.ts'
import { type Cluster, createCluster, giveTo, readCluster, readPostmasterFile, removeDrafts } from './cluster.ts'
import { trimLog } from './logfile.ts'
import { adopt, connectionUrl, end, launch, type Postmaster, StartFailure } from './postmaster.ts'
import { isPostmasterOf, startOf } from './processes.ts'

export interface EmbeddedLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export interface EmbeddedOptions {
  /** The folder that keeps the data; made when missing. The database is in `pg` below it. */
  dataDir: string
  log: EmbeddedLog
  /** PostgreSQL settings over the launcher's own. With `fsync: 'off'` (tests only) nothing is flushed to disk. */
  settings?: Record<string, string>
}

export interface EmbeddedServer {
  /** Connection URL of the owner, a superuser. It stays the same for the life of this object. */
  readonly url: string
  /** The postmaster's process id; another one after the server had to be started again. */
  readonly pid: number
  /** True when the server was left running by a process that died, and was taken over. */
  readonly adopted: boolean
  /** Ends the server and waits for it: fast shutdown, then harder. May be called more than once. */
  stop(): Promise<void>
}

const OLDEST_MAJOR = 15
const ROOT_HINT =
  '\nPostgreSQL refuses to run as root: let another user pass through the folders (chmod o+x), or start Ashlar as an ordinary user.'
const START_ATTEMPTS = 8
const PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000
const WATCH_MS = 500
const TRIM_MS = 60_000

/**
 * Starts the embedded PostgreSQL on a data directory, or takes over the server that a dead process left on it.
 * While this process lives, a server that dies is started again on the same port. When this process ends, in whatever
 * way, the server shuts down. Throws when another Ashlar process has the directory, or no PostgreSQL can run here.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const dataDir = resolve(options.dataDir)
  prepareFolder(dataDir)
  const claim = await claimDirectory(dataDir)
  try {
    removeDrafts(dataDir)
    const { cluster, runner } = await prepareCluster(dataDir, options)
    const left = await adopt(cluster)
    const server = await supervise(dataDir, cluster, runner, options, left)
    return {
      ...server.facts,
      get pid() {
        return server.current().pid
      },
      stop: once(async () => {
        await server.stop()
        claim.release()
        options.log.info({ dataDir }, 'the embedded PostgreSQL has stopped')
      }),
    }
  } catch (error) {
    claim.release()
    throw error
  }
}

/** Whether a data directory holds a database, running or not. Throws when the folder is something else. */
export function holdsDatabase(dataDir: string): boolean {
  return readCluster(resolve(dataDir)) !== undefined
}

/**
 * The server that some Ashlar process runs on the data directory now, or undefined: for a command that works beside it.
 * It is that process's server, which may end it at any time.
 */
export function findEmbedded(dataDir: string): { url: string; pid: number } | undefined {
  const cluster = readCluster(resolve(dataDir))
  if (!cluster) return undefined
  const told = readPostmasterFile(cluster.directory)
  if (told?.status !== 'ready' || !isPostmasterOf(told.pid, cluster.directory)) return undefined
  return { url: connectionUrl(cluster, told.port), pid: told.pid }
}

/** The database server may run as another user, who must be able to pass through the folder, not to read it. */
function prepareFolder(dataDir: string): void {
  if (mkdirSync(dataDir, { recursive: true, mode: 0o711 }) === undefined) return
  if (statSync(dataDir).mode % 0o1000 !== 0o711) chmodSync(dataDir, 0o711)
}

async function prepareCluster(
  dataDir: string,
  { log, settings }: EmbeddedOptions,
): Promise<{ cluster: Cluster; runner: Runner }> {
  const existing = readCluster(dataDir)
  const runner = await findRunner(dataDir, existing)
  if (!existing) {
    const began = Date.now()
    const cluster = await createCluster(dataDir, runner, settings?.fsync !== 'off')
    log.info({ dataDir, version: runner.version, ms: Date.now() - began }, 'a new embedded database was made')
    return { cluster, runner }
  }
  const { owner } = runner.account
  if (existing.owner.uid !== owner.uid) {
    log.warn({ from: existing.owner.uid, to: owner.uid }, 'the embedded database changes its owner')
    const left = await adopt(existing)
    if (left) await end(left)
    giveTo(existing.directory, owner)
  }
  return { cluster: existing, runner }
}

async function findRunner(dataDir: string, cluster: Cluster | undefined): Promise<Runner> {
  const refused = new Set<string>()
  for (const binaries of findBinaries(dataDir)) {
    for (const account of accounts(cluster?.owner)) {
      const runner = await tryRunner(binaries, account, dataDir)
      if (typeof runner === 'string') refused.add(`${binaries.name} as ${account.name}: ${runner}`)
      else if (cluster && cluster.major !== runner.major)
        refused.add(`${binaries.name} is version ${runner.version}, the data was made by version ${cluster.major}`)
      else if (runner.major < OLDEST_MAJOR) refused.add(`${binaries.name} is version ${runner.version}, too old`)
      else return runner
    }
  }
  throw new Error(
    `No PostgreSQL can be started on ${dataDir} (${process.platform}-${process.arch}). ` +
      'Set DATABASE_URL to a PostgreSQL server, or run npm install without leaving out optional dependencies, ' +
      `or install PostgreSQL ${cluster?.major ?? OLDEST_MAJOR} on this machine.` +
      [...refused].map((line) => `\n  ${line}`).join('') +
      (process.getuid?.() === 0 ? ROOT_HINT : ''),
  )
}

interface Supervised {
  facts: { url: string; adopted: boolean }
  current(): Postmaster
  stop(): Promise<void>
}

/** Keeps a server running on one port until it is stopped. */
async function supervise(
  dataDir: string,
  cluster: Cluster,
  runner: Runner,
  { log, settings }: EmbeddedOptions,
  left: Postmaster | undefined,
): Promise<Supervised> {
  const logFile = join(dataDir, 'pg.log')
  const start = (port?: number) =>
    launch(cluster, runner, {
      logFile,
      port,
      settings,
      onSlow: (seconds) => log.warn({ seconds }, 'the embedded PostgreSQL is still recovering'),
    })
  let current = left ?? (await patiently(start))
  const { port } = current
  log.info({ pid: current.pid, port, adopted: Boolean(left), dataDir }, 'the embedded PostgreSQL is ready')

  let stopping = false
  let revival: Promise<void> | undefined
  const revive = async () => {
    for (let pause = PAUSE_MS; !stopping; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        current = await start(port)
        log.info({ pid: current.pid, port }, 'the embedded PostgreSQL is ready again')
        return
      } catch (error) {
        log.error({ reason: (error as Error).message }, 'the embedded PostgreSQL does not come back yet')
        await sleep(pause)
      }
    }
  }
  const watch = setInterval(() => {
    if (stopping || revival || startOf(current.pid) === current.start) return
    log.error({ pid: current.pid }, 'the embedded PostgreSQL has died and is started again')
    revival = revive().finally(() => {
      revival = undefined
    })
  }, WATCH_MS).unref()
  const trim = setInterval(() => trimLog(logFile), TRIM_MS).unref()

  return {
    facts: { url: connectionUrl(cluster, port), adopted: Boolean(left) },
    current: () => current,
    async stop() {
      stopping = true
      clearInterval(watch)
      clearInterval(trim)
      await revival
      await end(current)
    },
  }
}

/** A first start may lose the race for a port, or find backends that outlive their killed postmaster for a moment. */
async function patiently(start: () => Promise<Postmaster>): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof StartFailure && error.passing) || attempt === START_ATTEMPTS) throw error
      await sleep(PAUSE_MS)
    }
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => (done ??= work())
}
