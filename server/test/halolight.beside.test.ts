// What HaloLight's other back end writes while we run, as it shows up here; and what we write, as its client reads it.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { migrateUp } from '../src/drivers/database/migrations.ts'
import { createHaloLightDatabase, type TestDatabase, withClient } from './database.ts'
import { type Answer, type Person, startApp, type TestApp } from './harness.ts'
import { connectPrisma, cuid, type Prisma, timestamp } from './prisma.ts'

/** Longer than an index takes, and not to be compressed. */
const LONG = Array.from({ length: 200 }, () => crypto.randomUUID()).join(' ')

describe('rows of HaloLight’s other back end beside ours', () => {
  let database: TestDatabase
  let ashlar: TestApp
  let prisma: Prisma
  let [admin, demo]: Person[] = []
  before(async () => {
    database = await createHaloLightDatabase({ forced: false })
    await withClient(database.url, (client) =>
      client.query(
        `INSERT INTO documents (id, title, content, folder, type, size, "ownerId", "updatedAt")
         SELECT 'long', $1, '', '', $1, 0, id, now() FROM users WHERE username = 'admin'`,
        [LONG],
      ),
    )
    await withClient(database.url, (client) => migrateUp(client, database.options))
    ashlar = await startApp({ database, env: { DATABASE_SHARED: 'true' }, jobs: true })
    prisma = await connectPrisma(database.url)
    ;[admin, demo] = await Promise.all(['admin', 'demo'].map((name) => ashlar.login(name, '123456')))
  })
  after(async () => {
    await prisma?.end()
    await ashlar?.stop()
    await database?.drop()
  })

  const as = (who: Person | undefined, method: string, path: string, json?: unknown): Promise<Answer> =>
    ashlar.call(method, `/api/v1${path}`, { token: who!.token, ...(json !== undefined && { json }) })
  const ok = async (...call: Parameters<typeof as>) => {
    const { status, body, text } = await as(...call)
    assert.ok(status < 300, `${call[1]} ${call[2]}: ${status} ${text}`)
    return body
  }
  const total = async (path: string) => (await ok(admin, 'GET', path)).meta.total as number

  it('people it registers are members here, can be found, counted, given roles, and sign in', async () => {
    const before = await total('/users')
    const [{ password }] = (await prisma.find('users', { username: 'demo' })) as [{ password: string }]
    let id = ''
    await prisma.transaction(async () => {
      const made = await prisma.create('users', {
        email: 'nest@example.com',
        username: 'nest',
        name: '新同事',
        password,
      })
      id = String(made.id)
      await prisma.create('refresh_tokens', {
        userId: id,
        token: `e30.${cuid()}`,
        expiresAt: timestamp(Date.now() + 1e9),
      })
    })
    assert.equal(await total('/users'), before + 1)
    assert.deepEqual((await ok(admin, 'GET', '/users?search=新同事')).data[0].id, id)
    assert.equal((await ok(admin, 'GET', `/users?status=ACTIVE&limit=1`)).data[0].id, id, 'the newest')
    const person = await ashlar.login('nest@example.com', '123456')
    assert.deepEqual((await ok(person, 'GET', '/auth/me')).roles, [])
    await ok(admin, 'PATCH', `/users/${id}`, { roleId: (await prisma.find('roles', { name: 'editor' }))[0]!.id })
    assert.equal(await prisma.count('user_roles', { userId: id }), 1)
    await ok(person, 'GET', '/documents')
    await prisma.update('users', id, { lastLoginAt: timestamp(), department: '石材部' })
    assert.equal((await ok(admin, 'GET', `/users/${id}`)).department, '石材部')
    await prisma.remove('users', { id })
    assert.equal((await as(admin, 'GET', `/users/${id}`)).status, 404)
    assert.equal(await total('/users'), before)
  })

  it('roles and permissions it makes can be read, given and changed', async () => {
    const permission = await prisma.create('permissions', {
      action: 'quarry:dig',
      resource: 'quarry',
      description: 'Dig',
    })
    const role = await prisma.create('roles', { name: 'digger', label: '采石工' })
    await prisma.create('role_permissions', { roleId: role.id, permissionId: permission.id })
    const shown = await ok(admin, 'GET', `/roles/${role.id}`)
    assert.deepEqual([shown.label, shown.permissions, shown.builtIn], ['采石工', ['quarry:dig'], false])
    assert.ok(
      (await ok(admin, 'GET', '/permissions?search=quarry')).data.some(
        (one: { id: string }) => one.id === permission.id,
      ),
    )
    await prisma.create('user_roles', { userId: demo!.id, roleId: role.id })
    assert.equal((await ok(admin, 'GET', `/roles/${role.id}`)).userCount, 1)
    await ok(admin, 'PATCH', `/roles/${role.id}`, { label: '石匠' })
    assert.equal((await prisma.find('roles', { id: role.id }))[0]!.label, '石匠')
    await prisma.remove('roles', { id: role.id })
    assert.equal((await as(admin, 'GET', `/roles/${role.id}`)).status, 404)
  })

  it('teams it makes have their people, and open what is theirs', async () => {
    const team = await prisma.create('teams', { name: '砌墙队', ownerId: admin!.id })
    await prisma.create('team_members', { teamId: team.id, userId: demo!.id })
    const shown = await ok(admin, 'GET', `/teams/${team.id}`)
    assert.deepEqual([shown.name, shown.role, shown.members.length], ['砌墙队', 'owner', 2])
    const document = await prisma.create('documents', {
      title: '队里的',
      content: '',
      type: 'pdf',
      ownerId: admin!.id,
      teamId: team.id,
    })
    await ok(demo, 'GET', `/documents/${document.id}`)
    await prisma.remove('team_members', { teamId: team.id, userId: demo!.id })
    assert.equal((await as(demo, 'GET', `/documents/${document.id}`)).status, 404)
    await prisma.remove('teams', { id: team.id })
    assert.equal((await ok(admin, 'GET', `/documents/${document.id}`)).teamId, null)
  })

  it('titles and types of any length are kept, its own from before and those that it writes now, and lists are sorted by them', async () => {
    const { id } = await prisma.create('documents', {
      title: `${LONG}!`,
      content: '',
      folder: '',
      type: LONG,
      ownerId: admin!.id,
      size: 0,
      views: 0,
    })
    const titles = (await ok(admin, 'GET', '/documents?sortBy=title&sortOrder=asc&limit=100')).data.map(
      (one: { title: string }) => one.title,
    )
    for (const title of [LONG, `${LONG}!`]) assert.ok(titles.includes(title))
    for (const one of [id, 'long']) await prisma.remove('documents', { id: one })
  })

  it('documents it writes are listed, counted, found by their words, tagged and shared', async () => {
    const before = await total('/documents')
    const data = {
      title: '玄武岩报告',
      content: '柱状节理',
      folder: '报表',
      type: 'doc',
      ownerId: admin!.id,
      size: 12,
      views: 3,
    }
    let id = ''
    await prisma.transaction(async () => {
      id = String((await prisma.create('documents', data)).id)
      const tag = await prisma.create('tags', { name: '岩石' })
      await prisma.create('document_tags', { documentId: id, tagId: tag.id })
      await prisma.create('document_shares', { documentId: id, sharedWithId: demo!.id, permission: 'COMMENT' })
    })
    assert.equal(await total('/documents'), before + 1)
    for (const words of ['玄武岩', '柱状', '节理'])
      assert.deepEqual(
        (await ok(admin, 'GET', `/documents?search=${words}`)).data.map((one: { id: string }) => one.id),
        [id],
      )
    const [listed] = (await ok(admin, 'GET', '/documents?tags=岩石&folder=报表&type=doc')).data
    assert.deepEqual([listed.id, listed.tags, listed.shared, listed.views], [id, ['岩石'], true, 3])
    const seen = await ok(demo, 'GET', `/documents/${id}`)
    assert.deepEqual([seen.access, seen.content], ['COMMENT', '柱状节理'])
    await prisma.update('documents', id, { content: '片麻岩', title: '改题' })
    assert.equal((await ok(admin, 'GET', '/documents?search=片麻岩')).data[0].title, '改题')
    assert.deepEqual((await ok(admin, 'GET', '/documents?search=柱状')).data, [])
    assert.ok((await ok(admin, 'GET', '/dashboard/products')).data.length > 0)
    await prisma.remove('document_shares', { documentId: id })
    assert.equal((await as(demo, 'GET', `/documents/${id}`)).status, 404)
    await prisma.remove('documents', { id })
    assert.equal(await total('/documents'), before)
    assert.deepEqual((await ok(admin, 'GET', '/documents?search=片麻岩')).data, [])
  })

  it('folders and files it keeps lie where it put them, with its favourites', async () => {
    const top = await prisma.create('folders', { name: '矿', path: '/mine', ownerId: demo!.id })
    const inner = await prisma.create('folders', {
      name: '井',
      path: '/mine/shaft',
      parentId: top.id,
      ownerId: demo!.id,
    })
    const file = await prisma.create('files', {
      ...{
        name: '图.png',
        path: '/mine/shaft/图.png',
        mimeType: 'image/png',
        size: 2048,
        folderId: inner.id,
        ownerId: demo!.id,
      },
      ...{ thumbnail: 'https://cdn.example/t.png', isFavorite: true },
    })
    const read = await ok(demo, 'GET', `/files/${file.id}`)
    assert.deepEqual([read.folderId, read.size, read.type, read.isFavorite], [inner.id, 2048, 'image', true])
    assert.deepEqual(
      (await ok(demo, 'GET', '/files?favorite=true')).data.map((one: { id: string }) => one.id),
      [file.id],
    )
    assert.equal((await ok(demo, 'GET', `/files?search=${encodeURIComponent('图.png')}`)).data[0].id, file.id)
    assert.equal((await ok(demo, 'GET', `/folders/${top.id}`)).contains.files, 1)
    await prisma.update('files', String(file.id), { isFavorite: false })
    assert.equal((await ok(demo, 'GET', `/files/${file.id}`)).isFavorite, false)
    await ok(demo, 'PATCH', `/files/${file.id}/favorite`, { favorite: true })
    assert.equal((await prisma.find('files', { id: file.id }))[0]!.isFavorite, true)
    await prisma.update('folders', String(inner.id), { parentId: null })
    assert.equal((await ok(demo, 'GET', `/folders/${top.id}`)).contains.files, 0)
    assert.deepEqual((await ok(demo, 'GET', `/folders/${inner.id}`)).ancestors, [])
    await prisma.remove('folders', { id: inner.id })
    assert.equal((await ok(demo, 'GET', `/files/${file.id}`)).folderId, null)
    const used = (await ok(demo, 'GET', '/files/storage')).used
    await prisma.remove('files', { id: file.id })
    assert.equal((await ok(demo, 'GET', '/files/storage')).used, used, 'its content took no room here')
    // A file of ours that it removes gives its room back.
    const multipart = { file: { bytes: Buffer.from('granite'), type: 'text/plain', name: 'g.txt' } }
    const ours = (await ashlar.call('POST', '/api/v1/files/upload', { token: demo!.token, multipart })).body
    assert.equal((await ok(demo, 'GET', '/files/storage')).used, used + 7)
    await prisma.remove('files', { id: ours.id })
    assert.equal((await ok(demo, 'GET', '/files/storage')).used, used)
  })

  it('events it plans are in the calendar of whoever it invites, and move along', async () => {
    const [start, end] = [Date.now() + 3_600_000, Date.now() + 7_200_000]
    const data = { title: '验收', startAt: timestamp(start), endAt: timestamp(end), type: 'task', ownerId: admin!.id }
    const event = await prisma.create('calendar_events', data)
    await prisma.create('event_attendees', { eventId: event.id, userId: demo!.id, status: 'ACCEPTED' })
    await prisma.create('event_reminders', { eventId: event.id, remindAt: timestamp(Date.now() + 60_000) })
    const window = `start=${new Date(start - 60_000).toISOString()}&end=${new Date(end + 60_000).toISOString()}`
    const [shown] = (await ok(demo, 'GET', `/calendar/events?${window}`)).data
    assert.deepEqual(
      [shown.id, shown.start, shown.attendees[0].status],
      [event.id, new Date(start).toISOString(), 'ACCEPTED'],
    )
    assert.equal(shown.timeZone, 'UTC')
    assert.equal((await ok(admin, 'GET', `/calendar/events/${event.id}`)).reminders.length, 1)
    const day = 86_400_000
    await prisma.update('calendar_events', String(event.id), {
      startAt: timestamp(start + day),
      endAt: timestamp(end + day),
    })
    assert.deepEqual((await ok(demo, 'GET', `/calendar/events?${window}`)).data, [])
    assert.equal((await ok(demo, 'GET', `/calendar/events/${event.id}`)).start, new Date(start + day).toISOString())
    await prisma.remove('event_attendees', { eventId: event.id, userId: demo!.id })
    assert.equal((await as(demo, 'GET', `/calendar/events/${event.id}`)).status, 404)
    await prisma.remove('calendar_events', { id: event.id })
    assert.equal((await as(admin, 'GET', `/calendar/events/${event.id}`)).status, 404)
  })

  it('what it says and tells is unread here until it is read on either side', async () => {
    const conversation = await prisma.create('conversations', { name: '工地', isGroup: true })
    const conversationId = conversation.id
    await prisma.create('conversation_participants', { conversationId, userId: admin!.id, role: 'owner' })
    await prisma.create('conversation_participants', { conversationId, userId: demo!.id })
    const say = (senderId: string, content: string) => prisma.create('messages', { conversationId, senderId, content })
    for (const content of ['一', '二', '三']) await say(admin!.id, content)
    const mine = async () =>
      (await ok(demo, 'GET', '/messages/conversations')).data.find((one: { id: string }) => one.id === conversationId)
    const first = await mine()
    assert.deepEqual([first.unreadCount, first.lastMessage.content, first.name], [3, '三', '工地'])
    await ok(demo, 'PUT', `/messages/conversations/${conversationId}/read`)
    assert.equal((await mine()).unreadCount, 0)
    await ok(demo, 'POST', '/messages/send', { conversationId, content: '四' })
    const [place] = await prisma.find('conversation_participants', { conversationId, userId: admin!.id })
    assert.equal(place!.unreadCount, 1, 'ours, and none of what they said themselves')
    assert.equal(await prisma.count('messages', { conversationId }), 4)

    const before = (await ok(demo, 'GET', '/notifications/unread-count')).count
    const notice = {
      userId: demo!.id,
      type: 'system',
      title: '通知',
      content: '内容',
      link: '/documents',
      payload: '{"a":1}',
    }
    const told = await prisma.create('notifications', notice)
    assert.equal((await ok(demo, 'GET', '/notifications/unread-count')).count, before + 1)
    const [listed] = (await ok(demo, 'GET', '/notifications')).data
    assert.deepEqual([listed.id, listed.title, listed.content, listed.link], [told.id, '通知', '内容', '/documents'])
    await prisma.update('notifications', String(told.id), { read: true, readAt: timestamp() })
    assert.equal((await ok(demo, 'GET', '/notifications/unread-count')).count, before)
  })

  it('what it logs is told on the dashboard', async () => {
    const log = {
      actorId: demo!.id,
      action: 'document.create',
      targetType: 'document',
      targetId: cuid(),
      metadata: '{}',
    }
    const { id } = await prisma.create('activity_logs', log)
    const [latest] = (await ok(admin, 'GET', '/dashboard/activities')).data
    assert.deepEqual([latest.id, latest.action, latest.user], [id, 'document.create', '演示用户'])
  })

  it('reads whatever we write: nothing is missing that it needs, and every word is one it knows', async () => {
    const person = await ashlar.person('Ada Stone')
    const role = await ok(admin, 'POST', '/roles', { name: 'carver', permissions: ['users:view', 'quarry:*'] })
    await ok(admin, 'PATCH', `/users/${person.id}`, { roleIds: [role.id] })
    await ok(admin, 'POST', '/permissions', { action: 'quarry:close' })
    const team = await ok(admin, 'POST', '/teams', { name: 'Carvers', memberIds: [demo!.id] })
    const folder = await ok(demo, 'POST', '/folders', { name: 'Slabs', teamId: null })
    const document = await ok(demo, 'POST', '/documents', { title: 'Plan', folderId: folder.id, tags: ['wall'] })
    await ok(demo, 'POST', `/documents/${document.id}/share`, {
      userIds: [admin!.id],
      teamIds: [team.id],
      permission: 'COMMENT',
    })
    const multipart = {
      file: { bytes: Buffer.from('granite'), type: 'text/plain', name: 'g.txt' },
      folderId: folder.id,
    }
    const file = (await ashlar.call('POST', '/api/v1/files/upload', { token: demo!.token, multipart })).body
    const event = await ok(demo, 'POST', '/calendar/events', {
      ...{ title: 'Weekly', start: '2030-05-06T09:00:00', end: '2030-05-06T10:00:00', timeZone: 'Europe/Paris' },
      ...{ recurrence: { rule: 'FREQ=WEEKLY;BYDAY=MO' }, reminders: [{ minutesBefore: 10 }], attendeeIds: [admin!.id] },
    })
    const sent = await ok(demo, 'POST', '/messages/send', {
      recipientId: admin!.id,
      content: 'hi',
      attachmentIds: [file.id],
    })
    for (
      let tries = 0;
      tries < 100 && (await prisma.count('notifications', { userId: admin!.id, type: 'message' })) === 0;
      tries++
    )
      await new Promise((wake) => setTimeout(wake, 50))
    assert.deepEqual(await prisma.unreadable(), [])

    const one = async (table: string, where: Record<string, unknown>) => {
      const [row, ...more] = await prisma.find(table, where)
      assert.ok(row && more.length === 0, `${table} ${JSON.stringify(where)}`)
      return row
    }
    const now = (value: unknown) => Math.abs(Date.parse(`${value}Z`) - Date.now()) < 60_000
    for (const [table, id] of [
      ['users', person.id],
      ['roles', role.id],
      ['teams', team.id],
      ['folders', folder.id],
    ] as const) {
      const row = await one(table, { id })
      assert.ok(now(row.createdAt) && now(row.updatedAt), `${table}: its times are in UTC`)
    }
    assert.equal((await one('folders', { id: folder.id })).path, '/Slabs')
    assert.equal((await one('documents', { id: document.id })).type, 'document')
    assert.equal(await prisma.count('document_shares', { documentId: document.id }), 2)
    assert.equal(await prisma.count('document_tags', { documentId: document.id }), 1)
    const stored = await one('files', { id: file.id })
    assert.deepEqual([stored.path, Number(stored.size), stored.mimeType], ['/Slabs/g.txt', 7, 'text/plain'])
    assert.equal((await one('calendar_events', { id: event.id })).startAt, '2030-05-06 07:00:00')
    assert.equal((await one('event_attendees', { eventId: event.id })).status, 'PENDING')
    assert.equal((await one('event_reminders', { eventId: event.id })).remindAt, '2030-05-06 06:50:00')
    assert.equal((await one('messages', { id: sent.id })).content, 'hi')
    assert.equal(await prisma.count('conversation_participants', { conversationId: sent.conversationId }), 2)
    const notice = (await prisma.find('notifications', { userId: admin!.id, type: 'message' }))[0]!
    assert.ok(String(notice.title).length > 0 && String(notice.content).length > 0)
  })

  it('whom it removes, with all that is theirs here, leaves nothing behind that anybody stumbles over', async () => {
    const owned = ['documents', 'files', 'folders', 'calendar_events'] as const
    for (const table of owned) assert.ok((await prisma.count(table, { ownerId: demo!.id })) > 0, table)
    assert.equal(await prisma.remove('users', { id: demo!.id }), 1)
    for (const table of owned) assert.equal(await prisma.count(table, { ownerId: demo!.id }), 0, table)
    for (const path of ['users', 'documents', 'files', 'folders', 'teams', 'messages/conversations', 'notifications'])
      assert.ok(
        !(await ok(admin, 'GET', `/${path}`)).data.some((one: { ownerId?: string }) => one.ownerId === demo!.id),
      )
    assert.equal(await total('/users'), await prisma.count('users'))
    assert.equal((await ok(admin, 'GET', '/dashboard/stats')).totalUsers, await prisma.count('users'))
    assert.deepEqual(await prisma.unreadable(), [])
  })
})
