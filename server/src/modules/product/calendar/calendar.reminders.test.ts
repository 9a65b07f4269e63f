// Reminders and invitations: jobs that wait for the next instance, each person reminded once, and mails with a calendar part.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import ICAL from 'ical.js'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

describe('calendar reminders and invitations', () => {
  let ashlar: TestApp
  let owner: Person
  let guest: Person
  let decliner: Person
  before(async () => {
    ashlar = await startApp({ jobs: true })
    ;[owner, guest, decliner] = [await ashlar.person('Olga'), await ashlar.person('Gina'), await ashlar.person('Dan')]
  })
  after(() => ashlar?.stop())

  const call = (method: string, path: string, { token }: Person = owner, json?: unknown) =>
    ashlar.call(method, `/api/v1/calendar${path}`, { token, ...(json !== undefined && { json }) })
  async function make(json: object, who = owner): Promise<string> {
    const answer = await call('POST', '/events', who, { title: 'Meet', ...json })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id
  }
  /** Begins so many milliseconds from now, and lasts an hour. */
  const soon = (ms: number) => ({
    start: new Date(Date.now() + ms).toISOString(),
    end: new Date(Date.now() + ms + 3_600_000).toISOString(),
  })
  const factsOf = (id: string, name = 'calendar.reminder') =>
    ashlar.rows<{ payload: { userIds: string[]; start: string; minutesBefore: number; fields?: string[] } }>(
      'SELECT payload FROM events WHERE "aggregateId" = $1 AND name = $2 ORDER BY seq NULLS LAST, id',
      [id, name],
    )
  async function until<T>(look: () => Promise<T[]>, count: number): Promise<T[]> {
    for (let tries = 0; tries < 200; tries++, await sleep(50)) {
      const found = await look()
      if (found.length >= count) return found
    }
    throw new Error(`not ${count} of them`)
  }
  const jobsOf = (state = 'created') =>
    ashlar.rows<{ id: string; data: { payload: { reminderId: string; due: number } }; at: Date }>(
      `SELECT id, data, start_after AS at FROM pgboss.job WHERE name = 'calendar.remind' AND state = $1`,
      [state],
    )
  const reminderOf = async (id: string) =>
    (
      await ashlar.rows<{ id: string; jobId: string | null; remindAt: Date; doneAt: Date | null }>(
        `SELECT id, "jobId", "remindAt" AT TIME ZONE 'UTC' AS "remindAt", "doneAt" FROM event_reminders WHERE "eventId" = $1`,
        [id],
      )
    )[0]!
  const mailsOf = (address: string) =>
    ashlar.rows<{ id: string; template: string; text: string; subject: string; replyTo: string | null }>(
      `SELECT id, template, text, subject, "replyTo" FROM mails WHERE $1 = ANY (recipients) ORDER BY "createdAt", id`,
      [address],
    )
  async function partOf(mailId: string): Promise<{ type: string; text: string }> {
    const [row] = await ashlar.rows<{ type: string; content: Buffer }>(
      `SELECT a.type, c.content FROM mail_attachments a JOIN mail_attachment_chunks c ON c."attachmentId" = a.id WHERE a."mailId" = $1`,
      [mailId],
    )
    return { type: row!.type, text: row!.content.toString('utf8') }
  }

  it('remind whoever organizes and whoever did not decline, once, and by mail where that is wanted', async () => {
    const id = await make({
      ...soon(61_500),
      attendeeIds: [guest.id, decliner.id],
      reminders: [{ minutesBefore: 1, channel: 'both' }],
    })
    await call('POST', `/events/${id}/answer`, decliner, { status: 'DECLINED' })
    const [fact] = await until(() => factsOf(id), 1)
    assert.deepEqual([...fact!.payload.userIds].sort(), [owner.id, guest.id].sort())
    assert.equal(fact!.payload.minutesBefore, 1)
    const reminded = async (person: Person) =>
      (await mailsOf(person.email)).filter(({ template }) => template === 'calendar_reminder')
    assert.equal((await until(() => reminded(guest), 1)).length, 1)
    assert.equal((await reminded(owner)).length, 1)
    assert.equal((await reminded(decliner)).length, 0)
    assert.ok((await reminderOf(id)).doneAt, 'there is no next instance')
    // The same job again, as after a crash, and one for the same time.
    const { id: reminderId, remindAt } = await reminderOf(id)
    await ashlar.rows('UPDATE event_reminders SET "doneAt" = NULL WHERE id = $1', [reminderId])
    await ashlar.drivers.database.inTenant('default', async (tx) => {
      for (let at = 0; at < 3; at++)
        await ashlar.drivers.jobs.enqueue(tx, 'calendar.remind', { reminderId, due: remindAt.getTime() })
    })
    await until(async () => ((await jobsOf()).some(({ data }) => data.payload.reminderId === reminderId) ? [] : [1]), 1)
    await sleep(500)
    assert.equal((await factsOf(id)).length, 1)
    assert.equal((await reminded(guest)).length, 1)
  })

  it('remind nobody of a tenant that is suspended or deleted', async () => {
    for (const [change, name] of [
      [`status = 'SUSPENDED'`, 'suspended'],
      ['"deletedAt" = now()', 'deleted'],
    ] as const) {
      const person = await ashlar.person()
      const made = await ashlar.call('POST', '/api/v1/tenants', { token: person.token, json: { name: unique('Yard') } })
      const event = await ashlar.call('POST', '/api/v1/calendar/events', {
        token: person.token,
        headers: { 'x-tenant-id': made.body.id },
        json: { title: 'Meet', ...soon(62_000), reminders: [{ minutesBefore: 1, channel: 'both' }] },
      })
      assert.equal(event.status, 201, event.text)
      await ashlar.rows(`UPDATE tenants SET ${change} WHERE id = $1`, [made.body.id])
      await until(async () => ((await reminderOf(event.body.id)).doneAt ? [1] : []), 1)
      assert.deepEqual(await factsOf(event.body.id), [], name)
      const reminded = (await mailsOf(person.email)).filter(({ template }) => template === 'calendar_reminder')
      assert.deepEqual(reminded, [], name)
    }
  })

  it('wait for the next instance of a series, go along when it moves, and end with it', async () => {
    const series = { start: '2030-05-06T09:00:00', end: '2030-05-06T10:00:00', timeZone: 'Europe/Paris' }
    const id = await make({
      ...series,
      recurrence: { rule: 'FREQ=WEEKLY;COUNT=3' },
      reminders: [{ minutesBefore: 30 }],
    })
    const first = await reminderOf(id)
    assert.equal(first.remindAt.toISOString(), '2030-05-06T06:30:00.000Z')
    const waiting = async () => (await jobsOf()).filter(({ data }) => data.payload.reminderId === first.id)
    assert.deepEqual(
      (await waiting()).map((job) => job.id),
      [first.jobId],
    )
    assert.ok(Math.abs((await waiting())[0]!.at.getTime() - first.remindAt.getTime()) < 2_000)
    await call('PATCH', `/events/${id}/reschedule`, owner, {
      start: '2030-05-06T12:00:00',
      end: '2030-05-06T13:00:00',
      timeZone: 'Europe/Paris',
    })
    const moved = await reminderOf(id)
    assert.equal(moved.remindAt.toISOString(), '2030-05-06T09:30:00.000Z')
    assert.deepEqual(
      (await waiting()).map((job) => job.id),
      [moved.jobId],
    )
    // The first instance is cancelled, the second one moved ahead of it.
    await call('DELETE', `/events/${id}_20300506T120000`)
    assert.equal((await reminderOf(id)).remindAt.toISOString(), '2030-05-13T09:30:00.000Z')
    await call('PUT', `/events/${id}_20300513T120000`, owner, {
      start: '2030-05-01T08:00:00',
      end: '2030-05-01T09:00:00',
    })
    assert.equal((await reminderOf(id)).remindAt.toISOString(), '2030-05-01T05:30:00.000Z')
    assert.equal((await waiting()).length, 1)
    await call('DELETE', `/events/${id}`)
    assert.deepEqual(await waiting(), [])
  })

  it('remind of each instance in its turn', async () => {
    // A clock in whose zone it is about nine: the series began long ago.
    const now = new Date(Date.now() + 60_000 + 2_500)
    const wall = new Date(now.getTime() - 7 * 86_400_000).toISOString().slice(0, 19)
    const end = new Date(Date.parse(`${wall}Z`) + 600_000).toISOString().slice(0, 19)
    const id = await make({ start: wall, end, recurrence: { rule: 'FREQ=DAILY' }, reminders: [{ minutesBefore: 1 }] })
    const before = await reminderOf(id)
    const [fact] = await until(() => factsOf(id), 1)
    assert.equal(fact!.payload.start, new Date(before.remindAt.getTime() + 60_000).toISOString())
    const next = await reminderOf(id)
    assert.equal(next.remindAt.getTime() - before.remindAt.getTime(), 86_400_000)
    assert.ok(next.jobId && next.jobId !== before.jobId)
  })

  it('of the other back end are found and given once; of what is long past nobody is reminded', async () => {
    const id = await make(soon(3_600_000))
    await ashlar.rows(
      `INSERT INTO event_reminders (id, "eventId", "remindAt") VALUES ('cforeignr1', $1, now() AT TIME ZONE 'UTC' - interval '1 minute')`,
      [id],
    )
    const past = await make({ start: '2020-01-01T09:00:00Z', end: '2020-01-01T10:00:00Z' })
    await ashlar.rows(
      `INSERT INTO event_reminders (id, "eventId", "remindAt") VALUES ('cforeignr2', $1, '2020-01-01 08:00')`,
      [past],
    )
    await Promise.all([ashlar.app.calendar.sweep(), ashlar.app.calendar.sweep()])
    await until(() => factsOf(id), 1)
    await ashlar.app.calendar.sweep()
    await until(async () => ((await reminderOf(past)).doneAt ? [1] : []), 1)
    await sleep(300)
    assert.equal((await factsOf(id)).length, 1)
    assert.equal((await factsOf(past)).length, 0)
  })

  it('invitations, changes and cancellations come with a calendar part that programs act on', async () => {
    const [ada, pat] = [await ashlar.person('Ada'), 'pat@guests.example']
    const series = {
      title: 'Vault',
      start: '2030-05-06T09:00:00',
      end: '2030-05-06T10:00:00',
      timeZone: 'Europe/Paris',
    }
    const id = await make({
      ...series,
      location: 'Yard',
      recurrence: { rule: 'FREQ=WEEKLY' },
      attendeeIds: [ada.id],
      guests: [pat],
    })
    const [invitation] = (await mailsOf(ada.email)).filter(({ template }) => template === 'calendar_invitation')
    assert.ok(invitation)
    assert.match(invitation.text, /Olga invites you[\s\S]+Vault[\s\S]+9:00[\s\S]+Europe\/Paris[\s\S]+Yard/)
    assert.equal(invitation.replyTo, owner.email)
    const part = await partOf(invitation.id)
    assert.equal(part.type, 'text/calendar; charset=utf-8; method=REQUEST')
    const read = (text: string) => {
      const root = new ICAL.Component(ICAL.parse(text))
      return { root, events: root.getAllSubcomponents('vevent').map((one) => new ICAL.Event(one)) }
    }
    const { root, events } = read(part.text)
    assert.equal(root.getFirstPropertyValue('method'), 'REQUEST')
    assert.equal(events[0]!.organizer, `mailto:${owner.email}`)
    assert.deepEqual(
      events[0]!.attendees.map((one) => one.getFirstValue()).sort(),
      [`mailto:${ada.email}`, `mailto:${pat}`].sort(),
    )
    // A guest does not read who else comes.
    const [forGuest] = await mailsOf(pat)
    assert.deepEqual(
      read((await partOf(forGuest!.id)).text).events[0]!.attendees.map((one) => one.getFirstValue()),
      [`mailto:${pat}`],
    )
    const sequence = events[0]!.sequence
    await call('PATCH', `/events/${id}/reschedule`, owner, {
      start: '2030-05-06T11:00:00',
      end: '2030-05-06T12:00:00',
      timeZone: 'Europe/Paris',
    })
    const update = (await mailsOf(ada.email)).at(-1)!
    const changed = read((await partOf(update.id)).text).events[0]!
    assert.deepEqual(
      [update.template, changed.uid, changed.sequence > sequence],
      ['calendar_update', events[0]!.uid, true],
    )
    // What follows becomes a series of its own: programs learn that the old one ends, and get to know the new one.
    const hadBefore = (await mailsOf(pat)).length
    const { body: split } = await call('PUT', `/events/${id}_20300527T110000`, owner, {
      ...{ scope: 'following', color: 'red', guests: [pat, 'new@guests.example'] },
    })
    for (const address of [ada.email, pat]) {
      const told = (await mailsOf(address)).slice(-2)
      const [ending, beginning] = await Promise.all(
        told.map(async (mail) => read((await partOf(mail.id)).text).events[0]!),
      )
      assert.deepEqual(
        told.map(({ template }) => template),
        ['calendar_update', 'calendar_invitation'],
      )
      const rule = (event: ICAL.Event) => String(event.component.getFirstPropertyValue('rrule'))
      assert.deepEqual([ending!.uid, /UNTIL=20300527/.test(rule(ending!))], [events[0]!.uid, true])
      assert.match(beginning!.uid, new RegExp(`^${split.id}@`))
      assert.doesNotMatch(rule(beginning!), /UNTIL/)
    }
    assert.equal((await mailsOf(pat)).length, hadBefore + 2)
    assert.deepEqual(
      (await mailsOf('new@guests.example')).map(({ template }) => template),
      ['calendar_invitation'],
    )
    assert.equal((await call('DELETE', `/events/${split.id}`)).status, 200)
    await call('DELETE', `/events/${id}_20300513T110000`)
    const one = (await mailsOf(ada.email)).at(-1)!
    const cancelled = read((await partOf(one.id)).text)
    assert.deepEqual(
      [
        one.template,
        cancelled.root.getFirstPropertyValue('method'),
        cancelled.events.length,
        cancelled.events[0]!.recurrenceId.toString(),
      ],
      ['calendar_cancellation', 'CANCEL', 1, '2030-05-13T11:00:00'],
    )
    await call('DELETE', `/events/${id}`)
    const all = read((await partOf((await mailsOf(pat)).at(-1)!.id)).text)
    assert.deepEqual([all.root.getFirstPropertyValue('method'), all.events[0]!.uid], ['CANCEL', events[0]!.uid])
    for (const [name, count] of [
      ['calendar.invited', 1],
      ['calendar.changed', 1],
      ['calendar.cancelled', 2],
    ] as const)
      assert.equal((await factsOf(id, name)).length, count, name)
    assert.deepEqual((await factsOf(id, 'calendar.invited'))[0]!.payload.userIds, [ada.id])
    // A colour is nobody's news, and of what is over nobody is told.
    const past = await make({
      ...series,
      start: '2020-05-06T09:00:00',
      end: '2020-05-06T10:00:00',
      attendeeIds: [ada.id],
    })
    const had = (await mailsOf(ada.email)).length
    await call('DELETE', `/events/${past}`)
    assert.equal((await mailsOf(ada.email)).length, had)
  })

  it('are notifications, which name an event only to whoever may see it', async () => {
    const ada = await ashlar.person('Ada')
    const id = await make({ ...soon(86_400_000), title: 'Secret vault', attendeeIds: [ada.id] })
    const told = async () => (await ashlar.call('GET', '/api/v1/notifications', { token: ada.token })).body.data
    const [first] = await until(told, 1)
    assert.match(JSON.stringify(first), /Secret vault/)
    await call('DELETE', `/events/${id}/attendees/${ada.id}`)
    assert.equal((await until(told, 2)).length, 2)
    assert.doesNotMatch(JSON.stringify(await told()), /Secret vault/)
  })

  it('guests count towards what a tenant sends to one address, and are not written to beyond that', async () => {
    const statuses: number[] = []
    for (let at = 0; at < 40 && !statuses.includes(429); at++) {
      const json = { title: 'x', ...soon(86_400_000), guests: ['one@guests.example'] }
      statuses.push((await call('POST', '/events', owner, json)).status)
    }
    assert.equal(statuses.at(-1), 429)
    assert.ok(statuses.slice(0, -1).every((status) => status === 201))
  })
})
