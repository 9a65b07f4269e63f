// A whole Ashlar for tests: the real app on a real PostgreSQL, spoken to over HTTP.
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, createApp, type Drivers, jobSettings } from '../src/app.ts'
import { mailerOf, openBus, openMetrics } from '../src/cli/runtime.ts'
import { prepareInstallation } from '../src/cli/setup.ts'
import { type Config, ensureSecrets, loadConfig } from '../src/config.ts'
import type { Clock } from '../src/core/clock.ts'
import { type Database, followTime, createDatabase as openDatabase } from '../src/drivers/database/index.ts'
import { type LimitStore, memoryLimitStore } from '../src/drivers/http/index.ts'
import { createJobs, installQueue } from '../src/drivers/queue/index.ts'
import { createTracing } from '../src/drivers/telemetry/index.ts'
import { createLog } from '../src/drivers/telemetry/log.ts'
import { createMigratedDatabase, type TestDatabase, withClient } from './database.ts'

export const ADMIN = { email: 'admin@example.com', password: 'Adm1n-Passw0rd!' }
export const PASSWORD = 'Gr4nite-Quarry!'

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
export interface Answer<B = any> {
  status: number
  headers: Headers
  text: string
  body: B
}

export interface Call {
  token?: string
  json?: unknown
  form?: Record<string, string>
  multipart?: Record<string, string | { bytes: Uint8Array; type: string; name: string }>
  headers?: Record<string, string>
}

export interface Person {
  id: string
  email: string
  username: string
  token: string
  refreshToken: string
}

export interface TestClock extends Clock {
  /** Moves the process's time; PostgreSQL's stays. */
  advance(ms: number): void
}

export interface TestApp {
  url: string
  app: App
  drivers: Drivers
  database: TestDatabase
  clock: TestClock
  call(method: string, path: string, options?: Call): Promise<Answer>
  /** Signs in on the canonical base; throws when it does not work. */
  login(identifier: string, password: string): Promise<Person>
  admin(): Promise<Person>
  /** Registers somebody new. */
  person(name?: string): Promise<Person>
  /** Makes the person's address a confirmed one, as the link in the mail would. */
  confirmAddress(person: Pick<Person, 'id'>): Promise<void>
  /** Rows as the superuser sees them, past every policy. */
  rows<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
  stop(): Promise<void>
}

export interface StartOptions {
  /** Variables over the harness's own, as the environment would give them. */
  env?: Record<string, string>
  /** An existing database: a second process beside the first. It is not dropped by `stop`. */
  database?: TestDatabase
  /** Takes the log's lines, from level info on. */
  onLog?: (line: string) => void
  /** Where requests are counted; in memory by default. */
  limits?: (database: Database) => LimitStore | Promise<LimitStore>
  /** Puts something between the modules and their database. */
  wrap?: (database: Database) => Database
  /** Installs the queue and works on jobs, for tests that wait for what they do. */
  jobs?: boolean
}

let counter = 0

/** A word that no other test of this process uses. */
export function unique(prefix: string): string {
  return `${prefix}${process.pid.toString(36)}${(++counter).toString(36)}`
}

function testConfig(env: Record<string, string>): Config {
  const usual = {
    ENVIRONMENT: 'test',
    JWT_SECRET: 'a-secret-that-only-the-tests-know-0123456789',
    DATA_ENCRYPTION_KEY: Buffer.alloc(32, 'tests').toString('base64'),
    ADMIN_EMAIL: ADMIN.email,
    ADMIN_PASSWORD: ADMIN.password,
    RATE_LIMIT_ENABLED: 'false',
    ARGON2_MEMORY_KIB: '1024',
    LOG_LEVEL: 'silent',
    PUBLIC_URL: 'http://localhost:8000',
    UPLOAD_DIR: join(tmpdir(), 'ashlar-test-uploads'),
  }
  return ensureSecrets(loadConfig({ ...usual, ...env }, { dotenvPath: false, terminal: false }))
}

