// Many at once: a thousand messages into one conversation, and readers and leavers among them.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const API = '/api/v1/messages'
const SENDERS = 10
const EACH = 100
/** For a busy machine. */
const PATIENCE_MS = 240_000

describe('a crowd in one conversation', () => {
  let ashlar: TestApp
  let second: TestApp
  let people: Person[]
  before(async () => {
    ashlar = await startApp()
    // Two processes: the order is the database's, and no process's.
    second = await startApp({ database: ashlar.database })
    people = []
    for (let at = 0; at <= SENDERS; at++) people.push(await ashlar.person(`Sender ${at}`))
  })
  after(async () => {
    await second.stop()
    await ashlar.stop()
  })

  const call = (process: TestApp, person: Person, method: string, path: string, json?: unknown) =>
    process.call(method, API + path, { token: person.token, ...(json !== undefined && { json }) })

  /** Tries again where no answer came in time, as clients do: by the key it is the same message. */
  async function sendPatiently(process: TestApp, person: Person, json: object) {
    const options = { token: person.token, json, headers: { 'idempotency-key': unique('crowd') } }
    for (const end = performance.now() + PATIENCE_MS; ; await sleep(500))
      try {
        const answer = await process.call('POST', `${API}/send`, options)
        if (![409, 503].includes(answer.status) || performance.now() > end) return answer
      } catch (error) {
        if ((error as Error).name !== 'TimeoutError' || performance.now() > end) throw error
      }
  }

  async function allOf(person: Person, id: string) {
    const all: { number: number; content: string; createdAt: string }[] = []
    for (let cursor = ''; ; ) {
      const { data, meta } = (await call(ashlar, person, 'GET', `/conversations/${id}?limit=100${cursor}`)).body
      all.unshift(...data)
      if (!meta.nextCursor) return all
      cursor = `&cursor=${meta.nextCursor}`
    }
  }

  it('MSG-8 loses none of 1,000 messages at once: numbers without gaps, times in their order, unread counts exact', async (test) => {
    const [reader, ...senders] = people as [Person, ...Person[]]
    const memberIds = senders.map(({ id }) => id)
    const { id } = (await call(ashlar, reader, 'POST', '/conversations', { name: 'Crowd', memberIds })).body
    const sent = senders.flatMap((person, who) =>
      Array.from({ length: EACH }, (_, at) => ({ person, content: `${who}-${at}`, process: at % 2 ? ashlar : second })),
    )
    const began = performance.now()
    const answers = await Promise.all(
      sent.map(({ process, person, content }) => sendPatiently(process, person, { conversationId: id, content })),
    )
    test.diagnostic(`${answers.length} messages in ${Math.round(performance.now() - began)} ms`)
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201])
    const total = SENDERS * EACH
    const all = await allOf(reader, id)
    assert.deepEqual(
      all.map(({ number }) => number),
      Array.from({ length: total }, (_, at) => at + 1),
    )
    assert.equal(new Set(all.map(({ content }) => content)).size, total)
    const times = all.map(({ createdAt }) => createdAt)
    assert.deepEqual(times, [...times].sort())
    for (const { body } of answers) assert.equal(all[body.number - 1]!.content, body.content)
    for (const person of people) {
      const { conversation } = (await call(ashlar, person, 'GET', `/conversations/${id}?limit=1`)).body
      assert.equal(conversation.unreadCount, person === reader ? total : total - EACH)
    }
    const stored = await ashlar.rows<{ userId: string; unreadCount: number }>(
      'SELECT "userId", "unreadCount" FROM conversation_participants WHERE "conversationId" = $1 AND "userId" = $2',
      [id, reader.id],
    )
    assert.equal(stored[0]!.unreadCount, total)
  })

  it('MSG-8 counts exactly while people read, delete and leave among the senders', async () => {
    const [reader, ...senders] = people as [Person, ...Person[]]
    const memberIds = senders.map(({ id }) => id)
    const { id } = (await call(ashlar, reader, 'POST', '/conversations', { name: 'Coming and going', memberIds })).body
    const work = senders.flatMap((person, who) =>
      Array.from({ length: 20 }, async (_, at) => {
        const process = at % 2 ? ashlar : second
        const answer = await call(process, person, 'POST', '/send', { conversationId: id, content: `${who}-${at}` })
        if (answer.status !== 201) return
        if (at % 5 === 0) await call(process, person, 'DELETE', `/conversations/${id}/messages/${answer.body.id}`)
        if (at % 3 === 0) await call(process, reader, 'PUT', `/conversations/${id}/read`, { messageId: answer.body.id })
        if (who === 9 && at === 10) await call(process, person, 'DELETE', `/conversations/${id}`)
      }),
    )
    await Promise.all(work)
    for (const person of people.slice(0, SENDERS)) {
      const shown = (await call(ashlar, person, 'GET', `/conversations/${id}?limit=1`)).body.conversation
      const mine = shown.members.find((member: { id: string }) => member.id === person.id)
      const [counted] = await ashlar.rows<{ unread: number }>(
        `SELECT count(*)::int AS unread FROM messages
         WHERE "conversationId" = $1 AND number > $2 AND "senderId" <> $3 AND "deletedAt" IS NULL`,
        [id, mine.readNumber, person.id],
      )
      assert.equal(shown.unreadCount, counted!.unread)
    }
    const numbers = await ashlar.rows<{ number: number }>(
      'SELECT number FROM messages WHERE "conversationId" = $1 ORDER BY number',
      [id],
    )
    assert.deepEqual(
      numbers.map(({ number }) => number),
      numbers.map((_, at) => at + 1),
    )
  })
})
