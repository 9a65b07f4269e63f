// What a benchmark runs against: PostgreSQL with durable settings, Ashlar as people run it, and the limit server.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type EmbeddedServer, startEmbedded } from '../server/src/drivers/database/embedded/index.ts'
import type { Script } from '../server/test/ai-servers.ts'

const ROOT = resolve(import.meta.dirname, '..')
/** What `npm start` runs. */
const SERVE: string[] = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  .scripts.start.split(' ')
  .slice(1)
export const JWT_SECRET = 'a-secret-of-the-benchmark-0123456789abcdef'

export interface Installation {
  url: string
  pid: number
  databaseUrl: string
  /** Ends what its database still does for callers who have gone: it would take part in the next slice. */
  settle(): Promise<void>
  stop(): Promise<void>
}

export interface Bench {
  postmaster: number
  /** A database with so many accounts beside the demonstration's, all of the default tenant, and so many other tenants. */
  database(name: string, accounts: number, tenants?: number): Promise<string>
  ashlar(databaseUrl: string, env?: Record<string, string>): Promise<Installation>
  /** Starts and stops Ashlar on its own embedded PostgreSQL in one new folder: seconds to its first answer. */
  embedded(): Promise<() => Promise<number>>
  limit(databaseUrl: string): Promise<Installation>
  /** A bare server that pipes one file into a folder and out of it. */
  pipe(dir: string): Promise<Pick<Installation, 'url' | 'stop'>>
  /** A provider of language models that answers every question alike. */
  provider(script: Script): Promise<Pick<Installation, 'url' | 'stop'>>
  stop(): Promise<void>
}

const quiet = { info() {}, warn() {}, error: (facts: object, message: string) => console.error(message, facts) }

/** Starts PostgreSQL in a temporary folder. */
export async function startBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-bench-'))
  const server: EmbeddedServer = await startEmbedded({
    dataDir: join(folder, 'postgresql'),
    log: quiet,
    settings: { shared_buffers: '512MB' },
  })
  const running: ChildProcess[] = []

  async function start(
    args: readonly string[],
    env: Record<string, string>,
    ready: (line: string) => string | undefined,
  ): Promise<{ child: ChildProcess; url: string }> {
    // To a file, as in production: a parent that reads every line would take part in the race.
    const path = join(folder, `${running.length}.log`)
    const output = openSync(path, 'w')
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', output, output],
    })
    running.push(child)
    for (let waited = 0; waited < 30_000; waited += 50) {
      const url = readFileSync(path, 'utf8').split('\n').map(ready).find(Boolean)
      if (url) return { child, url }
      if (child.exitCode !== null) break
      await sleep(50)
    }
    throw new Error(`${args.join(' ')} did not start:\n${readFileSync(path, 'utf8')}`)
  }

  const environment = (databaseUrl: string) => ({
    DATABASE_URL: databaseUrl,
    DATABASE_ROLE_PREFIX: 'bench',
    DATA_DIR: join(folder, 'data'),
    JWT_SECRET,
    PORT: '0',
    PUBLIC_URL: 'http://localhost:8000',
    RATE_LIMIT_ENABLED: 'false',
    RATE_LIMIT_STORE: 'memory',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'info',
    ENVIRONMENT: 'test',
    ADMIN_PASSWORD: 'Adm1n-Passw0rd!',
    ACCESS_TOKEN_EXPIRE_MINUTES: '600',
  })

  return {
    postmaster: server.pid,
    async database(name, accounts, tenants = 0) {
      const client = new pg.Client({ connectionString: server.url })
      await client.connect()
      await client.query(`CREATE DATABASE ${name}`)
      await client.end()
      const url = new URL(server.url)
      url.pathname = `/${name}`
      const seed = spawn(
        process.execPath,
        [
          join(ROOT, 'server/bin/ashlar.mjs'),
          'seed',
          '--demo',
          '--size',
          String(accounts),
          '--tenants',
          String(tenants),
        ],
        {
          cwd: ROOT,
          env: { PATH: process.env.PATH ?? '', ...environment(url.href) },
          stdio: ['ignore', 'ignore', 'inherit'],
        },
      )
      const [code] = await once(seed, 'exit')
      if (code !== 0) throw new Error(`seeding ${name} ended with ${code}`)
      const vacuum = new pg.Client({ connectionString: url.href })
      await vacuum.connect()
      await vacuum.query('VACUUM ANALYZE')
      await vacuum.query('CHECKPOINT')
      await vacuum.end()
      return url.href
    },
    async ashlar(databaseUrl, env = {}) {
      const settings = { ...environment(databaseUrl), ...env }
      const { child, url } = await start(SERVE, settings, addressIn)
      return { url, pid: child.pid!, databaseUrl, settle: () => settle(databaseUrl), stop: () => end(child) }
    },
    async embedded() {
      const { DATABASE_URL: _, ...own } = environment('')
      const env = { ...own, DATA_DIR: join(folder, 'own') }
      return async () => {
        const begun = performance.now()
        const { child, url } = await start(SERVE, env, addressIn)
        await fetch(`${url}/api/v1/health`)
        const seconds = (performance.now() - begun) / 1000
        await end(child)
        return seconds
      }
    },
    async limit(databaseUrl) {
      const { child, url } = await start(['bench/limit.ts'], { DATABASE_URL: databaseUrl, JWT_SECRET }, portIn)
      return { url, pid: child.pid!, databaseUrl, settle: () => settle(databaseUrl), stop: () => end(child) }
    },
    async pipe(dir) {
      const { child, url } = await start(['bench/pipe.ts'], { PIPE_DIR: dir }, portIn)
      return { url, stop: () => end(child) }
    },
    async provider(script) {
      const { child, url } = await start(['bench/provider.ts'], { SCRIPT: JSON.stringify(script) }, portIn)
      return { url, stop: () => end(child) }
    },
    async stop() {
      await Promise.all(running.map(end))
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The address in the line of the log that says where the server listens. */
function addressIn(line: string): string | undefined {
  return line.startsWith('{') && line.endsWith('}') ? JSON.parse(line).address : undefined
}

function portIn(line: string): string | undefined {
  return line.startsWith('{"port"') && line.endsWith('}') ? `http://127.0.0.1:${JSON.parse(line).port}` : undefined
}

/** The pair of tokens that a sign-in gives; undefined where it was refused. */
export async function tokensOf(
  url: string,
  login: string,
  password: string,
): Promise<{ accessToken: string; refreshToken: string } | undefined> {
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login, password }),
  })
  return response.ok ? ((await response.json()) as { accessToken: string; refreshToken: string }) : undefined
}

export async function signIn(url: string, login: string, password: string): Promise<string> {
  const tokens = await tokensOf(url, login, password)
  if (!tokens) throw new Error(`${login} could not sign in`)
  return tokens.accessToken
}

async function settle(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    for (let quiet = 0; quiet < 3; await sleep(50)) {
      const { rowCount } = await client.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend' AND state = 'active' AND pid <> pg_backend_pid() AND query_start < now() - interval '100 milliseconds'`,
      )
      quiet = rowCount === 0 ? quiet + 1 : 0
    }
  } finally {
    await client.end()
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}
