// Mail from the transaction that writes it to the server that takes it, and the log that is kept of it.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { QueryResult } from 'pg'
import { testLog as log, openDatabase } from '../../../../test/application.ts'
import { createMigratedDatabase, type TestDatabase, withClient } from '../../../../test/database.ts'
import type { UserActor } from '../../../core/actor.ts'
import type { Database } from '../../../drivers/database/index.ts'
import { createSmtpMailer, type Mailer, MailRefused, type OutgoingMail } from '../../../drivers/mailer/index.ts'
import { createJobs, installQueue, type Jobs } from '../../../drivers/queue/index.ts'
import { createSealer } from '../../../drivers/sealing/index.ts'
import { createMail, deliverMail, type Mail, type MailToSend, mailUpkeepJob } from './index.ts'
import {
  audit,
  changed,
  events,
  openPostOffice,
  openSilence,
  options,
  type PostOffice,
  readable,
  reset,
  token,
} from './mail.fixture.ts'

const sealer = createSealer([{ id: 'k1', key: randomBytes(32) }])
let server: TestDatabase
let database: Database
let post: PostOffice
let mailer: Mailer
let jobs: Jobs
let mail: Mail
let outbox: Mail
let refuse: ((address: string) => Error | undefined) | undefined

before(async () => {
  server = await createMigratedDatabase()
  const retry = { limit: 50, delaySeconds: 1, backoff: true, maxDelaySeconds: 1 }
  await installQueue(server.url, { rolePrefix: server.rolePrefix, jobs: [{ ...deliverMail, retry }, mailUpkeepJob] })
  await asAdmin("INSERT INTO tenants (id, name, slug) VALUES ('a', 'A', 'a'), ('b', 'B', 'b')")
  database = openDatabase(server)
  post = await openPostOffice({ refuseRecipient: (address) => refuse?.(address) })
  mailer = smtp(post.port)
  jobs = createJobs({ url: server.appUrl, database, log, monitorSeconds: 1 })
  mail = createMail({ database, jobs, mailer, sealer, audit, events, options })
  outbox = createMail({ database, jobs, mailer: undefined, sealer, audit, events, options })
  mail.defineJobs()
  await jobs.start()
})
beforeEach(() => {
  refuse = undefined
  post.taken.length = 0
})
after(async () => {
  await jobs?.stop({ graceMs: 1_000 })
  mailer?.close()
  await post?.close()
  await database?.close()
  await server?.drop()
})

