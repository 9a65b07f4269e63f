// In which language the roles and permissions of a new tenant are named, and that nobody's names are changed after that.
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { type StartOptions, startApp, type TestApp } from '../../../../test/harness.ts'
import { LANGUAGES } from '../../foundation/mail/index.ts'
import { CATALOGUE, DEFAULT_ROLES, permissionsIn, rolesIn } from './catalogue.ts'

const FOREIGN = /[^\p{ASCII}]/u

interface Named {
  name: string
  label: string
  description: string
  group?: string
}

describe('names of roles and permissions', () => {
  const started: TestApp[] = []
  after(async () => {
    for (const ashlar of started.reverse()) await ashlar.stop()
  })
  async function start(language?: string, options: StartOptions = {}) {
    const ashlar = await startApp({ ...options, ...(language && { env: { DEFAULT_LOCALE: language } }) })
    started.push(ashlar)
    return { ashlar, administrator: await ashlar.admin() }
  }

  async function namesIn(ashlar: TestApp, token: string, tenant = 'default') {
    const read = async (path: string) => {
      const { status, body, text } = await ashlar.call('GET', path, { token, headers: { 'x-tenant-id': tenant } })
      assert.equal(status, 200, text)
      return body.data as Named[]
    }
    const roles = await read('/api/v1/roles?limit=100')
    const permissions = await read('/api/v1/permissions?limit=100')
    assert.deepEqual([roles.length, permissions.length], [DEFAULT_ROLES.length, CATALOGUE.length])
    const find = (list: Named[], wanted: string) => list.find(({ name }) => name === wanted)!
    return { all: [...roles, ...permissions], role: (name: string) => find(roles, name), permissions, roles, find }
  }

  it('are English where nothing was chosen, in the tenants that people make as well', async () => {
    const { ashlar, administrator } = await start()
    const owner = await ashlar.person()
    const made = await ashlar.call('POST', '/api/v1/tenants', { token: owner.token, json: { name: 'Quarry' } })
    assert.equal(made.status, 201, made.text)
    for (const [token, tenant] of [
      [administrator.token, 'default'],
      [owner.token, made.body.id],
    ] as const) {
      const names = await namesIn(ashlar, token, tenant)
      for (const { name, label, description, group } of names.all)
        assert.ok(![label, description, group ?? ''].some((text) => FOREIGN.test(text)), `${name}: ${label}, ${group}`)
      assert.deepEqual([names.role('admin').label, names.role('user').label], ['Administrator', 'User'])
      assert.equal(names.find(names.permissions, 'users:view').group, 'Users')
    }
  })

  it('are Chinese or German by DEFAULT_LOCALE', async () => {
    const { ashlar, administrator } = await start('zh-CN')
    const chinese = await namesIn(ashlar, administrator.token)
    assert.deepEqual(
      chinese.roles.map(({ name, label }) => [name, label]).sort(),
      Object.entries({
        ...{ admin: '超级管理员', manager: '管理员', editor: '编辑员' },
        ...{ moderator: '协管员', user: '用户', viewer: '访客' },
      }).sort(),
    )
    const { label, group, description } = chinese.find(chinese.permissions, 'users:view')
    assert.deepEqual([label, group, description], ['查看用户', '用户管理', '查看用户'])
    for (const one of chinese.all) assert.match(one.label, /\p{Script=Han}/u)

    const other = await start('de')
    const german = await namesIn(other.ashlar, other.administrator.token)
    assert.equal(german.role('viewer').label, 'Gast')
    assert.equal(german.find(german.permissions, 'documents:delete').label, 'Dokumente löschen')
  })

  it('stay what they are when the language is another one; what is new joins the group that is there', async () => {
    const { ashlar, administrator } = await start('zh-CN')
    const relabelled = { token: administrator.token, json: { label: '参观者' } }
    assert.equal((await ashlar.call('PATCH', '/api/v1/roles/viewer', relabelled)).status, 200)
    const before = await namesIn(ashlar, administrator.token)
    // As a tenant is that an older version made: it lacks a permission of a resource that it knows, and a role.
    await ashlar.rows(`DELETE FROM permissions WHERE action = 'analytics:export'`)
    await ashlar.rows(`DELETE FROM roles WHERE name = 'moderator'`)
    const again = await start('en', { database: ashlar.database })
    const now = await namesIn(again.ashlar, again.administrator.token)
    const isNew = ({ name }: Named) => name === 'analytics:export' || name === 'moderator'
    const words = ({ name, label, description, group }: Named) => [name, label, description, group]
    const sorted = (names: Named[]) =>
      names
        .filter((one) => !isNew(one))
        .map(words)
        .sort()
    assert.deepEqual(sorted(now.all), sorted(before.all))
    assert.equal(now.role('viewer').label, '参观者')
    assert.deepEqual(words(now.find(now.permissions, 'analytics:export')), [
      'analytics:export',
      'Export analytics',
      'Export analytics',
      '数据分析',
    ])
    assert.equal(now.role('moderator').label, 'Moderator')
  })

  it('are there for everything in every language, and once each', () => {
    for (const language of LANGUAGES) {
      for (const named of [permissionsIn(language), rolesIn(language)]) {
        assert.ok(named.every(({ label, description }) => label && description))
        assert.equal(new Set(named.map(({ label }) => label)).size, named.length, language)
      }
      assert.deepEqual(
        permissionsIn(language).map(({ action }) => action),
        CATALOGUE.map(({ action }) => action),
      )
    }
  })
})
