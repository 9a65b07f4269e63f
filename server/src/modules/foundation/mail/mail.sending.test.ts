// Mail that people send, over HTTP: what is taken, what is refused and by which field, and how much is let through.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'

let ashlar: TestApp
let beside: TestApp
let admin: Person
const apps: TestApp[] = []

before(async () => {
  const env = { MAIL_MAX_PER_RECIPIENT_HOUR: '5', MAIL_MAX_PER_TENANT_DAY: '60', MAIL_ATTACHMENT_MAX_BYTES: '2097152' }
  ashlar = await startApp({ env })
  beside = await startApp({ env, database: ashlar.database })
  apps.push(beside, ashlar)
  admin = await ashlar.admin()
})
after(async () => {
  for (const app of apps) await app.stop()
})

const address = () => `${unique('r')}@example.com`
const count = async (table: string, condition = 'true', ...values: unknown[]) =>
  (await ashlar.rows<{ n: number }>(`SELECT count(*)::int AS n FROM ${table} WHERE ${condition}`, values))[0]!.n

/** Somebody with a tenant of their own, whose limits nobody else uses. */
async function owner() {
  const person = await ashlar.person()
  const { body } = await ashlar.call('POST', '/api/v1/tenants', {
    token: person.token,
    json: { name: unique('Quarry') },
  })
  const headers = { 'x-tenant-id': body.id as string }
  const call = (method: string, path: string, more: Call = {}, app = ashlar) =>
    app.call(method, `/api/v1${path}`, { token: person.token, ...more, headers: { ...headers, ...more.headers } })
  const send = (json: unknown, kind = '', app = ashlar) => call('POST', `/mail/email${kind}`, { json }, app)
  return { id: person.id, tenantId: body.id as string, token: person.token, call, send }
}

const single = (more: object = {}) => ({ recipients: [address()], subject: 'Slabs', body: 'Ready.', ...more })

