// Ports that cannot be had: a start that fails by them says so, and what it has made is not lost.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createDatabase, type TestDatabase } from '../../test/database.ts'
import { createClient, createFleet, type Fleet, SECRET, signIn } from '../../test/processes.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

describe('a port that cannot be had', () => {
  let database: TestDatabase
  let folder: string
  let holder: Server
  let taken: string
  let fleet: Fleet | undefined
  before(async () => {
    database = await createDatabase()
    folder = await mkdtemp(join(tmpdir(), 'ashlar-ports-'))
    holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    taken = String((holder.address() as AddressInfo).port)
  })
  after(async () => {
    holder?.close()
    await fleet?.stop()
    await database?.drop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  function run(verb: string, more: Record<string, string>) {
    const env = {
      PATH: process.env.PATH,
      ENVIRONMENT: 'test',
      JWT_SECRET: SECRET,
      DATA_DIR: folder,
      DATABASE_URL: database.url,
      DATABASE_ROLE_PREFIX: database.rolePrefix,
      ARGON2_MEMORY_KIB: '1024',
      ADMIN_EMAIL: 'admin@example.com',
      LOG_LEVEL: 'silent',
      HOST: '127.0.0.1',
      PORT: '0',
      ...more,
    }
    return new Promise<{ code: number; out: string; err: string }>((done) => {
      execFile(process.execPath, [MAIN, verb], { env, cwd: folder }, (error, out, err) =>
        done({ code: Number(error?.code ?? 0), out, err }),
      )
    })
  }
  const isTaken = (setting: string) =>
    `${setting} ${taken} on 127.0.0.1 is taken: end the program that has it, or set ${setting} to another port.\n`

  it('leaves the first administrator with the password that was made, shown this once', async () => {
    const { code, out, err } = await run('serve', { PORT: taken })
    assert.deepEqual([code, err], [1, isTaken('PORT')])
    const password = /Sign in as {7}admin@example\.com\n {2}Password {9}((?:\w{4}-){4}\w{4}) /.exec(out)?.[1]
    assert.ok(password, out)
    assert.ok(!out.includes('is ready at'))
    const again = await run('serve', { PORT: taken })
    assert.deepEqual([again.code, again.out, again.err], [1, '', isTaken('PORT')])

    fleet = await createFleet()
    const { url, kill } = await fleet.start({
      DATABASE_URL: database.url,
      DATABASE_ROLE_PREFIX: database.rolePrefix,
    })
    const client = createClient()
    try {
      const { email } = await signIn(client, url, 'admin@example.com', password)
      assert.equal(email, 'admin@example.com')
    } finally {
      client.close()
      kill('SIGKILL')
    }
  })

  const refusals: [string, Record<string, string>, RegExp][] = [
    ['serve', { METRICS_PORT: 'taken' }, /^METRICS_PORT \d+ on 127\.0\.0\.1 is taken: .+ set METRICS_PORT to another/],
    ['worker', { METRICS_PORT: 'taken' }, /^METRICS_PORT \d+ on 127\.0\.0\.1 is taken/],
    ['worker', { WORKER_HEALTH_PORT: 'taken' }, /^WORKER_HEALTH_PORT \d+ on 127\.0\.0\.1 is taken/],
    // Of the addresses that are kept for documents no machine has one.
    ['serve', { HOST: '192.0.2.1' }, /^HOST 192\.0\.2\.1 is no address of this machine: set HOST to one of its/],
  ]
  for (const [verb, settings, sentence] of refusals)
    it(`\`ashlar ${verb}\` names it: ${Object.entries(settings).join().replace(',', '=')}`, async () => {
      const given = Object.entries(settings).map(([name, value]) => [name, value === 'taken' ? taken : value])
      const { code, err } = await run(verb, Object.fromEntries(given))
      assert.equal(code, 1)
      assert.match(err, sentence)
      assert.match(err, /^[^\n]+\n$/, 'a sentence and no stack')
    })
})
