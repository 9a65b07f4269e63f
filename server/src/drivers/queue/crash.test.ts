// JOB-2: a queue of jobs, while the processes that work on it are killed again and again. TEST_SIZE=full takes 10,000 jobs.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../../test/database.ts'
import { report } from '../../../test/figures.ts'
import { FULL_SIZE } from '../../../test/processes.ts'
import { sql } from '../database/index.ts'
import { installQueue } from './index.ts'
import { BLOCKED_MS, noteJob, openJobs, until } from './queue.fixture.ts'

const JOBS = FULL_SIZE ? 10_000 : 500
/** How long a worker lives before it is killed. */
const LIFE_MS = FULL_SIZE ? [1_500, 4_000] : [1_000, 2_000]
/** The longest that a job takes between its effect and its end, in milliseconds. */
const GAP_MS = FULL_SIZE ? '100' : '200'
const WITHIN_MS = FULL_SIZE ? 900_000 : 120_000

describe(`${JOBS} jobs`, () => {
  let server: TestDatabase
  const workers = new Set<ChildProcess>()
  before(async () => {
    server = await createMigratedDatabase()
    await installQueue(server.url, { rolePrefix: server.rolePrefix, jobs: [noteJob] })
    await rows(`INSERT INTO tenants (id, name, slug) VALUES ('a', 'A', 'a'), ('b', 'B', 'b');
      CREATE TABLE notes (job text NOT NULL, note text NOT NULL);
      CREATE TABLE starts (job text NOT NULL, attempt int NOT NULL);
      GRANT SELECT, INSERT ON notes, starts TO ${server.rolePrefix}_app`)
  })
  after(async () => {
    for (const worker of workers) worker.kill('SIGKILL')
    await server?.drop()
  })

  const rows = <R extends object>(text: string): Promise<R[]> =>
    withClient(server.adminUrl, async (client) => (await client.query(text)).rows)
  const stateCounts = async (): Promise<Record<string, number>> => {
    const counts = await rows<{ state: string; count: number }>(
      `SELECT state, count(*)::int AS count FROM pgboss.job WHERE name = 'note.write' GROUP BY state`,
    )
    return Object.fromEntries(counts.map(({ state, count }) => [state, count]))
  }

  function startWorker(mode: 'work' | 'block' = 'work'): ChildProcess {
    const program = new URL('./queue.fixture.ts', import.meta.url).pathname
    const worker = spawn(process.execPath, [program, mode, GAP_MS], {
      env: { ...process.env, TEST_APP_URL: server.appUrl, TEST_ROLE_PREFIX: server.rolePrefix },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    workers.add(worker)
    void once(worker, 'exit').then(() => workers.delete(worker))
    return worker
  }

  it('whose workers die by kill -9 every few seconds: none is lost, and each has its effect once (JOB-2, JOB-3)', async (test) => {
    const writer = openJobs(server)
    writer.jobs.define({ ...noteJob, handler: async () => undefined })
    await writer.jobs.start({ work: false })
    for (let at = 0; at < JOBS; at += 100)
      await writer.database.inTenant(at % 200 ? 'a' : 'b', async (tx) => {
        for (let n = at; n < Math.min(at + 100, JOBS); n++)
          await writer.jobs.enqueue(tx, noteJob.name, { note: `${n}` })
      })
    await writer.close()

    const began = Date.now()
    let killed = 0
    const done = async () => ((await stateCounts()).completed ?? 0) === JOBS
    while (!(await done()) && Date.now() - began < WITHIN_MS) {
      // Two at once, of which the older one is killed; one stays for what was begun last.
      while (workers.size < 2) startWorker()
      const [least, most] = LIFE_MS as [number, number]
      await sleep(least + Math.random() * (most - least))
      const left = JOBS - ((await stateCounts()).completed ?? 0)
      if (left < JOBS * 0.02) continue
      const [oldest] = workers
      oldest!.kill('SIGKILL')
      await once(oldest!, 'exit')
      killed++
    }
    const seconds = (Date.now() - began) / 1_000
    for (const worker of workers) worker.kill('SIGKILL')

    const [effects] = await rows<{ notes: number; jobs: number; values: number }>(
      'SELECT count(*)::int AS notes, count(DISTINCT job)::int AS jobs, count(DISTINCT note)::int AS values FROM notes',
    )
    const [starts] = await rows<{ count: number; again: number }>(
      'SELECT count(*)::int AS count, count(*) FILTER (WHERE attempt > 1)::int AS again FROM starts',
    )
    const [noted] = await rows<{ count: number; kept: number }>(`
      SELECT count(*)::int AS count, count(*) FILTER (WHERE data -> 'attempts' -> 0 ->> 'error' LIKE '%heartbeat%')::int AS kept
      FROM pgboss.job WHERE name = 'note.write' AND retry_count > 0`)
    test.diagnostic(
      `${killed} workers killed in ${seconds.toFixed(0)} s; ${starts!.count} starts, ${starts!.again} of them again; ${effects!.notes} effects`,
    )
    const [again] = await rows<{ seconds: number | null }>(`
      SELECT max(extract(epoch FROM started_on - (data -> 'attempts' -> -1 ->> 'startedAt')::timestamptz))::float8 AS seconds
      FROM pgboss.job WHERE name = 'note.write' AND retry_count > 0`)
    const counts = await stateCounts()
    report('E11', `${JOBS.toLocaleString('en')} jobs, ${killed} workers killed in the middle of some`, {
      'tries that were interrupted': [starts!.again, { atLeast: 1 }],
      'jobs lost': [JOBS - (counts.completed ?? 0), { is: 0 }],
      'jobs without their effect, or with two': [JOBS - effects!.jobs + (effects!.notes - effects!.jobs), { is: 0 }],
      'from an interrupted start to the next one, slowest, s': [again!.seconds ?? 0, { atMost: 60 }],
    })
    assert.deepEqual(counts, { completed: JOBS })
    assert.deepEqual(effects, { notes: JOBS, jobs: JOBS, values: JOBS })
    assert.ok(killed >= 2, `${killed} workers were killed`)
    assert.ok(starts!.again > 0, 'no job was interrupted: nothing was proven')
    assert.equal(noted!.kept, noted!.count, 'every interrupted try is in its job’s history')
  })

  it('one worker that falls silent in the middle of a job and wakes again ends nothing: another has done it (JOB-2)', async () => {
    await rows('TRUNCATE notes')
    const node = openJobs(server)
    let attempt = 0
    node.jobs.define({
      ...noteJob,
      async handler(run) {
        attempt = run.attempt
        await run.database.transaction(async (tx) => {
          await tx.run(sql`INSERT INTO notes (job, note) VALUES (${run.jobId}, 'awake')`)
          await run.complete(tx)
        })
      },
    })
    await node.jobs.start({ work: false })
    const silent = startWorker('block')
    const id = await node.database.inTenant('a', (tx) => node.jobs.enqueue(tx, noteJob.name, { note: 'silent' }))
    const stateOf = async () =>
      (await rows<{ state: string }>(`SELECT state FROM pgboss.job WHERE id = '${id}'`)).map(({ state }) => state)
    await until(async () => ((await stateOf())[0] === 'active' ? [1] : []))
    await node.jobs.stop({ graceMs: 0 })
    await node.jobs.start()
    await until(async () => ((await stateOf())[0] === 'completed' ? [1] : []), 30_000)
    await sleep(BLOCKED_MS - 8_000)
    assert.equal(silent.exitCode, null)
    assert.deepEqual(await rows(`SELECT note FROM notes WHERE job = '${id}'`), [{ note: 'awake' }])
    assert.deepEqual([await stateOf(), attempt], [['completed'], 2])
    await node.close()
  })
})
