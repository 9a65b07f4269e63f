// Jobs over HTTP: what is shown of them, to whom, and what can be done to them.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ADMIN,
  type Answer,
  type Call,
  PASSWORD,
  type Person,
  startApp,
  type TestApp,
  unique,
} from '../../../../test/harness.ts'

const KIND = 'auth.change_address'
const DAY = 86_400

describe('jobs over HTTP', () => {
  let ashlar: TestApp
  let owner: Person
  let other: Person
  let tenant: string
  let foreign: string
  /** By what they are there for. */
  const jobs: Record<'late' | 'first' | 'dead' | 'running' | 'foreign', string> = {
    late: '',
    first: '',
    dead: '',
    running: '',
    foreign: '',
  }

  before(async () => {
    ashlar = await startApp({ jobs: true })
    owner = await ashlar.person()
    other = await ashlar.person()
    tenant = await makeTenant(owner)
    foreign = await makeTenant(other)
    jobs.late = await add(tenant)
    jobs.first = await add(tenant, 50)
    jobs.dead = await add(tenant)
    jobs.running = await add(tenant)
    jobs.foreign = await add(foreign)
    await ashlar.rows(
      `UPDATE pgboss.job SET state = 'failed', started_on = now() - interval '3 s', completed_on = now(), retry_count = 5,
         output = '{"message": "The mail server said no."}',
         data = pgboss.with_attempt(data, 6, now() - interval '3 s', 'The mail server said no.') WHERE id = $1`,
      [jobs.dead],
    )
    await ashlar.rows(
      `INSERT INTO pgboss.job (name, data, group_id, source_name, source_id, policy, start_after)
       SELECT 'dead-letters', data, group_id, name, id, 'short', now() + interval '1 day' FROM pgboss.job WHERE id = $1`,
      [jobs.dead],
    )
    await ashlar.rows(
      `UPDATE pgboss.job SET state = 'active', started_on = now(), heartbeat_on = now() + interval '1 hour',
         output = '{"progress": {"fraction": 0.25, "note": "row 5 of 20", "at": "2026-11-21T09:30:00.000Z"}}' WHERE id = $1`,
      [jobs.running],
    )
  })
  after(() => ashlar?.stop())

  async function makeTenant({ token }: Person): Promise<string> {
    const answer = await ashlar.call('POST', '/api/v1/tenants', {
      token,
      json: { name: 'Quarry', slug: unique('quarry') },
    })
    return answer.body.id
  }
  async function add(tenantId: string, priority = 0): Promise<string> {
    const payload = {
      userId: 'cmi8z2n4w0q5t1v7x3y9b6d2',
      sealedAddress: 'sealed-words',
      passwordVersion: '7',
      ip: '192.0.2.7',
    }
    const options = { delaySeconds: DAY, priority }
    const { drivers } = ashlar
    return (await drivers.database.inTenant(tenantId, (tx) => drivers.jobs.enqueue(tx, KIND, payload, options)))!
  }
  const call = (method: string, path: string, person: Person = owner, tenantId = tenant, more: Call = {}) =>
    ashlar.call(method, `/api/v1${path}`, { ...more, token: person.token, headers: { 'x-tenant-id': tenantId } })
  const idsOf = ({ body, text }: Answer): string[] => {
    assert.ok(body.data, text)
    return body.data.map(({ id }: { id: string }) => id)
  }
  const trailOf = (tenantId: string, id: string) =>
    ashlar.rows<{ action: string; actor: string; changes: unknown }>(
      'SELECT action, actor, changes FROM audit_logs WHERE "tenantId" = $1 AND "targetId" = $2 ORDER BY at, seq',
      [tenantId, id],
    )
  /** Somebody in the tenant with these permissions and no others. */
  async function member(permissions: string[]): Promise<Person> {
    const role = await call('POST', '/roles', owner, tenant, { json: { name: unique('role'), permissions } })
    const email = `${unique('m')}@example.com`
    const json = { email, name: 'Mason', password: PASSWORD, roleIds: [role.body.id] }
    assert.equal((await call('POST', '/users', owner, tenant, { json })).status, 201)
    return ashlar.login(email, PASSWORD)
  }

  it('lists the tenant’s own, newest first, by page, cursor, state, name and time', async () => {
    const all = await call('GET', '/jobs')
    assert.deepEqual(idsOf(all), [jobs.running, jobs.dead, jobs.first, jobs.late])
    assert.equal(all.body.meta.total, 4, 'dead letters are not listed')
    assert.doesNotMatch(all.text, /sealed|192\.0/)
    for (const [filter, expected] of [
      ['state=delayed', [jobs.first, jobs.late]],
      ['state=failed', [jobs.dead]],
      ['state=active', [jobs.running]],
      ['state=waiting', []],
      [`name=${KIND}&limit=1`, [jobs.running]],
      ['name=mail.deliver', []],
      ['sortOrder=asc&limit=2', [jobs.late, jobs.first]],
      ['sortBy=finishedAt&limit=1', [jobs.dead]],
      ['since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z', []],
      ['since=2026-01-01T00:00:00Z&limit=100', [jobs.running, jobs.dead, jobs.first, jobs.late]],
      ['page=2&limit=3', [jobs.late]],
    ] as const)
      assert.deepEqual(idsOf(await call('GET', `/jobs?${filter}`)), expected, filter)
    for (const order of ['asc', 'desc']) {
      const seen: string[] = []
      let cursor = ''
      for (let page = 0; page < 5; page++) {
        const answer = await call('GET', `/jobs?limit=1&sortOrder=${order}${cursor && `&cursor=${cursor}`}`)
        seen.push(...idsOf(answer))
        cursor = answer.body.meta.nextCursor ?? ''
        if (!cursor) break
      }
      assert.deepEqual(seen, order === 'asc' ? idsOf(all).reverse() : idsOf(all))
    }
    const made = (id: string) => Buffer.from(JSON.stringify(['2026-11-21T09:30:00Z', id])).toString('base64url')
    const cursors = [made('x'), `${made(jobs.late)}&sortBy=finishedAt`, 'abc'].map((cursor) => `cursor=${cursor}`)
    for (const bad of ['state=dead', 'since=yesterday', 'sortBy=name', 'limit=101', ...cursors])
      assert.equal((await call('GET', `/jobs?${bad}`)).status, 422, bad)
  })

  it('shows one with its progress, its failed tries and of its payload the ids only', async () => {
    const { body: running, text } = await call('GET', `/jobs/${jobs.running}`)
    assert.deepEqual(running.progress, { fraction: 0.25, note: 'row 5 of 20', at: '2026-11-21T09:30:00.000Z' })
    assert.deepEqual([running.state, running.attempts, running.maxAttempts, running.error], ['active', 1, 6, null])
    assert.deepEqual(running.payload, { userId: 'cmi8z2n4w0q5t1v7x3y9b6d2' })
    assert.doesNotMatch(text, /sealed-words|192\.0/)
    const { body: dead } = await call('GET', `/jobs/${jobs.dead}`)
    assert.deepEqual([dead.state, dead.attempts, dead.error], ['failed', 6, 'The mail server said no.'])
    assert.deepEqual([dead.history.length, dead.history[0].attempt, dead.history[0].error], [1, 6, dead.error])
    assert.ok(dead.history[0].startedAt < dead.history[0].endedAt && dead.finishedAt)
    const { body: first } = await call('GET', `/jobs/${jobs.first}`)
    assert.deepEqual([first.state, first.priority, first.attempts, first.startedAt], ['delayed', 50, 0, null])
    assert.ok(Date.parse(first.startAt) - Date.parse(first.createdAt) > (DAY - 60) * 1_000)
  })

  it('answers a job of another tenant as one that is not (JOB-4, TEN-5)', async () => {
    const plain = ({ status, text, body }: Answer, id: string) =>
      `${status} ${text.replaceAll(id, '').replaceAll(body.requestId, '')}`
    for (const [method, tail] of [
      ['GET', ''],
      ['POST', '/retry'],
      ['POST', '/cancel'],
    ] as const) {
      const answers = await Promise.all(
        [jobs.foreign, crypto.randomUUID()].map(async (id) => plain(await call(method, `/jobs/${id}${tail}`), id)),
      )
      assert.equal(answers[0], answers[1])
      assert.match(answers[0]!, /^404 .*jobs\.not_found/)
      assert.equal((await call(method, `/jobs/nonsense${tail}`)).status, 404)
    }
    // Not even where both tenants are one's own: the tenant that is asked in decides.
    await call('POST', `/tenants/${foreign}/members`, other, foreign, { json: { userId: owner.id, level: 'ADMIN' } })
    assert.equal((await call('GET', `/jobs/${jobs.foreign}`)).status, 404)
    assert.deepEqual(idsOf(await call('GET', `/jobs?name=${KIND}`, other, foreign)), [jobs.foreign])
    const [row] = await ashlar.rows<{ state: string }>('SELECT state FROM pgboss.job WHERE id = $1', [jobs.foreign])
    assert.equal(row!.state, 'created')
  })

  it('asks for jobs:view to look and jobs:manage to act', async () => {
    const [viewer, nobody] = [await member(['jobs:view']), await member(['users:view'])]
    assert.equal((await call('GET', '/jobs', viewer)).status, 200)
    assert.equal((await call('GET', `/jobs/${jobs.late}`, viewer)).status, 200)
    for (const path of ['/jobs', '/jobs/schedules', `/jobs/${jobs.late}`])
      assert.equal((await call('GET', path, nobody)).status, 403, path)
    for (const person of [viewer, nobody])
      for (const verb of ['retry', 'cancel'])
        assert.equal((await call('POST', `/jobs/${jobs.late}/${verb}`, person)).status, 403)
    assert.equal((await call('GET', `/jobs/${jobs.late}`)).body.state, 'delayed')
  })

  it('cancels what is not over and tries again what is, audited, and says 409 otherwise', async () => {
    const refused = await call('POST', `/jobs/${jobs.late}/retry`)
    assert.deepEqual([refused.status, refused.body.code], [409, 'jobs.not_retryable'])
    const cancelled = await call('POST', `/jobs/${jobs.late}/cancel`)
    assert.deepEqual([cancelled.status, cancelled.body.state, cancelled.body.id], [200, 'cancelled', jobs.late])
    const again = await call('POST', `/jobs/${jobs.late}/cancel`)
    assert.deepEqual([again.status, again.body.code], [409, 'jobs.not_cancellable'])
    assert.deepEqual(await trailOf(tenant, jobs.late), [
      { action: 'jobs.cancel', actor: `user:${owner.id}`, changes: { name: KIND } },
    ])
    const retried = await call('POST', `/jobs/${jobs.dead}/retry`)
    assert.equal(retried.status, 200, retried.text)
    assert.ok(['retrying', 'active', 'completed'].includes(retried.body.state), retried.body.state)
    assert.ok(retried.body.maxAttempts >= 12 && retried.body.history.length === 1)
    assert.equal((await trailOf(tenant, jobs.dead)).length, 1)
    assert.deepEqual(await ashlar.rows('SELECT 1 FROM pgboss.job WHERE source_id = $1', [jobs.dead]), [])
    assert.equal((await call('POST', `/jobs/${jobs.running}/cancel`)).body.state, 'cancelled')
  })

  it('publishes what was cancelled, tried again and given up, in its tenant and nowhere else', async () => {
    const id = await add(tenant)
    await ashlar.rows(
      `UPDATE pgboss.job SET state = 'failed', completed_on = now(), output = '{"message": "no"}' WHERE id = $1`,
      [id],
    )
    await ashlar.rows(
      `INSERT INTO pgboss.job (name, data, group_id, source_name, source_id, policy)
       SELECT 'dead-letters', data, group_id, name, id, 'short' FROM pgboss.job WHERE id = $1`,
      [id],
    )
    const told = () =>
      ashlar.rows<{ tenantId: string; name: string; aggregateId: string; payload: unknown }>(
        `SELECT "tenantId", name, "aggregateId", payload FROM events WHERE name LIKE 'jobs.%' ORDER BY seq`,
      )
    for (let tries = 0; tries < 200 && !(await told()).some(({ aggregateId }) => aggregateId === id); tries++)
      await sleep(50)
    const facts = await told()
    assert.deepEqual(
      facts.filter(({ aggregateId }) => aggregateId === id),
      [{ tenantId: tenant, name: 'jobs.failed', aggregateId: id, payload: { name: KIND } }],
    )
    const namesOf = (job: string) => facts.filter(({ aggregateId }) => aggregateId === job).map(({ name }) => name)
    assert.ok(namesOf(jobs.late).includes('jobs.cancelled') && namesOf(jobs.dead).includes('jobs.retried'))
    assert.deepEqual([...new Set(facts.map(({ tenantId }) => tenantId))], [tenant])
  })

  it('lists what the installation runs by the clock', async () => {
    const { status, body } = await call('GET', '/jobs/schedules')
    assert.equal(status, 200)
    const purge = body.data.find(({ name }: { name: string }) => name === 'tenants.purge')
    assert.deepEqual([purge.cron, purge.timeZone, purge.lastAt], ['17 3 * * *', 'UTC', null])
    assert.ok(Date.parse(purge.nextAt) > Date.now())
  })

  it('shows jobs of the installation to the back office only, and those of tenants not there', async () => {
    const asked = await ashlar.call('POST', '/api/v1/auth/forgot-password', { json: { email: 'nobody@example.com' } })
    assert.ok(asked.status < 300, asked.text)
    const entered = await ashlar.call('POST', '/api/v1/admin/auth/login', {
      json: { username: ADMIN.email, password: ADMIN.password },
    })
    const admin = (method: string, path: string) =>
      ashlar.call(method, `/api/v1${path}`, { token: entered.body.accessToken })
    const listed = await admin('GET', '/admin/jobs')
    const [id] = idsOf(listed)
    assert.equal(listed.body.data[0].name, 'auth.send_link')
    assert.doesNotMatch(listed.text, new RegExp(Object.values(jobs).join('|')))
    const whole = await admin('GET', `/admin/jobs/${id}`)
    assert.deepEqual([whole.status, whole.body.payload], [200, {}])
    for (const tenantJob of [jobs.late, jobs.foreign]) {
      assert.equal((await admin('GET', `/admin/jobs/${tenantJob}`)).status, 404)
      assert.equal((await admin('POST', `/admin/jobs/${tenantJob}/cancel`)).status, 404)
      assert.equal((await admin('POST', `/admin/jobs/${tenantJob}/retry`)).status, 404)
    }
    const people = await ashlar.admin()
    for (const path of ['/admin/jobs', `/admin/jobs/${id}`]) assert.equal((await call('GET', path)).status, 401)
    assert.equal((await ashlar.call('GET', `/api/v1/jobs/${id}`, { token: people.token })).status, 404)
    assert.equal((await call('POST', `/jobs/${id}/cancel`)).status, 404)

    const later = (await ashlar.drivers.database.inGlobal((tx) =>
      ashlar.drivers.jobs.enqueue(tx, 'tenants.purge', {}, { delaySeconds: DAY }),
    ))!
    assert.equal((await admin('POST', `/admin/jobs/${later}/cancel`)).body.state, 'cancelled')
    assert.equal((await trailOf('default', later))[0]?.action, 'jobs.cancel')
    assert.match((await trailOf('default', later))[0]!.actor, /^admin:/)
    assert.equal((await admin('POST', `/admin/jobs/${later}/retry`)).status, 200)
  })
})
