// The dashboard over HTTP: true figures, to everybody no more than they could find out elsewhere.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { taskOf } from './tasks.ts'

const LISTS = ['visits', 'sales', 'products', 'orders', 'activities', 'pie', 'tasks']
const ROUTES = ['stats', ...LISTS, 'overview']
const DAY_MS = 86_400_000

describe('the dashboard', () => {
  let ashlar: TestApp
  let admin: Person
  let ada: Person
  let ben: Person
  before(async () => {
    ashlar = await startApp()
    admin = await ashlar.admin()
    ;[ada, ben] = [await ashlar.person('Ada'), await ashlar.person('Ben')]
  })
  after(() => ashlar?.stop())

  const read = async (name: string, { token }: Person = admin, base = '/api/v1') => {
    const answer = await ashlar.call('GET', `${base}/dashboard/${name}`, { token })
    assert.equal(answer.status, 200, answer.text)
    return answer
  }
  const list = async (name: string, person?: Person) => (await read(name, person)).body.data
  const call = async (person: Person, method: string, path: string, json?: unknown) => {
    const answer = await ashlar.call(method, `/api/v1${path}`, {
      token: person.token,
      ...(json !== undefined && { json }),
    })
    assert.ok(answer.status < 300, `${method} ${path} ${answer.text}`)
    return answer.body
  }
  const write = async (person: Person, title = unique('title')) =>
    (await call(person, 'POST', '/documents', { title, content: 'Stone by stone.' })).id as string
  const upload = async (person: Person, name = `${unique('n')}.txt`) => {
    const file = { bytes: Buffer.from(unique('content')), type: 'text/plain', name }
    const answer = await ashlar.call('POST', '/api/v1/files/upload', { token: person.token, multipart: { file } })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id as string
  }
  /** Somebody whose only role holds these. */
  const holding = async (...permissions: string[]) => {
    const person = await ashlar.person()
    const role = await call(admin, 'POST', '/roles', { name: unique('role'), label: 'Role', permissions })
    await call(admin, 'PATCH', `/users/${person.id}`, { roleIds: [role.id] })
    return person
  }
  const kept = () =>
    ashlar.rows(`
      SELECT "tenantId", kind, type, day::text, sum(items)::int AS items, sum(bytes)::float8 AS bytes FROM daily_totals
      WHERE kind IN ('member', 'document', 'file', 'share', 'activity') GROUP BY 1, 2, 3, 4 HAVING sum(items) <> 0 ORDER BY 1, 2, 3, 4`)
  const counted = () =>
    ashlar.rows(`
      SELECT * FROM (
        SELECT "tenantId", 'file' AS kind, "mimeType" AS type, "createdAt"::date::text AS day, count(*)::int AS items, sum(size)::float8 AS bytes
        FROM files WHERE "deletedAt" IS NULL GROUP BY 1, 3, 4
        UNION ALL SELECT "tenantId", 'document', '', "createdAt"::date::text, count(*)::int, 0 FROM documents WHERE "deletedAt" IS NULL GROUP BY 1, 4
        UNION ALL SELECT "tenantId", 'share', 'document', "createdAt"::date::text, count(*)::int, 0 FROM document_shares GROUP BY 1, 4
        UNION ALL SELECT "tenantId", 'share', kind, ("createdAt" AT TIME ZONE 'UTC')::date::text, count(*)::int, 0 FROM content_shares GROUP BY 1, 3, 4
        UNION ALL SELECT "tenantId", 'member', '', ("joinedAt" AT TIME ZONE 'UTC')::date::text, count(*)::int, 0 FROM memberships GROUP BY 1, 4
        UNION ALL SELECT "tenantId", 'activity', '', "createdAt"::date::text, count(*)::int, 0 FROM activity_logs GROUP BY 1, 4
      ) AS every ORDER BY 1, 2, 3, 4`)

  it('is for those who may see it, on both bases; lists are bare for the front end', async () => {
    const stranger = await holding('documents:view')
    for (const name of ROUTES) {
      assert.equal((await ashlar.call('GET', `/api/v1/dashboard/${name}`)).status, 401)
      const refused = await ashlar.call('GET', `/api/v1/dashboard/${name}`, { token: stranger.token })
      assert.deepEqual([refused.status, refused.body.permission], [403, 'dashboard:view'])
      const bare = (await read(name, admin, '/api')).body
      assert.equal(Array.isArray(bare), LISTS.includes(name), name)
      const { body } = await read(name)
      if (LISTS.includes(name)) assert.ok(Array.isArray(body.data), name)
    }
  })

  it('counts members as their list does, and what is stored and done', async () => {
    await upload(ada)
    const stats = (await read('stats')).body
    const { meta } = await call(admin, 'GET', '/users?limit=1')
    const [stored] = await ashlar.rows<{ bytes: string; entries: string }>(`
      SELECT (SELECT bytes FROM storage_usage WHERE "tenantId" = 'default' AND "userId" = '') AS bytes,
        (SELECT count(*) FROM audit_logs WHERE "tenantId" = 'default') AS entries`)
    assert.equal(stats.totalUsers, meta.total)
    assert.equal(stats.activeUsers, meta.total)
    assert.equal(stats.totalRevenue, Number(stored!.bytes))
    assert.deepEqual([stats.totalOrders, stats.recentOrders], [Number(stored!.entries), Number(stored!.entries)])
    assert.deepEqual([stats.userGrowth, stats.orderGrowth, stats.rateGrowth], [null, null, null])
    // Whoever registers is signed in.
    assert.equal(stats.conversionRate, 100)
    const today = (await list('visits')).at(-1)
    const [came] = await ashlar.rows<{ visits: number; people: number }>(
      `SELECT count(*)::int AS visits, count(DISTINCT "actorId")::int AS people FROM audit_logs WHERE action = 'auth.login'`,
    )
    assert.deepEqual(
      [today.date, today.visits, today.uniqueVisitors],
      [new Date().toISOString().slice(0, 10), came!.visits, came!.people],
    )
    assert.equal(today.pageViews, stats.recentOrders)
  })

  it('leaves out what the permission is lacking for', async () => {
    const viewer = await holding('dashboard:view')
    const stats = (await read('stats', viewer)).body
    assert.deepEqual([...new Set(Object.values(stats))], [null])
    assert.deepEqual([...new Set(Object.values((await read('overview', viewer)).body))], [null])
    for (const name of ['visits', 'sales', 'products', 'orders', 'pie', 'tasks'])
      assert.deepEqual(await list(name, viewer), [], name)
    // Their own deeds and nobody else's.
    assert.deepEqual(
      [...new Set((await list('activities', viewer)).map(({ user }: { user: string }) => user))],
      ['Mason Reed'],
    )
    const one = (await read('stats', await holding('dashboard:view', 'users:view'))).body
    assert.equal(one.totalUsers > 3 && one.totalOrders === null && one.totalRevenue === null, true)
    const own = (await read('stats', await holding('dashboard:view', 'files:view'))).body
    assert.deepEqual([own.totalRevenue, own.revenueGrowth], [0, null])
  })

  it('tells how busy the machine is, in the first tenant alone', async () => {
    const { body } = await read('overview')
    for (const key of ['cpu', 'memory', 'disk']) assert.ok(body[key] >= 0 && body[key] <= 100, `${key} ${body[key]}`)
    assert.ok(body.memory > 0 && body.requests > 5 && body.uptime >= 0 && body.responseTime > 0 && body.network > 0)
    assert.equal(body.errors, 0)
    assert.equal((await read('overview')).body.requests, body.requests + 1)
    const { id } = await call(admin, 'POST', '/tenants', { name: 'Elsewhere' })
    const elsewhere = await ashlar.call('GET', '/api/v1/dashboard/overview', {
      token: admin.token,
      headers: { 'x-tenant-id': id },
    })
    assert.equal(elsewhere.status, 200, elsewhere.text)
    assert.deepEqual([...new Set(Object.values(elsewhere.body))], [null])
  })

  it('shows of documents and files what the viewer can open, and answers the same whatever else there is', async () => {
    const [mine, shared] = [await write(ben, 'Mine'), await write(ada, 'Shared')]
    await call(ada, 'POST', `/documents/${shared}/share`, { userId: ben.id })
    await call(ada, 'GET', `/documents/${shared}`)
    const file = await upload(ben, 'mine.txt')
    const all = async () =>
      Promise.all(ROUTES.filter((name) => name !== 'overview').map(async (name) => (await read(name, ben)).text))
    const before = await all()
    const [products, orders, pie, sales] = await Promise.all(
      ['products', 'orders', 'pie', 'sales'].map((name) => list(name, ben)),
    )
    const stock = Object.fromEntries(products.map((one: { id: string; stock: number }) => [one.id, one.stock]))
    assert.deepEqual(stock, { [mine]: 0, [shared]: null })
    assert.deepEqual(
      orders.map((one: { id: string; status: string; customer: string }) => [one.id, one.status, one.customer]),
      [[file, 'delivered', 'Ben']],
    )
    assert.deepEqual(pie, [
      { name: 'documents', value: 2 },
      { name: 'text', value: 1 },
    ])
    assert.deepEqual(
      sales.map((one: { sales: number; profit: number }) => [one.sales, one.profit]),
      [...Array(5).fill([0, 0]), [3, 0]],
    )
    assert.ok((await list('sales', ada)).at(-1).profit >= 1)
    const done = (await list('activities', ben)).map((one: { action: string; target: string }) => [
      one.action,
      one.target,
    ])
    assert.ok(
      done.some(([action, target]: string[]) => action === 'documents.share' && target === 'Shared'),
      JSON.stringify(done),
    )

    const hidden = await write(ada, 'Hidden')
    for (let times = 0; times < 3; times++) await call(admin, 'GET', `/documents/${hidden}`)
    await call(ada, 'POST', `/documents/${hidden}/share`, { userId: admin.id })
    await upload(ada, 'hidden.txt')
    await ashlar.person('Hidden')
    await ashlar.rows(
      `INSERT INTO activity_logs (id, "actorId", action, "targetType", "targetId") VALUES ('hidden-1', $1, 'document.share', 'document', $2)`,
      [ada.id, hidden],
    )
    assert.deepEqual(await all(), before)
    const everything = (await list('products')).map(({ name }: { name: string }) => name)
    assert.ok(['Mine', 'Shared', 'Hidden'].every((name) => everything.includes(name)))
  })

  it('tells what the other back end logged, and names what the viewer may know', async () => {
    const open = await write(ben, 'Open')
    await ashlar.rows(
      `INSERT INTO activity_logs (id, "actorId", action, "targetType", "targetId", "createdAt")
       VALUES ('theirs-1', $1, 'document.update', 'document', $2, now() + interval '1 second')`,
      [ada.id, open],
    )
    const [first] = await list('activities', ben)
    assert.deepEqual([first.id, first.user, first.action, first.target], ['theirs-1', 'Ada', 'document.update', 'Open'])
    assert.equal((await list('activities', ada))[0].target, null)
    assert.equal((await list('activities'))[0].target, 'Open')
    // It is a second ahead of what is done from here on.
    await ashlar.rows(`DELETE FROM activity_logs WHERE id = 'theirs-1'`)
  })

  it('keeps its sums exact, whatever comes and goes', async () => {
    const gone = await write(ada)
    await call(ada, 'POST', `/documents/${gone}/share`, { userId: ben.id })
    await call(ada, 'DELETE', `/documents/${gone}`)
    const file = await upload(ben)
    await call(ben, 'DELETE', `/files/${file}`)
    await call(ben, 'POST', `/files/${file}/restore`)
    await ashlar.rows(
      `UPDATE files SET size = size + 5, "mimeType" = 'image/png', "createdAt" = "createdAt" - interval '40 days' WHERE id = $1`,
      [file],
    )
    await ashlar.rows('DELETE FROM documents WHERE id = $1', [gone])
    assert.deepEqual(await kept(), await counted())
    const written = Array.from({ length: 8 }, async () => {
      for (let times = 0; times < 20; times++) {
        const id = await write(ada)
        if (times % 2) await call(ada, 'DELETE', `/documents/${id}`)
      }
    })
    await Promise.all(written)
    assert.deepEqual(await kept(), await counted())
    await ashlar.app.dashboard.count()
    const [old] = await ashlar.rows<{ items: string }>(
      `SELECT sum(items) AS items FROM daily_totals WHERE kind = 'document' AND "tenantId" = 'default'`,
    )
    const [there] = await ashlar.rows<{ items: string }>(
      `SELECT count(*) AS items FROM documents WHERE "deletedAt" IS NULL AND "tenantId" = 'default'`,
    )
    assert.equal(old!.items, there!.items)
  })

  it("lists one's own tasks, instance by instance, and counts those that are not over", async () => {
    const at = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString()
    const add = (person: Person, title: string, from: number, to: number, more: object = {}) =>
      call(person, 'POST', '/calendar/events', { title, start: at(from), end: at(to), type: 'task', ...more })
    await add(ada, 'Over', -2, -1)
    await add(ada, 'Running', -1, 1)
    await add(ada, 'Daily', 2, 2.1, { recurrence: { rule: 'FREQ=DAILY;COUNT=3' } })
    await add(ada, 'Far', 300, 301)
    await add(ada, 'Meeting', 1, 2, { type: 'meeting' })
    await add(ben, 'Not hers', 1, 2)
    const tasks = await list('tasks', ada)
    assert.deepEqual(
      tasks.map((one: { title: string; status: string }) => [one.title, one.status]),
      [['Running', 'in_progress'], ...Array(3).fill(['Daily', 'pending']), ['Over', 'done']],
    )
    assert.equal(new Set(tasks.map(({ id }: { id: string }) => id)).size, 5)
    assert.equal((await read('stats', ada)).body.pendingTasks, 4)
    assert.equal((await list('activities', ada))[0].target, 'Meeting')
    await ashlar.rows(
      `INSERT INTO calendar_events (id, title, type, "startAt", "endAt", "ownerId", "updatedAt")
       SELECT 'many-' || n, 'Many', 'task', now() + interval '1 day', now() + interval '2 days', $1, now() FROM generate_series(1, 2001) n`,
      [ada.id],
    )
    assert.equal((await read('stats', ada)).body.pendingTasks, null)
    const full = await ashlar.call('GET', '/api/v1/dashboard/tasks', { token: ada.token })
    assert.deepEqual([full.status, full.body.data.length], [200, 20])
    // However much is over, what is to be done is there.
    await ashlar.rows(`DELETE FROM calendar_events WHERE id LIKE 'many-%'`)
    await ashlar.rows(
      `INSERT INTO calendar_events (id, title, type, "startAt", "endAt", "ownerId", "updatedAt")
       SELECT 'done-' || n, 'Done ' || n, 'task', now() - n * interval '1 hour', now() - n * interval '1 hour', $1, now() FROM generate_series(1, 60) n`,
      [ada.id],
    )
    assert.deepEqual(
      (await list('tasks', ada)).map(({ title }: { title: string }) => title),
      ['Running', ...Array(3).fill('Daily'), ...Array.from({ length: 16 }, (_, at) => `Done ${at + 1}`)],
    )
  })

  it('says of tasks whether they are over', () => {
    const now = Date.parse('2030-05-06T10:00:00Z')
    const at = (from: number, to: number) => {
      const [start, end] = [from, to].map((days) => new Date(now + days * DAY_MS).toISOString()) as [string, string]
      return taskOf({ id: 't', title: 'Task', description: null, start, end }, now).status
    }
    assert.deepEqual(
      [at(-2, -1), at(-1, 0), at(-1, 1), at(0, 1), at(1, 2)],
      ['done', 'done', 'in_progress', 'in_progress', 'pending'],
    )
  })
})
