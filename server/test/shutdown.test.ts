// What clients see of a stop: nothing, if they listen to what the server tells them.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Client,
  createClient,
  createFleet,
  eventually,
  type Fleet,
  register,
  type ServerProcess,
  type Somebody,
} from './processes.ts'

const DELAY_MS = 1_000
const UPLOAD_MS = 2_500
const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

describe('AVL-4: SIGTERM', () => {
  let fleet: Fleet
  let client: Client

  before(async () => {
    fleet = await createFleet({ env: { SHUTDOWN_DELAY: `${DELAY_MS}ms`, HANDLER_TIMEOUT: '1' } })
    client = createClient({ connections: 50 })
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
  })

  /** An upload on a keep-alive connection, which the client leaves open. It takes `ms`, more than HANDLER_TIMEOUT. */
  function upload(
    node: ServerProcess,
    { id, token }: Somebody,
    ms: number,
  ): { socket: Socket; answer: Promise<string> } {
    const { hostname, port } = new URL(node.url)
    const part =
      '--line\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n'
    const body = Buffer.concat([Buffer.from(part), PICTURE, Buffer.from('\r\n--line--\r\n')])
    const socket = connect(Number(port), hostname)
    socket.setEncoding('utf8')
    socket.write(
      `POST /api/v1/users/${id}/avatar HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
        `Content-Type: multipart/form-data; boundary=line\r\nContent-Length: ${body.length}\r\n\r\n`,
    )
    const answer = new Promise<string>((resolve, reject) => {
      let text = ''
      socket.on('data', (more) => {
        text += more
        if (text.includes('\r\n\r\n')) resolve(text)
      })
      socket.on('close', () => reject(new Error(`the upload's connection was closed: ${text}`)))
      socket.on('error', reject)
    })
    answer.catch(() => undefined)
    void (async () => {
      const step = Math.ceil(body.length / (ms / 50))
      for (let at = 0; at < body.length && !socket.destroyed; at += step) {
        socket.write(body.subarray(at, at + step))
        await sleep(50)
      }
    })()
    return { socket, answer }
  }

  interface Failure {
    code: string | undefined
    onReusedConnection?: boolean
  }

  it('under 100 requests a second and an upload: readiness goes first, no request fails, the upload ends, exit 0', async (test) => {
    const node = await fleet.start()
    const person = await register(client, node.url)
    let listening = true
    let served = 0
    const failures: unknown[] = []
    const load = (async () => {
      const calls: Promise<void>[] = []
      for (let turn = 0; listening; turn++) {
        const path = turn % 2 ? '/api/v1/users/me' : '/api/v1/health'
        const call = client.call('GET', node.url + path, { token: person.token }).then(
          ({ status, text }) => {
            if (status === 200) served++
            else failures.push(`${status} ${text}`)
          },
          (error: Failure) => {
            // A connection that was never taken is as good as a refused one: the listener was closing.
            const refused = error.code === 'ECONNREFUSED' || (error.code === 'ECONNRESET' && !error.onReusedConnection)
            if (refused) listening = false
            else failures.push(error)
          },
        )
        calls.push(call)
        await sleep(10)
      }
      await Promise.all(calls)
    })()
    const { answer, socket } = upload(node, person, UPLOAD_MS)
    await sleep(500)

    const told = performance.now()
    node.kill('SIGTERM')
    const prober = createClient({ connections: 1 })
    const notReady = await eventually(
      async () => (await prober.call('GET', `${node.url}/health/ready`)).status === 503,
      DELAY_MS,
      10,
    )
    assert.ok(notReady, 'readiness did not go off while the server still listened')
    assert.ok(listening)
    await load
    const closedMs = performance.now() - told
    assert.match(await answer, /^HTTP\/1\.1 200 /)
    const { code, signal } = await node.exited
    const exitMs = performance.now() - told
    prober.close()
    socket.destroy()
    test.diagnostic(
      `${served} requests served, ${failures.length} failed; listener closed after ${closedMs.toFixed(0)} ms, exit after ${exitMs.toFixed(0)} ms`,
    )
    assert.deepEqual(failures, [])
    assert.ok(served > 100)
    assert.deepEqual([code, signal], [0, null])
    assert.ok(exitMs < 30_000)
    // Whoever keeps a connection open without using it does not hold the process up.
    assert.ok(exitMs < UPLOAD_MS + 2_000, `the process stayed for ${exitMs} ms`)
  })

  it('a second signal ends at once what the first one waits for', async () => {
    const node = await fleet.start()
    const { socket } = upload(node, await register(client, node.url), 60_000)
    await sleep(200)
    node.kill('SIGTERM')
    await sleep(DELAY_MS + 500)
    assert.equal(await Promise.race([node.exited, sleep(10, 'still here')]), 'still here')
    const told = performance.now()
    node.kill('SIGINT')
    assert.deepEqual(await node.exited, { code: 1, signal: null })
    assert.ok(performance.now() - told < 1_000)
    socket.destroy()
  })

  it('of several processes each finishes what it has, however many times the one signal arrives; a dead one is replaced', async () => {
    const node = await fleet.start({ WEB_CONCURRENCY: '2' })
    const workers = () => node.lines.filter(({ msg }) => msg === 'a worker started').map(({ pid }) => Number(pid))
    const listening = () => node.lines.filter(({ msg }) => msg === 'listening').length
    assert.ok(await eventually(async () => listening() === 2, 10_000))
    process.kill(workers()[0]!, 'SIGKILL')
    assert.ok(await eventually(async () => workers().length === 3 && listening() === 3, 10_000))

    const person = await register(client, node.url)
    const uploads = [upload(node, person, 1_500), upload(node, await register(client, node.url), 1_500)]
    await sleep(300)
    // As systemd does, and a terminal with Ctrl-C: every process of the group is told, and the first one tells the others again.
    for (const pid of [...workers().slice(1), node.pid]) process.kill(pid, 'SIGTERM')
    for (const { answer } of uploads) assert.match(await answer, /^HTTP\/1\.1 200 /)
    assert.deepEqual(await node.exited, { code: 0, signal: null })
    for (const { socket } of uploads) socket.destroy()
  })

  it('is heard in the second in which no process is left', async () => {
    const node = await fleet.start({ WEB_CONCURRENCY: '2' })
    const died = () => node.lines.filter(({ msg }) => msg === 'a worker died; another takes its place').length
    assert.ok(await eventually(async () => node.lines.filter(({ msg }) => msg === 'listening').length === 2, 10_000))
    for (const { msg, pid } of node.lines) if (msg === 'a worker started') process.kill(Number(pid), 'SIGKILL')
    assert.ok(await eventually(async () => died() === 2, 1_000, 5))
    const told = performance.now()
    node.kill('SIGTERM')
    assert.deepEqual(await node.exited, { code: 0, signal: null })
    const ms = performance.now() - told
    assert.ok(ms < 500, `${ms} ms`)
  })

  it('a request that never ends holds the process up no longer than SHUTDOWN_TIMEOUT', async () => {
    const node = await fleet.start({ SHUTDOWN_TIMEOUT: '2' })
    const { socket } = upload(node, await register(client, node.url), 60_000)
    await sleep(200)
    const told = performance.now()
    node.kill('SIGTERM')
    assert.deepEqual(await node.exited, { code: 1, signal: null })
    const ms = performance.now() - told
    assert.ok(ms > 1_500 && ms < 3_000, `${ms} ms`)
    socket.destroy()
  })

  it('puts up SHUTDOWN_FILE before anything else, until the next start listens; where it no longer can, it says so and stops all the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ashlar-shutdown-'))
    const sign = join(folder, 'leaving')
    try {
      writeFileSync(sign, '')
      const node = await fleet.start({ SHUTDOWN_FILE: sign })
      assert.ok(!existsSync(sign), 'what an earlier stop left is taken away')
      node.kill('SIGTERM')
      assert.ok(await eventually(async () => existsSync(sign), DELAY_MS, 5))
      assert.equal((await client.call('GET', `${node.url}/api/v1/health/live`)).status, 200)
      assert.deepEqual(await node.exited, { code: 0, signal: null })
      assert.ok(existsSync(sign))
      mkdirSync(join(folder, 'gone'))
      const other = await fleet.start({ SHUTDOWN_FILE: join(folder, 'gone', 'leaving'), SHUTDOWN_DELAY: '0' })
      rmSync(join(folder, 'gone'), { recursive: true })
      other.kill('SIGTERM')
      assert.deepEqual(await other.exited, { code: 0, signal: null })
      assert.ok(other.lines.some(({ msg }) => String(msg).startsWith('SHUTDOWN_FILE cannot be written')))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('without any request it is done at once, exit 0', async () => {
    const node = await fleet.start({ SHUTDOWN_DELAY: '0' })
    const told = performance.now()
    node.kill('SIGTERM')
    assert.deepEqual(await node.exited, { code: 0, signal: null })
    assert.ok(performance.now() - told < 2_000)
  })
})
