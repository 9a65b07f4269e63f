// Nodes behind nginx are restarted one after another under load: no request fails, nothing is written twice, streams go on.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, nginxMissing, startNginx, type TestNginx } from './nginx.ts'
import {
  type Client,
  createClient,
  createFleet,
  eventually,
  type Fleet,
  FULL_SIZE,
  register,
  type ServerProcess,
  type Somebody,
} from './processes.ts'
import { type Listening, listen } from './streams.ts'

const CALLERS = FULL_SIZE ? 12 : 6
const STREAMS = FULL_SIZE ? 40 : 5
/** Between two requests of a caller: a node that starts needs some of the machine as well. */
const PAUSE_MS = 20
const ROUNDS = FULL_SIZE ? 5 : 1
const READY_MS = 20_000
const KINDS = [
  { title: 'three nodes', nodes: 3, env: {} as Record<string, string> },
  { title: 'two nodes of two processes each', nodes: 2, env: { WEB_CONCURRENCY: '2' } },
]

for (const kind of KINDS)
  describe(`AVL-4: a rolling restart of ${kind.title} behind nginx`, { skip: nginxMissing ?? false }, () => {
    let fleet: Fleet
    let nginx: TestNginx
    let client: Client
    let ports: number[]
    let nodes: ServerProcess[]
    let person: Somebody
    const signs = mkdtempSync(join(tmpdir(), 'ashlar-signs-'))

    const start = (port: number) => fleet.start({ PORT: String(port), SHUTDOWN_FILE: join(signs, `${port}.leaving`) })

    before(async () => {
      const env = { SHUTDOWN_DELAY: '1', TRUST_PROXY: 'loopback', EVENTS_STREAMS_PER_PERSON: '1000', ...kind.env }
      fleet = await createFleet({ env })
      ports = []
      nodes = []
      while (ports.length < kind.nodes) ports.push(await freePort())
      for (const port of ports) nodes.push(await start(port))
      nginx = await startNginx(ports, signs)
      client = createClient({ connections: CALLERS })
      person = await register(client, nginx.url)
    })
    after(async () => {
      client?.close()
      await nginx?.stop()
      await fleet?.stop()
      rmSync(signs, { recursive: true, force: true })
    })

    /** Reads and writes without a pause longer than PAUSE_MS, until told to stop; gives what went wrong, and the titles written. */
    async function call(
      caller: number,
      going: () => boolean,
    ): Promise<{ calls: number; faults: string[]; titles: string[] }> {
      const [faults, titles]: string[][] = [[], []]
      let calls = 0
      for (; going(); calls++) {
        const title = `document ${caller}-${calls}`
        const writes = calls % 3 === 0
        const { token } = person
        const asked = writes
          ? client.call('POST', `${nginx.url}/api/v1/documents`, { token, json: { title, content: 'x' } })
          : client.call('GET', `${nginx.url}/api/v1/${calls % 3 === 1 ? 'auth/me' : 'documents?limit=5'}`, { token })
        const { status, text } = await asked.catch((error: Error) => ({ status: 0, text: error.message }))
        if (status !== (writes ? 201 : 200)) faults!.push(`${writes ? 'POST' : 'GET'}: ${status} ${text.slice(0, 200)}`)
        else if (writes) titles!.push(title)
        await sleep(PAUSE_MS)
      }
      return { calls, faults: faults!, titles: titles! }
    }

    /** Listens as a browser does: when a stream ends, the next one goes on after the last event. */
    function follow(): Follower {
      const ended: string[] = []
      const refused: string[] = []
      let stream: Listening | undefined
      let [streams, going, last] = [0, true, undefined as string | undefined]
      const idsOf = (one: Listening) => one.facts().map(({ data }) => data.aggregateId ?? data.id)
      const finished = (async () => {
        while (going) {
          const next = await listen(nginx.url, {
            token: person.token,
            types: 'documents.created',
            ...(last !== undefined && { lastEventId: last }),
          })
          streams++
          if (next.status === 200) stream = next
          else refused.push(`${next.status} ${next.body.slice(0, 200)}`)
          while (going && !(await Promise.race([next.ended.then(() => true), sleep(50, false)])));
          next.close()
          await next.ended
          last = next.lastEventId() || last
          stream = undefined
          ended.push(...idsOf(next))
        }
      })()
      return {
        refused,
        streams: () => streams,
        isOpen: () => stream !== undefined,
        heard: () => [...ended, ...(stream ? idsOf(stream) : [])],
        count: () => ended.length + (stream?.facts().length ?? 0),
        async stop() {
          going = false
          await finished
        },
      }
    }

    async function restart(index: number): Promise<void> {
      const node = nodes[index]!
      node.kill('SIGTERM')
      assert.deepEqual(await node.exited, { code: 0, signal: null }, JSON.stringify(node.lines.slice(-3)))
      nodes[index] = await start(ports[index]!)
      // What the guide says: the next one only when this one is ready.
      const ready = () => client.call('GET', `${nodes[index]!.url}/health/ready`).then(({ status }) => status === 200)
      assert.ok(await eventually(ready, READY_MS))
    }

    it('fails no request, loses and doubles no write, and every stream hears everything once, in order', async (test) => {
      let calling = true
      const followers = Array.from({ length: STREAMS }, follow)
      // Also after a failure: callers that nobody stops would never let the process end.
      test.after(async () => {
        calling = false
        await Promise.all(followers.map((one) => one.stop()))
      })
      assert.ok(await eventually(async () => followers.every((one) => one.isOpen()), READY_MS))
      const callers = Array.from({ length: CALLERS }, (_, caller) => call(caller, () => calling))
      await sleep(500)
      for (let round = 0; round < ROUNDS; round++)
        for (const index of ports.keys()) {
          await restart(index)
          await sleep(300)
        }
      calling = false
      const called = await Promise.all(callers)

      const calls = called.reduce((sum, one) => sum + one.calls, 0)
      assert.deepEqual(
        called.flatMap(({ faults }) => faults),
        [],
        nginx.errors(),
      )
      const written = called.flatMap(({ titles }) => titles)
      const rows = await fleet.rows<{ id: string; title: string }>(
        `SELECT d.id, d.title FROM documents d JOIN events e ON e."aggregateId" = d.id AND e.name = 'documents.created' ORDER BY e.seq`,
      )
      assert.deepEqual(rows.map(({ title }) => title).sort(), written.sort())
      const inOrder = rows.map(({ id }) => id)
      await eventually(async () => followers.every((one) => one.count() >= inOrder.length), READY_MS, 200)
      await Promise.all(followers.map((one) => one.stop()))
      for (const one of followers) {
        assert.deepEqual(one.refused, [])
        assert.deepEqual(one.heard(), inOrder)
      }
      const streams = followers.reduce((sum, one) => sum + one.streams(), 0)
      assert.ok(streams > STREAMS, 'streams had to go on elsewhere')
      test.diagnostic(
        `${calls} requests over ${ROUNDS * ports.length} restarts, ${written.length} writes, ${streams} streams`,
      )
      assert.deepEqual(nginx.errors(), '', 'nginx met no node that was not there')
    })
  })

interface Follower {
  refused: string[]
  streams(): number
  isOpen(): boolean
  heard(): string[]
  count(): number
  stop(): Promise<void>
}