describe('POST /mail/email and its like', () => {
  it('answers each shape with an id and a state, and keeps what was asked for', async () => {
    const { call, send } = await owner()
    const to = address()
    const shapes: [string, object, string | null, RegExp][] = [
      ['', { recipients: [to], subject: 'One', body: 'Plain words.' }, null, /^Plain words\.$/],
      [
        '/background',
        { recipients: [to], subject: 'Two', body: '<p>Some <b>HTML</b></p>' },
        '<p>Some <b>HTML</b></p>',
        /^Some HTML$/,
      ],
      ['/multipart', { recipients: [to], subject: 'Three', html_body: '<i>a</i>', text_body: 'b' }, '<i>a</i>', /^b$/],
      ['', { recipients: [to], subject: 'Four', body: '<b>as text</b>', format: 'text' }, null, /^<b>as text<\/b>$/],
    ]
    for (const [kind, json, html, text] of shapes) {
      const { status, body } = await send(json, kind)
      assert.deepEqual([status, body.state, body.recipients[0].address], [202, 'outbox', to], kind)
      const kept = (await call('GET', `/mail/${body.id}`)).body
      assert.equal(kept.html, html)
      assert.match(kept.text, text)
    }
    assert.equal((await call('GET', `/mail?recipient=${to}`)).body.meta.total, 4)
  })

  it('fills a template, whose name may end in .html, and says which values it does not know', async () => {
    const { call, send } = await owner()
    const json = {
      recipients: [address()],
      template_name: 'password_reset_success.html',
      template_body: { name: 'Mason' },
    }
    const { body } = await send(json, '/template')
    const kept = (await call('GET', `/mail/${body.id}`)).body
    assert.equal(kept.template, 'password_reset_success')
    assert.match(kept.text, /Hello Mason/)
    const named = await send({ ...json, subject: 'Mine' }, '/template')
    assert.equal((await call('GET', `/mail/${named.body.id}`)).body.subject, 'Mine')
    const unknown = await send({ ...json, template_name: '../../etc/passwd' }, '/template')
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'mail.template_not_found'])
    const reserved = await send(
      {
        ...json,
        template_name: 'password_reset',
        template_body: { name: 'M', link: 'https://evil.example', life: 60 },
      },
      '/template',
    )
    assert.deepEqual([reserved.status, reserved.body.code], [403, 'mail.template_reserved'])
    const values = await send({ ...json, template_body: { nonsense: 'x' } }, '/template')
    assert.deepEqual([values.status, values.body.errors[0].path], [422, 'templateBody'])
  })

  it('needs mail:send, and tells the audit trail', async () => {
    const { call, send, tenantId } = await owner()
    const nobody = await ashlar.person()
    for (const kind of ['', '/background', '/template', '/multipart', '/bulk', '/attachment'])
      assert.equal(
        (await ashlar.call('POST', `/api/v1/mail/email${kind}`, { token: nobody.token, json: {} })).status,
        403,
      )
    const { body } = await send(single({ cc: [address()] }))
    const [entry] = await ashlar.rows<{ changes: object }>(
      `SELECT changes FROM audit_logs WHERE "tenantId" = $1 AND action = 'mail.send' AND "targetId" = $2`,
      [tenantId, body.id],
    )
    assert.deepEqual(entry?.changes, { template: null, recipients: 2, attachments: 0 })
    assert.equal((await call('POST', `/mail/${body.id}/retry`)).body.code, 'mail.in_outbox')
  })

  const refusals: [string, object, string][] = [
    ['no address', { recipients: ['not an address'] }, 'recipients.0'],
    ['an address with a name', { recipients: ['V <v@example.com>'] }, 'recipients.0'],
    ['two addresses in one', { recipients: ['a@example.com, b@example.com'] }, 'recipients.0'],
    ['a header behind an address', { recipients: ['v@example.com\r\nBcc: evil@example.com'] }, 'recipients.0'],
    ['quotes', { recipients: ['"v@evil.example x"@example.com'] }, 'recipients.0'],
    ['nobody', { recipients: [] }, 'recipients'],
    ['a bad copy', { cc: ['x@example.com', 'x@'] }, 'cc.1'],
    ['a bad blind copy', { bcc: ['<x@example.com>'] }, 'bcc.0'],
    ['a header behind the way back', { replyTo: 'v@example.com\nBcc: evil@example.com' }, 'replyTo'],
    ['a header in the subject', { subject: 'x\r\nBcc: evil@example.com' }, 'subject'],
    ['a line in the subject', { subject: 'x\ny' }, 'subject'],
    ['a line separator in the subject', { subject: 'x\u2028y' }, 'subject'],
    ['a bell in the subject', { subject: 'x\u0007y' }, 'subject'],
    ['a NUL in the subject', { subject: 'x\0y' }, 'subject'],
    ['no subject', { subject: '' }, 'subject'],
    ['a sender', { from: 'boss@example.com' }, 'from'],
    [
      '51 addresses',
      { cc: Array.from({ length: 25 }, address), bcc: Array.from({ length: 25 }, address) },
      'recipients',
    ],
  ]
  it('refuses, by the field and with nothing kept (MAIL-1)', async () => {
    const { send, tenantId } = await owner()
    for (const [what, more, field] of refusals) {
      const { status, body } = await send(single(more))
      assert.deepEqual([status, body.errors?.map(({ path }: { path: string }) => path)], [422, [field]], what)
    }
    assert.equal(await count('mails', '"tenantId" = $1', tenantId), 0)
    assert.equal(await count('mail_counters', '"tenantId" = $1', tenantId), 0)
  })

  it('sends to each address once, however often it stands there', async () => {
    const { send } = await owner()
    const [one, two] = [address(), address()]
    const { body } = await send(single({ recipients: [one, one.toUpperCase()], cc: [one, two] }))
    assert.deepEqual(
      body.recipients.map(({ kind, address }: { kind: string; address: string }) => [kind, address]),
      [
        ['to', one],
        ['cc', two],
      ],
    )
  })

  it('is done once for an Idempotency-Key, and answered again', async () => {
    const { call, tenantId } = await owner()
    const more = { json: single(), headers: { 'idempotency-key': unique('key') } }
    const [first, again] = [await call('POST', '/mail/email', more), await call('POST', '/mail/email', more)]
    assert.equal(again.text, first.text)
    assert.equal(await count('mails', '"tenantId" = $1', tenantId), 1)
  })
})

