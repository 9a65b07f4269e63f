// The list of the audit trail: the span of time that it is asked for.
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { encodeCursor } from '../../../core/page.ts'

let ashlar: TestApp
let admin: Person
const errors: string[] = []
before(async () => {
  ashlar = await startApp({ onLog: (line) => void (line.includes('"error"') && errors.push(line)) })
  admin = await ashlar.admin()
})
after(() => ashlar?.stop())

const get = (path: string) => ashlar.call('GET', `/api/v1${path}`, { token: admin.token })

it('a time that there is not is refused with its field, before PostgreSQL sees it', async () => {
  for (const field of ['from', 'to']) {
    for (const time of [
      '0000-01-01T00:00:00Z',
      '0000-01-01',
      '2026-02-30T00:00:00Z',
      '2026-01-01T29:00:00Z',
      '2026-01-01T00:00:00+23:59',
      `2026-01-01T00:00:00.${'1'.repeat(300)}Z`,
    ]) {
      const { status, body } = await get(`/audit-logs?${field}=${encodeURIComponent(time)}`)
      assert.deepEqual([status, body.code], [422, 'request.invalid'], time)
      assert.deepEqual([body.errors[0].in, body.errors[0].path, body.errors[0].code], ['query', field, 'format'], time)
    }
  }
  const { status, body } = await get(
    `/audit-logs?from=0001-01-01T00:00:00Z&to=${encodeURIComponent('9999-12-31T23:59:59+15:59')}`,
  )
  assert.equal(status, 200)
  assert.ok(body.data.length > 0)
  assert.deepEqual(errors, [])
})

it('so is a cursor that holds one, on every list that is continued by time', async () => {
  for (const time of ['2026-01-01T29:00:00Z', '2026-02-30T00:00:00Z', '0000-01-01T00:00:00Z']) {
    for (const path of ['/users', '/mail', '/tenants/default/members', '/tenants/default/invitations', '/audit-logs']) {
      const { status, body } = await get(`${path}?cursor=${encodeCursor([time, 'x'])}`)
      assert.equal(status, 422, path)
      assert.deepEqual([body.errors[0].path, body.errors[0].code], ['cursor', 'unknown_cursor'], path)
    }
  }
  assert.deepEqual(errors, [])
})
