// The end of a mail that does not arrive: by which job it comes, and that it is told.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { testLog as log, openDatabase } from '../../../../test/application.ts'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../../../test/database.ts'
import type { UserActor } from '../../../core/actor.ts'
import type { Database } from '../../../drivers/database/index.ts'
import { createSmtpMailer, type Mailer } from '../../../drivers/mailer/index.ts'
import type { JobDefinition } from '../../../drivers/queue/index.ts'
import { createSealer } from '../../../drivers/sealing/index.ts'
import { noMetrics } from '../../../drivers/telemetry/index.ts'
import { deliveryJob } from './delivery.ts'
import { createMail, type Mail, type MailParts, type MailToSend } from './index.ts'
import { audit, changed, openPostOffice, options, type PostOffice } from './mail.fixture.ts'
import { revive } from './service/retry.ts'

const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }])
const actor = { kind: 'user', userId: 'u', tenantId: 'a' } as UserActor
let server: TestDatabase
let database: Database
let post: PostOffice
let mailer: Mailer
let mail: Mail
let job: JobDefinition
let queued = 0
let isDeaf = false
let told: [string, string][] = []

const events: MailParts['events'] = {
  publish(_tx, { name }, { aggregateId }) {
    if (isDeaf) throw new Error('nobody can be told')
    told.push([name, aggregateId])
  },
}

before(async () => {
  server = await createMigratedDatabase()
  await rows("INSERT INTO tenants (id, name, slug) VALUES ('a', 'A', 'a')")
  database = openDatabase(server)
  const later = Object.assign(new Error('later'), { responseCode: 451 })
  post = await openPostOffice({ refuseRecipient: (address) => (address.startsWith('first') ? undefined : later) })
  const place = { host: '127.0.0.1', port: post.port, username: undefined, password: undefined }
  mailer = createSmtpMailer({ ...place, security: 'none' }, log)
  const jobs = { define() {}, enqueue: async () => `job${++queued}`, hasten: async () => true }
  mail = createMail({ database, jobs, mailer, sealer, audit, events, options })
  job = deliveryJob({
    mailer,
    sealer,
    events,
    metrics: noMetrics,
    from: options.from,
    revived: revive,
  }) as unknown as JobDefinition
})
beforeEach(() => {
  told = []
})
after(async () => {
  mailer?.close()
  await post?.close()
  await database?.close()
  await server?.drop()
})

const rows = (statement: string, values: unknown[] = []) =>
  withClient(server.adminUrl, async (client) => (await client.query(statement, values)).rows)
const send = (more: Partial<MailToSend> = {}) => database.inTenant('a', (tx) => mail.send(tx, { ...changed, ...more }))
const stateOf = async (id: string) => (await rows('SELECT state FROM mails WHERE id = $1', [id]))[0].state as string
const jobOf = async (id: string) => (await rows('SELECT "jobId" FROM mails WHERE id = $1', [id]))[0].jobId as string
const age = (id: string, column: 'queuedAt' | 'expiresAt') =>
  rows(`UPDATE mails SET "${column}" = now() - interval '25 hours' WHERE id = $1`, [id])

function partsOf(id: string, jobId: string) {
  const transaction: Parameters<JobDefinition['handler']>[0]['database']['transaction'] = (work) =>
    database.inTenant('a', work)
  return { payload: { mailId: id }, tenantId: 'a', database: { ...database.tenant('a'), transaction }, jobId, log }
}

const tryIt = async (id: string) =>
  job.handler({
    ...partsOf(id, await jobOf(id)),
    attempt: 1,
    signal: AbortSignal.timeout(10_000),
    progress() {},
    complete: async () => undefined,
  })
const abandon = (id: string, jobId: string) => job.abandoned!({ ...partsOf(id, jobId), reason: 'All tries failed.' })

describe('a mail whose job was given up', () => {
  it('is given up with it, and not with a job that it had before somebody tried it again', async () => {
    const id = await send()
    const old = await jobOf(id)
    await abandon(id, old)
    assert.equal(await stateOf(id), 'failed')
    await mail.retry(actor, id, { ip: undefined, userAgent: undefined, requestId: 'r' } as never)
    const young = await jobOf(id)
    assert.notEqual(young, old)
    told = []
    await abandon(id, old)
    assert.equal(await stateOf(id), 'queued')
    assert.deepEqual(await rows('SELECT state FROM mail_recipients WHERE "mailId" = $1', [id]), [{ state: 'waiting' }])
    assert.deepEqual(told, [])
    await abandon(id, young)
    assert.equal(await stateOf(id), 'failed')
    assert.deepEqual(told, [['mail.failed', id]])
  })
})

describe('a mail that waited too long', () => {
  const addFirst = (id: string) =>
    rows(
      `INSERT INTO mail_recipients ("tenantId", "mailId", position, kind, address) VALUES ('a', $1, 2, 'cc', 'first@example.com')`,
      [id],
    )

  it('is told as failed, once, when it is given up after a day', async () => {
    const id = await send()
    await assert.rejects(tryIt(id), /later/)
    assert.deepEqual([await stateOf(id), told], ['queued', []])
    await age(id, 'queuedAt')
    await assert.rejects(tryIt(id), { name: 'JobRefused' })
    await abandon(id, await jobOf(id))
    await tryIt(id)
    assert.deepEqual([await stateOf(id), told], ['failed', [['mail.failed', id]]])
  })

  it('is not given up where that cannot be told', async () => {
    const id = await send()
    await assert.rejects(tryIt(id), /later/)
    await age(id, 'queuedAt')
    isDeaf = true
    await assert.rejects(tryIt(id), /nobody can be told/).finally(() => {
      isDeaf = false
    })
    assert.deepEqual([await stateOf(id), told], ['queued', []])
  })

  for (const column of ['queuedAt', 'expiresAt'] as const)
    it(`is told as failed when some have it and the others get it no more (${column})`, async () => {
      const id = await send()
      await addFirst(id)
      await assert.rejects(tryIt(id), /later/)
      await age(id, column)
      await assert.rejects(tryIt(id), { name: 'JobRefused' })
      assert.deepEqual([await stateOf(id), told], ['partial', [['mail.failed', id]]])
    })

  it('is not told as failed when what it brings has died before anybody had it', async () => {
    const id = await send()
    await age(id, 'expiresAt')
    await tryIt(id)
    assert.deepEqual([await stateOf(id), told], ['cancelled', []])
  })
})
