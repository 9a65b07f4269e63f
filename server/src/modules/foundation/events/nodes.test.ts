// Event streams over two nodes, on each kind of bus: nothing missed, nothing twice, nobody hears after they were turned away.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { redisMissing, startRedis, type TestRedis } from '../../../../test/redis.ts'
import { type Listening, type ListenOptions, listen } from '../../../../test/streams.ts'
import { sql } from '../../../drivers/database/index.ts'
import { publishUpdates } from './events.fixture.ts'
import * as queries from './events.queries.ts'

if (redisMissing) console.log(`Event streams over Redis are not tested: ${redisMissing}.`)

const HEARD_MS = 1_000

for (const kind of ['PostgreSQL', 'Redis']) {
  describe(`event streams of two nodes on ${kind}`, {
    skip: kind === 'Redis' ? (redisMissing ?? false) : false,
  }, () => {
    let redis: TestRedis | undefined
    let here: TestApp
    let there: TestApp
    let admin: Person
    const open: Listening[] = []

    before(async () => {
      if (kind === 'Redis') redis = await startRedis()
      const env = { EVENTS_HEARTBEAT: '1', ...(redis && { REDIS_URL: redis.url }) }
      here = await startApp({ env })
      there = await startApp({ env, database: here.database })
      admin = await here.admin()
    })
    after(async () => {
      for (const one of open) one.close()
      await there?.stop()
      await here?.stop()
      await redis?.kill()
    })

    const call = async (method: string, path: string, options?: Call) => {
      const answer = await here.call(method, `/api/v1${path}`, options)
      assert.ok(answer.status < 300, answer.text)
      return answer.body
    }
    const hear = async (app: TestApp, token: string, options: Partial<ListenOptions> = {}) => {
      const listening = await listen(app.url, { token, ...options })
      assert.equal(listening.status, 200, listening.body)
      open.push(listening)
      return listening
    }
    const fieldsOf = (listening: Listening): string[] => listening.facts().map(({ data }) => data.payload.fields?.[0])
    async function until(what: () => boolean, withinMs = 10_000): Promise<void> {
      for (const end = performance.now() + withinMs; !what(); await sleep(5))
        if (performance.now() > end) throw new Error('It did not happen in time.')
    }

    /** Until everything that was committed has its place. */
    async function ordered(): Promise<void> {
      while ((await here.rows('SELECT 1 FROM events WHERE seq IS NULL LIMIT 1')).length > 0) await sleep(10)
    }

    it('what one node commits is heard on the other', async () => {
      const person = await here.person()
      await ordered()
      const [near, far] = [await hear(here, person.token), await hear(there, person.token)]
      await publishUpdates(here, 'default', person.id, ['a', 'b'])
      await publishUpdates(there, 'default', person.id, ['c'])
      for (const one of [near, far]) {
        await until(() => fieldsOf(one).length === 3)
        assert.deepEqual(fieldsOf(one), ['a', 'b', 'c'])
        one.close()
      }
    })

    it('listeners that come and go between nodes while transactions overlap hear everything once, in one order', async () => {
      const person = await here.person()
      await ordered()
      const total = 300
      const heard: string[][] = []
      let publishing = true

      async function wander(start: number): Promise<void> {
        const all: string[] = []
        heard.push(all)
        let lastEventId: string | undefined
        for (let turn = start; ; turn++) {
          const listening = await hear(turn % 2 ? here : there, person.token, { ...(lastEventId && { lastEventId }) })
          const wasPublishing = publishing
          await (wasPublishing
            ? sleep(20 + Math.random() * 80)
            : until(() => all.length + listening.facts().length >= total))
          // What arrived, and no more: the rest is for the next stream.
          const taken = listening.facts()
          all.push(...taken.map(({ data }) => data.payload.fields[0]))
          lastEventId = taken.at(-1)?.id ?? listening.told[0]!.id
          listening.close()
          if (!wasPublishing) return
        }
      }
      const before = open.length
      const wanderers = [0, 1, 2, 3].map(wander)
      await until(() => open.length >= before + 4)
      let next = 0
      const writers = Array.from({ length: 10 }, async (_, writer) => {
        while (next < total) {
          const name = `e${next++}`
          const app = writer % 2 ? here : there
          await app.drivers.database.inTenant('default', async (tx) => {
            await tx.run(sql`SELECT pg_sleep(${Math.random() * 0.02})`)
            app.app.audit.record(
              tx,
              { kind: 'system', name: 'test' },
              {
                action: 'users.edit',
                targetType: 'user',
                targetId: person.id,
                changes: { [name]: 1 },
              },
            )
          })
        }
      })
      await Promise.all(writers)
      publishing = false
      await Promise.all(wanderers)
      await ordered()
      const rows = await here.rows<{ payload: { fields: string[] } }>(
        `SELECT payload FROM events WHERE "aggregateId" = $1 AND name = 'users.updated' ORDER BY seq`,
        [person.id],
      )
      const committed = rows.map(({ payload }) => payload.fields[0])
      assert.equal(new Set(committed).size, total)
      for (const all of heard) assert.deepEqual(all, committed)
    })

    it('numbers of a tenant have no gaps, also after transactions that were undone', async () => {
      const person = await here.person()
      await ordered()
      for (let round = 0; round < 5; round++) {
        await publishUpdates(here, 'default', person.id, ['kept'])
        await assert.rejects(
          here.drivers.database.inTenant('default', async (tx) => {
            // After everything else that is written before COMMIT.
            tx.beforeCommit(async (last) => last.beforeCommit(async () => Promise.reject(new Error('undone'))))
            here.app.audit.record(
              tx,
              { kind: 'system', name: 'test' },
              { action: 'users.restore', targetType: 'user', targetId: person.id },
            )
          }),
        )
      }
      await ordered()
      const [row] = await here.rows<{ gaps: number }>(
        `SELECT count(*)::int AS gaps FROM (SELECT seq - lag(seq) OVER (ORDER BY seq) AS step FROM events WHERE "tenantId" = 'default') s WHERE step <> 1`,
      )
      assert.equal(row!.gaps, 0)
    })

    describe('SESS-2: a stream on the other node', () => {
      async function endsAfter(token: string, change: () => Promise<unknown>, options: Partial<ListenOptions> = {}) {
        const [listening, other] = [await hear(there, token, options), await hear(there, admin.token)]
        await change()
        const changed = performance.now()
        const bye = await listening.next('bye', HEARD_MS)
        await listening.ended
        assert.deepEqual(bye.data, { reason: 'revoked' })
        assert.ok(performance.now() - changed < HEARD_MS)
        assert.equal(
          other.told.find(({ event }) => event === 'bye'),
          undefined,
          'nobody else is closed',
        )
        other.close()
        const again = await listen(there.url, { token, lastEventId: listening.lastEventId(), ...options })
        assert.ok([401, 403, 404].includes(again.status), String(again.status))
      }

      it('ends with the session', async () => {
        const person = await here.person()
        await ordered()
        await endsAfter(person.token, () => call('POST', '/auth/logout', { token: person.token }))
      })

      it('ends when the account is suspended, and when it is deleted', async () => {
        for (const change of [
          (id: string) => call('PATCH', `/users/${id}/status`, { token: admin.token, json: { status: 'SUSPENDED' } }),
          (id: string) => call('DELETE', `/users/${id}`, { token: admin.token }),
        ]) {
          const person = await here.person()
          await ordered()
          await endsAfter(person.token, () => change(person.id))
        }
      })

      it('ends with the personal access token', async () => {
        const person = await here.person()
        await ordered()
        const held = (await call('GET', '/auth/me', { token: person.token })).permissions as string[]
        const made = await call('POST', '/tokens', {
          token: person.token,
          json: { name: 'ci', scopes: held.slice(0, 1) },
        })
        await endsAfter(made.token, () => call('DELETE', `/tokens/${made.id}`, { token: person.token }))
      })

      it('ends when the member is removed, and when the tenant is deleted', async () => {
        const [owner, member] = [await here.person(), await here.person()]
        const { id } = await call('POST', '/tenants', {
          token: owner.token,
          json: { name: 'Yard', slug: unique('yard') },
        })
        await call('POST', `/tenants/${id}/members`, { token: owner.token, json: { userId: member.id } })
        await endsAfter(
          member.token,
          () => call('DELETE', `/tenants/${id}/members/${member.id}`, { token: owner.token }),
          { tenant: id },
        )
        await endsAfter(owner.token, () => call('DELETE', `/tenants/${id}`, { token: owner.token }), { tenant: id })
      })

      it('goes on with other rights within a second when a role changes', async () => {
        const person = await here.person()
        await ordered()
        const listening = await hear(there, person.token)
        const roles = await here.rows<{ id: string; name: string }>(
          `SELECT id, name FROM roles WHERE "tenantId" = 'default'`,
        )
        const give = (name: string) =>
          call('PATCH', `/users/${person.id}`, {
            token: admin.token,
            json: { roleIds: [roles.find((role) => role.name === name)!.id] },
          })
        const other = await here.person()
        await publishUpdates(here, 'default', other.id, ['before'])
        await publishUpdates(here, 'default', person.id, ['mark'])
        await until(() => fieldsOf(listening).includes('mark'))
        await give('admin')
        await sleep(HEARD_MS / 2)
        await publishUpdates(here, 'default', other.id, ['while admin'])
        await until(() => fieldsOf(listening).includes('while admin'))
        await give('user')
        await sleep(HEARD_MS / 2)
        await publishUpdates(here, 'default', other.id, ['after'])
        await publishUpdates(here, 'default', person.id, ['own'])
        await until(() => fieldsOf(listening).includes('own'))
        assert.deepEqual(
          fieldsOf(listening).filter((field) => ['before', 'while admin', 'after', 'own'].includes(field)),
          ['while admin', 'own'],
        )
        listening.close()
      })

      it('ends with the access token, and says that it may come back', async () => {
        const person = await here.person()
        await ordered()
        const [session] = await here.rows<{ id: string }>('SELECT id FROM sessions WHERE "userId" = $1', [person.id])
        const now = Math.floor(Date.now() / 1000)
        const claims = { sub: person.id, sid: session!.id, tid: 'default', auth_time: now, iat: now, exp: now + 2 }
        const listening = await hear(there, here.app.accessTokens.sign('user', claims))
        assert.deepEqual((await listening.next('bye', 4_000)).data, { reason: 'expired' })
        await publishUpdates(here, 'default', person.id, ['meanwhile'])
        const next = await hear(here, person.token, { lastEventId: listening.lastEventId() })
        await until(() => fieldsOf(next).includes('meanwhile'))
        next.close()
      })

      it('ends after its longest life, whatever its token still allows', async () => {
        const person = await there.person()
        const listening = await hear(there, person.token)
        there.clock.advance(31 * 60_000)
        try {
          assert.deepEqual((await listening.next('bye', 3_000)).data, { reason: 'expired' })
        } finally {
          there.clock.advance(-31 * 60_000)
        }
      })
    })

    it('TEN-7: of 10,000 events of one tenant a listener of another hears none', async () => {
      const [a, b] = [await here.person(), await here.person()]
      const tenant = async (owner: Person): Promise<string> =>
        (await call('POST', '/tenants', { token: owner.token, json: { name: 'Yard', slug: unique('yard') } })).id
      const [yard, quarry] = [await tenant(a), await tenant(b)]
      const [own, foreign] = [
        await hear(there, a.token, { tenant: yard }),
        await hear(there, b.token, { tenant: quarry }),
      ]
      for (let at = 0; at < 10_000; at += 500)
        await publishUpdates(
          here,
          yard,
          a.id,
          Array.from({ length: 500 }, (_, n) => `${at + n}`),
        )
      await until(() => own.facts().length === 10_000, 30_000)
      await publishUpdates(here, quarry, b.id, ['own'])
      await until(() => fieldsOf(foreign).includes('own'))
      assert.deepEqual(fieldsOf(foreign), ['own'])
      // By replay from the beginning too, with an id of the other tenant's event.
      const replayed = await hear(there, b.token, { tenant: quarry, lastEventId: own.told[1]!.id })
      assert.equal(replayed.told[0]!.event, 'reset')
      for (const one of [own, foreign, replayed]) one.close()
    })

    it('AVL-2: a lost bus is found again, nothing is missed, and who was turned away meanwhile is told nothing', async () => {
      const [person, gone] = [await here.person(), await here.person()]
      const [listening, turnedAway] = [await hear(there, person.token), await hear(there, gone.token)]
      if (redis) await redis.kill()
      else
        await here.rows(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ashlar-bus' AND datname = current_database()`,
        )
      await call('POST', '/auth/logout', { token: gone.token })
      await publishUpdates(here, 'default', gone.id, ['not for who left'])
      await publishUpdates(here, 'default', person.id, ['while away'])
      // Redis may be away for long: the tables are looked at then.
      await until(() => fieldsOf(listening).includes('while away'), 15_000)
      await redis?.restart()
      await turnedAway.next('bye', 15_000)
      assert.deepEqual(turnedAway.facts(), [])
      await until(() => here.drivers.bus.connected() && there.drivers.bus.connected(), 15_000)
      await publishUpdates(here, 'default', person.id, ['back'])
      await until(() => fieldsOf(listening).includes('back'), HEARD_MS)
      assert.deepEqual(fieldsOf(listening), ['while away', 'back'])
      listening.close()
    })

    it('an event whose process died before it could tell anybody is found', async () => {
      const person = await here.person()
      await ordered()
      const listening = await hear(there, person.token)
      await here.drivers.database.inTenant('default', (tx) =>
        queries.append(tx, [
          {
            id: unique('untold'),
            name: 'users.updated',
            aggregate: 'user',
            aggregateId: person.id,
            payload: { fields: ['untold'] },
            actor: 'system:test',
            actorId: null,
          },
        ]),
      )
      await until(() => fieldsOf(listening).includes('untold'), 15_000)
      listening.close()
    })

    it('AVL-4: a server that stops says so, and its listeners go on elsewhere', async () => {
      const third = await startApp({ env: redis ? { REDIS_URL: redis.url } : {}, database: here.database })
      const person = await here.person()
      await ordered()
      const streams = await Promise.all(Array.from({ length: 5 }, () => hear(third, person.token)))
      const begun = performance.now()
      const stopped = third.stop()
      for (const one of streams) assert.deepEqual((await one.next('bye')).data, { reason: 'stopping' })
      await stopped
      assert.ok(performance.now() - begun < 5_000)
      await publishUpdates(here, 'default', person.id, ['meanwhile'])
      const next = await hear(here, person.token, { lastEventId: streams[0]!.lastEventId() })
      await until(() => fieldsOf(next).includes('meanwhile'))
      next.close()
    })
  })
}
