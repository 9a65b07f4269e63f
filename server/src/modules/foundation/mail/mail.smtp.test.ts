// Mail that people send, by a real SMTP server that behaves as mail servers do: what arrives, and what is told of it.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import PostalMime from 'postal-mime'
import { testLog as log } from '../../../../test/application.ts'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { createSmtpMailer, MailRefused, type OutgoingMail, type SmtpOptions } from '../../../drivers/mailer/index.ts'
import { CERTIFICATE, openPostOffice, openSilence, options, type PostOffice, type PostRules } from './mail.fixture.ts'

let post: PostOffice
let ashlar: TestApp
let admin: Person
let rules: PostRules = {}

before(async () => {
  post = await openPostOffice({
    refuseRecipient: (address) => rules.refuseRecipient?.(address),
    refuseMessage: (taken) => rules.refuseMessage?.(taken),
    dropsMessage: () => rules.dropsMessage?.() ?? false,
  })
  const { env } = post
  ashlar = await startApp({ env, jobs: true })
  admin = await ashlar.admin()
})
beforeEach(() => {
  rules = {}
  post.taken.length = 0
})
after(async () => {
  await ashlar?.stop()
  await post?.close()
})

const call = (method: string, path: string, more: object = {}) =>
  ashlar.call(method, `/api/v1${path}`, { token: admin.token, ...more })
const send = (json: object, kind = '') => call('POST', `/mail/email${kind}`, { json })
const address = () => `${unique('r')}@example.com`
const answering = (responseCode: number, words: string) => Object.assign(new Error(words), { responseCode })

async function until(id: string, state: string) {
  for (let tries = 0; tries < 400; tries++, await sleep(50)) {
    const { body } = await call('GET', `/mail/${id}`)
    if (body.state === state) return body
  }
  throw new Error(`The mail did not become ${state}: ${(await call('GET', `/mail/${id}`)).text}`)
}

/** The next try of a mail, at once and not after its delay. */
const hasten = async (id: string) => assert.equal((await call('POST', `/mail/${id}/retry`)).status, 202)