describe('POST /mail/email/bulk', () => {
  it('tells for each mail what became of it; a bad one does not stop the others', async () => {
    const { send, tenantId } = await owner()
    const emails = [
      single(),
      single({ recipients: ['no'] }),
      'no mail',
      single({ reply_to: address() }),
      single({ subject: 'x\ny', extra: 1 }),
      single(),
    ]
    const { status, body } = await send({ emails }, '/bulk')
    assert.deepEqual([status, body.accepted, body.refused], [202, 3, 3])
    const outcome = body.results.map(({ index, accepted, code }: Record<string, unknown>) => [index, accepted, code])
    assert.deepEqual(outcome, [
      [0, true, undefined],
      [1, false, 'request.invalid'],
      [2, false, 'request.invalid'],
      [3, true, undefined],
      [4, false, 'request.invalid'],
      [5, true, undefined],
    ])
    assert.equal(body.results[1].errors[0].path, 'recipients.0')
    assert.equal(
      await count(
        'mails',
        '"tenantId" = $1 AND id = ANY($2)',
        tenantId,
        [0, 3, 5].map((at) => body.results[at].id),
      ),
      3,
    )
    assert.equal((await send({ emails: [] }, '/bulk')).status, 422)
    assert.equal((await send({ emails: Array.from({ length: 101 }, () => single()) }, '/bulk')).status, 422)
  })

  it('refuses text that is none with the one mail that has it', async () => {
    const { send, tenantId } = await owner()
    const bad = [
      { body: 'x\0y' },
      { body: 'x\ud800y' },
      { 'x\0': 1 },
      { extra: { deep: '\0' } },
      { body: '\0', subject: 5 },
    ]
    const emails = [single(), ...bad.map((more) => single(more)), '\0', single()]
    const { status, body, text } = await send({ emails }, '/bulk')
    assert.equal(status, 202, text)
    const outcome = body.results.map(({ accepted, code }: { accepted: boolean; code?: string }) => code ?? accepted)
    assert.deepEqual(outcome, [true, ...Array(6).fill('request.invalid'), true])
    assert.deepEqual(
      [body.results[1], body.results[2]].map(({ errors: [{ path, code }] }) => [path, code]),
      [
        ['body', 'unreadable_text'],
        ['body', 'unreadable_text'],
      ],
    )
    assert.equal(await count('mails', '"tenantId" = $1', tenantId), 2)
    assert.equal((await send({ emails: [single()], 'x\0': '\0' }, '/bulk')).status, 422)
    assert.equal((await send({ emails: '\0' }, '/bulk')).status, 422)
  })

  it('lets as many through as the limits do, in their order, and counts no other', async () => {
    const { send, tenantId } = await owner()
    const to = address()
    const emails = Array.from({ length: 7 }, () => single({ recipients: [to] }))
    const { body } = await send({ emails: [...emails, single()] }, '/bulk')
    const codes = body.results.map(({ code }: { code?: string }) => code)
    assert.deepEqual(codes, [...Array(5).fill(undefined), ...Array(2).fill('mail.recipient_limit'), undefined])
    assert.ok(body.results[5].retryAfter > 3_500)
    assert.equal(
      (await ashlar.rows<{ hits: number }>('SELECT hits FROM mail_counters WHERE key = $1', [`to:${to}`]))[0]?.hits,
      5,
    )
    const [tenant] = await ashlar.rows<{ hits: number }>(
      `SELECT hits FROM mail_counters WHERE "tenantId" = $1 AND key = 'tenant'`,
      [tenantId],
    )
    assert.equal(tenant?.hits, 6)
  })
})

