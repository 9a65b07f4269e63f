// Clients that do not wait: what they asked for is told once like everything else.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { withClient } from '../../../test/database.ts'
import { type Person, startApp, type TestApp } from '../../../test/harness.ts'
import { samplesOf, totalOf } from '../../../test/metrics.ts'
import { startReceiver } from '../../../test/otlp.ts'

const TOKEN = 'a-token-that-only-prometheus-knows-0123456789'

describe('LOG-1: a client that leaves', () => {
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  let ashlar: TestApp
  let person: Person
  const lines: string[] = []

  before(async () => {
    receiver = await startReceiver()
    const env = {
      METRICS_TOKEN: TOKEN,
      DEFAULT_ROLE: 'manager',
      MAX_UPLOAD_MB: '60',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      REQUEST_TIMEOUT: '2',
      HEADERS_TIMEOUT: '2',
    }
    ashlar = await startApp({ onLog: (line) => lines.push(line), env })
    person = await ashlar.person()
  })
  after(async () => {
    await ashlar?.stop()
    await receiver?.close()
  })

  const requests = (operation: string) =>
    lines.map((line) => JSON.parse(line)).filter(({ msg, route }) => msg === 'request' && route === operation)
  async function samples() {
    return samplesOf((await ashlar.call('GET', '/metrics', { token: TOKEN })).text)
  }
  const counted = async (status: string) => totalOf(await samples(), 'ashlar_http_requests_total', { status })
  const timed = async (route: string) =>
    totalOf(await samples(), 'ashlar_http_request_duration_seconds_count', { route })
  const get = (path: string, signal: AbortSignal, init: RequestInit = {}) =>
    fetch(ashlar.url + path, { ...init, headers: { authorization: `Bearer ${person.token}`, ...init.headers }, signal })
  /** Once the line of the operation is there, and after a moment in which a second one would come. */
  async function theLine(operation: string) {
    for (let turn = 0; turn < 100 && requests(operation).length === 0; turn++) await sleep(20)
    await sleep(100)
    const found = requests(operation)
    assert.equal(found.length, 1)
    return found[0]
  }

  it('while its request is worked on', async () => {
    const before = await counted('499')
    await withClient(ashlar.database.adminUrl, async (client) => {
      await client.query('BEGIN')
      await client.query('SELECT 1 FROM users WHERE id = $1 FOR UPDATE', [person.id])
      const leaving = new AbortController()
      const headers = { 'content-type': 'application/json' }
      const asked = get('/api/v1/users/me', leaving.signal, { method: 'PATCH', headers, body: '{"name":"Flint"}' })
      await sleep(200)
      leaving.abort()
      await assert.rejects(asked)
      await sleep(100)
      await client.query('COMMIT')
    })
    const line = await theLine('users.updateMe')
    assert.deepEqual([line.status, line.left, line.actor], [499, true, `user:${person.id}`])
    assert.ok(line.ms >= 150)
    assert.equal(await counted('499'), before + 1)
    assert.equal(await timed('users.updateMe'), 0)
  })

  it('is not one whose request we waited for in vain', async () => {
    const { hostname, port } = new URL(ashlar.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{`,
    )
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1\.1 408 /)
    const line = await theLine('auth.login')
    assert.deepEqual([line.status, line.left], [408, undefined])
    socket.destroy()
  })

  it('in the middle of a download', async () => {
    const multipart = { file: { bytes: Buffer.alloc(50_000_000, 'a'), type: 'text/plain', name: 'a.txt' } }
    const { body } = await ashlar.call('POST', '/api/v1/files/upload', { token: person.token, multipart })
    const before = await counted('499')
    const leaving = new AbortController()
    const { body: bytes } = await get(`/api/v1/files/${body.id}/content`, leaving.signal)
    await bytes!.getReader().read()
    leaving.abort()
    const line = await theLine('files.content')
    assert.deepEqual([line.status, line.left], [200, true])
    assert.equal(await counted('499'), before + 1)
  })

  it('a stream is told of when it begins, by the time that took, and not again when it ends', async () => {
    const left = await counted('499')
    const leaving = new AbortController()
    assert.equal((await get('/api/v1/events', leaving.signal)).status, 200)
    const line = await theLine('events.stream')
    assert.deepEqual([line.status, line.left], [200, undefined])
    assert.equal(totalOf(await samples(), 'ashlar_http_streams'), 1)
    await sleep(300)
    leaving.abort()
    await sleep(200)
    assert.ok((await theLine('events.stream')).ms < 300)
    assert.equal(totalOf(await samples(), 'ashlar_http_streams'), 0)
    assert.equal(await counted('499'), left)
    assert.equal(await timed('events.stream'), 1)
  })

  it('ends its trace as well', async () => {
    const isThere = (name: string) =>
      receiver.spans.find((span) => span.attributes['ashlar.operation'] === name)?.attributes
    for (let turn = 0; turn < 60 && !isThere('events.stream'); turn++) await sleep(50)
    assert.equal(isThere('users.updateMe')?.['ashlar.client_left'], true)
    assert.equal(isThere('users.updateMe')?.['http.response.status_code'], undefined)
    assert.equal(isThere('files.content')?.['ashlar.client_left'], true)
    assert.equal(isThere('events.stream')?.['ashlar.client_left'], undefined)
  })
})
