// `ashlar serve`, run as a terminal runs it: how it ends.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createMigratedDatabase, type TestDatabase } from '../../test/database.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

describe('ashlar serve', () => {
  let database: TestDatabase
  let folder: string
  let child: ChildProcess | undefined
  before(async () => {
    database = await createMigratedDatabase()
    folder = await mkdtemp(join(tmpdir(), 'ashlar-serve-'))
  })
  after(async () => {
    child?.kill('SIGKILL')
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  })

  it('one Ctrl-C that arrives twice, from the terminal and from a parent, is an orderly stop', async () => {
    const env = {
      PATH: process.env.PATH,
      ENVIRONMENT: 'test',
      JWT_SECRET: 'a-secret-that-only-the-tests-know-0123456789',
      DATA_DIR: folder,
      DATABASE_URL: database.url,
      DATABASE_APP_URL: database.appUrl,
      DATABASE_ROLE_PREFIX: database.rolePrefix,
      ADMIN_PASSWORD: 'Adm1n-Passw0rd!',
      LOG_FORMAT: 'json',
      LOG_LEVEL: 'info',
      PORT: '0',
    }
    const server = spawn(process.execPath, [MAIN, 'serve'], { env, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    child = server
    let printed = ''
    const ended = new Promise<number | null>((done) => server.once('close', done))
    await new Promise<void>((ready, fail) => {
      void ended.then((code) => fail(new Error(`It ended with ${code}:\n${printed}`)))
      server.stdout.on('data', (chunk: Buffer) => {
        printed += chunk.toString()
        if (printed.includes('"msg":"listening"')) ready()
      })
    })
    server.kill('SIGINT')
    setTimeout(() => server.kill('SIGINT'), 5)
    assert.equal(await ended, 0, printed)
    assert.match(printed, /"msg":"stopped"/)
    assert.doesNotMatch(printed, /leaving at once/)
  })
})
