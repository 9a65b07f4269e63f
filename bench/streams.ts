// Event streams: what ten thousand idle ones cost one process, and how long an event takes from one node to another.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { residentMb } from './load.ts'
import type { Report } from './report.ts'
import { type Bench, type Installation, signIn } from './servers.ts'

const REDIS = '/usr/bin/redis-server'
const MANY = { EVENTS_STREAMS_PER_PERSON: '20000', EVENTS_STREAMS_PER_PROCESS: '20000', MAX_CONNECTIONS: '20000' }
const OPENED_AT_ONCE = 100
const PINGS = 500
const WRITES = 300
const LISTENERS = 20
const LONGEST_MS = 10_000

export async function measureStreams(bench: Bench, report: Report, count: number): Promise<void> {
  const database = await bench.database('bench_streams', 100)
  await measureIdle(await bench.ashlar(database, MANY), report, count)
  await measureDelivery(bench, database, report, {})
  if (!existsSync(REDIS)) return console.error(`There is no ${REDIS}: delivery over Redis is not measured.`)
  const redis = await startRedis()
  try {
    await measureDelivery(bench, database, report, { REDIS_URL: redis.url })
  } finally {
    redis.child.kill()
  }
}

async function measureIdle(server: Installation, report: Report, count: number): Promise<void> {
  const token = await signIn(server.url, 'administrator', 'Adm1n-Passw0rd!')
  const userId = await anybody(server.url, token)
  // What the first requests cost once: code, caches, connections.
  const first = await openStreams(server.url, token, 500)
  await rename(server.url, token, userId, 'warm')
  for (const stream of first) stream.close()
  await sleep(2_000)
  const before = residentMb(server.pid)
  const streams = await openStreams(server.url, token, count)
  await sleep(20_000)
  const many = count.toLocaleString('en')
  const kib = ((residentMb(server.pid) - before) * 1024) / count
  report.facts.push({
    what: `memory of an idle event stream, ${many} on one process`,
    value: kib,
    unit: 'KiB',
    target: 16,
  })
  const pings: number[] = []
  for (let ping = 0; ping < PINGS; ping++) {
    const begun = performance.now()
    await (await fetch(`${server.url}/health/live`)).text()
    pings.push(performance.now() - begun)
    await sleep(20)
  }
  report.facts.push({
    what: `p99 of a request beside ${many} idle streams`,
    value: share(pings, 0.99),
    unit: 'ms',
    target: 50,
  })
  const begun = performance.now()
  await rename(server.url, token, userId, 'told')
  const arrivals = await Promise.all(streams.map((stream) => stream.arrival()))
  report.facts.push({
    what: `one event to ${many} streams, p99`,
    value: share(
      arrivals.map((at) => at - begun),
      0.99,
    ),
    unit: 'ms',
    target: 1_000,
  })
  const lost = streams.filter((stream) => stream.isLost()).length
  report.facts.push({ what: `streams lost of ${many}`, value: lost, unit: '', target: 0 })
  for (const stream of streams) stream.close()
  await server.stop()
}

/** From the answer to a write on one node until the event has arrived on the other. */
async function measureDelivery(
  bench: Bench,
  database: string,
  report: Report,
  env: Record<string, string>,
): Promise<void> {
  const [here, there] = [
    await bench.ashlar(database, { ...MANY, ...env }),
    await bench.ashlar(database, { ...MANY, ...env }),
  ]
  const token = await signIn(here.url, 'administrator', 'Adm1n-Passw0rd!')
  const userId = await anybody(here.url, token)
  const streams = await openStreams(there.url, token, LISTENERS)
  const delays: number[] = []
  for (let write = 0; write < WRITES; write++) {
    const arrivals = streams.map((stream) => stream.arrival())
    await rename(here.url, token, userId, `n${write}`)
    const answered = performance.now()
    for (const at of await Promise.all(arrivals)) delays.push(Math.max(0, at - answered))
  }
  const bus = env.REDIS_URL ? 'Redis' : 'PostgreSQL'
  report.facts.push({
    what: `from a write’s answer to its event on another node, bus on ${bus}, p99`,
    value: share(delays, 0.99),
    unit: 'ms',
    target: 100,
  })
  for (const stream of streams) stream.close()
  await here.stop()
  await there.stop()
}

interface Stream {
  /** When the next event of the product arrives that was not asked for yet. */
  arrival(): Promise<number>
  isLost(): boolean
  close(): void
}

async function openStreams(url: string, token: string, count: number): Promise<Stream[]> {
  const streams: Stream[] = []
  while (streams.length < count) {
    const batch = Array.from({ length: Math.min(OPENED_AT_ONCE, count - streams.length) }, () => openStream(url, token))
    streams.push(...(await Promise.all(batch)))
  }
  return streams
}

/** A bare connection: the client is to cost as little as it can. */
function openStream(url: string, token: string): Promise<Stream> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let begun = false
    let head = ''
    let lost = false
    const arrived: number[] = []
    let wanted: ((at: number) => void) | undefined
    const socket: Socket = connect(Number(port), hostname, () =>
      socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${token}\r\n\r\n`),
    )
    socket.setEncoding('latin1')
    socket.on('error', reject)
    socket.on('close', () => {
      lost = true
    })
    const stream: Stream = {
      arrival() {
        const at = arrived.shift()
        if (at !== undefined) return Promise.resolve(at)
        return new Promise((done, fail) => {
          const late = setTimeout(() => fail(new Error('An event did not arrive.')), LONGEST_MS)
          wanted = (moment) => {
            clearTimeout(late)
            done(moment)
          }
        })
      },
      isLost: () => lost,
      close: () => socket.destroy(),
    }
    socket.on('data', (text: string) => {
      if (!begun) {
        head += text
        if (!head.startsWith('HTTP/1.1 200')) return reject(new Error(`No stream: ${head.slice(0, 200)}`))
        if (!head.includes('event: ready')) return
        begun = true
        return resolve(stream)
      }
      if (!text.includes('event: users.updated')) return
      const now = performance.now()
      if (wanted) {
        wanted(now)
        wanted = undefined
      } else arrived.push(now)
    })
  })
}

/** Somebody else than who listens: whoever is changed is asked for their rights again. */
async function anybody(url: string, token: string): Promise<string> {
  const path = '/api/v1/users?sortBy=username&sortOrder=desc&limit=1'
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })
  return ((await answer.json()) as { data: { id: string }[] }).data[0]!.id
}

async function rename(url: string, token: string, userId: string, bio: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/v1/users/${userId}`, {
    method: 'PATCH',
    headers,
    body: JSON.stringify({ bio }),
  })
  if (!answer.ok) throw new Error(await answer.text())
  await answer.text()
}

function share(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!
}

async function startRedis(): Promise<{ url: string; child: ChildProcess }> {
  const port = await new Promise<number>((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => done(port))
    })
  })
  const child = spawn(REDIS, ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' })
  await sleep(500)
  return { url: `redis://127.0.0.1:${port}`, child }
}
