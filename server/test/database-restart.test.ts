// What requests and processes live through when PostgreSQL goes away and comes back under load.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type EmbeddedServer, startEmbedded } from '../src/drivers/database/embedded/index.ts'
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
      assert.deepEqual(facts.faults, { lost: [], half: [], ghost: [], dup: [] })
      const unseemly = ledger.failures.filter(({ status, retryAfter }) => status !== 503 || !Number(retryAfter))
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