describe('how much is sent', () => {
  it('to one address is exact over parallel requests and processes, and says when to come again', async () => {
    const { send } = await owner()
    const to = address()
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        send(single({ recipients: [to] }), '/background', at % 2 ? ashlar : beside),
      ),
    )
    assert.equal(answers.filter(({ status }) => status === 202).length, 5)
    const refused = answers.filter(({ status }) => status === 429)
    assert.equal(refused.length, 35)
    assert.equal(refused[0]!.body.code, 'mail.recipient_limit')
    assert.ok(Number(refused[0]!.headers.get('retry-after')) > 3_500)
    assert.equal(await count('mails', '$1 = ANY(recipients)', to), 5)
    const { send: elsewhere } = await owner()
    assert.equal((await elsewhere(single({ recipients: [to] }))).status, 202, 'another tenant has its own count')
    await ashlar.rows(`UPDATE mail_counters SET "resetsAt" = now() WHERE key = $1`, [`to:${to}`])
    assert.equal((await send(single({ recipients: [to.toUpperCase()] }))).status, 202)
  })

  it('by a tenant is counted by recipients, exactly, and does not hold up the mail of the product', async () => {
    const { send, call, tenantId } = await owner()
    const mails = () => single({ recipients: Array.from({ length: 7 }, address) })
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => send(mails(), '/background', at % 2 ? ashlar : beside)),
    )
    assert.equal(answers.filter(({ status }) => status === 202).length, 8)
    const refused = answers.find(({ status }) => status === 429)
    assert.equal(refused?.body.code, 'mail.tenant_limit')
    assert.ok(Number(refused.headers.get('retry-after')) > 86_000)
    assert.equal((await send(single({ recipients: Array.from({ length: 4 }, address) }))).status, 202, '60 of 60')
    assert.equal((await send(single())).status, 429)
    const invited = address()
    const invitation = await call('POST', `/tenants/${tenantId}/invitations`, { json: { email: invited } })
    assert.equal(invitation.status, 201)
    assert.equal((await call('GET', `/mail?recipient=${invited}`)).body.data[0].template, 'tenant_invitation')
  })
})

describe('POST /mail/email/attachment', () => {
  const file = (bytes: Uint8Array, name = 'slab.txt') => ({ bytes, type: 'text/plain', name })
  const form = (more: Call['multipart'] = {}) => ({
    multipart: { recipients: address(), subject: 'File', body: 'See.', ...more },
  })

  it('takes no more than its limit, nor fields and names it does not know, and leaves nothing of what it refuses', async () => {
    const { call } = await owner()
    const half = new Uint8Array(1_200_000)
    const refused: [Call, number, string][] = [
      [form({ file: file(half), files: file(half) }), 413, 'request.too_large'],
      [form({ file: file(half), picture: file(half) }), 422, 'request.invalid'],
      [form({ file: file(half), sender: 'boss@example.com' }), 422, 'request.invalid'],
      [form({ file: file(half), recipients: 'no' }), 422, 'request.invalid'],
      [form({ file: file(half), recipients: ' , ' }), 422, 'request.invalid'],
      [form({ file: file(half), files: file(half.subarray(9), `${'x'.repeat(201)}.txt`) }), 422, 'request.invalid'],
    ]
    for (const [more, status, code] of refused) {
      const answer = await call('POST', '/mail/email/attachment', more)
      assert.deepEqual([answer.status, answer.body.code], [status, code], answer.text)
    }
    assert.deepEqual([await count('mail_attachments'), await count('mail_attachment_chunks')], [0, 0])
    const taken = await call('POST', '/mail/email/attachment', form({ file: file(half) }))
    assert.equal(taken.status, 202, taken.text)
    assert.equal(await count('mail_attachments', 'bytes = 1200000 AND "mailId" = $1', taken.body.id), 1)
  })

  it('leaves nothing of an upload that breaks', async () => {
    const { token, tenantId } = await owner()
    const url = new URL(`${ashlar.url}/api/v1/mail/email/attachment`)
    const headers = {
      authorization: `Bearer ${token}`,
      'x-tenant-id': tenantId,
      'content-type': 'multipart/form-data; boundary=line',
      'content-length': '1500000',
    }
    const broken = request(url, { method: 'POST', headers })
    broken.on('error', () => undefined)
    broken.write('--line\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\n\r\n')
    broken.write(Buffer.alloc(900_000, 7))
    const begun = async () => (await count('mail_attachment_chunks', '"tenantId" = $1', tenantId)) > 0
    for (let tries = 0; tries < 200 && !(await begun()); tries++) await sleep(20)
    assert.ok(await begun(), 'it is kept while it arrives')
    broken.destroy()
    for (let tries = 0; tries < 200 && (await begun()); tries++) await sleep(20)
    assert.deepEqual(
      [await count('mail_attachments', '"tenantId" = $1', tenantId), await count('mails', '"tenantId" = $1', tenantId)],
      [0, 0],
    )
  })

  it('is done once for an Idempotency-Key: the same files are the same request, others are not', async () => {
    const { call, tenantId } = await owner()
    const headers = { 'idempotency-key': unique('key') }
    const fields = form().multipart
    const same = () => ({ headers, multipart: { ...fields, file: file(Buffer.from('one')) } })
    const first = await call('POST', '/mail/email/attachment', same())
    const again = await call('POST', '/mail/email/attachment', same())
    assert.deepEqual([first.status, again.text], [202, first.text])
    const other = { headers, multipart: { ...fields, file: file(Buffer.from('two')) } }
    assert.equal((await call('POST', '/mail/email/attachment', other)).body.code, 'idempotency.key_reused')
    const counts = [
      await count('mails', '"tenantId" = $1', tenantId),
      await count('mail_attachments', '"tenantId" = $1', tenantId),
    ]
    assert.deepEqual(counts, [1, 1])
  })
})

