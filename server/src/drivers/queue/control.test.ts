// What people see of jobs and do to them, on two nodes over one PostgreSQL.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Type from 'typebox'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../../test/database.ts'
import { sql } from '../database/index.ts'
import { installQueue, JobRefused, type JobRun } from './index.ts'
import { openJobs, quick, until } from './queue.fixture.ts'

const schema = Type.Object({ n: Type.Integer() })
const kind = { name: 'test.work', schema, retry: quick, timeoutSeconds: 60, concurrency: 1, keepDays: 3 }
const system = { ...kind, name: 'test.system', scope: 'installation' } as const

type Run = JobRun<{ n: number }>
type Node = ReturnType<typeof openJobs>

describe('jobs under control', () => {
  let server: TestDatabase
  let worker: Node
  /** Works on nothing, and knows every kind: as an API process beside workers. */
  let api: Node
  let behave: (run: Run) => Promise<object | undefined>
  const abandoned: string[] = []
  const revived: number[] = []

  const definition = {
    ...kind,
    handler: (run: Run) => behave(run) as Promise<undefined>,
    async abandoned({ jobId, reason }: { jobId: string; reason: string }) {
      abandoned.push(`${jobId} ${reason}`)
    },
    async revived(_: unknown, { n }: { n: number }) {
      if (n === 13) throw new JobRefused('Not this one.')
      revived.push(n)
    },
  }

  before(async () => {
    server = await createMigratedDatabase()
    await installQueue(server.url, { rolePrefix: server.rolePrefix, jobs: [kind, system] })
    await asAdmin(`INSERT INTO tenants (id, name, slug) VALUES ('a', 'A', 'a'), ('b', 'B', 'b');
      CREATE TABLE notes (job text NOT NULL, note text NOT NULL);
      GRANT SELECT, INSERT ON notes TO ${server.rolePrefix}_app`)
    worker = openJobs(server)
    api = openJobs(server)
    for (const { jobs } of [worker, api]) {
      jobs.define(definition)
      jobs.define({ ...system, handler: async () => ({ walked: 3 }) })
    }
    await api.jobs.start({ work: false })
    await worker.jobs.start()
  })
  after(async () => {
    await worker?.close()
    await api?.close()
    await server?.drop()
  })

  const asAdmin = async <R extends object>(statement: string, values?: unknown[]): Promise<R[]> =>
    withClient(server.adminUrl, async (client) => (await client.query(statement, values)).rows)
  const add = async (n: number, options = {}, tenant = 'a') =>
    (await api.database.inTenant(tenant, (tx) => api.jobs.enqueue(tx, kind.name, { n }, options)))!
  // biome-ignore lint/suspicious/noExplicitAny: rows of many shapes
  const rowOf = async (id: string): Promise<any> => (await asAdmin('SELECT * FROM pgboss.job WHERE id = $1', [id]))[0]
  const inState = (id: string, ...states: string[]) =>
    until(async () => (states.includes((await rowOf(id)).state) ? [await rowOf(id)] : []))
  const cancel = (id: string, owner: string | null = 'a') =>
    api.database.inTenant(owner ?? 'default', (tx) => api.jobs.cancel(tx, owner, id))
  const retry = (id: string, owner: string | null = 'a') =>
    api.database.inTenant(owner ?? 'default', (tx) => api.jobs.retry(tx, owner, id))
  const write = (tx: { run: Run['database']['run'] }, id: string, note: string) =>
    tx.run(sql`INSERT INTO notes (job, note) VALUES (${id}, ${note})`)
  const notesOf = async (id: string) =>
    (await asAdmin<{ note: string }>('SELECT note FROM notes WHERE job = $1', [id])).map(({ note }) => note)

  it('a running one is cancelled from another node: told within seconds, and it commits nothing any more', async (test) => {
    let told: number | undefined
    const refusals: unknown[] = []
    behave = async ({ database, jobId, signal, complete }) => {
      await database.transaction((tx) => write(tx, jobId, 'before'))
      await new Promise((done) => signal.addEventListener('abort', done))
      told = Date.now()
      refusals.push(signal.reason)
      // A handler that does not listen: neither way to write lets it.
      await database.transaction((tx) => write(tx, jobId, 'after')).catch((error) => refusals.push(error))
      await database
        .transaction(async (tx) => {
          await write(tx, jobId, 'end')
          await complete(tx)
        })
        .catch((error) => refusals.push(error))
      return undefined
    }
    const id = await add(1)
    await inState(id, 'active')
    const asked = Date.now()
    assert.deepEqual(await cancel(id), { outcome: 'done', name: kind.name })
    await until(() => (refusals.length === 3 ? [1] : []))
    test.diagnostic(`told after ${told! - asked} ms`)
    assert.ok(told! - asked < 4_000)
    assert.match(String(refusals[0]), /was cancelled/)
    for (const refusal of refusals.slice(1)) assert.match(String(refusal), /was cancelled, or another worker/)
    assert.deepEqual(await notesOf(id), ['before'])
    await sleep(1_500)
    const { state, data } = await rowOf(id)
    assert.equal(state, 'cancelled', 'the end of its handler changes nothing')
    assert.deepEqual(
      data.attempts.map(({ attempt, error }: Record<string, unknown>) => [attempt, error]),
      [[1, 'The job was cancelled.']],
    )
    assert.deepEqual(abandoned.splice(0), [`${id} The job was cancelled.`])
    assert.deepEqual(await cancel(id), { outcome: 'refused' })
  })

  it('between its look and its COMMIT nobody can cancel it: one of both is first', async () => {
    let looked = false
    behave = async ({ database, jobId, complete }) => {
      await database.transaction(async (tx) => {
        await write(tx, jobId, 'done')
        await complete(tx)
        looked = true
        await sleep(700)
      })
      return undefined
    }
    const id = await add(2)
    await until(() => (looked ? [1] : []))
    assert.deepEqual(await cancel(id), { outcome: 'refused' })
    assert.equal((await rowOf(id)).state, 'completed')
    assert.deepEqual(await notesOf(id), ['done'])
  })

  it('a waiting one that was cancelled never runs, until somebody has it tried again', async () => {
    const ran: number[] = []
    behave = async ({ payload }) => void ran.push(payload.n) as undefined
    const id = await add(3, { delaySeconds: 1 })
    await cancel(id)
    await sleep(2_500)
    assert.deepEqual(ran, [])
    assert.deepEqual(await retry(id), { outcome: 'done', name: kind.name })
    const [row] = await inState(id, 'completed')
    assert.deepEqual([ran, row.retry_count, revived.splice(0)], [[3], 0, [3]])
    assert.deepEqual(await retry(id), { outcome: 'refused' })
    abandoned.splice(0)
  })

  it('keeps the error, start and end of every try, also of a later round, and no secret of it (JOB-3)', async () => {
    let fails = true
    behave = async ({ attempt }) => {
      if (fails) throw new Error(`try ${attempt}: smtp://me:hunter2@mail refused password=hunter3`)
      return { sent: 1 }
    }
    const id = await add(4)
    const [failed] = await inState(id, 'failed')
    const error = (n: number) => `try ${n}: smtp://mail refused password=[removed]`
    const attempts = failed.data.attempts as { attempt: number; error: string; startedAt: string; endedAt: string }[]
    assert.deepEqual(
      attempts.map((one) => [one.attempt, one.error]),
      [1, 2, 3].map((n) => [n, error(n)]),
    )
    for (const { startedAt, endedAt } of attempts) assert.ok(Date.parse(startedAt) <= Date.parse(endedAt))
    assert.doesNotMatch(JSON.stringify(failed), /hunter/)
    await until(() => abandoned.splice(0))
    fails = false
    await retry(id)
    const [done] = await inState(id, 'completed')
    assert.deepEqual([done.data.attempts.length, done.output], [3, { result: { sent: 1 } }])
    assert.equal(done.retry_count + 1, 4)
    assert.ok(done.retry_limit >= done.retry_count + kind.retry.limit, 'all its tries again')
  })

  it('is not tried again where its module says no, nor by another owner; an id of nothing is the same', async () => {
    behave = async () => {
      throw new JobRefused('never')
    }
    const id = await add(13)
    await inState(id, 'failed')
    assert.deepEqual(await retry(id), { outcome: 'refused', reason: 'Not this one.' })
    for (const owner of ['b', null])
      for (const one of [id, crypto.randomUUID(), 'nonsense', '']) {
        assert.deepEqual(await retry(one, owner), { outcome: 'absent' })
        assert.deepEqual(await cancel(one, owner), { outcome: 'absent' })
      }
    assert.equal((await rowOf(id)).state, 'failed')
    const [letter] = await asAdmin<{ id: string }>(`SELECT id FROM pgboss.job WHERE source_id = $1`, [id])
    assert.deepEqual(await cancel(letter!.id), { outcome: 'absent' }, 'dead letters are nobody’s to cancel')
  })

  it('says how far it is, once a second at most, however often it is told', async () => {
    const seen = new Set<string>()
    let go = true
    behave = async ({ progress }) => {
      for (let n = 0; go; n++) {
        progress(Math.min(0.9, n / 1_000), `row ${n}`)
        await sleep(1)
      }
      progress(7)
      assert.throws(() => progress(Number.NaN), /from 0 to 1/)
      return { counted: 9, long: 'x'.repeat(3_000) }
    }
    const id = await add(5)
    for (const end = Date.now() + 4_000; Date.now() < end; await sleep(50)) {
      const { output } = await rowOf(id)
      if (output?.progress) seen.add(JSON.stringify(output.progress))
    }
    go = false
    assert.ok(seen.size >= 3 && seen.size <= 5, `${seen.size} writes in four seconds`)
    for (const one of seen) {
      const { fraction, note } = JSON.parse(one)
      assert.ok(fraction >= 0 && fraction <= 0.9 && /^row \d+$/.test(note), one)
    }
    const [row] = await inState(id, 'completed')
    assert.equal(row.output, null, 'a result that is too long is not kept')
  })

  it('runs the highest priority first, and keeps its end for as long as its kind says', async () => {
    const order: number[] = []
    let open = false
    behave = async ({ payload }) => {
      if (payload.n === 0) await until(() => (open ? [1] : []))
      order.push(payload.n)
      return undefined
    }
    const first = await add(0)
    await inState(first, 'active')
    const ids = [
      await add(1),
      await add(2, { priority: 5 }),
      await add(3, { priority: -5 }),
      await add(4, { priority: 100 }),
    ]
    open = true
    for (const id of ids) await inState(id, 'completed')
    assert.deepEqual(order, [0, 4, 2, 1, 3])
    assert.equal((await rowOf(first)).deletion_seconds, 3 * 86_400)
    await assert.rejects(add(1, { priority: 101 }), /from -100 to 100/)
    await assert.rejects(add('1' as unknown as number), /not what the job/)
  })

  it('of the installation belongs to no tenant, and no tenant can touch it (JOB-4)', async () => {
    const id = (await api.database.inTenant('a', (tx) =>
      api.jobs.enqueue(tx, system.name, { n: 1 }, { delaySeconds: 3_600 }),
    ))!
    assert.deepEqual((await rowOf(id)).data, { tenantId: null, payload: { n: 1 } })
    assert.deepEqual(await cancel(id, 'a'), { outcome: 'absent' })
    await api.database.inTenant('a', (tx) => api.jobs.dropOf(tx, 'a'))
    assert.deepEqual(await cancel(id, null), { outcome: 'done', name: system.name })
    await retry(id, null)
    const [row] = await inState(id, 'completed')
    assert.deepEqual(row.output, { result: { walked: 3 } })
    await asAdmin(
      `UPDATE pgboss.job SET data = '{"tenantId": "a", "payload": {"n": 1}}', state = 'retry' WHERE id = $1`,
      [id],
    )
    const [refused] = await inState(id, 'failed')
    assert.match(refused.output.message, /not what this job is told/)
  })
})
