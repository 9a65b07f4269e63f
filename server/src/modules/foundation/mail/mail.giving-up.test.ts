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
const isDeaf = false
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
  job = deliveryJob({ mailer, sealer, events, from: options.from, revived: revive }) as unknown as JobDefinition
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

function partsOf(id: string, jobId: string) {
  const transaction: Parameters<JobDefinition['handler']>[0]['database']['transaction'] = (work) =>
    database.inTenant('a', work)
  return { payload: { mailId: id }, tenantId: 'a', database: { ...database.tenant('a'), transaction }, jobId, log }
}

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
