// The log: what it leaves out wherever it stands, and statements that are slow.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { withClient } from '../../../test/database.ts'
import { type Person, startApp, type TestApp, unique } from '../../../test/harness.ts'
import { createLog } from './log.ts'

describe('the log', () => {
  it('LOG-2: leaves out what stands under the name of a secret, beside and inside what is logged', () => {
    const lines: string[] = []
    const log = createLog({ level: 'info', format: 'json' }, { write: (line: string) => void lines.push(line) })
    const names =
      'password newPassword oldPassword token accessToken refreshToken mfaToken invitationToken secret secretAccessKey apiKey authorization cookie code'
    for (const name of names.split(' ')) {
      log.info({ [name]: 'canary', kept: 'kept' }, 'beside')
      log.child({ part: 'x' }).warn({ request: { [name]: 'canary', kept: 'kept' } }, 'inside')
    }
    assert.equal(lines.length, 28)
    for (const line of lines) {
      assert.ok(!line.includes('canary'), line)
      assert.ok(line.includes('"[removed]"') && line.includes('"kept":"kept"'), line)
    }
  })
})

describe('slow statements', () => {
  let ashlar: TestApp
  let person: Person
  let lines: string[] = []
  before(async () => {
    ashlar = await startApp({ onLog: (line) => lines.push(line), env: { DB_SLOW_QUERY: '150ms' } })
    person = await ashlar.person()
  })
  after(() => ashlar?.stop())

  const slow = () => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'a statement was slow')

  it('are logged with their text, time, route and request, and without a value', async () => {
    const name = unique('canary')
    lines = []
    await withClient(ashlar.database.adminUrl, async (client) => {
      await client.query('BEGIN')
      await client.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [person.id])
      const changed = ashlar.call('PATCH', '/api/v1/users/me', {
        token: person.token,
        json: { name },
        headers: { 'x-request-id': 'slow-1' },
      })
      await new Promise((wake) => setTimeout(wake, 400))
      await client.query('COMMIT')
      assert.equal((await changed).status, 200)
    })
    const [line] = slow()
    assert.deepEqual([line.level, line.route, line.reqId], ['warn', 'users.updateMe', 'slow-1'])
    assert.ok(line.ms >= 150)
    assert.match(line.statement, /users.*\$1/)
    assert.ok(!lines.join('').includes(name) && !lines.join('').includes(`'${person.id}'`))
  })

  it('are not there where nothing is slow', async () => {
    lines = []
    await ashlar.call('GET', '/api/v1/users/me', { token: person.token })
    assert.deepEqual(slow(), [])
  })

  it('DATABASE_ECHO logs every statement without its values, and 0 no slow one', async () => {
    const said: string[] = []
    const env = { DATABASE_ECHO: 'true', DB_SLOW_QUERY: '0' }
    const echoing = await startApp({ database: ashlar.database, onLog: (line) => said.push(line), env })
    try {
      said.length = 0
      await echoing.call('GET', '/api/v1/users/me', { token: person.token })
      const statements = said.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'statement')
      assert.ok(statements.some(({ route, statement }) => route === 'users.me' && /\$1/.test(statement)))
      assert.ok(!said.some((line) => line.includes('was slow') || line.includes(person.email)))
    } finally {
      await echoing.stop()
    }
  })
})
