// What requests and processes live through when PostgreSQL goes away and comes back under load.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type EmbeddedServer, startEmbedded } from '../src/drivers/database/embedded/index.ts'
import { report } from './figures.ts'
import { createLedger, writeUntil } from './ledger.ts'
import {
  type Client,
  createClient,
  createFleet,
  eventually,
  type Fleet,
  FULL_SIZE,
  percentile,
  register,
  type ServerProcess,
} from './processes.ts'

const ENDINGS = { fast: 'SIGINT', immediate: 'SIGQUIT', 'kill -9': 'SIGKILL' } as const
const ROUNDS = FULL_SIZE ? 5 : 1
const WRITERS = 8
const ANSWER_MS = 2_500
const RECOVERY_MS = 5_000

describe('restarts of PostgreSQL under load', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ashlar-restart-'))
  let postgres: EmbeddedServer
  let fleet: Fleet
  let nodes: [ServerProcess, ServerProcess]
  let client: Client

  before(async () => {
    chmodSync(dataDir, 0o711)
    // Flushing to disk as in production: this server is the one whose acknowledgements are put to the test.
    postgres = await startEmbedded({ dataDir, log: { info() {}, warn() {}, error() {} } })
    fleet = await createFleet({ server: postgres.url })
    nodes = [await fleet.start(), await fleet.start()]
    client = createClient()
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
    await postgres?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  /** Ends the server in the given way; resolves when it accepts connections again, with the time of that. */
  async function restart(signal: NodeJS.Signals): Promise<number> {
    const ended = postgres.pid
    process.kill(ended, signal)
    assert.ok(await eventually(async () => postgres.pid !== ended, 20_000, 5), 'PostgreSQL was not started again')
    assert.ok(await eventually(() => accepts(postgres.url), 20_000, 5), 'PostgreSQL does not accept connections')
    return performance.now()
  }

  async function assertRevocationCrosses(): Promise<void> {
    const [one, other] = nodes
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      const person = await register(client, here.url)
      const me = async () => (await client.call('GET', `${there.url}/api/v1/users/me`, { token: person.token })).status
      assert.equal(await me(), 200)
      await client.call('POST', `${here.url}/api/v1/auth/logout-all`, { token: person.token })
      assert.ok(await eventually(async () => (await me()) === 401, 1_000, 5), 'the other process did not hear of it')
    }
  }

  for (const [name, signal] of Object.entries(ENDINGS)) {
    it(`AVL-2, DUR-1, E2: ${name} × ${ROUNDS}: only 503, nothing acknowledged is lost, and both processes live on`, async (test) => {
      const ledger = createLedger({ unavailableIsUnknown: true })
      const stop = new AbortController()
      // Also after a failure: writers that nobody stops would never let the process end.
      test.after(() => stop.abort())
      const writers = await writeUntil(stop.signal, () => nodes[0].url, ledger, WRITERS)
      const recoveries: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        await sleep(700)
        const back = await restart(signal)
        await ledger.nextAcknowledgement()
        recoveries.push(performance.now() - back)
        const listening = async () =>
          (await Promise.all(nodes.map(({ url }) => client.call('GET', `${url}/api/v1/health/cache`)))).every(
            ({ body }) => body.bus === 'connected',
          )
        assert.ok(await eventually(listening, RECOVERY_MS), 'the bus does not listen again')
        await assertRevocationCrosses()
      }
      await sleep(300)
      stop.abort()
      await writers.finished

      const facts = await ledger.settle(fleet.rows)
      const slowest = Math.max(0, ...ledger.failures.map(({ ms }) => ms))
      test.diagnostic(
        `${facts.acknowledged} acknowledged, ${ledger.failures.length} answered 503 (slowest ${slowest.toFixed(0)} ms), ` +
          `${facts.unknownPresent} of those were done; first success ${percentile(recoveries, 1).toFixed(0)} ms after the server was back`,
      )
      const unseemly = ledger.failures.filter(({ status, retryAfter }) => status !== 503 || !Number(retryAfter))
      report('E2', `PostgreSQL ended ${ROUNDS} times (${name}) under writes`, {
        'writes acknowledged': [facts.acknowledged],
        'writes answered 503': [ledger.failures.length - unseemly.length],
        'other answers than 503 with Retry-After, or none': [
          unseemly.length + facts.unknown - ledger.failures.length,
          { is: 0 },
        ],
        'lost, halved, doubled, or refused and done': [Object.values(facts.faults).flat().length, { is: 0 }],
        'slowest refusal, ms': [slowest, { atMost: 2_500 }],
        'first write after it is back, slowest, ms': [
          Math.max(...recoveries),
          { atMost: name === 'kill -9' ? 10_000 : 5_000 },
        ],
      })
      assert.deepEqual(facts.faults, { lost: [], half: [], ghost: [], dup: [] })
      assert.deepEqual(unseemly.slice(0, 5), [])
      assert.ok(ledger.failures.length > 0, 'no request met the outage')
      assert.equal(facts.unknown, ledger.failures.length, 'some requests had no answer at all')
      assert.ok(slowest <= ANSWER_MS, `a refusal took ${slowest} ms`)
      assert.ok(Math.max(...recoveries) <= RECOVERY_MS)
      for (const node of nodes) assert.equal((await client.call('GET', `${node.url}/api/v1/health/live`)).status, 200)
    })
  }

  it('AVL-2: neither process was started again', async () => {
    for (const { pid } of nodes) process.kill(pid, 0)
    const unhandled = nodes.flatMap(({ lines }) => lines.filter(({ level }) => level === 'fatal'))
    assert.deepEqual(unhandled, [])
  })
})

describe('E2: the ledger, where PostgreSQL acknowledges what it has not written', {
  skip: !FULL_SIZE && 'it proves the ledger, not Ashlar',
}, () => {
  it('finds the writes that are lost', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'ashlar-careless-'))
    chmodSync(dataDir, 0o711)
    const settings = { synchronous_commit: 'off', wal_writer_delay: '5000ms' }
    const postgres = await startEmbedded({ dataDir, log: { info() {}, warn() {}, error() {} }, settings })
    const fleet = await createFleet({ server: postgres.url })
    const stop = new AbortController()
    try {
      const node = await fleet.start()
      const ledger = createLedger({ unavailableIsUnknown: true })
      const writers = await writeUntil(stop.signal, () => node.url, ledger, WRITERS)
      for (let round = 0; round < ROUNDS; round++) {
        await sleep(2_000)
        const ended = postgres.pid
        process.kill(ended, 'SIGQUIT')
        assert.ok(await eventually(async () => postgres.pid !== ended, 20_000, 5))
        await ledger.nextAcknowledgement()
      }
      stop.abort()
      await writers.finished
      const { lost } = (await ledger.settle(fleet.rows)).faults
      report('E2', `the same with synchronous_commit=off, ended ${ROUNDS} times (immediate): the control`, {
        'acknowledged writes that the ledger finds lost': [lost.length, { atLeast: 1 }],
      })
      assert.ok(lost.length > 0, 'a ledger that finds nothing here finds nothing anywhere')
    } finally {
      stop.abort()
      await fleet.stop()
      await postgres.stop()
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
})

async function accepts(url: string): Promise<boolean> {
  const probe = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  probe.on('error', () => undefined)
  try {
    await probe.connect()
    await probe.query('SELECT 1')
    return true
  } finally {
    await probe.end().catch(() => undefined)
  }
}
