// Feeds over HTTP: read by an independent parser, they say what the API says; secret, renewable and revocable.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import ICAL from 'ical.js'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const DAY_MS = 86_400_000

describe('calendar feeds', () => {
  let ashlar: TestApp
  let owner: Person
  let guest: Person
  before(async () => {
    ashlar = await startApp()
    ;[owner, guest] = [await ashlar.person('Olga'), await ashlar.person('Gina')]
  })
  after(() => ashlar?.stop())

  const call = (method: string, path: string, { token }: Person = owner, json?: unknown) =>
    ashlar.call(method, `/api/v1/calendar${path}`, { token, ...(json !== undefined && { json }) })
  async function make(json: object, who = owner): Promise<string> {
    const answer = await call('POST', '/events', who, json)
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id
  }
  async function feedOf(who: Person): Promise<string> {
    const { status, body, text } = await call('POST', '/feed', who)
    assert.equal(status, 201, text)
    return new URL(body.url).pathname + new URL(body.url).search
  }
  const read = (path: string, headers: Record<string, string> = {}) => ashlar.call('GET', path, { headers })

  /** What a program that knows nothing of ours finds in a feed: each instance with its title, in a window. */
  function parsed(text: string, from: number, to: number): string[] {
    const root = new ICAL.Component(ICAL.parse(text))
    for (const zone of root.getAllSubcomponents('vtimezone')) ICAL.TimezoneService.register(zone)
    const events = root
      .getAllSubcomponents('vevent')
      .map((one) => new ICAL.Event(one, { strictExceptions: true, exceptions: [] }))
    const found: string[] = []
    for (const event of events.filter((one) => !one.isRecurrenceException())) {
      for (const other of events)
        if (other.isRecurrenceException() && other.uid === event.uid) event.relateException(other)
      const iterator = event.isRecurring() ? event.iterator() : undefined
      let start: ICAL.Time | null = iterator ? iterator.next() : event.startDate
      for (let count = 0; start && count < 2_000; start = iterator?.next() ?? null) {
        const { item, startDate, endDate } = iterator
          ? event.getOccurrenceDetails(start)
          : { item: event, startDate: event.startDate, endDate: event.endDate }
        const [begins, ends] = [startDate, endDate].map((one) => Date.parse(instantOf(one)))
        if (start.toJSDate().getTime() > to + 400 * DAY_MS) break
        if (begins! >= from && begins! < to)
          found.push(`${new Date(begins!).toISOString()} ${new Date(ends!).toISOString()} ${item.summary}`)
        count++
      }
    }
    return found.sort()
  }

  /** Whole days are dates: they are compared as the API writes them. */
  function instantOf(time: ICAL.Time): string {
    return time.isDate ? `${time.toString()}T00:00:00Z` : new Date(time.toUnixTime() * 1_000).toISOString()
  }

  it('say of every instance what the API says, whatever the rule, the zone and the exceptions', async () => {
    const text =
      'Commas, semicolons; back\\slashes\nand a second line — 每周例会 with characters enough to be folded 🧱🧱🧱'
    const base = { start: '2026-03-02T09:00:00', end: '2026-03-02T10:00:00' }
    const weekly = await make({
      ...base,
      ...{
        title: 'Weekly; with, all \\ signs',
        description: text,
        location: 'Yard 7, Quarry',
        timeZone: 'Europe/Paris',
      },
      recurrence: {
        rule: 'FREQ=WEEKLY;BYDAY=MO,TH',
        exdates: ['2026-03-30T09:00:00'],
        rdates: ['2026-04-04T11:00:00'],
      },
    })
    await call('PUT', `/events/${weekly}_20260402T090000`, owner, {
      ...{ title: 'Moved', start: '2026-04-03T15:00:00', end: '2026-04-03T17:30:00' },
    })
    await call('DELETE', `/events/${weekly}_20260409T090000`)
    for (const [timeZone, rule] of [
      ['America/New_York', 'FREQ=DAILY;INTERVAL=3;COUNT=100'],
      ['Australia/Lord_Howe', 'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1'],
      ['Asia/Kathmandu', 'FREQ=WEEKLY;UNTIL=20270101T000000Z'],
      ['America/Sao_Paulo', 'FREQ=MONTHLY;BYMONTHDAY=2,-1'],
      ['UTC', 'FREQ=YEARLY;BYMONTH=3;BYDAY=1MO'],
    ] as const)
      await make({ ...base, title: timeZone, timeZone, recurrence: { rule } })
    await make({
      title: 'Days',
      start: '2026-05-01',
      end: '2026-05-03',
      allDay: true,
      recurrence: { rule: 'FREQ=MONTHLY' },
    })
    await make({ title: 'Once', start: '2026-10-25T01:30:00Z', end: '2026-10-25T02:30:00Z', timeZone: 'Europe/Paris' })
    const path = await feedOf(owner)
    const answer = await read(path)
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.headers.get('content-type'), 'text/calendar; charset=utf-8')
    const [from, to] = [Date.UTC(2026, 2, 1), Date.UTC(2027, 11, 1)]
    const query = `start=${new Date(from).toISOString()}&end=${new Date(to).toISOString()}&limit=2000`
    const listed = (await call('GET', `/events?${query}`)).body.data as { start: string; end: string; title: string }[]
    assert.ok(listed.length > 250, `${listed.length}`)
    assert.deepEqual(
      parsed(answer.text, from, to),
      listed.map(({ start, end, title }) => `${start} ${end} ${title}`).sort(),
    )
    // Texts come back as they were; lines are short and end as they must.
    const events = new ICAL.Component(ICAL.parse(answer.text)).getAllSubcomponents('vevent')
    assert.ok(events.some((one) => one.getFirstPropertyValue('description') === text))
    for (const line of answer.text.split('\r\n')) {
      assert.ok(Buffer.byteLength(line) <= 75, line)
      assert.doesNotMatch(line, /[\r\n]/)
    }
    assert.doesNotMatch(answer.text, /@example\.com(?!\r?\n? ?)/, 'no address of anybody')
    assert.doesNotMatch(answer.text, /mailto:/i)
  })

  it('have an entity tag that changes with the calendar, and a name of its own', async () => {
    const path = await feedOf(guest)
    const first = await read(path)
    const tag = first.headers.get('etag')!
    assert.match(first.headers.get('cache-control') ?? '', /private/)
    for (const header of [tag, `W/${tag}`, `"other", ${tag}`]) {
      const same = await read(path, { 'if-none-match': header })
      assert.deepEqual([same.status, same.text], [304, ''])
    }
    await make({ title: 'New', start: '2030-01-01T09:00:00Z', end: '2030-01-01T10:00:00Z' }, guest)
    const next = await read(path, { 'if-none-match': tag })
    assert.equal(next.status, 200)
    assert.notEqual(next.headers.get('etag'), tag)
  })

  it('hold what one is invited to and did not decline, and nothing of others', async () => {
    const path = await feedOf(guest)
    const shared = { title: 'Shared stone', start: '2030-02-01T09:00:00Z', end: '2030-02-01T10:00:00Z' }
    const id = await make({ ...shared, attendeeIds: [guest.id] })
    await make({ ...shared, title: 'Hidden stone' })
    assert.match((await read(path)).text, /Shared stone/)
    assert.doesNotMatch((await read(path)).text, /Hidden stone/)
    await call('POST', `/events/${id}/answer`, guest, { status: 'DECLINED' })
    assert.doesNotMatch((await read(path)).text, /Shared stone/)
  })

  it('end with a new address, with the old one revoked, with the right to view, and with the membership', async () => {
    const person = await ashlar.person()
    const old = await feedOf(person)
    assert.equal((await read(old)).status, 200)
    const path = await feedOf(person)
    const dead = async (which = path) => {
      const { status, body } = await read(which)
      assert.deepEqual([status, body.code], [404, 'calendar.feed_not_found'])
    }
    await dead(old)
    assert.equal((await call('GET', '/feed', person)).body.exists, true)
    assert.equal((await call('DELETE', '/feed', person)).status, 200)
    await dead()
    assert.equal((await call('DELETE', '/feed', person)).status, 404)
    const again = await feedOf(person)
    await ashlar.rows(`UPDATE users SET status = 'SUSPENDED' WHERE id = $1`, [person.id])
    await dead(again)
    await ashlar.rows(`UPDATE users SET status = 'ACTIVE' WHERE id = $1`, [person.id])
    assert.equal((await read(again)).status, 200)
    await ashlar.rows('DELETE FROM user_roles WHERE "userId" = $1', [person.id])
    await dead(again)
    await ashlar.rows('DELETE FROM memberships WHERE "userId" = $1', [person.id])
    await dead(again)
    for (const token of [
      'x',
      'default.',
      `default.${'a'.repeat(43)}`,
      `nowhere.${'a'.repeat(43)}`,
      `'.${'a'.repeat(43)}`,
    ])
      await dead(`/api/v1/calendar/feed.ics?token=${encodeURIComponent(token)}`)
  })

  it('end with the tenant: suspended, or deleted', async () => {
    const person = await ashlar.person()
    const made = await ashlar.call('POST', '/api/v1/tenants', { token: person.token, json: { name: unique('Yard') } })
    const tenantId: string = made.body.id
    const headers = { 'x-tenant-id': tenantId }
    const { body } = await ashlar.call('POST', '/api/v1/calendar/feed', { token: person.token, headers })
    const path = new URL(body.url).pathname + new URL(body.url).search
    const codeNow = async () => (({ status, body }) => [status, body.code])(await read(path))
    assert.equal((await read(path)).status, 200)
    await ashlar.rows(`UPDATE tenants SET status = 'SUSPENDED' WHERE id = $1`, [tenantId])
    assert.deepEqual(await codeNow(), [404, 'calendar.feed_not_found'])
    await ashlar.rows(`UPDATE tenants SET status = 'ACTIVE' WHERE id = $1`, [tenantId])
    assert.equal((await read(path)).status, 200)
    await ashlar.rows(`UPDATE tenants SET "deletedAt" = now() WHERE id = $1`, [tenantId])
    assert.deepEqual(await codeNow(), [404, 'calendar.feed_not_found'])
  })

  it('keep the secret nowhere, and are made by nobody else: no token, no stand-in, nobody without the right', async () => {
    const path = await feedOf(owner)
    const secret = path.split('.').at(-1)!
    for (const table of ['calendar_feeds', 'audit_logs', 'events'])
      assert.equal(
        (await ashlar.rows(`SELECT 1 FROM ${table} t WHERE t::text LIKE '%' || $1 || '%'`, [secret])).length,
        0,
      )
    const scopes = ['calendar:view', 'calendar:edit']
    const { body } = await ashlar.call('POST', '/api/v1/tokens', {
      token: owner.token,
      json: { name: 'robot', scopes },
    })
    for (const [method, tail] of [
      ['GET', '/feed'],
      ['POST', '/feed'],
      ['DELETE', '/feed'],
    ] as const)
      assert.equal((await ashlar.call(method, `/api/v1/calendar${tail}`, { token: body.token })).status, 403)
    const person = await ashlar.person()
    await ashlar.call('PATCH', `/api/v1/users/${person.id}`, {
      token: (await ashlar.admin()).token,
      json: { roleIds: ['moderator'] },
    })
    assert.equal((await call('POST', '/feed', person)).status, 403)
  })
})
