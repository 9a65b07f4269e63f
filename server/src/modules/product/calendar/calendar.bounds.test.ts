// What one series, one invitation and one feed hold at most, and what they are when there is more.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import ICAL from 'ical.js'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'

describe('calendars have bounds', () => {
  let ashlar: TestApp
  let owner: Person
  before(async () => {
    ashlar = await startApp()
    owner = await ashlar.person('Olga')
  })
  after(() => ashlar?.stop())

  const call = (method: string, path: string, json?: unknown, { token }: Person = owner) =>
    ashlar.call(method, `/api/v1/calendar${path}`, { token, ...(json !== undefined && { json }) })
  async function make(json: object): Promise<string> {
    const answer = await call('POST', '/events', { title: 'Meet', ...json })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id
  }
  const series = (more: object = {}) => ({
    ...{ start: '2030-05-01T09:00:00Z', end: '2030-05-01T10:00:00Z', recurrence: { rule: 'FREQ=DAILY' } },
    ...more,
  })
  const dayOf = (at: number) => new Date(Date.UTC(2030, 4, 1 + at)).toISOString().slice(0, 10).replaceAll('-', '')
  const describeDay = (id: string, at: number, description: string | null) =>
    call('PUT', `/events/${id}_${dayOf(at)}T090000`, { description })
  /** As many instances, each an hour later: what as many requests would make. */
  const moveDays = (id: string, count: number) =>
    ashlar.rows(
      `INSERT INTO calendar_overrides ("eventId", "recurrenceId", "startAt", "endAt", changes)
       SELECT $1, at, (at + interval '1 hour') AT TIME ZONE 'UTC', (at + interval '2 hours') AT TIME ZONE 'UTC', '{}'
       FROM generate_series('2030-05-02 09:00'::timestamp, '2030-05-01 09:00'::timestamp + make_interval(days => $2), '1 day') at`,
      [id, count],
    )
  const partsTo = async (address: string): Promise<string[]> =>
    (
      await ashlar.rows<{ content: Buffer }>(
        `SELECT string_agg(c.content, '' ORDER BY c.position) AS content FROM mails m JOIN mail_attachments a ON a."mailId" = m.id
         JOIN mail_attachment_chunks c ON c."attachmentId" = a.id WHERE $1 = ANY (m.recipients) GROUP BY m.id ORDER BY m.id`,
        [address],
      )
    ).map(({ content }) => content.toString('utf8'))
  const eventsIn = (text: string) => new ICAL.Component(ICAL.parse(text)).getAllSubcomponents('vevent')

  it('of a series the changed instances say 200,000 characters together, and less may always be said', async () => {
    const id = await make(series())
    for (let at = 0; at < 20; at++) assert.equal((await describeDay(id, at, 'x'.repeat(10_000))).status, 200)
    const refused = await describeDay(id, 20, 'y')
    assert.deepEqual([refused.status, refused.body.code], [422, 'calendar.too_many'])
    assert.match(refused.text, /200000 characters/)
    // One that says nothing of its own is moved all the same, and what gives way makes room.
    assert.equal(
      (await call('PUT', `/events/${id}_${dayOf(21)}T090000`, { start: '2030-05-22T11:00:00Z' })).status,
      200,
    )
    assert.equal((await describeDay(id, 0, 'x'.repeat(9_999))).status, 200)
    assert.equal((await describeDay(id, 20, 'y')).status, 200)
    // What was kept before there was a bound stays, and can be shortened.
    await ashlar.rows(
      `UPDATE calendar_overrides SET changes = jsonb_build_object('description', repeat('z', 10000)) WHERE "eventId" = $1`,
      [id],
    )
    assert.equal((await describeDay(id, 3, 'x'.repeat(9_000))).status, 200)
    assert.equal((await describeDay(id, 3, 'x'.repeat(9_001))).status, 422)
  })

  it('an invitation is the same for every member, and for guests but for the people in it', async () => {
    const [ada, bob, guest] = [await ashlar.person('Ada'), await ashlar.person('Bob'), 'pat@guests.example']
    const id = await make(series({ description: 'All of it', location: 'Yard' }))
    assert.equal((await describeDay(id, 3, 'Only this — 每周例会 🧱'.repeat(40))).status, 200)
    const invited = await call('POST', `/events/${id}/attendees`, { attendeeIds: [ada.id, bob.id], guests: [guest] })
    assert.equal(invited.status, 200, invited.text)
    const [forAda, forBob, forGuest] = (await Promise.all([ada.email, bob.email, guest].map(partsTo))).flat()
    assert.equal(forAda, forBob)
    const withoutPeople = (text: string) =>
      text
        .replace(/\r\n /g, '')
        .split('\r\n')
        .filter((line) => !line.startsWith('ATTENDEE'))
    assert.deepEqual(withoutPeople(forGuest!), withoutPeople(forAda!))
    for (const [text, count] of [
      [forAda!, 3],
      [forGuest!, 1],
    ] as const)
      assert.deepEqual(
        eventsIn(text).map((one) => one.getAllProperties('attendee').length),
        [count, count],
      )
    assert.equal(eventsIn(forAda!)[1]!.getFirstPropertyValue('description'), 'Only this — 每周例会 🧱'.repeat(40))
    for (const line of forAda!.split('\r\n')) assert.ok(Buffer.byteLength(line) <= 75, line)
  })

  it('a long description is not repeated in an invitation for every instance that is moved', async () => {
    const ada = await ashlar.person('Ada')
    const id = await make(series({ description: 'd'.repeat(10_000) }))
    await moveDays(id, 40)
    assert.equal((await call('POST', `/events/${id}/attendees`, { attendeeIds: [ada.id] })).status, 200)
    const events = eventsIn((await partsTo(ada.email))[0]!)
    assert.equal(events.length, 41)
    const described = events.filter((one) => one.hasProperty('description'))
    assert.deepEqual([described.length, described[0] === events[0]], [25, true])
  })

  it('instances that differ name only whoever reads where all of them would name many', async () => {
    const [ada, bob] = [await ashlar.person('Ada'), await ashlar.person('Bob')]
    const guests = Array.from({ length: 6 }, (_, at) => `few${at}@guests.example`)
    const id = await make(series())
    await moveDays(id, 300)
    assert.equal((await call('POST', `/events/${id}/attendees`, { attendeeIds: [ada.id, bob.id], guests })).status, 200)
    for (const [address, count] of [
      [ada.email, 8],
      [bob.email, 8],
      [guests[5]!, 1],
    ] as const) {
      const [main, ...changed] = eventsIn((await partsTo(address))[0]!)
      assert.deepEqual([main!.getAllProperties('attendee').length, changed.length], [count, 300])
      for (const one of changed)
        assert.deepEqual(
          one.getAllProperties('attendee').map((person) => person.getFirstValue()),
          [`mailto:${address}`],
        )
    }
  })

  it('a feed has every event, and descriptions of five million characters', async () => {
    const person = await ashlar.person()
    await ashlar.rows(
      `INSERT INTO calendar_events (id, title, description, "startAt", "endAt", "ownerId", type)
       SELECT 'cbound' || lpad(i::text, 4, '0'), 'Stone ' || i, repeat('d', 10000), '2030-01-01'::timestamp + make_interval(hours => i),
         '2030-01-01 01:00'::timestamp + make_interval(hours => i), $1, 'meeting' FROM generate_series(1, 510) i`,
      [person.id],
    )
    const { body } = await call('POST', '/feed', undefined, person)
    const path = new URL(body.url).pathname + new URL(body.url).search
    const first = await ashlar.call('GET', path)
    const events = eventsIn(first.text)
    assert.equal(events.length, 510)
    assert.deepEqual(
      events.map((one) => one.hasProperty('description')),
      events.map((_, at) => at < 500),
    )
    // Its tag is that of what it says, to the last event.
    const again = await ashlar.call('GET', path)
    assert.equal(again.headers.get('etag'), first.headers.get('etag'))
    await ashlar.rows(`UPDATE calendar_events SET title = 'Other' WHERE id = 'cbound0510'`)
    assert.notEqual((await ashlar.call('GET', path)).headers.get('etag'), first.headers.get('etag'))
  })
})
