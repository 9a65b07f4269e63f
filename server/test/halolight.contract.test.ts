// Every path on which HaloLight's front end asks about people, roles, teams and figures, as it asks, and what it reads.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { actionOf, DATES, type FrontEnd, frontEnd, META, mustRead, PERMISSION, sender, startDemo } from './halolight.ts'
import { PASSWORD, type TestApp } from './harness.ts'

const PERSON = { id: 'string', email: 'string', name: 'string', avatar: 'string?', phone: 'string?', status: 'string' }
const ROLE_OF = { id: 'string', name: 'string', label: 'string', permissions: 'list' }
const USER = {
  ...{ ...PERSON, username: 'string', department: 'string?', position: 'string?', bio: 'string?' },
  ...{ roles: [ROLE_OF], role: { id: 'string', label: 'string' }, lastLoginAt: 'date?', ...DATES },
} as const
const ME = { ...USER, roles: [{ ...ROLE_OF, permissions: ['string'] }], permissions: [PERMISSION] } as const
const TOKENS = { accessToken: 'string', refreshToken: 'string', expiresAt: 'date' }
const ROLE = {
  ...{ id: 'string', name: 'string', label: 'string', description: 'string?', userCount: 'number' },
  ...{ permissions: 'list', ...DATES },
} as const
const GONE = { message: 'string', id: 'string', ...(actionOf({ id: 'string' }) as object) }
const BATCH = { message: 'string', deleted_count: 'number', deleted: 'number', ...(actionOf('object') as object) }

