// The audit trail as a file, and what is forgotten of it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

let ashlar: TestApp
let owner: Person
let tenant: string
before(async () => {
  ashlar = await startApp({ env: { AUDIT_RETENTION_DAYS: '40', HANDLER_TIMEOUT: '1' } })
  owner = await ashlar.person()
  const made = await ashlar.call('POST', '/api/v1/tenants', { token: owner.token, json: { name: unique('Quarry ') } })
  tenant = made.body.id
})
after(() => ashlar?.stop())

const here = () => ({ token: owner.token, headers: { 'x-tenant-id': tenant } })
const get = (path: string, call = here()) => ashlar.call('GET', `/api/v1/audit-logs${path}`, call)
const fill = (count: number) =>
  ashlar.rows(
    `SELECT audit_append(jsonb_agg(jsonb_build_object('id', 'c' || n, 'actor', '=HYPERLINK("x")', 'action', 'bulk.fill', 'targetType', 'x', 'targetId', '+' || n)))
     FROM set_config('app.tenant_id', $1, false), generate_series(1, $2::int) n`,
    [tenant, count],
  )

describe('the export', () => {
  it('LOG-3: holds every entry once, newest first, over as many pages as it takes, and is an entry itself', async () => {
    await fill(2_345)
    const { status, text, headers } = await get('/export?format=ndjson')
    assert.equal(status, 200)
    assert.equal(headers.get('content-type'), 'application/x-ndjson; charset=utf-8')
    assert.match(headers.get('content-disposition')!, /^attachment; filename="audit-\d{4}-\d\d-\d\d\.ndjson"$/)
    assert.equal(headers.get('cache-control'), 'no-store')
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const kept = await ashlar.rows<{ id: string }>(
      'SELECT id FROM audit_logs WHERE "tenantId" = $1 ORDER BY at DESC, chain DESC, seq DESC',
      [tenant],
    )
    assert.deepEqual(
      entries.map(({ id }) => id),
      kept.map(({ id }) => id),
    )
    assert.equal(entries[0].action, 'audit.export')
    assert.equal(entries[0].actorId, owner.id)
    assert.deepEqual(entries[0].changes, { format: 'ndjson' })
  })

  it('as CSV gives a spreadsheet no formula, and quotes what must be', async () => {
    const { text, headers } = await get('/export?action=bulk.fill')
    assert.match(headers.get('content-type')!, /^text\/csv/)
    const lines = text.split('\r\n')
    assert.match(lines[0]!, /^at,actor,actorId,action,/)
    assert.equal(lines.length, 2_345 + 2)
    for (const line of lines.slice(1, -1)) {
      assert.match(line, /,"'=HYPERLINK\(""x""\)",/)
      assert.match(line, /,'\+\d+,/)
    }
  })

  it('takes the filters of the list, and refuses what the list refuses', async () => {
    const { text } = await get('/export?format=ndjson&action=tenants')
    const actions = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).action as string)
    assert.ok(actions.length > 0)
    for (const action of actions) assert.match(action, /^tenants\./)
    assert.equal((await get('/export?format=xml')).status, 422)
    assert.equal((await get('/export?from=yesterday')).status, 422)
  })

  it('is for whoever may see the trail, and holds nothing of another tenant', async () => {
    assert.equal((await ashlar.call('GET', '/api/v1/audit-logs/export')).status, 401)
    const stranger = await ashlar.person()
    assert.equal((await get('/export', { ...here(), token: stranger.token })).status, 404)
    assert.equal((await ashlar.call('GET', '/api/v1/audit-logs/export', { token: stranger.token })).status, 403)
    const admin = await ashlar.admin()
    const { text } = await ashlar.call('GET', '/api/v1/audit-logs/export?format=ndjson', { token: admin.token })
    assert.ok(text.length > 0)
    assert.ok(!text.includes(tenant) && !text.includes('bulk.fill'))
  })
})

describe('the list', () => {
  it('goes on where a page ended, to the last entry, without one twice', async () => {
    const seen = new Set<string>()
    let cursor = ''
    do {
      const { body } = await get(`?limit=100&action=bulk.fill${cursor && `&cursor=${cursor}`}`)
      for (const { id } of body.data) {
        assert.ok(!seen.has(id), id)
        seen.add(id)
      }
      cursor = body.meta.nextCursor ?? ''
    } while (cursor)
    assert.equal(seen.size, 2_345)
  })
})

describe('the retention', () => {
  it('LOG-3: forgets what is older in every tenant, says so, and the trail is intact', async () => {
    const count = async () => (await get('?limit=1')).body.meta.total as number
    const before = await count()
    assert.equal(await ashlar.app.audit.forgetExpired(), 0)
    await ashlar.rows(
      `DO $$ DECLARE e audit_logs; p text := repeat('0', 64); BEGIN
        FOR e IN SELECT * FROM audit_logs WHERE "tenantId" = '${tenant}' AND chain = 0 ORDER BY seq LOOP
          IF e.seq <= 1500 THEN e.at := e.at - interval '50 days'; END IF;
          e."previousHash" := p; p := audit_hash(e);
          UPDATE audit_logs SET at = e.at, "previousHash" = e."previousHash", hash = p WHERE "tenantId" = e."tenantId" AND chain = 0 AND seq = e.seq;
        END LOOP;
        UPDATE audit_heads SET hash = p WHERE "tenantId" = '${tenant}' AND chain = 0;
      END $$`,
    )
    assert.equal((await get('/verify')).body.state, 'intact')
    assert.equal(await ashlar.app.audit.forgetExpired(), 1_500)
    assert.equal(await count(), before - 1_500 + 1)
    const [entry] = (await get('?action=audit.forget')).body.data
    assert.equal(entry.actor, 'system:audit')
    assert.equal(entry.changes.entries, 1_500)
    assert.equal(entry.changes.chains[0].through, 1_500)
    assert.equal((await get('/verify')).body.state, 'intact')
    assert.equal(await ashlar.app.audit.forgetExpired(), 0)
  })
})

describe('a long trail', () => {
  before(async () => {
    await ashlar.rows(
      `SELECT audit_append(jsonb_agg(jsonb_build_object('id', 'd' || n, 'actor', 'x', 'action', 'bulk.long', 'targetId', repeat('y', 1500) || n)))
       FROM set_config('app.tenant_id', $1, false), generate_series(1, 20000) n`,
      [tenant],
    )
  })

  it('is exported whole to whoever reads slowly, past the time of other answers', async () => {
    const { token, headers } = here()
    const response = await fetch(`${ashlar.url}/api/v1/audit-logs/export?format=ndjson&action=bulk.long`, {
      headers: { ...headers, authorization: `Bearer ${token}` },
    })
    let lines = 0
    for await (const [turn, piece] of enumerate(response.body!)) {
      lines += piece.filter((byte) => byte === 10).length
      if (turn < 20) await sleep(150)
    }
    assert.equal(lines, 20_000)
  })

  it('that cannot be verified in a statement’s time says who can', async () => {
    const hasty = await startApp({ database: ashlar.database, env: { DB_STATEMENT_TIMEOUT: '0.15' } })
    try {
      const { status, body } = await hasty.call('GET', '/api/v1/audit-logs/verify', here())
      assert.deepEqual([status, body.code], [409, 'audit.trail_too_long'])
    } finally {
      await hasty.stop()
    }
  })
})

async function* enumerate(stream: ReadableStream<Uint8Array>): AsyncGenerator<[number, Uint8Array]> {
  let turn = 0
  for await (const piece of stream) yield [turn++, piece]
}
