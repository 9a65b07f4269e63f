// What is left after kill -9 of the API under writes, by the client's own ledger.
import assert from 'node:assert/strict'
import { availableParallelism, loadavg } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from './figures.ts'
import { createLedger, writeUntil } from './ledger.ts'
import { createFleet, type Fleet, FULL_SIZE, percentile, type ServerProcess } from './processes.ts'

const KILLS = FULL_SIZE ? 20 : 5
const WRITERS = 12
/** On a machine that does nothing else; beside other work a start takes as long as that leaves it. */
const ALONE = FULL_SIZE && (loadavg()[0] ?? 0) < availableParallelism()
const RECOVERY_MS = ALONE ? 2_000 : 10_000

describe('kill -9 of the API under writes', () => {
  let fleet: Fleet
  let node: ServerProcess

  before(async () => {
    fleet = await createFleet()
    node = await fleet.start()
  })
  after(() => fleet?.stop())

  it(`DUR-1, E1: ${KILLS} kills lose nothing, halve nothing, double nothing, and the process comes back`, async (test) => {
    const ledger = createLedger()
    const stop = new AbortController()
    // Also after a failure: writers that nobody stops would never let the process end.
    test.after(() => stop.abort())
    const writers = await writeUntil(stop.signal, () => node.url, ledger, WRITERS)
    const recoveries: number[] = []
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(600 + Math.random() * 600)
      const killed = performance.now()
      node.kill('SIGKILL')
      await node.exited
      node = await fleet.start()
      await ledger.nextAcknowledgement()
      recoveries.push(performance.now() - killed)
    }
    await sleep(300)
    stop.abort()
    await writers.finished

    const facts = await ledger.settle(fleet.rows)
    const recovery = percentile(recoveries, 1)
    test.diagnostic(
      `${facts.acknowledged} writes acknowledged, ${facts.refused} refused, ${facts.unknown} unknown of which ${facts.unknownPresent} are there; ` +
        `back after ${percentile(recoveries, 0.5).toFixed(0)} ms (median), ${recovery.toFixed(0)} ms at most, ${RECOVERY_MS} allowed`,
    )
    const stuck = await fleet.rows(
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    )
    report('E1', `API killed ${KILLS} times under writes`, {
      'writes acknowledged': [facts.acknowledged],
      'writes without an answer': [facts.unknown],
      'lost, halved, doubled, or refused and done': [Object.values(facts.faults).flat().length, { is: 0 }],
      'transactions left open': [stuck.length, { is: 0 }],
      'killed until the next write is acknowledged, median, ms': [percentile(recoveries, 0.5)],
      'the same, p95, ms': [percentile(recoveries, 0.95), { atMost: 2_000 }],
    })
    assert.deepEqual(facts.faults, { lost: [], half: [], ghost: [], dup: [] })
    assert.ok(facts.acknowledged > KILLS * 20, 'too few writes to prove anything')
    assert.ok(facts.unknown > 0, 'no write was under way at any kill')
    const chains = await fleet.rows(
      'SELECT t.id, v.* FROM tenants t, audit_verify(t.id) v WHERE v."badSeq" IS NOT NULL',
    )
    assert.deepEqual(chains, [])
    assert.deepEqual(stuck, [])
    assert.ok(percentile(recoveries, 0.95) <= RECOVERY_MS, `recovery took ${recovery} ms`)
  })
})
