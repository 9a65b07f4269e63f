// Groups: who comes and goes, what they see, and who hears of it live.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { listen } from '../../../../test/streams.ts'

const API = '/api/v1/messages'

describe('groups and private conversations', () => {
  let ashlar: TestApp
  let [ada, ben, cleo, dan]: Person[] = []
  before(async () => {
    ashlar = await startApp()
    const names = ['Ada Stone', 'Ben Slab', 'Cleo Marl', 'Dan Flint']
    ;[ada, ben, cleo, dan] = await Promise.all(names.map((name) => ashlar.person(name)))
  })
  after(() => ashlar.stop())

  const as = (person: Person | undefined, method: string, path: string, json?: unknown) =>
    ashlar.call(method, API + path, { token: person!.token, ...(json !== undefined && { json }) })
  const group = async (owner: Person | undefined, members: (Person | undefined)[]) =>
    (await as(owner, 'POST', '/conversations', { name: 'Quarry', memberIds: members.map((one) => one!.id) })).body.id
  const say = (person: Person | undefined, conversationId: string, content: string) =>
    as(person, 'POST', '/send', { conversationId, content })
  const texts = async (person: Person | undefined, id: string) =>
    (await as(person, 'GET', `/conversations/${id}`)).body.data?.map(({ content }: { content: string }) => content)
  const roles = async (person: Person | undefined, id: string) => {
    const { conversation } = (await as(person, 'GET', `/conversations/${id}`)).body
    return Object.fromEntries(conversation.members.map((one: { name: string; role: string }) => [one.name, one.role]))
  }

  it('MSG-6 shows people who are added what is sent from then on, answers to older messages included', async () => {
    const id = await group(ada, [ben])
    const { body: old } = await say(ada, id, 'Before')
    const added = await as(ada, 'POST', `/conversations/${id}/members`, { userIds: [cleo!.id, ben!.id] })
    assert.equal(added.body.memberCount, 3)
    const { body: answer } = await as(ben, 'POST', '/send', { conversationId: id, content: 'After', replyToId: old.id })
    assert.equal(answer.replyTo.content, 'Before')
    const { data, conversation, meta } = (await as(cleo, 'GET', `/conversations/${id}`)).body
    assert.deepEqual([data.length, data[0].content, data[0].replyTo], [1, 'After', null])
    assert.deepEqual([conversation.unreadCount, meta.total, meta.nextCursor], [1, 1, undefined])
    const quoted = await as(cleo, 'POST', '/send', { conversationId: id, content: 'What?', replyToId: old.id })
    assert.equal(quoted.body.errors[0].path, 'replyToId')
    assert.equal((await as(cleo, 'PUT', `/conversations/${id}/read`, { messageId: old.id })).status, 404)
  })

  it('MSG-6 one’s own message is read when everybody who is left has read it', async () => {
    const gone = await ashlar.person('Gone Gravel')
    const id = await group(ada, [ben, gone])
    const { body: sent } = await say(ada, id, 'Read by all of us?')
    const isRead = async () => (await as(ada, 'GET', `/conversations/${id}`)).body.data[0].read
    await as(ben, 'PUT', `/conversations/${id}/read`, { messageId: sent.id })
    assert.equal(await isRead(), false)
    await ashlar.rows('UPDATE users SET "deletedAt" = now() WHERE id = $1', [gone.id])
    assert.equal(await isRead(), true)
    // It stays so when nobody is left.
    await ashlar.rows('UPDATE users SET "deletedAt" = now() WHERE id = $1', [ben!.id])
    try {
      await ashlar.rows(`UPDATE conversation_participants SET "readNumber" = $2 WHERE "conversationId" = $1`, [
        id,
        sent.number,
      ])
      assert.equal(await isRead(), true)
    } finally {
      await ashlar.rows('UPDATE users SET "deletedAt" = NULL WHERE id = $1', [ben!.id])
    }
  })

  it('MSG-6 is managed by its owner and administrators, and only a group is', async () => {
    const id = await group(ada, [ben, cleo])
    for (const [method, path, json] of [
      ['PATCH', `/conversations/${id}`, { name: 'Ours' }],
      ['POST', `/conversations/${id}/members`, { userIds: [dan!.id] }],
      ['DELETE', `/conversations/${id}/members/${cleo!.id}`, undefined],
    ] as const)
      assert.equal((await as(ben, method, path, json)).body.code, 'conversations.managers_only')
    await ashlar.rows(
      `UPDATE conversation_participants SET role = 'admin' WHERE "conversationId" = $1 AND "userId" = $2`,
      [id, ben!.id],
    )
    assert.equal((await as(ben, 'PATCH', `/conversations/${id}`, { name: 'Ours' })).body.name, 'Ours')
    assert.equal((await as(ben, 'DELETE', `/conversations/${id}/members/${cleo!.id}`)).status, 200)
    assert.equal(
      (await as(ben, 'DELETE', `/conversations/${id}/members/${ada!.id}`)).body.code,
      'conversations.owner_stays',
    )
    assert.equal(
      (await as(ada, 'DELETE', `/conversations/${id}/members/${dan!.id}`)).body.code,
      'conversations.member_not_found',
    )
    const { body } = await as(ada, 'POST', '/conversations', { recipientId: dan!.id })
    assert.equal(
      (await as(ada, 'PATCH', `/conversations/${body.id}`, { name: 'x' })).body.code,
      'conversations.group_only',
    )
    for (const json of [
      { recipientId: dan!.id, name: 'x' },
      { memberIds: [ada!.id] },
      { name: 'x' },
      { memberIds: ['nobody'] },
    ])
      assert.equal((await as(ada, 'POST', '/conversations', json)).status, 422, JSON.stringify(json))
  })

  it('MSG-6 goes to an administrator, else to whoever is there the longest, when its owner leaves; with the last one it ends', async () => {
    const id = await group(ada, [ben, cleo])
    await ashlar.rows(
      `UPDATE conversation_participants SET role = 'admin' WHERE "conversationId" = $1 AND "userId" = $2`,
      [id, cleo!.id],
    )
    assert.equal((await as(ada, 'DELETE', `/conversations/${id}`)).status, 200)
    assert.deepEqual(await roles(ben, id), { 'Ben Slab': 'member', 'Cleo Marl': 'owner' })
    assert.equal((await as(cleo, 'DELETE', `/conversations/${id}/members/${cleo!.id}`)).status, 200)
    assert.deepEqual(await roles(ben, id), { 'Ben Slab': 'owner' })
    assert.equal((await say(ben, id, 'Alone')).status, 201)
    assert.equal((await as(ben, 'DELETE', `/conversations/${id}`)).status, 200)
    assert.deepEqual(await ashlar.rows('SELECT 1 FROM messages WHERE "conversationId" = $1', [id]), [])
  })

  it('MSG-6 a private one that somebody left is there again when the other writes, without what was said before', async () => {
    const { body } = await as(ada, 'POST', '/send', { recipientId: cleo!.id, content: 'Old' })
    const id = body.conversationId
    assert.equal((await as(cleo, 'DELETE', `/${id}`)).status, 200)
    assert.equal((await as(cleo, 'GET', `/${id}`)).status, 404)
    assert.equal((await as(ada, 'GET', `/${id}`)).body.conversation.name, 'Cleo Marl')
    await say(ada, id, 'New')
    assert.deepEqual(await texts(cleo, id), ['New'])
    assert.deepEqual(await texts(ada, id), ['Old', 'New'])
  })

  it('MSG-6 whoever leaves the tenant leaves its conversations, and cannot be written to there', async () => {
    const admin = await ashlar.admin()
    const eve = await ashlar.person('Eve Chalk')
    const id = await group(eve, [ben])
    const { body } = await as(ben, 'POST', '/send', { recipientId: eve.id, content: 'Hello' })
    const left = await ashlar.call('DELETE', `/api/v1/tenants/default/members/${eve.id}`, { token: admin.token })
    assert.equal(left.status, 200, left.text)
    assert.deepEqual(await roles(ben, id), { 'Ben Slab': 'owner' })
    assert.equal((await say(ben, body.conversationId, 'Still there?')).body.code, 'messages.nobody_there')
    assert.equal((await as(ben, 'POST', '/send', { recipientId: eve.id, content: 'Hello' })).status, 422)
  })

  it('MSG-7 tells those who are in it live, and those who left or never were nothing', async () => {
    const id = await group(ada, [ben, cleo])
    // What happened before has its place: the streams begin after it.
    while ((await ashlar.rows('SELECT 1 FROM events WHERE seq IS NULL LIMIT 1')).length > 0) await sleep(10)
    const [hears, leaves, never] = await Promise.all(
      [ben, cleo, dan].map((one) => listen(ashlar.url, { token: one!.token, types: 'messages.*,conversations.*' })),
    )
    try {
      const { body: first } = await say(ada, id, 'one')
      assert.deepEqual((await hears!.next('messages.sent')).data.payload, { messageId: first.id, number: 1 })
      await leaves!.next('messages.sent')
      await as(ada, 'DELETE', `/conversations/${id}/members/${cleo!.id}`)
      assert.equal((await leaves!.next('conversations.left')).data.payload.removed, true)
      const { body: second } = await say(ada, id, 'two')
      await as(ada, 'PATCH', `/conversations/${id}/messages/${second.id}`, { content: 'three' })
      await as(ben, 'PUT', `/conversations/${id}/read`, {})
      await hears!.next('messages.edited')
      assert.deepEqual((await hears!.next('conversations.read')).data.payload, { userId: ben!.id, number: 2 })
      await sleep(100)
      assert.deepEqual(
        leaves!.facts().map(({ event }) => event),
        ['messages.sent', 'conversations.left'],
      )
      assert.deepEqual(never!.facts(), [])
    } finally {
      for (const one of [hears, leaves, never]) one!.close()
    }
  })

  it('MSG-9 refers to files that the sender may read, and shows each reader those that they may', async () => {
    const upload = async (person: Person | undefined, name: string) => {
      const file = { bytes: Buffer.from('stone'), type: 'text/plain', name }
      const { status, body, text } = await ashlar.call('POST', '/api/v1/files/upload', {
        token: person!.token,
        multipart: { file },
      })
      assert.equal(status, 201, text)
      return body.id as string
    }
    const id = await group(ada, [ben, cleo])
    const [one, two, foreign] = [
      await upload(ada, 'one.txt'),
      await upload(ada, 'two.txt'),
      await upload(dan, 'no.txt'),
    ]
    const shared = await ashlar.call('POST', `/api/v1/files/${two}/share`, {
      token: ada!.token,
      json: { userId: ben!.id },
    })
    assert.equal(shared.status, 200, shared.text)
    const send = (attachmentIds: string[]) =>
      as(ada, 'POST', '/send', { conversationId: id, content: 'See here', type: 'file', attachmentIds })
    const sent = await send([two, one])
    const names = (message: { attachments: { name: string }[] }) => message.attachments.map(({ name }) => name)
    assert.deepEqual(names(sent.body), ['two.txt', 'one.txt'])
    const shown = async (person: Person | undefined) =>
      names((await as(person, 'GET', `/conversations/${id}`)).body.data.at(-1))
    assert.deepEqual([await shown(ada), await shown(ben), await shown(cleo)], [['two.txt', 'one.txt'], ['two.txt'], []])
    for (const other of [foreign, 'cnothing0000000000000000']) {
      const refused = await send([one, other])
      assert.deepEqual([refused.status, refused.body.code], [404, 'files.not_found'])
    }
    assert.equal((await texts(ada, id)).length, 1)
    await ashlar.call('POST', `/api/v1/files/${two}/unshare`, { token: ada!.token, json: {} })
    assert.deepEqual(await shown(ben), [])
    await as(ada, 'DELETE', `/conversations/${id}/messages/${sent.body.id}`)
    assert.deepEqual(await shown(ada), [])
  })

  it('finds conversations by the names of groups and of other people, and pages them by cursor', async () => {
    const finn = await ashlar.person('Finn Shale')
    for (const name of ['Alpha', 'Beta', 'Gamma'])
      await as(finn, 'POST', '/conversations', { name, memberIds: [ben!.id] })
    await as(finn, 'POST', '/send', { recipientId: dan!.id, content: 'Hello' })
    const names = async (query: string) =>
      (await as(finn, 'GET', `/conversations?${query}`)).body.data.map((one: { name: string }) => one.name)
    assert.deepEqual(await names('limit=10'), ['Dan Flint', 'Gamma', 'Beta', 'Alpha'])
    assert.deepEqual(await names('search=flint'), ['Dan Flint'])
    assert.deepEqual(await names('search=bet'), ['Beta'])
    assert.deepEqual(await names('search=Finn'), [])
    const first = (await as(finn, 'GET', '/conversations?limit=3')).body
    assert.deepEqual(await names(`limit=3&cursor=${first.meta.nextCursor}`), ['Alpha'])
    assert.deepEqual(await names('limit=3&page=2'), ['Alpha'])
  })
})
