// The bus by one contract, whatever carries it: what commits is told everywhere, what does not is told nowhere.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../../../test/application.ts'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../../test/database.ts'
import { redisMissing, startRedis, type TestRedis } from '../../../test/redis.ts'
import type { Database } from '../database/index.ts'
import { type Bus, createPostgresBus, createRedisBus, type Message } from './index.ts'
import * as outbox from './outbox.ts'

if (redisMissing) console.log(`The bus on Redis is not tested: ${redisMissing}.`)

const silent = { warn() {}, info() {} }
const QUIET_MS = 300

for (const kind of ['PostgreSQL', 'Redis']) {
  describe(`the bus on ${kind}`, { skip: kind === 'Redis' ? (redisMissing ?? false) : false }, () => {
    let server: TestDatabase
    let database: Database
    let redis: TestRedis | undefined
    let here: Bus
    let there: Bus
    const heard: Record<'here' | 'there', [string, Message][]> = { here: [], there: [] }
    const gaps: boolean[] = []

    const openBus = (): Promise<Bus> =>
      redis
        ? createRedisBus({ url: redis.url, database, log: silent })
        : createPostgresBus({ url: server.appUrl, log: silent })

    before(async () => {
      server = await createMigratedDatabase()
      database = openDatabase(server)
      if (kind === 'Redis') redis = await startRedis()
      here = await openBus()
      there = await openBus()
      for (const topic of ['news', 'other']) {
        here.subscribe(topic, (message) => heard.here.push([topic, message]))
        there.subscribe(topic, (message) => heard.there.push([topic, message]))
      }
      there.onGap(() => gaps.push(there.connected()))
    })
    after(async () => {
      await here?.close()
      await there?.close()
      await database?.close()
      await redis?.kill()
      await server?.drop()
    })

    const forget = () => {
      heard.here.length = 0
      heard.there.length = 0
      gaps.length = 0
    }
    async function until(what: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
      for (const end = performance.now() + withinMs; !(await what()); await sleep(5))
        if (performance.now() > end) throw new Error('It did not happen in time.')
    }
    const publish = (bus: Bus, message: Message, topic = 'news') =>
      database.inGlobal((tx) => bus.publish(tx, topic, message))
    const waiting = async () =>
      (await withClient(server.adminUrl, (client) => client.query('SELECT count(*)::int AS n FROM bus_outbox'))).rows[0]
        .n

    it('tells every node of a commit, each once, in the order in which they were committed', async () => {
      forget()
      const sent: Message[] = []
      for (let n = 0; n < 50; n++) {
        sent.push({ n, tenantId: 'a' })
        await publish(here, sent[n]!)
      }
      await until(() => heard.there.length >= 50)
      await sleep(QUIET_MS)
      for (const node of [heard.here, heard.there])
        assert.deepEqual(
          node,
          sent.map((message) => ['news', message]),
        )
      if (redis) await until(async () => (await waiting()) === 0)
    })

    it('tells nothing before the commit, and nothing of what is rolled back', async () => {
      forget()
      await assert.rejects(
        database.inGlobal(async (tx) => {
          await here.publish(tx, 'news', { lost: true })
          throw new Error('undone')
        }),
      )
      await database.inGlobal(async (tx) => {
        await here.publish(tx, 'news', { kept: true })
        await sleep(QUIET_MS)
        assert.deepEqual([heard.here, heard.there], [[], []])
      })
      await until(() => heard.there.length > 0)
      await sleep(QUIET_MS)
      assert.deepEqual(heard, { here: [['news', { kept: true }]], there: [['news', { kept: true }]] })
    })

    it('tells whoever subscribes to the topic and nobody else', async () => {
      forget()
      await publish(here, { n: 1 }, 'other')
      await publish(here, { n: 2 }, 'nobody')
      await until(() => heard.there.length > 0)
      await sleep(QUIET_MS)
      assert.deepEqual(heard.there, [['other', { n: 1 }]])
    })

    it('tells hints at once, without a transaction, to every node once', async () => {
      forget()
      for (let n = 0; n < 100; n++) here.tell('news', { n })
      assert.equal(heard.here.length, 100)
      await until(() => heard.there.length >= 100)
      await sleep(QUIET_MS)
      assert.deepEqual(
        heard.there.map(([, { n }]) => n),
        Array.from({ length: 100 }, (_, n) => n),
      )
      assert.equal(await waiting(), 0)
    })

    it('refuses what is too large to be ids, and says so', async () => {
      forget()
      const large = { text: 'ä'.repeat(4_000) }
      await assert.rejects(publish(here, large), /A message on news has 8\d{3} bytes: the bus carries ids/)
      assert.throws(() => here.tell('news', large), /the bus carries ids/)
      await sleep(QUIET_MS)
      assert.deepEqual(heard, { here: [], there: [] })
    })

    it('leaves alone what is no message of ours', async () => {
      forget()
      for (const text of ['', 'nonsense', 'null', '{"topic":5,"message":{}}', '{"topic":"news"}', '[]'])
        if (redis) await redis.publish('ashlar:bus', text)
        else await withClient(server.adminUrl, (client) => client.query("SELECT pg_notify('ashlar', $1)", [text]))
      await publish(here, { after: true })
      await until(() => heard.there.length > 0)
      assert.deepEqual(heard.there, [['news', { after: true }]])
    })

    it('AVL-2: a lost connection is said at once, and once it is back messages come again', async () => {
      forget()
      assert.ok(there.connected())
      if (redis) await redis.kill()
      else await dropListeners(server)
      await until(() => gaps.length > 0)
      assert.equal(gaps[0], false, 'nothing may be believed from here on')
      await publish(here, { while: 'away' })
      await redis?.restart()
      await until(() => gaps.at(-1) === true && there.connected() && here.connected(), 15_000)
      forget()
      await publish(here, { back: true })
      await until(() => heard.there.some(([, message]) => message.back === true))
      assert.deepEqual(
        heard.there.filter(([, message]) => message.back),
        [['news', { back: true }]],
      )
    })

    it('AVL-2: a connection that hangs is found to be lost, and found again', {
      skip: kind !== 'Redis' && 'PostgreSQL cannot be stopped in its tracks here',
    }, async () => {
      forget()
      redis!.freeze()
      await until(() => !there.connected(), 15_000)
      const began = performance.now()
      await publish(here, { while: 'frozen' })
      assert.ok(performance.now() - began < 2_000, 'no transaction waits for Redis')
      redis!.thaw()
      await until(() => there.connected() && here.connected(), 15_000)
      await publish(here, { back: true })
      await until(() => heard.there.some(([, message]) => message.back === true))
    })

    if (kind === 'Redis') {
      it('SESS-2: a message is told although its process died right after the commit', async () => {
        forget()
        // What such a process leaves behind.
        await database.inGlobal((tx) =>
          outbox.add(tx, 'left-behind', JSON.stringify({ from: 'somebody', topic: 'news', message: { userId: 'u' } })),
        )
        for (const node of [heard.here, heard.there])
          await until(() => node.some(([topic, { userId }]) => topic === 'news' && userId === 'u'))
        await until(async () => (await waiting()) === 0)
      })

      it('starts without Redis, believes nothing meanwhile, and finds it when it comes', async () => {
        await redis!.kill()
        const late = await openBus()
        try {
          assert.equal(late.connected(), false)
          const told: Message[] = []
          late.subscribe('news', (message) => told.push(message))
          await publish(late, { own: true })
          assert.equal(told[0]?.own, true, 'this process is told in any case')
          await redis!.restart()
          await until(() => late.connected() && here.connected(), 15_000)
          await publish(here, { found: true })
          await until(() => told.some(({ found }) => found === true))
        } finally {
          await late.close()
        }
      })
    }
  })
}

/** Ends every listening connection, as a restart of the server or a firewall does. */
async function dropListeners(server: TestDatabase): Promise<void> {
  await withClient(server.adminUrl, (client) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ashlar-bus' AND datname = current_database()`,
    ),
  )
}
