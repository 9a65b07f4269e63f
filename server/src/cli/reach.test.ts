// Mistakes about the database: a start, a verb and the doctor name each in the same words, and change nothing.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createDatabase, type TestDatabase, withClient } from '../../test/database.ts'
import { freePort } from '../../test/processes.ts'
import { type OwnerClient, unfitness } from '../drivers/database/index.ts'
import type { Examination } from './doctor/examination.ts'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

describe('a database that cannot be used', () => {
  let database: TestDatabase
  let folder: string
  before(async () => {
    database = await createDatabase()
    folder = await mkdtemp(join(tmpdir(), 'ashlar-reach-'))
  })
  after(async () => {
    await database?.drop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  function run(verb: string, DATABASE_URL: string, more: Record<string, string>) {
    const env = {
      PATH: process.env.PATH,
      ENVIRONMENT: 'test',
      JWT_SECRET: 'a-secret-that-only-the-tests-know-0123456789',
      DATA_DIR: folder,
      DATABASE_URL,
      DATABASE_ROLE_PREFIX: database.rolePrefix,
      LOG_LEVEL: 'silent',
      PORT: '0',
      ...more,
    }
    return new Promise<{ code: number; out: string; err: string }>((done) => {
      execFile(process.execPath, [MAIN, ...verb.split(' ')], { env, cwd: folder }, (error, out, err) =>
        done({ code: Number(error?.code ?? 0), out, err }),
      )
    })
  }
  const asAdmin = (statement: string) => withClient(database.adminUrl, (client) => client.query(statement))
  const changed = (part: 'host' | 'pathname' | 'password', value: string) => {
    const url = new URL(database.url)
    url[part] = value
    return url.href
  }
  const tables = async () =>
    (await asAdmin(`SELECT relname FROM pg_class WHERE relowner = '${database.rolePrefix}_owner'::regrole`)).rows

  /** Every verb fails with these words and no stack, and the doctor says the same. */
  async function refused(url: string, words: RegExp, more: Record<string, string> = {}) {
    const [serve, ...others] = await Promise.all(['serve', 'migrate up', 'seed'].map((verb) => run(verb, url, more)))
    assert.deepEqual([serve?.code, serve?.out], [1, ''])
    assert.match(serve!.err, words)
    assert.doesNotMatch(serve!.err, /^ +at |test-password/m)
    for (const other of others) assert.deepEqual(other, serve)
    const { findings } = JSON.parse((await run('doctor --json', url, more)).out) as Examination
    const failed = findings.filter(({ state }) => state === 'fail')
    assert.equal(failed.map(({ says, mend }) => `${says}\n${mend}\n`).join(''), serve!.err)
  }

  it('because nothing listens', async () => {
    const url = changed('host', `127.0.0.1:${await freePort()}`)
    await refused(url, /cannot be used: .*ECONNREFUSED.*\nDATABASE_URL: Start it, or correct its host and port\.\n$/)
  })

  it('because the password is wrong', () =>
    refused(changed('password', 'wrong'), /password authentication failed.*\nDATABASE_URL: .* correct it there\.\n$/))

  it('because it does not exist', () =>
    refused(changed('pathname', '/nothing'), /does not exist\nDATABASE_URL: Make the database, or name the one/))

  it('because its encoding does not hold every text', async () => {
    const name = `${database.rolePrefix}_ascii`
    await asAdmin(
      `CREATE DATABASE ${name} OWNER ${database.rolePrefix}_owner ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0`,
    )
    try {
      await refused(
        changed('pathname', `/${name}`),
        /has the encoding SQL_ASCII, .*\nDATABASE_URL: Name one that was made with CREATE DATABASE .* ENCODING 'UTF8'/,
      )
    } finally {
      await asAdmin(`DROP DATABASE ${name}`)
    }
  })

  it('because its owner may not make roles, or is not its owner', async () => {
    const owner = `${database.rolePrefix}_owner`
    await asAdmin(`ALTER ROLE ${owner} NOCREATEROLE`)
    try {
      const words = new RegExp(
        `may not make the roles .*: ${database.rolePrefix}_across, ${database.rolePrefix}_app\\.\nDATABASE_URL: .* ALTER ROLE ${owner} CREATEROLE\\.\n$`,
      )
      await refused(database.url, words)
    } finally {
      await asAdmin(`ALTER ROLE ${owner} CREATEROLE`)
    }
    await asAdmin(`ALTER DATABASE ${database.rolePrefix} OWNER TO CURRENT_USER`)
    try {
      await refused(database.url, /may not make tables .*\nDATABASE_URL: .*ALTER DATABASE \w+ OWNER TO \w+\.\n$/)
    } finally {
      await asAdmin(`ALTER DATABASE ${database.rolePrefix} OWNER TO ${owner}`)
    }
    assert.deepEqual(await tables(), [], 'nothing was begun')
  })

  it('because its server is too old', async () => {
    const state = {
      version: '14.19',
      number: 140_019,
      encoding: 'UTF8',
      makesRoles: true,
      makesTables: true,
      missing: [],
    }
    const old = { query: async () => ({ rows: [state] }) } as unknown as OwnerClient
    assert.deepEqual(await unfitness(old, 'ashlar'), [
      { says: 'PostgreSQL 14.19 is too old.', mend: 'DATABASE_URL: Move to PostgreSQL 15 or newer.' },
    ])
    assert.deepEqual(await withClient(database.url, (client) => unfitness(client, database.rolePrefix)), [])
  })

  it('because the application or the pooler is not let in, once it is set up', async () => {
    const up = await run('migrate up', database.url, {})
    assert.equal(up.code, 0, up.err)
    const url = new URL(database.url)
    url.username = `${database.rolePrefix}_app`
    url.password = 'wrong'
    const { code, err } = await run('serve', database.url, { DATABASE_APP_URL: url.href })
    assert.equal(code, 1)
    assert.match(
      err,
      /^The application's role \w+_app is not let in: .*password authentication failed.*\nDATABASE_APP_URL: .*\n$/,
    )
    await asAdmin(`ALTER ROLE ${database.rolePrefix}_app PASSWORD 'test-password'`)
    url.password = 'test-password'
    const away = new URL(url)
    away.port = await freePort()
    const behind = { DATABASE_APP_URL: url.href, DATABASE_POOLER_URL: away.href }
    const pooled = await run('serve', database.url, behind)
    assert.match(pooled.err, /^PostgreSQL at .* cannot be used: .*ECONNREFUSED.*\nDATABASE_POOLER_URL: Start it/)
  })
})
