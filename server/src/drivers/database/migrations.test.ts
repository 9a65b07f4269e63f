// The runner: order, locks, checksums, and that going down and up again ends where it began.
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { createDatabase, declarations, type TestDatabase, withClient } from '../../../test/database.ts'
import { readCatalogue } from './catalogue.ts'
import { migrationsDir, readMigrations } from './migration-files.ts'
import { migrateDown, migrateUp, migrationStatus, newMigration } from './migrations.ts'
import { MigrationRefused } from './refused.ts'
import { checkSchema } from './schema-check.ts'

describe('migrations', () => {
  let database: TestDatabase
  let client: pg.Client
  let dir: string
  let newest: number

  before(async () => {
    database = await createDatabase()
    client = new pg.Client({ connectionString: database.url })
    await client.connect()
    dir = await mkdtemp(join(tmpdir(), 'migrations-'))
    await cp(migrationsDir, dir, { recursive: true })
    newest = (await readMigrations()).length
  })

  after(async () => {
    await client?.end()
    await database?.drop()
    await rm(dir, { recursive: true, force: true })
  })

  it('brings an empty database to the declared schema, and finds nothing to do the second time', async () => {
    assert.deepEqual((await migrationStatus(client)).current, 0)
    const first = await migrateUp(client, database.options)
    const files = await readMigrations()
    assert.deepEqual(
      first.ran.map(({ version, adopted }) => [version, adopted]),
      files.map(({ version }) => [version, false]),
    )
    assert.deepEqual(await checkSchema(client, await declarations(), database.options.rowSecurity), [])
    assert.deepEqual((await migrateUp(client, database.options)).ran, [])
    const status = await migrationStatus(client)
    assert.equal(status.current, status.latest)
    assert.deepEqual(status.problems, [])
    assert.ok(status.migrations.every(({ state, appliedAt }) => state === 'applied' && appliedAt instanceof Date))
  })

  it('goes down step by step to nothing and up again to the same schema', async () => {
    const declared = await readCatalogue(client, 'public')
    for (let version = newest - 1; version >= 0; version--) {
      const { to, ran } = await migrateDown(client, { ...database.options, to: version })
      assert.deepEqual([to, ran.length, (await migrationStatus(client)).current], [version, 1, version])
    }
    const left = await readCatalogue(client, 'public')
    assert.deepEqual(
      [...left.values()].filter(({ kind }) => kind === 'table').map(({ name }) => name),
      ['ashlar_migrations'],
    )
    await migrateUp(client, { ...database.options, to: 2 })
    assert.equal((await migrationStatus(client)).current, 2)
    await migrateUp(client, database.options)
    assert.deepEqual(await readCatalogue(client, 'public'), declared)
    assert.deepEqual(await checkSchema(client, await declarations(), database.options.rowSecurity), [])
  })

  it('lets one of two migrators work while the other waits and then finds nothing to do', async () => {
    await migrateDown(client, { ...database.options, to: 0 })
    const results = await Promise.all(
      Array.from({ length: 4 }, () => withClient(database.url, (other) => migrateUp(other, database.options))),
    )
    assert.deepEqual(results.map(({ ran }) => ran.length).sort(), [0, 0, 0, newest])
  })

  it('gives up waiting for another migrator after the limit', async () => {
    await withClient(database.url, async (other) => {
      await other.query('SELECT pg_advisory_lock($1, $2)', [0x6173686c, 0x6d696772])
      await assert.rejects(migrateUp(client, { ...database.options, lockWaitMs: 150 }), MigrationRefused)
    })
  })

  it('waits for a table in use without blocking those behind it for long, and then goes on', async () => {
    const { up } = await newMigration(dir, 'wider')
    await assert.rejects(migrateUp(client, { ...database.options, dir }), /\(wider\) has no statement yet/)
    assert.equal((await migrationStatus(client, dir)).current, newest, 'what is not written yet does not count as done')
    await writeFile(up, 'ALTER TABLE users ADD COLUMN nickname text;')
    await withClient(database.url, async (reader) => {
      await reader.query('BEGIN')
      await reader.query('SELECT count(*) FROM users')
      const refused = migrateUp(client, { ...database.options, dir, lockWaitMs: 100 })
      await assert.rejects(refused, { code: '55P03' })
      assert.equal((await migrationStatus(client, dir)).current, newest, 'the blocked migration left nothing')
      await reader.query('COMMIT')
    })
    assert.equal((await migrateUp(client, { ...database.options, dir })).to, newest + 1)
  })

  it('refuses a database newer than the program', async () => {
    const status = await migrationStatus(client)
    assert.equal(status.migrations.at(-1)?.state, 'unknown')
    await assert.rejects(
      migrateUp(client, database.options),
      new RegExp(`version ${newest + 1} and this program knows ${newest}`),
    )
    await assert.rejects(migrateDown(client, { ...database.options, to: 0 }), MigrationRefused)
  })

  it('refuses a migration that was changed after it was applied, and takes another line ending for no change', async () => {
    const file = join(dir, '0003_identity.up.sql')
    const script = await readFile(file, 'utf8')
    await writeFile(file, script.replaceAll('\n', '\r\n'))
    assert.deepEqual((await migrationStatus(client, dir)).problems, [])
    await writeFile(file, `${script}\n-- one more thought`)
    await assert.rejects(migrateUp(client, { ...database.options, dir }), /migration 3 \(identity\) was changed/)
    assert.equal((await migrationStatus(client, dir)).migrations[2]?.state, 'changed')
    await writeFile(file, script)
  })

  it('refuses a gap in the database and a gap in the folder', async () => {
    await client.query('DELETE FROM ashlar_migrations WHERE version = 2')
    await assert.rejects(migrateUp(client, { ...database.options, dir }), /version 3 without version 2/)
    await rm(join(dir, '0002_tenancy.up.sql'))
    await assert.rejects(migrateUp(client, { ...database.options, dir }), /0002_tenancy has no up script/)
    await rm(join(dir, '0002_tenancy.down.sql'))
    await assert.rejects(migrateUp(client, { ...database.options, dir }), /numbered without a gap/)
  })

  it('takes a failing migration back as a whole', async () => {
    const other = await createDatabase()
    const folder = await mkdtemp(join(tmpdir(), 'migrations-'))
    try {
      await cp(migrationsDir, folder, { recursive: true })
      const { up, version } = await newMigration(folder, 'broken')
      await writeFile(up, 'CREATE TABLE half (id text); SELECT 1 / 0;')
      await withClient(other.url, async (owner) => {
        await assert.rejects(migrateUp(owner, { ...other.options, dir: folder }), /division by zero/)
        assert.equal((await migrationStatus(owner, folder)).current, version - 1)
        const { rows } = await owner.query("SELECT to_regclass('half') AS half")
        assert.equal(rows[0].half, null)
      })
    } finally {
      await other.drop()
      await rm(folder, { recursive: true })
    }
  })

  it('does not overwrite a migration and refuses a name that is no file name', async () => {
    await assert.rejects(newMigration(dir, '../evil'), /lower-case/)
    await assert.rejects(newMigration(dir, 'Big Change'), /lower-case/)
  })
})
