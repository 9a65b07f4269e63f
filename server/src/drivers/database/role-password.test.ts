// The password of the application's role: it outlives the secrets it was made of, and is not taken from another installation.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createDatabase, type TestDatabase, withClient } from '../../../test/database.ts'
import { createSealer } from '../sealing/index.ts'
import { placeDatabase } from './connect.ts'
import { migrateUp } from './migrations.ts'

const keyOf = (id: string) => ({ id, key: Buffer.alloc(32, id) })
const secrets = (made: string, ...keys: string[]) => ({ made, sealer: createSealer(keys.map(keyOf)) })

describe("the password of the application's role", () => {
  let database: TestDatabase
  let other: TestDatabase
  before(async () => {
    database = await createDatabase()
    other = await createDatabase()
  })
  after(async () => {
    await other?.drop()
    await database?.drop()
  })

  const start = (password: ReturnType<typeof secrets>, at = database) =>
    withClient(at.adminUrl, (client) =>
      migrateUp(client, { rowSecurity: { rolePrefix: database.rolePrefix, password, forced: true } }),
    )
  async function letsIn(password: string): Promise<boolean> {
    const url = new URL(database.appUrl)
    url.password = password
    return withClient(url.href, async () => true).catch((error) => {
      assert.equal(error.code, '28P01', error.message)
      return false
    })
  }
  const placeUnder = async (appPassword: ReturnType<typeof secrets>) => {
    const options = { url: database.adminUrl, appUrl: undefined, rolePrefix: database.rolePrefix, dataDir: '' }
    const { appUrl } = await placeDatabase({ ...options, appPassword }, { info: () => {}, warn: () => {} } as never)
    return new URL(appUrl).password
  }

  it('stays as it is while the secrets are changed, and when the earlier ones are gone', async () => {
    await start(secrets('first', 'a'))
    assert.equal(await letsIn('first'), true)
    const changed = secrets('second', 'b', 'a')
    assert.equal(await placeUnder(changed), 'first')
    await start(changed)
    await start(secrets('second', 'b'))
    assert.deepEqual([await letsIn('first'), await letsIn('second')], [true, false])
    assert.equal(await placeUnder(secrets('second', 'b')), 'first')
  })

  it('is nowhere to be read', async () => {
    const [row] = await withClient(database.appUrl.replace(/:[^:@]+@/, ':first@'), async (app) => {
      const { rows } = await app.query(
        `SELECT shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = current_user`,
      )
      return rows
    })
    assert.match(row.comment, /^v1\.b\./)
    assert.ok(!row.comment.includes('first') && !Buffer.from(row.comment.split('.')[2], 'base64url').includes('first'))
  })

  it('is not taken by an installation with other secrets in another database of the server', async () => {
    await assert.rejects(start(secrets('theirs', 'c'), other), /DATABASE_ROLE_PREFIX/)
    assert.deepEqual([await letsIn('first'), await letsIn('theirs')], [true, false])
    await start(secrets('unused', 'b'), other)
    assert.equal(await letsIn('first'), true)
  })

  it('is made anew where the secrets are lost and nobody else has the role', async () => {
    await other.drop()
    other = await createDatabase()
    await start(secrets('anew', 'c'))
    assert.deepEqual([await letsIn('first'), await letsIn('anew')], [false, true])
  })
})
