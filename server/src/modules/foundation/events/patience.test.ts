// Streams of whoever may not hear everything, and of whoever does not read.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { listen } from '../../../../test/streams.ts'
import { publishUpdates } from './events.fixture.ts'

let ashlar: TestApp
before(async () => {
  ashlar = await startApp({ env: { EVENTS_HEARTBEAT: '1', EVENTS_STREAMS_PER_PERSON: '3' } })
})
after(() => ashlar?.stop())

it('TOK-5: a personal access token hears nothing that goes by its maker’s level', async () => {
  const owner = await ashlar.person()
  const made = await ashlar.call('POST', '/api/v1/tenants', {
    token: owner.token,
    json: { name: 'Yard', slug: unique('yard') },
  })
  const here = { token: owner.token, headers: { 'x-tenant-id': made.body.id } }
  const json = { name: 'narrow', scopes: ['dashboard:view'] }
  const { token } = (await ashlar.call('POST', '/api/v1/tokens', { ...here, json })).body
  const [byToken, inPerson] = [
    await listen(ashlar.url, { token }),
    await listen(ashlar.url, { token: owner.token, tenant: made.body.id }),
  ]
  const path = `/api/v1/tenants/${made.body.id}`
  const invited = { email: `${unique('i')}@example.com`, level: 'MEMBER' }
  assert.equal((await ashlar.call('POST', `${path}/invitations`, { ...here, json: invited })).status, 201)
  const { id: userId } = await ashlar.person()
  assert.equal((await ashlar.call('POST', `${path}/members`, { ...here, json: { userId } })).status, 201)
  await inPerson.next('invitations.created')
  await inPerson.next('members.added')
  await sleep(200)
  assert.deepEqual(
    byToken.facts().map(({ event }) => event),
    [],
  )
  byToken.close()
  inPerson.close()
})

it('SESS-2: an ended stream whose client does not read takes nobody’s place', async () => {
  const person = await ashlar.person()
  await publishUpdates(ashlar, 'default', person.id, ['first'])
  const [{ id: first }] = (await ashlar.rows<{ id: string }>(
    `SELECT id FROM events WHERE "tenantId" = 'default' AND "aggregateId" = $1 LIMIT 1`,
    [person.id],
  )) as [{ id: string }]
  for (let batch = 0; batch < 12; batch++)
    await publishUpdates(
      ashlar,
      'default',
      person.id,
      Array.from({ length: 800 }, () => 'x'.repeat(900)),
    )
  const sockets = [1, 2, 3].map(() => {
    const socket = connect(Number(new URL(ashlar.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write(
      `GET /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${person.token}\r\nlast-event-id: ${first}\r\n\r\n`,
    )
    return socket.pause()
  })
  for (let waited = 0; ashlar.app.events.streams() < 3; waited += 20) {
    assert.ok(waited < 30_000, 'the streams were not opened')
    await sleep(20)
  }
  assert.equal((await ashlar.call('POST', '/api/v1/auth/logout', { token: person.token, json: {} })).status, 200)
  for (let waited = 0; ashlar.app.events.streams() > 0; waited += 50) {
    assert.ok(waited < 30_000, 'the ended streams still take their places')
    await sleep(50)
  }
  for (const socket of sockets) socket.destroy()
})
