// Whole server processes for tests: started as an operator starts them, spoken to over keep-alive connections, and killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createDatabase, type TestDatabase, withClient } from './database.ts'
import { ADMIN, PASSWORD, unique } from './harness.ts'

/** The proofs run at their full size with TEST_SIZE=full, else at one that suits every run of the tests. */
export const FULL_SIZE = process.env.TEST_SIZE === 'full'

const PROGRAM = fileURLToPath(new URL('../bin/ashlar.mjs', import.meta.url))
// On a machine with much else to do the start of a process takes as long as that leaves it.
const START_MS = 90_000

/** What the servers of a fleet sign with, and in whose name: with it a test makes tokens of its own. */
export const SECRET = 'a-secret-that-only-the-tests-know-0123456789'
export const PUBLIC_URL = 'http://localhost:8000'

export type LogLine = Record<string, unknown>

export interface ServerProcess {
  pid: number
  url: string
  /** From the start of the process to the first connection that it accepts. */
  startMs: number
  /** What it has logged so far. */
  lines: LogLine[]
  /** Resolves when the process has ended. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  kill(signal: NodeJS.Signals): void
}

export interface Fleet {
  database: TestDatabase
  /** Starts one more process over the same database, and waits until it answers. */
  start(env?: Record<string, string>): Promise<ServerProcess>
  /** Rows as the superuser sees them, past every policy. */
  rows<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
  /** Ends what still runs and drops the database. */
  stop(): Promise<void>
}

export interface FleetOptions {
  /** Variables over the fleet's own, as the environment would give them. */
  env?: Record<string, string>
  /** Superuser's URL of another server than the tests' own. */
  server?: string
}

/** A fresh database for processes that do not run yet. */
export async function createFleet({ env = {}, server }: FleetOptions = {}): Promise<Fleet> {
  const database = await createDatabase({ server })
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-processes-'))
  const running = new Set<ServerProcess>()
  const variables = {
    PATH: process.env.PATH,
    ENVIRONMENT: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    PUBLIC_URL,
    DATA_DIR: folder,
    DATABASE_URL: database.url,
    DATABASE_ROLE_PREFIX: database.rolePrefix,
    JWT_SECRET: SECRET,
    DATA_ENCRYPTION_KEY: Buffer.alloc(32, 'tests').toString('base64'),
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    RATE_LIMIT_ENABLED: 'false',
    ARGON2_MEMORY_KIB: '1024',
    LOG_LEVEL: 'info',
    LOG_FORMAT: 'json',
    ...env,
  }
  return {
    database,
    async start(more = {}) {
      const started = await startProcess({ ...variables, ...more }, folder)
      running.add(started)
      void started.exited.then(() => running.delete(started))
      return started
    },
    rows: (text, values) => withClient(database.adminUrl, async (client) => (await client.query(text, values)).rows),
    async stop() {
      for (const one of running) one.kill('SIGKILL')
      await Promise.all([...running].map((one) => one.exited))
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startProcess(env: Record<string, string | undefined>, cwd: string): Promise<ServerProcess> {
  const began = performance.now()
  const child = spawn(process.execPath, [PROGRAM, 'serve'], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )
  const lines: LogLine[] = []
  try {
    const url = await addressOf(child, lines)
    return {
      pid: child.pid!,
      url,
      startMs: performance.now() - began,
      lines,
      exited,
      kill: (signal) => void child.kill(signal),
    }
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** Collects the log and resolves with the address once the process listens. */
function addressOf(child: ChildProcess, lines: LogLine[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let words = ''
    const late = setTimeout(() => reject(new Error(`The server does not listen. ${words}`)), START_MS)
    child.stderr!.on('data', (text) => {
      words += text
    })
    child.once('exit', (code, signal) => {
      clearTimeout(late)
      reject(new Error(`The server ended with ${signal ?? code}. ${words}`))
    })
    createInterface({ input: child.stdout! }).on('line', (text) => {
      const line = parsed(text)
      if (!line) return
      lines.push(line)
      if (line.msg === 'listening') {
        clearTimeout(late)
        resolve(String(line.address))
      }
    })
  })
}

/** A port of this machine that nobody has now, as a setting. */
export async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return String(port)
}

function parsed(text: string): LogLine | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any
  ms: number
}

export interface Client {
  /** Resolves with an answer; rejects when there is none (reset, refused, `timeoutMs`). */
  call(method: string, url: string, options?: ClientCall): Promise<Reply>
  close(): void
}

export interface ClientCall {
  token?: string
  json?: unknown
  headers?: Record<string, string>
  timeoutMs?: number
  /** Throws the answer away as it arrives, as a network that fails at that moment does. */
  drop?: boolean
}

/** A client with keep-alive connections of its own that repeats nothing by itself and honours `Connection: close`. */
export function createClient({ connections = 16 } = {}): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return {
    call: (method, url, options = {}) => send(agent, method, url, options),
    close: () => agent.destroy(),
  }
}

function send(agent: Agent, method: string, url: string, call: ClientCall): Promise<Reply> {
  const { token, json, headers = {}, timeoutMs = 15_000, drop = false } = call
  const body = json === undefined ? undefined : JSON.stringify(json)
  const options: RequestOptions = {
    method,
    agent,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
  }
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const outgoing = request(url, options, (incoming) => {
      if (drop) {
        outgoing.destroy(new Error('the answer was dropped'))
        return
      }
      let text = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (part) => {
        text += part
      })
      incoming.on('error', reject)
      incoming.on('end', () => {
        clearTimeout(late)
        const ms = performance.now() - began
        resolve({ status: incoming.statusCode!, headers: incoming.headers, text, body: parsed(text), ms })
      })
    })
    const late = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    outgoing.on('error', (error) => {
      clearTimeout(late)
      reject(Object.assign(error, { onReusedConnection: outgoing.reusedSocket }))
    })
    outgoing.end(body)
  })
}

export interface Somebody {
  id: string
  email: string
  username: string
  password: string
  token: string
  refreshToken: string
}

/** Signs in; throws when that does not work. */
export async function signIn(client: Client, url: string, email: string, password: string): Promise<Somebody> {
  return somebodyOf(await client.call('POST', `${url}/api/v1/auth/login`, { json: { email, password } }), password)
}

export function signInAsAdmin(client: Client, url: string): Promise<Somebody> {
  return signIn(client, url, ADMIN.email, ADMIN.password)
}

/** Registers somebody new. */
export async function register(client: Client, url: string): Promise<Somebody> {
  const json = { email: `${unique('p')}@example.com`, name: 'Mason Reed', password: PASSWORD }
  return somebodyOf(await client.call('POST', `${url}/api/v1/auth/register`, { json }), PASSWORD)
}

function somebodyOf({ status, text, body }: Reply, password: string): Somebody {
  if (status !== 200 && status !== 201) throw new Error(`signing in answered ${status}: ${text}`)
  const { id, email, username } = body.user
  return { id, email, username, password, token: body.accessToken, refreshToken: body.refreshToken }
}

/** Asks until `works` answers true; false when it does not within the time. */
export async function eventually(works: () => Promise<boolean>, withinMs: number, everyMs = 20): Promise<boolean> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await sleep(everyMs)) {
    if (await works().catch(() => false)) return true
  }
  return false
}

/** The value below which the given part of the numbers lies. */
export function percentile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}
