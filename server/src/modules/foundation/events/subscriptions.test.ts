// Subscribers: every event at least once, its effect exactly once, in the order of COMMIT within an aggregate.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Type from 'typebox'
import { openDatabase, testLog } from '../../../../test/application.ts'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../../../test/database.ts'
import { systemClock } from '../../../core/clock.ts'
import { defineEvent } from '../../../core/events.ts'
import { type Bus, createPostgresBus } from '../../../drivers/bus/index.ts'
import { type Database, sql } from '../../../drivers/database/index.ts'
import { createJobs, installQueue, JobRefused, type Jobs } from '../../../drivers/queue/index.ts'
import { createEvents, type Events, type SubscriberRun, subscriberJob } from './index.ts'

const Moved = defineEvent({
  name: 'stones.moved',
  aggregate: 'stone',
  summary: 'A stone was moved.',
  schema: Type.Object({ n: Type.Integer() }),
})
const Cut = defineEvent({ ...Moved, name: 'stones.cut', summary: 'A stone was cut.' })
const Lost = defineEvent({ ...Moved, name: 'stones.lost', summary: 'Nobody cares.' })

const retry = { limit: 2, delaySeconds: 1, backoff: false, maxDelaySeconds: 1 }
const ledger = subscriberJob('ledger.write', { retry })
const other = subscriberJob('other.write', { retry })
const system = { kind: 'system', name: 'test' } as const

