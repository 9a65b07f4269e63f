// Every path on which HaloLight's front end asks about what people work with, as it asks, and what it reads.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { notified } from '../src/modules/product/notifications/notifications.fixture.ts'
import { actionOf, DATES, type FrontEnd, frontEnd, META, type Shape, startDemo } from './halolight.ts'
import type { TestApp } from './harness.ts'

const PERSON = { id: 'string', name: 'string' }
const DOCUMENT = {
  ...{ id: 'string', name: 'string', title: 'string', type: 'string', size: 'number', folder: 'string?' },
  ...{ author: { ...PERSON, avatar: 'string?' }, shared: 'boolean', tags: 'list', views: 'number', ...DATES },
}
const WHOLE_DOCUMENT = { ...DOCUMENT, content: 'string', collaborators: 'list' }
const FILE = {
  ...{ id: 'string', name: 'string', type: 'string', size: 'number', items: 'number?', path: 'string' },
  ...{ mimeType: 'string', thumbnail: 'string?', isFavorite: 'boolean', folderId: 'string?', ...DATES },
}
const FOLDER = { id: 'string', name: 'string', parentId: 'string?', owner: PERSON, ...DATES }
const EVENT = {
  ...{ id: 'string', title: 'string', description: 'string?', start: 'date', end: 'date', type: 'string' },
  ...{ color: 'string?', allDay: 'boolean', location: 'string?', attendees: 'list', reminders: 'list', ...DATES },
  ...{ startTime: 'date', endTime: 'date', isAllDay: 'boolean', organizer: PERSON },
}
const ATTENDEE = { id: 'string', name: 'string', avatar: 'string', status: 'string' }
const GONE: Shape = { message: 'string', id: 'string', code: 'number', data: { id: 'string' } }
const BATCH: Shape = { message: 'string', deleted_count: 'number', deleted: 'number', code: 'number', data: 'object' }
const NONE: Shape = { message: 'string', detail: 'string' }

/** What a write answers: the thing itself for those who read it plainly, and the same as `data` for the server actions. */
const written = (shape: Record<string, Shape>): Shape => ({ ...shape, ...(actionOf(shape) as object) })

