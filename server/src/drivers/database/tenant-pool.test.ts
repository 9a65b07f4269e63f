// One connection shared by two tenants: whatever fails on it, neither sees a row of the other.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../../test/database.ts'
import { pgBouncerMissing, startPgBouncer } from '../../../test/pgbouncer.ts'
import { FULL_SIZE } from '../../../test/processes.ts'
import { Problem } from '../../core/errors.ts'
import { createDatabase, type Database, type Executor } from './database.ts'
import { sql } from './sql.ts'

const EACH = FULL_SIZE ? 10_000 : 1_500
const TENANTS = ['a', 'b'] as const
const ROWS = { a: 7, b: 11 } as const
const TIMEOUT_MS = 80

type Tenant = (typeof TENANTS)[number]

describe('TEN-3: two tenants on a pool of one connection', () => {
  let database: TestDatabase

  before(async () => {
    database = await createMigratedDatabase()
    await withClient(database.adminUrl, async (admin) => {
      await admin.query("INSERT INTO tenants (id, name, slug) VALUES ('a', 'A', 'a'), ('b', 'B', 'b')")
      for (const tenant of TENANTS)
        await admin.query(
          `INSERT INTO roles (id, name, label, "tenantId") SELECT $1 || n, 'role' || n, 'Role', $1 FROM generate_series(1, $2::int) n`,
          [tenant, ROWS[tenant]],
        )
      // Behind a pooler the timeout cannot come with the connection: it stands at the role.
      await admin.query(`ALTER ROLE ${database.rolePrefix}_app SET statement_timeout = ${TIMEOUT_MS}`)
    })
  })
  after(() => database?.drop())

  function open(url: string, prepared: boolean, pooled = false): { db: Database; lost: string[] } {
    const lost: string[] = []
    const waits = { waitMs: 60_000, statementMs: TIMEOUT_MS, lockMs: 1_000, idleTransactionMs: 5_000, idleMs: 60_000 }
    const options = { url, size: 1, ...waits, recycleSeconds: 3_600, prepared, pooled, applicationName: 'tenant-pool' }
    const log = { info() {}, warn: ({ reason }: { reason?: string }) => void lost.push(String(reason)) }
    return { db: createDatabase({ ...options, acrossRole: `${database.rolePrefix}_across` }, log), lost }
  }

  const ofRoles = (db: Executor) => db.query<{ tenantId: string }>(sql`SELECT "tenantId" FROM roles`)

  interface Tally {
    foreign: string[]
    thrown: number
    timedOut: number
    refused: number
  }

  /** One step of one tenant: mostly reads, some transactions, and of a hundred one that throws and one that times out. */
  async function step(db: Database, tenant: Tenant, turn: number, tally: Tally): Promise<void> {
    const other = tenant === 'a' ? 'b' : 'a'
    const check = (rows: { tenantId: string }[]) => {
      if (rows.length !== ROWS[tenant] || rows.some((row) => row.tenantId !== tenant))
        tally.foreign.push(
          `turn ${turn}: ${tenant} saw ${rows.length} rows of ${[...new Set(rows.map((row) => row.tenantId))]}`,
        )
    }
    const kind = turn % 100
    if (kind === 0) {
      await assert.rejects(
        db.inTenant(tenant, async (tx) => {
          check(await ofRoles(tx))
          throw new Error('on purpose')
        }),
        /on purpose/,
      )
      tally.thrown++
    } else if (kind === 50) {
      const late =
        turn % 200 === 50
          ? db.tenant(tenant).query(sql`SELECT pg_sleep(5)`)
          : db.inTenant(tenant, async (tx) => {
              check(await ofRoles(tx))
              await tx.run(sql`SELECT pg_sleep(5)`)
            })
      await assert.rejects(late, (error) => error instanceof Problem && error.kind === 'unavailable')
      tally.timedOut++
    } else if (kind === 25 || kind === 75) {
      // Writing into the other tenant is refused by the policy, and by nothing of the application's.
      const write = sql`INSERT INTO roles (id, name, label, "tenantId") VALUES (${`x${tenant}${turn}`}, ${`x${turn}`}, 'x', ${other})`
      await assert.rejects(
        kind === 25 ? db.tenant(tenant).run(write) : db.inTenant(tenant, (tx) => tx.run(write)),
        /row-level security/,
      )
      tally.refused++
    } else if (kind % 10 === 3) {
      const seen = await db.global.query(sql`SELECT id FROM roles`)
      if (seen.length) tally.foreign.push(`turn ${turn}: without a tenant ${seen.length} rows were seen`)
    } else if (kind % 10 === 7) {
      await db.inTenant(tenant, async (tx) => {
        check(await ofRoles(tx))
        assert.equal(await tx.run(sql`UPDATE roles SET label = ${`label ${turn}`} WHERE id = ${`${other}1`}`), 0)
        check(await ofRoles(tx))
      })
    } else {
      check(await ofRoles(db.tenant(tenant)))
    }
  }

  async function interleave(db: Database): Promise<Tally> {
    const tally: Tally = { foreign: [], thrown: 0, timedOut: 0, refused: 0 }
    const lanes = TENANTS.flatMap((tenant) => Array.from({ length: 4 }, (_, lane) => ({ tenant, lane })))
    await Promise.all(
      lanes.map(async ({ tenant, lane }) => {
        for (let turn = lane; turn < EACH; turn += 4) await step(db, tenant, turn, tally)
      }),
    )
    return tally
  }

  function assertApart(tally: Tally): void {
    assert.deepEqual(tally.foreign.slice(0, 10), [])
    assert.ok(tally.thrown >= EACH / 50 && tally.timedOut >= EACH / 50 && tally.refused >= EACH / 25)
  }

  for (const prepared of [true, false]) {
    describe(prepared ? 'with prepared statements' : 'without prepared statements', () => {
      it(`2 × ${EACH} steps, some of which throw or time out, show no foreign row`, async (test) => {
        const { db, lost } = open(database.appUrl, prepared)
        try {
          const tally = await interleave(db)
          test.diagnostic(
            `${tally.thrown} threw, ${tally.timedOut} timed out, ${tally.refused} foreign writes refused, ${lost.length} connections lost`,
          )
          assertApart(tally)
          assert.equal(db.stats().total, 1)
          assert.deepEqual(lost, [])
        } finally {
          await db.close()
        }
      })

      it('a statement whose parsing failed works once it can be parsed, as does every other one', async () => {
        const { db } = open(database.appUrl, prepared)
        const table = `later_${prepared}`
        // The same text before and after the table exists: its name in the cache must not stand for a statement that is not there.
        const ask = { true: sql`SELECT n FROM later_true`, false: sql`SELECT n FROM later_false` }[`${prepared}`]
        try {
          for (let time = 0; time < 3; time++) {
            await assert.rejects(db.tenant('a').query(ask), /does not exist/)
            await assert.rejects(db.global.query(ask), /does not exist/)
            await assert.rejects(
              db.inTenant('b', (tx) => tx.query(ask)),
              /does not exist/,
            )
            assert.equal((await ofRoles(db.tenant('b'))).length, ROWS.b)
          }
          await withClient(database.adminUrl, (admin) =>
            admin.query(`CREATE TABLE ${table} AS SELECT 1 AS n; GRANT SELECT ON ${table} TO PUBLIC`),
          )
          for (const handle of [db.tenant('a'), db.global, db.tenant('b')])
            assert.deepEqual(await handle.query(ask), [{ n: 1 }])
          assert.deepEqual(await db.inTenant('a', (tx) => tx.query(ask)), [{ n: 1 }])
          // A value that cannot be bound is the statement's fault, not its text's.
          const typed = (value: unknown) => db.tenant('a').one<{ n: number }>(sql`SELECT ${value}::int AS n`)
          await assert.rejects(typed('no number'), /invalid input syntax/)
          assert.deepEqual(await typed(5), { n: 5 })
        } finally {
          await db.close()
        }
      })
    })
  }

  it('a transaction inside a transaction, and a second connection inside one, are refused', async () => {
    const { db } = open(database.appUrl, true)
    try {
      const second = /second connection was asked for inside a transaction/
      const attempts: ((db: Database) => Promise<unknown>)[] = [
        () => db.inTenant('b', async () => 0),
        () => db.inGlobal(async () => 0),
        () => db.acrossTenants('a test', async () => 0),
        () => ofRoles(db.tenant('a')),
        () => ofRoles(db.global),
      ]
      for (const attempt of attempts) {
        for (const within of [db.inTenant.bind(db, 'a'), db.inGlobal, db.acrossTenants.bind(db, 'a test')]) {
          await assert.rejects(
            within(() => attempt(db)),
            second,
          )
        }
      }
      // Neither is a transaction refused after one, nor beside one.
      const both = await Promise.all([db.inTenant('a', ofRoles), db.inTenant('b', ofRoles)])
      assert.deepEqual(
        both.map((rows) => rows.length),
        [ROWS.a, ROWS.b],
      )
    } finally {
      await db.close()
    }
  })

  it('a look at all tenants inside a transaction ends with the look, also where it fails', async () => {
    const { db } = open(database.appUrl, true)
    try {
      const seen = await db.inTenant('a', async (tx) => [
        (await ofRoles(tx)).length,
        (await tx.acrossTenants('a test', ofRoles)).length,
        (await ofRoles(tx)).length,
      ])
      assert.deepEqual(seen, [ROWS.a, ROWS.a + ROWS.b, ROWS.a])
      const failing = db.inTenant('a', (tx) => tx.acrossTenants('a test', () => Promise.reject(new Error('broken'))))
      await assert.rejects(failing, /broken/)
      const after = await Promise.all(Array.from({ length: 20 }, () => ofRoles(db.tenant('b'))))
      assert.ok(after.every((rows) => rows.length === ROWS.b))
      assert.deepEqual(await ofRoles(db.global), [])
    } finally {
      await db.close()
    }
  })

  it('a connection that is lost inside a transaction leaves nothing to the next one', async () => {
    const { db } = open(database.appUrl, true)
    try {
      await assert.rejects(
        db.inTenant('a', async (tx) => {
          await tx.run(sql`UPDATE roles SET label = 'never' WHERE id = 'a1'`)
          const [mine] = await tx.query<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`)
          await withClient(database.adminUrl, (admin) => admin.query('SELECT pg_terminate_backend($1)', [mine!.pid]))
          await sleep(20)
          await ofRoles(tx)
        }),
        (error) => error instanceof Problem && error.kind === 'unavailable',
      )
      assert.equal((await ofRoles(db.tenant('b'))).length, ROWS.b)
      assert.deepEqual(await db.global.query(sql`SELECT id FROM roles`), [])
      assert.equal((await db.tenant('a').query(sql`SELECT id FROM roles WHERE label = 'never'`)).length, 0)
    } finally {
      await db.close()
    }
  })

  it(`behind PgBouncer in transaction mode with one server connection: 2 × ${EACH} steps, no foreign row`, {
    skip: pgBouncerMissing ?? false,
  }, async (test) => {
    const bouncer = await startPgBouncer(database.appUrl, 1)
    // Two clients of one server connection: what the one leaves behind, the other would find.
    const handles = [open(bouncer.url, false, true), open(bouncer.url, false, true)]
    try {
      const tallies = await Promise.all(handles.map(({ db }) => interleave(db)))
      for (const tally of tallies) assertApart(tally)
      const [row] = await handles[0]!.db.global.query<{ clients: number }>(
        sql`SELECT count(*)::int AS clients FROM pg_stat_activity WHERE usename = current_user`,
      )
      assert.equal(row?.clients, 1, 'all of it went through one server connection')
      test.diagnostic(
        `${tallies.reduce((sum, { timedOut }) => sum + timedOut, 0)} timed out, ${tallies.reduce((sum, { thrown }) => sum + thrown, 0)} threw`,
      )
    } finally {
      await Promise.all(handles.map(({ db }) => db.close()))
      await bouncer.stop()
    }
  })
})