describe('what HaloLight’s front end sends and reads of people', () => {
  let ashlar: TestApp
  let admin: FrontEnd
  let manager: FrontEnd
  let demo: FrontEnd
  let anyone: FrontEnd
  before(async () => {
    ashlar = await startDemo()
    ;[admin, manager, demo] = await Promise.all([
      frontEnd(ashlar, 'admin'),
      frontEnd(ashlar, 'manager'),
      frontEnd(ashlar, 'demo'),
    ])
    anyone = sender(ashlar, '')
  })
  after(() => ashlar.stop())

  it('signs in, registers, renews, asks who it is and signs out', async () => {
    const credentials = { email: 'demo@halolight.h7ml.cn', password: '123456' }
    const signedIn = await anyone.read('POST', '/auth/login', { ...TOKENS, user: ME }, credentials, 200)
    const days = (Date.parse(signedIn.expiresAt) - Date.now()) / 86_400_000
    assert.ok(days > 6.9 && days < 7.1, 'nothing but signing in renews its tokens: a week')
    const renewed = await anyone.read('POST', '/auth/refresh', TOKENS, { refreshToken: signedIn.refreshToken }, 200)
    assert.notEqual(renewed.refreshToken, signedIn.refreshToken)
    const me = await sender(ashlar, '', renewed.accessToken).read('GET', '/auth/me', ME)
    // It joins them with a colon, and looks for what it guards its pages by.
    const held = me.permissions.map((one: { resource: string; action: string }) => `${one.resource}:${one.action}`)
    assert.ok(held.includes('documents:edit') && !held.includes('users:delete'))
    const all = (await admin.read('GET', '/auth/me', ME)).permissions
    assert.deepEqual(
      all.map((one: { resource: string; action: string }) => [one.resource, one.action]),
      [['*', '*']],
    )
    const json = { email: 'xin@example.com', username: 'xin', name: '新人', password: PASSWORD, phone: '' }
    const registered = await anyone.read('POST', '/auth/register', { ...TOKENS, user: ME }, json)
    assert.equal(registered.user.phone, null)
    await anyone.read('POST', '/auth/forgot-password', { message: 'string' }, { email: json.email }, 200)
    const wrong = { message: 'string', detail: 'string' }
    await anyone.read('POST', '/auth/reset-password', wrong, { token: 'x', password: PASSWORD }, 400)
    await anyone.read('POST', '/auth/login', wrong, { ...credentials, password: '1234567' }, 401)
    const leaver = sender(ashlar, '', registered.accessToken)
    await leaver.read('POST', '/auth/logout', { message: 'string' }, undefined, 200)
    await leaver.read('GET', '/auth/me', wrong, undefined, 401)
    await anyone.read('POST', '/auth/refresh', wrong, { refreshToken: registered.refreshToken }, 401)
  })

  it('refuses in words that it shows, whatever is wrong', async () => {
    const fault = { message: 'string', detail: [{ loc: 'list', msg: 'string', type: 'string' }] } as const
    await anyone.read('POST', '/auth/register', fault, { email: 'no', name: 'x', password: PASSWORD }, 422)
    for (const [path, status] of [
      ['/users', 401],
      ['/nothing-here', 404],
    ] as const)
      await anyone.read('GET', path, { message: 'string', detail: 'string' }, undefined, status)
    await demo.read('POST', '/roles', { message: 'string', detail: 'string' }, { name: 'mine' }, 403)
  })

  it('lists people by page, name, state and role, by its own names of these and by those of its server actions', async () => {
    const list = { data: [USER], meta: META }
    const all = await demo.read('GET', '/users?page=1&limit=10&search=&status=all&role=all', list)
    assert.deepEqual([all.data.length, all.meta.page, all.meta.limit], [10, 1, 10])
    const found = await demo.read('GET', '/users?page=1&pageSize=5&keyword=manager', list)
    assert.deepEqual([found.meta.limit, found.data[0].email], [5, 'manager@halolight.h7ml.cn'])
    // `all` is a word like any other to search for.
    assert.deepEqual(
      (await demo.read('GET', '/users?page=1&search=all', { data: 'list' })).data.filter(
        (one: { name: string; email: string; username: string }) =>
          !/all/i.test(`${one.name} ${one.email} ${one.username}`),
      ),
      [],
    )
    const roles = await demo.read('GET', '/roles', [ROLE])
    const editor = roles.find((one: { name: string }) => one.name === 'editor')
    for (const role of [editor.id, 'editor'])
      for (const one of (await demo.read('GET', `/users?role=${role}&status=active`, list)).data)
        assert.deepEqual([one.role.id, one.status], [editor.id, 'ACTIVE'])
    await demo.read('GET', `/users/${admin.id}`, USER)
  })

  it('makes, changes and deletes people with the bodies of its forms', async () => {
    const [editor, viewer] = ['editor', 'viewer']
    const form = { name: '张三', email: 'zs@example.com', phone: '', roleId: editor, status: 'active' }
    const made = await manager.read('POST', '/users', USER, form)
    assert.deepEqual([made.status, made.phone, made.role.id, made.username], ['ACTIVE', null, editor, 'zs'])
    const path = `/users/${made.id}`
    const changed = { ...form, name: '李四', phone: '13800138000', roleId: viewer, status: 'inactive' }
    const put = await manager.read('PUT', path, USER, changed)
    assert.deepEqual([put.name, put.phone, put.role.id, put.status], ['李四', '13800138000', viewer, 'INACTIVE'])
    // Whole, as it was read, with nulls and with what it does not change.
    const patched = await manager.read('PATCH', path, USER, { ...put, name: '王五', email: null, avatar: '/x.png' })
    assert.deepEqual([patched.name, patched.email], ['王五', form.email])
    for (const status of ['active', 'SUSPENDED'])
      assert.equal((await manager.read('PATCH', `${path}/status`, USER, { status })).status, status.toUpperCase())
    await admin.read('POST', '/users/batch-delete', BATCH, { ids: [made.id] }, 200)
    const other = await admin.read('POST', '/users', USER, { ...form, email: 'zs2@example.com', phone: '' })
    await admin.read('DELETE', `/users/${other.id}`, GONE)
    await admin.read('GET', `/users/${other.id}`, { message: 'string' }, undefined, 404)
  })

  it('shows and keeps roles and permissions, those also for whom its pages of settings are open', async () => {
    const known = {
      ...{ ...PERMISSION, key: 'string', label: 'string', group: 'string', name: 'string' },
      description: 'string?',
    }
    const permissions = await manager.read('GET', '/permissions', [known], undefined)
    assert.ok(
      permissions.some((one: { key: string; group: string }) => one.key === 'users:view' && one.group === '用户管理'),
    )
    const full = (await manager.read('GET', '/roles', [ROLE])).find((one: { id: string }) => one.id === 'admin')
    assert.deepEqual([full.label, full.permissions], ['超级管理员', ['*']])
    const form = { name: 'clerk', label: '文员', description: '', permissions: ['users:view', 'documents:view'] }
    const role = await admin.read('POST', '/roles', ROLE, form)
    const path = `/roles/${role.id}`
    const changed = await admin.read('PATCH', path, ROLE, { ...form, label: '文员二', permissions: ['users:view'] })
    assert.deepEqual([changed.label, changed.permissions], ['文员二', ['users:view']])
    const ids = [permissions.find((one: { key: string }) => one.key === 'files:view').id]
    const given = await admin.read('POST', `${path}/permissions`, ROLE, { permissionIds: ids }, 200)
    assert.deepEqual(given.permissions, ['files:view'])
    assert.deepEqual((await manager.read('GET', path, ROLE)).permissions, ['files:view'])
    await admin.read('DELETE', path, GONE)
    const own = { action: 'widgets:paint', resource: 'widgets', description: 'Paint' }
    const permission = await admin.read('POST', '/permissions', known, own)
    await manager.read('GET', `/permissions/${permission.id}`, known)
    await admin.read('DELETE', `/permissions/${permission.id}`, GONE)
  })

  it('keeps teams and who is in them', async () => {
    const team = {
      ...{ id: 'string', name: 'string', description: 'string?', avatar: 'string?', memberCount: 'number' },
      ...{ owner: { id: 'string', name: 'string' }, ...DATES },
    } as const
    const member = {
      ...{ id: 'string', userId: 'string', name: 'string', email: 'string', avatar: 'string?' },
      ...{ role: 'string', joinedAt: 'date' },
    } as const
    const list = await manager.read('GET', '/teams?page=1&limit=2&search=团队', { data: [team], meta: META })
    assert.deepEqual([list.meta.total, list.data.length], [4, 2])
    const detail = { ...team, members: [member] } as const
    const made = await admin.read('POST', '/teams', detail, { name: '文档组', description: '' })
    const path = `/teams/${made.id}`
    const form = { name: '文档组二', description: '写作' }
    assert.equal((await admin.read('PATCH', path, detail, form)).description, '写作')
    for (const role of ['member', 'admin']) {
      const body = await admin.read('POST', `${path}/members`, detail, { userId: demo.id, role }, 200)
      assert.equal(body.members.find((one: { userId: string }) => one.userId === demo.id).role, role)
    }
    assert.equal((await manager.read('GET', path, detail)).memberCount, 2)
    await admin.read('DELETE', `${path}/members/${demo.id}`, { message: 'string', teamId: 'string', userId: 'string' })
    await admin.read('DELETE', path, GONE)
  })

  it('draws its dashboard, of numbers and texts also where the viewer may not know them', async () => {
    const figures =
      'totalUsers activeUsers totalRevenue totalOrders conversionRate recentOrders pendingTasks userGrowth revenueGrowth orderGrowth rateGrowth'
    const load = 'cpu memory disk network uptime requests errors responseTime'
    const numbers = (names: string) => Object.fromEntries(names.split(' ').map((name) => [name, 'number']))
    const outsider = await anyone.read('POST', '/auth/register', TOKENS, {
      email: 'out@example.com',
      name: 'Out',
      password: PASSWORD,
    })
    for (const viewer of [admin, demo, sender(ashlar, '', outsider.accessToken)]) {
      await viewer.read('GET', '/dashboard/stats', numbers(figures))
      await viewer.read('GET', '/dashboard/overview', numbers(load))
      for (const name of 'visits sales products orders activities pie tasks'.split(' '))
        await viewer.read('GET', `/dashboard/${name}`, 'list')
    }
    await admin.read('GET', '/dashboard/visits', [{ date: 'string', ...numbers('visits uniqueVisitors pageViews') }])
    await admin.read('GET', '/dashboard/sales', [{ month: 'string', ...numbers('sales profit') }])
    const product = {
      id: 'string',
      name: 'string',
      category: 'string',
      image: 'string',
      ...numbers('price sales stock'),
    }
    await admin.read('GET', '/dashboard/products', [product])
    const order = { id: 'string', orderNo: 'string', customer: 'string', amount: 'number', status: 'string' }
    await admin.read('GET', '/dashboard/orders', [{ ...order, createdAt: 'date' }])
    const deed = { id: 'string', user: 'string', avatar: 'string', action: 'string', target: 'string', time: 'date' }
    await admin.read('GET', '/dashboard/activities', [deed])
    await admin.read('GET', '/dashboard/pie', [{ name: 'string', value: 'number' }])
    const task = { title: '写报告', type: 'task', start: soon(1), end: soon(2) }
    await admin.read('POST', '/calendar/events', { id: 'string' }, task)
    for (const one of await admin.read('GET', '/dashboard/tasks', [
      { id: 'string', title: 'string', status: 'string' },
    ]))
      assert.match(one.status, /^(pending|in_progress|done)$/)
  })

  it('answers at the addresses of its documents and of its health', async () => {
    mustRead((await ashlar.call('GET', '/api/openapi.json')).body, { paths: 'object' }, 'the document')
    for (const path of ['/api/docs', '/api/redoc', '/health', '/api/health'])
      assert.equal((await ashlar.call('GET', path)).status, 200, path)
  })
})

const soon = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
