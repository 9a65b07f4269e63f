// What /auth/me shows on one node after a change on another: it is kept in memory on both.
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'

let one: TestApp
let other: TestApp
let admin: Person
before(async () => {
  one = await startApp()
  other = await startApp({ database: one.database })
  admin = await one.admin()
})
after(async () => {
  await other?.stop()
  await one?.stop()
})

const me = async (node: TestApp, token: string) => (await node.call('GET', '/api/v1/auth/me', { token })).body

it('a profile that was changed is shown within a moment, and nobody else is read again', async () => {
  const person = await one.person()
  const bystander = await one.person()
  for (const node of [one, other]) for (const { token } of [person, bystander]) assert.ok((await me(node, token)).id)
  const url = `/api/v1/users/${person.id}`
  const changed = await one.call('PATCH', url, { token: admin.token, json: { name: 'Ada Changed' } })
  assert.equal(changed.status, 200, changed.text)
  assert.equal((await me(one, person.token)).name, 'Ada Changed')
  for (let waited = 0; (await me(other, person.token)).name !== 'Ada Changed'; waited += 10) {
    assert.ok(waited < 2_000, 'the other node shows the old name')
    await sleep(10)
  }
  assert.notEqual((await me(other, bystander.token)).name, 'Ada Changed')
})

it('SESS-2: a change of status beside the profile still ends access on the other node', async () => {
  const person = await one.person()
  assert.ok((await me(other, person.token)).id)
  const json = { name: 'Gone', status: 'SUSPENDED' }
  const changed = await one.call('PATCH', `/api/v1/users/${person.id}`, { token: admin.token, json })
  assert.equal(changed.status, 200, changed.text)
  for (let waited = 0; ; waited += 10) {
    const { status } = await other.call('GET', '/api/v1/auth/me', { token: person.token })
    if (status === 401) break
    assert.ok(waited < 2_000, 'the other node still lets them in')
    await sleep(10)
  }
})
