// Jobs by the clock: once for each due time on several nodes, and once for all that was missed.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PgBoss } from 'pg-boss'
import Type from 'typebox'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../../test/database.ts'
import { type InstallationJobDefinition, installQueue, type JobSettings } from './index.ts'
import { openJobs, quick, until } from './queue.fixture.ts'
import { dueAfter } from './schedules.ts'

const often = {
  name: 'test.often',
  scope: 'installation',
  schema: Type.Object({}),
  retry: quick,
  timeoutSeconds: 30,
  concurrency: 1,
  schedule: { cron: '*/2 * * * * *', timeZone: 'UTC' },
} satisfies JobSettings
const yearly = { ...often, name: 'test.yearly', schedule: { cron: '0 0 1 1 *', timeZone: 'Asia/Shanghai' } }

describe('schedules', () => {
  let server: TestDatabase
  const ran: string[] = []
  before(async () => {
    server = await createMigratedDatabase()
  })
  after(() => server?.drop())

  const install = (...jobs: JobSettings[]) => installQueue(server.url, { rolePrefix: server.rolePrefix, jobs })
  const asAdmin = async <R extends object>(statement: string, values?: unknown[]): Promise<R[]> =>
    withClient(server.adminUrl, async (client) => (await client.query(statement, values)).rows)
  const definitionOf = (kind: typeof often): InstallationJobDefinition => ({
    ...kind,
    async handler() {
      ran.push(kind.name)
    },
  })

  async function startNodes(count: number) {
    const nodes = Array.from({ length: count }, () => openJobs(server))
    for (const { jobs } of nodes) {
      jobs.define(definitionOf(often))
      jobs.define(definitionOf(yearly))
      await jobs.start()
    }
    return { stop: () => Promise.all(nodes.map((node) => node.close())) }
  }

  it('on three nodes each due time fires once (JOB-2)', async (test) => {
    await install(often, yearly)
    const [first] = await asAdmin<{ nextAt: Date }>(`SELECT "nextAt" FROM job_schedules WHERE name = 'test.often'`)
    const nodes = await startNodes(3)
    await sleep(16_000)
    await nodes.stop()
    const [last] = await asAdmin<{ lastAt: Date }>(`SELECT "lastAt" FROM job_schedules WHERE name = 'test.often'`)
    const due = (last!.lastAt.getTime() - first!.nextAt.getTime()) / 2_000 + 1
    const [jobs] = await asAdmin<{ count: number }>(
      `SELECT count(*)::int AS count FROM pgboss.job WHERE name = 'test.often'`,
    )
    test.diagnostic(`${due} due times, ${jobs!.count} jobs, ${ran.length} runs`)
    assert.ok(due >= 6 && due <= 9)
    assert.equal(jobs!.count, due)
    assert.ok(ran.length === due || ran.length === due - 1, 'the last one may still wait when all stop')
    assert.ok(!ran.includes('test.yearly'))
  })

  it('what fell due while no node ran fires once, on the first node that comes', async () => {
    await asAdmin(`UPDATE job_schedules SET "nextAt" = now() - interval '3 years' WHERE name = 'test.yearly'`)
    ran.length = 0
    const nodes = await startNodes(3)
    await until(() => ran.filter((name) => name === 'test.yearly'))
    await sleep(3_000)
    await nodes.stop()
    assert.equal(ran.filter((name) => name === 'test.yearly').length, 1)
    const [row] = await asAdmin<{ nextAt: Date; late: boolean }>(
      `SELECT "nextAt", "nextAt" > now() AS late FROM job_schedules WHERE name = 'test.yearly'`,
    )
    assert.ok(row!.late)
    assert.match(row!.nextAt.toISOString(), /-12-31T16:00:00/, 'new year in Shanghai')
  })

  it('a job that is still waiting is not joined by another', async () => {
    const api = openJobs(server)
    api.jobs.define(definitionOf(often))
    await api.jobs.start({ work: false })
    const before = async () =>
      (await asAdmin(`SELECT 1 FROM pgboss.job WHERE name = 'test.often' AND state = 'created'`)).length
    for (let turn = 0; turn < 3; turn++)
      await api.database.inGlobal((tx) => api.jobs.enqueue(tx, 'test.often', {}, { singletonKey: 'schedule' }))
    assert.equal(await before(), 1)
    await api.close()
  })

  it('keep their place over a start, move when they are changed and go when the program has them no more', async () => {
    const nextOf = async () =>
      Object.fromEntries(
        (await asAdmin<{ name: string; nextAt: Date }>('SELECT name, "nextAt" FROM job_schedules')).map(
          ({ name, nextAt }) => [name, nextAt.toISOString()],
        ),
      )
    await asAdmin(`UPDATE job_schedules SET "nextAt" = '2020-01-01T00:00:00Z' WHERE name = 'test.yearly'`)
    await install(often, yearly)
    assert.equal((await nextOf())['test.yearly'], '2020-01-01T00:00:00.000Z', 'what was missed stays due')
    await install(yearly)
    assert.deepEqual(Object.keys(await nextOf()), ['test.yearly'])
    await install({ ...yearly, schedule: { cron: '0 0 1 1 *', timeZone: 'Europe/Berlin' } })
    assert.match((await nextOf())['test.yearly']!, /-12-31T23:00:00/)
  })

  it('that cannot be read, and those of jobs of tenants, are refused', async () => {
    for (const schedule of [
      { cron: 'sometimes', timeZone: 'UTC' },
      { cron: '0 0 * * *', timeZone: 'Europe/Quarry' },
    ])
      await assert.rejects(install({ ...yearly, schedule }), /The schedule .* cannot be read/)
    const node = openJobs(server)
    assert.throws(
      () => node.jobs.define({ ...often, scope: 'tenant', handler: async () => undefined }),
      /must be the installation's/,
    )
    await node.close()
  })

  it('follow the clock of their zone when it is changed', () => {
    const boss = new PgBoss({ connectionString: server.url })
    const at = (cron: string, from: string) => dueAfter(boss, { cron, timeZone: 'Europe/Berlin' }, new Date(from))
    assert.equal(at('0 9 * * *', '2026-03-28T08:00:00Z').toISOString(), '2026-03-29T07:00:00.000Z')
    assert.equal(at('0 9 * * *', '2026-10-24T07:00:00Z').toISOString(), '2026-10-25T08:00:00.000Z')
    // An hour that comes twice fires once.
    const first = at('30 2 * * *', '2026-10-24T12:00:00Z')
    assert.match(first.toISOString(), /^2026-10-25T0[01]:30/)
    assert.match(at('30 2 * * *', first.toISOString()).toISOString(), /^2026-10-26T01:30/)
  })
})
