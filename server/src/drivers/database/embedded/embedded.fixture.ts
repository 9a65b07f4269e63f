// For the embedded server's tests: folders that go away, processes that start a server and can be killed, and a table of rows.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type EmbeddedServer, startEmbedded } from './index.ts'
import { signal, startOf } from './processes.ts'

export const asRoot = process.getuid?.() === 0
export const NOBODY = { uid: 65534, gid: 65534 }

export const silent = { info() {}, warn() {}, error() {} }

const folders: string[] = []
const pids = new Set<number>()

/** A new folder that others can enter but not read, unless `mode` says otherwise. */
export function folder(mode = 0o711): string {
  const path = mkdtempSync(join(tmpdir(), 'ashlar-embedded-'))
  chmodSync(path, mode)
  folders.push(path)
  return path
}

/** Ends what the tests left running and removes their folders. */
export async function cleanUp(): Promise<void> {
  for (const pid of pids) signal(pid, 'SIGKILL')
  for (const pid of pids) await untilGone(pid)
  for (const path of folders) rmSync(path, { recursive: true, force: true, maxRetries: 5 })
}

export async function start(dataDir: string): Promise<EmbeddedServer> {
  const server = await startEmbedded({ dataDir, log: silent })
  pids.add(server.pid)
  return server
}

export interface Starter {
  process: ChildProcess
  pid: number
  /** What the process told once its server was ready. */
  ready: Promise<{ url: string; pid: number; adopted: boolean }>
}

const SCRIPT = `
const { startEmbedded } = await import(${JSON.stringify(new URL('./index.ts', import.meta.url).href)})
const quiet = { info() {}, warn() {}, error() {} }
try {
  const server = await startEmbedded({ dataDir: process.argv[1], log: quiet })
  console.log(JSON.stringify({ url: server.url, pid: server.pid, adopted: server.adopted }))
  process.stdin.on('end', () => server.stop()).resume()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}`

/** Starts a server from a process of its own, which stops it when its input ends. */
export function startElsewhere(dataDir: string, options: { uid?: number; gid?: number; PATH?: string } = {}): Starter {
  const { PATH = process.env.PATH, ...identity } = options
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, dataDir], {
    ...identity,
    env: { PATH },
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const pid = child.pid ?? assert.fail('the process did not start')
  pids.add(pid)
  const ready = new Promise<{ url: string; pid: number; adopted: boolean }>((done, fail) => {
    let errors = ''
    child.stderr.on('data', (text) => {
      errors += text
    })
    child.stdout.once('data', (text) => {
      const facts = JSON.parse(String(text))
      pids.add(facts.pid)
      done(facts)
    })
    child.once('exit', (code, killed) => fail(new Error(errors || `ended with ${killed ?? code}`)))
  })
  ready.catch(() => {}) // not every test waits for it
  return { process: child, pid, ready }
}

export async function untilGone(pid: number, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms
  while (startOf(pid) !== undefined) {
    if (Date.now() > deadline) assert.fail(`process ${pid} still runs after ${ms} ms`)
    await sleep(10)
  }
}

/** The children of a process whose command line has this text. Linux only. */
export function childrenOf(parent: number, text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
        return ppid === parent && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text)
      } catch {
        return false
      }
    })
}

export async function query<Row extends object>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}

/** Inserts numbers one by one until the server is lost; returns the last number that it acknowledged. */
export async function writeUntilLost(url: string, onAcknowledged: (count: number) => void): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  await client.query('CREATE TABLE IF NOT EXISTS kept (n int PRIMARY KEY)')
  for (let count = 1; ; count++) {
    try {
      await client.query('INSERT INTO kept VALUES ($1)', [count])
    } catch {
      return count - 1
    }
    onAcknowledged(count)
  }
}

/** Asserts that rows 1 to `acknowledged` are all there. */
export async function assertKept(url: string, acknowledged: number): Promise<void> {
  const [row] = await query<{ found: number }>(url, 'SELECT count(*)::int AS found FROM kept WHERE n <= $1', [
    acknowledged,
  ])
  assert.equal(row?.found, acknowledged)
}