describe('a mail over SMTP', () => {
  it('with a calendar part has it beside the texts, with its method in the type, and not as a file (RFC 6047)', async () => {
    const to = address()
    const content = `BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nX-LONG:${'é'.repeat(200_000)}\r\nEND:VCALENDAR\r\n`
    const id = await ashlar.drivers.database.inTenant('default', (tx) =>
      ashlar.app.mail.send(tx, {
        template: 'calendar_invitation',
        to: { address: to, name: 'Ada' },
        values: { name: 'Ada', title: 'Vault' },
        calendar: { method: 'REQUEST', content },
        replyTo: 'olga@example.com',
      }),
    )
    await until(id, 'sent')
    const { source: text } = post.taken.find((one) => one.to.includes(to))!
    assert.match(text, /multipart\/alternative/)
    assert.match(text, /content-type: text\/calendar; charset=utf-8;\s*method=REQUEST/i)
    assert.doesNotMatch(text, /multipart\/mixed|content-disposition: attachment/i)
    const part = (await PostalMime.parse(text)).attachments.find(({ mimeType }) => mimeType === 'text/calendar')!
    assert.equal(
      Buffer.from(part.content as ArrayBuffer)
        .toString('utf8')
        .replaceAll('\n', '\r\n'),
      content,
    )
    assert.match(text, /^reply-to: olga@example\.com$/im)
  })

  it('is answered with what the mail server said', async () => {
    const to = address()
    const { status, body } = await send({ recipients: [to], subject: 'Slabs', body: 'Ready.' })
    assert.equal(status, 202)
    assert.deepEqual(
      [body.state, body.error, body.recipients],
      ['sent', null, [{ kind: 'to', address: to, state: 'accepted', answer: '250 kept as number 7' }]],
    )
    assert.deepEqual(post.taken[0]?.to, [to])
    const { history, sentBy, template } = (await call('GET', `/mail/${body.id}`)).body
    assert.deepEqual([sentBy, template], [admin.id, null])
    assert.equal(history.length, 1)
    assert.deepEqual([history[0].number, history[0].outcome, history[0].error], [1, 'accepted', null])
    assert.ok(history[0].endedAt >= history[0].startedAt)
  })

  it('shows copies and hides blind ones', async () => {
    const [to, cc, bcc, replyTo] = [address(), address(), address(), address()]
    const mail = { recipients: [to], cc: [cc], bcc: [bcc], reply_to: replyTo, subject: 'Copies', body: 'One.' }
    assert.equal((await send(mail)).body.state, 'sent')
    const [taken] = post.taken
    assert.deepEqual(taken?.to.toSorted(), [to, cc, bcc].toSorted())
    const read = await PostalMime.parse(taken!.source)
    assert.deepEqual([read.to?.[0]?.address, read.cc?.[0]?.address, read.replyTo?.[0]?.address], [to, cc, replyTo])
    assert.equal(read.from?.address, 'ashlar@example.com')
    assert.ok(!taken!.source.includes(bcc), 'nobody reads who got a blind copy')
  })

  it('carries words, names and files of every language whole', async () => {
    const form = new FormData()
    form.append('recipients', `${address()}, ${address()}`)
    form.append('recipients', address())
    form.append('subject', 'Größe der Platten: 石板 🪨')
    form.append('body', '<p>Grüße aus dem <b>Steinbruch</b></p>')
    const pixel = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    const large = Buffer.alloc(1_500_000, 'stone ')
    form.append('file', new Blob([pixel], { type: 'text/plain' }), 'Übersicht „石“.png')
    form.append('files', new Blob([large], { type: 'text/csv' }), '../../list.csv')
    form.append('files', new Blob([], { type: 'message/rfc822' }), 'empty')
    const answer = await fetch(`${ashlar.url}/api/v1/mail/email/attachment`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.token}` },
      body: form,
    })
    const body = (await answer.json()) as { id: string; state: string }
    assert.deepEqual([answer.status, body.state], [202, 'sent'], JSON.stringify(body))
    assert.equal(post.taken[0]?.to.length, 3)
    const read = await PostalMime.parse(post.taken[0]!.source)
    assert.equal(read.subject, 'Größe der Platten: 石板 🪨')
    assert.match(read.html!, /Grüße aus dem <b>Steinbruch<\/b>/)
    assert.match(read.text!, /Grüße aus dem Steinbruch/)
    const files = read.attachments.map((one) => ({ ...one, content: Buffer.from(one.content as ArrayBuffer) }))
    assert.deepEqual(
      files.map(({ filename, mimeType, content }) => [filename, mimeType, content.length]),
      [
        ['Übersicht „石“.png', 'image/png', pixel.length],
        ['list.csv', 'text/csv', large.length],
        ['empty', 'application/octet-stream', 0],
      ],
    )
    assert.ok(files[0]!.content.equals(pixel) && files[1]!.content.equals(large))
    const { attachments } = (await call('GET', `/mail/${body.id}`)).body
    assert.deepEqual(attachments[1], { name: 'list.csv', type: 'text/csv', bytes: large.length })
  })

  it('goes to the others when one recipient is refused, whose refusal is told in the words of the server', async () => {
    const [good, bad, better] = [address(), address(), address()]
    rules.refuseRecipient = (one) => (one === bad ? answering(550, 'no such person here') : undefined)
    const { body } = await send({ recipients: [good, bad, better], subject: 'Three', body: 'One.' })
    assert.equal(body.state, 'partial')
    assert.deepEqual(
      body.recipients.map(({ state }: { state: string }) => state),
      ['accepted', 'refused', 'accepted'],
    )
    assert.match(body.recipients[1].answer, /^550 no such person here/)
    assert.match(body.error, /1 of 3 recipients: 550 no such person here/)
    assert.equal((await call('GET', `/mail/${body.id}`)).body.history[0].outcome, 'partial')
    // By hand it is tried for the one who was refused, and for nobody else.
    rules = {}
    await hasten(body.id)
    const { history } = await until(body.id, 'sent')
    assert.deepEqual(
      post.taken.map(({ to }) => to),
      [[good, better], [bad]],
    )
    assert.equal(history.length, 2)
    assert.equal((await call('POST', `/mail/${body.id}/retry`)).body.code, 'mail.already_sent')
  })

  it('is refused to a recipient in whatever case the address is written', async () => {
    const name = unique('R')
    rules.refuseRecipient = (one) => (one.startsWith(name) ? answering(550, 'no such person here') : undefined)
    const bad = `${name}@Quarry.Example.COM`
    const alone = await send({ recipients: [bad], subject: 'One', body: 'One.' })
    assert.deepEqual([alone.body.state, alone.body.recipients[0].state], ['failed', 'refused'])
    const { history } = (await call('GET', `/mail/${alone.body.id}`)).body
    assert.deepEqual([history.length, history[0].outcome], [1, 'refused'])
    const { body } = await send({ recipients: [address(), bad], subject: 'Two', body: 'One.' })
    assert.equal(body.state, 'partial')
    assert.deepEqual(
      body.recipients.map(({ state }: { state: string }) => state),
      ['accepted', 'refused'],
    )
    assert.equal(body.recipients[1].address, bad)
  })

  it('is tried again for those alone who were told to wait, each gets it once', async () => {
    const [first, later] = [address(), address()]
    let isFull = true
    rules.refuseRecipient = (one) => (one === later && isFull ? answering(451, 'mailbox full') : undefined)
    const { body } = await send({ recipients: [first, later], subject: 'Two', body: 'One.' })
    assert.equal(body.state, 'queued')
    assert.deepEqual(
      body.recipients.map(({ state }: { state: string }) => state),
      ['accepted', 'waiting'],
    )
    await hasten(body.id)
    isFull = false
    for (let tries = 0; tries < 100 && (await call('GET', `/mail/${body.id}`)).body.state !== 'sent'; tries++) {
      await hasten(body.id).catch(() => undefined)
      await sleep(200)
    }
    await until(body.id, 'sent')
    const counts = Object.groupBy(
      post.taken.flatMap(({ to }) => to),
      (to) => to,
    )
    assert.deepEqual([counts[first]?.length, counts[later]?.length], [1, 1])
  })

  it('is given up when its content is refused, and asked for again goes the same way by its job as by itself', async () => {
    rules.refuseMessage = () => answering(554, 'we read this as spam')
    const { body } = await send({ recipients: [address()], subject: 'Spam', body: 'One.' })
    assert.equal(body.state, 'failed')
    assert.match(body.recipients[0].answer, /^554 we read this as spam/)
    assert.deepEqual(post.taken, [])
    rules = {}
    await hasten(body.id)
    await until(body.id, 'sent')
    assert.equal(post.taken.length, 1)
  })

  it('that was cancelled as a job is sent when either the job or the mail is tried again, and once', async () => {
    rules.refuseRecipient = () => answering(451, 'not now')
    const { body } = await send({ recipients: [address()], subject: 'Cancelled', body: 'One.' })
    const { data } = (await call('GET', '/jobs?name=mail.deliver&limit=1')).body
    assert.equal((await call('POST', `/jobs/${data[0].id}/cancel`)).status, 200)
    assert.equal((await call('GET', `/mail/${body.id}`)).body.state, 'failed')
    assert.equal((await call('POST', `/jobs/${data[0].id}/retry`)).status, 200)
    rules = {}
    await until(body.id, 'sent')
    const again = await call('POST', `/jobs/${data[0].id}/retry`)
    assert.equal(again.status, 409)
    assert.equal(post.taken.length, 1)
  })

  it('of the product is not sent again once the secret of its link is forgotten, by neither way', async () => {
    rules.refuseRecipient = () => answering(550, 'no')
    const person = await ashlar.person()
    await ashlar.call('POST', '/api/v1/auth/forgot-password', { json: { email: person.email } })
    let id = ''
    for (let tries = 0; tries < 200 && !id; tries++, await sleep(50)) {
      const list = await call(
        'GET',
        `/mail?recipient=${person.email.toUpperCase()}&template=password_reset&state=failed`,
      )
      id = list.body.data[0]?.id ?? ''
    }
    rules = {}
    const refused = await call('POST', `/mail/${id}/retry`)
    assert.deepEqual([refused.status, refused.body.code], [409, 'mail.secret_gone'])
    await sleep(300)
    assert.deepEqual(post.taken, [])
  })

  it('arrives, and at most twice under one Message-ID, when the server takes it and hangs up', async () => {
    let drops = 1
    rules.dropsMessage = () => drops-- > 0
    const { body } = await send({ recipients: [address()], subject: 'Dropped', body: 'One.' })
    assert.equal(body.state, 'queued')
    assert.match(body.error, /clos|timeout|reached/i)
    await hasten(body.id)
    await until(body.id, 'sent')
    assert.ok(post.taken.length <= 2, String(post.taken.length))
    const ids = post.taken.map(({ source }) => /^Message-ID: (.+)\r$/im.exec(source)?.[1])
    assert.equal(new Set(ids).size, 1)
  })
})

describe('the way to a mail server', () => {
  const mail: OutgoingMail = {
    from: options.from,
    to: [{ address: 'v@example.com', name: '' }],
    envelope: ['v@example.com'],
    subject: 's',
    html: undefined,
    text: 't',
    messageId: '<1@x>',
  }
  const account = { username: 'mason', password: 'Gr4nite' }

  function smtp(port: number) {
    const place = { host: '127.0.0.1', port, username: undefined, password: undefined }
    return createSmtpMailer({ ...place, security: 'none' }, log)
  }

  async function tried(rules: PostRules, settings: Partial<SmtpOptions>) {
    const office = await openPostOffice(rules)
    const place = { host: '127.0.0.1', port: office.port, username: undefined, password: undefined }
    const mailer = createSmtpMailer({ ...place, security: 'starttls', ...settings }, log)
    const outcome = await mailer.send(mail).catch((error: unknown) => error)
    mailer.close()
    await office.close()
    return { outcome, taken: office.taken.length }
  }

  for (const security of ['starttls', 'tls'] as const) {
    it(`${security}: a certificate that nobody vouches for is refused, and one that SMTP_TLS_CA names is not`, async () => {
      const unknown = await tried({ tls: security }, { security })
      assert.ok(unknown.outcome instanceof MailRefused && !unknown.outcome.permanent, String(unknown.outcome))
      assert.match(unknown.outcome.message, /self-signed certificate/)
      assert.equal(unknown.taken, 0)
      const known = await tried({ tls: security }, { security, tlsCa: CERTIFICATE })
      assert.deepEqual([known.outcome, known.taken], [{ response: '250 kept as number 7', refused: [] }, 1])
    })
  }

  it('a certificate of another host is refused', async () => {
    const elsewhere = { host: '127.0.0.2' }
    const settings = { security: 'tls' as const, tlsCa: CERTIFICATE, ...elsewhere }
    const { outcome, taken } = await tried({ tls: 'tls', ...elsewhere }, settings)
    assert.ok(outcome instanceof MailRefused)
    assert.match(outcome.message, /does not match certificate/)
    assert.equal(taken, 0)
  })

  it('signs in over TLS; a wrong password is for the operator to mend, and the mail waits for that', async () => {
    const settings = { tlsCa: CERTIFICATE, username: account.username }
    const right = await tried({ tls: 'starttls', account }, { ...settings, password: account.password })
    assert.equal(right.taken, 1, String(right.outcome))
    const { outcome, taken } = await tried({ tls: 'starttls', account }, { ...settings, password: 'wrong' })
    assert.ok(outcome instanceof MailRefused && !outcome.permanent)
    assert.match(outcome.response!, /^535/)
    assert.doesNotMatch(outcome.message, /wrong"|Gr4nite/)
    assert.equal(taken, 0)
  })

  it('carries no half of a message whose file cannot be read to its end', async () => {
    const office = await openPostOffice()
    const mailer = smtp(office.port)
    async function* half() {
      yield Buffer.alloc(300_000, 'stone ')
      await sleep(50)
      throw new Error('An attachment is not kept any more.')
    }
    const content = Readable.from(half(), { objectMode: false })
    const attempt = mailer.send({ ...mail, attachments: [{ name: 'a.txt', type: 'text/plain', content }] })
    await assert.rejects(attempt, (error) => {
      assert.ok(error instanceof MailRefused && !error.permanent)
      assert.match(error.message, /not kept any more/)
      return true
    })
    assert.deepEqual((await mailer.send(mail)).refused, [])
    assert.equal(office.taken.length, 1)
    mailer.close()
    await office.close()
  })

  it('knows a server that is not there from one that is and refuses', async () => {
    const nobody = smtp(1)
    await assert.rejects(nobody.send(mail), { name: 'MailRefused', isUnreachable: true, permanent: false })
    nobody.close()
    const { outcome } = await tried({}, { security: 'starttls' })
    assert.ok(outcome instanceof MailRefused && !outcome.isUnreachable)
  })

  it('is left when the server says nothing, and when the caller gives up', async () => {
    const silence = await openSilence()
    const mailer = smtp(silence.port)
    await assert.rejects(mailer.send({ ...mail, signal: AbortSignal.timeout(200) }), (error) => {
      assert.ok(error instanceof MailRefused && !error.permanent)
      return true
    })
    await assert.rejects(mailer.send(mail), MailRefused)
    mailer.close()
    silence.close()
  })
})