describe('a mail', () => {
  it('is delivered, with its answer kept', async () => {
    const id = await send(changed)
    const row = await until(id, 'sent')
    const [taken] = post.taken
    assert.deepEqual(taken?.to, ['mason@example.com'])
    assert.equal(taken?.from, 'ashlar@example.com')
    for (const header of [
      /^From: Ashlar <ashlar@example\.com>\r$/m,
      /^To: Mason <mason@example\.com>\r$/m,
      /^Subject: Your password was changed\r$/m,
      /^Auto-Submitted: auto-generated\r$/m,
    ])
      assert.match(taken!.source, header)
    assert.ok(taken!.source.includes(`Message-ID: <${id}@example.com>`))
    assert.match(readable(taken!.source), /Hello Mason,[\s\S]*203\.0\.113\.7[\s\S]*<!doctype html>/)
    assert.equal(row.providerAnswer, '250 kept as number 7')
    assert.equal(row.attempts, 1)
    assert.equal(row.lastError, null)
    assert.ok(row.sentAt instanceof Date)
  })

  it('never was when the transaction is rolled back (MAIL-2)', async () => {
    const undone = database.inTenant('a', async (tx) => {
      await mail.send(tx, changed)
      throw new Error('undo')
    })
    await assert.rejects(undone, /undo/)
    await sleep(500)
    assert.deepEqual(post.taken, [])
  })

  it('costs its transaction no more while the mail server says nothing (MAIL-2)', async () => {
    const silence = await openSilence()
    const quiet = smtp(silence.port)
    const patient = createMail({ database, jobs, mailer: quiet, sealer, audit, events, options })
    const started = Date.now()
    const id = await database.inTenant('a', (tx) => patient.send(tx, changed))
    assert.ok(Date.now() - started < 1_000)
    await until(id, 'sent')
    await assert.rejects(quiet.send(letterTo(changed.to.address)), (error) => {
      assert.ok(
        error instanceof MailRefused && !error.permanent && /timeout|greeting/i.test(error.message),
        String(error),
      )
      return true
    })
    const waited = Date.now() - started
    assert.ok(waited > 4_000 && waited < 9_000, `${waited} ms`)
    quiet.close()
    silence.close()
  })

  it('arrives after the mail server was away for a while, once', async () => {
    const { port } = post
    await post.close()
    const id = await send(changed)
    const waiting = await until(id, 'queued', (row) => row.attempts >= 2)
    assert.match(waiting.lastError!, /ECONNREFUSED|connect/i)
    post = await openPostOffice({ port, refuseRecipient: (address) => refuse?.(address) })
    const row = await until(id, 'sent')
    assert.ok(row.attempts >= 3)
    assert.equal(post.taken.length, 1)
  })

  it('is tried again when the server asks for it', async () => {
    let asked = 0
    refuse = () => (++asked < 3 ? Object.assign(new Error('greylisted'), { responseCode: 451 }) : undefined)
    const row = await until(await send(changed), 'sent')
    assert.equal(row.attempts, 3)
    assert.equal(post.taken.length, 1)
  })

  it('fails at once, with the answer kept, when the recipient is refused for good', async () => {
    refuse = () => Object.assign(new Error('no such person here'), { responseCode: 550 })
    const id = await send(reset)
    const row = await until(id, 'failed')
    assert.equal(row.attempts, 1)
    assert.match(row.providerAnswer!, /^550 no such person here/)
    assert.equal(row.sealed, null)
    assert.doesNotMatch(JSON.stringify(row), new RegExp(token))
  })

  it('is not sent late: after its time it is cancelled', async () => {
    refuse = () => Object.assign(new Error('later'), { responseCode: 451 })
    const id = await send({ ...reset, expiresInSeconds: 1 })
    await until(id, 'queued', (row) => row.attempts >= 1)
    await sleep(1_000)
    refuse = undefined
    const row = await until(id, 'cancelled')
    assert.equal(row.sealed, null)
    assert.deepEqual(post.taken, [])
  })

  it('is given up after a day', async () => {
    refuse = () => Object.assign(new Error('later'), { responseCode: 451 })
    const id = await send(changed)
    await until(id, 'queued', (row) => row.attempts >= 1)
    await asAdmin(`UPDATE mails SET "queuedAt" = now() - interval '25 hours' WHERE id = $1`, [id])
    const row = await until(id, 'failed')
    assert.match(row.lastError!, /later/)
  })
})

describe('who a mail goes to (MAIL-1)', () => {
  it('is exactly one address', async () => {
    const payloads = [
      'v@example.com\r\nBcc: evil@example.com',
      'v@example.com\nBcc: evil@example.com',
      'a@example.com, b@example.com',
      'a@example.com;b@example.com',
      '"a" <a@example.com>',
      '<a@example.com>',
      'a@example.com (comment)',
      '"a@evil.example x"@example.com',
      'a@b@example.com',
      'a@[127.0.0.1]',
      'a@example..com',
      'a b@example.com',
      'group: a@example.com;',
      'a@example.com\0',
      'a@ex\u00e4mple.com',
      `${'a'.repeat(65)}@example.com`,
      '@example.com',
      'a@',
      '',
    ]
    for (const address of payloads) {
      await assert.rejects(
        send({ ...changed, to: { address, name: 'V' } }),
        { code: 'mail.recipient_invalid' },
        address,
      )
      await assert.rejects(mailer.send(letterTo(address)), MailRefused)
    }
    await sleep(500)
    assert.deepEqual(post.taken, [])
  })

  it('cannot be added to by a name', async () => {
    const names = [
      'V\r\nBcc: evil@example.com',
      'V\u2028Bcc: evil@example.com',
      'V" <evil@example.com>, "W',
      'V <evil@example.com>',
      'V,evil@example.com',
    ]
    for (const name of names) {
      post.taken.length = 0
      await until(
        await send({ ...changed, to: { address: 'v@example.com', name }, values: { name, ip: name } }),
        'sent',
      )
      assert.deepEqual(post.taken[0]?.to, ['v@example.com'])
      const headers = post.taken[0]!.source.split('\r\n\r\n')[0]!
      assert.doesNotMatch(headers, /^bcc:/im)
      assert.equal(headers.match(/^(to|subject|from):/gim)?.length, 3)
    }
  })
})

