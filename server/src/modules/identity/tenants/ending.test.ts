// The end of a tenant over HTTP and in the database: restored by its owners, or purged without a trace but one.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AiServer, startAiServer } from '../../../../test/ai-servers.ts'
import { ADMIN, type Call, PASSWORD, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { accounts, content } from '../../../cli/demo/content.ts'
import { insertRows } from '../../../cli/demo/demo.queries.ts'
import { seededRandom } from '../../../cli/demo/random.ts'

const ABSENT = 'c000000000000000000000000'

describe('the end of a tenant', () => {
  let ashlar: TestApp
  let models: AiServer
  before(async () => {
    models = await startAiServer()
    ashlar = await startApp({ jobs: true, env: { OLLAMA_HOST: models.ollama } })
  })
  after(async () => {
    await ashlar.stop()
    await models.close()
  })

  const call = (method: string, path: string, options?: Call) => ashlar.call(method, `/api/v1${path}`, options)
  const make = async (owner: Person): Promise<{ id: string; slug: string; name: string }> => {
    const slug = unique('quarry')
    const answer = await call('POST', '/tenants', { token: owner.token, json: { name: 'Quarry', slug } })
    assert.equal(answer.status, 201, answer.text)
    return answer.body
  }
  const add = (owner: Person, id: string, userId: string, level = 'MEMBER') =>
    call('POST', `/tenants/${id}/members`, { token: owner.token, json: { userId, level } })
  const remove = async (owner: Person, id: string) =>
    assert.equal((await call('DELETE', `/tenants/${id}`, { token: owner.token })).status, 200)
  const restore = (person: Person, id: string) => call('POST', `/tenants/${id}/restore`, { token: person.token })
  const enter = (person: Person, id: string) =>
    call('GET', '/auth/me', { token: person.token, headers: { 'x-tenant-id': id } })
  const pass = (id: string, days: number) =>
    ashlar.rows('UPDATE tenants SET "deletedAt" = "deletedAt" - make_interval(days => $2) WHERE id = $1', [id, days])

  /** How many rows each table has for the tenant, by every column that names one. */
  async function rowsOf(id: string): Promise<Record<string, number>> {
    const columns = await ashlar.rows<{ table: string; column: string }>(`
      SELECT c.table_name AS table, c.column_name AS column FROM information_schema.columns c
      JOIN information_schema.tables t USING (table_schema, table_name)
      WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.column_name IN ('tenantId', 'homeTenantId')
      ORDER BY 1`)
    const found: Record<string, number> = {}
    for (const { table, column } of columns) {
      const [row] = await ashlar.rows<{ count: number }>(
        `SELECT count(*)::int AS count FROM "${table}" WHERE "${column}" = $1`,
        [id],
      )
      found[table] = (found[table] ?? 0) + row!.count
    }
    return found
  }

  it('deleted is not gone: its owners see it and restore it as it was, nobody else does', async () => {
    const [owner, admin, member, stranger] = [
      await ashlar.person(),
      await ashlar.person(),
      await ashlar.person(),
      await ashlar.person(),
    ]
    const { id, slug } = await make(owner)
    await add(owner, id, admin.id, 'ADMIN')
    await add(owner, id, member.id)
    const deletedOf = async (person: Person) =>
      (await call('GET', '/tenants?deleted=true', { token: person.token })).body.data.map(
        (one: { id: string }) => one.id,
      )
    assert.deepEqual(await deletedOf(owner), [])
    assert.equal((await restore(owner, id)).status, 404, 'what lives cannot be restored')

    await remove(owner, id)
    assert.equal((await enter(owner, id)).status, 404)
    assert.deepEqual(await deletedOf(owner), [id])
    for (const person of [admin, member, stranger]) assert.deepEqual(await deletedOf(person), [])
    const again = await call('POST', '/tenants', { token: stranger.token, json: { name: 'Mine now', slug } })
    assert.equal(again.body.code, 'tenants.slug_taken', 'the slug waits for its tenant')
    const available = await call('GET', `/tenants/subdomain-available?subdomain=${slug}`, { token: stranger.token })
    assert.deepEqual(available.body, { available: false, reason: 'taken' })

    for (const person of [admin, member]) assert.equal((await restore(person, id)).body.code, 'tenants.owners_only')
    const [foreign, absent] = [await restore(stranger, id), await restore(stranger, ABSENT)]
    assert.deepEqual(
      [foreign.status, foreign.body.code, foreign.body.detail],
      [404, absent.body.code, absent.body.detail],
    )

    const back = await call('POST', `/organizations/${id}/restore`, { token: owner.token })
    assert.equal(back.status, 200, back.text)
    assert.deepEqual([back.body.slug, back.body.level, back.body.deletedAt], [slug, 'OWNER', null])
    for (const person of [owner, admin, member]) assert.equal((await enter(person, id)).status, 200)
    assert.deepEqual(await deletedOf(owner), [])
    const trail = await ashlar.rows<{ action: string }>(
      `SELECT action FROM audit_logs WHERE "tenantId" = $1 AND action LIKE 'tenants.%' ORDER BY at, seq`,
      [id],
    )
    assert.deepEqual(
      trail.map(({ action }) => action),
      ['tenants.create', 'tenants.delete', 'tenants.restore'],
    )
  })

  it('when its time is over nobody restores it; one in time, or restored, is not purged', async () => {
    const owner = await ashlar.person()
    const [late, early, restored] = [await make(owner), await make(owner), await make(owner)]
    for (const { id } of [late, early, restored]) await remove(owner, id)
    await pass(late.id, 31)
    await pass(early.id, 29)
    assert.equal((await restore(owner, restored.id)).status, 200)
    assert.equal((await restore(owner, late.id)).status, 404)
    assert.equal(await ashlar.app.tenants.purgeExpired(), 1)
    assert.equal(await ashlar.app.tenants.purgeExpired(), 0)
    const left = await ashlar.rows<{ id: string }>('SELECT id FROM tenants WHERE id = ANY($1) ORDER BY id', [
      [late.id, early.id, restored.id],
    ])
    assert.deepEqual(left.map(({ id }) => id).sort(), [early.id, restored.id].sort())
  })

  it('TEN-9: purged, no table has a row of it, its sessions, tokens, invitations and jobs end, and an audit entry stays', async () => {
    const [owner, member, witness] = [await ashlar.person(), await ashlar.person(), await ashlar.person()]
    const { id, slug, name } = await make(owner)
    const other = await make(witness)
    await add(owner, id, member.id)
    const headers = { 'x-tenant-id': id }
    // A role that inherits, a token, an idempotency key, both kinds of invitations and somebody who came by one.
    const roles = await call('GET', '/roles', { token: owner.token, headers })
    const parentIds = [roles.body.data.find((one: { name: string }) => one.name === 'viewer').id]
    await call('POST', '/roles', { token: owner.token, headers, json: { name: 'heir', permissions: [], parentIds } })
    const pat = await call('POST', '/tokens', {
      token: owner.token,
      headers: { ...headers, 'idempotency-key': unique('key') },
      json: { name: 'robot', scopes: ['users:view'] },
    })
    assert.equal(pat.status, 201, pat.text)
    // A folder that is shared, and a document in it that was saved twice and looked at.
    const as = (method: string, path: string, json?: object) =>
      call(method, path, { token: owner.token, headers, ...(json && { json }) })
    const folder = await as('POST', '/folders', { name: 'Quarry' })
    await as('POST', `/folders/${folder.body.id}/share`, { userId: member.id })
    const document = await as('POST', '/documents', { title: 'Plan', folderId: folder.body.id })
    await as('PUT', `/documents/${document.body.id}`, { content: 'Stone by stone.' })
    assert.equal((await as('GET', `/documents/${document.body.id}`)).body.revision, 2)
    // A message, which the other is told of, and what they want to hear of.
    await as('PUT', '/notifications/preferences', { message: 'off' })
    const invite = (json: object) =>
      call('POST', `/tenants/${id}/invitations`, { token: owner.token, json: { ...json } })
    const link = (await invite({ maxUses: 2 })).body.token
    assert.equal((await invite({ email: `${unique('x')}@example.com` })).status, 201)
    const guest = await ashlar.person()
    await call('POST', '/invitations/accept', { token: guest.token, json: { token: link } })
    const created = await call('POST', '/users', {
      token: owner.token,
      headers,
      json: { email: `${unique('u')}@example.com`, password: PASSWORD },
    })
    const inside = await call('POST', '/auth/login', {
      json: { login: member.email, password: PASSWORD },
      headers,
    })
    await ashlar.rows(
      `INSERT INTO mfa_challenges ("tokenHash", "userId", "tenantId", base, "expiresAt") VALUES ($1, $2, $3, 'canonical', now() + interval '5 minutes')`,
      [unique('hash'), member.id, id],
    )
    const wording = { locale: 'en', subject: 'Ours', html: '<p>{{ name }}</p>' }
    const worded = await call('PUT', '/mail/templates/password_set', { token: owner.token, headers, json: wording })
    assert.equal(worded.status, 200, worded.text)
    await fillWithContent(id, [owner.id, member.id, guest.id, created.body.id])
    await ashlar.drivers.database.inTenant(id, (tx) =>
      ashlar.drivers.jobs.enqueue(
        tx,
        'auth.change_address',
        { userId: owner.id, sealedAddress: '', passwordVersion: '', ip: '' },
        { delaySeconds: 3_600 },
      ),
    )
    const file = { bytes: Buffer.from('stone'), type: 'text/plain', name: 'a.txt' }
    const sent = await call('POST', '/mail/email/attachment', {
      token: owner.token,
      headers,
      multipart: { recipients: `${unique('r')}@example.com`, subject: 'Slabs', body: 'Ready.', file },
    })
    assert.equal(sent.status, 202, sent.text)
    await ashlar.rows('INSERT INTO mail_attempts ("tenantId", "mailId", number) VALUES ($1, $2, 1)', [id, sent.body.id])
    await ashlar.app.dashboard.count()
    // A series with an instance of its own, a member and a guest, a reminder that waits and one that was given, and a feed.
    const event = await as('POST', '/calendar/events', {
      ...{ title: 'Weekly', start: '2030-05-06T09:00:00', end: '2030-05-06T10:00:00', timeZone: 'Europe/Paris' },
      ...{ recurrence: { rule: 'FREQ=WEEKLY' }, attendeeIds: [member.id], guests: [`${unique('g')}@example.com`] },
      reminders: [{ minutesBefore: 10 }],
    })
    assert.equal(event.status, 201, event.text)
    await as('PUT', `/calendar/events/${event.body.id}_20300513T090000`, { title: 'Special' })
    await ashlar.rows(
      'INSERT INTO calendar_reminded ("tenantId", "eventId", "userId", "startAt", "remindAt") VALUES ($1, $2, $3, now(), now())',
      [id, event.body.id, owner.id],
    )
    assert.equal((await as('POST', '/calendar/feed')).status, 201)
    const note = { bytes: Buffer.from('just a note'), type: 'text/plain', name: 'note.txt' }
    const uploaded = await call('POST', '/files/upload', { token: owner.token, headers, multipart: { file: note } })
    assert.equal(uploaded.status, 201, uploaded.text)
    const said = await as('POST', '/messages/send', {
      recipientId: member.id,
      content: 'Stone by stone.',
      attachmentIds: [uploaded.body.id],
    })
    assert.equal(said.status, 201, said.text)
    // A question to a language model, its answer piece by piece, and what the tenant chose.
    const asked = await as('POST', '/ai/ask', { query: 'Which stone?', stream: false })
    assert.equal(asked.status, 200, asked.text)
    assert.equal((await as('PATCH', '/ai/settings', { retentionDays: 30 })).status, 200)
    const favorite = `/files/${uploaded.body.id}/favorite`
    await call('PATCH', favorite, { token: owner.token, headers, json: { favorite: true } })
    // A link to it, by which somebody downloaded it.
    const { token } = (await as('POST', `/files/${uploaded.body.id}/links`, {})).body
    const downloadByLink = () => call('GET', `/files/shared/${token}/content`)
    assert.equal((await downloadByLink()).status, 200)
    await ashlar.rows(
      `INSERT INTO storages (id, "tenantId", provider, settings, sealed) VALUES ($1, $2, 's3', '{}', '')`,
      [unique('storage'), id],
    )
    await ashlar.rows(
      `INSERT INTO event_deliveries ("tenantId", subscriber, "eventId", seq, aggregate, "aggregateId", state)
       SELECT "tenantId", 'somebody', id, 1, aggregate, "aggregateId", 'waiting' FROM events WHERE "tenantId" = $1 LIMIT 1`,
      [id],
    )
    const jobsOf = async () =>
      (await ashlar.rows(`SELECT 1 FROM pgboss.job WHERE data ->> 'tenantId' = $1`, [id])).length

    const beforePurge = await rowsOf(id)
    const empty = Object.keys(beforePurge).filter((table) => beforePurge[table] === 0)
    assert.deepEqual(empty, [], 'every table of tenants has a row, so that the purge has something to prove')
    const ours = await ashlar.rows(
      `SELECT 1 FROM pgboss.job WHERE data ->> 'tenantId' = $1 AND name = 'auth.change_address'`,
      [id],
    )
    // Beside it those of subscribers.
    assert.equal(ours.length, 1)
    assert.ok((await jobsOf()) >= 1)
    const neighbour = await rowsOf(other.id)

    await remove(owner, id)
    assert.equal((await downloadByLink()).status, 404)
    await pass(id, 31)
    assert.equal(await ashlar.app.tenants.purgeExpired(), 1)
    assert.equal((await downloadByLink()).status, 404)

    const afterPurge = await rowsOf(id)
    for (const [table, count] of Object.entries(afterPurge)) assert.equal(count, 0, `${table} still has rows of it`)
    assert.equal(await jobsOf(), 0)
    assert.deepEqual(await rowsOf(other.id), neighbour, 'another tenant keeps everything')
    const people = await ashlar.rows('SELECT 1 FROM users WHERE id = ANY($1)', [[owner.id, member.id, created.body.id]])
    assert.equal(people.length, 3, 'accounts belong to people')

    assert.equal((await call('GET', '/auth/me', { token: inside.body.accessToken })).status, 401)
    const refreshed = await call('POST', '/auth/refresh', { json: { refreshToken: inside.body.refreshToken } })
    assert.equal(refreshed.status, 401)
    assert.equal((await call('GET', '/users', { token: pat.body.token })).status, 401)
    const preview = await call('POST', '/invitations/preview', { json: { token: link } })
    assert.equal(preview.body.code, 'invitations.not_found')
    assert.equal((await enter(owner, id)).status, 404)
    assert.equal((await enter(owner, 'default')).status, 200, 'its owner goes on elsewhere')

    const kept = await ashlar.rows<{ tenantId: string; actor: string; changes: Record<string, unknown> }>(
      `SELECT "tenantId", actor, changes FROM audit_logs WHERE action = 'tenants.purge' AND "targetId" = $1`,
      [id],
    )
    assert.equal(kept.length, 1)
    assert.deepEqual([kept[0]!.tenantId, kept[0]!.actor], ['default', 'system:tenants'])
    assert.deepEqual([kept[0]!.changes.name, kept[0]!.changes.slug], [name, slug])
    assert.equal((await ashlar.app.audit.verify('default')).state, 'intact')
    const reused = await call('POST', '/tenants', { token: witness.token, json: { name: 'Next', slug } })
    assert.equal(reused.status, 201, 'the slug is free again')
  })

  /** Demonstration content in every other table, as members of the tenant would have made it. */
  async function fillWithContent(id: string, userIds: string[]): Promise<void> {
    const random = seededRandom(1)
    const people = accounts(random).map((account, at) => ({ ...account, id: userIds[at % userIds.length]! }))
    await ashlar.drivers.database.inTenant(id, async (tx) => {
      const roles = await ashlar.rows<{ id: string }>('SELECT id FROM roles WHERE "tenantId" = $1', [id])
      for (const [table, rows] of content(random, people, new Date(), () => roles[0]!.id))
        await insertRows(tx, table, rows)
    })
    await ashlar.rows(
      `INSERT INTO event_reminders (id, "tenantId", "eventId", "remindAt") SELECT 'r' || id, $1, id, now() FROM calendar_events WHERE "tenantId" = $1`,
      [id],
    )
  }

  it('the back office purges at once, whatever the state, and the default tenant never', async () => {
    const owner = await ashlar.person()
    const { id } = await make(owner)
    const admin = await call('POST', '/admin/auth/login', { json: ADMIN })
    const token: string = admin.body.accessToken
    const purge = (which: string, as: string) => call('DELETE', `/admin/tenants/${which}?purge=true`, { token: as })
    assert.equal((await purge(id, owner.token)).status, 401, 'an owner is no admin')
    assert.equal((await enter(owner, id)).status, 200)
    assert.equal((await purge(id, token)).status, 200)
    assert.equal((await enter(owner, id)).status, 404)
    assert.equal((await restore(owner, id)).status, 404)
    assert.equal((await purge(id, token)).body.code, 'tenants.not_found')
    assert.equal((await purge('default', token)).body.code, 'tenants.default_stays')
    assert.equal((await enter(owner, 'default')).status, 200)
    const soft = await make(owner)
    assert.equal((await call('DELETE', `/admin/tenants/${soft.id}`, { token })).status, 200)
    assert.equal((await restore(owner, soft.id)).status, 200)
    const [entry] = await ashlar.rows<{ actorId: string }>(
      `SELECT "actorId" FROM audit_logs WHERE "tenantId" = 'default' AND action = 'tenants.purge' AND "targetId" = $1`,
      [id],
    )
    assert.equal(entry?.actorId, admin.body.user?.id ?? admin.body.admin?.id)
  })

  it('a job looks every day, by the clock: of the days that nobody looked one is made up for', async () => {
    const owner = await ashlar.person()
    const { id } = await make(owner)
    await remove(owner, id)
    await pass(id, 31)
    const looks = () =>
      ashlar.rows<{ state: string; group_id: string | null }>(
        `SELECT state, group_id FROM pgboss.job WHERE name = 'tenants.purge'`,
      )
    assert.deepEqual(await looks(), [])
    await ashlar.rows(`UPDATE job_schedules SET "nextAt" = now() - interval '3 days' WHERE name = 'tenants.purge'`)
    const until = Date.now() + 15_000
    while ((await looks())[0]?.state !== 'completed' && Date.now() < until) await sleep(100)
    assert.deepEqual(await ashlar.rows('SELECT 1 FROM tenants WHERE id = $1', [id]), [])
    assert.deepEqual(await looks(), [{ state: 'completed', group_id: null }])
    const [next] = await ashlar.rows<{ soon: boolean; hour: string }>(
      `SELECT "nextAt" BETWEEN now() AND now() + interval '1 day' AS soon, to_char("nextAt" AT TIME ZONE 'UTC', 'HH24:MI:SS') AS hour
       FROM job_schedules WHERE name = 'tenants.purge'`,
    )
    assert.deepEqual(next, { soon: true, hour: '03:17:00' })
  })
})
