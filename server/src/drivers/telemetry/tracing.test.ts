// Traces, from a request to what it causes, as a receiver of OTLP gets them; and logs that name them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type AiServer, startAiServer } from '../../../test/ai-servers.ts'
import { PASSWORD, type Person, startApp, type TestApp } from '../../../test/harness.ts'
import { type ReceivedSpan, type Receiver, startReceiver } from '../../../test/otlp.ts'
import { eventually } from '../../../test/processes.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const [SERVER, CLIENT, CONSUMER] = [2, 3, 5]

describe('traces', () => {
  let receiver: Receiver
  let models: AiServer
  let ashlar: TestApp
  let person: Person
  let lines: string[] = []

  before(async () => {
    ;[receiver, models] = await Promise.all([startReceiver(), startAiServer()])
    ashlar = await startApp({
      jobs: true,
      onLog: (line) => lines.push(line),
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-key=for-the-receiver',
        OTEL_SERVICE_NAME: 'quarry',
        OLLAMA_HOST: models.ollama,
      },
    })
    person = await ashlar.person()
  })
  after(async () => {
    await ashlar?.stop()
    await Promise.all([receiver?.close(), models?.close()])
  })

  /** The spans of a trace, once one of them is such; they are sent once a second. */
  async function spansOf(traceId: string, isThere: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan[]> {
    for (let turn = 0; turn < 300; turn++) {
      const found = receiver.spans.filter((span) => span.traceId === traceId)
      if (found.some(isThere)) return found
      await sleep(50)
    }
    throw new Error(`It did not come; there are ${receiver.spans.map(({ name }) => name).join(', ')}.`)
  }
  let traces = 0
  const newTrace = () => `${(++traces).toString(16).padStart(4, '0')}${TRACE.slice(4)}`
  const traced = (traceId: string, flags = '01') => ({ traceparent: `00-${traceId}-${PARENT}-${flags}` })

  it('a request goes on with the trace of its caller, and its statements are its children', async () => {
    const traceId = newTrace()
    const { token } = person
    await ashlar.call('GET', '/api/v1/users/me?search=private-words', { token, headers: traced(traceId) })
    const spans = await spansOf(traceId, ({ kind }) => kind === SERVER)
    const [request] = spans.filter(({ kind }) => kind === SERVER) as [ReceivedSpan]
    assert.deepEqual([request.name, request.parentSpanId, request.service], ['GET /api/v1/users/me', PARENT, 'quarry'])
    const { 'ashlar.request_id': requestId, ...attributes } = request.attributes
    assert.equal(requestId, traceId)
    assert.deepEqual(attributes, {
      'http.request.method': 'GET',
      'url.path': '/api/v1/users/me',
      'http.route': '/api/v1/users/me',
      'ashlar.operation': 'users.me',
      'http.response.status_code': 200,
      'ashlar.actor': `user:${person.id}`,
      'ashlar.tenant': 'default',
    })
    const statements = spans.filter(({ kind }) => kind === CLIENT)
    assert.ok(statements.length > 0)
    for (const { parentSpanId, name, attributes: of } of statements) {
      assert.deepEqual([parentSpanId, of['db.system.name']], [request.spanId, 'postgresql'])
      assert.match(`${name} ${of['db.query.text']}`, /^(SELECT|WITH|UPDATE|INSERT) \1 .*\$1/)
    }
    assert.ok(receiver.headers.every((headers) => headers['x-key'] === 'for-the-receiver'))
  })

  it('jobs belong to the trace of the request that caused them, and so do their statements', async () => {
    const traceId = newTrace()
    const json = { email: person.email }
    await ashlar.call('POST', '/api/v1/auth/forgot-password', { json, headers: traced(traceId) })
    const spans = await spansOf(traceId, ({ kind, name }) => kind === CONSUMER && name === 'job auth.send_link')
    const [request] = spans.filter(({ kind }) => kind === SERVER) as [ReceivedSpan]
    const [job] = spans.filter(({ kind }) => kind === CONSUMER) as [ReceivedSpan]
    assert.equal(job.parentSpanId, request.spanId)
    assert.equal(job.attributes['ashlar.attempt'], 1)
    assert.ok(spans.some(({ kind, parentSpanId }) => kind === CLIENT && parentSpanId === job.spanId))
  })

  it('providers of models are told of the trace', async () => {
    const traceId = newTrace()
    models.answer({ pieces: ['Yes.'] })
    const json = { query: 'Does it hold?', stream: false }
    const { status } = await ashlar.call('POST', '/api/v1/ai/ask', {
      token: person.token,
      json,
      headers: traced(traceId),
    })
    assert.equal(status, 200)
    const spans = await spansOf(traceId, ({ kind }) => kind === SERVER)
    const [request] = spans.filter(({ kind }) => kind === SERVER) as [ReceivedSpan]
    assert.equal(models.asked.at(-1)!.headers.traceparent, `00-${traceId}-${request.spanId}-01`)
  })

  it('refusals are no failures, failures are, and what the caller does not want sent is not', async () => {
    const [refused, unwanted, failed] = [newTrace(), newTrace(), newTrace()]
    await ashlar.call('GET', '/api/v1/users/me', { headers: traced(unwanted, '00') })
    await ashlar.call('GET', '/api/v1/users/me', { headers: traced(refused) })
    const [refusal] = await spansOf(refused, ({ kind }) => kind === SERVER)
    assert.deepEqual([refusal!.attributes['http.response.status_code'], refusal!.status], [401, 0])
    await ashlar.rows('ALTER TABLE sessions RENAME TO sessions_away')
    try {
      const { token } = await Promise.resolve(person)
      await ashlar.call('POST', '/api/v1/auth/login', {
        json: { login: person.email, password: PASSWORD },
        token,
        headers: traced(failed),
      })
    } finally {
      await ashlar.rows('ALTER TABLE sessions_away RENAME TO sessions')
    }
    const spans = await spansOf(failed, ({ kind }) => kind === SERVER)
    const [failure] = spans.filter(({ kind }) => kind === SERVER) as [ReceivedSpan]
    assert.deepEqual([failure.attributes['http.response.status_code'], failure.status], [500, 2])
    assert.ok(
      spans.some(
        ({ kind, status, attributes }) =>
          kind === CLIENT && status === 2 && attributes['db.response.status_code'] === '42P01',
      ),
    )
    assert.ok(!receiver.told().includes(unwanted))
  })

  it('health checks and work for nobody are no traces', async () => {
    const traceId = newTrace()
    await ashlar.call('GET', '/health', { headers: traced(traceId) })
    await ashlar.call('GET', '/api/v1/auth/nothing-there', { headers: traced(newTrace()) })
    await sleep(1_500)
    assert.ok(!receiver.told().includes(traceId))
    assert.ok(receiver.spans.every(({ kind, parentSpanId }) => kind === SERVER || kind === CONSUMER || parentSpanId))
  })

  it('LOG-2: no password, token, address or secret of a link is told to the receiver', async () => {
    const traceId = newTrace()
    await ashlar.call('GET', '/api/v1/files/shared/a-secret-of-a-link/content', { headers: traced(traceId) })
    const [request] = await spansOf(traceId, ({ kind }) => kind === SERVER)
    assert.equal(request!.attributes['url.path'], '/api/v1/files/shared/…')
    const told = receiver.told()
    for (const secret of [
      PASSWORD,
      person.token,
      person.refreshToken,
      person.email,
      'private-words',
      'a-secret-of-a-link',
      'Does it hold',
    ])
      assert.ok(!told.includes(secret), secret)
  })

  it('LOG-1: the log names the trace, of jobs too', async () => {
    const traceId = newTrace()
    lines = []
    await ashlar.call('POST', '/api/v1/auth/forgot-password', {
      json: { email: person.email },
      headers: traced(traceId),
    })
    const spans = await spansOf(traceId, ({ kind }) => kind === SERVER)
    const [request] = spans.filter(({ kind }) => kind === SERVER) as [ReceivedSpan]
    const line = lines.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'request')
    assert.deepEqual([line.traceId, line.spanId, line.reqId], [traceId, request.spanId, traceId])
    assert.equal(
      lines.join('').split(`"traceId":"${traceId}"`).length,
      lines.filter((text) => text.includes(traceId)).length + 1,
    )
  })

  it('a receiver that is away holds nobody up, and is told of once a minute', async () => {
    const said: string[] = []
    const warned = () => said.filter((line) => line.includes('traces cannot be sent'))
    const alone = await startApp({
      database: ashlar.database,
      onLog: (line) => said.push(line),
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_TRACES_SAMPLER_ARG: '1.0' },
    })
    for (let turn = 0; turn < 50; turn++) assert.equal((await alone.call('GET', '/api/v1/users/me')).status, 401)
    assert.ok(await eventually(async () => warned().length > 0, 30_000), 'nobody is told')
    for (let turn = 0; turn < 50; turn++) assert.equal((await alone.call('GET', '/api/v1/users/me')).status, 401)
    await alone.stop()
    assert.equal(warned().length, 1)
  })
})