export async function startApp(options: StartOptions = {}): Promise<TestApp> {
  const { env = {}, database: given, jobs = false, onLog } = options
  const database = given ?? (await createMigratedDatabase())
  const config = testConfig(env)
  const log = onLog
    ? createLog({ level: 'info', format: 'json' }, { write: onLog })
    : createLog({ level: process.env.TEST_LOG ?? config.log.level, format: 'json' })
  const clock = movableClock()
  const drivers = await openDrivers(config, database, { clock, log, limits: options.limits, wrap: options.wrap })
  const app = await createApp(config, drivers, '0.0.0-test')
  await prepareInstallation(app, drivers.database, config)
  if (jobs) {
    await installQueue(database.url, { rolePrefix: database.rolePrefix, jobs: jobSettings })
    await drivers.jobs.start()
  }
  const url = await app.http.listen('127.0.0.1', 0)

  const rows: TestApp['rows'] = (text, values) =>
    withClient(database.adminUrl, async (client) => (await client.query(text, values)).rows)
  const call = (method: string, path: string, options: Call = {}) => send(url + path, method, options)
  const login = async (identifier: string, password: string): Promise<Person> => {
    const answer = await call('POST', '/api/v1/auth/login', { json: { login: identifier, password } })
    if (answer.status !== 200) throw new Error(`sign-in of ${identifier} answered ${answer.status}: ${answer.text}`)
    return personOf(answer)
  }
  return {
    url,
    app,
    drivers,
    database,
    clock,
    call,
    login,
    admin: () => login(ADMIN.email, ADMIN.password),
    async person(name = 'Mason Reed') {
      const answer = await call('POST', '/api/v1/auth/register', {
        json: { email: `${unique('p')}@example.com`, name, password: PASSWORD },
      })
      if (answer.status !== 201) throw new Error(`registration answered ${answer.status}: ${answer.text}`)
      return personOf(answer)
    },
    async confirmAddress({ id }) {
      await rows('UPDATE users SET "emailVerifiedAt" = now(), "firstVerifiedAt" = now() WHERE id = $1', [id])
    },
    rows,
    async stop() {
      await Promise.all([app.http.drain(), app.ai.drain(0)])
      await app.accessLog.settle()
      if (jobs) await drivers.jobs.stop({ graceMs: 1_000 })
      await drivers.limits.close?.()
      await drivers.bus.close()
      drivers.databaseTime.stop()
      await drivers.database.close()
      await drivers.tracing?.close()
      if (!given) await database.drop()
    },
  }
}

async function openDrivers(
  config: Config,
  { appUrl: url, rolePrefix }: TestDatabase,
  given: Pick<Drivers, 'clock' | 'log'> & Pick<StartOptions, 'limits' | 'wrap'>,
): Promise<Drivers> {
  const { clock, log, limits = () => memoryLimitStore(), wrap = (database: Database) => database } = given
  const connection = {
    ...config.database.pool,
    url,
    acrossRole: `${rolePrefix}_across`,
    applicationName: 'ashlar-test',
  }
  const metrics = await openMetrics(config)
  const tracing = await createTracing({ ...config.tracing, version: '0.0.0-test' }, log)
  const { slowMs, echo } = config.database
  const database = wrap(openDatabase({ ...connection, slowMs, echo, tracing }, log, metrics))
  return {
    database,
    bus: await openBus(config, { url, database, log, metrics }),
    jobs: createJobs({ url, database, log, metrics, tracing }),
    mailer: mailerOf(config, log),
    limits: await limits(database),
    clock,
    databaseTime: await followTime(database),
    log,
    metrics,
    tracing,
  }
}

function personOf({ body }: Answer): Person {
  return {
    id: body.user.id,
    email: body.user.email,
    username: body.user.username,
    token: body.accessToken,
    refreshToken: body.refreshToken,
  }
}

function movableClock(): TestClock {
  let offset = 0
  return {
    now: () => Date.now() + offset,
    advance(ms) {
      offset += ms
    },
  }
}

async function send(
  url: string,
  method: string,
  { token, json, form, multipart, headers = {} }: Call,
): Promise<Answer> {
  const sent: Record<string, string> = { ...(token && { authorization: `Bearer ${token}` }), ...headers }
  let body: string | FormData | undefined
  if (json !== undefined) {
    sent['content-type'] ??= 'application/json'
    body = typeof json === 'string' ? json : JSON.stringify(json)
  } else if (form) {
    sent['content-type'] = 'application/x-www-form-urlencoded'
    body = new URLSearchParams(form).toString()
  } else if (multipart) {
    body = new FormData()
    for (const [name, part] of Object.entries(multipart)) {
      if (typeof part === 'string') body.append(name, part)
      else body.append(name, new Blob([Buffer.from(part.bytes)], { type: part.type }), part.name)
    }
  }
  const response = await fetch(url, {
    method,
    headers: sent,
    body: body ?? null,
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    parsed = undefined
  }
  return { status: response.status, headers: response.headers, text, body: parsed }
}
