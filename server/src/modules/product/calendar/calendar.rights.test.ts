// Whoever may not view calendars any more is told of no event, however they were invited to it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

describe('the right to view calendars', () => {
  let ashlar: TestApp
  let admin: { token: string }
  let owner: Person
  let invited: Person
  let staying: Person
  before(async () => {
    ashlar = await startApp({ jobs: true })
    admin = await ashlar.admin()
    ;[owner, invited, staying] = [await ashlar.person('Olga'), await ashlar.person('Bob'), await ashlar.person('Sam')]
  })
  after(() => ashlar?.stop())

  const call = (method: string, path: string, json: unknown) =>
    ashlar.call(method, `/api/v1/calendar${path}`, { token: owner.token, json })
  async function make(json: object): Promise<string> {
    const answer = await call('POST', '/events', { title: 'Vault', attendeeIds: [invited.id, staying.id], ...json })
    assert.equal(answer.status, 201, answer.text)
    return answer.body.id
  }
  const soon = (ms: number) => ({
    start: new Date(Date.now() + ms).toISOString(),
    end: new Date(Date.now() + ms + 3_600_000).toISOString(),
  })
  const mailsTo = async ({ email }: Person, template: string) =>
    (await ashlar.rows('SELECT 1 FROM mails WHERE $1 = ANY (recipients) AND template = $2', [email, template])).length
  async function give(roleId: string): Promise<void> {
    const { token } = admin
    const answer = await ashlar.call('PATCH', `/api/v1/users/${invited.id}`, { token, json: { roleIds: [roleId] } })
    assert.equal(answer.status, 200, answer.text)
  }
  const toldOf = async (id: string, name: string): Promise<string[]> =>
    (
      await ashlar.rows<{ payload: { userIds: string[] } }>(
        'SELECT payload FROM events WHERE "aggregateId" = $1 AND name = $2',
        [id, name],
      )
    ).flatMap(({ payload }) => payload.userIds)
  async function reminded(id: string): Promise<string[]> {
    for (let tries = 0; tries < 200; tries++, await sleep(50)) {
      const told = await toldOf(id, 'calendar.reminder')
      if (told.length > 0) return told.sort()
    }
    throw new Error('nobody was reminded')
  }

  it('is asked when an event changes, ends or is about to begin, and counts again once it is given back', async () => {
    const role = await ashlar.call('POST', '/api/v1/roles', {
      token: admin.token,
      json: { name: unique('board'), label: 'Board', permissions: ['dashboard:view'] },
    })
    assert.equal(role.status, 201, role.text)
    const held = (
      await ashlar.rows<{ roleId: string }>('SELECT "roleId" FROM user_roles WHERE "userId" = $1', [invited.id])
    )[0]!
    const id = await make(soon(86_400_000))
    assert.equal(await mailsTo(invited, 'calendar_invitation'), 1)
    await give(role.body.id)
    assert.equal((await call('PUT', `/events/${id}`, { location: 'Yard 7' })).status, 200)
    assert.deepEqual([await mailsTo(invited, 'calendar_update'), await mailsTo(staying, 'calendar_update')], [0, 1])
    assert.deepEqual((await toldOf(id, 'calendar.changed')).includes(invited.id), false)
    const due = await make({ ...soon(61_500), reminders: [{ minutesBefore: 1, channel: 'both' }] })
    assert.equal(await mailsTo(invited, 'calendar_invitation'), 1)
    assert.deepEqual(await reminded(due), [owner.id, staying.id].sort())
    assert.deepEqual([await mailsTo(invited, 'calendar_reminder'), await mailsTo(staying, 'calendar_reminder')], [0, 1])
    assert.equal((await call('DELETE', `/events/${due}`, undefined)).status, 200)
    assert.deepEqual(
      [await mailsTo(invited, 'calendar_cancellation'), await mailsTo(staying, 'calendar_cancellation')],
      [0, 1],
    )
    // A role that inherits the right gives it as well.
    const heir = await ashlar.call('POST', '/api/v1/roles', {
      token: admin.token,
      json: { name: unique('heir'), label: 'Heir', permissions: [], parentIds: [held.roleId] },
    })
    assert.equal(heir.status, 201, heir.text)
    for (const [at, roleId] of [held.roleId, heir.body.id].entries()) {
      await give(roleId)
      assert.equal((await call('PUT', `/events/${id}`, { location: `Yard ${at}` })).status, 200)
      assert.equal(await mailsTo(invited, 'calendar_update'), at + 1)
    }
    const again = await make({ ...soon(61_500), reminders: [{ minutesBefore: 1, channel: 'mail' }] })
    assert.deepEqual(await reminded(again), [owner.id, invited.id, staying.id].sort())
    assert.equal(await mailsTo(invited, 'calendar_reminder'), 1)
  })
})
