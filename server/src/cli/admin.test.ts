// `ashlar admin create`, run as the operator runs it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../test/database.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

describe('ashlar admin create', () => {
  let database: TestDatabase
  let folder: string
  before(async () => {
    database = await createMigratedDatabase()
    folder = await mkdtemp(join(tmpdir(), 'ashlar-cli-'))
  })
  after(async () => {
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  })

  const run = (args: string[], input = '') =>
    new Promise<{ code: number; out: string; err: string }>((done) => {
      const env = {
        PATH: process.env.PATH,
        ENVIRONMENT: 'test',
        JWT_SECRET: 'a-secret-that-only-the-tests-know-0123456789',
        DATA_DIR: folder,
        DATABASE_URL: database.url,
        DATABASE_APP_URL: database.appUrl,
        DATABASE_ROLE_PREFIX: database.rolePrefix,
        LOG_LEVEL: 'silent',
      }
      const child = execFile(process.execPath, [MAIN, 'admin', ...args], { env, cwd: folder }, (error, out, err) =>
        done({ code: Number(error?.code ?? 0), out, err }),
      )
      child.stdin?.end(input)
    })
  const accounts = () =>
    withClient(
      database.adminUrl,
      async (client) => (await client.query('SELECT email, name, username, password FROM admins ORDER BY id')).rows,
    )

  it('makes an account with a password that it shows once, and the next one with a password from a pipe', async () => {
    const made = await run(['create', '--email', 'Flint@example.com', '--name', 'Flint'])
    assert.equal(made.code, 0, made.err)
    assert.match(made.out, /^Administrator flint@example.com, username flint\nPassword (\w{4}-){4}\w{4} /)
    const piped = await run(['create', '--email', 'chert@example.com', '--password-stdin'], 'Gr4nite-Quarry!\n')
    assert.equal(piped.code, 0, piped.err)
    assert.ok(!piped.out.includes('Gr4nite'))
    const rows = await accounts()
    assert.deepEqual(
      rows.map(({ email, name }) => [email, name]),
      [
        ['flint@example.com', 'Flint'],
        ['chert@example.com', 'chert'],
      ],
    )
    for (const { password } of rows) assert.match(password, /^\$argon2id\$/)
  })

  const refusals: [string, string[], string, RegExp][] = [
    ['an address that is taken', ['create', '--email', 'FLINT@example.com'], '', /exists already/],
    ['a short password', ['create', '--email', 'a@example.com', '--password-stdin'], 'short\n', /at least 8/],
    ['no address', ['create'], '', /--email/],
    ['an unknown flag', ['create', '--email', 'a@example.com', '--password', 'x'], '', /--password/],
    ['another verb', ['delete', '--email', 'a@example.com'], '', /ashlar admin create/],
  ]
  for (const [title, args, input, sentence] of refusals) {
    it(`refuses ${title} with a sentence and no stack, and makes nothing`, async () => {
      const before = await accounts()
      const { code, out, err } = await run(args, input)
      assert.equal(code, 1)
      assert.match(err, sentence)
      assert.ok(!err.includes('    at '), err)
      assert.equal(out, '')
      assert.deepEqual(await accounts(), before)
    })
  }
})