describe('subscribers', () => {
  let server: TestDatabase
  let database: Database
  let bus: Bus
  const running: Jobs[] = []
  const seen: { subscriber: string; id: string; n: number; attempt: number }[] = []
  let behaviour: (run: SubscriberRun) => Promise<void> = async () => {}

  before(async () => {
    server = await createMigratedDatabase()
    await withClient(server.adminUrl, (client) =>
      client.query(`INSERT INTO tenants (id, name, slug) VALUES ('a', 'A', 'a'), ('b', 'B', 'b');
        CREATE TABLE effects (place serial, stone text, n int, "eventId" text);
        GRANT ALL ON effects, effects_place_seq TO PUBLIC`),
    )
    await installQueue(server.url, { rolePrefix: server.rolePrefix, jobs: [ledger, other] })
    database = openDatabase(server)
    bus = await createPostgresBus({ url: server.appUrl, log: { warn() {}, info() {} } })
  })
  after(async () => {
    await stopWorkers()
    await bus?.close()
    await database?.close()
    await server?.drop()
  })

  function createNode(): { events: Events; jobs: Jobs } {
    const jobs = createJobs({ url: server.appUrl, database, log: testLog, monitorSeconds: 1 })
    const options = { retentionDays: 7, heartbeatMs: 15_000, lifeMs: 60_000, perPerson: 1, perProcess: 1 }
    const parts = { database, bus, jobs, clock: systemClock, log: testLog, options }
    const events = createEvents({ ...parts, definitions: [Moved, Cut, Lost] })
    const handler = async (run: SubscriberRun) => {
      const { n } = run.event.payload as { n: number }
      seen.push({ subscriber: 'ledger', id: run.event.aggregateId, n, attempt: run.attempt })
      await behaviour(run)
      await run.database.transaction(async (tx) => {
        if (!(await run.once(tx))) return
        await tx.run(
          sql`INSERT INTO effects (stone, n, "eventId") VALUES (${run.event.aggregateId}, ${n}, ${run.event.id})`,
        )
      })
    }
    events.subscribe({ ...ledger, to: [Moved, Cut], handler })
    events.subscribe({
      ...other,
      to: [Cut],
      handler: async ({ event, attempt }) => {
        seen.push({ subscriber: 'other', id: event.aggregateId, n: (event.payload as { n: number }).n, attempt })
      },
    })
    return { events, jobs }
  }
  async function startWorker(): Promise<Events> {
    const { events, jobs } = createNode()
    await jobs.start()
    running.push(jobs)
    return events
  }
  async function stopWorkers(): Promise<void> {
    for (const jobs of running.splice(0)) await jobs.stop({ graceMs: 2_000 })
  }
  const publish = (events: Events, aggregateId: string, n: number, definition = Moved, tenantId = 'a') =>
    database.inTenant(tenantId, async (tx) =>
      events.publish(tx, definition, { aggregateId, payload: { n }, actor: system }),
    )
  const query = async <Row>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await withClient(server.adminUrl, (client) => client.query(text, values))).rows
  const effectsOf = async (stone: string) =>
    (await query<{ n: number }>('SELECT n FROM effects WHERE stone = $1 ORDER BY place', [stone])).map(({ n }) => n)
  const owed = async () =>
    (
      await query<{ n: number }>(`SELECT ((SELECT count(*) FROM event_deliveries WHERE state <> 'dead')
        + (SELECT count(*) FROM events WHERE seq IS NULL))::int AS n`)
    )[0]!.n
  async function until(what: () => boolean | Promise<boolean>, withinMs = 20_000): Promise<void> {
    for (const end = performance.now() + withinMs; !(await what()); await sleep(20))
      if (performance.now() > end)
        throw new Error(`It did not happen in time: ${JSON.stringify(await query('SELECT * FROM event_deliveries'))}`)
  }

  /** Until everything that was committed has its place, and its subscribers know. */
  async function ordered(): Promise<void> {
    while ((await query('SELECT 1 FROM events WHERE seq IS NULL LIMIT 1')).length > 0) await sleep(10)
  }

  it('get what they asked for after the commit, and nothing of what is rolled back', async () => {
    const events = await startWorker()
    await assert.rejects(
      database.inTenant('a', async (tx) => {
        events.publish(tx, Moved, { aggregateId: 'undone', payload: { n: 1 }, actor: system })
        throw new Error('undone')
      }),
    )
    await publish(events, 'first', 1)
    await publish(events, 'first', 2, Cut)
    await publish(events, 'first', 3, Lost)
    await until(async () => (await owed()) === 0)
    assert.deepEqual(await effectsOf('first'), [1, 2])
    assert.deepEqual(await effectsOf('undone'), [])
    assert.deepEqual(
      seen.filter(({ subscriber }) => subscriber === 'other').map(({ n }) => n),
      [2],
    )
    assert.deepEqual(
      await query(`SELECT 1 FROM pgboss.job WHERE data ->> 'tenantId' IS NULL OR name = 'stones.lost'`),
      [],
    )
  })

  it('costs no job and no delivery where nobody listens', async () => {
    const events = running.length ? await startWorker() : createNode().events
    const jobs = async () => (await query<{ n: number }>('SELECT count(*)::int AS n FROM pgboss.job'))[0]!.n
    const before = await jobs()
    await publish(events, 'quiet', 1, Lost)
    await ordered()
    assert.equal(await jobs(), before)
    assert.deepEqual(await query(`SELECT 1 FROM event_deliveries WHERE "aggregateId" = 'quiet'`), [])
    assert.equal((await query(`SELECT 1 FROM events WHERE "aggregateId" = 'quiet'`)).length, 1)
  })

  it('no writer of a tenant waits for the COMMIT of another, and the order is that of the commits', async () => {
    const { events } = createNode()
    let commit = () => {}
    const slow = database.inTenant('a', async (tx) => {
      events.publish(tx, Lost, { aggregateId: 'turns', payload: { n: 1 }, actor: system })
      // Written, and not committed.
      tx.beforeCommit(() => new Promise((go) => (commit = go)))
    })
    while (String(commit) === '() => {}') await sleep(5)
    await publish(events, 'turns', 2, Lost)
    await ordered()
    commit()
    await slow
    await ordered()
    const rows = await query<{ n: number }>(
      `SELECT (payload ->> 'n')::int AS n FROM events WHERE "aggregateId" = 'turns' ORDER BY seq`,
    )
    assert.deepEqual(
      rows.map(({ n }) => n),
      [2, 1],
    )
  })

  it('refuses what is no fact: another shape, content, an event that is not in the catalogue, no tenant', async () => {
    const { events } = createNode()
    const attempt = (payload: unknown, definition = Moved) =>
      database.inTenant('a', async (tx) => events.publish(tx, definition, { aggregateId: 'x', payload, actor: system }))
    await assert.rejects(attempt({ n: 'one' }), /This is not what the event stones.moved holds/)
    await assert.rejects(attempt({ n: 1, text: 'x'.repeat(5_000) }), /too large/)
    await assert.rejects(attempt({ n: 1 }, { ...Moved, name: 'stones.unknown' }), /is not in the catalogue/)
    await assert.rejects(
      database.inGlobal(async (tx) =>
        events.publish(tx, Moved, { aggregateId: 'x', payload: { n: 1 }, actor: system }),
      ),
      /needs a tenant/,
    )
    assert.throws(() => defineEvent({ ...Moved, name: 'Moved' }), /noun.happened/)
    assert.deepEqual(await query(`SELECT 1 FROM events WHERE "aggregateId" = 'x'`), [])
  })

  it('JOB-1: two workers, overlapping transactions and failures: each effect once, in the order of commit', async () => {
    const [one, two] = [await startWorker(), await startWorker()]
    const stones = ['s1', 's2', 's3', 's4']
    behaviour = async ({ attempt }) => {
      await sleep(Math.random() * 5)
      if (attempt === 1 && Math.random() < 0.1) throw new Error('not yet')
    }
    let next = 0
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        while (next < 120) {
          const n = next++
          await database.inTenant('a', async (tx) => {
            await tx.run(sql`SELECT pg_sleep(${Math.random() * 0.01})`)
            const events = writer % 2 ? one : two
            events.publish(tx, n % 3 ? Moved : Cut, { aggregateId: stones[n % 4]!, payload: { n }, actor: system })
          })
        }
      }),
    )
    await until(async () => (await owed()) === 0, 60_000)
    behaviour = async () => {}
    for (const stone of stones) {
      const committed = await query<{ payload: { n: number } }>(
        'SELECT payload FROM events WHERE "aggregateId" = $1 ORDER BY seq',
        [stone],
      )
      assert.deepEqual(
        await effectsOf(stone),
        committed.map(({ payload }) => payload.n),
      )
      assert.equal(committed.length, 30)
    }
  })

  it('an effect whose job could not end is not made again', async () => {
    const events = await startWorker()
    let ends = 0
    behaviour = async (run) => {
      const { n } = run.event.payload as { n: number }
      if (run.event.aggregateId !== 'ended' || n !== 1 || run.attempt > 1) return
      await run.database.transaction(async (tx) => {
        assert.equal(await run.once(tx), true)
        await tx.run(sql`INSERT INTO effects (stone, n, "eventId") VALUES ('ended', 1, ${run.event.id})`)
      })
      ends++
      throw new Error('the process died after its effect')
    }
    await publish(events, 'ended', 1)
    await publish(events, 'ended', 2)
    await until(async () => (await effectsOf('ended')).includes(2))
    behaviour = async () => {}
    assert.equal(ends, 1)
    assert.deepEqual(await effectsOf('ended'), [1, 2])
  })

  it('a poisoned event holds up its own aggregate until it is given up, and no other; tried again by a person it counts', async () => {
    const events = await startWorker()
    let poisoned = true
    behaviour = async ({ event }) => {
      if (poisoned && event.aggregateId === 'poisoned' && (event.payload as { n: number }).n === 1)
        throw new Error('poison')
    }
    await publish(events, 'poisoned', 1)
    await publish(events, 'poisoned', 2)
    await publish(events, 'healthy', 1)
    await until(async () => (await effectsOf('healthy')).length === 1)
    assert.deepEqual(await effectsOf('poisoned'), [], 'its own next one waits')
    await until(async () => (await effectsOf('poisoned')).length === 1, 60_000)
    assert.deepEqual(await effectsOf('poisoned'), [2])
    assert.deepEqual(
      seen.filter(({ id, n }) => id === 'poisoned' && n === 1).map(({ attempt }) => attempt),
      [1, 2, 3],
    )
    const [dead] = await query<{ state: string; eventId: string }>(
      `SELECT state, "eventId" FROM event_deliveries WHERE "aggregateId" = 'poisoned'`,
    )
    assert.equal(dead!.state, 'dead')
    const [job] = await query<{ id: string; state: string }>(
      `SELECT id, state FROM pgboss.job WHERE name = 'ledger.write' AND data -> 'payload' ->> 'eventId' = $1`,
      [dead!.eventId],
    )
    assert.equal(job!.state, 'failed')
    poisoned = false
    const revived = await database.inTenant('a', (tx) => running[0]!.retry(tx, 'a', job!.id))
    assert.equal(revived.outcome, 'done')
    await until(async () => (await effectsOf('poisoned')).length === 2)
    await until(async () => (await owed()) === 0)
    assert.deepEqual(await effectsOf('poisoned'), [2, 1])
    behaviour = async () => {}
  })

  it('a subscriber that refuses is not tried again, and what is behind goes on', async () => {
    const events = await startWorker()
    behaviour = async ({ event }) => {
      if (event.aggregateId === 'refused' && (event.payload as { n: number }).n === 1) throw new JobRefused('never')
    }
    await publish(events, 'refused', 1)
    await publish(events, 'refused', 2)
    await until(async () => (await effectsOf('refused')).length === 1)
    assert.deepEqual(await effectsOf('refused'), [2])
    assert.equal(seen.filter(({ id, n }) => id === 'refused' && n === 1).length, 1)
    behaviour = async () => {}
  })

  it('what a process without jobs publishes waits, and is found', async () => {
    await stopWorkers()
    const { events } = createNode()
    await publish(events, 'stranded', 1)
    await publish(events, 'stranded', 2)
    await ordered()
    assert.deepEqual(
      (await query<{ state: string }>(`SELECT state FROM event_deliveries WHERE "aggregateId" = 'stranded'`)).map(
        ({ state }) => state,
      ),
      ['waiting', 'waiting'],
    )
    const worker = await startWorker()
    assert.equal(await worker.release(), 2)
    await until(async () => (await owed()) === 0)
    assert.deepEqual(await effectsOf('stranded'), [1, 2])
    assert.equal(await worker.release(), 0)
  })

  it('what is owed is not forgotten, nor anything after it; and a tenant takes its events along', async () => {
    await stopWorkers()
    const { events } = createNode()
    await publish(events, 'kept', 1, Lost, 'b')
    await publish(events, 'kept', 2, Moved, 'b')
    await publish(events, 'kept', 3, Lost, 'b')
    await ordered()
    await query(`UPDATE events SET "occurredAt" = now() - interval '8 days' WHERE "tenantId" = 'b'`)
    assert.equal(await events.forget(), 1)
    const left = await query<{ n: number }>(
      `SELECT (payload ->> 'n')::int AS n FROM events WHERE "tenantId" = 'b' ORDER BY seq`,
    )
    assert.deepEqual(
      left.map(({ n }) => n),
      [2, 3],
    )
    await query(`UPDATE event_deliveries SET state = 'dead' WHERE "tenantId" = 'b'`)
    assert.equal(await events.forget(), 2)
    await publish(events, 'kept', 4, Moved, 'b')
    await query(`DELETE FROM tenants WHERE id = 'b'`)
    for (const table of ['events', 'event_heads', 'event_deliveries'])
      assert.deepEqual(await query(`SELECT 1 FROM ${table} WHERE "tenantId" = 'b'`), [], table)
  })
})
