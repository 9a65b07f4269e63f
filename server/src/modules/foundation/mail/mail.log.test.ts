// The log of mails over HTTP: what it shows, to whom, and what it finds.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { testLog as log, openDatabase } from '../../../../test/application.ts'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../../../test/database.ts'
import type { UserActor } from '../../../core/actor.ts'
import { requestErrors } from '../../../core/errors.ts'
import type { Database } from '../../../drivers/database/index.ts'
import { createHttp, createLimiter, type HttpServer, memoryLimitStore } from '../../../drivers/http/index.ts'
import { createSealer } from '../../../drivers/sealing/index.ts'
import { createMail, mailRoutes } from './index.ts'
import { audit, changed, events, options, reset, token } from './mail.fixture.ts'
import type { MailDetails } from './mail.schema.ts'

const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }])

interface Answer {
  code: string
  data: [MailDetails, ...MailDetails[]]
  meta: { total: number; nextCursor?: string }
}

describe('GET /mail', () => {
  let server: TestDatabase
  let database: Database
  let http: HttpServer
  let base: string

  before(async () => {
    server = await createMigratedDatabase()
    await withClient(server.adminUrl, (client) =>
      client.query("INSERT INTO tenants (id, name, slug) VALUES ('a', 'A', 'a'), ('b', 'B', 'b')"),
    )
    database = openDatabase(server)
    const jobs = { define() {}, enqueue: async () => undefined, hasten: async () => false }
    const outbox = createMail({ database, jobs, mailer: undefined, sealer, audit, events, options })
    for (let at = 0; at < 3; at++)
      await database.inTenant('a', (tx) =>
        outbox.send(tx, { ...reset, to: { address: `p${at}@example.com`, name: 'P' } }),
      )
    await database.inTenant('a', (tx) => outbox.send(tx, changed))
    await database.inTenant('b', (tx) => outbox.send(tx, reset))
    const authenticator = {
      async user(credential: string): Promise<UserActor> {
        const [tenantId = '', permission = ''] = credential.split('/')
        return {
          kind: 'user',
          userId: 'u',
          tenantId,
          sessionId: 's',
          tokenId: undefined,
          level: 'MEMBER',
          permissions: new Set([permission]),
          authenticatedAt: 0,
        }
      },
      again: async () => undefined,
      endOf: () => Number.POSITIVE_INFINITY,
      admin: async () => {
        throw requestErrors('access.unauthenticated')
      },
    }
    const rule = { limit: 1_000, windowSeconds: 60 }
    const rules = {
      anonymous: rule,
      authenticated: rule,
      auth: rule,
      login: rule,
      refresh: rule,
      ai: rule,
      uncounted: rule,
    }
    const limits = {
      bodyLimit: 10_000,
      requestTimeoutMs: 5_000,
      headersTimeoutMs: 5_000,
      handlerTimeoutMs: 5_000,
      keepAliveTimeoutMs: 5_000,
      maxConnections: 50,
    }
    const rest = {
      cspMode: 'strict' as const,
      hsts: false,
      trustedProxies: [],
      corsOrigins: [],
      documents: false,
      version: '0',
      reauthenticationSeconds: 600,
      tenancy: { strategy: 'none' as const, mainDomain: undefined },
    }
    http = await createHttp(
      { ...limits, ...rest },
      { routes: mailRoutes(outbox), authenticator, limiter: createLimiter(rules, memoryLimitStore(), false), log },
    )
    base = await http.listen('127.0.0.1', 0)
  })
  after(async () => {
    await http?.drain()
    await database?.close()
    await server?.drop()
  })

  const ask = async (path: string, credential = 'a/mail:view') => {
    const answer = await fetch(base + path, { headers: { authorization: `Bearer ${credential}` } })
    return { status: answer.status, body: (await answer.json()) as Answer }
  }

  it('lists the mails of the tenant, newest first, without their content', async () => {
    const { status, body } = await ask('/api/v1/mail')
    assert.equal(status, 200)
    assert.equal(body.meta.total, 4)
    assert.equal(body.data[0].template, 'password_changed')
    assert.equal('html' in body.data[0] || 'text' in body.data[0] || 'sealed' in body.data[0], false)
  })

  it('finds by recipient, subject, template and state, and pages', async () => {
    for (const [query, total] of [
      ['search=P1@', 1],
      ['search=choose+a+new', 3],
      ['search=password_res', 3],
      ['search=%25', 0],
      ['state=outbox', 4],
      ['state=sent', 0],
    ] as const)
      assert.equal((await ask(`/api/v1/mail?${query}`)).body.meta.total, total, query)
    const seen: string[] = []
    for (let cursor = ''; ; ) {
      const { body } = await ask(`/api/v1/mail?limit=1${cursor && `&cursor=${cursor}`}`)
      if (body.data.length === 0) break
      seen.push(body.data[0].id)
      if (!body.meta.nextCursor) break
      cursor = body.meta.nextCursor
    }
    assert.equal(new Set(seen).size, 4)
    assert.equal((await ask('/api/v1/mail?cursor=nonsense')).status, 422)
    assert.equal((await ask('/api/v1/mail?cursor=WyJ4IiwieSJd')).status, 422)
    assert.equal((await ask('/api/v1/mail?state=lost')).status, 422)
  })

  it('shows one mail whole, on both bases', async () => {
    const id = (await ask('/api/v1/mail?search=p1@')).body.data[0].id
    for (const path of [`/api/v1/mail/${id}`, `/api/mail/${id}`]) {
      const { status, body } = await ask(path)
      assert.equal(status, 200)
      assert.ok(JSON.stringify(body).includes(token))
    }
  })

  it('shows nothing of another tenant and nothing without the permission', async () => {
    const id = (await ask('/api/v1/mail', 'b/mail:view')).body.data[0].id
    const { status, body } = await ask(`/api/v1/mail/${id}`)
    assert.deepEqual([status, body.code], [404, 'mail.not_found'])
    assert.equal((await ask('/api/v1/mail', 'a/mail:send')).status, 403)
    assert.equal((await ask(`/api/v1/mail/${id}`, 'b/users:view')).status, 403)
    assert.equal((await fetch(`${base}/api/v1/mail`)).status, 401)
  })
})
