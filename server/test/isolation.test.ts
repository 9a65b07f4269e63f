// TEN-5, TEN-6: in every place of every operation that bears an id, an id of another tenant answers as an id of nothing.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Proof, proveIsolation } from '../src/cli/isolation/index.ts'
import { reportOf } from '../src/cli/isolation/report.ts'
import { type Database, type Executor, type Sql, sql, type Tx } from '../src/drivers/database/index.ts'
import { startAiServer } from './ai-servers.ts'
import { report } from './figures.ts'
import { ADMIN, type StartOptions, startApp, type TestApp } from './harness.ts'

const prove = (ashlar: TestApp, progress?: (step: string) => void) =>
  proveIsolation({
    url: ashlar.url,
    admin: { login: ADMIN.email, password: ADMIN.password },
    database: ashlar.drivers.database,
    ...(progress && { progress }),
  })

async function withApp<T>(options: StartOptions, work: (ashlar: TestApp) => Promise<T>): Promise<T> {
  const models = await startAiServer()
  const ashlar = await startApp({ ...options, env: { OLLAMA_HOST: models.ollama, ...options.env } })
  try {
    return await work(ashlar)
  } finally {
    await ashlar.stop()
    await models.close()
  }
}

function assertHolds(proof: Proof, fault: string): void {
  report('E8', fault, {
    'places of operations that bear an id': [proof.coverage.places, { atLeast: 350 }],
    'places that were not tried': [proof.coverage.gaps.length, { is: 0 }],
    'answers to a foreign id that differ from those to an absent one': [proof.findings.length, { is: 0 }],
    'tables of the other tenant that changed': [proof.changedTables?.length ?? 1, { is: 0 }],
  })
  assert.deepEqual(proof.coverage.gaps, [])
  assert.deepEqual(proof.findings, [], reportOf(proof))
  assert.deepEqual(proof.changedTables, [])
  assert.ok(proof.holds)
  assert.ok(proof.coverage.places >= 350, `${proof.coverage.places} places`)
}

// Side by side: the one with faults waits most of its time.
describe('TEN-5: isolation of tenants', { concurrency: true }, () => {
  it('holds in every place of the served documents that bears an id', async () => {
    const proof = await withApp({ jobs: true }, (ashlar) => prove(ashlar))
    assertHolds(proof, 'ids of another tenant in every place')
    assert.equal(proof.repeated.failed, 0)
    assert.match(reportOf(proof), /\(100 % of all but \d+ named exceptions\)[\s\S]+Isolation holds\.$/)
  })

  it('holds on one connection for all, where one statement in a hundred fails and some take too long', async (test) => {
    const faults = { on: false, thrown: 0, late: 0 }
    const options = {
      jobs: true,
      env: { DB_POOL_SIZE: '1', DB_POOL_TIMEOUT: '30', DB_STATEMENT_TIMEOUT: '0.5' },
      wrap: (database: Database) => faulty(database, faults),
    }
    const proof = await withApp(options, (ashlar) =>
      prove(ashlar, (step) => {
        faults.on = step === 'asking'
      }),
    )
    test.diagnostic(`${faults.thrown} statements failed, ${faults.late} took too long`)
    assertHolds(proof, 'the same on one connection, where statements fail and are late')
    assert.ok(faults.thrown > 10 && faults.late > 3 && proof.repeated.failed > 10)
  })

  it('is not proven where a policy is missing, and says which request shows it', async () => {
    const proof = await withApp({ jobs: true }, async (ashlar) => {
      await ashlar.rows('ALTER TABLE mails DISABLE ROW LEVEL SECURITY')
      return prove(ashlar)
    })
    assert.equal(proof.holds, false)
    const found = proof.findings.map(({ what, places }) => `${what} ${places}`)
    assert.ok(found.includes('differs GET /api/v1/mail/{id} path id'), found.join('\n'))
    assert.match(reportOf(proof), /\n {2}GET \/api\/v1\/mail\/[\s\S]+Isolation is NOT proven\.$/)
  })
})

interface Faults {
  on: boolean
  thrown: number
  late: number
}

/** The database, on which some statements fail after they were done and some take longer than a statement may. */
function faulty(database: Database, faults: Faults): Database {
  const isNext = (share: number) => faults.on && Math.random() < share
  const over = <E extends Executor>(executor: E): E => {
    const around =
      <T>(run: (statement: Sql) => Promise<T>) =>
      async (statement: Sql): Promise<T> => {
        if (isNext(0.0005)) {
          faults.late++
          await executor.query(sql`SELECT pg_sleep(10)`)
        }
        const answer = await run(statement)
        if (isNext(0.01)) {
          faults.thrown++
          throw new Error('a fault of the test')
        }
        return answer
      }
    return Object.assign(Object.create(executor), {
      query: around((statement) => executor.query(statement)),
      one: around((statement) => executor.one(statement)),
      run: around((statement) => executor.run(statement)),
    })
  }
  return Object.assign(Object.create(database), {
    tenant: (id: string) => over(database.tenant(id)),
    global: over(database.global),
    inTenant: <T>(id: string, work: (tx: Tx) => Promise<T>) => database.inTenant(id, (tx) => work(over(tx))),
    inGlobal: <T>(work: (tx: Tx) => Promise<T>) => database.inGlobal((tx) => work(over(tx))),
  })
}