describe('without an endpoint', () => {
  it('nothing of OpenTelemetry is loaded but its interface, and a trace of the caller is logged all the same', async () => {
    const runtime = pathToFileURL(`${import.meta.dirname}/../../cli/runtime.ts`)
    const program = `
      const { Module } = await import('node:module')
      const { openDrivers } = await import('${runtime}')
      const { createTracing } = await import('${new URL('../drivers/telemetry/index.ts', runtime)}')
      if (await createTracing({ endpoint: undefined, headers: {}, serviceName: 'x', share: 1, version: '1' }) !== undefined) throw new Error('on')
      const loaded = Object.keys(Module._cache).filter((path) => /@opentelemetry.(?!api)|prom-client/.test(path))
      console.log(JSON.stringify([typeof openDrivers, loaded]))`
    const out = await new Promise<string>((done, fail) =>
      execFile(process.execPath, ['--input-type=module', '-e', program], (error, stdout) =>
        error ? fail(error) : done(stdout),
      ),
    )
    assert.deepEqual(JSON.parse(out), ['function', []])
    const lines: string[] = []
    const ashlar = await startApp({ onLog: (line) => lines.push(line) })
    try {
      for (const traceparent of [`00-${TRACE}-${PARENT}-00`, `00-${'0'.repeat(32)}-${PARENT}-01`, 'nonsense'])
        await ashlar.call('GET', '/health', { headers: { traceparent } })
      const traces = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request')
      assert.deepEqual(
        traces.map(({ traceId, spanId }) => [traceId, spanId]),
        [
          [TRACE, undefined],
          [undefined, undefined],
          [undefined, undefined],
        ],
      )
    } finally {
      await ashlar.stop()
    }
  })
})
