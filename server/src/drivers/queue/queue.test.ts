// The promises of the job queue, on a real PostgreSQL under the application's role.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import Type from 'typebox'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../../test/database.ts'
import { sql } from '../database/index.ts'
import { runLints } from '../database/lints.ts'
import { applyRowSecurity } from '../database/row-security.ts'
import { installQueue, JobRefused, type JobRun, type JobSettings } from './index.ts'
import { noteJob, openJobs, quick, until } from './queue.fixture.ts'

const schema = Type.Object({ n: Type.Integer() })
const settings = { schema, retry: quick, timeoutSeconds: 30, concurrency: 2 }
const kinds = {
  plain: { ...settings, name: 'test.plain' },
  failing: { ...settings, name: 'test.failing' },
  refusing: { ...settings, name: 'test.refusing' },
  slow: { ...settings, name: 'test.slow', timeoutSeconds: 2, retry: { ...quick, limit: 0 } },
  stopping: { ...settings, name: 'test.stopping', retry: { ...quick, limit: 0 } },
} satisfies Record<string, JobSettings>

let server: TestDatabase
let here: ReturnType<typeof openJobs>
const runs: (JobRun<{ n: number }> & { job: string; at: number })[] = []
const given: { job: string; jobId: string; reason: string }[] = []

/** What this process's handlers do, by job; tests replace it. */
let behave: (run: JobRun<{ n: number }>) => Promise<void> = async () => undefined

function definitionOf(kind: JobSettings<typeof schema>) {
  return {
    ...kind,
    scope: 'tenant' as const,
    async handler(run: JobRun<{ n: number }>) {
      runs.push({ ...run, job: kind.name, at: Date.now() })
      await behave(run)
    },
    async abandoned({ jobId, reason }: { jobId: string; reason: string }) {
      given.push({ job: kind.name, jobId, reason })
    },
  }
}

before(async () => {
  server = await createMigratedDatabase()
  await installQueue(server.url, { rolePrefix: server.rolePrefix, jobs: [...Object.values(kinds), noteJob] })
  await asAdmin(`
    INSERT INTO tenants (id, name, slug) VALUES ('a', 'A', 'a'), ('b', 'B', 'b');
    CREATE TABLE notes (job text NOT NULL, note text NOT NULL);
    GRANT SELECT, INSERT ON notes TO ${server.rolePrefix}_app`)
  here = openJobs(server)
  for (const kind of Object.values(kinds)) here.jobs.define(definitionOf(kind))
  here.jobs.define({ ...noteJob, handler: writeNote })
  await here.jobs.start()
})
after(async () => {
  await here?.close()
  await server?.drop()
})

