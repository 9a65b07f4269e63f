// The stream of events over HTTP: who hears what, where it goes on, and how many there may be.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { type Listening, type ListenOptions, listen } from '../../../../test/streams.ts'
import { publishUpdates } from './events.fixture.ts'

const ABSENT = 'c000000000000000000000000'

describe('GET /events', () => {
  let ashlar: TestApp
  let admin: Person
  const open: Listening[] = []

  before(async () => {
    ashlar = await startApp({ env: { EVENTS_HEARTBEAT: '1', EVENTS_STREAMS_PER_PERSON: '3' } })
    admin = await ashlar.admin()
  })
  after(async () => {
    for (const one of open) one.close()
    await ashlar?.stop()
  })

  const call = async (method: string, path: string, options?: Call) => {
    const answer = await ashlar.call(method, `/api/v1${path}`, options)
    assert.ok(answer.status < 300, answer.text)
    return answer.body
  }
  /** Until everything that was committed has its place: what a stream begins with. */
  const numbered = async () => {
    while ((await ashlar.rows('SELECT 1 FROM events WHERE seq IS NULL LIMIT 1')).length > 0) await sleep(5)
  }
  const hear = async (person: Pick<Person, 'token'>, options: Partial<ListenOptions> = {}) => {
    await numbered()
    const listening = await listen(ashlar.url, { token: person.token, ...options })
    open.push(listening)
    return listening
  }
  const update = (person: Person, ...fields: string[]) => publishUpdates(ashlar, 'default', person.id, fields)
  const fieldsOf = (listening: Listening) => listening.facts().map(({ data }) => data.payload.fields[0])
  /** Until everything that was committed before has been told. */
  const settle = async (listening: Listening, person: Person) => {
    const last = unique('last')
    await update(person, last)
    for (let tries = 0; tries < 1_000 && fieldsOf(listening).at(-1) !== last; tries++) await sleep(5)
    return fieldsOf(listening).slice(0, -1)
  }
  const roleId = async (name: string) =>
    (await ashlar.rows<{ id: string }>(`SELECT id FROM roles WHERE "tenantId" = 'default' AND name = $1`, [name]))[0]!
      .id

  it('begins with where it stands, and tells what was committed to whoever may know it', async () => {
    const person = await ashlar.person()
    const [mine, theirs] = [await hear(admin), await hear(person)]
    assert.equal(mine.status, 200)
    assert.equal(mine.headers.get('content-type'), 'text/event-stream')
    assert.equal(mine.headers.get('cache-control'), 'no-store')
    assert.equal(mine.headers.get('x-accel-buffering'), 'no')
    assert.equal(mine.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(mine.headers.get('content-encoding'), null)
    assert.equal(mine.told[0]!.event, 'ready')
    const other = await ashlar.person()
    const told = await mine.next('users.created')
    assert.equal(told.data.aggregateId, other.id)
    assert.deepEqual(Object.keys(told.data).sort(), ['aggregate', 'aggregateId', 'id', 'name', 'occurredAt', 'payload'])
    assert.equal(told.id, told.data.id)
    await call('PATCH', '/users/me', { token: person.token, json: { name: 'Somebody Else' } })
    assert.deepEqual((await theirs.next('users.updated')).data.payload, { fields: ['name'] })
    assert.deepEqual(
      theirs.facts().map(({ event }) => event),
      ['users.updated'],
      'who may not view accounts hears of their own only',
    )
    mine.close()
    theirs.close()
  })

  it('AUTH-1: needs a credential, and a tenant of the caller', async () => {
    assert.equal((await listen(ashlar.url, { token: 'nothing' })).status, 401)
    const owner = await ashlar.person()
    const tenant = await call('POST', '/tenants', { token: owner.token, json: { name: 'Yard', slug: unique('yard') } })
    const [foreign, absent] = [await hear(admin, { tenant: tenant.id }), await hear(admin, { tenant: ABSENT })]
    assert.deepEqual([foreign.status, absent.status], [404, 404])
  })

  it('what is rolled back was never told', async () => {
    const person = await ashlar.person()
    const listening = await hear(person)
    await assert.rejects(
      ashlar.drivers.database.inTenant('default', async (tx) => {
        ashlar.app.audit.record(
          tx,
          { kind: 'system', name: 'test' },
          { action: 'users.restore', targetType: 'user', targetId: person.id },
        )
        throw new Error('undone')
      }),
    )
    assert.deepEqual(await settle(listening, person), [])
    listening.close()
  })

  it('tells how somebody signs in only to them in person: not to a token of theirs, and not to an impersonator', async () => {
    const person = await ashlar.person()
    const held = (await call('GET', '/auth/me', { token: person.token })).permissions as string[]
    const token = (
      await call('POST', '/tokens', { token: person.token, json: { name: 'ci', scopes: held.slice(0, 1) } })
    ).token
    const [inPerson, byToken] = [await hear(person), await hear({ token })]
    await call('POST', '/tokens', { token: person.token, json: { name: 'second', scopes: held.slice(0, 1) } })
    const told = await inPerson.next('tokens.created')
    assert.deepEqual(told.data.payload, { userId: person.id })
    await update(person, 'seen by both')
    await byToken.next('users.updated')
    assert.deepEqual(
      byToken.facts().map(({ event }) => event),
      ['users.updated'],
    )
    inPerson.close()
    byToken.close()
  })

  it('tells only the asked types, and refuses names that there are not', async () => {
    const listening = await hear(admin, { types: 'roles.*,users.suspended' })
    const person = await ashlar.person()
    await call('PATCH', `/users/${person.id}/status`, { token: admin.token, json: { status: 'SUSPENDED' } })
    assert.equal((await listening.next('users.suspended')).data.aggregateId, person.id)
    assert.deepEqual(
      listening.facts().map(({ event }) => event),
      ['users.suspended'],
    )
    for (const types of ['users.exploded', 'nobody.*', 'users.*,nobody.*']) {
      const refused = await hear(admin, { types })
      assert.equal(refused.status, 422, types)
      assert.equal(JSON.parse(refused.body).code, 'events.unknown_type')
    }
    for (const types of ['*', 'users', 'users.*,', "users.*' OR 1=1", `${'users.*,'.repeat(30)}users.*`]) {
      const refused = await hear(admin, { types })
      assert.equal(JSON.parse(refused.body).code, 'request.invalid', types)
    }
    listening.close()
  })

  describe('going on', () => {
    it('continues exactly after the last event that arrived, by header or by query', async () => {
      const person = await ashlar.person()
      const first = await hear(person)
      await update(person, 'a', 'b')
      assert.deepEqual(await settle(first, person), ['a', 'b'])
      first.close()
      await update(person, 'c', 'd')
      const second = await hear(person, { lastEventId: first.lastEventId() })
      await update(person, 'e')
      assert.deepEqual(await settle(second, person), ['c', 'd', 'e'])
      second.close()
      const answer = await fetch(`${ashlar.url}/api/v1/events?lastEventId=${first.lastEventId()}`, {
        headers: { authorization: `Bearer ${person.token}` },
      })
      let text = ''
      for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
        text += part
        if (text.includes('"e"')) break
      }
      assert.deepEqual(
        [...text.matchAll(/"fields":\["(\w)"\]/g)].map(([, field]) => field),
        ['c', 'd', 'e'],
      )
    })

    it('a listener who heard nothing yet misses nothing either', async () => {
      const person = await ashlar.person()
      const first = await hear(person)
      first.close()
      await update(person, 'a')
      const second = await hear(person, { lastEventId: first.lastEventId() })
      assert.deepEqual(await settle(second, person), ['a'])
      second.close()
    })

    it('a heartbeat brings the place along: what others heard need not be looked through again', async () => {
      const [person, other] = [await ashlar.person(), await ashlar.person()]
      const listening = await hear(person)
      const begun = listening.lastEventId()
      await update(other, 'not for the first')
      for (let tries = 0; tries < 600 && listening.lastEventId() === begun; tries++) await sleep(5)
      assert.notEqual(listening.lastEventId(), begun)
      assert.deepEqual(listening.facts(), [])
      assert.ok(listening.beats() > 0)
      listening.close()
    })

    it('replays by the rights of now, not by those of then', async () => {
      const person = await ashlar.person()
      const first = await hear(person)
      first.close()
      const other = await ashlar.person()
      await update(other, 'hidden')
      await update(person, 'own')
      const before = await hear(person, { lastEventId: first.lastEventId() })
      assert.deepEqual(await settle(before, person), ['own'])
      before.close()
      await call('PATCH', `/users/${person.id}`, { token: admin.token, json: { roleIds: [await roleId('admin')] } })
      const later = await hear(person, { lastEventId: first.lastEventId(), types: 'users.updated' })
      assert.deepEqual((await settle(later, person)).slice(0, 2), ['hidden', 'own'])
      later.close()
    })

    it('says reset where the place is not known: forgotten, made up or of another tenant, all alike', async () => {
      const owner = await ashlar.person()
      const tenant = await call('POST', '/tenants', {
        token: owner.token,
        json: { name: 'Yard', slug: unique('yard') },
      })
      await publishUpdates(ashlar, tenant.id, owner.id, ['there'])
      const [foreign] = await ashlar.rows<{ id: string }>('SELECT id FROM events WHERE "tenantId" = $1 LIMIT 1', [
        tenant.id,
      ])
      const person = await ashlar.person()
      await update(person, 'old')
      const [old] = await ashlar.rows<{ id: string }>(
        `SELECT id FROM events WHERE "tenantId" = 'default' ORDER BY written DESC LIMIT 1`,
      )
      await update(person, 'newer')
      await numbered()
      // Nobody works on jobs here: as if the subscribers had done what they were owed, which keeps events until then.
      await ashlar.rows('DELETE FROM event_deliveries')
      await ashlar.rows(
        `UPDATE events SET "occurredAt" = "occurredAt" - interval '8 days' WHERE "tenantId" = 'default'`,
      )
      assert.ok((await ashlar.app.events.forget()) > 2)
      for (const lastEventId of [old!.id, ABSENT, foreign!.id, '0', "'; --"]) {
        const listening = await hear(person, { lastEventId })
        assert.equal(listening.status, 200)
        assert.equal(
          listening.told.at(0)!.event === 'ready'
            ? (listening.told.at(1)?.event ?? (await listening.next('reset')).event)
            : listening.told[0]!.event,
          'reset',
          lastEventId,
        )
        await update(person, 'after')
        assert.equal((await listening.next('users.updated')).data.payload.fields[0], 'after')
        assert.equal(listening.facts().length, 1)
        listening.close()
      }
      const [head] = await ashlar.rows<{ lastId: string }>(
        `SELECT "lastId" FROM event_heads WHERE "tenantId" = 'default'`,
      )
      await ashlar.rows(`DELETE FROM events WHERE "tenantId" = 'default'`)
      const listening = await hear(person, { lastEventId: head!.lastId })
      assert.equal(listening.told[0]!.event, 'ready', 'nothing was missed after the last event of all, kept or not')
      listening.close()
    })
  })

  describe('limits', () => {
    it('refuses one stream too many of a person with a code of its own, whoever else listens', async () => {
      const [person, other] = [await ashlar.person(), await ashlar.person()]
      const three = [await hear(person), await hear(person), await hear(person)]
      assert.deepEqual(
        three.map(({ status }) => status),
        [200, 200, 200],
      )
      const fourth = await hear(person)
      assert.deepEqual([fourth.status, JSON.parse(fourth.body).code], [429, 'events.too_many_streams'])
      assert.ok(Number(fourth.headers.get('retry-after')) > 0)
      const neighbour = await hear(other)
      assert.equal(neighbour.status, 200)
      three[0]!.close()
      let again = await hear(person)
      for (let tries = 0; again.status !== 200 && tries < 100; tries++) {
        await sleep(10)
        again = await hear(person)
      }
      assert.equal(again.status, 200)
      for (const one of [...three, again, neighbour]) one.close()
    })

    it('opens no more than it may at once', async () => {
      const person = await ashlar.person()
      const opened = await Promise.all(Array.from({ length: 8 }, () => hear(person)))
      assert.deepEqual(opened.map(({ status }) => status).sort(), [200, 200, 200, 429, 429, 429, 429, 429])
      for (const one of opened) one.close()
    })

    it('answers HEAD with the head alone, which is no stream', async () => {
      const none = async () => {
        for (let tries = 0; tries < 400 && ashlar.app.events.streams() > 0; tries++) await sleep(5)
        return ashlar.app.events.streams()
      }
      assert.equal(await none(), 0)
      const head = await ashlar.call('HEAD', '/api/v1/events', { token: admin.token })
      assert.deepEqual([head.status, head.headers.get('content-type'), head.text], [200, 'text/event-stream', ''])
      assert.equal(await none(), 0)
    })

    it('cuts who does not read instead of keeping everything for them, and nobody else notices', async () => {
      const person = await ashlar.person()
      const reader = await hear(person)
      const { hostname, port } = new URL(ashlar.url)
      const socket = connect(Number(port), hostname)
      socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${person.token}\r\n\r\n`)
      await new Promise((begun) => socket.once('data', begun))
      socket.pause()
      const before = ashlar.app.events.streams()
      const long = 'x'.repeat(3_500)
      let sent = 0
      // Whoever reads keeps up: else it would be cut as well, and rightly.
      for (; sent < 20_000 && ashlar.app.events.streams() === before; ) {
        await update(person, ...Array.from({ length: 200 }, () => long))
        sent += 200
        for (let tries = 0; tries < 4_000 && reader.facts().length < sent; tries++) await sleep(5)
        assert.equal(reader.facts().length, sent)
      }
      assert.equal(ashlar.app.events.streams(), before - 1)
      socket.destroy()
      reader.close()
    })
  })
})
