// TEN-8: lists and searches of documents read what they show, not the tenant and not other tenants, with row security on.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { FULL_SIZE } from '../../../../test/processes.ts'
import type { UserActor } from '../../../core/actor.ts'
import { type Executor, type Sql, sql } from '../../../drivers/database/index.ts'
import * as listing from './listing.queries.ts'

const [TENANTS, PER_TENANT] = FULL_SIZE ? [50, 4_000] : [20, 600]

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: Plan[]
}

describe(`documents, ${TENANTS * PER_TENANT} of them in ${TENANTS} tenants`, () => {
  let ashlar: TestApp
  let person: Person
  before(async () => {
    ashlar = await startApp()
    person = await ashlar.person()
    // In each tenant one document in ten holds the common word; the person has few of the documents of theirs, in three ways.
    await ashlar.rows(
      `INSERT INTO tenants (id, name, slug) SELECT 'tenant' || n, 'Tenant', 'tenant-' || n FROM generate_series(1, $1::int) n`,
      [TENANTS - 1],
    )
    await ashlar.rows(
      `INSERT INTO users (id, email, username, password, name, "updatedAt")
       SELECT 'writer' || n, 'w' || n || '@example.com', 'writer' || n, 'x', 'Writer', now() FROM generate_series(0, 9) n`,
    )
    await ashlar.rows(
      `INSERT INTO documents (id, title, content, type, size, "ownerId", "tenantId", "createdAt", "updatedAt")
       SELECT 'd' || t || '-' || n, 'Document ' || n,
         CASE WHEN n % 10 = 0 THEN 'granite ' ELSE '' END || CASE WHEN n = 500 THEN 'porphyry ' ELSE '' END ||
           (SELECT string_agg('word' || (n * 31 + k * 17) % 5000, ' ') FROM generate_series(1, 60) k),
         'document', 400, 'writer' || n % 10, CASE WHEN t = 0 THEN 'default' ELSE 'tenant' || t END,
         now() - n * interval '1 minute', now() - n * interval '1 minute'
       FROM generate_series(0, $1::int - 1) t, generate_series(1, $2::int) n`,
      [TENANTS, PER_TENANT],
    )
    await ashlar.rows(
      `WITH folder AS (INSERT INTO folders (id, name, path, "ownerId", "updatedAt") VALUES ('shared', 'Shared', '', 'writer0', now()) RETURNING id),
         given AS (INSERT INTO content_shares (id, kind, "itemId", "userId", level) SELECT 's', 'folder', id, $1, 'READ' FROM folder)
       INSERT INTO document_shares (id, "documentId", "sharedWithId") SELECT 'x' || n, 'd0-' || n, $1 FROM generate_series(11, 20) n`,
      [person.id],
    )
    await ashlar.rows(
      `UPDATE documents SET "folderId" = 'shared' WHERE id IN (SELECT 'd0-' || n FROM generate_series(21, 60) n)`,
    )
    await ashlar.rows(
      `UPDATE documents SET "ownerId" = $1 WHERE id IN (SELECT 'd0-' || n FROM generate_series(491, 540) n)`,
      [person.id],
    )
    await ashlar.rows('VACUUM ANALYZE')
  })
  after(() => ashlar?.stop())

  const get = (path: string, token = person.token) => ashlar.call('GET', `/api/v1/documents?${path}`, { token })

  it('are listed as far as they are open: 50 own, 10 shared, 40 in a shared folder', async () => {
    const { body } = await get('limit=100')
    assert.deepEqual([body.meta.total, body.data.length], [100, 100])
    assert.equal((await get('limit=10&page=10')).body.data.length, 10)
  })

  it('are found among those that are open, rare words and common ones, in every way', async () => {
    assert.equal((await get('search=granite')).body.meta.total, 10)
    assert.deepEqual(
      (await get('search=porphyry')).body.data.map(({ id }: { id: string }) => id),
      ['d0-500'],
    )
    const admin = await ashlar.admin()
    assert.equal((await get('search=porphyry', admin.token)).body.meta.total, 1)
    assert.equal((await get('search=granite', admin.token)).body.meta.total, PER_TENANT / 10)
  })

  it('are searched by the index of words, and never read one after the other', async (test) => {
    const scans = async () =>
      (
        await ashlar.rows<{ seq: number; index: number }>(
          `SELECT (SELECT seq_scan::int FROM pg_stat_user_tables WHERE relname = 'document_search') AS seq,
             (SELECT idx_scan::int FROM pg_stat_user_indexes WHERE indexrelname = 'document_search_words_idx') AS index`,
        )
      )[0]!
    const before = await scans()
    const began = performance.now()
    for (let time = 0; time < 20; time++) assert.equal((await get('search=granite')).status, 200)
    test.diagnostic(`a search took ${((performance.now() - began) / 20).toFixed(1)} ms`)
    // A session tells its counts when it has been idle for some time.
    for (let second = 0; second < 20; second++) {
      if ((await scans()).index >= before.index + 20) break
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      await get('search=granite')
    }
    const now = await scans()
    assert.ok(now.index >= before.index + 20, `${now.index - before.index} scans of the index`)
    assert.equal(now.seq, before.seq)
  })

  it('are searched by words that are read once, also when a plan is kept that knows no constants', async () => {
    const searches = 12
    await ashlar.rows(`DO $$ BEGIN
      PERFORM set_config('track_functions', 'all', true), set_config('app.tenant_id', 'default', true);
      FOR time IN 1..${searches} LOOP PERFORM count(*) FROM search_documents('granite', NULL, 200); END LOOP;
    END $$`)
    const read = async () =>
      (
        await ashlar.rows<{ calls: number }>(
          `SELECT calls::int AS calls FROM pg_stat_user_functions WHERE funcname = 'words_wanted'`,
        )
      )[0]?.calls ?? 0
    // A session tells its counts when it ends.
    while ((await read()) === 0) await new Promise((resolve) => setTimeout(resolve, 50))
    assert.ok((await read()) <= 5 * searches, `${await read()} times in ${searches} searches`)
  })

  it('are taken whatever marks are heaped on one letter, and found by their words across the pieces that are read', async () => {
    const heap = `a${'\u0301'.repeat(100_000)}${'\u0316'.repeat(99_999)}`
    const { status } = await ashlar.call('POST', '/api/v1/documents', {
      token: person.token,
      json: { title: 'Heaped', content: heap },
    })
    assert.equal(status, 201)
    const content = `${'ab cd '.repeat(83)}lapislazuli ${'ef '.repeat(300)}CAFE\u0301`
    assert.ok(content.indexOf('lapislazuli') < 500 && content.indexOf('lapislazuli') + 11 > 500)
    await ashlar.call('POST', '/api/v1/documents', { token: person.token, json: { title: 'Cut', content } })
    for (const word of ['lapislazuli', 'caf\u00e9', 'heaped'])
      assert.equal((await get(`search=${encodeURIComponent(word)}`)).body.data.length, 1, word)
  })

  it('are listed by indexes: no plan reads a table through, and few rows are looked at in vain', async (test) => {
    const db = ashlar.drivers.database.tenant('default')
    const actor: UserActor = {
      kind: 'user',
      userId: person.id,
      tenantId: 'default',
      sessionId: 's',
      tokenId: undefined,
      level: 'MEMBER',
      permissions: new Set(['documents:view']),
      authenticatedAt: 0,
    }
    for (const asking of [actor, { ...actor, permissions: new Set(['*']) }]) {
      const reader = { userId: person.id, reach: await ashlar.app.access.reachable(db, asking, 'document') }
      const found: Sql[] = []
      const recorder: Executor = {
        tenantId: 'default',
        query: async (statement) => void found.push(statement) as never,
        one: async (statement) => void found.push(statement) as never,
        run: async () => 0,
      }
      await listing.list(recorder, {}, reader, { limit: 10, offset: 0, after: undefined })
      const [row] = await db.query<{ 'QUERY PLAN': { Plan: Plan; 'Execution Time': number }[] }>(
        sql`EXPLAIN (ANALYZE, FORMAT JSON) ${found[0]!}`,
      )
      const { Plan: plan, 'Execution Time': ms } = row!['QUERY PLAN'][0]!
      const steps = flat(plan)
      const through = steps.filter((step) => step['Node Type'] === 'Seq Scan' && step['Relation Name'] === 'documents')
      assert.deepEqual(through, [])
      const looked = steps
        .filter((step) => step['Relation Name'] === 'documents')
        .reduce(
          (sum, step) => sum + (step['Actual Rows'] + (step['Rows Removed by Filter'] ?? 0)) * step['Actual Loops'],
          0,
        )
      test.diagnostic(`a page looked at ${looked} documents in ${ms} ms`)
      // A page for each of the ways, the few that are shared, and the page itself: nothing that grows with the tenant.
      assert.ok(looked <= 150, `${looked} documents were looked at for a page of 10`)
    }
  })
})

function flat(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(flat)]
}
