// What PostgreSQL itself lets the application see and do.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import {
  createDatabase,
  createMigratedDatabase,
  inTenant,
  type TestDatabase,
  withClient,
} from '../../../test/database.ts'
import { migrateUp } from './migrations.ts'
import { scramVerifier } from './roles.ts'
import { exemptTables } from './row-security.exemptions.ts'
import { applyRowSecurity } from './row-security.ts'

describe('row security', () => {
  let database: TestDatabase
  let app: pg.Client
  let admin: pg.Client

  before(async () => {
    database = await createMigratedDatabase()
    admin = new pg.Client({ connectionString: database.adminUrl })
    app = new pg.Client({ connectionString: database.appUrl })
    await Promise.all([admin.connect(), app.connect()])
    await admin.query("INSERT INTO tenants (id, name, slug) VALUES ('a', 'A', 'a'), ('b', 'B', 'b')")
    await admin.query(
      "INSERT INTO users (id, email, username, password, name) VALUES ('ua', 'a@x', 'a', 'x', 'A'), ('ub', 'b@x', 'b', 'x', 'B')",
    )
    for (const tenant of ['a', 'b']) {
      await inTenant(app, tenant, async () => {
        await app.query('INSERT INTO memberships ("userId") VALUES ($1)', [`u${tenant}`])
        await app.query("INSERT INTO roles (id, name, label) VALUES ($1, 'editor', 'Editor')", [`r${tenant}`])
        await app.query('INSERT INTO teams (id, name, "ownerId") VALUES ($1, $1, $2)', [`t${tenant}`, `u${tenant}`])
        await app.query("INSERT INTO folders (id, name, path, \"ownerId\") VALUES ($1, 'Home', '/', $2)", [
          `f${tenant}`,
          `u${tenant}`,
        ])
      })
    }
  })

  after(async () => {
    await app?.end()
    await admin?.end()
    await database?.drop()
  })

  const tenantTables = async () => {
    const { rows } = await admin.query(
      `SELECT table_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenantId' ORDER BY 1`,
    )
    return rows.map(({ name }) => name as string).filter((name) => !(name in exemptTables))
  }

  it('TEN-1 is on and forced on every table of tenants, 61 of them', async () => {
    const { rows } = await admin.query(
      'SELECT relname FROM pg_class WHERE relname = ANY ($1) AND relrowsecurity AND relforcerowsecurity ORDER BY 1',
      [await tenantTables()],
    )
    assert.deepEqual(
      rows.map(({ relname }) => relname),
      await tenantTables(),
    )
    assert.equal(rows.length, 61)
  })

  it('TEN-1 protects a new table and each of its partitions at the next start', async () => {
    await withClient(database.url, async (owner) => {
      await owner.query('CREATE TABLE visits (id text, "tenantId" text NOT NULL) PARTITION BY HASH (id)')
      await owner.query('CREATE TABLE visits_0 PARTITION OF visits FOR VALUES WITH (MODULUS 2, REMAINDER 0)')
      await owner.query('CREATE TABLE visits_1 PARTITION OF visits FOR VALUES WITH (MODULUS 2, REMAINDER 1)')
      await migrateUp(owner, database.options)
    })
    await inTenant(app, 'a', () => app.query(`INSERT INTO visits SELECT 'a' || n, 'a' FROM generate_series(1, 20) n`))
    for (const table of ['visits', 'visits_0', 'visits_1']) {
      const count = () => app.query(`SELECT count(*)::int AS n FROM ${table}`).then(({ rows }) => rows[0].n)
      assert.ok((await inTenant(app, 'a', count)) > 0)
      assert.equal(await inTenant(app, 'b', count), 0)
    }
    await withClient(database.url, (owner) => owner.query('DROP TABLE visits'))
  })

  it('TEN-2 gives the application a role that is bound by it, owns nothing and has the time zone UTC', async () => {
    const { rows } = await app.query(
      `SELECT rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb, current_setting('TimeZone') AS zone,
         (SELECT count(*)::int FROM pg_class WHERE relowner = pg_roles.oid) AS owned
       FROM pg_roles WHERE rolname = current_user`,
    )
    const no = { rolsuper: false, rolbypassrls: false, rolinherit: false, rolcreaterole: false, rolcreatedb: false }
    assert.deepEqual(rows[0], { ...no, zone: 'UTC', owned: 0 })
  })

  const forbidden = [
    'TRUNCATE teams',
    'TRUNCATE audit_logs',
    'CREATE TABLE mine (id text)',
    'CREATE VIEW mine AS SELECT * FROM teams',
    'CREATE TRIGGER mine BEFORE INSERT ON teams FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    'ALTER TABLE teams DISABLE ROW LEVEL SECURITY',
    'DROP POLICY tenant ON teams',
    'UPDATE audit_logs SET action = action',
    'DELETE FROM audit_logs',
    'DELETE FROM audit_heads',
    "INSERT INTO member_totals (\"tenantId\", status, delta) VALUES ('a', 'ACTIVE', 100)",
    'UPDATE member_totals SET delta = 0',
    'DELETE FROM member_totals',
    'DELETE FROM ashlar_migrations',
    'SET SESSION AUTHORIZATION DEFAULT; SET ROLE NONE; SELECT leave_all_tenants()',
  ]
  for (const statement of forbidden) {
    it(`TEN-2 refuses the application: ${statement}`, async () => {
      await assert.rejects(
        inTenant(app, 'a', () => app.query(statement)),
        (error: { code: string }) => ['42501', '0A000'].includes(error.code),
      )
    })
  }

  it('TEN-2 does not let the application take on the owner, and refuses to work with security off', async () => {
    await assert.rejects(app.query(`SET ROLE ${database.rolePrefix}_owner`), { code: '42501' })
    await assert.rejects(
      inTenant(app, 'a', () => app.query('SET LOCAL row_security = off; SELECT * FROM teams')),
      { code: '42501' },
    )
  })

  it('TEN-3 shows no row of any table when no tenant is set, an empty one, or one that does not exist', async () => {
    for (const table of await tenantTables()) {
      const count = () => app.query(`SELECT count(*)::int AS n FROM "${table}"`).then(({ rows }) => rows[0].n)
      for (const tenant of ['', 'nobody']) assert.equal(await inTenant(app, tenant, count), 0, table)
    }
    await withClient(database.appUrl, async (fresh) => {
      assert.equal((await fresh.query('SELECT count(*)::int AS n FROM teams')).rows[0].n, 0)
    })
  })

  it('TEN-3 shows a tenant its own rows, and forgets the tenant with the transaction', async () => {
    const ids = () => app.query('SELECT id FROM teams').then(({ rows }) => rows.map(({ id }) => id))
    assert.deepEqual(await inTenant(app, 'a', ids), ['ta'])
    assert.deepEqual(await inTenant(app, 'b', ids), ['tb'])
    assert.deepEqual(await ids(), [])
  })

  it('TEN-3 refuses to write into another tenant, to move a row there, and to write without a tenant', async () => {
    const refused = { code: '42501', message: /row-level security/ }
    const insert = `INSERT INTO teams (id, name, "ownerId", "tenantId") VALUES ('tx', 'x', 'ua', 'b')`
    await assert.rejects(
      inTenant(app, 'a', () => app.query(insert)),
      refused,
    )
    await assert.rejects(
      inTenant(app, 'a', () => app.query(`UPDATE teams SET "tenantId" = 'b'`)),
      refused,
    )
    await assert.rejects(app.query("INSERT INTO teams (id, name, \"ownerId\") VALUES ('tx', 'x', 'ua')"), refused)
    await inTenant(app, 'a', async () => {
      assert.equal((await app.query("UPDATE teams SET name = 'taken' WHERE id = 'tb'")).rowCount, 0)
      assert.equal((await app.query("DELETE FROM teams WHERE id = 'tb'")).rowCount, 0)
    })
    const { rows } = await admin.query('SELECT id, name, "tenantId" FROM teams ORDER BY id')
    assert.deepEqual(
      rows.map((row) => Object.values(row)),
      [
        ['ta', 'ta', 'a'],
        ['tb', 'tb', 'b'],
      ],
    )
  })

  it('shows all tenants to the role for that, for one transaction', async () => {
    await app.query('BEGIN')
    await app.query(`SET LOCAL ROLE ${database.rolePrefix}_across`)
    assert.deepEqual((await app.query('SELECT id FROM teams ORDER BY id')).rows, [{ id: 'ta' }, { id: 'tb' }])
    await app.query('COMMIT')
    assert.deepEqual((await app.query('SELECT id FROM teams')).rows, [])
  })

  it('binds the owner as well, unless it says that it does maintenance; the application cannot say so', async () => {
    await withClient(database.url, async (owner) => {
      assert.equal((await owner.query('SELECT FROM teams')).rowCount, 0)
      await owner.query("SET app.maintenance = 'on'")
      assert.equal((await owner.query('SELECT FROM teams')).rowCount, 2)
    })
    await app.query("SET app.maintenance = 'on'")
    assert.equal((await app.query('SELECT FROM teams')).rowCount, 0)
    await app.query('RESET app.maintenance')
  })

  it('TEN-4 lets two tenants use the same role name and folder path, and one tenant not twice', async () => {
    const { rows } = await admin.query(
      "SELECT count(*)::int AS n FROM roles JOIN folders USING (\"tenantId\") WHERE roles.name = 'editor' AND path = '/'",
    )
    assert.equal(rows[0].n, 2)
    const again = () => app.query("INSERT INTO roles (id, name, label) VALUES ('rx', 'editor', 'x')")
    await assert.rejects(inTenant(app, 'a', again), { code: '23505' })
  })

  it('TEN-4 refuses a parent role of another tenant', async () => {
    await inTenant(app, 'a', async () => {
      await app.query("INSERT INTO roles (id, name, label) VALUES ('ra2', 'viewer', 'Viewer')")
      await app.query('INSERT INTO role_parents ("roleId", "parentId") VALUES (\'ra\', \'ra2\')')
    })
    const foreign = () => app.query('INSERT INTO role_parents ("roleId", "parentId") VALUES (\'ra\', \'rb\')')
    await assert.rejects(inTenant(app, 'a', foreign), { code: '23503' })
    const itself = () => app.query('INSERT INTO role_parents ("roleId", "parentId") VALUES (\'ra\', \'ra\')')
    await assert.rejects(inTenant(app, 'a', itself), { code: '23514' })
  })

  it('removes everything of a tenant with the tenant, and nothing of another', async () => {
    await app.query("INSERT INTO tenants (id, name, slug) VALUES ('c', 'C', 'c')")
    await inTenant(app, 'c', async () => {
      await app.query('INSERT INTO memberships ("userId") VALUES (\'ua\')')
      await app.query("INSERT INTO roles (id, name, label) VALUES ('rc', 'editor', 'x'), ('rc2', 'viewer', 'x')")
      await app.query('INSERT INTO role_parents ("roleId", "parentId") VALUES (\'rc\', \'rc2\')')
      await app.query(`SELECT audit_append('[{"id": "c1", "actor": "user:ua", "action": "x"}]')`)
    })
    await app.query("DELETE FROM tenants WHERE id = 'c'")
    for (const table of await tenantTables()) {
      const { rows } = await admin.query(`SELECT count(*)::int AS n FROM "${table}" WHERE "tenantId" = 'c'`)
      assert.equal(rows[0].n, 0, table)
    }
    assert.equal((await admin.query("SELECT FROM memberships WHERE \"tenantId\" IN ('a', 'b')")).rowCount, 2)
  })

  it('puts the roles right again, and takes the password only from who gives one', async () => {
    await admin.query(`ALTER ROLE ${database.rolePrefix}_app CREATEROLE INHERIT`)
    await admin.query(`ALTER ROLE ${database.rolePrefix}_app RESET ALL`)
    await admin.query(`GRANT UPDATE, TRUNCATE ON audit_logs TO ${database.rolePrefix}_app`)
    await withClient(database.url, async (owner) => {
      await applyRowSecurity(owner, { ...database.options.rowSecurity, password: undefined })
    })
    const { rows } = await admin.query(
      `SELECT rolcreaterole, rolinherit, rolconfig, has_table_privilege(oid, 'audit_logs', 'UPDATE, TRUNCATE') AS strong
       FROM pg_roles WHERE rolname = $1`,
      [`${database.rolePrefix}_app`],
    )
    assert.deepEqual(rows[0], {
      rolcreaterole: false,
      rolinherit: false,
      rolconfig: ['TimeZone=UTC', 'jit=off'],
      strong: false,
    })
    const { rows: known } = await admin.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [
      `${database.rolePrefix}_app`,
    ])
    const [, iterations, salt] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(known[0].rolpassword) ?? []
    assert.equal(
      known[0].rolpassword,
      scramVerifier(database.options.rowSecurity.password!.made, Buffer.from(salt!, 'base64'), Number(iterations)),
    )
  })

  it('makes the same verifier of a password as PostgreSQL does', async () => {
    await admin.query('BEGIN')
    await admin.query(`CREATE ROLE ${database.rolePrefix}_proof PASSWORD 'pencil'`)
    const { rows } = await admin.query('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [
      `${database.rolePrefix}_proof`,
    ])
    await admin.query('ROLLBACK')
    const salt = Buffer.from(/:([^$]+)\$/.exec(rows[0].rolpassword)![1]!, 'base64')
    assert.equal(rows[0].rolpassword, scramVerifier('pencil', salt, 4096))
  })

  it("lets the application use a tool's own schema when it is named, and not before", async () => {
    await withClient(database.url, async (owner) => {
      await owner.query('CREATE SCHEMA jobs; CREATE TABLE jobs.job (id bigserial, name text)')
      await migrateUp(owner, database.options)
      await assert.rejects(app.query("INSERT INTO jobs.job (name) VALUES ('x')"), { code: '42501' })
      const rowSecurity = { ...database.options.rowSecurity, otherSchemas: ['jobs', 'absent'] }
      await migrateUp(owner, { rowSecurity })
      assert.equal((await app.query("INSERT INTO jobs.job (name) VALUES ('x')")).rowCount, 1)
      await assert.rejects(app.query('TRUNCATE jobs.job'), { code: '42501' })
    })
  })

  it('refuses a prefix that is no identifier, and the application as migrator', async () => {
    const options = { rolePrefix: 'x"; DROP ROLE y', forced: true }
    await assert.rejects(
      withClient(database.url, (owner) => applyRowSecurity(owner, options)),
      /role prefix/,
    )
    await assert.rejects(applyRowSecurity(app, database.options.rowSecurity), /need the owner/)
  })

  it('sets up the same roles from many databases at once', async () => {
    const databases = await Promise.all(Array.from({ length: 6 }, () => createDatabase()))
    const rolePrefix = `${database.rolePrefix}_all`
    try {
      await Promise.all(
        databases.map(({ adminUrl }, n) =>
          withClient(adminUrl, (client) =>
            migrateUp(client, {
              rowSecurity: {
                rolePrefix,
                password: { ...database.options.rowSecurity.password!, made: `p${n}` },
                forced: true,
              },
            }),
          ),
        ),
      )
      const { rows } = await admin.query(
        'SELECT count(*)::int AS n FROM pg_auth_members WHERE roleid = $1::regrole AND member = $2::regrole',
        [`${rolePrefix}_across`, `${rolePrefix}_app`],
      )
      assert.equal(rows[0].n, 1)
    } finally {
      await Promise.all(databases.map((one) => one.drop()))
      await admin.query(`DROP ROLE IF EXISTS ${rolePrefix}_app, ${rolePrefix}_across`)
    }
  })
})
