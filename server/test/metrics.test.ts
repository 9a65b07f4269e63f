// The metrics of several processes behind one port, and the second port.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { samplesOf, totalOf } from './metrics.ts'
import { createFleet, eventually, type Fleet, freePort, type ServerProcess } from './processes.ts'

const TOKEN = 'a-token-that-only-prometheus-knows-0123456789'

/** On a connection of its own: whichever process takes it. */
async function get(url: string, token?: string) {
  const headers = { connection: 'close', ...(token !== undefined && { authorization: `Bearer ${token}` }) }
  const answer = await fetch(url, { headers })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}

describe('the metrics of several processes', () => {
  let fleet: Fleet
  let node: ServerProcess
  let second: string
  before(async () => {
    fleet = await createFleet()
    const port = await freePort()
    second = `http://127.0.0.1:${port}`
    const metrics = { METRICS_TOKEN: TOKEN, METRICS_PORT: port }
    node = await fleet.start({ WEB_CONCURRENCY: '2', ...metrics })
    // It is there with its first process.
    const pools = async () => totalOf(samplesOf((await get(`${second}/metrics`, TOKEN)).text), 'ashlar_db_pool_size')
    assert.ok(await eventually(async () => (await pools()) === 20, 30_000))
  })
  after(() => fleet?.stop())

  it('are added up, whichever of them is asked, on either port', async () => {
    const name = 'ashlar_http_request_duration_seconds_count'
    const labels = { route: 'health.live', class: '2xx' }
    for (let turn = 0; turn < 20; turn++) assert.equal((await get(`${node.url}/health/live`)).status, 200)
    for (const at of [node.url, node.url, node.url, node.url, second]) {
      const { status, text, type } = await get(`${at}/metrics`, TOKEN)
      assert.equal(status, 200, text)
      assert.match(type ?? '', /^text\/plain; version=0\.0\.4/)
      const found = samplesOf(text)
      assert.equal(totalOf(found, name, labels), 20)
      // What each has of its own is added up; what all say alike is said once.
      assert.equal(totalOf(found, 'ashlar_db_pool_size'), 20)
      assert.equal(totalOf(found, 'ashlar_db_up'), 1)
      assert.equal(totalOf(found, 'ashlar_build_info'), 1)
    }
  })

  it('stand alone on the second port, behind the token where there is one', async () => {
    assert.equal((await get(`${second}/metrics`)).status, 401)
    assert.equal((await get(`${second}/metrics`, `${TOKEN}x`)).status, 401)
    assert.equal((await get(`${second}/metrics?x=1`, TOKEN)).status, 200)
    for (const path of ['/', '/health', '/api/v1/health', '/metrics/', '/metricsx'])
      assert.equal((await get(`${second}${path}`, TOKEN)).status, 404, path)
    assert.equal((await fetch(`${second}/metrics`, { method: 'POST' })).status, 405)
  })

  it('are answered without a token where only a second port is named, and a taken one stops the start', async () => {
    const port = await freePort()
    const alone = await fleet.start({ METRICS_PORT: port })
    const { status, text } = await get(`http://127.0.0.1:${port}/metrics`)
    assert.equal(status, 200)
    assert.equal(totalOf(samplesOf(text), 'ashlar_db_pool_size'), 10)
    assert.equal((await get(`${alone.url}/metrics`)).status, 404, 'the public port stays shut')
    await assert.rejects(fleet.start({ METRICS_PORT: port }), /METRICS_PORT \d+ on 127\.0\.0\.1 is taken/)
    alone.kill('SIGTERM')
    assert.deepEqual(await alone.exited, { code: 0, signal: null })
  })
})
