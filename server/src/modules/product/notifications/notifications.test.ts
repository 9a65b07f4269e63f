// Notifications over HTTP: from what somebody does to what others are told, read and delete.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PASSWORD, type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { listen } from '../../../../test/streams.ts'
import { notified, type Shown } from './notifications.fixture.ts'

describe('notifications', () => {
  let ashlar: TestApp
  let admin: Person
  let [ada, ben, cleo]: Person[] = []
  before(async () => {
    ashlar = await startApp({ jobs: true })
    admin = await ashlar.admin()
    ;[ada, ben, cleo] = await Promise.all(['Ada Stone', 'Ben Slab', 'Cleo Marl'].map((name) => ashlar.person(name)))
    const json = { name: 'builder', permissions: ['teams:view', 'teams:edit'] }
    const role = await ashlar.call('POST', '/api/v1/roles', { token: admin.token, json })
    const { body } = await ashlar.call('GET', '/api/v1/roles?limit=100', { token: admin.token })
    const user = body.data.find((one: { name: string }) => one.name === 'user').id
    for (const { id } of [ada!, ben!, cleo!]) {
      await ashlar.confirmAddress({ id })
      await ashlar.call('PATCH', `/api/v1/users/${id}`, { token: admin.token, json: { roleIds: [user, role.body.id] } })
    }
    await settled()
    for (const one of [ada, ben, cleo]) await as(one, 'DELETE', '/notifications')
  })
  after(() => ashlar.stop())

  const { as, list, unread, settled } = notified(() => ashlar)
  const send = async (person: Person | undefined, json: object) =>
    (await as(person, 'POST', '/messages/send', json)).body
  const titles = async (person: Person | undefined) => (await list(person)).map(({ title }: Shown) => title)

  it('NOTIF-1 tells of a message at once, several of one conversation in one, until the conversation is read', async () => {
    const { conversationId } = await send(ada, { recipientId: ben!.id, content: 'A secret of stones' })
    // At once: no job comes between.
    assert.equal(await unread(ben), 1)
    const [first] = await list(ben)
    assert.deepEqual(
      [first.kind, first.type, first.title, first.content],
      ['message', 'message', 'New message', 'Ada Stone wrote to you.'],
    )
    assert.deepEqual([first.subject.id, first.sender.id, first.read, first.times], [conversationId, ada!.id, false, 1])
    for (const content of ['two', 'three']) await send(ada, { conversationId, content })
    await settled()
    const [again, ...rest] = await list(ben)
    assert.deepEqual([again.id, again.times, again.title, rest.length], [first.id, 3, '3 new messages', 0])
    assert.equal(await unread(ben), 1)
    assert.equal(await unread(ada), 0)
    await as(ben, 'PUT', `/messages/conversations/${conversationId}/read`, {})
    await settled()
    assert.equal(await unread(ben), 0)
    await send(ada, { conversationId, content: 'four' })
    await settled()
    assert.equal(await unread(ben), 1)
    assert.deepEqual(
      (await list(ben)).map(({ times }: Shown) => times),
      [1, 3],
    )
    const rows = await ashlar.rows('SELECT * FROM notifications')
    assert.doesNotMatch(JSON.stringify(rows), /secret of stones/)
  })

  it('NOTIF-1 tells of groups, shares, teams, membership, roles and the safety of the account', async () => {
    for (const one of [ada, ben, cleo]) await as(one, 'DELETE', '/notifications')
    const group = (await as(ada, 'POST', '/messages/conversations', { name: 'Quarry', memberIds: [ben!.id] })).body
    await as(ada, 'POST', `/messages/conversations/${group.id}/members`, { userIds: [cleo!.id] })
    const team = (await as(ada, 'POST', '/teams', { name: 'Masons', memberIds: [ben!.id] })).body
    await as(ada, 'POST', `/teams/${team.id}/members`, { userId: cleo!.id })
    await as(ada, 'POST', `/teams/${team.id}/members`, { userId: cleo!.id, role: 'admin' })
    const document = (await as(ada, 'POST', '/documents', { title: 'Plan' })).body
    await as(ada, 'POST', `/documents/${document.id}/share`, { userId: ben!.id })
    const folder = (await as(ada, 'POST', '/folders', { name: 'Pit' })).body
    await as(ada, 'POST', `/folders/${folder.id}/share`, { teamId: team.id })
    await as(cleo, 'POST', '/auth/change-password', { oldPassword: PASSWORD, newPassword: 'Bas4lt-Column!' })
    await settled()
    const said = async (person: Person | undefined) =>
      (await list(person)).map(({ kind, subject, content }: Shown) => [kind, subject?.name ?? null, content]).reverse()
    assert.deepEqual(await said(ben), [
      ['group', 'Quarry', 'Ada Stone added you to “Quarry”.'],
      ['team', 'Masons', 'Ada Stone added you to “Masons”.'],
      ['shared', 'Plan', 'Ada Stone shared “Plan” with you.'],
      ['shared', 'Pit', 'Ada Stone shared “Pit” with you.'],
    ])
    const again = await ashlar.login(cleo!.email, 'Bas4lt-Column!')
    await settled()
    assert.deepEqual(await said(again), [
      ['group', 'Quarry', 'Ada Stone added you to “Quarry”.'],
      ['team', 'Masons', 'Ada Stone added you to “Masons”.'],
      ['shared', 'Pit', 'Ada Stone shared “Pit” with you.'],
      ['security', null, 'If it was not you, reset it at once.'],
    ])
    assert.deepEqual(await said(ada), [])
    cleo = again
  })

  it('NOTIF-2 names nothing that the reader may not see any more, and forgets a conversation that they left', async () => {
    for (const one of [ada, ben, cleo]) await as(one, 'DELETE', '/notifications')
    const document = (await as(ada, 'POST', '/documents', { title: 'Zanzibar' })).body
    await as(ada, 'POST', `/documents/${document.id}/share`, { userId: ben!.id })
    const group = (await as(ada, 'POST', '/messages/conversations', { name: 'Nairobi', memberIds: [ben!.id] })).body
    await send(ada, { conversationId: group.id, content: 'x' })
    await settled()
    assert.match(JSON.stringify(await list(ben)), /Zanzibar[\s\S]*|Nairobi/)
    await as(ada, 'POST', `/documents/${document.id}/unshare`, {})
    await as(ada, 'DELETE', `/messages/conversations/${group.id}/members/${ben!.id}`)
    await settled()
    const left = await list(ben)
    assert.doesNotMatch(JSON.stringify(left), /Zanzibar|Nairobi/)
    assert.deepEqual(
      left.map(({ kind, subject }: Shown) => [kind, subject.name]),
      [['shared', null]],
    )
    const rows = await ashlar.rows(`SELECT * FROM notifications`)
    assert.doesNotMatch(JSON.stringify(rows), /Zanzibar|Nairobi/)
  })

  it('NOTIF-3 is read, unread and deleted: one, many and all; of others it is not there', async () => {
    for (const one of [ada, ben, cleo]) await as(one, 'DELETE', '/notifications')
    const ids: string[] = []
    for (const title of ['One', 'Two', 'Three']) {
      const { id } = (await as(ada, 'POST', '/documents', { title })).body
      await as(ada, 'POST', `/documents/${id}/share`, { userId: ben!.id })
    }
    await settled()
    for (const { id } of await list(ben)) ids.push(id)
    const [first, second, third] = ids
    const read = await as(ben, 'PUT', `/notifications/${first}/read`)
    assert.deepEqual([read.status, read.body.read], [200, true])
    assert.notEqual(read.body.readAt, null)
    assert.equal(await unread(ben), 2)
    assert.deepEqual(
      (await list(ben, '&unread=true')).map(({ id }: Shown) => id),
      [second, third],
    )
    assert.deepEqual(
      (await list(ben, '&unread=false')).map(({ id }: Shown) => id),
      [first],
    )
    assert.equal((await as(ben, 'PUT', `/notifications/${first}/unread`)).body.read, false)
    assert.equal((await as(ben, 'POST', '/notifications/read', { ids: [first, second, 'nothing'] })).body.count, 2)
    assert.equal((await as(ben, 'POST', '/notifications/read', { ids: [first], read: false })).body.count, 1)
    const first2 = (await as(ben, 'GET', '/notifications?limit=2')).body
    const rest = (await as(ben, 'GET', `/notifications?limit=2&cursor=${first2.meta.nextCursor}`)).body
    assert.deepEqual(
      [...first2.data, ...rest.data].map(({ id }: Shown) => id),
      ids,
    )
    for (const [method, path] of [
      ['PUT', 'read'],
      ['PUT', 'unread'],
      ['DELETE', ''],
    ] as const) {
      const foreign = await as(ada, method, `/notifications/${first}${path && `/${path}`}`)
      assert.deepEqual([foreign.status, foreign.body.code], [404, 'notifications.not_found'])
    }
    assert.equal((await as(ada, 'POST', '/notifications/read', { ids })).body.count, 0)
    assert.equal((await as(ben, 'PUT', '/notifications/read-all')).body.count, 2)
    assert.equal((await as(ben, 'DELETE', `/notifications/${first}`)).status, 200)
    assert.equal((await as(ben, 'DELETE', `/notifications/${first}`)).status, 404)
    assert.equal((await as(ben, 'DELETE', '/notifications')).body.count, 2)
    assert.deepEqual(await list(ben), [])
  })

  it('NOTIF-4 comes where somebody wants it, by kind: in the application, by mail, both, or not at all', async () => {
    for (const one of [ada, ben, cleo]) await as(one, 'DELETE', '/notifications')
    const usual = (await as(ben, 'GET', '/notifications/preferences')).body
    assert.deepEqual([usual.message, usual.shared, usual.security], ['in_app', 'both', 'in_app'])
    assert.equal(
      (await as(ben, 'PUT', '/notifications/preferences', { shared: 'off', group: 'mail' })).body.shared,
      'off',
    )
    assert.equal((await as(ben, 'PUT', '/notifications/preferences', { security: 'mail' })).status, 422)
    assert.equal((await as(ben, 'PUT', '/notifications/preferences', { shared: 'pigeon' })).status, 422)
    assert.equal((await as(ben, 'GET', '/notifications/preferences')).body.message, 'in_app')
    const document = (await as(ada, 'POST', '/documents', { title: 'Off' })).body
    await as(ada, 'POST', `/documents/${document.id}/share`, { userIds: [ben!.id, cleo!.id] })
    await as(ada, 'POST', '/messages/conversations', { name: 'By mail', memberIds: [ben!.id] })
    await settled()
    assert.deepEqual(await titles(ben), [])
    assert.equal(await unread(ben), 0)
    assert.deepEqual(await titles(cleo), ['Something was shared with you'])
    await as(ben, 'PUT', '/notifications/preferences', { shared: 'both', group: 'in_app' })
  })

  it('NOTIF-5 is told live to the one whose it is', async () => {
    const [hears, never] = await Promise.all(
      [ben, cleo].map((one) => listen(ashlar.url, { token: one!.token, types: 'notifications.*' })),
    )
    try {
      const { id } = (await as(ada, 'POST', '/documents', { title: 'Live' })).body
      await as(ada, 'POST', `/documents/${id}/share`, { userId: ben!.id })
      const told = await hears!.next('notifications.created')
      assert.deepEqual(told.data.payload, { userId: ben!.id, kind: 'shared' })
      await as(ben, 'PUT', '/notifications/read-all')
      await hears!.next('notifications.read')
      assert.deepEqual(never!.facts(), [])
    } finally {
      for (const one of [hears, never]) one!.close()
    }
  })

  it('NOTIF-6 speaks the language of the reader, and leaves what another back end wrote in its words', async () => {
    for (const one of [ada, ben, cleo]) await as(one, 'DELETE', '/notifications')
    const { id } = (await as(ada, 'POST', '/documents', { title: 'Mauer' })).body
    await as(ada, 'POST', `/documents/${id}/share`, { userId: ben!.id })
    await settled()
    await ashlar.rows(
      `INSERT INTO notifications (id, "userId", type, title, content, link) VALUES ('other-1', $1, 'system', '通知', '演示', '/messages')`,
      [ben!.id],
    )
    await as(ben, 'PATCH', '/users/me', { locale: 'de-CH' })
    const [theirs, ours] = await list(ben)
    assert.deepEqual([theirs.title, theirs.content, theirs.kind, theirs.link], ['通知', '演示', null, '/messages'])
    assert.deepEqual(
      [ours.title, ours.content],
      ['Etwas wurde mit Ihnen geteilt', 'Ada Stone hat „Mauer“ mit Ihnen geteilt.'],
    )
    const stored = await ashlar.rows<{ title: string }>(`SELECT title FROM notifications WHERE id = $1`, [ours.id])
    assert.equal(stored[0]!.title, 'Something was shared with you')
    // What is read there is read here.
    await ashlar.rows(`UPDATE notifications SET read = true, "readAt" = now() WHERE id = $1`, [ours.id])
    assert.equal(await unread(ben), 1)
    await as(ben, 'PATCH', '/users/me', { locale: 'en' })
  })

  it('NOTIF-7 answers the front ends’ shapes', async () => {
    const call = (method: string, path: string) =>
      ashlar.call(method, `/api/notifications${path}`, { token: ben!.token })
    const { body } = await call('GET', '')
    assert.ok(Array.isArray(body))
    for (const one of body) {
      for (const key of ['title', 'content', 'message', 'createdAt', 'time', 'type'])
        assert.equal(typeof one[key], 'string')
      assert.equal(one.isRead, one.read)
    }
    assert.equal((await call('PUT', `/${body[0].id}/read`)).status, 200)
    assert.equal((await call('PUT', '/read-all')).body.success, true)
    assert.deepEqual((await call('GET', '/unread-count')).body, { count: 0 })
    assert.deepEqual((await call('DELETE', `/${body[0].id}`)).body.id, body[0].id)
  })
})
