// The audit chain in PostgreSQL: what is appended can be proved, and what was tampered with is named.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import pg from 'pg'
import { createMigratedDatabase, inTenant, type TestDatabase, withClient } from '../../../../test/database.ts'

describe('audit chain', () => {
  let database: TestDatabase
  let app: pg.Client
  let admin: pg.Client
  let tenant = ''
  let count = 0

  before(async () => {
    database = await createMigratedDatabase()
    app = new pg.Client({ connectionString: database.appUrl })
    admin = new pg.Client({ connectionString: database.adminUrl })
    await Promise.all([app.connect(), admin.connect()])
  })

  after(async () => {
    await app?.end()
    await admin?.end()
    await database?.drop()
  })

  beforeEach(async () => {
    tenant = `tenant${++count}`
    await admin.query('INSERT INTO tenants (id, name, slug) VALUES ($1, $1, $1)', [tenant])
  })

  const entry = (id: string) => ({
    id: `${tenant}-${id}`,
    actor: 'user:u1',
    actorId: 'u1',
    action: 'documents.created',
    targetType: 'document',
    targetId: id,
    changes: { title: ['旧', 'new "title"'], size: [1, 2.5], nothing: null },
    ip: '127.0.0.1',
    requestId: 'r1',
  })
  const append = (client: pg.Client, ...entries: object[]) =>
    client.query('SELECT audit_append($1)', [JSON.stringify(entries)])
  const appendFive = () => inTenant(app, tenant, () => append(app, ...['1', '2', '3', '4', '5'].map(entry)))
  const verify = async (client: pg.Client = admin) => {
    const { rows } = await client.query(
      'SELECT checked::int, "badChain"::int, "badSeq"::int, fault FROM audit_verify($1)',
      [tenant],
    )
    return rows[0]
  }

  const intact = { badChain: null, badSeq: null, fault: null }

  const chains = async () =>
    (
      await admin.query<{ chain: number }>('SELECT chain FROM audit_heads WHERE "tenantId" = $1 ORDER BY chain', [
        tenant,
      ])
    ).rows.map(({ chain }) => chain)

  it('appends entries in the order given and verifies them, in the tenant that is set', async () => {
    await appendFive()
    await inTenant(app, tenant, () =>
      append(app, { ...entry('6'), changes: null, tenantId: 'default', seq: 99, hash: 'x' }),
    )
    assert.deepEqual(await inTenant(app, tenant, () => verify(app)), { checked: 6, ...intact })
    const { rows } = await admin.query(
      'SELECT seq::int, id, changes FROM audit_logs WHERE "tenantId" = $1 ORDER BY at, seq',
      [tenant],
    )
    assert.deepEqual(
      rows.map(({ seq, id }) => `${seq} ${id}`),
      ['1', '2', '3', '4', '5', '6'].map((n) => `${n} ${tenant}-${n}`),
    )
    assert.deepEqual(rows[0].changes, entry('1').changes)
    assert.equal(rows[5].changes, null)
  })

  it('verifies the same under another time zone and after a chain was never begun', async () => {
    assert.deepEqual(await verify(), { checked: 0, ...intact })
    await appendFive()
    for (const zone of ['Asia/Shanghai', 'America/New_York']) {
      await admin.query(`SET timezone = '${zone}'`)
      assert.deepEqual(await verify(), { checked: 5, ...intact })
    }
  })

  it('refuses an entry without a tenant, without an actor, and entries that are no list', async () => {
    await assert.rejects(append(app, entry('1')), /needs a tenant/)
    await assert.rejects(
      inTenant(app, tenant, () => append(app, { ...entry('1'), actor: null })),
      { code: '23502' },
    )
    await assert.rejects(
      inTenant(app, tenant, () => app.query("SELECT audit_append('{}')")),
      /as an array/,
    )
    assert.deepEqual(await verify(), { checked: 0, ...intact })
  })

  it('leaves no entry of a transaction that is taken back', async () => {
    await appendFive()
    await app.query('BEGIN')
    await app.query("SELECT set_config('app.tenant_id', $1, true)", [tenant])
    await append(app, entry('6'))
    await app.query('ROLLBACK')
    assert.deepEqual(await verify(), { checked: 5, ...intact })
  })

  it('keeps every chain without a break when 8 writers append at once, and one chain when one does', async () => {
    await appendFive()
    assert.deepEqual(await chains(), [0])
    await Promise.all(
      Array.from({ length: 8 }, (_, writer) =>
        withClient(database.appUrl, async (client) => {
          for (let n = 0; n < 25; n++)
            await inTenant(client, tenant, () => append(client, entry(`${writer}-${n}`), entry(`${writer}-${n}b`)))
        }),
      ),
    )
    assert.deepEqual(await verify(), { checked: 405, ...intact })
  })

  it('nobody waits for a writer who has not committed: another chain takes the entry', async () => {
    await appendFive()
    await withClient(database.appUrl, async (slow) => {
      await slow.query('BEGIN')
      await slow.query("SELECT set_config('app.tenant_id', $1, true)", [tenant])
      await append(slow, entry('slow'))
      await app.query("SET lock_timeout = '500ms'")
      await inTenant(app, tenant, () => append(app, entry('quick')))
      await slow.query('COMMIT')
    })
    const [first, second] = await chains()
    assert.equal(first, 0)
    assert.ok(second! > 0 && second! < 64, String(second))
    assert.deepEqual(await verify(), { checked: 7, ...intact })
    await admin.query('DELETE FROM audit_logs WHERE "tenantId" = $1 AND chain > 0', [tenant])
    assert.deepEqual(await verify(), { checked: 6, badChain: second, badSeq: 1, fault: 'missing at the end' })
  })

  describe('forgetting', () => {
    const age = (days: number, below: number) =>
      admin.query(`UPDATE audit_logs SET at = now() - make_interval(days => $2) WHERE "tenantId" = $1 AND seq < $3`, [
        tenant,
        days,
        below,
      ])
    // Ages are set past the application, so the chain is made anew as it would have been.
    const rechain = () =>
      admin.query(
        `DO $$ DECLARE e audit_logs; p text := repeat('0', 64); BEGIN
          FOR e IN SELECT * FROM audit_logs WHERE "tenantId" = '${tenant}' ORDER BY seq LOOP
            e."previousHash" := p; p := audit_hash(e);
            UPDATE audit_logs SET "previousHash" = e."previousHash", hash = p WHERE "tenantId" = e."tenantId" AND seq = e.seq;
          END LOOP;
          UPDATE audit_heads SET hash = p WHERE "tenantId" = '${tenant}';
        END $$`,
      )
    const forget = async (days: number, most = 100) =>
      (await app.query(`SELECT * FROM audit_forget(now() - make_interval(days => $1), $2)`, [days, most])).rows
    const record = (rows: { chain: number; through: string; hash: string }[]) =>
      append(app, {
        ...entry(`forgot-${rows.map((row) => row.through)}`),
        action: 'audit.forget',
        changes: {
          chains: Object.fromEntries(rows.map((row) => [row.chain, { through: Number(row.through), hash: row.hash }])),
        },
      })

    it('LOG-3: takes the old beginning only, and what is left is proved with the entry that says so', async () => {
      await appendFive()
      await age(100, 4)
      await rechain()
      await inTenant(app, tenant, async () => {
        assert.deepEqual(await forget(101), [])
        const rows = await forget(60, 2)
        assert.deepEqual(
          rows.map(({ entries, chain, through }) => [entries, chain, through]),
          [['2', 0, '2']],
        )
        await record(rows)
      })
      assert.deepEqual(await verify(), { checked: 4, ...intact })
      await inTenant(app, tenant, async () => record(await forget(60)))
      assert.deepEqual(await verify(), { checked: 4, ...intact })
      await inTenant(app, tenant, async () => assert.deepEqual(await forget(60), []))
    })

    it('LOG-3: a beginning that is gone without such an entry is found', async () => {
      await appendFive()
      await age(100, 4)
      await rechain()
      await inTenant(app, tenant, () => forget(60))
      assert.deepEqual(await verify(), { checked: 0, badChain: 0, badSeq: 3, fault: 'missing at the beginning' })
    })

    it('LOG-3: an old entry behind a younger one stays, and nothing of the last 30 days can be asked for', async () => {
      await appendFive()
      await age(100, 6)
      await admin.query(`UPDATE audit_logs SET at = now() WHERE "tenantId" = $1 AND seq = 2`, [tenant])
      await rechain()
      await inTenant(app, tenant, async () => {
        const rows = await forget(60)
        assert.deepEqual(
          rows.map(({ through }) => through),
          ['1'],
        )
        await record(rows)
      })
      assert.deepEqual(await verify(), { checked: 5, ...intact })
      await assert.rejects(
        inTenant(app, tenant, () => forget(29)),
        /30 days at least/,
      )
      await assert.rejects(forget(60), /belong to a tenant/)
    })
  })

  const tamperings: [string, string, { badSeq: number; fault: string }][] = [
    [
      'a changed entry',
      `UPDATE audit_logs SET action = 'documents.read' WHERE "tenantId" = $1 AND seq = 3`,
      { badSeq: 3, fault: 'changed' },
    ],
    [
      'a changed time',
      `UPDATE audit_logs SET at = at + interval '1 microsecond' WHERE "tenantId" = $1 AND seq = 2`,
      { badSeq: 2, fault: 'changed' },
    ],
    [
      'a changed detail',
      `UPDATE audit_logs SET changes = changes || '{"size": [1, 3]}' WHERE "tenantId" = $1 AND seq = 4`,
      { badSeq: 4, fault: 'changed' },
    ],
    ['a removed entry', `DELETE FROM audit_logs WHERE "tenantId" = $1 AND seq = 2`, { badSeq: 2, fault: 'missing' }],
    [
      'a removed beginning',
      `DELETE FROM audit_logs WHERE "tenantId" = $1 AND seq < 3`,
      { badSeq: 1, fault: 'missing' },
    ],
    [
      'a removed end',
      `DELETE FROM audit_logs WHERE "tenantId" = $1 AND seq > 3`,
      { badSeq: 4, fault: 'missing at the end' },
    ],
    [
      'a wholly removed chain',
      `DELETE FROM audit_logs WHERE "tenantId" = $1`,
      { badSeq: 1, fault: 'missing at the end' },
    ],
    [
      "two entries in each other's place",
      `UPDATE audit_logs SET seq = 99 WHERE "tenantId" = $1 AND seq = 2;
       UPDATE audit_logs SET seq = 2 WHERE "tenantId" = $1 AND seq = 3;
       UPDATE audit_logs SET seq = 3 WHERE "tenantId" = $1 AND seq = 99`,
      { badSeq: 2, fault: 'does not follow the entry before' },
    ],
    [
      'a removed entry with the numbers closed up',
      `WITH gone AS (DELETE FROM audit_logs WHERE "tenantId" = $1 AND seq = 5), back AS (UPDATE audit_heads SET seq = 4 WHERE "tenantId" = $1) SELECT`,
      { badSeq: 4, fault: 'not the recorded end' },
    ],
    [
      'an entry beyond the recorded end',
      `UPDATE audit_heads SET seq = 4 WHERE "tenantId" = $1`,
      { badSeq: 5, fault: 'beyond the recorded end' },
    ],
    [
      'a rewritten entry with a hash of its own',
      `UPDATE audit_logs SET action = 'x', hash = audit_hash(jsonb_populate_record(audit_logs, '{"action": "x"}')) WHERE "tenantId" = $1 AND seq = 3`,
      { badSeq: 4, fault: 'does not follow the entry before' },
    ],
  ]
  for (const [title, statement, expected] of tamperings) {
    it(`names the first bad entry after ${title}`, async () => {
      await appendFive()
      await admin.query(statement.replaceAll('$1', `'${tenant}'`))
      const { badSeq, fault } = await verify()
      assert.deepEqual({ badSeq, fault }, expected)
    })
  }
})