describe('a job in the transaction that causes it', () => {
  it('never was when the transaction is rolled back (JOB-1)', async () => {
    const undone = here.database.inTenant('a', async (tx) => {
      await here.jobs.enqueue(tx, 'test.plain', { n: 1 })
      throw new Error('undo')
    })
    await assert.rejects(undone, /undo/)
    assert.equal(await rowsOf('test.plain'), 0)
  })

  it('is seen by nobody before COMMIT and runs right after it (JOB-1)', async () => {
    let committed = 0
    const id = await here.database.inTenant('a', async (tx) => {
      const jobId = await here.jobs.enqueue(tx, 'test.plain', { n: 2 })
      await sleep(1_500)
      assert.equal(runsOf('test.plain', 2).length, 0, 'ran before COMMIT')
      committed = Date.now()
      return jobId
    })
    const [run] = await until(() => runsOf('test.plain', 2))
    assert.equal(run?.jobId, id)
    assert.ok(
      run!.at - committed < 900,
      `a notification wakes the worker, not the look of each second: ${run!.at - committed} ms`,
    )
  })

  it('works on the rows of its own tenant only (JOB-4, TEN-7)', async () => {
    await here.database.inTenant('b', (tx) =>
      tx.run(sql`INSERT INTO mails (id, locale, subject, recipients, "from") VALUES ('of-b', 'en', 's', '{}', 'f')`),
    )
    const seen: unknown[] = []
    behave = async ({ database, tenantId }) => {
      seen.push(tenantId, await database.query(sql`SELECT id FROM mails`))
      await database.transaction(
        async (tx) => void seen.push(await tx.query(sql`SELECT id FROM mails WHERE id = 'of-b'`)),
      )
    }
    await enqueue('a', 'test.plain', 3)
    await until(() => (seen.length === 3 ? seen : []))
    behave = async () => undefined
    assert.deepEqual(seen, ['a', [], []])
  })

  it('is refused without a tenant (JOB-4)', async () => {
    await assert.rejects(
      here.database.inGlobal((tx) => here.jobs.enqueue(tx, 'test.plain', { n: 4 })),
      /needs a tenant/,
    )
    await assert.rejects(
      here.database.acrossTenants('test', (tx) => here.jobs.enqueue(tx, 'test.plain', { n: 4 })),
      /needs a tenant/,
    )
  })

  it('is refused when it is not what such a job is told, or no such job is known', async () => {
    const told = (payload: unknown) => here.database.inTenant('a', (tx) => here.jobs.enqueue(tx, 'test.plain', payload))
    await assert.rejects(told({ n: 'one' }), /not what the job/)
    await assert.rejects(told(undefined), /not what the job/)
    await assert.rejects(
      here.database.inTenant('a', (tx) => here.jobs.enqueue(tx, 'test.unknown', {})),
      /No job is called/,
    )
  })

  it('waits once for each key and tenant, and as often as asked without a key (TEN-7)', async () => {
    const ask = (tenant: string, singletonKey?: string) =>
      here.database.inTenant(tenant, (tx) =>
        here.jobs.enqueue(tx, 'test.plain', { n: 5 }, { delaySeconds: 3_600, singletonKey }),
      )
    assert.ok(await ask('a', 'k'))
    assert.equal(await ask('a', 'k'), undefined)
    assert.ok(await ask('b', 'k'))
    assert.ok(await ask('a'))
    assert.ok(await ask('a'))
    assert.equal(runsOf('test.plain', 5).length, 0)
  })

  it('runs when its delay is over', async () => {
    const asked = Date.now()
    await here.database.inTenant('a', (tx) => here.jobs.enqueue(tx, 'test.plain', { n: 6 }, { delaySeconds: 2 }))
    const [run] = await until(() => runsOf('test.plain', 6))
    assert.ok(run!.at - asked >= 2_000 && run!.at - asked < 4_500, `${run!.at - asked} ms`)
  })
})

describe('a job that fails', () => {
  it('is tried again with growing delays and then given up, once (JOB-3)', async () => {
    behave = async () => {
      throw new Error('not today')
    }
    const id = await enqueue('a', 'test.failing', 1)
    await until(() => given.filter(({ jobId }) => jobId === id))
    behave = async () => undefined
    const tries = runsOf('test.failing', 1)
    assert.deepEqual(
      tries.map(({ attempt }) => attempt),
      [1, 2, 3],
    )
    assert.ok(tries[1]!.at - tries[0]!.at >= 1_000)
    await sleep(1_500)
    assert.deepEqual(
      given.filter(({ jobId }) => jobId === id),
      [{ job: 'test.failing', jobId: id, reason: 'not today' }],
    )
    assert.equal(await stateOf(id!), 'failed')
  })

  it('is given up at once when no other try can help', async () => {
    behave = async () => {
      throw new JobRefused('never')
    }
    const id = await enqueue('a', 'test.refusing', 1)
    await until(() => given.filter(({ jobId }) => jobId === id))
    behave = async () => undefined
    assert.equal(runsOf('test.refusing', 1).length, 1)
  })

  it('is aborted when it takes too long', async () => {
    let aborted = false
    behave = ({ signal }) =>
      new Promise((_, fail) =>
        signal.addEventListener('abort', () => {
          aborted = true
          fail(new Error('aborted'))
        }),
      )
    const id = await enqueue('a', 'test.slow', 1)
    const [dead] = await until(() => given.filter(({ jobId }) => jobId === id))
    behave = async () => undefined
    assert.ok(aborted)
    assert.match(dead!.reason, /exceeded|timed out/)
  })

  it('is refused when its row was changed into something else', async () => {
    for (const data of [
      { tenantId: 'a', payload: { n: 'x' } },
      { tenantId: '', payload: { n: 1 } },
      { payload: { n: 1 } },
      'text',
      null,
    ]) {
      const id = await here.database.inTenant('a', (tx) =>
        here.jobs.enqueue(tx, 'test.refusing', { n: 9 }, { delaySeconds: 3_600 }),
      )
      await asAdmin('UPDATE pgboss.job SET data = $2, start_after = now() WHERE id = $1', [id, JSON.stringify(data)])
      await until(async () => ((await stateOf(id!)) === 'failed' ? [1] : []))
    }
    assert.equal(runsOf('test.refusing', 9).length, 0)
  })
})

