// Adopting a HaloLight database: nothing is lost, its other back end keeps writing, and what is not HaloLight's is refused.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import {
  createHaloLightDatabase,
  declarations,
  inTenant,
  type TestDatabase,
  withClient,
} from '../../../test/database.ts'
import { type Catalogue, readCatalogue } from './catalogue.ts'
import { readMigrations } from './migration-files.ts'
import { migrateDown, migrateUp, migrationStatus } from './migrations.ts'
import { checkSchema } from './schema-check.ts'

/** Count and digest of every column that the catalogue names, by `table.column`. */
async function fingerprint(client: pg.Client, catalogue: Catalogue): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const { kind, table, name } of catalogue.values()) {
    if (kind !== 'column') continue
    const key = catalogue.get(`constraint ${table}.${table}_pkey`)?.definition.match(/\((.+)\)/)?.[1]
    const { rows } = await client.query(
      `SELECT count(*) || ' ' || md5(COALESCE(string_agg(COALESCE("${name}"::text, 'null'), '|' ORDER BY ${key}), '')) AS digest FROM "${table}"`,
    )
    found[`${table}.${name}`] = rows[0].digest
  }
  return found
}

describe('adoption of a HaloLight database', () => {
  let database: TestDatabase
  let owner: pg.Client
  let admin: pg.Client
  let catalogue: Catalogue
  let original: Record<string, string>

  before(async () => {
    database = await createHaloLightDatabase({ forced: false })
    owner = new pg.Client({ connectionString: database.url })
    admin = new pg.Client({ connectionString: database.adminUrl })
    await owner.connect()
    await admin.connect()
    catalogue = await readCatalogue(owner, 'public')
    original = await fingerprint(admin, catalogue)
  })

  after(async () => {
    await owner?.end()
    await admin?.end()
    await database?.drop()
  })

  it('adds what is missing and changes no value of any column of the 22 tables', async () => {
    assert.equal(Object.keys(original).filter((name) => !name.startsWith('_prisma')).length, 145)
    assert.ok(
      Object.values(original).every((digest) => !digest.startsWith('0 ')),
      'the fixture has rows in every table',
    )
    const { ran } = await migrateUp(owner, database.options)
    assert.deepEqual(
      ran.map(({ version, adopted }) => [version, adopted]),
      (await readMigrations()).map(({ version }) => [version, version === 1]),
    )
    assert.deepEqual(await fingerprint(admin, catalogue), original)
    assert.deepEqual(await checkSchema(owner, await declarations(), database.options.rowSecurity), [])
  })

  it('makes everybody a member of the default tenant and who holds the role admin its owner', async () => {
    const { rows } = await admin.query(
      `SELECT username, level, "joinedAt" = users."createdAt" AT TIME ZONE 'UTC' AS since, memberships."tenantId"
       FROM users JOIN memberships ON "userId" = users.id ORDER BY users.id`,
    )
    assert.equal(rows.length, 30)
    assert.deepEqual(
      rows.filter(({ level }) => level === 'OWNER').map(({ username }) => username),
      ['admin'],
    )
    assert.ok(rows.every(({ since, tenantId, level }) => since && tenantId === 'default' && level !== 'ADMIN'))
    const { rows: totals } = await admin.query(
      `SELECT status, sum(delta)::int = (SELECT count(*) FROM users WHERE users.status::text = member_totals.status) AS exact
       FROM member_totals GROUP BY status`,
    )
    assert.deepEqual(
      totals.map(({ exact }) => exact),
      [true, true, true],
    )
  })

  it('lets the other back end write as before: its rows land in the default tenant, its people get a membership', async () => {
    await owner.query(
      `INSERT INTO "public"."users" ("id","email","username","password","name","status","quotaUsed","createdAt","updatedAt")
       VALUES ('cnest1','nest@example.com','nest','$2b$12$x','Nest',CAST('ACTIVE' AS "public"."UserStatus"),0,'2026-01-01 00:00:00','2026-01-01 00:00:00')`,
    )
    await owner.query(
      `INSERT INTO "roles" ("id","name","label","createdAt","updatedAt") VALUES ('cnestr','auditor','审计','2026-01-01','2026-01-01')`,
    )
    await owner.query(`INSERT INTO "user_roles" ("userId","roleId") VALUES ('cnest1','cnestr')`)
    await owner.query(`INSERT INTO "tags" ("id","name") VALUES ('cnestg','新标签')`)
    await owner.query(
      `INSERT INTO "documents" ("id","title","content","type","ownerId","updatedAt") VALUES ('cnestd','标题','内容','pdf','cnest1','2026-01-01')`,
    )
    await owner.query(
      `INSERT INTO "activity_logs" ("id","actorId","action","targetType","targetId") VALUES ('cnesta','cnest1','a.b','a','1')`,
    )
    await owner.query(`UPDATE "users" SET "status" = 'SUSPENDED', "updatedAt" = '2026-01-02' WHERE "id" = 'cnest1'`)
    const { rows } = await owner.query(
      `SELECT (SELECT level || ' ' || "tenantId" FROM memberships WHERE "userId" = 'cnest1') AS membership,
         (SELECT string_agg(DISTINCT "tenantId", ',') FROM (
           SELECT "tenantId" FROM roles WHERE id = 'cnestr' UNION ALL SELECT "tenantId" FROM user_roles WHERE "roleId" = 'cnestr'
           UNION ALL SELECT "tenantId" FROM tags WHERE id = 'cnestg' UNION ALL SELECT "tenantId" FROM documents WHERE id = 'cnestd'
           UNION ALL SELECT "tenantId" FROM activity_logs WHERE id = 'cnesta') every) AS tenants`,
    )
    assert.deepEqual(rows[0], { membership: 'MEMBER default', tenants: 'default' })
    // The application sees them in the default tenant, and nowhere else.
    await withClient(database.appUrl, async (app) => {
      const count = async () =>
        (await app.query("SELECT count(*)::int AS n FROM documents WHERE id = 'cnestd'")).rows[0].n
      assert.equal(await inTenant(app, 'default', count), 1)
      assert.equal(await inTenant(app, 'other', count), 0)
      assert.equal(await count(), 0)
    })
    await owner.query(`DELETE FROM "users" WHERE "id" = 'cnest1'`)
    await owner.query(`DELETE FROM "roles" WHERE "id" = 'cnestr'`)
    await owner.query(`DELETE FROM "tags" WHERE "id" = 'cnestg'`)
    const { rows: left } = await owner.query(`SELECT count(*)::int AS n FROM memberships WHERE "userId" = 'cnest1'`)
    assert.equal(left[0].n, 0)
  })

  it('gives the database back as it was when it goes down: the mark goes, the tables and rows stay', async () => {
    await migrateDown(owner, { ...database.options, to: 0 })
    assert.deepEqual(await fingerprint(admin, catalogue), original)
    const now = await readCatalogue(owner, 'public')
    for (const [key, entry] of catalogue) assert.deepEqual(now.get(key), entry)
    const { ran } = await migrateUp(owner, database.options)
    assert.equal(ran[0]?.adopted, true)
    assert.deepEqual(await fingerprint(admin, catalogue), original)
  })

  it('refuses to go down when two tenants use what the shared database can hold once, and changes nothing', async () => {
    await admin.query("INSERT INTO tenants (id, name, slug) VALUES ('b', 'B', 'b')")
    await admin.query(`INSERT INTO roles (id, name, label, "tenantId") VALUES ('cb', 'admin', 'Admin', 'b')`)
    await assert.rejects(migrateDown(owner, { ...database.options, to: 1 }), /role "admin" stands in 2 tenants/)
    assert.equal((await migrationStatus(owner)).current, 2)
    await migrateUp(owner, database.options)
  })

  it('keeps a deleted person from coming back to life when it goes down', async () => {
    await admin.query("DELETE FROM roles WHERE id = 'cb'")
    await admin.query(`UPDATE users SET "deletedAt" = now() WHERE username = 'demo'`)
    await migrateDown(owner, { ...database.options, to: 1 })
    const { rows } = await owner.query("SELECT status FROM users WHERE username = 'demo'")
    assert.equal(rows[0].status, 'INACTIVE')
  })

  const misfits: [string, string, RegExp][] = [
    ['some of the tables only', 'DROP TABLE refresh_tokens', /lacks refresh_tokens/],
    [
      'a column of another type',
      'ALTER TABLE documents ALTER COLUMN views TYPE bigint',
      /documents\.views should be "integer not null default 0" and is "bigint/,
    ],
    ['a column that is missing', 'ALTER TABLE tags DROP COLUMN "createdAt"', /column tags\.createdAt is missing/],
    ['a missing unique index', 'DROP INDEX users_email_key', /index users\.users_email_key is missing/],
    [
      'another rule on deletion',
      'ALTER TABLE teams DROP CONSTRAINT "teams_ownerId_fkey"',
      /constraint teams\.teams_ownerId_fkey is missing/,
    ],
    ['an enum with other values', `ALTER TYPE "SharePermission" ADD VALUE 'VIEW'`, /type SharePermission should be/],
    [
      'a column more that needs a value',
      'ALTER TABLE tags ADD COLUMN color text NOT NULL DEFAULT 1; ALTER TABLE tags ALTER COLUMN color DROP DEFAULT',
      /tags\.color must have a value/,
    ],
  ]
  for (const [title, fault, message] of misfits) {
    it(`refuses a database with ${title}, says what is wrong and changes nothing`, async () => {
      const misfit = await createHaloLightDatabase()
      try {
        await withClient(misfit.url, async (client) => {
          await client.query(fault)
          const found = await readCatalogue(client, 'public')
          await assert.rejects(migrateUp(client, misfit.options), message)
          const now = await readCatalogue(client, 'public')
          assert.deepEqual(new Map([...now].filter(([, { table }]) => table !== 'ashlar_migrations')), found)
        })
      } finally {
        await misfit.drop()
      }
    })
  }

  it('adopts a database with more nullable columns than the shared ones', async () => {
    const wider = await createHaloLightDatabase()
    try {
      await withClient(wider.url, async (client) => {
        await client.query(
          'ALTER TABLE refresh_tokens ADD COLUMN ip TEXT, ADD COLUMN "userAgent" TEXT, ADD COLUMN "revokedAt" TIMESTAMP(3)',
        )
        assert.equal((await migrateUp(client, wider.options)).ran[0]?.adopted, true)
        assert.deepEqual((await checkSchema(client, await declarations(), wider.options.rowSecurity)).length, 3)
      })
    } finally {
      await wider.drop()
    }
  })
})
