// The calendar over HTTP: events on the clock of their zone, series and their instances, who sees and who changes them.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, type Call, type Person, startApp, type TestApp } from '../../../../test/harness.ts'

const NOTHING = 'cmi8z2n4w0q5t1v7x3y9b6d2'
const PARIS = 'Europe/Paris'

interface Shown {
  id: string
  title: string
  start: string
  end: string
  startLocal: string
  recurrenceId: string | null
}

describe('calendar', () => {
  let ashlar: TestApp
  let owner: Person
  let guest: Person
  let other: Person
  before(async () => {
    ashlar = await startApp()
    ;[owner, guest, other] = [await ashlar.person('Olga'), await ashlar.person('Gina'), await ashlar.person('Otto')]
  })
  after(() => ashlar?.stop())

  const call = (method: string, path: string, { token }: Person = owner, json?: unknown, more: Call = {}) =>
    ashlar.call(method, `/api/v1/calendar${path}`, { token, ...more, ...(json !== undefined && { json }) })
  async function make(more: object = {}, who = owner): Promise<string> {
    const times = { start: '2030-05-06T09:00:00', end: '2030-05-06T10:00:00', timeZone: PARIS }
    const answer = await call('POST', '/events', who, { title: 'Weekly', ...times, ...more })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id
  }
  const weekly = (more: object = {}) => make({ recurrence: { rule: 'FREQ=WEEKLY;BYDAY=MO' }, ...more })
  const codeOf = ({ status, body }: Answer) => [status, body.code]
  const faultOf = ({ status, body }: Answer) => [status, body.errors?.[0]?.path, body.errors?.[0]?.code]
  async function within(start: string, end: string, who = owner): Promise<Shown[]> {
    const answer = await call('GET', `/events?start=${start}T00:00:00Z&end=${end}T00:00:00Z`, who)
    assert.equal(answer.status, 200, answer.text)
    return answer.body.data
  }
  /** Everything of a window, page by page. */
  async function pages(query: string, who: Person): Promise<Shown[]> {
    const found: Shown[] = []
    for (let cursor = ''; ; ) {
      const { status, body, text } = await call('GET', `/events?${query}${cursor && `&cursor=${cursor}`}`, who)
      assert.equal(status, 200, text)
      found.push(...body.data)
      if (!body.meta.nextCursor) return found
      cursor = body.meta.nextCursor
    }
  }
  const of = (id: string, shown: Shown[]) => shown.filter((one) => one.id.startsWith(id))
  const trailOf = async (id: string) =>
    (
      await ashlar.rows<{ action: string }>('SELECT action FROM audit_logs WHERE "targetId" = $1 ORDER BY at, seq', [
        id,
      ])
    ).map(({ action }) => action)

  it('09:00 stays 09:00 when the clocks change, and the shared columns hold the instant', async () => {
    const id = await weekly({ start: '2030-03-18T09:00', end: '2030-03-18T10:30' })
    const march = of(id, await within('2030-03-15', '2030-04-10'))
    assert.deepEqual(
      march.map(({ start, startLocal }) => [start, startLocal]),
      [
        ['2030-03-18T08:00:00.000Z', '2030-03-18T09:00:00'],
        ['2030-03-25T08:00:00.000Z', '2030-03-25T09:00:00'],
        ['2030-04-01T07:00:00.000Z', '2030-04-01T09:00:00'],
        ['2030-04-08T07:00:00.000Z', '2030-04-08T09:00:00'],
      ],
    )
    assert.deepEqual(
      march.map(({ start, end }) => Date.parse(end) - Date.parse(start)),
      [5_400_000, 5_400_000, 5_400_000, 5_400_000],
    )
    const [row] = await ashlar.rows<{ from: string; to: string; wall: string }>(
      `SELECT "startAt"::text AS from, "endAt"::text AS to, "wallStart"::text AS wall FROM calendar_events WHERE id = $1`,
      [id],
    )
    assert.deepEqual(row, { from: '2030-03-18 08:00:00', to: '2030-03-18 09:30:00', wall: '2030-03-18 09:00:00' })
    // Ten years on, and between two instances.
    assert.equal(of(id, await within('2040-03-24', '2040-04-08')).length, 2)
    assert.deepEqual(of(id, await within('2040-03-27', '2040-03-30')), [])
  })

  it('a time that the clock skips is read with the offset from before, and by a rule it is left out', async () => {
    const gap = await call('POST', '/events', owner, {
      ...{ title: 'Gap', start: '2030-03-31T02:30:00', end: '2030-03-31T04:00:00', timeZone: PARIS },
    })
    assert.deepEqual([gap.body.start, gap.body.startLocal], ['2030-03-31T01:30:00.000Z', '2030-03-31T03:30:00'])
    const daily = { start: '2030-03-30T02:30:00', end: '2030-03-30T02:45:00' }
    const id = await make({ ...daily, recurrence: { rule: 'FREQ=DAILY;COUNT=3' } })
    assert.deepEqual(
      of(id, await within('2030-03-29', '2030-04-09')).map(({ startLocal }) => startLocal),
      ['2030-03-30T02:30:00', '2030-04-01T02:30:00', '2030-04-02T02:30:00'],
    )
    // A time that comes twice is the first one; as a point in time it is whichever was sent.
    const twice = await make({ start: '2030-10-27T02:30:00', end: '2030-10-27T02:40:00' })
    assert.equal((await call('GET', `/events/${twice}`)).body.start, '2030-10-27T00:30:00.000Z')
    const second = await make({ start: '2030-10-27T01:30:00Z', end: '2030-10-27T01:40:00Z' })
    const { start, startLocal } = (await call('GET', `/events/${second}`)).body
    assert.deepEqual([start, startLocal], ['2030-10-27T01:30:00.000Z', '2030-10-27T02:30:00'])
  })

  it('whole days are dates, whatever the zone, and last to the day after', async () => {
    const days = { start: '2030-06-01', end: '2030-06-03', allDay: true, timeZone: 'Pacific/Auckland' }
    const id = await make(days)
    const { body } = await call('GET', `/events/${id}`)
    assert.deepEqual(
      [body.start, body.end, body.startLocal, body.endLocal],
      ['2030-06-01T00:00:00.000Z', '2030-06-03T00:00:00.000Z', '2030-06-01T00:00:00', '2030-06-03T00:00:00'],
    )
    const one = await make({ start: '2030-06-01', end: '2030-06-01', allDay: true })
    assert.equal((await call('GET', `/events/${one}`)).body.end, '2030-06-02T00:00:00.000Z')
    const until = { rule: 'FREQ=YEARLY;UNTIL=20320601', exdates: ['2031-06-01'] }
    const birthday = await make({ start: '2030-06-01', end: '2030-06-02', allDay: true, recurrence: until })
    assert.deepEqual(
      of(birthday, await within('2030-06-01', '2032-05-30')).map(({ startLocal }) => startLocal),
      ['2030-06-01T00:00:00'],
    )
    assert.equal(of(birthday, await within('2032-06-01', '2032-06-02')).length, 1)
    assert.equal(of(birthday, await within('2033-06-01', '2033-06-02')).length, 0)
  })

  it('refuses what no calendar can show, by field, and writes nothing of it', async () => {
    const count = async () => (await ashlar.rows<{ n: number }>('SELECT count(*)::int AS n FROM calendar_events'))[0]!.n
    const had = await count()
    const rule = (text: string, more: object = {}) => ({ recurrence: { rule: text }, ...more })
    const refused: [object, string, string][] = [
      [{ end: '2030-05-06T08:00:00' }, 'end', 'before_start'],
      [{ end: '2031-05-08T09:00:00' }, 'end', 'too_long'],
      [{ start: '2030-02-30T09:00:00' }, 'start', 'format'],
      [{ start: 'tomorrow at 9' }, 'start', 'format'],
      [{ start: '0001-01-01T00:00:00Z' }, 'start', 'out_of_range'],
      [{ timeZone: 'Mars/Olympus' }, 'timeZone', 'unknown'],
      [{ timeZone: '+02:00' }, 'timeZone', 'unknown'],
      [{ title: ' \u200b' }, 'title', 'empty'],
      [{ title: 'a\nb' }, 'title', 'control_characters'],
      [rule('FREQ=SECONDLY'), 'recurrence.rule', 'frequency'],
      [rule('FREQ=WEEKLY;BYDAY=XX'), 'recurrence.rule', 'range'],
      [rule('FREQ=WEEKLY;BYDAY=2MO'), 'recurrence.rule', 'combination'],
      [rule('FREQ=WEEKLY;BYMONTHDAY=6'), 'recurrence.rule', 'combination'],
      [rule('FREQ=MONTHLY;BYWEEKNO=19'), 'recurrence.rule', 'combination'],
      [rule('FREQ=DAILY;BYSETPOS=1'), 'recurrence.rule', 'combination'],
      [rule('FREQ=DAILY;COUNT=2;UNTIL=20310101'), 'recurrence.rule', 'both_ends'],
      [rule('FREQ=DAILY;COUNT=0'), 'recurrence.rule', 'range'],
      [rule('FREQ=DAILY;COUNT=100000'), 'recurrence.rule', 'range'],
      [rule('FREQ=DAILY;FREQ=DAILY'), 'recurrence.rule', 'twice'],
      [rule('FREQ=DAILY;X-MAS=1'), 'recurrence.rule', 'syntax'],
      [rule('FREQ=DAILY;UNTIL=20301301'), 'recurrence.rule', 'until'],
      [rule('FREQ=DAILY;UNTIL=20200101'), 'recurrence.rule', 'not_synchronized'],
      [rule('FREQ=WEEKLY;BYDAY=TU'), 'recurrence.rule', 'not_synchronized'],
      [rule('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30'), 'recurrence.rule', 'not_synchronized'],
      [rule('FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30'), 'recurrence.rule', 'not_synchronized'],
      [rule('FREQ=HOURLY;BYMINUTE=0,1,2,3,4,5'), 'recurrence.rule', 'too_often'],
      [rule('FREQ=HOURLY', { allDay: true }), 'recurrence.rule', 'combination'],
      [rule('FREQ=DAILY', { end: '2030-07-06T09:00:00' }), 'end', 'too_long'],
      [{ recurrence: { rule: 'FREQ=DAILY', exdates: ['never in time'] } }, 'recurrence.exdates.0', 'format'],
      [{ attendeeIds: [NOTHING] }, 'attendeeIds.0', 'not_a_member'],
      [{ reminders: [{ minutesBefore: -1 }] }, 'reminders.0.minutesBefore', 'minimum'],
      [{ guests: ['a@b@c.example'] }, 'guests.0', 'format'],
    ]
    for (const [more, path, code] of refused) {
      const json = { title: 'x', start: '2030-05-06T09:00:00', end: '2030-05-06T10:00:00', timeZone: PARIS, ...more }
      assert.deepEqual(faultOf(await call('POST', '/events', owner, json)), [422, path, code], JSON.stringify(more))
    }
    assert.equal(await count(), had)
    for (const query of [
      'start=2030-01-01T00:00:00Z&end=2029-01-01T00:00:00Z',
      'start=2030-01-01T00:00:00Z&end=2040-01-01T00:00:00Z',
    ])
      assert.equal((await call('GET', `/events?${query}`)).status, 422)
  })

  it('one instance is changed or cancelled by itself, wherever it is moved to', async () => {
    const id = await weekly()
    const instance = `${id}_20300520T090000`
    const shown = await call('GET', `/events/${instance}`)
    assert.deepEqual([shown.status, shown.body.start, shown.body.seriesId], [200, '2030-05-20T07:00:00.000Z', id])
    for (const none of [
      `${id}_20300521T090000`,
      `${id}_20300520T100000`,
      `${id}_20300429T090000`,
      `${NOTHING}_20300520T090000`,
    ])
      assert.deepEqual(codeOf(await call('GET', `/events/${none}`)), [404, 'calendar.not_found'], none)
    const moved = await call('PUT', `/events/${instance}`, owner, {
      ...{ title: 'Elsewhere', start: '2030-05-22T14:00:00', end: '2030-05-22T16:00:00' },
    })
    assert.deepEqual(
      [moved.status, moved.body.id, moved.body.title, moved.body.startLocal, moved.body.recurrenceId],
      [200, instance, 'Elsewhere', '2030-05-22T14:00:00', '2030-05-20T09:00:00'],
      moved.text,
    )
    assert.equal((await call('DELETE', `/events/${id}_20300527T090000`)).status, 200)
    assert.deepEqual(
      of(id, await within('2030-05-13', '2030-06-09')).map(({ startLocal, title }) => [startLocal, title]),
      [
        ['2030-05-13T09:00:00', 'Weekly'],
        ['2030-05-22T14:00:00', 'Elsewhere'],
        ['2030-06-03T09:00:00', 'Weekly'],
      ],
    )
    // Moved beyond the ends of a series it is found there.
    const short = await weekly({ recurrence: { rule: 'FREQ=WEEKLY;COUNT=2' } })
    await call('PATCH', `/events/${short}_20300513T090000/reschedule`, owner, {
      ...{ start: '2031-01-01T10:00:00', end: '2031-01-01T11:00:00', timeZone: PARIS },
    })
    assert.equal(of(short, await within('2031-01-01', '2031-01-02')).length, 1)
    assert.equal(of(short, await within('2030-05-13', '2030-05-14')).length, 0)
    for (const json of [{ recurrence: null }, { allDay: true }, { attendeeIds: [] }, { reminders: [] }])
      assert.equal((await call('PUT', `/events/${instance}`, owner, json)).status, 422)
    assert.deepEqual(faultOf(await call('PUT', `/events/${id}`, owner, { title: 'x', scope: 'this' })), [
      422,
      'scope',
      'of_instance',
    ])
    // The last instance that is left takes the event along.
    for (const wall of ['20300506T090000', '20300513T090000'])
      assert.equal((await call('DELETE', `/events/${short}_${wall}`)).status, 200)
    assert.equal((await call('GET', `/events/${short}`)).status, 404)
  })

  it('all of a series is changed at once, and instances that differ go along', async () => {
    const id = await weekly({ recurrence: { rule: 'FREQ=WEEKLY', exdates: ['2030-05-27T09:00:00'] } })
    await call('PUT', `/events/${id}_20300520T090000`, owner, { title: 'Special' })
    const later = { start: '2030-05-14T11:00:00', scope: 'all' }
    const answer = await call('PUT', `/events/${id}_20300513T090000`, owner, later)
    assert.deepEqual(
      [answer.status, answer.body.id, answer.body.startLocal],
      [200, id, '2030-05-07T11:00:00'],
      answer.text,
    )
    assert.deepEqual(
      of(id, await within('2030-05-06', '2030-06-08')).map(({ startLocal, title }) => [startLocal, title]),
      [
        ['2030-05-07T11:00:00', 'Weekly'],
        ['2030-05-14T11:00:00', 'Weekly'],
        ['2030-05-21T11:00:00', 'Special'],
        ['2030-06-04T11:00:00', 'Weekly'],
      ],
    )
    // In another zone it is the same time on another clock.
    await call('PUT', `/events/${id}`, owner, { timeZone: 'America/New_York' })
    const [first, , special] = of(id, await within('2030-05-06', '2030-06-08'))
    assert.deepEqual([first!.startLocal, first!.start], ['2030-05-07T11:00:00', '2030-05-07T15:00:00.000Z'])
    assert.deepEqual([special!.title, special!.start], ['Special', '2030-05-21T15:00:00.000Z'])
    // Without a rule it takes place once; with one again, as often as that says.
    await call('PUT', `/events/${id}`, owner, { recurrence: null })
    assert.equal(of(id, await within('2030-05-06', '2030-07-08')).length, 1)
    await call('PUT', `/events/${id}`, owner, { recurrence: { rule: 'FREQ=DAILY;COUNT=4' } })
    assert.equal(of(id, await within('2030-05-06', '2030-07-08')).length, 4)
    assert.deepEqual(
      (await trailOf(id)).filter((action) => action !== 'calendar.edit'),
      ['calendar.create'],
    )
  })

  it('an instance and what follows becomes a series of its own, and nothing is lost or doubled', async () => {
    const id = await weekly({
      recurrence: { rule: 'FREQ=WEEKLY;COUNT=6' },
      attendeeIds: [guest.id],
      reminders: [{ minutesBefore: 15 }],
    })
    await call('POST', `/events/${id}/answer`, guest, { status: 'ACCEPTED' })
    await call('PUT', `/events/${id}_20300610T090000`, owner, { title: 'Last but one? No, last' })
    await call('DELETE', `/events/${id}_20300603T090000`)
    const answer = await call('PUT', `/events/${id}_20300520T090000`, owner, {
      ...{ title: 'New', start: '2030-05-20T10:00:00', scope: 'following' },
    })
    assert.equal(answer.status, 200, answer.text)
    const made = answer.body.id
    assert.notEqual(made, id)
    assert.deepEqual(
      [answer.body.recurrence.rule, answer.body.attendees[0].status, answer.body.reminders[0].minutesBefore],
      ['FREQ=WEEKLY;COUNT=4', 'ACCEPTED', 15],
    )
    const shown = await within('2030-05-01', '2030-07-01')
    assert.deepEqual(
      of(id, shown).map(({ startLocal }) => startLocal),
      ['2030-05-06T09:00:00', '2030-05-13T09:00:00'],
    )
    assert.deepEqual(
      of(made, shown).map(({ startLocal, title }) => [startLocal, title]),
      [
        ['2030-05-20T10:00:00', 'New'],
        ['2030-05-27T10:00:00', 'New'],
        ['2030-06-10T10:00:00', 'Last but one? No, last'],
      ],
    )
    // Cancelled from an instance on, a series without an end has one.
    const endless = await weekly()
    assert.equal((await call('DELETE', `/events/${endless}_20300520T090000?scope=following`)).status, 200)
    assert.deepEqual(
      of(endless, await within('2030-05-01', '2031-05-01')).map(({ startLocal }) => startLocal),
      ['2030-05-06T09:00:00', '2030-05-13T09:00:00'],
    )
    assert.equal(
      (await call('GET', `/events/${endless}`)).body.recurrence.rule,
      'FREQ=WEEKLY;BYDAY=MO;UNTIL=20300520T065959Z',
    )
    // What follows the first one is all of it.
    assert.equal((await call('DELETE', `/events/${endless}_20300506T090000?scope=following`)).status, 200)
    assert.equal((await call('GET', `/events/${endless}`)).status, 404)
  })

  it('an instance lasts no longer than its series may, and what was added to a series begins none', async () => {
    const id = await weekly({ recurrence: { rule: 'FREQ=WEEKLY;COUNT=6', rdates: ['2030-05-22T15:00:00'] } })
    const long = await call('PUT', `/events/${id}_20300513T090000`, owner, { end: '2150-05-13T09:00:00' })
    assert.deepEqual(faultOf(long), [422, 'end', 'too_long'])
    assert.equal(
      (await call('PUT', `/events/${id}_20300513T090000`, owner, { end: '2030-06-13T09:00:00' })).status,
      200,
    )
    const added = await call('PUT', `/events/${id}_20300522T150000`, owner, { title: 'New', scope: 'following' })
    assert.deepEqual(faultOf(added), [422, 'scope', 'added_date'])
    assert.equal((await call('GET', `/events/${id}`)).body.recurrence.rule, 'FREQ=WEEKLY;COUNT=6')
  })

  it('is open to whoever organizes it, to be seen by whoever is invited, and answers like nothing to others (TEN-5)', async () => {
    const id = await make({ title: 'Private', attendeeIds: [guest.id] })
    const writes: [string, string, unknown?][] = [
      ['PUT', '', { title: 'Mine' }],
      ['PATCH', '', { title: 'Mine' }],
      ['PATCH', '/reschedule', { start: '2030-05-07T09:00:00', end: '2030-05-07T10:00:00' }],
      ['POST', '/attendees', { attendeeIds: [other.id] }],
      ['DELETE', ''],
    ]
    const nothing = await call('GET', `/events/${NOTHING}`, other)
    for (const [method, tail, json] of [['GET', ''] as [string, string], ...writes]) {
      const closed = await call(method, `/events/${id}${tail}`, other, json)
      assert.deepEqual(
        [closed.status, closed.body.code, closed.body.detail],
        [404, 'calendar.not_found', nothing.body.detail],
      )
    }
    assert.deepEqual(codeOf(await call('POST', `/events/${id}/answer`, other, { status: 'ACCEPTED' })), [
      404,
      'calendar.not_found',
    ])
    for (const [method, tail, json] of writes)
      assert.deepEqual(codeOf(await call(method, `/events/${id}${tail}`, guest, json)), [403, 'calendar.not_organizer'])
    assert.deepEqual(codeOf(await call('DELETE', `/events/${id}/attendees/${owner.id}`, guest)), [
      403,
      'calendar.not_organizer',
    ])
    assert.equal((await call('GET', `/events/${id}`, guest)).body.access, 'ATTENDEE')
    assert.equal(of(id, await within('2030-05-01', '2030-06-01', guest)).length, 1)
    assert.equal(of(id, await within('2030-05-01', '2030-06-01', other)).length, 0)
    const batch = await call('POST', '/events/batch-delete', other, { ids: [id, NOTHING] })
    assert.deepEqual(
      [batch.body.deletedCount, ...batch.body.results.map(({ code }: { code: string }) => code)],
      [0, 'calendar.not_found', 'calendar.not_found'],
    )
    // Another's calendar is for whoever manages calendars, and not in their own.
    assert.equal((await call('GET', `/events?userId=${owner.id}`, other)).status, 403)
    const admin = await ashlar.admin()
    const theirs = await call(
      'GET',
      `/events?userId=${owner.id}&start=2030-05-01T00:00:00Z&end=2030-06-01T00:00:00Z`,
      admin,
    )
    assert.ok(theirs.body.data.some((one: Shown) => one.id === id))
    assert.equal(of(id, await within('2030-05-01', '2030-06-01', admin)).length, 0)
    assert.equal((await call('PUT', `/events/${id}`, admin, { title: 'Managed' })).status, 200)
    assert.equal((await call('GET', `/events/${id}`)).body.title, 'Managed')
  })

  it('people answer for themselves only, and perhaps is PENDING to the other back end', async () => {
    const id = await make({ attendeeIds: [guest.id, owner.id], guests: ['Pat@Example.com'] })
    const first = (await call('GET', `/events/${id}`)).body
    assert.deepEqual(
      [first.attendees.map((one: { id: string }) => one.id), first.guests],
      [[guest.id], ['pat@example.com']],
    )
    for (const status of ['TENTATIVE', 'ACCEPTED', 'DECLINED', 'TENTATIVE']) {
      const answer = await call('POST', `/events/${id}/answer`, guest, { status })
      assert.equal(answer.body.attendees[0].status, status)
    }
    const row = () =>
      ashlar.rows<{ status: string }>('SELECT status::text FROM event_attendees WHERE "eventId" = $1', [id])
    assert.deepEqual(await row(), [{ status: 'PENDING' }])
    // What the other back end writes is an answer too.
    await ashlar.rows(`UPDATE event_attendees SET status = 'ACCEPTED' WHERE "eventId" = $1`, [id])
    assert.equal((await call('GET', `/events/${id}`)).body.attendees[0].status, 'ACCEPTED')
    assert.deepEqual(codeOf(await call('POST', `/events/${id}/answer`, owner, { status: 'ACCEPTED' })), [
      404,
      'calendar.attendee_not_found',
    ])
    assert.equal((await call('POST', `/events/${id}/answer`, guest, { status: 'PENDING' })).status, 422)
    assert.deepEqual(codeOf(await call('DELETE', `/events/${id}/attendees/${NOTHING}`)), [
      404,
      'calendar.attendee_not_found',
    ])
    assert.equal((await call('DELETE', `/events/${id}/attendees/pat@example.com`)).status, 200)
    assert.equal((await call('DELETE', `/events/${id}/attendees/${guest.id}`, guest)).status, 200)
    assert.equal((await call('GET', `/events/${id}`, guest)).status, 404)
    assert.deepEqual(await trailOf(id), [
      'calendar.create',
      ...Array(4).fill('calendar.answer'),
      'calendar.uninvite',
      'calendar.uninvite',
    ])
  })

  it('compares versions, and two changes at once are both made', async () => {
    const id = await make()
    const read = await call('GET', `/events/${id}`)
    const tag = read.headers.get('etag')!
    const headers = { 'if-match': tag }
    assert.equal((await call('PUT', `/events/${id}`, owner, { title: 'First' }, { headers })).status, 200)
    assert.deepEqual(codeOf(await call('PUT', `/events/${id}`, owner, { title: 'Second' }, { headers })), [
      412,
      'calendar.changed_meanwhile',
    ])
    const answers = await Promise.all([
      ...['red', 'blue'].map((color) => call('PUT', `/events/${id}`, owner, { color })),
      call('POST', `/events/${id}/attendees`, owner, { attendeeIds: [guest.id] }),
      call('POST', `/events/${id}/attendees`, owner, { userId: other.id }),
    ])
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200],
    )
    assert.equal((await call('GET', `/events/${id}`)).body.attendees.length, 2)
  })

  it('what the other back end writes shows up, and what it moves takes a series along', async () => {
    await ashlar.rows(
      `INSERT INTO calendar_events (id, title, "startAt", "endAt", type, "ownerId", "updatedAt")
       VALUES ('cforeign1', 'Theirs', '2030-08-01 09:00:00.5', '2030-08-01 10:00:00', 'meeting', $1, now())`,
      [owner.id],
    )
    const [theirs] = of('cforeign1', await within('2030-08-01', '2030-08-02'))
    assert.deepEqual([theirs!.start, theirs!.startLocal], ['2030-08-01T09:00:00.500Z', '2030-08-01T09:00:00'])
    await ashlar.rows(
      `UPDATE calendar_events SET "startAt" = '2031-08-01 09:00', "endAt" = '2031-08-01 10:00' WHERE id = 'cforeign1'`,
    )
    assert.equal(of('cforeign1', await within('2031-08-01', '2031-08-02')).length, 1)
    assert.equal(of('cforeign1', await within('2030-08-01', '2030-08-02')).length, 0)
    const id = await weekly({ recurrence: { rule: 'FREQ=WEEKLY;COUNT=5', exdates: ['2030-05-13T09:00:00'] } })
    for (const [wall, title] of [
      ['20300520T090000', 'A'],
      ['20300527T090000', 'B'],
    ])
      await call('PUT', `/events/${id}_${wall}`, owner, { title })
    await ashlar.rows(
      `UPDATE calendar_events SET "startAt" = "startAt" + interval '7 days 2 hours', "endAt" = "endAt" + interval '7 days 2 hours' WHERE id = $1`,
      [id],
    )
    assert.deepEqual(
      of(id, await within('2030-05-01', '2030-08-01')).map(({ startLocal, title }) => [startLocal, title]),
      [
        ['2030-05-13T11:00:00', 'Weekly'],
        ['2030-05-27T11:00:00', 'A'],
        ['2030-06-03T11:00:00', 'B'],
        ['2030-06-10T11:00:00', 'Weekly'],
      ],
    )
  })

  it('a window of ten years of series reads few rows, and one that is full goes on with a cursor', async () => {
    const busy = await ashlar.person('Busy')
    for (let at = 0; at < 3; at++)
      await make({ start: '2020-01-01T09:00:00', end: '2020-01-01T09:10:00', recurrence: { rule: 'FREQ=DAILY' } }, busy)
    assert.equal((await within('2029-12-31', '2030-01-07', busy)).length, 21)
    const whole = await call('GET', '/events?start=2029-01-01T00:00:00Z&end=2030-12-31T00:00:00Z', busy)
    assert.deepEqual([whole.status, whole.body.data.length, whole.body.meta.total], [200, 500, 2_001])
    const all = await pages('start=2029-01-01T00:00:00Z&end=2030-12-31T00:00:00Z&limit=700', busy)
    assert.equal(all.length, 3 * 729)
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
    assert.deepEqual(
      all.map(({ start, id }) => `${start} ${id}`),
      all.map(({ start, id }) => `${start} ${id}`).sort(),
    )
    assert.equal((await call('GET', '/events', busy)).status, 200)
    const faulty = await call('GET', '/events?cursor=bm8', busy)
    assert.deepEqual(faultOf(faulty), [422, 'cursor', 'unknown_cursor'])
    const page = await call('GET', '/events?start=2030-01-01T00:00:00Z&end=2030-02-01T00:00:00Z&limit=10&page=2', busy)
    assert.deepEqual([page.body.data.length, page.body.meta.total, page.body.meta.totalPages], [10, 93, 10])
  })

  it('nobody fills another’s calendar: the first instances are shown, all are reached, and what was declined is left out', async () => {
    const [cleo, ann] = [await ashlar.person('Cleo'), await ashlar.person('Ann')]
    const own = await make({ title: 'Own', start: '2030-05-06T12:30:00', end: '2030-05-06T13:00:00' }, cleo)
    const series: string[] = []
    for (let at = 0; at < 21; at++)
      series.push(
        await make(
          {
            ...{ title: `Noise ${at}`, start: '2030-01-01T00:00:00', end: '2030-01-01T00:05:00', timeZone: 'UTC' },
            ...{ recurrence: { rule: 'FREQ=HOURLY;BYMINUTE=0,15,30,45' }, attendeeIds: [cleo.id] },
          },
          ann,
        ),
      )
    const day = 'start=2030-05-06T00:00:00Z&end=2030-05-07T00:00:00Z&limit=1000'
    const first = await call('GET', `/events?${day}`, cleo)
    assert.deepEqual([first.status, first.body.data.length, first.body.meta.total], [200, 1_000, 2_001])
    const all = await pages(day, cleo)
    assert.equal(all.length, 21 * 96 + 1)
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
    assert.ok(all.some(({ id }) => id === own))
    const bare = await ashlar.call('GET', '/api/calendar/events', { token: cleo.token })
    assert.equal(bare.status, 200, bare.text)
    for (const id of series) await call('POST', `/events/${id}/answer`, cleo, { status: 'DECLINED' })
    const left = await call('GET', `/events?${day}`, cleo)
    assert.deepEqual([left.body.data.map((one: Shown) => one.id), left.body.meta.total], [[own], 1])
    assert.equal((await call('GET', `/events?${day}&declined=true`, cleo)).body.meta.total, 2_001)
    // Whoever organizes sees them as before.
    assert.equal((await call('GET', `/events?${day}`, ann)).body.meta.total, 2_001)
  })

  it('more series at once than one answer follows are refused, and those before them are shown', async () => {
    const person = await ashlar.person()
    const daily = { start: '2030-01-01T09:00:00', end: '2030-01-01T09:10:00', recurrence: { rule: 'FREQ=DAILY' } }
    const id = await make(daily, person)
    const [of] = await ashlar.rows<{ columns: string }>(
      `SELECT string_agg(quote_ident(column_name), ', ') AS columns FROM information_schema.columns
       WHERE table_name = 'calendar_events' AND column_name <> 'id' AND is_generated = 'NEVER'`,
    )
    await ashlar.rows(
      `INSERT INTO calendar_events (id, ${of!.columns}) SELECT 'crowd-' || n, ${of!.columns} FROM calendar_events, generate_series(1, 2000) n
       WHERE id = $1`,
      [id],
    )
    const during = await call('GET', '/events?start=2030-05-01T00:00:00Z&end=2030-05-02T00:00:00Z', person)
    assert.deepEqual(codeOf(during), [422, 'calendar.range_too_full'])
    const early = await make({ start: '2029-12-31T09:00:00', end: '2029-12-31T10:00:00' }, person)
    const { body } = await call('GET', '/events?start=2029-12-31T00:00:00Z&end=2030-01-02T00:00:00Z', person)
    assert.deepEqual([body.data.map((one: Shown) => one.id), body.meta.total], [[early], 2_001])
    assert.ok(body.meta.nextCursor)
    await ashlar.rows(`DELETE FROM calendar_events WHERE id LIKE 'crowd-%'`)
    assert.equal((await within('2030-05-01', '2030-05-02', person)).length, 1)
  })

  it('on /api a list without a time is of now: a month back and a quarter ahead', async () => {
    const person = await ashlar.person()
    const at = (days: number) => ({
      start: new Date(Date.now() + days * 86_400_000).toISOString(),
      end: new Date(Date.now() + days * 86_400_000 + 3_600_000).toISOString(),
    })
    for (const days of [-40, -30, 91, 100]) await make({ title: `${days}`, ...at(days) }, person)
    const { body } = await ashlar.call('GET', '/api/calendar/events', { token: person.token })
    assert.deepEqual(
      body.map(({ title }: Shown) => title),
      ['-30', '91'],
    )
    const [from] = [at(-50).start]
    const named = await ashlar.call('GET', `/api/calendar/events?start=${from}`, { token: person.token })
    assert.equal(named.body.length, 4)
  })

  it('speaks HaloLight on /api: other names of fields, bare lists, small statuses, code and data of writes', async () => {
    const api = (method: string, path: string, json?: unknown, who = owner) =>
      ashlar.call(method, `/api/calendar/events${path}`, { token: who.token, ...(json !== undefined && { json }) })
    const made = await api('POST', '', {
      ...{ title: 'Dig', startTime: '2030-09-01T09:00:00.000Z', endTime: '2030-09-01T10:00:00.000Z', isAllDay: false },
      ...{ attendees: [guest.id], unheardOf: true },
    })
    assert.equal(made.status, 201, made.text)
    const { id } = made.body
    assert.deepEqual(
      [made.body.attendees[0].status, made.body.type, made.body.code, made.body.data.id],
      ['pending', 'meeting', 200, id],
    )
    const list = await api('GET', '?start=2030-09-01&end=2030-09-02')
    assert.deepEqual(
      [Array.isArray(list.body), list.body[0].id, list.body[0].start, list.body[0].allDay],
      [true, id, '2030-09-01T09:00:00.000Z', false],
    )
    assert.ok(list.body[0].created_at && list.body[0].createdAt)
    assert.equal((await api('GET', '')).status, 200)
    const moved = await api('PATCH', `/${id}/reschedule`, {
      start: '2030-10-01T09:00:00.000Z',
      end: '2030-10-01T10:00:00.000Z',
    })
    assert.equal(moved.body.start, '2030-10-01T09:00:00.000Z')
    assert.equal((await api('POST', `/${id}/attendees`, { attendeeIds: [other.id] })).body.attendees.length, 2)
    assert.equal(
      (await api('POST', `/${id}/answer`, { status: 'accepted' }, guest)).body.attendees[0].status,
      'accepted',
    )
    assert.equal((await api('DELETE', `/${id}/attendees/${other.id}`)).status, 200)
    const gone = await api('POST', '/batch-delete', { ids: [id] })
    assert.deepEqual([gone.body.deleted_count, gone.body.code], [1, 200])
  })
})
