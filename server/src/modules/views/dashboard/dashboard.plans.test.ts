// How the database reads for the dashboard: by an index, or sums; never a large table from its beginning to its end.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { type Database, type Executor, type Sql, sql } from '../../../drivers/database/index.ts'

const ROUTES = ['stats', 'visits', 'sales', 'products', 'orders', 'activities', 'pie', 'tasks', 'overview']
const LARGE = new Set([
  'users',
  'memberships',
  'audit_logs',
  'activity_logs',
  'documents',
  'files',
  'folders',
  'document_shares',
  'content_shares',
])
const SIZE = 20_000

interface Plan {
  'Node Type': string
  'Relation Name'?: string
  'Plan Rows': number
  /** How many rows somebody above takes at most. */
  bounded?: boolean
  Plans?: Plan[]
}

describe('the plans of the dashboard', () => {
  let ashlar: TestApp
  const seen: Sql[] = []
  const noting = (executor: Executor): Executor => ({
    ...executor,
    query(statement) {
      seen.push(statement)
      return executor.query(statement)
    },
    one(statement) {
      seen.push(statement)
      return executor.one(statement)
    },
  })
  const wrap = (database: Database): Database => ({
    ...database,
    tenant: (tenantId) => noting(database.tenant(tenantId)),
  })
  let people: { who: string; person: Person }[]
  before(async () => {
    ashlar = await startApp({ wrap })
    const [admin, ordinary] = [await ashlar.admin(), await ashlar.person()]
    people = [
      { who: 'the administrator', person: admin },
      { who: 'somebody with a little of their own', person: ordinary },
    ]
    await fill(admin.id, ordinary.id)
  })
  after(() => ashlar?.stop())

  async function fill(adminId: string, ordinaryId: string) {
    const ago = `now() - make_interval(mins => n * 5)`
    const owner = `CASE WHEN n % 1000 = 0 THEN '${ordinaryId}' ELSE '${adminId}' END`
    for (const statement of [
      `INSERT INTO users (id, email, username, name, password, "updatedAt")
       SELECT 'u' || n, 'u' || n || '@example.com', 'u' || n, 'Person ' || n, '', now() FROM generate_series(1, ${SIZE}) n`,
      `INSERT INTO audit_logs (id, "tenantId", seq, at, actor, "actorId", action, "targetType", "targetId", "previousHash", hash, chain)
       SELECT 'a' || n, 'default', -n, ${ago}, 'user:u' || n, 'u' || n, CASE WHEN n % 5 = 0 THEN 'auth.login' ELSE 'documents.save' END,
         'document', 'd' || n, '', '', 0 FROM generate_series(1, ${SIZE}) n`,
      `INSERT INTO activity_logs (id, "actorId", action, "targetType", "targetId", "createdAt")
       SELECT 'l' || n, 'u' || n, 'document.update', 'document', 'd' || n, ${ago} FROM generate_series(1, ${SIZE}) n`,
      `INSERT INTO folders (id, name, path, "ownerId", "updatedAt") SELECT 'f' || n, 'f' || n, '/f' || n, ${owner}, now() FROM generate_series(1, ${SIZE}) n`,
      `INSERT INTO documents (id, title, content, folder, type, size, views, "ownerId", "createdAt", "updatedAt")
       SELECT 'd' || n, 'Document ' || n, '', '', 'doc', n, n, ${owner}, ${ago}, ${ago} FROM generate_series(1, ${SIZE}) n`,
      `INSERT INTO files (id, name, path, "mimeType", size, "ownerId", "createdAt", "updatedAt")
       SELECT 'b' || n, 'b' || n, '/b' || n, 'image/png', n, ${owner}, ${ago}, ${ago} FROM generate_series(1, ${SIZE}) n`,
      `INSERT INTO document_shares (id, "documentId", "sharedWithId") SELECT 's' || n, 'd' || n, 'u' || n FROM generate_series(1, ${SIZE}) n`,
      `INSERT INTO content_shares (id, "tenantId", kind, "itemId", "userId", level) SELECT 'c' || n, 'default', 'file', 'b' || n, 'u' || n, 'READ' FROM generate_series(1, ${SIZE}) n`,
    ])
      await ashlar.rows(statement)
    await ashlar.app.dashboard.count()
    await ashlar.rows('ANALYZE')
  }

  const nodesOf = (plan: Plan, bounded = false): Plan[] => [
    { ...plan, bounded },
    ...(plan.Plans ?? []).flatMap((inner) => nodesOf(inner, plan['Node Type'] === 'Limit')),
  ]
  /** From its beginning to its end, or half of it: by an index too, where nothing bounds that. */
  const goesThrough = (node: Plan) =>
    LARGE.has(node['Relation Name'] ?? '') &&
    (node['Node Type'] === 'Seq Scan' || (!node.bounded && node['Plan Rows'] >= SIZE / 2))

  for (const name of ROUTES)
    it(`reads ${name} without going through a large table`, async () => {
      for (const { who, person } of people) {
        seen.length = 0
        const answer = await ashlar.call('GET', `/api/v1/dashboard/${name}`, { token: person.token })
        assert.equal(answer.status, 200, answer.text)
        const statements = [...seen]
        if (name !== 'tasks' && name !== 'overview' && !(name === 'visits' && answer.body.data.length === 0))
          assert.ok(statements.length > 0, `${name} asked nothing`)
        for (const statement of statements) {
          const rows = await ashlar.drivers.database
            .tenant('default')
            .query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(sql`EXPLAIN (FORMAT JSON) ${statement}`)
          const through = nodesOf(rows[0]!['QUERY PLAN'][0].Plan).filter(goesThrough)
          const tables = through.map((node) => node['Relation Name'])
          assert.deepEqual(tables, [], `${name} for ${who} goes through ${tables} in\n${statement.text}`)
        }
      }
    })
})
