// What Prometheus is told: over HTTP, by a whole server that mails, works on jobs, asks models and takes files.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startAiServer } from '../../../../test/ai-servers.ts'
import { type Person, startApp, type TestApp, unique } from '../../../../test/harness.ts'
import { type Sample, samplesOf, totalOf } from '../../../../test/metrics.ts'
import { METRICS, OF_PROCESS } from '../../../drivers/telemetry/metrics/definitions.ts'
import { openPostOffice } from '../../foundation/mail/mail.fixture.ts'

const TOKEN = 'a-token-that-only-prometheus-knows-0123456789'

/** Waits until something is so. */
async function until(look: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    if (await look()) return
    await new Promise((wake) => setTimeout(wake, 50))
  }
  throw new Error('It did not become so.')
}

describe('GET /metrics', () => {
  let ashlar: TestApp
  let person: Person
  let other: Person
  let models: Awaited<ReturnType<typeof startAiServer>>
  let post: Awaited<ReturnType<typeof openPostOffice>>
  let refuses = false

  before(async () => {
    models = await startAiServer()
    const no = Object.assign(new Error('nobody of that name'), { responseCode: 550 })
    post = await openPostOffice({ refuseRecipient: () => (refuses ? no : undefined) })
    ashlar = await startApp({
      jobs: true,
      env: {
        METRICS_TOKEN: TOKEN,
        OLLAMA_HOST: models.ollama,
        ...post.env,
        DEFAULT_ROLE: 'manager',
      },
    })
    person = await ashlar.person()
    other = await ashlar.person()
    // Each is asked to confirm the address: what is counted later is not that.
    await until(async () => (await ashlar.rows(`SELECT 1 FROM mails WHERE state = 'sent'`)).length === 2)
  })
  after(async () => {
    await ashlar?.stop()
    await models?.close()
    await post?.close()
  })

  const ask = (token?: string) => ashlar.call('GET', '/metrics', token === undefined ? {} : { token })
  async function samples(): Promise<Sample[]> {
    const { status, text } = await ask(TOKEN)
    assert.equal(status, 200, text)
    return samplesOf(text)
  }
  /** By how much a value grew while the work was done; it may take a moment to. */
  async function grown(name: string, labels: Record<string, string>, by: number, work: () => Promise<unknown>) {
    const past = totalOf(await samples(), name, labels)
    await work()
    const growth = async () => totalOf(await samples(), name, labels) - past
    await until(async () => (await growth()) >= by)
    assert.equal(await growth(), by, name)
  }

  it('HDR-3: is shut without METRICS_TOKEN, and to everyone who does not have it', async () => {
    assert.equal((await ask(TOKEN)).status, 200)
    for (const token of [undefined, '', `${TOKEN}x`, TOKEN.slice(1), person.token])
      assert.deepEqual([(await ask(token)).status, (await ask(token)).body?.code], [401, 'access.unauthenticated'])
    const shut = await startApp({ database: ashlar.database })
    try {
      for (const token of [undefined, TOKEN, person.token]) {
        const { status, body } = await shut.call('GET', '/metrics', token === undefined ? {} : { token })
        assert.deepEqual([status, body.code], [404, 'request.not_found'])
      }
    } finally {
      await shut.stop()
    }
  })

  it('answers in the format of Prometheus with every metric of the reference, described', async () => {
    const { text, headers } = await ask(TOKEN)
    assert.match(headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.equal(headers.get('cache-control'), 'no-store')
    for (const { name, kind, help } of Object.values(METRICS)) {
      assert.ok(text.includes(`# TYPE ${name} ${kind}\n`), name)
      assert.ok(text.includes(`# HELP ${name} ${help}\n`), name)
    }
    for (const name of OF_PROCESS) assert.ok(text.includes(`# TYPE ${name} `), name)
    const found = samplesOf(text)
    assert.equal(totalOf(found, 'ashlar_build_info', { version: '0.0.0-test', node: process.version }), 1)
    assert.equal(totalOf(found, 'ashlar_db_up'), 1)
    assert.equal(totalOf(found, 'ashlar_bus_up'), 1)
    assert.equal(totalOf(found, 'ashlar_ready'), 1)
    assert.equal(totalOf(found, 'ashlar_db_pool_size'), 10)
    // Whoever looks does not wait for what they look at.
    assert.equal(totalOf(found, 'ashlar_db_pool_waiting'), 0)
    for (const name of ['ashlar_jobs_given_up_total', 'ashlar_db_data_refused_total']) {
      const values = found.filter((one) => one.name === name).map(({ value }) => value)
      assert.ok(values.length > 5 && values.every((value) => value === 0), `${name} begins with nothing`)
    }
    assert.ok(totalOf(found, 'ashlar_db_statement_duration_seconds_count') > 10)
  })

  it('counts requests by operation, base and status, and times them', async () => {
    const labels = { route: 'users.me', class: '2xx' }
    const me = (base: string) => ashlar.call('GET', `${base}/users/me`, { token: person.token })
    await grown('ashlar_http_request_duration_seconds_count', labels, 2, () => Promise.all([me('/api/v1'), me('/api')]))
    await grown('ashlar_http_requests_total', { base: 'halolight', status: '200' }, 1, () => me('/api'))
    const refused = { route: 'users.me', class: '4xx' }
    await grown('ashlar_http_request_duration_seconds_count', refused, 1, () => ashlar.call('GET', '/api/v1/users/me'))
    const fastest = totalOf(await samples(), 'ashlar_http_request_duration_seconds_bucket', { ...labels, le: '10' })
    assert.ok(fastest >= 3)
  })

  it('has no more series however many addresses are asked for, and no address, id or name in any', async () => {
    // Of requests: what runs beside them comes and goes.
    const series = async () => (await samples()).filter(({ name }) => name.startsWith('ashlar_http_')).length
    await ashlar.call('GET', `/api/v1/${unique('nothing')}`)
    await ashlar.call('GET', `/api/v1/users/${unique('u')}`, { token: person.token })
    await ashlar.call('GET', '/%zz')
    const past = await series()
    for (let turn = 0; turn < 30; turn++) {
      await ashlar.call('GET', `/api/v1/${unique('nothing')}/${unique('x')}`)
      await ashlar.call('GET', `/api/v1/users/${unique('u')}?x=${unique('q')}`, { token: person.token })
      await ashlar.call('GET', `/${unique('%zz')}`)
    }
    assert.equal(await series(), past)
    const { text } = await ask(TOKEN)
    for (const secret of [
      person.id,
      person.email,
      person.username,
      person.token,
      TOKEN,
      'nothing',
      '127.0.0.1',
      'default',
    ])
      assert.ok(!text.includes(secret), secret)
  })

  it('counts mails, their tries and the jobs that send them', async () => {
    const forgot = () => ashlar.call('POST', '/api/v1/auth/forgot-password', { json: { email: person.email } })
    await grown('ashlar_mails_ended_total', { state: 'sent' }, 1, forgot)
    const found = await samples()
    assert.ok(totalOf(found, 'ashlar_mail_tries_total', { outcome: 'accepted' }) >= 1)
    assert.ok(totalOf(found, 'ashlar_jobs_ended_total', { queue: 'mail.deliver', outcome: 'completed' }) >= 1)
    assert.ok(totalOf(found, 'ashlar_job_duration_seconds_count', { queue: 'mail.deliver' }) >= 1)
    assert.equal(
      found.filter(({ name, labels }) => name === 'ashlar_jobs' && labels.queue === 'mail.deliver').length,
      4,
    )
    refuses = true
    await grown('ashlar_mails_ended_total', { state: 'failed' }, 1, () =>
      ashlar.call('POST', '/api/v1/auth/forgot-password', { json: { email: other.email } }),
    ).finally(() => {
      refuses = false
    })
    assert.ok(totalOf(await samples(), 'ashlar_mail_tries_total', { outcome: 'refused' }) >= 1)
  })

  it('counts messages between processes by topic', async () => {
    const there = await startApp({ database: ashlar.database })
    try {
      const signOut = async () => {
        const { token } = await there.login(person.email, 'Gr4nite-Quarry!')
        await there.call('POST', '/api/v1/auth/logout', { token })
      }
      const past = await samples()
      const labels = { topic: 'actors.changed', direction: 'received' }
      await signOut()
      await until(
        async () =>
          totalOf(await samples(), 'ashlar_bus_messages_total', labels) >
          totalOf(past, 'ashlar_bus_messages_total', labels),
      )
    } finally {
      await there.stop()
    }
  })

  it('counts answers of models with their tokens, and failures of providers', async () => {
    models.answer({ pieces: ['On ', 'Monday.'], inputTokens: 21 })
    const { token } = await ashlar.admin()
    const ask = async () => {
      const json = { query: 'When?', stream: false }
      const { status, text } = await ashlar.call('POST', '/api/v1/ai/ask', { token, json })
      assert.ok([200, 502, 503].includes(status), text)
    }
    await grown('ashlar_ai_answers_total', { provider: 'ollama', state: 'done' }, 1, ask)
    const found = await samples()
    assert.equal(totalOf(found, 'ashlar_ai_tokens_total', { direction: 'read' }), 21)
    assert.equal(totalOf(found, 'ashlar_ai_tokens_total', { direction: 'written' }), 2)
    assert.equal(totalOf(found, 'ashlar_ai_first_token_seconds_count', { provider: 'ollama' }), 1)
    models.answer({ status: 400 })
    await grown('ashlar_ai_failures_total', { provider: 'ollama', kind: 'refused' }, 1, ask)
  })

  it('counts files that come, their bytes, and those that are refused', async () => {
    const upload = (bytes: Buffer) =>
      ashlar.call('POST', '/api/v1/files/upload', {
        token: person.token,
        multipart: { file: { bytes, type: 'text/plain', name: `${unique('n')}.txt` } },
      })
    await grown('ashlar_uploaded_bytes_total', {}, 5, () => upload(Buffer.from('stone')))
    assert.equal(totalOf(await samples(), 'ashlar_uploads_total', { outcome: 'kept' }), 1)
    await ashlar.rows(`UPDATE storage_usage SET bytes = bytes + 1e15`)
    await grown('ashlar_uploads_total', { outcome: 'refused' }, 1, () => upload(Buffer.from('more')))
  })

  it('answers within seconds what it can when the database hangs, and says that it is away', async () => {
    const hanging = await startApp({
      database: ashlar.database,
      env: { METRICS_TOKEN: TOKEN },
      wrap: (database) => ({ ...database, ping: () => new Promise<boolean>(() => undefined) }),
    })
    try {
      const { status, text } = await hanging.call('GET', '/metrics', { token: TOKEN })
      assert.equal(status, 200)
      const found = samplesOf(text)
      assert.equal(totalOf(found, 'ashlar_db_up'), 0)
      assert.ok(totalOf(found, 'process_resident_memory_bytes') > 0)
    } finally {
      await hanging.stop()
    }
  })
})
