// `ashlar worker` beside a server that works on nothing, as an operator runs them.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createDatabase, type TestDatabase, withClient } from '../../test/database.ts'
import { eventually, freePort } from '../../test/processes.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

describe('ashlar worker', () => {
  let database: TestDatabase
  let folder: string
  const running = new Set<ChildProcess>()
  before(async () => {
    database = await createDatabase()
    folder = await mkdtemp(join(tmpdir(), 'ashlar-worker-'))
  })
  after(async () => {
    for (const child of running) child.kill('SIGKILL')
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  })

  const rows = <R extends object>(text: string): Promise<R[]> =>
    withClient(database.adminUrl, async (client) => (await client.query(text)).rows)

  async function start(verb: string, word: string, more: Record<string, string> = {}) {
    const env = {
      PATH: process.env.PATH,
      ENVIRONMENT: 'test',
      JWT_SECRET: 'a-secret-that-only-the-tests-know-0123456789',
      DATA_DIR: folder,
      DATABASE_URL: database.url,
      DATABASE_ROLE_PREFIX: database.rolePrefix,
      ADMIN_PASSWORD: 'Adm1n-Passw0rd!',
      ARGON2_MEMORY_KIB: '1024',
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'info',
      HOST: '127.0.0.1',
      PORT: '0',
      ...more,
    }
    const child = spawn(process.execPath, [MAIN, verb], { env, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    running.add(child)
    const ended = once(child, 'close').then(([code]) => {
      running.delete(child)
      return code as number
    })
    const one = { child, ended, printed: '' }
    await new Promise<void>((ready, fail) => {
      void ended.then((code) => fail(new Error(`It ended with ${code}:\n${one.printed}`)))
      child.stdout.on('data', (chunk: Buffer) => {
        one.printed += chunk.toString()
        if (one.printed.includes(`"msg":"${word}"`)) ready()
      })
    })
    return one
  }
  const fieldOf = (printed: string, name: string) => new RegExp(`"${name}":"(http[^"]+)"`).exec(printed)?.[1]

  it('takes what a server with WORKER_IN_PROCESS=false leaves, says how it is, and ends in order on SIGTERM', async () => {
    const server = await start('serve', 'listening', { WORKER_IN_PROCESS: 'false' })
    const asked = await fetch(`${fieldOf(server.printed, 'address')}/api/v1/auth/forgot-password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'nobody@example.com' }),
    })
    assert.ok(asked.ok, await asked.text())
    const states = async () =>
      (await rows<{ state: string }>(`SELECT state FROM pgboss.job WHERE name = 'auth.send_link'`)).map(
        ({ state }) => state,
      )
    await new Promise((done) => setTimeout(done, 1_500))
    assert.deepEqual(await states(), ['created'], 'the server leaves it')

    const worker = await start('worker', 'working', { WORKER_HEALTH_PORT: '0', METRICS_PORT: await freePort() })
    assert.ok(await eventually(async () => (await states())[0] === 'completed', 10_000))
    const health = await fetch(fieldOf(worker.printed, 'health')!)
    assert.deepEqual([health.status, await health.json()], [200, { status: 'ok' }])
    const metrics = fieldOf(worker.printed, 'address')!
    assert.match(metrics, /\/metrics$/, 'it serves no API')
    assert.match(
      await (await fetch(metrics)).text(),
      /ashlar_jobs_ended_total\{queue="auth.send_link",outcome="completed"\} 1\n/,
    )
    assert.equal((await fetch(new URL('/api/v1/health', metrics))).status, 404)

    const told = Date.now()
    worker.child.kill('SIGTERM')
    assert.equal(await worker.ended, 0, worker.printed)
    assert.ok(Date.now() - told < 5_000, `${Date.now() - told} ms`)
    assert.match(worker.printed, /"job":"auth\.send_link","completed":1,.*"msg":"jobs were worked on"/)
    assert.match(worker.printed, /"msg":"stopped"/)
    server.child.kill('SIGTERM')
    assert.equal(await server.ended, 0)
  })

  it('gives back at the end of its time what still runs, and says so in the history of the job', async () => {
    // Takes connections and never says a word.
    const silent = createServer((socket) => void socket.resume().on('error', () => undefined)).listen(0, '127.0.0.1')
    silent.unref()
    await once(silent, 'listening')
    const smtp = {
      SMTP_HOST: '127.0.0.1',
      SMTP_PORT: String((silent.address() as AddressInfo).port),
      MAIL_STARTTLS: 'false',
      MAIL_FROM: 'post@example.com',
      ADMIN_EMAIL: 'admin@example.com',
      SHUTDOWN_TIMEOUT: '6',
    }
    const worker = await start('worker', 'working', smtp)
    const server = await start('serve', 'listening', { ...smtp, WORKER_IN_PROCESS: 'false' })
    await fetch(`${fieldOf(server.printed, 'address')}/api/v1/auth/forgot-password`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'admin@example.com' }),
    })
    const mail = async () =>
      (
        await rows<{ state: string; data: { attempts?: { error: string }[] } }>(
          `SELECT state, data FROM pgboss.job WHERE name = 'mail.deliver'`,
        )
      )[0]
    assert.ok(await eventually(async () => (await mail())?.state === 'active', 15_000))
    const told = Date.now()
    worker.child.kill('SIGTERM')
    assert.equal(await worker.ended, 0, worker.printed)
    const ms = Date.now() - told
    assert.ok(ms >= 1_900 && ms < 6_000, `${ms} ms`)
    const kept = await mail()
    assert.deepEqual(
      [kept?.state, kept?.data.attempts?.map(({ error }) => error)],
      ['retry', ['The process ended and gave the job back.']],
    )
    server.child.kill('SIGTERM')
    await server.ended
    silent.close()
  })
})
