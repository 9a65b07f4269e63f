// Reminders of whole days: counted from midnight on the event's own clock, wherever that is and whatever the clocks do.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Temporal } from 'temporal-polyfill'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'

const [MINUTE_MS, DAY_MS] = [60_000, 86_400_000]

describe('reminders of whole days', () => {
  let ashlar: TestApp
  let owner: Person
  before(async () => {
    ashlar = await startApp({ jobs: true })
    owner = await ashlar.person('Olga')
  })
  after(() => ashlar?.stop())

  const call = (method: string, path: string, json?: unknown) =>
    ashlar.call(method, `/api/v1/calendar${path}`, { token: owner.token, ...(json !== undefined && { json }) })
  async function make(date: string, timeZone: string, more: object = {}): Promise<string> {
    const json = { title: 'Day', start: date, end: date, allDay: true, timeZone, ...more }
    const answer = await call('POST', '/events', { reminders: [{ minutesBefore: 0 }], ...json })
    assert.equal(answer.status, 201, answer.text)
    assert.equal(answer.body.start, `${date}T00:00:00.000Z`, 'dates are written in UTC')
    return answer.body.id
  }
  const nextOf = async (id: string): Promise<string | null> =>
    (await call('GET', `/events/${id}`)).body.reminders[0].remindAt
  const midnight = (date: string, zone: string): number =>
    Temporal.PlainDate.from(date).toZonedDateTime(zone).epochMilliseconds
  const jobsDue = async (id: string): Promise<string[]> =>
    (
      await ashlar.rows<{ due: string }>(
        `SELECT j.data -> 'payload' ->> 'due' AS due FROM pgboss.job j JOIN event_reminders r ON r.id = j.data -> 'payload' ->> 'reminderId'
         WHERE r."eventId" = $1 AND j.state = 'created'`,
        [id],
      )
    ).map(({ due }) => new Date(Number(due)).toISOString())

  it('go off at midnight in the zone of the event, west and east of UTC, and as long before as they say', async () => {
    for (const [timeZone, minutesBefore, expected] of [
      ['America/Los_Angeles', 0, '2030-05-06T07:00:00.000Z'],
      ['Asia/Tokyo', 0, '2030-05-05T15:00:00.000Z'],
      ['Pacific/Kiritimati', 60, '2030-05-05T09:00:00.000Z'],
      ['Etc/GMT+12', 60, '2030-05-06T11:00:00.000Z'],
      ['UTC', 0, '2030-05-06T00:00:00.000Z'],
      // There is no midnight: the clock goes from 24:00 to 1:00.
      ['Africa/Cairo', 0, '2030-05-05T21:00:00.000Z'],
    ] as const) {
      const id = await make('2030-05-06', timeZone, { reminders: [{ minutesBefore }] })
      assert.equal(await nextOf(id), expected, timeZone)
      assert.deepEqual(await jobsDue(id), [expected], timeZone)
    }
    const skipped = await make('2030-04-26', 'Africa/Cairo')
    assert.equal(await nextOf(skipped), '2030-04-25T22:00:00.000Z')
    const id = await make('2030-05-06', 'Asia/Tokyo')
    assert.equal((await call('PUT', `/events/${id}`, { timeZone: 'America/Los_Angeles' })).status, 200)
    assert.equal(await nextOf(id), '2030-05-06T07:00:00.000Z', 'a change of zone moves it')
  })

  it('of a series follow the clock across its changes, and instances wherever they are moved', async () => {
    for (const [timeZone, first, dues] of [
      ['America/Los_Angeles', '2030-03-09', ['2030-03-09T08', '2030-03-10T08', '2030-03-11T07']],
      ['America/Los_Angeles', '2030-11-02', ['2030-11-02T07', '2030-11-03T07', '2030-11-04T08']],
      ['Europe/Berlin', '2030-03-30', ['2030-03-29T23', '2030-03-30T23', '2030-03-31T22']],
      ['Europe/Berlin', '2030-10-26', ['2030-10-25T22', '2030-10-26T22', '2030-10-27T23']],
    ] as const) {
      const id = await make(first, timeZone, { recurrence: { rule: 'FREQ=DAILY' } })
      for (const [at, due] of dues.entries()) {
        assert.equal(await nextOf(id), `${due}:00:00.000Z`, timeZone)
        const day = new Date(Date.parse(first) + at * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')
        assert.equal((await call('DELETE', `/events/${id}_${day}T000000`)).status, 200)
      }
    }
    const id = await make('2030-05-06', 'America/Los_Angeles', { recurrence: { rule: 'FREQ=WEEKLY' } })
    const moved = await call('PUT', `/events/${id}_20300513T000000`, { start: '2030-05-02', end: '2030-05-02' })
    assert.equal(moved.status, 200, moved.text)
    assert.equal(await nextOf(id), '2030-05-02T07:00:00.000Z')
  })

  it('are given for the instance that they are due for, once, and wait for midnight of the next', async () => {
    const meantDay = new Date(Date.now() + 2 * DAY_MS).toISOString().slice(0, 10)
    const began = new Date(Date.now() - 6 * DAY_MS).toISOString().slice(0, 10)
    const dayAfter = new Date(Date.parse(meantDay) + DAY_MS).toISOString().slice(0, 10)
    for (const [timeZone, lateMinutes] of [
      ['America/Los_Angeles', 0],
      ['Asia/Tokyo', 0],
      // As the other back end moves it across a change of the clocks.
      ['America/Los_Angeles', 60],
      ['Asia/Tokyo', -60],
    ] as const) {
      // Due within the last minute.
      const minutesBefore = Math.floor((midnight(meantDay, timeZone) - Date.now()) / MINUTE_MS) + 1 + lateMinutes
      const meant = midnight(meantDay, timeZone) - minutesBefore * MINUTE_MS
      const due = meant + lateMinutes * MINUTE_MS
      const id = await make(began, timeZone, { recurrence: { rule: 'FREQ=DAILY' }, reminders: [{ minutesBefore }] })
      await ashlar.rows(
        'UPDATE event_reminders SET "remindAt" = $2::timestamptz AT TIME ZONE \'UTC\', "jobId" = NULL WHERE "eventId" = $1',
        [id, new Date(due).toISOString()],
      )
      await ashlar.app.calendar.sweep()
      const facts = () =>
        ashlar.rows<{ payload: { start: string } }>(
          `SELECT payload FROM events WHERE "aggregateId" = $1 AND name = 'calendar.reminder'`,
          [id],
        )
      for (let tries = 0; tries < 200 && (await facts()).length === 0; tries++) await sleep(50)
      assert.deepEqual(
        (await facts()).map(({ payload }) => payload.start),
        [`${meantDay}T00:00:00.000Z`],
        `${timeZone} ${lateMinutes}`,
      )
      const next = midnight(dayAfter, timeZone) - minutesBefore * MINUTE_MS
      assert.equal(await nextOf(id), new Date(next).toISOString(), `${timeZone} ${lateMinutes}`)
    }
  })
})
