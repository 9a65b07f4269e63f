// E6: event streams that are open and have nothing to say: what they cost, that none is lost, and that all of them end with the process.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from './figures.ts'
import {
  type Client,
  createClient,
  createFleet,
  eventually,
  type Fleet,
  FULL_SIZE,
  percentile,
  register,
  type ServerProcess,
  type Somebody,
  signInAsAdmin,
} from './processes.ts'

const COUNT = FULL_SIZE ? 10_000 : 400
const HOLD_MS = FULL_SIZE ? 120_000 : 3_000
const OPENED_AT_ONCE = 50
const WARM = 200
const OF_ONE_SESSION = FULL_SIZE ? 500 : 50
const PINGS = FULL_SIZE ? 500 : 100
const LONGEST_MS = 30_000

interface Stream {
  /** Moments at which events of the product came. */
  arrived: number[]
  saidBye: boolean
  endedAt: number | undefined
  socket: Socket
}

describe(`E6: ${COUNT} idle event streams on one process`, () => {
  let fleet: Fleet
  let node: ServerProcess
  let client: Client
  let admin: Somebody
  let person: Somebody

  before(async () => {
    const most = String(2 * COUNT)
    const env = { EVENTS_STREAMS_PER_PERSON: most, EVENTS_STREAMS_PER_PROCESS: most, MAX_CONNECTIONS: most }
    fleet = await createFleet({ env })
    node = await fleet.start()
    client = createClient()
    admin = await signInAsAdmin(client, node.url)
    person = await register(client, node.url)
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
  })

  /** A bare connection: the client is to cost as little as it can. */
  function openStream(token: string): Promise<Stream> {
    const { hostname, port } = new URL(node.url)
    return new Promise((resolve, reject) => {
      let head: string | undefined = ''
      const socket = connect(Number(port), hostname, () =>
        socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${token}\r\n\r\n`),
      )
      const stream: Stream = { arrived: [], saidBye: false, endedAt: undefined, socket }
      socket.setEncoding('latin1')
      socket.on('error', reject)
      socket.on('close', () => {
        stream.endedAt ??= performance.now()
        reject(new Error('closed'))
      })
      socket.on('data', (text: string) => {
        if (head !== undefined) {
          head += text
          if (!head.startsWith('HTTP/1.1 200')) reject(new Error(`No stream: ${head.slice(0, 200)}`))
          else if (head.includes('event: ready')) {
            head = undefined
            resolve(stream)
          }
          return
        }
        if (text.includes('event: users.updated')) stream.arrived.push(performance.now())
        if (text.includes('event: bye')) stream.saidBye = true
        // The end of the answer; its connection may stay for another request.
        if (text.endsWith('\r\n0\r\n\r\n') || text === '0\r\n\r\n') stream.endedAt ??= performance.now()
      })
    })
  }

  async function openStreams(token: string, count: number): Promise<Stream[]> {
    const streams: Stream[] = []
    while (streams.length < count) {
      const batch = Math.min(OPENED_AT_ONCE, count - streams.length)
      streams.push(...(await Promise.all(Array.from({ length: batch }, () => openStream(token)))))
    }
    return streams
  }

  const residentKib = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${node.pid}/status`, 'utf8'))![1])
  const rename = (bio: string) =>
    client.call('PATCH', `${node.url}/api/v1/users/${person.id}`, { token: admin.token, json: { bio } })
  const listeners = async () =>
    (
      await fleet.rows<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'ashlar-bus'`,
      )
    )[0]!.n

  it('none is lost, each costs little, an event reaches all of them, and the process ends in time', async (test) => {
    // What the first requests cost once: code, caches, connections.
    const warm = await openStreams(admin.token, WARM)
    await rename('warm')
    for (const { socket } of warm) socket.destroy()
    await sleep(1_000)
    const before = residentKib()
    const streams = await openStreams(admin.token, COUNT)
    const began = performance.now()
    const pings: number[] = []
    for (let ping = 0; ping < PINGS; ping++) {
      pings.push((await client.call('GET', `${node.url}/health/live`)).ms)
      await sleep(20)
    }
    await sleep(Math.max(0, HOLD_MS - (performance.now() - began)))
    const kib = (residentKib() - before) / COUNT
    const lost = streams.filter(({ endedAt }) => endedAt !== undefined).length
    const connections = await listeners()

    const told = performance.now()
    assert.equal((await rename('told')).status, 200)
    const all = await eventually(async () => streams.every(({ arrived }) => arrived.length === 1), LONGEST_MS)
    const fanOut = percentile(
      streams.map(({ arrived }) => (arrived[0] ?? Number.POSITIVE_INFINITY) - told),
      0.99,
    )

    const theirs = await openStreams(person.token, OF_ONE_SESSION)
    await client.call('POST', `${node.url}/api/v1/auth/logout-all`, { token: person.token })
    const signedOut = performance.now()
    const ended = await eventually(async () => theirs.every(({ endedAt }) => endedAt !== undefined), LONGEST_MS)
    const endedMs = Math.max(0, ...theirs.map(({ endedAt = Number.POSITIVE_INFINITY }) => endedAt - signedOut))

    const stopped = performance.now()
    node.kill('SIGTERM')
    const { code } = await node.exited
    const exitMs = performance.now() - stopped
    await eventually(async () => streams.every(({ endedAt }) => endedAt !== undefined), 5_000)
    const abrupt = streams.filter(({ saidBye }) => !saidBye).length
    test.diagnostic(
      `${kib.toFixed(1)} KiB each, ping p99 ${percentile(pings, 0.99).toFixed(1)} ms, one event to all p99 ${fanOut.toFixed(0)} ms, ` +
        `${OF_ONE_SESSION} of a session that ended closed after ${endedMs.toFixed(0)} ms, exit after ${exitMs.toFixed(0)} ms`,
    )
    report('E6', `${COUNT.toLocaleString('en')} idle event streams on one process for ${HOLD_MS / 1_000} s`, {
      'streams lost': [lost, { is: 0 }],
      'memory of each, KiB': [kib, { atMost: 32 }],
      'p99 of a request beside them, ms': [percentile(pings, 0.99), { atMost: 50 }],
      'one event to all of them, p99, ms': [fanOut, { atMost: 1_000 }],
      'connections to PostgreSQL that listen': [connections, { is: 1 }],
      [`${OF_ONE_SESSION} streams of a session that ended are closed, ms`]: [endedMs, { atMost: 5_000 }],
      'SIGTERM with all of them open: exit, ms': [exitMs, { atMost: 30_000 }],
      'streams that ended without a word': [abrupt, { is: 0 }],
    })
    assert.equal(lost, 0)
    assert.ok(all, 'an event did not reach every stream')
    assert.equal(connections, 1)
    assert.ok(ended, 'streams outlived their session')
    assert.ok(endedMs < 5_000)
    assert.equal(code, 0)
    assert.equal(abrupt, 0)
    assert.ok(exitMs < 30_000)
  })
})
