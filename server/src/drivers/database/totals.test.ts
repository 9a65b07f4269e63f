// Totals of lists: exact while they are small, a moment old at most when they are not, and nobody else's.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startApp, type TestApp } from '../../../test/harness.ts'
import { sql } from './sql.ts'
import { COUNTED, countUpTo } from './totals.ts'

describe('the total of a list', () => {
  let ashlar: TestApp
  let token: string
  let ownerId: string

  before(async () => {
    ashlar = await startApp()
    ;({ token, id: ownerId } = await ashlar.admin())
  })
  after(() => ashlar.stop())

  const total = async () => (await ashlar.call('GET', '/api/v1/documents?limit=1', { token })).body.meta.total
  const add = (from: number, to: number) =>
    ashlar.rows(
      `INSERT INTO documents (id, "tenantId", title, content, folder, type, size, "ownerId", "updatedAt")
       SELECT 'total' || n, 'default', 'Total ' || n, '', '', 'document', 0, $1, now() FROM generate_series($2::int, $3) n`,
      [ownerId, from, to],
    )

  it('follows every change up to a thousand, and also down from more', async () => {
    const before = await total()
    await add(1, 990 - before)
    assert.equal(await total(), 990)
    await add(991, 999)
    assert.equal(await total(), 999)
    await add(1_000, 1_500)
    assert.equal(await total(), 1_500)
    await ashlar.rows(`DELETE FROM documents WHERE id LIKE 'total%' AND substr(id, 6)::int > 500`)
    assert.ok((await total()) <= 500 + before, 'it is small again, and exact')
  })

  it('is remembered for a moment beyond a thousand, for the same list of the same tenant', async () => {
    await add(2_001, 4_000)
    const { database } = ashlar.drivers
    const [here, all] = [database.tenant('default'), sql`FROM documents WHERE id LIKE 'total%'`]
    const known = await countUpTo(here, all)
    await add(4_001, 4_010)
    assert.equal(await countUpTo(here, all), known)
    assert.equal(await countUpTo(here, sql`FROM documents d WHERE id LIKE 'total%'`), known + 10, 'another list')
    assert.equal(await database.inTenant('default', (tx) => countUpTo(tx, all)), known + 10, 'a transaction counts')
    const { id: tenantId } = (await ashlar.call('POST', '/api/v1/tenants', { token, json: { name: 'Small' } })).body
    assert.equal(await countUpTo(database.tenant(tenantId), all), 0, 'another tenant has its own')
  })

  it('of a search comes with its page, also where few matches became many a moment ago', async () => {
    const join = (from: number, to: number) =>
      ashlar.rows(
        `INSERT INTO users (id, email, username, name, password, status, "updatedAt")
         SELECT 'found' || n, 'found' || n || '@example.com', 'found' || n, 'Quarryman ' || n, '', 'ACTIVE', now() FROM generate_series($1::int, $2) n`,
        [from, to],
      )
    const find = async () => {
      const { data, meta } = (await ashlar.call('GET', '/api/v1/users?search=Quarryman&limit=10', { token })).body
      return [data.length, meta.total]
    }
    await join(1, 995)
    assert.deepEqual(await find(), [10, 995])
    await join(996, 997)
    assert.deepEqual(await find(), [10, 997])
    await join(998, 1_020)
    assert.deepEqual(await find(), [10, 1_000])
  })

  it('stops where nobody reads on', async () => {
    await add(10_001, 20_100)
    const { database } = ashlar.drivers
    assert.equal(await database.inTenant('default', (tx) => countUpTo(tx, sql`FROM documents`)), COUNTED)
    assert.equal(await countUpTo(database.tenant('default'), sql`FROM documents WHERE true`, 1_000), 1_000)
  })
})
