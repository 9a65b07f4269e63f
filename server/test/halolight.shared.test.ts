// A database that HaloLight made and its other back end goes on writing: its old rows, its new ones, and ours as it reads them.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { verify as bcryptVerify } from '@node-rs/bcrypt'
import { ACTORS_CHANGED } from '../src/core/topics.ts'
import { migrateUp } from '../src/drivers/database/migrations.ts'
import { createHaloLightDatabase, type TestDatabase, withClient } from './database.ts'
import { type Answer, PASSWORD, type Person, startApp, type TestApp } from './harness.ts'
import { connectPrisma, type Prisma, timestamp } from './prisma.ts'

const OLD_PASSWORD = '123456'

describe('a database shared with HaloLight’s other back end', () => {
  let database: TestDatabase
  let ashlar: TestApp
  let prisma: Prisma
  let [admin, manager, demo]: Person[] = []
  before(async () => {
    database = await createHaloLightDatabase({ forced: false })
    await withClient(database.url, (client) => migrateUp(client, database.options))
    ashlar = await startApp({ database, env: { DATABASE_SHARED: 'true' }, jobs: true })
    prisma = await connectPrisma(database.url)
    ;[admin, manager, demo] = await Promise.all(
      ['admin', 'manager', 'demo'].map((name) => ashlar.login(name, OLD_PASSWORD)),
    )
  })
  after(async () => {
    await prisma?.end()
    await ashlar?.stop()
    await database?.drop()
  })

  const as = async (who: Person | undefined, method: string, path: string, json?: unknown): Promise<Answer> => {
    const answer = await ashlar.call(method, `/api/v1${path}`, {
      token: who!.token,
      ...(json !== undefined && { json }),
    })
    assert.ok(answer.status < 500, `${method} ${path}: ${answer.text}`)
    return answer
  }
  const ok = async (...call: Parameters<typeof as>) => {
    const { status, body, text } = await as(...call)
    assert.ok(status < 300, `${call[1]} ${call[2]}: ${status} ${text}`)
    return body
  }
  /** What one node tells the other takes a moment. */
  const soon = async (what: string, test: () => Promise<boolean>) => {
    for (let tries = 0; tries < 40; tries++) {
      if (await test()) return
      await new Promise((wake) => setTimeout(wake, 50))
    }
    assert.fail(what)
  }
  const idOf = async (table: string, where: Record<string, unknown>) =>
    (await prisma.find(table, where))[0]!.id as string

  describe('its old rows', () => {
    it('people, roles and permissions: listed, found, read, changed, deleted and brought back', async () => {
      const list = await ok(admin, 'GET', '/users?limit=50')
      assert.equal(list.meta.total, 30)
      const found = (await ok(admin, 'GET', '/users?search=张经理')).data
      assert.deepEqual(
        found.map((one: { id: string }) => one.id),
        [manager!.id],
      )
      assert.equal(found[0].role.name, 'manager')
      const id = list.data.find((one: { username: string }) => one.username === 'user7').id
      assert.equal((await ok(admin, 'PATCH', `/users/${id}`, { position: '石匠' })).position, '石匠')
      assert.equal((await prisma.find('users', { id }))[0]!.position, '石匠')
      await ok(admin, 'DELETE', `/users/${id}`)
      assert.equal((await prisma.find('users', { id }))[0]!.status, 'INACTIVE', 'who is deleted is shut out there')
      assert.equal((await ok(admin, 'POST', `/users/${id}/restore`)).status, 'ACTIVE')
      const roles = (await ok(admin, 'GET', '/roles?limit=50')).data
      const editor = roles.find((one: { name: string }) => one.name === 'editor')
      assert.equal(editor.label, '编辑员')
      assert.equal((await ok(admin, 'PATCH', `/roles/${editor.id}`, { description: '写作' })).description, '写作')
      // HaloLight has no words for them; its pages read them.
      for (const path of ['/roles', '/permissions', '/teams'])
        assert.equal((await as(manager, 'GET', path)).status, 200, path)
    })

    it('documents: listed, found, read, changed, shared, deleted and brought back', async () => {
      assert.equal((await ok(admin, 'GET', '/documents')).meta.total, 30)
      const found = (await ok(admin, 'GET', '/documents?search=接口设计')).data
      assert.ok(found.length > 3)
      const [{ id, tags }] = found
      assert.equal(
        (await ok(admin, 'PUT', `/documents/${id}`, { content: '花岗岩', tags: [...tags, '新'] })).revision,
        2,
      )
      assert.equal((await ok(admin, 'GET', '/documents?search=花岗岩')).data[0].id, id)
      const [row] = await prisma.find('documents', { id })
      assert.deepEqual([row!.content, Number(row!.size)], ['花岗岩', 9])
      assert.equal(await prisma.count('document_tags', { documentId: id }), tags.length + 1)
      await ok(admin, 'POST', `/documents/${id}/share`, { userId: demo!.id, permission: 'EDIT' })
      assert.equal((await ok(demo, 'GET', `/documents/${id}`)).access, 'EDIT')
      assert.equal(
        await prisma.count('document_shares', { documentId: id, sharedWithId: demo!.id, permission: 'EDIT' }),
        1,
      )
      await ok(admin, 'DELETE', `/documents/${id}`)
      await ok(admin, 'POST', `/documents/${id}/restore`)
      await ok(admin, 'GET', `/documents/${id}/revisions`)
    })

    it('folders and files: listed, found, read, renamed, moved, shared, deleted and brought back', async () => {
      const [root] = (await ok(admin, 'GET', '/folders')).data
      assert.equal(root.name, '根目录')
      const below = (await ok(admin, 'GET', `/folders?parentId=${root.id}`)).data
      assert.equal(below.length, 6)
      const folder = below.find((one: { name: string }) => one.name === '报表')
      await ok(admin, 'PATCH', `/folders/${folder.id}`, { name: '月报' })
      assert.equal((await prisma.find('folders', { id: folder.id }))[0]!.path, '/根目录/月报')
      const files = await ok(admin, 'GET', '/files?limit=100')
      assert.equal(files.meta.total, await prisma.count('files'))
      const { id } = files.data[0]
      assert.equal((await ok(admin, 'GET', `/files?search=${encodeURIComponent(files.data[0].name)}`)).data[0].id, id)
      await ok(admin, 'PATCH', `/files/${id}/rename`, { name: '石.zip' })
      await ok(admin, 'POST', `/files/${id}/move`, { folderId: folder.id })
      const [row] = await prisma.find('files', { id })
      assert.deepEqual([row!.name, row!.folderId, row!.path], ['石.zip', folder.id, '/根目录/月报/石.zip'])
      await ok(admin, 'POST', `/files/${id}/share`, { userId: demo!.id })
      assert.equal((await ok(demo, 'GET', `/files/${id}`)).access, 'READ')
      // Its content lies where the other back end put it: there is none here to send.
      assert.deepEqual((await as(demo, 'GET', `/files/${id}/content`)).body.code, 'files.no_content')
      const favorite = (await prisma.find('files', { isFavorite: true }))[0]!
      const owner = (await prisma.find('users', { id: favorite.ownerId }))[0]!
      if (owner.status === 'ACTIVE') {
        const person = await ashlar.login(String(owner.username), OLD_PASSWORD)
        assert.equal((await ok(person, 'GET', `/files/${favorite.id}`)).isFavorite, true)
      }
      await ok(admin, 'DELETE', `/files/${id}`)
      await ok(admin, 'POST', `/files/${id}/restore`)
      await ok(admin, 'GET', '/files/storage')
    })

    it('teams and calendar: listed, read, changed and deleted', async () => {
      const teams = (await ok(admin, 'GET', '/teams')).data
      assert.equal(teams.length, 4)
      const mine = teams.find((one: { name: string }) => one.name === '研发团队')
      assert.equal(
        (await ok(admin, 'PATCH', `/teams/${mine.id}`, { description: '石' })).members.length,
        mine.memberCount,
      )
      const events = (
        await ok(admin, 'GET', '/calendar/events?start=2025-12-01T00:00:00Z&end=2026-12-01T00:00:00Z&limit=500')
      ).data
      const own = events.find((one: { access: string }) => one.access === 'OWNER')
      const start = new Date(Date.parse(own.start) + 3_600_000).toISOString()
      const end = new Date(Date.parse(own.end) + 3_600_000).toISOString()
      await ok(admin, 'PUT', `/calendar/events/${own.id}`, { title: '改期', start, end })
      const [row] = await prisma.find('calendar_events', { id: own.id })
      assert.deepEqual(
        [row!.title, `${String(row!.startAt).replace(' ', 'T')}`.slice(0, 19)],
        ['改期', start.slice(0, 19)],
      )
      await ok(admin, 'POST', `/calendar/events/${own.id}/attendees`, { userId: demo!.id })
      assert.equal((await prisma.find('event_attendees', { eventId: own.id, userId: demo!.id }))[0]!.status, 'PENDING')
      await ok(demo, 'POST', `/calendar/events/${own.id}/answer`, { status: 'TENTATIVE' })
      assert.equal((await prisma.find('event_attendees', { eventId: own.id, userId: demo!.id }))[0]!.status, 'PENDING')
      await ok(admin, 'DELETE', `/calendar/events/${own.id}`)
      assert.equal(await prisma.count('calendar_events', { id: own.id }), 0)
    })

    it('conversations and notifications: listed with what is unread, read, answered, left and deleted', async () => {
      const [place] = (await prisma.find('conversation_participants')).filter(
        ({ unreadCount }) => Number(unreadCount) > 0,
      )
      const [person] = await prisma.find('users', { id: place!.userId })
      await prisma.update('users', String(person!.id), { status: 'ACTIVE' })
      const reader = await ashlar.login(String(person!.username), OLD_PASSWORD)
      const conversation = (await ok(reader, 'GET', '/messages/conversations')).data.find(
        (one: { id: string }) => one.id === place!.conversationId,
      )
      const path = `/messages/conversations/${conversation.id}`
      const said = (await ok(reader, 'GET', path)).data
      assert.equal(said.length, await prisma.count('messages', { conversationId: conversation.id }))
      await ok(reader, 'PUT', `${path}/read`)
      const where = { conversationId: conversation.id, userId: reader.id }
      assert.equal((await prisma.find('conversation_participants', where))[0]!.unreadCount, 0)
      await ok(reader, 'POST', '/messages/send', { conversationId: conversation.id, content: '收到' })
      await ok(reader, 'DELETE', path)
      assert.equal(await prisma.count('conversation_participants', where), 0)

      const [notice] = await prisma.find('notifications', { read: false })
      const [told] = await prisma.find('users', { id: notice!.userId })
      await prisma.update('users', String(told!.id), { status: 'ACTIVE' })
      const hearer = await ashlar.login(String(told!.username), OLD_PASSWORD)
      const list = (await ok(hearer, 'GET', '/notifications')).data
      assert.equal(list.find((one: { id: string }) => one.id === notice!.id).title, notice!.title)
      await ok(hearer, 'PUT', `/notifications/${notice!.id}/read`)
      const [marked] = await prisma.find('notifications', { id: notice!.id })
      assert.ok(marked!.read === true && marked!.readAt !== null)
      await ok(hearer, 'DELETE', `/notifications/${notice!.id}`)
      assert.equal(await prisma.count('notifications', { id: notice!.id }), 0)
    })

    it('are what the dashboard counts and tells of', async () => {
      const stats = await ok(admin, 'GET', '/dashboard/stats')
      assert.equal(stats.totalUsers, await prisma.count('users'))
      for (const name of ['visits', 'sales', 'products', 'orders', 'pie'])
        assert.ok((await ok(admin, 'GET', `/dashboard/${name}`)).data.length)
      const actions = (await ok(admin, 'GET', '/dashboard/activities')).data.map(
        (one: { action: string }) => one.action,
      )
      assert.ok(actions.length > 0)
    })
  })

  describe('who may do what', () => {
    it('holds from the moment that the other back end writes it', async () => {
      const id = await idOf('users', { username: 'user9' })
      await prisma.update('users', id, { status: 'ACTIVE' })
      const person = await ashlar.login('user9', OLD_PASSWORD)
      const may = async (path: string) => (await as(person, 'GET', path)).status
      const audit = () => may('/audit-logs')
      assert.equal(await audit(), 403)
      const role = await prisma.create('roles', { name: 'auditor', label: '审计' })
      const permission = await idOf('permissions', { action: 'audit:view' })
      await prisma.create('role_permissions', { roleId: role.id, permissionId: permission })
      await prisma.create('user_roles', { userId: id, roleId: role.id })
      await soon('the role is held at once', async () => (await audit()) === 200)
      await prisma.remove('role_permissions', { roleId: role.id })
      await soon('and grants at once what it grants', async () => (await audit()) === 403)
      await prisma.create('role_permissions', { roleId: role.id, permissionId: permission })
      await soon('again', async () => (await audit()) === 200)
      await prisma.remove('roles', { id: role.id })
      await soon('and is gone at once', async () => (await audit()) === 403)
      await prisma.update('users', id, { name: '改名' })
      await soon('a name is shown at once', async () => (await ok(person, 'GET', '/auth/me')).name === '改名')
      // Where nodes hear each other through Redis, they are told from here.
      const [told] = await ashlar.rows<{ envelope: string }>('SELECT envelope FROM bus_outbox WHERE id = $1', [
        `elsewhere ${id}`,
      ])
      assert.deepEqual(JSON.parse(told!.envelope), {
        from: 'elsewhere',
        topic: ACTORS_CHANGED,
        message: { userId: id },
      })
      await prisma.update('users', id, { status: 'SUSPENDED' })
      await soon('whoever is suspended there is out here', async () => (await may('/users/me')) === 401)
      const gone = await prisma.create('users', await account('weg'))
      const left = await ashlar.login('weg', OLD_PASSWORD)
      assert.equal((await as(left, 'GET', '/users/me')).status, 200)
      await prisma.remove('users', { id: gone.id })
      await soon('and whoever is removed', async () => (await as(left, 'GET', '/users/me')).status === 401)
    })

    it('is decided by passwords that both can check', async () => {
      const hashOf = async (username: string) => String((await prisma.find('users', { username }))[0]!.password)
      assert.match(await hashOf('admin'), /^\$2b\$12\$/, 'signing in here does not shut anybody out there')
      const made = await ashlar.person('Neu')
      assert.ok(await bcryptVerify(PASSWORD, await hashOf(made.username)))
      const next = `${PASSWORD} two`
      await prisma.create('refresh_tokens', {
        userId: made.id,
        token: 'e30.there',
        expiresAt: timestamp(Date.now() + 1e9),
      })
      await ok(made, 'POST', '/auth/change-password', { oldPassword: PASSWORD, newPassword: next })
      assert.equal(await prisma.count('refresh_tokens', { userId: made.id }), 0, 'whoever is signed in there is out')
      assert.ok(await bcryptVerify(next, await hashOf(made.username)))
      const long = await as(made, 'POST', '/auth/change-password', {
        oldPassword: next,
        newPassword: 'granite '.repeat(10),
      })
      assert.equal(long.status, 422, 'bcrypt would read the beginning only')
    })

    it('it works as the owner of the tables; under row security that is forced it would see nothing', async () => {
      const seen = await prisma.count('documents')
      assert.ok(seen >= 30)
      const forced = { ...database.options, rowSecurity: { ...database.options.rowSecurity, forced: true } }
      await withClient(database.url, (client) => migrateUp(client, forced))
      try {
        assert.equal(await prisma.count('documents'), 0)
        await assert.rejects(prisma.create('tags', { name: '不行' }), /row-level security/)
      } finally {
        await withClient(database.url, (client) => migrateUp(client, database.options))
      }
      assert.equal(await prisma.count('documents'), seen)
      await withClient(database.appUrl, async (app) => {
        const { rows } = await app.query('SELECT count(*)::int AS n FROM documents')
        assert.equal(rows[0].n, 0, 'and the application none without a tenant')
      })
    })
  })

  async function account(username: string) {
    const [pattern] = await prisma.find('users', { username: 'demo' })
    const email = `${username}@example.com`
    return { email, username, name: username, password: pattern!.password, lastLoginAt: timestamp() }
  }
})
