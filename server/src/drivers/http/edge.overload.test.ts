// What happens when the database is busy with something else: every wait has an end, and it is said politely.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { startApp, type TestApp } from '../../../test/harness.ts'

describe('AVL-3: a blocked database', () => {
  let ashlar: TestApp
  let blocker: pg.Client
  before(async () => {
    ashlar = await startApp({ env: { DB_POOL_SIZE: '4', DB_POOL_TIMEOUT: '1', DB_LOCK_TIMEOUT: '1' } })
    blocker = new pg.Client({ connectionString: ashlar.database.adminUrl })
    await blocker.connect()
  })
  after(async () => {
    await blocker.end()
    await ashlar.stop()
  })

  it('answers 503 with Retry-After in bounded time, to those who wait for a lock and to those who wait for a connection', async () => {
    const person = await ashlar.person()
    const change = () => ashlar.call('PATCH', '/api/v1/users/me', { token: person.token, json: { bio: 'x' } })
    await blocker.query('BEGIN; LOCK TABLE users IN ACCESS EXCLUSIVE MODE')
    const begun = performance.now()
    const answers = await Promise.all(Array.from({ length: 60 }, change))
    const took = performance.now() - begun
    for (const { status, headers, body } of answers) {
      assert.equal(status, 503)
      assert.equal(body.code, 'server.unavailable')
      assert.ok(Number(headers.get('retry-after')) >= 1)
    }
    assert.ok(took < 4_000, `the last answer came after ${Math.round(took)} ms`)
    assert.equal((await ashlar.call('GET', '/health/live')).status, 200, 'the process itself is well')
    await blocker.query('ROLLBACK')
    assert.equal((await change()).status, 200)
    assert.equal(ashlar.drivers.database.stats().waiting, 0)
  })
})
