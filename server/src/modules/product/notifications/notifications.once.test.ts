// What is told once although it is tried twice, what goes by mail and what does not, and what is forgotten.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { notified } from './notifications.fixture.ts'

describe('notifications, once and by mail', () => {
  let ashlar: TestApp
  let [ada, ben]: Person[] = []
  before(async () => {
    ashlar = await startApp({ jobs: true, env: { NOTIFICATION_MAIL_DELAY_MINUTES: '1s' } })
    ;[ada, ben] = await Promise.all(['Ada Stone', 'Ben Slab'].map((name) => ashlar.person(name)))
    for (const one of [ada, ben]) await ashlar.confirmAddress(one!)
    await settled()
  })
  after(() => ashlar.stop())

  const { as, list, settled } = notified(() => ashlar)
  const share = async (title: string) => {
    const { id } = (await as(ada, 'POST', '/documents', { title })).body
    await as(ada, 'POST', `/documents/${id}/share`, { userId: ben!.id })
    await settled()
    return id
  }
  const mails = async () =>
    ashlar.rows<{ subject: string; text: string; recipients: string[] }>(
      `SELECT * FROM mails WHERE template = 'notification' ORDER BY "createdAt"`,
    )
  /** Waits until no mail of a notification is to be sent any more. */
  const mailed = async () => {
    for (let at = 0; at < 500; at++, await sleep(30)) {
      const [left] = await ashlar.rows<{ count: number }>(
        `SELECT count(*)::int AS count FROM pgboss.job WHERE name = 'notifications.mail' AND state IN ('created', 'retry', 'active')`,
      )
      if (left!.count === 0) return
    }
    assert.fail('A mail is never sent.')
  }

  it('NOTIF-8 tells of each event once, also when the job fails after its work, or is done again', async () => {
    await as(ben, 'DELETE', '/notifications')
    // The first tries break when everything is written.
    await ashlar.rows(`
      CREATE FUNCTION break_twice() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('breaks') <= 2 THEN RAISE EXCEPTION 'broken on purpose'; END IF;
        RETURN NULL;
      END $$`)
    await ashlar.rows('CREATE SEQUENCE breaks')
    await ashlar.rows('GRANT USAGE ON SEQUENCE breaks TO PUBLIC')
    await ashlar.rows(`
      CREATE CONSTRAINT TRIGGER breaking AFTER INSERT ON notifications DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION break_twice()`)
    await share('Broken twice')
    await ashlar.rows('DROP TRIGGER breaking ON notifications')
    const [{ tries } = { tries: 0 }] = await ashlar.rows<{ tries: number }>(
      'SELECT last_value::int AS tries FROM breaks',
    )
    assert.equal(tries, 3)
    assert.equal((await list(ben)).length, 1)
    await ashlar.app.events.release()
    await settled()
    assert.equal((await list(ben)).length, 1)
    const twice = ashlar.rows(
      `INSERT INTO notifications (id, "userId", type, title, content, "eventId")
       SELECT 'twice', "userId", type, title, content, "eventId" FROM notifications WHERE "userId" = $1`,
      [ben!.id],
    )
    await assert.rejects(twice, { code: '23505' })
  })

  it('NOTIF-9 sends by mail what stays unread, in the reader’s language and without what it is about', async () => {
    await as(ben, 'DELETE', '/notifications')
    await as(ben, 'PATCH', '/users/me', { locale: 'de' })
    await share('Zanzibar')
    await mailed()
    const [mail, ...rest] = (await mails()).slice(-1)
    assert.deepEqual([mail!.subject, rest.length], ['Neues für Sie bei Ashlar', 0])
    assert.match(JSON.stringify(mail!.recipients), new RegExp(ben!.email))
    assert.match(mail!.text, /Etwas wurde mit Ihnen geteilt \(Ada Stone\)[\s\S]+\/notifications/)
    assert.doesNotMatch(JSON.stringify(mail), /Zanzibar/)
  })

  it('NOTIF-9 sends nothing by mail that was read or deleted by then, nor to an address that was not confirmed', async () => {
    const before = (await mails()).length
    await share('Read')
    await as(ben, 'PUT', '/notifications/read-all')
    await share('Deleted')
    await as(ben, 'DELETE', '/notifications')
    await mailed()
    assert.equal((await mails()).length, before)
    await ashlar.rows('UPDATE users SET "emailVerifiedAt" = NULL WHERE id = $1', [ben!.id])
    await share('Unconfirmed')
    await mailed()
    assert.equal((await mails()).length, before)
    await ashlar.confirmAddress(ben!)
  })

  it('NOTIF-9 sends nothing by mail from a tenant that is suspended or deleted by then', async () => {
    for (const [ends, again] of [
      [`status = 'SUSPENDED'`, `status = 'ACTIVE'`],
      ['"deletedAt" = now()', '"deletedAt" = NULL'],
    ]) {
      const before = (await mails()).length
      await share('Of a tenant that ends')
      await ashlar.rows(`UPDATE tenants SET ${ends} WHERE id = 'default'`)
      await mailed()
      await ashlar.rows(`UPDATE tenants SET ${again} WHERE id = 'default'`)
      assert.equal((await mails()).length, before, ends)
    }
  })

  it('NOTIF-9 mails reminders and answers to whoever wants that, and nothing that the calendar mails itself', async () => {
    for (const one of [ada, ben]) await as(one, 'DELETE', '/notifications')
    await as(ben, 'PUT', '/notifications/preferences', { reminder: 'mail', calendar: 'both' })
    await as(ada, 'PUT', '/notifications/preferences', { calendar: 'mail' })
    const notices = async (person: Person | undefined) =>
      (await mails()).filter(({ recipients }) => recipients.includes(person!.email)).length
    const [ofAda, ofBen] = [await notices(ada), await notices(ben)]
    const plan = async (channel: string) => {
      const [start, end] = [62_000, 3_662_000].map((ms) => new Date(Date.now() + ms).toISOString())
      const reminders = [{ minutesBefore: 1, channel }]
      const json = { title: 'Dig', start, end, attendeeIds: [ben!.id], reminders }
      const made = await as(ada, 'POST', '/calendar/events', json)
      assert.equal(made.status, 201, made.text)
      return made.body.id as string
    }
    const reminded = async (id: string) => {
      for (let at = 0; at < 300; at++, await sleep(50)) {
        const facts = await ashlar.rows(
          `SELECT 1 FROM events WHERE "aggregateId" = $1 AND name = 'calendar.reminder'`,
          [id],
        )
        if (facts.length) return
      }
      assert.fail('Nobody is reminded.')
    }
    const id = await plan('notification')
    await settled()
    await mailed()
    assert.deepEqual([(await list(ben)).length, await notices(ben)], [1, ofBen], 'invited: the calendar wrote')
    await as(ben, 'POST', `/calendar/events/${id}/answer`, { status: 'ACCEPTED' })
    await settled()
    await mailed()
    assert.deepEqual([(await list(ada)).length, await notices(ada)], [0, ofAda + 1], 'answered')
    await reminded(id)
    await settled()
    await mailed()
    assert.deepEqual([(await list(ben)).length, await notices(ben)], [1, ofBen + 1], 'reminded')
    await reminded(await plan('both'))
    await settled()
    await mailed()
    assert.deepEqual([(await list(ben)).length, await notices(ben)], [2, ofBen + 1], 'the calendar reminded')
    await as(ben, 'PUT', '/notifications/preferences', { reminder: 'in_app', calendar: 'in_app' })
    await as(ada, 'PUT', '/notifications/preferences', { calendar: 'in_app' })
  })

  it('NOTIF-9 sends one mail for the unread messages of a conversation, and none once it was read', async () => {
    await as(ben, 'DELETE', '/notifications')
    await as(ben, 'PUT', '/notifications/preferences', { message: 'mail' })
    const before = (await mails()).length
    const { conversationId } = (await as(ada, 'POST', '/messages/send', { recipientId: ben!.id, content: 'one' })).body
    for (const content of ['two', 'three']) await as(ada, 'POST', '/messages/send', { conversationId, content })
    await settled()
    assert.deepEqual(await list(ben), [])
    await mailed()
    assert.equal((await mails()).length, before + 1)
    await as(ada, 'POST', '/messages/send', { conversationId, content: 'four' })
    await settled()
    await mailed()
    assert.equal((await mails()).length, before + 1)
    await as(ben, 'PUT', `/messages/conversations/${conversationId}/read`, {})
    await settled()
    await as(ada, 'POST', '/messages/send', { conversationId, content: 'five' })
    await as(ben, 'PUT', `/messages/conversations/${conversationId}/read`, {})
    await settled()
    await mailed()
    assert.equal((await mails()).length, before + 1)
  })

  it('forgets what is older than NOTIFICATION_RETENTION_DAYS, and what somebody was told in a tenant that they left', async () => {
    await as(ben, 'DELETE', '/notifications')
    await share('Old')
    const [{ id }] = (await list(ben)) as [{ id: string }]
    await ashlar.rows(`UPDATE notifications SET "createdAt" = "createdAt" - interval '91 days' WHERE id = $1`, [id])
    await share('New')
    assert.ok((await ashlar.app.notifications.forgetOld()) >= 1)
    assert.equal((await list(ben)).length, 1)
    const admin = await ashlar.admin()
    await as(admin, 'DELETE', `/tenants/default/members/${ben!.id}`)
    const left = await ashlar.rows('SELECT 1 FROM notifications WHERE "userId" = $1', [ben!.id])
    assert.deepEqual(left, [])
  })
})
