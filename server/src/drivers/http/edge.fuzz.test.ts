// Hostile requests against every documented operation: refused in the words of the document, never an error of the server.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { report, type Target } from '../../../test/figures.ts'
import { pageOf } from '../../../test/fuzz/page.ts'
import { SLOW_MS, walk } from '../../../test/fuzz/walk.ts'
import { FULL_SIZE } from '../../../test/processes.ts'

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? (FULL_SIZE ? 50_000 : 7_000))
const SEED = Number(process.env.FUZZ_SEED ?? (FULL_SIZE ? Date.now() % 1_000_000 : 1))

describe('INP-2, E7: hostile requests', () => {
  it(`${REQUESTS} of them to every operation, as nobody, member and admin: no 5xx, none slow, each answer as its document says`, async (test) => {
    const walked = await walk({ requests: REQUESTS, seed: SEED, rounds: FULL_SIZE ? 4 : 1 })
    const { count, faults, holes, untried, operations, succeeded, slowestMs, growth } = walked
    for (const line of pageOf(walked).split('\n')) test.diagnostic(line)
    const answered = Object.values(walked.statuses).flatMap((statuses) => [...statuses])
    report('E7', 'hostile requests to every operation, as nobody, member and admin', {
      requests: [count, { atLeast: REQUESTS * 0.98 }],
      'operations that were not tried': [untried.length, { is: 0 }],
      'answers 5xx': [answered.reduce((sum, [status, times]) => sum + (status >= 500 ? times : 0), 0), { is: 0 }],
      'answers outside their document, slow or none': [faults.length, { is: 0 }],
      'values that PostgreSQL had to refuse': [holes.length, { is: 0 }],
      'the slowest answer, ms': [slowestMs, { atMost: SLOW_MS }],
      ...(growth !== undefined && { 'growth of the heap, %': [growth * 100, { atMost: 20 }] as [number, Target] }),
    })
    assert.deepEqual(faults.slice(0, 20), [], `${faults.length} of ${count}`)
    assert.deepEqual(holes, [], 'a value that PostgreSQL refused is a hole in a schema')
    assert.deepEqual(untried, [])
    assert.ok(count >= REQUESTS * 0.98)
    assert.ok(slowestMs <= SLOW_MS)
    // Schemas of success are only looked at where something succeeds.
    assert.ok(succeeded >= operations * 0.75, `${succeeded} of ${operations} operations answered what was asked for`)
    if (growth !== undefined) assert.ok(growth <= 0.2, `the heap grew by ${(growth * 100).toFixed(1)} %`)
  })
})
