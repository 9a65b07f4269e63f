// The same tables with another back end beside us: it writes its own ids and columns, and no tenant.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'

describe('conversations that another back end writes too', () => {
  let ashlar: TestApp
  let [ada, ben]: Person[] = []
  before(async () => {
    ashlar = await startApp()
    ;[ada, ben] = await Promise.all(['Ada Stone', 'Ben Slab'].map((name) => ashlar.person(name)))
  })
  after(() => ashlar.stop())

  const as = (person: Person | undefined, method: string, path: string, json?: unknown) =>
    ashlar.call(method, `/api/messages${path}`, { token: person!.token, ...(json !== undefined && { json }) })

  const begin = async (id: string, isGroup: boolean, name: string | null) => {
    await ashlar.rows('INSERT INTO conversations (id, name, "isGroup", "updatedAt") VALUES ($1, $2, $3, now())', [
      id,
      name,
      isGroup,
    ])
    for (const [person, role] of [
      [ada, 'owner'],
      [ben, 'member'],
    ] as const)
      await ashlar.rows(
        'INSERT INTO conversation_participants ("conversationId", "userId", role) VALUES ($1, $2, $3)',
        [id, person!.id, role],
      )
  }
  const write = async (id: string, conversationId: string, sender: Person | undefined, content: string) => {
    await ashlar.rows(
      `INSERT INTO messages (id, "conversationId", "senderId", type, content) VALUES ($1, $2, $3, 'text', $4)`,
      [id, conversationId, sender!.id, content],
    )
    await ashlar.rows(
      'UPDATE conversation_participants SET "unreadCount" = "unreadCount" + 1 WHERE "conversationId" = $1 AND "userId" <> $2',
      [conversationId, sender!.id],
    )
  }
  const stored = async (conversationId: string, person: Person | undefined) =>
    (
      await ashlar.rows<{ unreadCount: number; lastReadAt: Date | null }>(
        'SELECT "unreadCount", "lastReadAt" FROM conversation_participants WHERE "conversationId" = $1 AND "userId" = $2',
        [conversationId, person!.id],
      )
    )[0]!
  const unread = async (person: Person | undefined, id: string) =>
    (await as(person, 'GET', '/conversations')).body.find((one: { id: string }) => one.id === id).unreadCount

  it('numbers its messages among ours, and counts both as unread on both sides', async () => {
    await begin('other-1', true, 'Theirs')
    await write('m-1', 'other-1', ada, 'from there')
    assert.equal(await unread(ben, 'other-1'), 1)
    assert.equal((await as(ada, 'POST', '/send', { conversationId: 'other-1', content: 'from here' })).status, 201)
    await write('m-2', 'other-1', ada, 'from there again')
    assert.equal(await unread(ben, 'other-1'), 3)
    assert.equal(await unread(ada, 'other-1'), 0)
    assert.equal((await stored('other-1', ben)).unreadCount, 3)
    const { body } = await as(ben, 'GET', '/other-1')
    assert.deepEqual(
      body.map(({ number, content }: { number: number; content: string }) => [number, content]),
      [
        [1, 'from there'],
        [2, 'from here'],
        [3, 'from there again'],
      ],
    )
  })

  it('takes what was read there as read here, and tells there what was read here', async () => {
    await begin('other-2', true, 'Read')
    await write('r-1', 'other-2', ada, 'one')
    await write('r-2', 'other-2', ada, 'two')
    await ashlar.rows(
      `UPDATE conversation_participants SET "unreadCount" = 0, "lastReadAt" = now() WHERE "conversationId" = 'other-2' AND "userId" = $1`,
      [ben!.id],
    )
    assert.equal(await unread(ben, 'other-2'), 0)
    await write('r-3', 'other-2', ada, 'three')
    assert.equal(await unread(ben, 'other-2'), 1)
    assert.equal((await as(ben, 'PUT', '/other-2/read')).status, 200)
    const row = await stored('other-2', ben)
    assert.equal(row.unreadCount, 0)
    assert.ok(row.lastReadAt)
    await ashlar.rows(`DELETE FROM messages WHERE id = 'r-3'`)
    await write('r-4', 'other-2', ada, 'four')
    await write('r-5', 'other-2', ada, 'five')
    await ashlar.rows(`DELETE FROM messages WHERE id = 'r-4'`)
    assert.equal(await unread(ben, 'other-2'), 1)
  })

  it('goes on in the private conversation that it began, and begins no second one', async () => {
    await begin('other-3', false, null)
    await write('p-1', 'other-3', ben, 'hello')
    const sent = await as(ada, 'POST', '/send', { recipientId: ben!.id, content: 'hello yourself' })
    assert.equal(sent.body.conversationId, 'other-3')
    const shown = (await as(ada, 'GET', '/conversations')).body.find((one: { id: string }) => one.id === 'other-3')
    assert.deepEqual(
      [shown.name, shown.type, shown.lastMessage, shown.online],
      ['Ben Slab', 'private', 'hello yourself', false],
    )
    const twin = await as(ben, 'POST', '/send', { recipientId: ada!.id, content: 'and again' })
    assert.equal(twin.body.conversationId, 'other-3')
  })

  it('answers the front ends’ shapes: bare lists, texts that are never null, own messages under the name that they know', async () => {
    const { body: sent } = await as(ada, 'POST', '/send', { recipientId: ben!.id, content: 'shape' })
    assert.deepEqual([sent.sender.id, sent.sender.userId, sent.isRead], ['current-user', ada!.id, false])
    const messages = (await as(ben, 'GET', `/conversations/${sent.conversationId}`)).body
    assert.ok(Array.isArray(messages))
    assert.equal(messages.at(-1).sender.id, ada!.id)
    assert.equal(messages.at(-1).created_at, messages.at(-1).createdAt)
    for (const one of (await as(ben, 'GET', '/conversations')).body) {
      for (const key of ['name', 'lastMessage', 'lastMessageTime', 'avatar'])
        assert.equal(typeof one[key], 'string', key)
      assert.deepEqual(one.participants, one.members)
    }
    assert.equal((await as(ben, 'PUT', `/${sent.conversationId}/read`)).body.success, true)
    const left = await as(ben, 'DELETE', `/${sent.conversationId}`)
    assert.deepEqual([left.status, left.body.id, left.body.code], [200, sent.conversationId, 200])
  })
})