describe('looking at a mail', () => {
  it('shows what a caller wrote where it can do nothing', async () => {
    const { call, send } = await owner()
    const evil = '<p>Hi</p><script>alert(1)</script><img src="https://evil.example/x.png">'
    const { body } = await send(single({ body: evil }))
    const { status, headers, text } = await call('GET', `/mail/${body.id}/preview`)
    assert.deepEqual([status, text, headers.get('content-type')], [200, evil, 'text/html; charset=utf-8'])
    const policy = headers.get('content-security-policy')!
    assert.match(policy, /^sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'/)
    assert.doesNotMatch(policy, /allow-scripts|script-src/)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    const plain = await call('GET', `/mail/${body.id}/preview?format=text`)
    assert.deepEqual([plain.text, plain.headers.get('content-type')], ['Hi', 'text/plain; charset=utf-8'])
    const words = await send(single({ body: '1 < 2 & 3', format: 'text' }))
    assert.match((await call('GET', `/mail/${words.body.id}/preview`)).text, /1 &#60; 2 &#38; 3/)
    const { call: stranger } = await owner()
    assert.equal((await stranger('GET', `/mail/${body.id}/preview`)).body.code, 'mail.not_found')
    assert.equal((await stranger('POST', `/mail/${body.id}/retry`)).body.code, 'mail.not_found')
  })

  it('finds by state, template, recipient and time, in every order', async () => {
    const { call, send } = await owner()
    const to = address()
    for (const subject of ['B', 'A', 'C']) await send(single({ recipients: [to], subject, bcc: [address()] }))
    const list = async (query: string) => (await call('GET', `/mail?recipient=${to}&${query}`)).body
    const subjects = async (query: string) =>
      (await list(query)).data.map(({ subject }: { subject: string }) => subject)
    assert.deepEqual(await subjects(''), ['C', 'A', 'B'])
    assert.deepEqual(await subjects('sortOrder=asc'), ['B', 'A', 'C'])
    assert.deepEqual(await subjects('sortBy=subject&sortOrder=asc'), ['A', 'B', 'C'])
    assert.equal((await list('since=2999-01-01T00:00:00Z')).meta.total, 0)
    assert.equal((await list('until=2999-01-01T00:00:00Z&state=outbox')).meta.total, 3)
    assert.equal((await list('template=password_reset')).meta.total, 0)
    const { meta } = await list('limit=2&sortOrder=asc')
    assert.deepEqual(await subjects(`limit=2&sortOrder=asc&cursor=${meta.nextCursor}`), ['C'])
    assert.equal((await call('GET', `/mail?sortBy=subject&cursor=${meta.nextCursor}`)).status, 422)
  })

  it('shows nothing of the content once it is not kept any more, and the rest for ever', async () => {
    const { call, send, tenantId } = await owner()
    const [old, young] = [(await send(single())).body.id, (await send(single())).body.id]
    const multipart = {
      recipients: address(),
      subject: 'F',
      body: 'x',
      file: { bytes: Buffer.from('f'), type: 'text/plain', name: 'f' },
    }
    const carrying = (await call('POST', '/mail/email/attachment', { multipart })).body.id
    const age = `UPDATE mails SET "createdAt" = now() - interval '91 days' WHERE id = ANY($1)`
    await ashlar.rows(age, [[old, carrying]])
    await ashlar.rows(
      `INSERT INTO mail_attachments (id, "tenantId", name, type, bytes, "createdAt") VALUES ('forsaken', $1, 'x', 'x/x', 0, now() - interval '2 days')`,
      [tenantId],
    )
    assert.equal(await ashlar.app.mail.deleteOld(), 2)
    assert.equal(await ashlar.app.mail.deleteOld(), 0)
    assert.equal(await count('mail_attachments', '"tenantId" = $1', tenantId), 0)
    const gone = (await call('GET', `/mail/${old}`)).body
    assert.deepEqual([gone.html, gone.text, gone.subject, gone.delivery.length], [null, null, 'Slabs', 1])
    assert.ok(gone.contentDeletedAt)
    assert.deepEqual((await call('GET', `/mail/${old}/preview`)).body.code, 'mail.content_gone')
    assert.equal((await call('GET', `/mail/${young}/preview?format=text`)).text, 'Ready.')
    assert.ok(admin.id)
  })
  it('loses what broken uploads left and counters that have ended, however many', async () => {
    const { tenantId } = await owner()
    const small = `INSERT INTO mail_attachments (id, "tenantId", name, type, bytes, "createdAt")
      SELECT 'small' || n, $1, 'x', 'x/x', 0, now() - interval '2 days' FROM generate_series(1, 1200) n`
    const large = `INSERT INTO mail_attachments (id, "tenantId", name, type, bytes, "createdAt")
      SELECT 'large' || n, $1, 'x', 'x/x', 30000000, now() - interval '3 days' FROM generate_series(1, 5) n`
    const arriving = `INSERT INTO mail_attachments (id, "tenantId", name, type, bytes) VALUES ('arriving', $1, 'x', 'x/x', 0)`
    const counters = `INSERT INTO mail_counters ("tenantId", key, hits, "resetsAt")
      SELECT $1, 'to:' || n, 1, now() + CASE n WHEN 1 THEN interval '1 hour' ELSE interval '-1 hour' END FROM generate_series(1, 6000) n`
    for (const statement of [small, large, arriving, counters]) await ashlar.rows(statement, [tenantId])
    await ashlar.app.mail.deleteOld()
    assert.equal(await count('mail_attachments', '"tenantId" = $1', tenantId), 1)
    assert.equal(await count('mail_counters', '"tenantId" = $1', tenantId), 1)
  })

  it('loses large attachments a few mails at a time', async () => {
    const { send } = await owner()
    const ids: string[] = []
    for (let at = 0; at < 4; at++) {
      const { id } = (await send(single())).body
      ids.push(id)
      await ashlar.rows(
        `INSERT INTO mail_attachments (id, "tenantId", "mailId", name, type, bytes)
         SELECT $1, "tenantId", id, 'x', 'x/x', 30000000 FROM mails WHERE id = $2`,
        [unique('file'), id],
      )
    }
    await ashlar.rows(`UPDATE mails SET "createdAt" = now() - interval '91 days' WHERE id = ANY($1)`, [ids])
    assert.equal(await ashlar.app.mail.deleteOld(), 4)
    const batches = await ashlar.rows<{ n: number }>(
      'SELECT count(*)::int AS n FROM mails WHERE id = ANY($1) GROUP BY "contentDeletedAt" ORDER BY "contentDeletedAt"',
      [ids],
    )
    assert.deepEqual(batches, [{ n: 2 }, { n: 2 }])
    assert.equal(await count('mail_attachments', '"mailId" = ANY($1)', ids), 0)
  })
})
