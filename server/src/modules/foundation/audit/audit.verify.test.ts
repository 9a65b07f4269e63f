// The audit trail's proof, over HTTP and at the terminal: what was tampered with past the application is found by both.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inTenant, withClient } from '../../../../test/database.ts'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

const MAIN = fileURLToPath(new URL('../../../main.ts', import.meta.url))

let ashlar: TestApp
let folder: string
let owner: Person
let tenant: string
before(async () => {
  ashlar = await startApp()
  folder = await mkdtemp(join(tmpdir(), 'ashlar-audit-'))
})
after(async () => {
  await ashlar.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  owner = await ashlar.person()
  const made = await ashlar.call('POST', '/api/v1/tenants', { token: owner.token, json: { name: unique('Quarry ') } })
  tenant = made.body.id
  for (const name of ['a', 'b', 'c', 'd']) {
    const role = await ashlar.call('POST', '/api/v1/roles', { ...here(), json: { name } })
    assert.equal(role.status, 201, role.text)
  }
})

const here = () => ({ token: owner.token, headers: { 'x-tenant-id': tenant } })
const overHttp = async () => (await ashlar.call('GET', '/api/v1/audit-logs/verify', here())).body

function atTheTerminal(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { url, appUrl, rolePrefix } = ashlar.database
  const env = {
    PATH: process.env.PATH,
    ENVIRONMENT: 'test',
    JWT_SECRET: 'a-secret-that-only-the-tests-know-0123456789',
    DATA_DIR: folder,
    DATABASE_URL: url,
    DATABASE_APP_URL: appUrl,
    DATABASE_ROLE_PREFIX: rolePrefix,
    LOG_LEVEL: 'silent',
  }
  return new Promise((done) => {
    execFile(process.execPath, [MAIN, 'audit', ...args], { env, cwd: folder }, (error, out, err) =>
      done({ code: Number(error?.code ?? 0), out, err }),
    )
  })
}

it('LOG-3: an untouched trail is intact over HTTP and, with all others, at the terminal', async () => {
  const [{ n }] = (await ashlar.rows<{ n: number }>('SELECT count(*)::int AS n FROM audit_logs WHERE "tenantId" = $1', [
    tenant,
  ])) as [{ n: number }]
  assert.ok(n >= 4)
  assert.deepEqual(await overHttp(), { state: 'intact', entries: n, chain: null, firstBad: null, reason: null })
  const { code, out, err } = await atTheTerminal('verify')
  assert.equal(code, 0, err)
  assert.match(out, new RegExp(`^${tenant}: ${n} entries, intact$`, 'm'))
  assert.match(out, /^default: \d+ entries, intact$/m)
})

describe('LOG-3: past the application', () => {
  const tamperings: [string, string, number, string][] = [
    ['a changed entry', `UPDATE audit_logs SET action = 'roles.view' WHERE "tenantId" = $1 AND seq = 3`, 3, 'changed'],
    ['a deleted entry', `DELETE FROM audit_logs WHERE "tenantId" = $1 AND seq = 2`, 2, 'missing'],
    [
      "two entries in one another's place",
      `UPDATE audit_logs SET seq = 99 WHERE "tenantId" = $1 AND seq = 2;
       UPDATE audit_logs SET seq = 2 WHERE "tenantId" = $1 AND seq = 3;
       UPDATE audit_logs SET seq = 3 WHERE "tenantId" = $1 AND seq = 99`,
      2,
      'does not follow the entry before',
    ],
    ['a truncated tail', `DELETE FROM audit_logs WHERE "tenantId" = $1 AND seq > 3`, 4, 'missing at the end'],
  ]
  for (const [what, statement, firstBad, reason] of tamperings) {
    it(`${what} is found over HTTP and at the terminal, in that tenant and no other`, async () => {
      for (const step of statement.split(';')) await ashlar.rows(step, [tenant])
      assert.deepEqual(await overHttp(), { state: 'broken', entries: firstBad - 1, chain: 0, firstBad, reason })
      const found = await atTheTerminal('verify', '--tenant', tenant)
      assert.equal(found.code, 1)
      assert.equal(
        found.err.trim(),
        `${tenant}: broken at entry ${firstBad} of chain 0 (${reason}); the ${firstBad - 1} before it hold`,
      )
      const { token } = await ashlar.admin()
      const other = await ashlar.call('GET', '/api/v1/audit-logs/verify', { token })
      assert.equal(other.body.state, 'intact', other.text)
    })
  }

  it('every tenant is read: one broken chain does not hide the rest', async () => {
    await ashlar.rows('DELETE FROM audit_logs WHERE "tenantId" = $1 AND seq = 1', [tenant])
    const { code, out, err } = await atTheTerminal('verify')
    assert.equal(code, 1)
    assert.match(err, new RegExp(`^${tenant}: broken at entry 1 `, 'm'))
    assert.match(out, /^default: .* intact$/m)
  })
})

describe('refusals', () => {
  it('without a token 401, without the permission 403, and a token of another tenant sees its own chain only', async () => {
    assert.equal((await ashlar.call('GET', '/api/v1/audit-logs/verify')).status, 401)
    const refused = await ashlar.call('GET', '/api/v1/audit-logs/verify', { token: owner.token })
    assert.equal(refused.status, 403)
    assert.equal(refused.body.permission, 'audit:view')
  })

  it('the terminal refuses an unknown tenant and an unknown word', async () => {
    const unknown = await atTheTerminal('verify', '--tenant', 'nowhere')
    assert.equal(unknown.code, 1)
    assert.equal(unknown.err.trim(), 'There is no tenant "nowhere".')
    assert.match((await atTheTerminal('repair')).err, /^ashlar audit verify/)
  })

  it('LOG-3: the application can neither change nor delete nor empty what is written', async () => {
    const { appUrl } = ashlar.database
    for (const statement of [
      `UPDATE audit_logs SET action = 'x'`,
      'DELETE FROM audit_logs',
      'TRUNCATE audit_logs',
      'DELETE FROM audit_heads',
    ]) {
      const attempt = withClient(appUrl, (client) => inTenant(client, tenant, () => client.query(statement)))
      await assert.rejects(attempt, { code: '42501' }, statement)
    }
    assert.equal((await overHttp()).state, 'intact')
  })
})
