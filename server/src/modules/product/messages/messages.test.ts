// Messages over HTTP: who may do what, what is read, and what others see of it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'

const API = '/api/v1/messages'

describe('messages', () => {
  let ashlar: TestApp
  let [ada, ben, cleo]: Person[] = []
  before(async () => {
    ashlar = await startApp()
    ;[ada, ben, cleo] = await Promise.all(['Ada Stone', 'Ben Slab', 'Cleo Marl'].map((name) => ashlar.person(name)))
  })
  after(() => ashlar.stop())

  const as = (person: Person | undefined, method: string, path: string, json?: unknown) =>
    ashlar.call(method, API + path, { token: person!.token, ...(json !== undefined && { json }) })
  const send = async (person: Person | undefined, json: object) => {
    const answer = await as(person, 'POST', '/send', json)
    assert.equal(answer.status, 201, answer.text)
    return answer.body
  }
  const group = async (owner: Person | undefined, members: (Person | undefined)[], name = 'Quarry') => {
    const answer = await as(owner, 'POST', '/conversations', { name, memberIds: members.map((one) => one!.id) })
    assert.equal(answer.status, 201, answer.text)
    return answer.body
  }
  const texts = async (person: Person | undefined, id: string) =>
    (await as(person, 'GET', `/conversations/${id}`)).body.data.map(({ content }: { content: string }) => content)
  const unread = async (person: Person | undefined, id: string) =>
    (await as(person, 'GET', `/conversations/${id}`)).body.conversation.unreadCount

  it('MSG-1 sends to a person: a private conversation begins, named after the other, with what is unread', async () => {
    const sent = await send(ada, { recipientId: ben!.id, content: '  The slabs are here. ' })
    assert.equal(sent.content, 'The slabs are here.')
    assert.deepEqual([sent.number, sent.own, sent.read, sent.sender.name], [1, true, false, 'Ada Stone'])
    const [of] = (await as(ben, 'GET', '/conversations')).body.data
    assert.deepEqual([of.id, of.type, of.name, of.unreadCount], [sent.conversationId, 'private', 'Ada Stone', 1])
    assert.deepEqual([of.lastMessage.content, of.lastMessage.own], ['The slabs are here.', false])
    assert.equal((await as(ada, 'GET', '/conversations')).body.data[0].unreadCount, 0)
    assert.deepEqual((await as(ben, 'GET', '/unread-count')).body, { count: 1, conversations: 1 })
    assert.equal((await as(ben, 'PUT', `/conversations/${of.id}/read`, {})).body.unreadCount, 0)
    assert.deepEqual((await as(ben, 'GET', '/unread-count')).body, { count: 0, conversations: 0 })
    const [message] = (await as(ada, 'GET', `/conversations/${of.id}`)).body.data
    assert.equal(message.read, true)
  })

  it('MSG-1 keeps one private conversation for each pair, however many begin it at once from both sides', async () => {
    const [one, other] = await Promise.all([ashlar.person('One Tuff'), ashlar.person('Other Tuff')])
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => {
        const [from, to] = at % 2 ? [one, other] : [other, one]
        return at % 4 < 2
          ? as(from, 'POST', '/send', { recipientId: to.id, content: `Hello ${at}` })
          : as(from, 'POST', '/conversations', { recipientId: to.id })
      }),
    )
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201])
    assert.equal(new Set(answers.map(({ body }) => body.conversationId ?? body.id)).size, 1)
    assert.equal((await as(one, 'GET', '/conversations')).body.meta.total, 1)
    const { id, unreadCount } = (await as(one, 'GET', '/conversations')).body.data[0]
    assert.equal(unreadCount, 5)
    assert.equal((await texts(other, id)).length, 10)
  })

  it('MSG-2 counts others’ messages as unread, not one’s own nor deleted ones, and marks up to a message', async () => {
    const { id } = await group(ada, [ben, cleo])
    const first = await send(ada, { conversationId: id, content: 'one' })
    const second = await send(ben, { conversationId: id, content: 'two' })
    const third = await send(ada, { conversationId: id, content: 'three' })
    assert.deepEqual(await Promise.all([ada, ben, cleo].map((one) => unread(one, id))), [1, 2, 3])
    assert.equal((await as(cleo, 'PUT', `/conversations/${id}/read`, { messageId: second.id })).body.unreadCount, 1)
    // What is read stays read.
    assert.equal((await as(cleo, 'PUT', `/conversations/${id}/read`, { messageId: first.id })).body.unreadCount, 1)
    assert.equal((await as(ben, 'PUT', `/conversations/${id}/read`, { messageId: first.id })).body.unreadCount, 1)
    assert.equal((await as(ada, 'DELETE', `/conversations/${id}/messages/${third.id}`)).status, 200)
    assert.deepEqual(await Promise.all([ada, ben, cleo].map((one) => unread(one, id))), [1, 0, 0])
    const stored = await ashlar.rows<{ userId: string; unreadCount: number }>(
      'SELECT "userId", "unreadCount" FROM conversation_participants WHERE "conversationId" = $1',
      [id],
    )
    for (const [person, count] of [
      [ada, 1],
      [ben, 0],
      [cleo, 0],
    ] as const)
      assert.equal(stored.find(({ userId }) => userId === person!.id)?.unreadCount, count)
    assert.equal((await as(ada, 'PUT', `/conversations/${id}/read`, { messageId: 'nothing' })).status, 404)
  })

  it('MSG-3 edits and deletes one’s own within the time, and nobody else’s', async () => {
    const { id } = await group(ada, [ben])
    const sent = await send(ada, { conversationId: id, content: 'Draft' })
    const path = `/conversations/${id}/messages/${sent.id}`
    assert.equal((await as(ben, 'PATCH', path, { content: 'Mine' })).body.code, 'messages.sender_only')
    assert.equal((await as(ben, 'DELETE', path)).body.code, 'messages.sender_only')
    assert.equal((await as(cleo, 'PATCH', path, { content: 'Mine' })).body.code, 'conversations.not_found')
    const edited = await as(ada, 'PATCH', path, { content: 'Final' })
    assert.equal(edited.body.content, 'Final')
    assert.notEqual(edited.body.editedAt, null)
    const late = await send(ada, { conversationId: id, content: 'Old' })
    await ashlar.rows(`UPDATE messages SET "createdAt" = "createdAt" - interval '16 minutes' WHERE id = $1`, [late.id])
    for (const [method, json] of [
      ['PATCH', { content: 'New' }],
      ['DELETE', undefined],
    ] as const)
      assert.equal(
        (await as(ada, method, `/conversations/${id}/messages/${late.id}`, json)).body.code,
        'messages.too_late',
      )
    const answer = await send(ben, { conversationId: id, content: 'Yes', replyToId: sent.id })
    assert.deepEqual(answer.replyTo, { id: sent.id, senderName: 'Ada Stone', content: 'Final' })
    assert.equal((await as(ada, 'DELETE', path)).status, 200)
    assert.equal((await as(ada, 'PATCH', path, { content: 'Back' })).body.code, 'messages.deleted')
    const { data } = (await as(ben, 'GET', `/conversations/${id}`)).body
    assert.deepEqual(
      data.map((one: { content: string }) => one.content),
      ['', 'Old', 'Yes'],
    )
    assert.equal(data[2].replyTo.content, '')
    assert.deepEqual(await texts(ben, id), ['', 'Old', 'Yes'])
  })

  it('MSG-4 pages by cursor to what is older and to what is newer, and meets nothing twice', async () => {
    const { id } = await group(ada, [ben])
    for (let at = 1; at <= 12; at++) await send(ada, { conversationId: id, content: `m${at}` })
    const page = async (query: string) => (await as(ben, 'GET', `/conversations/${id}?${query}`)).body
    const newest = await page('limit=5')
    assert.deepEqual(
      newest.data.map((one: { number: number }) => one.number),
      [8, 9, 10, 11, 12],
    )
    assert.deepEqual([newest.meta.total, newest.meta.totalPages], [12, 3])
    const older = await page(`limit=5&cursor=${newest.meta.nextCursor}`)
    assert.deepEqual(
      older.data.map((one: { number: number }) => one.number),
      [3, 4, 5, 6, 7],
    )
    const oldest = await page(`limit=5&cursor=${older.meta.nextCursor}`)
    assert.deepEqual(
      oldest.data.map((one: { number: number }) => one.number),
      [1, 2],
    )
    assert.equal(oldest.meta.nextCursor, undefined)
    const newer = await page(`limit=5&cursor=${oldest.meta.previousCursor}`)
    assert.deepEqual(
      newer.data.map((one: { number: number }) => one.number),
      [3, 4, 5, 6, 7],
    )
    const nothing = await page(`limit=5&cursor=${newest.meta.previousCursor}`)
    assert.deepEqual(nothing.data, [])
    await send(ada, { conversationId: id, content: 'm13' })
    const later = await page(`limit=5&cursor=${nothing.meta.previousCursor}`)
    assert.deepEqual(
      later.data.map((one: { content: string }) => one.content),
      ['m13'],
    )
    for (const cursor of ['x', 'WyJhZnRlciIsLTFd', 'WyJzaWRlIiwxXQ'])
      assert.equal((await as(ben, 'GET', `/conversations/${id}?cursor=${cursor}`)).status, 422)
  })

  it('MSG-5 is not there for whoever is not in it, by any verb, as if it did not exist', async () => {
    const { id } = await group(ada, [ben], 'Basalt')
    const { id: messageId } = await send(ada, { conversationId: id, content: 'Ours' })
    const calls = (conversation: string): [string, string, unknown?][] => [
      ['GET', `/conversations/${conversation}`],
      ['GET', `/${conversation}`],
      ['POST', '/send', { conversationId: conversation, content: 'x' }],
      ['PUT', `/conversations/${conversation}/read`, {}],
      ['PATCH', `/conversations/${conversation}`, { name: 'x' }],
      ['POST', `/conversations/${conversation}/members`, { userIds: [cleo!.id] }],
      ['DELETE', `/conversations/${conversation}/members/${ben!.id}`],
      ['DELETE', `/conversations/${conversation}`],
      ['PATCH', `/conversations/${conversation}/messages/${messageId}`, { content: 'x' }],
      ['DELETE', `/conversations/${conversation}/messages/${messageId}`],
    ]
    const nothing = calls('cnothing0000000000000000')
    for (const [at, [method, path, json]] of calls(id).entries()) {
      const foreign = await as(cleo, method, path, json)
      const absent = await as(cleo, method, nothing[at]![1], nothing[at]![2])
      assert.equal(foreign.status, 404, `${method} ${path}`)
      assert.equal(foreign.body.code, absent.body.code)
    }
    assert.equal((await as(cleo, 'GET', '/conversations?search=Basalt')).body.meta.total, 0)
    assert.deepEqual(await texts(ben, id), ['Ours'])
  })

  it('refuses what says nothing, names both or neither, a stranger, oneself, and an answer to another conversation', async () => {
    const { id } = await group(ada, [ben])
    const { id: other } = await group(ada, [cleo])
    const { id: elsewhere } = await send(ada, { conversationId: other, content: 'There' })
    const refusals: [object, string][] = [
      [{ conversationId: id, content: '   ' }, 'content'],
      [{ content: 'x' }, 'conversationId'],
      [{ conversationId: id, recipientId: ben!.id, content: 'x' }, 'conversationId'],
      [{ recipientId: 'nobody', content: 'x' }, 'recipientId'],
      [{ recipientId: ada!.id, content: 'x' }, 'recipientId'],
      [{ conversationId: id, content: 'x', replyToId: elsewhere }, 'replyToId'],
      [{ conversationId: id, content: 'x'.repeat(10_001) }, 'content'],
      [{ conversationId: id, content: 'x', senderId: ben!.id }, 'senderId'],
    ]
    for (const [json, field] of refusals) {
      const answer = await as(ada, 'POST', '/send', json)
      assert.equal(answer.status, 422, JSON.stringify(json))
      assert.equal(answer.body.errors[0].path, field)
    }
    assert.deepEqual(await texts(ada, id), [])
  })

  it('sends once with one Idempotency-Key, however often it is repeated at once', async () => {
    const { id } = await group(ada, [ben])
    const json = { conversationId: id, content: 'Once' }
    const headers = { 'idempotency-key': `once-${id}` }
    const call = () => ashlar.call('POST', `${API}/send`, { token: ada!.token, json, headers })
    const answers = await Promise.all([call(), call(), call()])
    const again = await call()
    assert.equal(again.status, 201)
    for (const { status, body } of answers) assert.ok(status === 409 || body.id === again.body.id)
    assert.deepEqual(await texts(ben, id), ['Once'])
  })

  it('audits each write without what was said', async () => {
    const { id } = await group(ada, [ben])
    const { id: messageId } = await send(ada, { conversationId: id, content: 'A secret of stones' })
    await as(ada, 'PATCH', `/conversations/${id}/messages/${messageId}`, { content: 'Another secret of stones' })
    await as(ben, 'PUT', `/conversations/${id}/read`, {})
    await as(ada, 'DELETE', `/conversations/${id}/messages/${messageId}`)
    await as(ada, 'PATCH', `/conversations/${id}`, { name: 'Pit' })
    await as(ben, 'DELETE', `/conversations/${id}`)
    const rows = await ashlar.rows<{ action: string }>(
      'SELECT action, changes FROM audit_logs WHERE "targetId" = $1 ORDER BY seq',
      [id],
    )
    assert.deepEqual(
      rows.map(({ action }) => action),
      [
        'conversations.create',
        'messages.send',
        'messages.edit',
        'messages.read',
        'messages.delete',
        'conversations.edit',
        'conversations.leave',
      ],
    )
    assert.doesNotMatch(JSON.stringify(rows), /secret of stones/)
    const events = await ashlar.rows('SELECT payload FROM events WHERE "aggregateId" = $1', [id])
    assert.doesNotMatch(JSON.stringify(events), /secret of stones/)
  })

  it('asks for messages:view to read and messages:send to write', async () => {
    const admin = await ashlar.admin()
    const { id } = await group(ada, [ben])
    const role = await ashlar.call('POST', '/api/v1/roles', {
      token: admin.token,
      json: { name: 'listener', permissions: ['messages:view'] },
    })
    await ashlar.call('PATCH', `/api/v1/users/${ben!.id}`, { token: admin.token, json: { roleIds: [role.body.id] } })
    assert.equal((await as(ben, 'GET', `/conversations/${id}`)).status, 200)
    assert.equal((await as(ben, 'POST', '/send', { conversationId: id, content: 'x' })).status, 403)
    assert.equal((await as(ben, 'DELETE', `/conversations/${id}/members/${ada!.id}`)).status, 403)
    assert.equal((await as(ben, 'DELETE', `/conversations/${id}`)).status, 200)
    assert.equal((await ashlar.call('GET', `${API}/conversations`)).status, 401)
  })
})