describe('a mail with a live secret', () => {
  it('cannot be read in the table before it is sent, and has lost the secret after', async () => {
    refuse = () => Object.assign(new Error('later'), { responseCode: 451 })
    const id = await send(reset)
    const waiting = await until(id, 'queued', (row) => row.attempts >= 1)
    assert.match(waiting.sealed!, /^v1\.k1\./)
    assert.doesNotMatch(JSON.stringify(waiting), new RegExp(token))
    assert.match(waiting.text!, /https:\/\/app\.example\.com\/reset-password\n/)
    const { rows } = await asAdmin("SELECT data::text AS data FROM pgboss.job WHERE name = 'mail.deliver'")
    assert.doesNotMatch(JSON.stringify(rows), new RegExp(token))

    refuse = undefined
    const sent = await until(id, 'sent')
    assert.match(readable(post.taken[0]!.source), new RegExp(token))
    assert.equal(sent.sealed, null)
    assert.doesNotMatch(JSON.stringify(sent), new RegExp(token))
  })

  it('is sealed whatever the caller says of it', async () => {
    refuse = () => Object.assign(new Error('later'), { responseCode: 451 })
    const row = await until(await send({ ...reset, sensitive: false }), 'queued')
    assert.ok(row.sealed)
    refuse = undefined
  })

  it('can be read in the outbox, where nothing is sent', async () => {
    const id = await database.inTenant('a', (tx) => outbox.send(tx, reset))
    const row = await until(id, 'outbox')
    assert.ok(row.html!.includes(token) && row.text!.includes(token))
    assert.equal(row.sealed, null)
    const { rows } = await asAdmin("SELECT 1 FROM pgboss.job WHERE data->'payload'->>'mailId' = $1", [id])
    assert.deepEqual(rows, [])
  })
})

describe('an outbox that is not for development', () => {
  it('keeps and shows no secret of a link', async () => {
    const closed = createMail({
      database,
      jobs,
      mailer: undefined,
      sealer,
      audit,
      events,
      options: { ...options, liveOutbox: false },
    })
    const [id, plain] = await database.inTenant('a', async (tx) => [
      await closed.send(tx, reset),
      await closed.send(tx, changed),
    ])
    const row = await until(id!, 'outbox')
    assert.ok(!JSON.stringify(row).includes(token))
    assert.equal(row.sealed, null)
    assert.match(row.text!, /\S/)
    const actor = { kind: 'user', userId: 'u', tenantId: 'a' } as UserActor
    assert.ok(!JSON.stringify(await closed.get(actor, id!)).includes(token))
    assert.equal((await until(plain!, 'outbox')).text, (await until(await send(changed), 'sent')).text)
  })
})

describe('the way to the mail server', () => {
  it('is not taken without TLS where TLS is asked for', async () => {
    const strict = createSmtpMailer({ ...place(post.port), security: 'starttls' }, log)
    const attempt = strict.send(letterTo(changed.to.address))
    await assert.rejects(attempt, (error) => error instanceof MailRefused && !error.permanent)
    assert.deepEqual(post.taken, [])
    strict.close()
  })

  it('can be tried without a mail', async () => {
    await mailer.verify()
    const nowhere = smtp(1)
    await assert.rejects(nowhere.verify(), MailRefused)
    nowhere.close()
  })
})

function letterTo(address: string): OutgoingMail {
  const whom = { to: [{ address, name: '' }], envelope: [address] }
  return { from: options.from, ...whom, subject: 's', html: 'h', text: 't', messageId: '<1@x>' }
}

function place(port: number) {
  return { host: '127.0.0.1', port, username: undefined, password: undefined, security: 'none' as const }
}

function smtp(port: number): Mailer {
  return createSmtpMailer(place(port), log)
}

function send(one: MailToSend): Promise<string> {
  return database.inTenant('a', (tx) => mail.send(tx, one))
}

interface Row {
  state: string
  attempts: number
  html: string | null
  text: string | null
  sealed: string | null
  lastError: string | null
  providerAnswer: string | null
  sentAt: Date | null
}

async function until(id: string, state: string, also: (row: Row) => boolean = () => true): Promise<Row> {
  let row: Row | undefined
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(50)) {
    row = (await asAdmin('SELECT * FROM mails WHERE id = $1', [id])).rows[0]
    if (row?.state === state && also(row)) return row
  }
  throw new Error(`The mail did not become ${state}: ${JSON.stringify(row)}`)
}

function asAdmin(statement: string, values?: unknown[]): Promise<QueryResult> {
  return withClient(server.adminUrl, (client) => client.query(statement, values))
}
