// What ends links at once, who read what by them and otherwise, and when that is forgotten.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { PASSWORD, type Person, startApp, unique } from '../../../../test/harness.ts'
import { API, type Links, startLinks } from './links.fixture.ts'

describe('links and the access log', () => {
  let links: Links
  let ashlar: Links['ashlar']
  let dir: Links['dir']
  let owner: Links['owner']
  let other: Links['other']
  let call: Links['call']
  let upload: Links['upload']
  let link: Links['link']
  let get: Links['get']
  let content: Links['content']
  let shares: Links['shares']
  let logOf: Links['logOf']
  let mustBeAbsent: Links['mustBeAbsent']

  before(async () => {
    links = await startLinks()
    ;({ ashlar, dir, owner, other, call, upload, link, get, content, shares, logOf, mustBeAbsent } = links)
  })
  after(() => links?.stop())

  describe('ends at once', () => {
    const headersOf = (tenantId: string) => ({ 'x-tenant-id': tenantId })
    /** A tenant of its own with a member who shares a file there by a link. */
    async function yard() {
      const [boss, maker] = [await ashlar.person(), await ashlar.person()]
      const made = await call(boss, 'POST', '/tenants', { name: unique('Yard') })
      assert.equal(made.status, 201, made.text)
      const headers = headersOf(made.body.id)
      const added = await call(boss, 'POST', `/tenants/${made.body.id}/members`, { userId: maker.id })
      assert.equal(added.status, 201, added.text)
      const file = await upload(maker, unique('content'), headers)
      const { token } = await link(maker, file.id, {}, headers)
      assert.equal((await content(token)).text, file.content)
      return { boss, maker, id: made.body.id as string, headers, file, token }
    }

    it('when it expires', async () => {
      const { id } = await upload(owner)
      const made = await link(owner, id, { expiresInHours: 1 })
      assert.equal((await get(made.token)).status, 200)
      await ashlar.rows(`UPDATE content_links SET "expiresAt" = now() WHERE id = $1`, [made.id])
      await mustBeAbsent(made.token, 'expired')
      assert.equal((await shares(owner, id))[0].state, 'expired')
    })

    it('with the file in the trash or gone, by itself or with its folder; back from the trash it works again', async () => {
      const folder = await call(owner, 'POST', '/folders', { name: unique('Quarry') })
      const file = await upload(owner)
      await call(owner, 'POST', `/files/${file.id}/move`, { folderId: folder.body.id })
      const { token } = await link(owner, file.id)
      await call(owner, 'DELETE', `/files/${file.id}`)
      await mustBeAbsent(token, 'in the trash')
      await call(owner, 'POST', `/files/${file.id}/restore`)
      assert.equal((await get(token)).status, 200)
      await call(owner, 'DELETE', `/folders/${folder.body.id}`)
      await mustBeAbsent(token, 'in the trash with its folder')
      await ashlar.rows('DELETE FROM files WHERE id = $1', [file.id])
      await mustBeAbsent(token, 'gone')
      for (const table of ['content_links', 'content_accesses'])
        assert.deepEqual(await ashlar.rows(`SELECT 1 FROM ${table} WHERE "itemId" = $1`, [file.id]), [], table)
    })

    it('with the tenant: suspended, or deleted', async () => {
      const { boss, id, token } = await yard()
      await ashlar.rows(`UPDATE tenants SET status = 'SUSPENDED' WHERE id = $1`, [id])
      await mustBeAbsent(token, 'suspended')
      await ashlar.rows(`UPDATE tenants SET status = 'ACTIVE' WHERE id = $1`, [id])
      assert.equal((await get(token)).status, 200)
      const fresh = await ashlar.login(boss.email, PASSWORD)
      assert.equal((await call(fresh, 'DELETE', `/tenants/${id}`)).status, 200)
      await mustBeAbsent(token, 'deleted')
    })

    it('with its maker: blocked, without the permission, out of the tenant', async () => {
      const { boss, maker, id, headers, token } = await yard()
      await ashlar.rows(`UPDATE users SET status = 'SUSPENDED' WHERE id = $1`, [maker.id])
      await mustBeAbsent(token, 'blocked')
      await ashlar.rows(`UPDATE users SET status = 'ACTIVE' WHERE id = $1`, [maker.id])
      assert.equal((await get(token)).status, 200)
      const roles = await call(boss, 'GET', '/roles', undefined, headers)
      const roleOf = (name: string) => roles.body.data.find((one: { name: string }) => one.name === name).id
      const give = (name: string) => call(boss, 'PATCH', `/users/${maker.id}`, { roleIds: [roleOf(name)] }, headers)
      assert.equal((await give('viewer')).status, 200)
      await mustBeAbsent(token, 'without the permission')
      assert.equal((await give('editor')).status, 200)
      assert.equal((await get(token)).status, 200)
      assert.equal((await call(boss, 'DELETE', `/tenants/${id}/members/${maker.id}`)).status, 200)
      await mustBeAbsent(token, 'out of the tenant')
    })

    it('when somebody else made it who may not share the file any more', async () => {
      const { boss, headers, file, token: own } = await yard()
      const { token } = await link(boss, file.id, {}, headers)
      assert.equal((await get(token)).status, 200, 'whoever manages files shares any')
      const roles = await call(boss, 'GET', '/roles', undefined, headers)
      const editor = roles.body.data.find((one: { name: string }) => one.name === 'editor').id
      await ashlar.rows(`UPDATE user_roles SET "roleId" = $2 WHERE "userId" = $1 AND "tenantId" = $3`, [
        boss.id,
        editor,
        headers['x-tenant-id'],
      ])
      await mustBeAbsent(token, 'only an editor now')
      assert.equal((await get(own)).status, 200, 'the one of the owner goes on')
    })

    it('with the permission of the tenant, and none is made then', async () => {
      const { boss, maker, id, headers, file, token } = await yard()
      const set = (publicLinks: boolean) => call(boss, 'PATCH', `/tenants/${id}/settings`, { publicLinks })
      assert.equal((await call(boss, 'GET', `/tenants/${id}/settings`)).body.publicLinks, true)
      assert.equal((await set(false)).body.publicLinks, false)
      await mustBeAbsent(token, 'forbidden in the tenant')
      const refused = await call(maker, 'POST', `/files/${file.id}/links`, {}, headers)
      assert.deepEqual([refused.status, refused.body.code], [403, 'links.not_allowed'])
      await set(true)
      assert.equal((await get(token)).status, 200)
    })

    it('where the installation allows none', async () => {
      const closed = await startApp({ env: { UPLOAD_DIR: dir, PUBLIC_LINKS: 'false' }, database: ashlar.database })
      try {
        const { id } = await upload(owner)
        const { token } = await link(owner, id)
        const answer = await closed.call('GET', `${API}/files/shared/${token}`)
        assert.deepEqual([answer.status, answer.body.code], [404, 'links.not_found'])
        const refused = await closed.call('POST', `${API}/files/${id}/links`, { token: owner.token, json: {} })
        assert.deepEqual([refused.status, refused.body.code], [403, 'links.not_allowed'])
      } finally {
        await closed.stop()
      }
    })
  })

  it('who read a file is noted however they came, and told to its owner alone, page by page', async () => {
    const file = await upload(owner, 'x'.repeat(1000))
    await call(owner, 'POST', `/files/${file.id}/share`, { userId: other.id })
    const agent = { 'user-agent': 'browser 1' }
    const read = (person: Person, query = '', headers: Record<string, string> = {}) =>
      call(person, 'GET', `/files/${file.id}/content${query}`, undefined, { ...agent, ...headers })
    await read(owner)
    await read(other, '?inline=true')
    for (const range of ['bytes=10-19', 'bytes=20-29', 'bytes=30-39']) await read(other, '', { range })
    const { url } = (await call(other, 'GET', `/files/${file.id}/download-url`)).body
    assert.equal((await fetch(ashlar.url + url, { headers: agent })).status, 200)
    const { id: linkId, token } = await link(owner, file.id)
    for (const _ of [1, 2]) await get(token, '', agent)
    await content(token, agent)
    await call(owner, 'GET', `/files/${file.id}/content`, undefined, { 'if-none-match': '*' })
    await fetch(`${ashlar.url}${API}/files/${file.id}/content`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${owner.token}` },
    })

    const folder = (await call(owner, 'POST', '/folders', { name: unique('Quarry') })).body.id
    await call(owner, 'POST', `/files/${file.id}/move`, { folderId: folder })
    assert.equal((await call(owner, 'GET', `/folders/${folder}/zip`, undefined, agent)).status, 200)

    const expected = [
      ['download', owner.id, null],
      ['view', other.id, null],
      ['download', other.id, null],
      ['download', other.id, null],
      ['view', null, linkId],
      ['download', null, linkId],
      ['download', owner.id, null],
    ]
    const all = await call(owner, 'GET', `/files/${file.id}/access-logs`)
    assert.equal(all.status, 200, all.text)
    type Entry = {
      action: string
      userId: string
      linkId: string
      ipAddress: string
      userAgent: string
      accessedAt: string
    }
    assert.deepEqual(
      all.body.data.map(({ action, userId, linkId }: Entry) => [action, userId, linkId]).reverse(),
      expected,
    )
    for (const { ipAddress, userAgent } of all.body.data as Entry[])
      assert.deepEqual([ipAddress, userAgent], ['127.0.0.1', 'browser 1'])
    assert.equal(all.body.meta.total, 7)
    const first = await call(owner, 'GET', `/files/${file.id}/access-logs?limit=4`)
    const rest = await call(owner, 'GET', `/files/${file.id}/access-logs?limit=4&cursor=${first.body.meta.nextCursor}`)
    assert.deepEqual([...first.body.data, ...rest.body.data], all.body.data)
    const admin = await ashlar.admin()
    assert.equal(
      (await call(admin, 'GET', `/files/${file.id}/access-logs`)).body.meta.total,
      7,
      'and to whoever manages files',
    )
  })

  it('accesses and ended links are forgotten after their time, and nothing else', async () => {
    const { id } = await upload(owner)
    const [old, young, live] = [await link(owner, id), await link(owner, id), await link(owner, id)]
    await content(live.token)
    await content(live.token)
    for (const { id: shareId } of [old, young]) await call(owner, 'POST', `/files/${id}/revoke-share`, { shareId })
    await ashlar.rows(`UPDATE content_links SET "revokedAt" = now() - interval '91 days' WHERE id = $1`, [old.id])
    await ashlar.rows(`UPDATE content_links SET "createdAt" = now() - interval '91 days' WHERE id = $1`, [live.id])
    await ashlar.rows(
      `UPDATE content_accesses SET "accessedAt" = now() - interval '91 days' WHERE id = (SELECT min(id) FROM content_accesses WHERE "itemId" = $1)`,
      [id],
    )
    assert.equal(await ashlar.app.links.forgetEnded(), 1)
    assert.equal(await ashlar.app.accessLog.forgetExpired(), 1)
    assert.equal((await logOf(id)).length, 1)
    const left = (await shares(owner, id)).map((one: { id: string }) => one.id)
    assert.deepEqual(left.sort(), [young.id, live.id].sort())
    assert.equal((await get(live.token)).status, 200)
  })
})