describe('what HaloLight’s front end sends and reads of content', () => {
  let ashlar: TestApp
  let admin: FrontEnd
  let demo: FrontEnd
  before(async () => {
    ashlar = await startDemo()
    ;[admin, demo] = await Promise.all([frontEnd(ashlar, 'admin'), frontEnd(ashlar, 'demo')])
  })
  after(() => ashlar.stop())

  it('lists and writes documents, by both names of their titles', async () => {
    const list = { data: [DOCUMENT], meta: META }
    const all = await admin.read('GET', '/documents?page=1&limit=10&type=all&folder=all&search=', list)
    assert.deepEqual([all.data.length, all.meta.total], [10, 30])
    for (const one of (await admin.read('GET', '/documents?folder=报表&pageSize=5&keyword=', list)).data)
      assert.equal(one.folder, '报表')
    const form = { name: '方案', type: 'pdf', folder: '项目文档', tags: ['重要'], shared: false }
    const made = await demo.read('POST', '/documents', written(WHOLE_DOCUMENT), form)
    assert.deepEqual(
      [made.name, made.title, made.type, made.folder, made.tags, made.code],
      ['方案', '方案', 'pdf', '项目文档', ['重要'], 200],
    )
    const path = `/documents/${made.id}`
    assert.ok(!('code' in (await demo.read('GET', path, WHOLE_DOCUMENT))), 'what is read is not wrapped')
    // Whole, as it was read.
    const put = await demo.read('PUT', path, written(WHOLE_DOCUMENT), {
      ...made,
      name: '方案二',
      title: undefined,
      content: '正文',
    })
    assert.deepEqual([put.title, put.content], ['方案二', '正文'])
    for (const [key, title] of Object.entries({ name: '甲', title: '乙' }))
      assert.equal((await demo.read('PATCH', `${path}/rename`, written(WHOLE_DOCUMENT), { [key]: title })).name, title)
    const post = (verb: string, json?: unknown) =>
      demo.read('POST', `${path}/${verb}`, written(WHOLE_DOCUMENT), json, 200)
    assert.equal((await post('move', { folder: '设计资源' })).folder, '设计资源')
    assert.deepEqual((await post('tags', { tags: ['a', 'b'] })).tags, ['a', 'b'])
    assert.deepEqual((await post('share', { userIds: [admin.id], permission: 'edit' })).collaborators[0].id, admin.id)
    assert.equal((await post('unshare')).shared, false)
    assert.equal((await post('share', { userIds: [admin.id], public: true })).shared, true)
    assert.equal((await post('unshare', { userIds: [admin.id] })).shared, false)
    // There is nobody in it to share it with, and it says so in words.
    await demo.read('POST', `${path}/share`, { message: 'string', detail: 'list' }, {}, 422)
    await demo.read('DELETE', path, NONE, undefined, 403)
    await admin.read('POST', '/documents/batch-delete', BATCH, { ids: [made.id] }, 200)
    const other = await admin.read('POST', '/documents', written(WHOLE_DOCUMENT), {
      title: '短',
      content: '',
      folderId: '',
    })
    await admin.read('DELETE', `/documents/${other.id}`, GONE)
    await admin.read('GET', `/documents/${other.id}`, NONE, undefined, 404)
  })

  it('uploads, lists and keeps files, with the folders of the place before them', async () => {
    const upload = await ashlar.call('POST', '/api/auth/login', {
      json: { email: 'demo@halolight.h7ml.cn', password: '123456' },
    })
    const file = { bytes: Buffer.from('石'.repeat(10)), type: 'text/plain', name: '记录.txt' }
    const sent = await ashlar.call('POST', '/api/files/upload', {
      token: upload.body.accessToken,
      multipart: { file, path: '/' },
    })
    assert.equal(sent.status, 201, sent.text)
    const path = `/files/${sent.body.id}`
    assert.ok(!('code' in (await demo.read('GET', path, FILE))))
    const folder = await demo.read('POST', '/files/folder', written(FILE), { name: '采石场', path: '/' })
    const inner = await demo.read('POST', '/files/folder', written(FILE), { name: '东', parentPath: '/采石场' })
    assert.deepEqual([folder.type, folder.path, folder.items, inner.path], ['folder', '/采石场', 0, '/采石场/东'])
    const move = (json: object) => demo.read('POST', `${path}/move`, written(FILE), json, 200)
    assert.deepEqual(
      [(await move({ targetPath: '/采石场' })).folderId, (await move({ targetPath: '/' })).folderId],
      [folder.id, null],
    )
    const copy = await demo.read('POST', `${path}/copy`, written(FILE), { targetPath: inner.path })
    assert.equal(copy.path, '/采石场/东/记录.txt')
    const list = { data: [FILE], meta: META }
    const root = await demo.read('GET', '/files?path=/&page=1&limit=100&type=all&search=', list)
    const [first] = root.data
    assert.deepEqual([first.name, first.items, first.type], ['采石场', 1, 'folder'])
    assert.deepEqual(
      (await demo.read('GET', `/files?path=${encodeURIComponent(inner.path)}`, list)).data.map(
        (one: { id: string }) => one.id,
      ),
      [copy.id],
    )
    const kinds = {
      images: 'number',
      videos: 'number',
      audio: 'number',
      documents: 'number',
      archives: 'number',
      others: 'number',
    }
    for (const place of ['storage', 'storage-info'])
      assert.equal(
        (await demo.read('GET', `/files/${place}`, { used: 'number', total: 'number', breakdown: kinds })).breakdown
          .documents,
        60,
      )
    const link = await demo.read('GET', `${path}/download-url`, { url: 'string', expiresAt: 'date' })
    assert.equal(await (await fetch(new URL(link.url, ashlar.url))).text(), '石'.repeat(10))
    assert.equal((await demo.read('PATCH', `${path}/rename`, written(FILE), { name: '笔记.txt' })).name, '笔记.txt')
    assert.equal(
      (await demo.read('PATCH', `/files/${inner.id}/rename`, written(FILE), { name: '西' })).path,
      '/采石场/西',
    )
    for (const [json, isFavorite] of [
      [{ favorite: true }, true],
      [undefined, false],
      [undefined, true],
    ] as const)
      assert.equal((await demo.read('PATCH', `${path}/favorite`, written(FILE), json)).isFavorite, isFavorite)
    await sharesAFile(path)
    await admin.read('POST', '/files/batch-delete', BATCH, { ids: [copy.id] }, 200)
    await admin.read('DELETE', `/files/${folder.id}`, GONE)
    await admin.read('DELETE', path, GONE)
  })

  async function sharesAFile(path: string) {
    const share = {
      ...{ id: 'string', shareUrl: 'string', permission: 'string', expiresAt: 'date?', createdAt: 'date' },
      ...{ accessCount: 'number', maxAccessCount: 'number?', isRevoked: 'boolean' },
    }
    const made = (json: object) => demo.read('POST', `${path}/share`, written(share), json)
    const link = await made({ expiresIn: 24, password: 'granite' })
    assert.ok(Math.abs(Date.parse(link.expiresAt) - Date.now() - 86_400_000) < 60_000, 'hours')
    assert.equal((await ashlar.call('GET', new URL(link.shareUrl).pathname)).status, 200)
    await made({ public: true })
    await made({})
    await made({ userIds: [admin.id] })
    const named = await made({ userId: admin.id, permission: 'VIEW', expiresInDays: 2 })
    const listed = await demo.read('GET', `${path}/shares`, [{ ...share, shareUrl: 'string?' }])
    assert.equal(listed.length, 4)
    await demo.read(
      'POST',
      `${path}/revoke-share`,
      { message: 'string', shareId: 'string' },
      { shareId: named.id },
      200,
    )
    await demo.read('GET', `${path}/access-logs?page=1`, { data: 'list', meta: META })
  }

  it('keeps folders by themselves', async () => {
    const made = await demo.read('POST', '/folders', written(FOLDER), { name: '资料', parentId: '' })
    const inner = await demo.read('POST', '/folders', written(FOLDER), { name: '旧', parentId: made.id })
    await demo.read('GET', '/folders?parentId=', [FOLDER])
    assert.equal((await demo.read('GET', `/folders?parentId=${made.id}`, [FOLDER]))[0].id, inner.id)
    await demo.read('GET', '/folders/tree', [{ id: 'string', name: 'string', children: 'list' }])
    await demo.read('GET', `/folders/${made.id}`, FOLDER)
    const moved = await demo.read('PATCH', `/folders/${inner.id}`, written(FOLDER), { name: '新', parentId: null })
    assert.deepEqual([moved.name, moved.parentId], ['新', null])
    await demo.read('POST', '/folders', NONE, { name: '资料' }, 409)
    await admin.read('DELETE', `/folders/${made.id}`, GONE)
  })

  it('keeps a calendar', async () => {
    const [start, end] = ['2030-05-01T09:00:00.000Z', '2030-05-01T10:00:00.000Z']
    const form = {
      title: '周会',
      start,
      end,
      type: 'meeting',
      location: '',
      description: '',
      attendees: [admin.id],
      allDay: false,
    }
    const shape = written({ ...EVENT, attendees: [ATTENDEE] })
    const made = await demo.read('POST', '/calendar/events', shape, form)
    assert.deepEqual([made.start, made.attendees[0].status, made.data.id], [start, 'pending', made.id])
    await demo.read('GET', '/calendar/events', [EVENT])
    assert.equal((await demo.read('GET', '/calendar/events?start=2030-05-01&end=2030-05-02', [EVENT]))[0].id, made.id)
    assert.deepEqual(
      await demo.read('GET', '/calendar/events?startDate=2031-05-01&endDate=2031-05-02&type=all', 'list'),
      [],
    )
    const path = `/calendar/events/${made.id}`
    await demo.read('GET', path, EVENT)
    // As it was read, with what it shows of reminders and people.
    const reminders = ['2030-05-01T08:30:00.000Z']
    const put = await demo.read('PUT', path, shape, { ...made, title: '例会', reminders })
    assert.deepEqual([put.title, put.reminders, put.attendees.length], ['例会', reminders, 1])
    const times = { start: '2030-06-01T09:00:00.000Z', end: '2030-06-01T10:00:00.000Z' }
    const later = await demo.read('PATCH', `${path}/reschedule`, shape, times)
    assert.deepEqual([later.start, later.reminders], [times.start, ['2030-06-01T08:30:00.000Z']])
    const manager = await frontEnd(ashlar, 'manager')
    const invited = await demo.read('POST', `${path}/attendees`, shape, { attendeeIds: [manager.id] }, 200)
    assert.equal(invited.attendees.length, 2)
    await demo.read('DELETE', `${path}/attendees/${manager.id}`, { message: 'string', code: 'number', data: 'object' })
    await demo.read('POST', '/calendar/events/batch-delete', BATCH, { ids: [made.id] }, 200)
    const other = await demo.read('POST', '/calendar/events', written(EVENT), { ...form, attendees: [] })
    await demo.read('DELETE', `/calendar/events/${other.id}`, GONE)
    await demo.read('GET', `/calendar/events/${other.id}`, NONE, undefined, 404)
  })

  it('tells what there is to know, and forgets it', async () => {
    const notice = {
      ...{ id: 'string', type: 'string', title: 'string', content: 'string', read: 'boolean', time: 'string' },
      ...{ createdAt: 'date', created_at: 'date', message: 'string', isRead: 'boolean', link: 'string?' },
    }
    await notified(() => ashlar).settled()
    const list = await admin.read('GET', '/notifications', [notice])
    const unread = list.filter((one: { read: boolean }) => !one.read)
    assert.equal((await admin.read('GET', '/notifications/unread-count', { count: 'number' })).count, unread.length)
    await admin.read('PUT', `/notifications/${list[0].id}/read`, { success: 'boolean', id: 'string' })
    await admin.read('PUT', '/notifications/read-all', { success: 'boolean', message: 'string' })
    assert.equal((await admin.read('GET', '/notifications/unread-count', { count: 'number' })).count, 0)
    await admin.read('DELETE', `/notifications/${list[0].id}`, GONE)
    await demo.read('DELETE', `/notifications/${list[0].id}`, NONE, undefined, 404)
  })

  it('talks, under both of its addresses', async () => {
    const conversation = {
      ...{ id: 'string', type: 'string', name: 'string', avatar: 'string', lastMessage: 'string' },
      ...{ lastMessageTime: 'date', unreadCount: 'number', online: 'boolean', ...DATES },
      members: [{ ...PERSON, avatar: 'string?' }],
    }
    const message = {
      ...{ id: 'string', conversationId: 'string', type: 'string', content: 'string', read: 'boolean' },
      ...{ sender: { ...PERSON, avatar: 'string?' }, createdAt: 'date', created_at: 'date', isRead: 'boolean' },
    }
    const [first] = await admin.read('GET', '/messages/conversations', [conversation])
    await admin.read('GET', '/messages?page=1&limit=5', [conversation])
    await admin.read('GET', '/messages/unread-count', { count: 'number' })
    const body = { conversationId: first.id, content: '收到', type: 'text' }
    assert.equal((await admin.read('POST', '/messages/send', message, body)).sender.id, 'current-user')
    for (const path of [`/messages/${first.id}`, `/messages/conversations/${first.id}`]) {
      const said = await admin.read('GET', path, [message])
      assert.equal(said.at(-1).content, '收到')
      await admin.read('PUT', `${path}/read`, { success: 'boolean', conversationId: 'string', message: 'string' })
    }
    const started = await admin.read('POST', '/messages/send', message, { recipientId: demo.id, content: '你好' })
    const seen = await demo.read('GET', `/messages/${started.conversationId}`, [message])
    assert.equal(seen.at(-1).sender.id, admin.id)
    await admin.read('DELETE', `/messages/${first.id}`, GONE)
    await admin.read('GET', `/messages/${first.id}`, NONE, undefined, 404)
  })
})