describe('a worker', () => {
  it('that is killed in the middle of a job is noticed; the job runs again and has its effect once (JOB-2, JOB-3)', async () => {
    await here.close()
    const other = await startWorker()
    const writer = openJobs(server)
    writer.jobs.define({ ...noteJob, handler: writeNote })
    await writer.jobs.start({ work: false })
    const id = await writer.database.inTenant('a', (tx) => writer.jobs.enqueue(tx, 'note.write', { note: 'once' }))
    await once(other.stdout!, 'data')
    other.kill('SIGKILL')
    await once(other, 'exit')
    const killed = Date.now()
    await writer.close()

    here = openJobs(server)
    here.jobs.define({ ...noteJob, handler: writeNote })
    for (const kind of Object.values(kinds)) here.jobs.define(definitionOf(kind))
    await here.jobs.start()
    await until(async () => ((await stateOf(id!)) === 'completed' ? [1] : []), 40_000)
    assert.ok(Date.now() - killed < 40_000)
    assert.deepEqual(await here.database.global.query(sql`SELECT note FROM notes WHERE job = ${id}`), [
      { note: 'once' },
    ])
  })

  it('cannot end a job that another has taken (JOB-2)', async () => {
    let refused: unknown
    behave = async ({ database, jobId, complete }) => {
      await asAdmin('UPDATE pgboss.job SET retry_count = retry_count + 1 WHERE id = $1', [jobId])
      refused = await database
        .transaction(async (tx) => {
          await tx.run(sql`INSERT INTO notes (job, note) VALUES (${jobId}, 'twice')`)
          await complete(tx)
        })
        .catch((error: Error) => error)
    }
    const id = await enqueue('a', 'test.plain', 7)
    await until(() => (refused ? [refused] : []))
    behave = async () => undefined
    assert.match(String(refused), /another worker has taken it/)
    assert.deepEqual(await here.database.global.query(sql`SELECT note FROM notes WHERE job = ${id}`), [])
  })

  it('that must leave gives its jobs back, and no try is lost by that', async () => {
    const leaver = openJobs(server)
    await here.jobs.stop({ graceMs: 0 })
    let left = ''
    leaver.jobs.define({
      ...kinds.stopping,
      async handler({ signal }) {
        left = 'begun'
        await new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason)))
      },
    })
    await leaver.jobs.start()
    const id = await leaver.database.inTenant('a', (tx) => leaver.jobs.enqueue(tx, 'test.stopping', { n: 1 }))
    await until(() => (left ? [left] : []))
    await leaver.close()
    assert.equal(await stateOf(id!), 'retry')
    here = openJobs(server)
    for (const kind of Object.values(kinds)) here.jobs.define(definitionOf(kind))
    await here.jobs.start()
    const [run] = await until(() => runsOf('test.stopping', 1))
    assert.equal(run?.jobId, id)
    await until(async () => ((await stateOf(id!)) === 'completed' ? [1] : []))
  })

  it('outlives the loss of every connection and goes on by itself', async () => {
    await asAdmin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${server.rolePrefix}_app'`)
    await sleep(200)
    await enqueue('a', 'test.plain', 8)
    assert.equal((await until(() => runsOf('test.plain', 8))).length, 1)
  })
})

