// The nightly count: the same figures before and after, each day once, whatever ends it half-way.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import type { Database } from '../../../drivers/database/index.ts'

describe('the count of days', () => {
  let ashlar: TestApp
  let admin: Person
  /** How many statements of a transaction go through before one fails; undefined: all. */
  let patience: number | undefined
  const wrap = (database: Database): Database => ({
    ...database,
    inTenant: (tenantId, work) =>
      database.inTenant(tenantId, (tx) =>
        work({
          ...tx,
          run: (statement) => {
            if (patience !== undefined && patience-- <= 0) throw new Error('The connection is gone.')
            return tx.run(statement)
          },
        }),
      ),
  })
  before(async () => {
    ashlar = await startApp({ wrap })
    admin = await ashlar.admin()
    const people = await Promise.all(Array.from({ length: 5 }, () => ashlar.person()))
    // Four entries of each day: two sign-ins of one person, one of another, and something else.
    for (const [index, action] of ['auth.login', 'auth.login', 'auth.login', 'documents.create'].entries())
      await ashlar.rows(
        `INSERT INTO audit_logs (id, "tenantId", seq, at, actor, "actorId", action, "previousHash", hash, chain)
         SELECT 'past-' || $2::int || '-' || day, 'default', -(1 + day * 10 + $2::int), now() - make_interval(days => day), 'user:x',
           ($1::text[])[1 + CASE WHEN $2::int = 2 THEN (day + 1) % 5 ELSE day % 5 END], $3, '', '', 0
         FROM generate_series(1, 90) AS day`,
        [people.map(({ id }) => id), index, action],
      )
  })
  after(() => ashlar?.stop())

  const figures = async () => {
    const [stats, visits] = await Promise.all(
      ['stats', 'visits'].map(
        async (name) => (await ashlar.call('GET', `/api/v1/dashboard/${name}`, { token: admin.token })).body,
      ),
    )
    return { stats, visits: visits.data }
  }
  const rows = () =>
    ashlar.rows(`
      SELECT "tenantId", kind, day::text, sum(items)::int AS items FROM daily_totals
      WHERE kind IN ('operation', 'signIn', 'visitor', 'visitors30') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`)
  const through = async () => (await ashlar.rows('SELECT through::text FROM daily_counts'))[0]

  it('leaves the figures as they are, and says of one of them how old it is', async () => {
    const before = await figures()
    assert.deepEqual(
      before.visits
        .slice(0, 6)
        .map(({ visits, uniqueVisitors, pageViews }: Record<string, number>) => [visits, uniqueVisitors, pageViews]),
      Array(6).fill([3, 2, 4]),
    )
    assert.equal(before.stats.conversionAsOf, null)
    assert.ok((await ashlar.app.dashboard.count()) >= 1)
    const after = await figures()
    assert.deepEqual(after.visits, before.visits)
    const { conversionRate, conversionAsOf, rateGrowth, ...others } = after.stats
    assert.equal(conversionAsOf, `${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`)
    // The five of the days that are over; the administrator signed in today.
    assert.equal(conversionRate, Math.round((5 * 1000) / after.stats.totalUsers) / 10)
    assert.equal(rateGrowth, 0)
    for (const [key, value] of Object.entries(others)) assert.deepEqual(value, before.stats[key], key)
    // 29 days that are over and today beside 30.
    assert.equal(others.orderGrowth, before.stats.orderGrowth)
  })

  it('counts each day once, and goes on from where it ended', async () => {
    const before = await rows()
    assert.equal(await ashlar.app.dashboard.count(), 0)
    assert.deepEqual(await rows(), before)
    await ashlar.rows('UPDATE daily_counts SET through = through - 3')
    await ashlar.rows(
      `DELETE FROM daily_totals WHERE kind IN ('operation', 'signIn', 'visitor', 'visitors30') AND day >= (now() AT TIME ZONE 'UTC')::date - 3`,
    )
    const lacking = (await figures()).visits
    assert.equal(await ashlar.app.dashboard.count(), 1)
    assert.deepEqual(await rows(), before)
    assert.deepEqual((await figures()).visits, lacking)
  })

  it('counts nothing twice and leaves nothing out where it ends half-way, or runs twice at once', async () => {
    const wanted = await rows()
    await ashlar.rows('UPDATE daily_counts SET through = through - 2')
    await ashlar.rows(
      `DELETE FROM daily_totals WHERE kind IN ('operation', 'signIn', 'visitor', 'visitors30') AND day >= (now() AT TIME ZONE 'UTC')::date - 2`,
    )
    const [start, lacking] = [await through(), await rows()]
    for (const statements of [1, 2, 3, 4, 5, 6]) {
      patience = statements
      await assert.rejects(ashlar.app.dashboard.count(), /The connection is gone/)
      assert.deepEqual([await through(), await rows()], [start, lacking])
    }
    patience = undefined
    const counted = await Promise.all([ashlar.app.dashboard.count(), ashlar.app.dashboard.count()])
    assert.deepEqual(counted.sort(), [0, 1])
    assert.deepEqual(await rows(), wanted)
  })
})
