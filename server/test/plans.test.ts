// Every statement of the product on a large installation: by an index, and bounded, whoever asks; exceptions are named.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startAiServer } from './ai-servers.ts'
import { type BigWorld, everything, startBig } from './big/world.ts'
import { exceptionOf, SCANNED } from './plans/exceptions.ts'
import { connect, MOST_ROWS, type Reading, readingsOf } from './plans/plans.ts'
import { createNotebook } from './plans/statements.ts'
import { type Walked, walkAll } from './plans/walk.ts'
import { FULL_SIZE } from './processes.ts'

const ROWS = FULL_SIZE ? 200_000 : 50_000

describe(`a large installation, ${ROWS} rows in every table that grows`, () => {
  const notebook = createNotebook()
  let world: BigWorld
  let models: Awaited<ReturnType<typeof startAiServer>>
  let walked: Walked
  let large: Map<string, number>
  const readings: Reading[] = []

  before(async () => {
    models = await startAiServer()
    world = await startBig(everything(ROWS), { jobs: true, wrap: notebook.wrap, env: { OLLAMA_HOST: models.ollama } })
    const tables = await world.ashlar.rows<{ name: string; rows: number }>(
      `SELECT relname AS name, reltuples::int AS rows FROM pg_class WHERE relkind IN ('r', 'p') AND reltuples > ${ROWS / 5}
         AND relnamespace IN ('public'::regnamespace, 'pgboss'::regnamespace)`,
    )
    large = new Map(tables.map(({ name, rows }) => [name, rows]))
    await world.ashlar.rows('SELECT pg_stat_reset()')
    // What was asked while the tables were small has no plan of theirs.
    notebook.clear()
    walked = await walkAll(world, notebook)
  })
  after(async () => {
    await world?.ashlar.stop()
    await models?.close()
  })

  it('is asked by every operation, and every large table is among what they ask', async (test) => {
    const statements = notebook.statements()
    for (const [operation, counts] of walked.answers) {
      const asked = statements.filter(({ operations }) => operations.has(operation)).length
      const statuses = [...counts].map(([status, times]) => `${times} × ${status}`).join(', ')
      test.diagnostic(`${operation}: ${asked} statements (${statuses})`)
    }
    test.diagnostic(`${statements.length} statements, ${large.size} large tables`)
    const text = statements.map((one) => one.text).join('\n')
    const unasked = [...large.keys()].filter((name) => !text.includes(name))
    // The words of documents are read by a function.
    assert.deepEqual(unasked, ['document_search'])
    assert.ok(statements.length >= 600, `${statements.length} statements`)
    const answered = [...walked.answers.values()].filter((counts) => [...counts.keys()].some((status) => status < 300))
    assert.ok(answered.length >= walked.answers.size * 0.65, `${answered.length} of ${walked.answers.size} operations`)
  })

  it('is never read from beginning to end, nor further than a page needs', async (test) => {
    const client = await connect(world.ashlar.database)
    const acrossRole = `${world.ashlar.database.rolePrefix}_across`
    try {
      for (const statement of notebook.statements())
        readings.push(...(await readingsOf(client, statement, { large, acrossRole })))
    } finally {
      await client.end()
    }
    const faults = readings.filter((reading) => reading.rows > MOST_ROWS && exceptionOf(reading) === undefined)
    for (const { table, by, rows, operation, operations, text } of faults)
      test.diagnostic(`${rows} rows of ${table} by ${by} for ${operation} of ${operations}:\n${text}`)
    assert.deepEqual(
      faults.map(({ table, by, operation }) => `${table} by ${by} for ${operation}`),
      [],
    )
  })

  it('is not read through by what stands inside functions, triggers and keys', async (test) => {
    // A session tells its counts when it ends.
    await world.ashlar.rows(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    await sleep(500)
    const scans = await world.ashlar.rows<{ name: string; scans: number }>(
      `SELECT relname AS name, seq_scan::int AS scans FROM pg_stat_user_tables WHERE seq_scan > 0 AND relname = ANY($1)`,
      [[...large.keys()]],
    )
    for (const { name, scans: times } of scans) test.diagnostic(`${name}: ${times}`)
    // Where a statement itself reads a table in its order, until it has enough or by exception, the counts say no more.
    const known = new Set(readings.filter(({ by }) => by === 'Seq Scan').map(({ table }) => table))
    assert.deepEqual(
      scans.filter(({ name }) => !known.has(name) && !(name in SCANNED)),
      [],
    )
  })
})