describe('a lost database', () => {
  it('never ends the process; jobs go on when it is back (AVL-2)', async () => {
    await here.jobs.stop({ graceMs: 0 })
    const cable = await openCable(server.appUrl)
    const far = openJobs({ appUrl: cable.url, rolePrefix: server.rolePrefix })
    for (const kind of Object.values(kinds)) far.jobs.define(definitionOf(kind))
    await far.jobs.start()
    await cable.cut()
    await sleep(3_000)
    const refused = far.database.inTenant('a', (tx) => far.jobs.enqueue(tx, 'test.plain', { n: 10 }))
    await assert.rejects(refused, { code: 'server.unavailable' })
    await cable.mend()
    const mended = Date.now()
    await far.database.inTenant('a', (tx) => far.jobs.enqueue(tx, 'test.plain', { n: 11 }))
    await until(() => runsOf('test.plain', 11))
    assert.ok(Date.now() - mended < 5_000, `${Date.now() - mended} ms`)
    assert.equal(runsOf('test.plain', 10).length, 0)
    await far.close()
    await cable.cut()
  })
})

describe('the schema of the queue', () => {
  it('is installed twice without harm', () =>
    installQueue(server.url, { rolePrefix: server.rolePrefix, jobs: Object.values(kinds) }))

  it('gives the application no right to change it, and nobody else any', async () => {
    await withClient(server.appUrl, async (client) => {
      for (const statement of [
        'CREATE TABLE pgboss.mine (a int)',
        'ALTER TABLE pgboss.job ADD COLUMN a int',
        'TRUNCATE pgboss.job',
        "DELETE FROM pgboss.queue WHERE name = 'test.plain'",
        "SELECT pgboss.create_queue('mine', '{}')",
      ])
        await assert.rejects(client.query(statement), /permission denied|must be owner/, statement)
    })
    const { rows } = await asAdmin(`SELECT count(*)::int AS n FROM pg_class CROSS JOIN LATERAL aclexplode(relacl) acl
      WHERE relnamespace = 'pgboss'::regnamespace AND acl.grantee = 0`)
    assert.equal(rows[0].n, 0)
  })

  it('leaves tenants as apart as they were', async () => {
    await withClient(server.url, async (client) => {
      await applyRowSecurity(client, server.options.rowSecurity)
      assert.deepEqual(
        (await runLints(client, server.options.rowSecurity)).flat().filter((finding) => !/^notes /.test(finding)),
        [],
      )
    })
  })

  it('names the queue that is missing when a process knows more jobs than the database', async () => {
    const late = openJobs(server)
    late.jobs.define({ ...settings, name: 'test.new', handler: async () => undefined })
    await assert.rejects(late.jobs.start(), /no queue for test\.new: migrate/)
    await late.close()
  })

  it('keeps a job that waits for years', async () => {
    const { rows } = await asAdmin('SELECT min(retention_seconds)::int AS least FROM pgboss.queue')
    assert.ok(rows[0].least > 5 * 365 * 86_400)
  })
})

async function writeNote({ payload, database, jobId, complete }: JobRun<{ note: string }>) {
  await database.transaction(async (tx) => {
    await tx.run(sql`INSERT INTO notes (job, note) VALUES (${jobId}, ${payload.note})`)
    await complete(tx)
  })
}

function enqueue(tenantId: string, job: string, n: number) {
  return here.database.inTenant(tenantId, (tx) => here.jobs.enqueue(tx, job, { n }))
}

function runsOf(job: string, n: number) {
  return runs.filter((run) => run.job === job && run.payload.n === n)
}

async function stateOf(id: string): Promise<string> {
  const { rows } = await asAdmin('SELECT state FROM pgboss.job WHERE id = $1', [id])
  return rows[0]?.state
}

async function rowsOf(name: string): Promise<number> {
  const { rows } = await asAdmin('SELECT count(*)::int AS n FROM pgboss.job WHERE name = $1', [name])
  return rows[0].n
}

function asAdmin(statement: string, values?: unknown[]): Promise<pg.QueryResult> {
  return withClient(server.adminUrl, (client) => client.query(statement, values))
}

/** A way to the database that can be cut: connections end, and new ones are refused. */
async function openCable(url: string) {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(target.port || 5432), target.hostname)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    }
    near.pipe(far).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const through = new URL(url)
  through.host = `127.0.0.1:${port}`
  return {
    url: through.href,
    async cut() {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
    async mend() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
  }
}

async function startWorker(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [new URL('./queue.fixture.ts', import.meta.url).pathname], {
    env: { ...process.env, TEST_APP_URL: server.appUrl, TEST_ROLE_PREFIX: server.rolePrefix },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return child
}
