// The whole API on two nodes behind PgBouncer in transaction mode, with fewer server connections than one node has of its own.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { proveIsolation } from '../src/cli/isolation/index.ts'
import { reportOf } from '../src/cli/isolation/report.ts'
import { openPostOffice, type PostOffice } from '../src/modules/foundation/mail/mail.fixture.ts'
import { type AiServer, startAiServer } from './ai-servers.ts'
import { openDatabase } from './application.ts'
import { withClient } from './database.ts'
import { ADMIN, PASSWORD } from './harness.ts'
import { pgBouncerMissing, startPgBouncer } from './pgbouncer.ts'
import {
  type Client,
  createClient,
  createFleet,
  eventually,
  type Fleet,
  FULL_SIZE,
  percentile,
  register,
  type ServerProcess,
  signInAsAdmin,
} from './processes.ts'
import { listen } from './streams.ts'

const SERVER_CONNECTIONS = 3
const STATEMENT_MS = 4_000
const PARALLEL = 40

describe('two nodes behind PgBouncer in transaction mode', { skip: pgBouncerMissing ?? false }, () => {
  let fleet: Fleet
  let bouncer: Awaited<ReturnType<typeof startPgBouncer>>
  let models: AiServer
  let post: PostOffice
  let nodes: [ServerProcess, ServerProcess]
  let client: Client

  before(async () => {
    models = await startAiServer()
    post = await openPostOffice()
    fleet = await createFleet()
    const { rolePrefix, appUrl, url } = fleet.database
    // As the guide says: the operator makes the role, whose password the pooler knows too.
    const password = decodeURIComponent(new URL(appUrl).password)
    await fleet.rows(`CREATE ROLE ${rolePrefix}_app LOGIN NOINHERIT PASSWORD '${password}'`)
    await fleet.rows(`GRANT ${rolePrefix}_app TO ${new URL(url).username} WITH ADMIN OPTION`)
    bouncer = await startPgBouncer(appUrl, SERVER_CONNECTIONS)
    const env = {
      DATABASE_APP_URL: appUrl,
      DATABASE_POOLER_URL: bouncer.url,
      DB_STATEMENT_TIMEOUT: `${STATEMENT_MS}ms`,
      OLLAMA_HOST: models.ollama,
      ...post.env,
    }
    nodes = [await fleet.start(env), await fleet.start(env)]
    client = createClient({ connections: PARALLEL })
  })
  after(async () => {
    client?.close()
    await bouncer?.stop()
    await fleet?.stop()
    await Promise.all([models?.close(), post?.close()])
  })

  const sessions = () =>
    fleet.rows<{ name: string; count: number }>(
      `SELECT application_name AS name, count(*)::int AS count FROM pg_stat_activity
       WHERE datname = current_database() AND usename = '${fleet.database.rolePrefix}_app' GROUP BY 1 ORDER BY 1`,
    )

  it('isolation holds in every place of every operation that bears an id', {
    skip: !FULL_SIZE && 'it takes minutes with three connections',
  }, async () => {
    const database = openDatabase(fleet.database)
    try {
      const admin = { login: ADMIN.email, password: ADMIN.password }
      const proof = await proveIsolation({ url: nodes[0].url, admin, database })
      assert.deepEqual(proof.coverage.gaps, [])
      assert.deepEqual(proof.findings, [], reportOf(proof))
      assert.ok(proof.holds)
      assert.ok(proof.coverage.places >= 350, `${proof.coverage.places} places`)
    } finally {
      await database.close()
    }
  })

  it('people, documents, files and teams are made, found, changed and deleted', async () => {
    const admin = await signInAsAdmin(client, nodes[1].url)
    let turn = 0
    const call = (method: string, path: string, json?: object) =>
      client.call(method, `${nodes[turn++ % 2]!.url}/api/v1${path}`, { token: admin.token, ...(json && { json }) })
    const ok = async (asked: ReturnType<typeof call>) => {
      const reply = await asked
      assert.ok(reply.status >= 200 && reply.status < 300, `${reply.status} ${reply.text}`)
      return reply.body
    }
    const json = { email: 'ruth@example.com', name: 'Ruth Stone', password: PASSWORD }
    const { id } = await ok(call('POST', '/users', json))
    assert.equal((await ok(call('GET', '/users?search=Ruth'))).data[0].id, id)
    await ok(call('PATCH', `/users/${id}`, { bio: 'Cuts slabs.' }))
    assert.equal((await call('POST', '/users', json)).status, 409)
    const team = await ok(call('POST', '/teams', { name: 'Masons' }))
    await ok(call('POST', `/teams/${team.id}/members`, { userId: id }))
    const folder = await ok(call('POST', '/folders', { name: 'Plans' }))
    const document = await ok(call('POST', '/documents', { title: 'Vault', content: 'keystone', folderId: folder.id }))
    assert.equal((await ok(call('GET', '/documents?search=keystone'))).data[0].id, document.id)
    await ok(call('DELETE', `/documents/${document.id}`))
    assert.equal((await ok(call('GET', '/documents?search=keystone'))).data.length, 0)

    const bytes = Buffer.from('stone '.repeat(50_000))
    const form = new FormData()
    form.append('file', new Blob([bytes], { type: 'text/plain' }), 'stone.txt')
    const headers = { authorization: `Bearer ${admin.token}` }
    const sent = await fetch(`${nodes[0].url}/api/v1/files/upload`, { method: 'POST', headers, body: form })
    const file = (await sent.json()) as { id: string }
    assert.equal(sent.status, 201, JSON.stringify(file))
    const read = await fetch(`${nodes[1].url}/api/v1/files/${file.id}/content`, { headers })
    assert.ok(Buffer.from(await read.arrayBuffer()).equals(bytes))
    await ok(call('DELETE', `/users/${id}`))
    assert.equal((await call('GET', `/users/${id}`)).status, 404)
  })

  it('what one node commits the other hears: events, jobs and who is signed out', async () => {
    const [here, there] = nodes
    const person = await register(client, here.url)
    const stream = await listen(there.url, { token: person.token, types: 'documents.created' })
    assert.equal(stream.status, 200)
    const { token } = person
    const made = await client.call('POST', `${here.url}/api/v1/documents`, {
      token,
      json: { title: 'T', content: 'x' },
    })
    assert.equal(made.status, 201, made.text)
    assert.equal((await stream.next('documents.created')).data.aggregateId, made.body.id)
    stream.close()

    const admin = await signInAsAdmin(client, here.url)
    const json = { recipients: ['mason@example.com'], subject: 'Slabs', body: 'Ready.' }
    const mail = await client.call('POST', `${here.url}/api/v1/mail/email/background`, { token: admin.token, json })
    assert.equal(mail.status, 202, mail.text)
    const arrived = async () => post.taken.some(({ to }) => to.includes('mason@example.com'))
    assert.ok(await eventually(arrived, 15_000), 'no job was worked on')

    const me = async () => (await client.call('GET', `${there.url}/api/v1/users/me`, { token })).status
    assert.equal(await me(), 200)
    await client.call('POST', `${here.url}/api/v1/auth/logout`, { token })
    assert.ok(await eventually(async () => (await me()) === 401, 1_000, 5))
  })

  it(`${PARALLEL} callers at once share ${SERVER_CONNECTIONS} server connections: none fails`, async (test) => {
    const people = await Promise.all(Array.from({ length: 8 }, (_, turn) => register(client, nodes[turn % 2]!.url)))
    const times: number[] = []
    await Promise.all(
      Array.from({ length: PARALLEL }, async (_, caller) => {
        const { token, id } = people[caller % people.length]!
        for (let turn = 0; turn < 15; turn++) {
          const url = nodes[(caller + turn) % 2]!.url
          const json = { title: `document ${caller}-${turn}`, content: 'x' }
          const reply =
            turn % 3 === 0
              ? await client.call('POST', `${url}/api/v1/documents`, { token, json })
              : await client.call('GET', `${url}/api/v1/${turn % 3 === 1 ? 'users/me' : 'documents?limit=20'}`, {
                  token,
                })
          assert.ok(reply.status === 200 || reply.status === 201, reply.text)
          if (turn % 3 === 1) assert.equal(reply.body.id, id)
          times.push(reply.ms)
        }
      }),
    )
    test.diagnostic(
      `${times.length} requests, p50 ${percentile(times, 0.5).toFixed(0)} ms, p99 ${percentile(times, 0.99).toFixed(0)} ms`,
    )
    const counts = Object.fromEntries((await sessions()).map(({ name, count }) => [name, count]))
    const pooled = Object.entries(counts).filter(([name]) => !['ashlar-bus', 'ashlar-jobs'].includes(name))
    assert.ok(pooled.reduce((sum, [, count]) => sum + count, 0) <= SERVER_CONNECTIONS, JSON.stringify(counts))
    assert.equal(counts['ashlar-bus'], 2, 'each node listens on a connection of its own')
  })

  it('the timeouts that connections cannot bring stand at the role', async () => {
    const [row] = await fleet.rows<{ settings: string[] }>(
      `SELECT rolconfig AS settings FROM pg_roles WHERE rolname = '${fleet.database.rolePrefix}_app'`,
    )
    for (const setting of ['statement_timeout=4000', 'lock_timeout=2000', 'idle_in_transaction_session_timeout=10000'])
      assert.ok(row!.settings.includes(setting), `${setting} of ${row!.settings}`)
  })

  it('a node whose pool has no timeouts does not start, and says how to mend that', async () => {
    const { appUrl, rolePrefix } = fleet.database
    await fleet.rows(`ALTER ROLE ${rolePrefix}_app RESET lock_timeout`)
    const early = await startPgBouncer(appUrl, 1)
    try {
      // Its one connection is older than what the node sets at the role.
      await withClient(early.url, (client) => client.query('SELECT 1'))
      const env = {
        DATABASE_APP_URL: appUrl,
        DATABASE_POOLER_URL: early.url,
        DB_STATEMENT_TIMEOUT: `${STATEMENT_MS}ms`,
      }
      await assert.rejects(fleet.start(env), /there is no lock_timeout: [^\n]+ RECONNECT at PgBouncer/)
    } finally {
      await early.stop()
    }
  })

  it('a node that would prepare statements behind a pooler that does not keep them does not start, and says why', async (test) => {
    const env = {
      DATABASE_APP_URL: fleet.database.appUrl,
      DATABASE_POOLER_URL: bouncer.url,
      DB_PREPARED_STATEMENTS: 'true',
    }
    const started = await fleet.start(env).catch((error: Error) => error)
    if (!(started instanceof Error)) {
      // A newer PgBouncer, which keeps them.
      test.diagnostic('this PgBouncer keeps prepared statements')
      const person = await register(client, started.url)
      const me = await client.call('GET', `${started.url}/api/v1/users/me`, { token: person.token })
      assert.equal(me.status, 200, me.text)
      return
    }
    assert.match(started.message, /does not keep prepared statements: leave DB_PREPARED_STATEMENTS away/)
  })

  it('without DATABASE_APP_URL a node does not start, and says why', async () => {
    const env = { DATABASE_APP_URL: '', DATABASE_POOLER_URL: bouncer.url }
    await assert.rejects(fleet.start(env), /DATABASE_APP_URL is missing: DATABASE_POOLER_URL needs it/)
  })
})
