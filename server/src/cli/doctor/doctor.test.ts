// `ashlar doctor`, run as an operator runs it, on sound installations and on each that is broken in one place.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startAiServer } from '../../../test/ai-servers.ts'
import { createDatabase, createMigratedDatabase, type TestDatabase, withClient } from '../../../test/database.ts'
import { freePort } from '../../../test/processes.ts'
import { redisMissing, startRedis } from '../../../test/redis.ts'
import { jobSettings } from '../../app.ts'
import { installQueue } from '../../drivers/queue/index.ts'
import { openPostOffice } from '../../modules/foundation/mail/mail.fixture.ts'
import { examineClock } from './database.ts'
import { examineDisks } from './disks.ts'
import type { Examination } from './examination.ts'
import type { Finding } from './finding.ts'

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url))

describe('ashlar doctor', () => {
  let database: TestDatabase
  let folder: string
  before(async () => {
    database = await createMigratedDatabase()
    await installQueue(database.url, { rolePrefix: database.rolePrefix, jobs: jobSettings })
    folder = await mkdtemp(join(tmpdir(), 'ashlar-doctor-'))
  })
  after(async () => {
    await database?.drop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  function run(args: string[], more: Record<string, string> = {}) {
    const env = {
      PATH: process.env.PATH,
      ENVIRONMENT: 'test',
      JWT_SECRET: 'a-secret-that-only-the-tests-know-0123456789',
      DATA_DIR: folder,
      DATABASE_URL: database.url,
      DATABASE_APP_URL: database.appUrl,
      DATABASE_ROLE_PREFIX: database.rolePrefix,
      ...more,
    }
    return new Promise<{ code: number; out: string; err: string }>((done) => {
      execFile(process.execPath, [MAIN, 'doctor', ...args], { env, cwd: folder }, (error, out, err) =>
        done({ code: Number(error?.code ?? 0), out, err }),
      )
    })
  }
  async function examined(more: Record<string, string> = {}): Promise<Examination & { code: number }> {
    const { code, out, err } = await run(['--json'], more)
    assert.equal(err, '')
    const examination = JSON.parse(out) as Examination
    assert.equal(examination.healthy, code === 0)
    for (const { state, mend, says } of examination.findings) {
      assert.equal(mend !== undefined, state !== 'ok', says)
      assert.match(says, /\S/)
    }
    assert.ok(!/test-password|only-the-tests-know/.test(out), 'no secret is told')
    return { ...examination, code }
  }
  const of = ({ findings }: Examination, check: string): Finding[] => findings.filter((one) => one.check === check)
  /** What fails with these settings is this and nothing else. */
  async function fails(check: string, words: RegExp, mend: RegExp, more: Record<string, string> = {}) {
    const { findings } = await examined(more)
    const failed = findings.filter(({ state }) => state === 'fail')
    assert.deepEqual([...new Set(failed.map((one) => one.check))], [check], JSON.stringify(failed))
    assert.match(failed[0]!.says, words)
    assert.match(failed[0]!.mend!, mend)
  }
  const asAdmin = (statement: string) => withClient(database.adminUrl, (client) => client.query(statement))
  const role = () => `${database.rolePrefix}_app`
  /** Breaks something for as long as the work lasts. */
  async function broken(breaking: string, mending: string, work: () => Promise<unknown>): Promise<void> {
    await asAdmin(breaking)
    try {
      await work()
    } finally {
      await asAdmin(mending)
    }
  }

  it('finds nothing on a sound installation, for people and as JSON, and leaves nothing behind', async () => {
    const { findings, code, settings } = await examined()
    assert.deepEqual([code, findings.filter(({ state }) => state === 'fail')], [0, []])
    const looked = new Set(findings.map(({ check }) => check))
    for (const check of 'settings database clock rights jobs migrations storage disk mail'.split(' '))
      assert.ok(looked.has(check), check)
    assert.ok(looked.has('row security'))
    assert.ok(!looked.has('redis') && !looked.has('models'), 'what is not set up is not looked at')
    assert.equal(settings?.DATABASE_URL, '(set)')
    const left = await readdir(join(folder, 'uploads'), { recursive: true, withFileTypes: true })
    assert.deepEqual(
      left.filter((entry) => entry.isFile()),
      [],
    )

    const { out } = await run(['--settings'])
    assert.match(out, /^Ashlar \d/)
    assert.match(out, /^ok {4}database {6}PostgreSQL \d+/m)
    assert.match(out, /^0 to mend, \d to watch\.$/m)
    assert.match(out, /^DB_POOL_SIZE=10$/m)
    assert.ok(!out.includes('test-password'))
  })

  it('says how it is called', async () => {
    for (const args of [['--mend'], ['--blobs', '--json'], ['--nothing'], ['word']])
      assert.equal((await run(args)).code, 1, args.join(' '))
  })

  it('names every fault of the settings', async () => {
    const { findings } = await examined({ DB_POOL_SIZE: 'many', SMTP_HOST: 'mail.example.com' })
    assert.deepEqual(
      findings.map(({ check, state, says }) => [check, state, says.split(' ')[0]]),
      [
        ['settings', 'fail', 'DB_POOL_SIZE'],
        ['settings', 'fail', 'MAIL_FROM'],
      ],
    )
  })

  it('a database that is away, does not exist, or does not let anybody in', async () => {
    const change = (part: 'host' | 'pathname' | 'password', value: string) => {
      const url = new URL(database.url)
      url[part] = value
      return { DATABASE_URL: url.href }
    }
    const closed = `127.0.0.1:${await freePort()}`
    await fails(
      'database',
      /cannot be used.*ECONNREFUSED/,
      /DATABASE_URL: Start it, or correct/,
      change('host', closed),
    )
    await fails('database', /does not exist/, /Make the database/, change('pathname', '/nothing'))
    await fails('database', /password authentication failed/, /correct it there/, change('password', 'wrong'))
    const url = new URL(database.appUrl)
    url.password = 'wrong'
    await fails('rights', /is not let in/, /DATABASE_APP_URL/, { DATABASE_APP_URL: url.href })
  })

  it('a database that is new, or behind, or that another program changed', async () => {
    const fresh = await createDatabase()
    try {
      for (const DATABASE_APP_URL of [fresh.appUrl, '']) {
        const env = { DATABASE_URL: fresh.url, DATABASE_APP_URL, DATABASE_ROLE_PREFIX: fresh.rolePrefix }
        const examination = await examined(env)
        assert.equal(examination.code, 0)
        const [migrations] = of(examination, 'migrations')
        assert.equal(migrations?.state, 'warn')
        assert.match(migrations.says, /is not set up yet: it is at version 0 of/)
        assert.match(migrations.mend!, /Run `ashlar migrate up`, or start the server/)
        assert.deepEqual(of(examination, 'rights'), [])
      }
    } finally {
      await fresh.drop()
    }
    const last = `(SELECT max(version) FROM ashlar_migrations)`
    await broken(
      `CREATE SCHEMA kept; CREATE TABLE kept.kept AS SELECT * FROM ashlar_migrations WHERE version = ${last}; DELETE FROM ashlar_migrations WHERE version = ${last}`,
      'INSERT INTO ashlar_migrations SELECT * FROM kept.kept; DROP SCHEMA kept CASCADE',
      () => fails('migrations', /is at version \d+ of \d+/, /ashlar migrate up/),
    )
    await broken(
      `UPDATE ashlar_migrations SET checksum = 'x' || checksum WHERE version = 2`,
      `UPDATE ashlar_migrations SET checksum = substr(checksum, 2) WHERE version = 2`,
      () => fails('migrations', /was changed after it was applied/, /upgrade\.md/),
    )
  })

  it('a table whose row security is off, not forced, or has one more policy', async () => {
    const mend = 'ALTER TABLE documents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY'
    const asked = /ashlar migrate up/
    await broken('ALTER TABLE documents DISABLE ROW LEVEL SECURITY', mend, () =>
      fails('row security', /documents has row security off/, asked),
    )
    await broken('ALTER TABLE documents NO FORCE ROW LEVEL SECURITY', mend, () =>
      fails('row security', /documents has row security not forced/, asked),
    )
    await broken('CREATE POLICY more ON documents USING (true)', 'DROP POLICY more ON documents', () =>
      fails('row security', /documents has the policy more/, asked),
    )
  })

  it('a role that row security does not bind, or that may not do its work', async () => {
    await asAdmin(`ALTER ROLE ${role()} BYPASSRLS`)
    const { findings } = await examined().finally(() => asAdmin(`ALTER ROLE ${role()} NOBYPASSRLS`))
    const [rights] = findings.filter(({ check }) => check === 'rights')
    assert.match(rights!.says, /which row security does not bind/)
    await broken(`REVOKE SELECT ON files FROM ${role()}`, `GRANT SELECT ON files TO ${role()}`, () =>
      fails('rights', /may not use files/, /ashlar migrate up/),
    )
  })

  it('jobs without a queue', async () => {
    const name = 'mail.deliver'
    await broken(
      `UPDATE pgboss.queue SET name = 'elsewhere' WHERE name = '${name}'`,
      `UPDATE pgboss.queue SET name = '${name}' WHERE name = 'elsewhere'`,
      () => fails('jobs', /no queue for mail\.deliver/, /ashlar migrate up/),
    )
  })

  it('a pooler that is away, or behind which nothing ends', async () => {
    const url = new URL(database.appUrl)
    const behind = () => ({ DATABASE_POOLER_URL: url.href })
    await fails('pooler', /no statement_timeout, no lock_timeout/, /docs\/guide\/scaling\.md/, behind())
    for (const name of ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'])
      await asAdmin(`ALTER ROLE ${role()} SET ${name} = 30000`)
    assert.deepEqual(
      of(await examined(behind()), 'pooler').map(({ state }) => state),
      ['ok'],
    )
    url.port = await freePort()
    await fails('pooler', /cannot be used.*ECONNREFUSED/, /DATABASE_POOLER_URL/, behind())
  })

  it('more connections than the server has', async () => {
    const { findings, code } = await examined({ DB_POOL_SIZE: '900' })
    assert.equal(code, 0)
    assert.ok(findings.some(({ check, state, says }) => check === 'database' && state === 'warn' && /904/.test(says)))
  })

  it('a mail server that is away, or does not let us in', async () => {
    const mail = { SMTP_HOST: '127.0.0.1', MAIL_FROM: 'ashlar@example.com', MAIL_STARTTLS: 'false' }
    await fails('mail', /does not let us in/, /SMTP_HOST, SMTP_PORT/, { ...mail, SMTP_PORT: await freePort() })
    const post = await openPostOffice({ account: { username: 'ashlar', password: 'test-password' } })
    try {
      const open = { ...mail, SMTP_PORT: String(post.port), SMTP_USERNAME: 'ashlar', SMTP_PASSWORD: 'test-password' }
      assert.equal(of(await examined(open), 'mail')[0]!.state, 'ok')
      await fails('mail', /does not let us in: .*535/, /SMTP_USERNAME/, { ...open, SMTP_PASSWORD: 'another' })
      assert.equal(post.taken.length, 0, 'nothing is sent')
    } finally {
      await post.close()
    }
  })

  it('a storage that cannot be written to, and one that is away', async () => {
    await writeFile(join(folder, 'file'), '')
    await fails('storage', /disk storage does not work: ENOTDIR/, /UPLOAD_DIR/, {
      UPLOAD_DIR: join(folder, 'file', 'below'),
    })
    await fails('storage', /s3 storage does not work/, /AWS_S3_BUCKET/, {
      STORAGE_PROVIDER: 's3',
      AWS_S3_BUCKET: 'ashlar',
      AWS_S3_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      AWS_ACCESS_KEY_ID: 'ashlar',
      AWS_SECRET_ACCESS_KEY: 'test-password',
    })
  })

  it('a place where a stop cannot be told to proxies', async () => {
    const at = (...path: string[]) => ({ SHUTDOWN_FILE: join(folder, ...path) })
    await fails(
      'stop',
      /The folder .*nowhere of SHUTDOWN_FILE does not exist/,
      /Make the folder/,
      at('nowhere', 'sign'),
    )
    assert.equal(of(await examined(at('sign')), 'stop')[0]!.state, 'ok')
    assert.ok(!(await readdir(folder)).includes('sign'), 'nothing is put up')
  })

  it('providers of models that are away, and models that they do not have', async () => {
    const OLLAMA_HOST = `http://127.0.0.1:${await freePort()}`
    await fails('models', /ollama does not answer at http:\/\/127/, /whether it runs/, { OLLAMA_HOST })
    const models = await startAiServer()
    try {
      const there = { OLLAMA_HOST: models.ollama }
      assert.equal(of(await examined(there), 'models')[0]!.state, 'ok')
      const named = await examined({ ...there, OLLAMA_MODELS: 'stone:latest,gravel' })
      const [finding] = of(named, 'models')
      assert.deepEqual([finding!.state, finding!.says], ['warn', 'ollama does not have gravel.'])
    } finally {
      await models.close()
    }
  })

  it('a Redis that is away', { skip: redisMissing ?? false }, async () => {
    const away = { REDIS_URL: `redis://:test-password@127.0.0.1:${await freePort()}` }
    await fails('redis', /Redis does not answer at 127\.0\.0\.1:\d+: .*ECONNREFUSED/, /Start Redis/, away)
    const redis = await startRedis()
    try {
      assert.equal(of(await examined({ REDIS_URL: redis.url }), 'redis')[0]!.state, 'ok')
    } finally {
      await redis.kill()
    }
  })

  it('an installation that has never been started is told so, and nothing is made', async () => {
    const fresh = await mkdtemp(join(tmpdir(), 'ashlar-doctor-new-'))
    try {
      const none = { DATABASE_URL: '', DATABASE_APP_URL: '', DATABASE_ROLE_PREFIX: '', DATA_DIR: fresh }
      const examination = await examined(none)
      assert.equal(examination.code, 0)
      assert.deepEqual(
        of(examination, 'database').map(({ state, says }) => [state, says]),
        [['warn', 'There is no database yet.']],
      )
      assert.ok(!(await readdir(fresh)).includes('postgresql'))
    } finally {
      await rm(fresh, { recursive: true, force: true })
    }
  })

  it('clocks that differ by more than a second, either way', () => {
    const states = [0, 900, -900, 1_100, -5_000, 5_100, -11_000].map((ms) => examineClock(ms).state)
    assert.deepEqual(states, ['ok', 'ok', 'ok', 'warn', 'warn', 'fail', 'fail'])
    assert.match(examineClock(-5_000).says, /5\.0 s behind/)
    assert.match(examineClock(-5_000).mend!, /NTP/)
  })

  it('volumes with little room left', async () => {
    const config = {
      app: { dataDir: folder },
      storage: { provider: 'disk' },
      uploads: { dir: join(folder, 'not', 'there', 'yet') },
    } as Parameters<typeof examineDisks>[0]
    const never = { bytes: 0, share: 0 }
    const always = { bytes: Number.POSITIVE_INFINITY, share: 2 }
    const states = async (limits: Parameters<typeof examineDisks>[1]) =>
      (await examineDisks(config, limits)).map(({ state }) => state)
    assert.deepEqual(await states({ watch: never, mend: never }), ['ok', 'ok'])
    assert.deepEqual(await states({ watch: always, mend: never }), ['warn', 'warn'])
    assert.deepEqual(await states({ watch: always, mend: always }), ['fail', 'fail'])
    const [first] = await examineDisks(config, { watch: always, mend: always })
    assert.match(first!.mend!, /Make room/)
  })
})
