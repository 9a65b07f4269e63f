// The stream of events over HTTP: who hears what, in which order, and when it ends.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Call, type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { type Listening, listen } from '../../../../test/streams.ts'

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
  const hear = async (person: Pick<Person, 'token'>, options: Partial<Parameters<typeof listen>[1]> = {}) => {
    const listening = await listen(ashlar.url, { token: person.token, ...options })
    open.push(listening)
    return listening
  }

  it('begins with where it stands, and tells what was committed to whoever may know it', async () => {
    const person = await ashlar.person()
    const [mine, theirs] = [await hear(admin), await hear(person)]
    assert.equal(mine.status, 200)
    assert.equal(mine.headers.get('content-type'), 'text/event-stream')
    assert.equal(mine.headers.get('cache-control'), 'no-store')
    assert.equal(mine.headers.get('x-accel-buffering'), 'no')
    assert.equal(mine.headers.get('x-content-type-options'), 'nosniff')
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
    )
    mine.close()
    theirs.close()
  })
})
