// Clients that send slowly or not at all are cut off; the others do not notice.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from './figures.ts'
import {
  type Client,
  createClient,
  createFleet,
  type Fleet,
  FULL_SIZE,
  percentile,
  type ServerProcess,
} from './processes.ts'

const HEADERS_MS = 2_000
const REQUEST_MS = 4_000
/** How often the server looks for them. */
const CHECK_MS = 2_000
const DRIP_MS = 300
const SOCKETS = FULL_SIZE ? 500 : 50

interface Cut {
  ms: number
  status: string
}

describe('AVL-1, E5: slow clients', () => {
  let fleet: Fleet
  let node: ServerProcess
  let client: Client

  before(async () => {
    fleet = await createFleet({
      env: { HEADERS_TIMEOUT: `${HEADERS_MS}ms`, REQUEST_TIMEOUT: `${REQUEST_MS}ms`, KEEP_ALIVE_TIMEOUT: '2' },
    })
    node = await fleet.start()
    client = createClient()
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
  })

  /** Sends the beginning, then one character of the rest at a time, also where the server has closed its side, until all is closed. */
  function drip(beginning: string, rest: string): Promise<Cut> {
    const { hostname, port } = new URL(node.url)
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: rest !== '' })
      let began = 0
      let dripping: NodeJS.Timeout | undefined
      let answer = ''
      socket.setEncoding('utf8')
      socket.on('connect', () => {
        began = performance.now()
        if (beginning) socket.write(beginning)
        if (rest) dripping = setInterval(() => socket.write(rest), DRIP_MS)
      })
      socket.on('data', (text) => {
        answer += text
      })
      const late = setTimeout(() => {
        socket.destroy()
        reject(new Error('the server never closed the connection'))
      }, 30_000)
      socket.on('error', () => undefined) // writing after the server has closed
      socket.on('close', () => {
        clearInterval(dripping)
        clearTimeout(late)
        resolve({ ms: performance.now() - began, status: answer.split('\r\n')[0] ?? '' })
      })
    })
  }

  const kinds = {
    'headers that drip': {
      begin: 'GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX-Slow: ',
      rest: 'a',
      limitMs: HEADERS_MS + CHECK_MS,
    },
    'a body that drips': {
      begin:
        'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{"login":"',
      rest: 'a',
      limitMs: REQUEST_MS + CHECK_MS,
    },
    'a refused body that drips': {
      begin:
        'POST /api/v1/files/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 90000000\r\n\r\n',
      rest: 'a',
      limitMs: REQUEST_MS + CHECK_MS,
    },
    'a socket that says nothing': { begin: '', rest: '', limitMs: HEADERS_MS + CHECK_MS },
    'a request line that never ends': { begin: 'GET /', rest: 'a', limitMs: HEADERS_MS + CHECK_MS },
  }

  it(`${SOCKETS} of each kind are closed in time, and ordinary requests do not notice`, async (test) => {
    const stop = new AbortController()
    const ordinary: number[] = []
    const calm: number[] = []
    for (let turn = 0; turn < 100; turn++, await sleep(20))
      calm.push((await client.call('GET', `${node.url}/api/v1/health`)).ms)
    const traffic = (async () => {
      for (; !stop.signal.aborted; await sleep(20)) {
        const { status, ms } = await client.call('GET', `${node.url}/api/v1/health`)
        assert.equal(status, 200)
        ordinary.push(ms)
      }
    })()
    const cuts = await Promise.all(
      Object.values(kinds).map(({ begin, rest }) =>
        Promise.all(Array.from({ length: SOCKETS }, () => drip(begin, rest))),
      ),
    )
    stop.abort()
    await traffic
    for (const [at, [kind, { limitMs }]] of Object.entries(kinds).entries()) {
      const times = cuts[at]!.map(({ ms }) => ms)
      const words = new Set(cuts[at]!.map(({ status }) => status))
      test.diagnostic(
        `${kind}: closed after ${Math.min(...times).toFixed(0)} to ${percentile(times, 1).toFixed(0)} ms, ${[...words].join(' | ') || 'no answer'}`,
      )
      report('E5', `${SOCKETS} connections at once: ${kind}`, {
        'closed after, slowest, ms': [percentile(times, 1), { atMost: limitMs + 500 }],
      })
      assert.ok(percentile(times, 1) <= limitMs + 500, `${kind} lived ${percentile(times, 1)} ms`)
    }
    const p99 = percentile(ordinary, 0.99)
    report('E5', 'ordinary requests beside all of them', {
      requests: [ordinary.length],
      'p99 before, ms': [percentile(calm, 0.99)],
      'p99 beside them, ms': [p99, { atMost: Math.max(10, 2 * percentile(calm, 0.99)) }],
    })
    test.diagnostic(`${ordinary.length} ordinary requests meanwhile, p99 ${p99.toFixed(1)} ms`)
    assert.ok(ordinary.length > 50 && p99 < 500)
  })

  it('nothing of it is an error of the server', () => {
    assert.deepEqual(
      node.lines.filter(({ level, status }) => level === 'error' || level === 'fatal' || Number(status) >= 500),
      [],
    )
  })
})
