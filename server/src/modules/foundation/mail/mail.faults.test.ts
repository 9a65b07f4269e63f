// E12: a mail server that fails in every way it can: nobody who asks for a mail waits for it, none is lost, and whoever gets one twice can tell.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from '../../../../test/figures.ts'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { FULL_SIZE, percentile } from '../../../../test/processes.ts'
import { openPostOffice, type PostOffice, type PostRules } from './mail.fixture.ts'

const FAULT_MS = FULL_SIZE ? 30_000 : 1_500
const EVERY_MS = FULL_SIZE ? 100 : 150
/** Who waits for the mail server waits for a timeout of its connection, of which the shortest is 5 s. */
const WAITED_MS = 4_500
const WITHIN_MS = 120_000

interface Fault {
  title: string
  /** What stands at the port meanwhile; nothing where it is left out. */
  open?(port: number): Promise<{ close(): Promise<void>; taken?: PostOffice['taken'] }>
  /** How a mail ends that was asked for meanwhile. */
  ends: 'sent' | 'failed'
  /** How often one may arrive. */
  most: number
}

const answering = (responseCode: number, words: string) => Object.assign(new Error(words), { responseCode })
const office = (rules: PostRules) => (port: number) => openPostOffice({ ...rules, port })

/** Takes connections and never says a word. */
async function silence(port: number) {
  const open = new Set<Socket>()
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined).on('close', () => open.delete(socket))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

/** Each message once: it is there, and its sender was not told. */
function droppingOnce(): PostRules {
  const seen = new Set<string>()
  let isFirst = false
  return {
    refuseMessage({ to: [address = ''] }) {
      isFirst = !seen.has(address)
      seen.add(address)
      return undefined
    },
    dropsMessage: () => isFirst,
  }
}

const FAULTS: Fault[] = [
  { title: 'connections refused', ends: 'sent', most: 1 },
  { title: 'connections taken and never greeted', open: silence, ends: 'sent', most: 1 },
  {
    title: 'every recipient told to wait (451)',
    open: office({ refuseRecipient: () => answering(451, 'not now') }),
    ends: 'sent',
    most: 1,
  },
  {
    title: 'every recipient refused for good (550)',
    open: office({ refuseRecipient: () => answering(550, 'no such person') }),
    ends: 'failed',
    most: 0,
  },
  {
    title: 'messages taken, and the connection dropped before the 250',
    open: office(droppingOnce()),
    ends: 'sent',
    most: 2,
  },
]

describe('MAIL-2, E12: a mail server that fails', () => {
  let post: PostOffice
  let ashlar: TestApp
  let admin: Person
  let count = 0

  before(async () => {
    post = await openPostOffice()
    const env = {
      ...post.env,
      MAIL_MAX_PER_TENANT_DAY: '100000',
    }
    ashlar = await startApp({ env, jobs: true })
    admin = await ashlar.admin()
  })
  after(async () => {
    await ashlar?.stop()
    await post?.close()
  })

  /** Asks for mails at a steady pace; the ids by address, and how long the answers took. */
  async function sendFor(ms: number): Promise<{ mails: Map<string, string>; times: number[] }> {
    const mails = new Map<string, string>()
    const asked: Promise<number>[] = []
    for (const end = Date.now() + ms; Date.now() < end; await sleep(EVERY_MS)) {
      const address = `faults${++count}@example.com`
      const json = { recipients: [address], subject: `Mail ${count}`, body: 'One.' }
      const began = performance.now()
      asked.push(
        ashlar
          .call('POST', '/api/v1/mail/email/background', { token: admin.token, json })
          .then(({ status, body, text }) => {
            assert.equal(status, 202, text)
            mails.set(address, body.id)
            return performance.now() - began
          }),
      )
    }
    return { times: await Promise.all(asked), mails }
  }

  const states = async (ids: Iterable<string>) =>
    (await ashlar.rows<{ state: string }>('SELECT state FROM mails WHERE id = ANY ($1)', [[...ids]])).map(
      ({ state }) => state,
    )

  /** The next tries at once, not after their delays: that they come by themselves is shown where one mail waits for them. */
  async function untilEnded(mails: Map<string, string>, state: string): Promise<number> {
    const began = performance.now()
    for (const deadline = began + WITHIN_MS; performance.now() < deadline; await sleep(500)) {
      const open = await ashlar.rows<{ id: string }>(
        `SELECT id FROM mails WHERE id = ANY ($1) AND state IN ('queued', 'sending')`,
        [[...mails.values()]],
      )
      if (open.length === 0) break
      for (const { id } of open) await ashlar.call('POST', `/api/v1/mail/${id}/retry`, { token: admin.token })
    }
    assert.deepEqual([...new Set(await states(mails.values()))], [state])
    return performance.now() - began
  }

  for (const { title, open, ends, most } of FAULTS) {
    it(`${title}: no request waits, no mail is lost, and none arrives more than ${most === 2 ? 'twice' : 'once'}`, async (test) => {
      const calm = await sendFor(FAULT_MS)
      await untilEnded(calm.mails, 'sent')
      const { port } = post
      const before = post.taken
      await post.close()
      const failing = await open?.(port)
      const during = await sendFor(FAULT_MS)
      // What is tried meanwhile meets the fault.
      await sleep(1_500)
      if (ends === 'failed') await untilEnded(during.mails, 'failed')
      await failing?.close()
      post = await openPostOffice({ port })
      // A process that has just found the server away believes so for a second.
      await sleep(1_100)
      const drainedMs = ends === 'sent' ? await untilEnded(during.mails, 'sent') : 0

      const taken = [...before, ...(failing?.taken ?? []), ...post.taken]
      const arrivals = new Map<string, string[]>()
      for (const { to, source } of taken)
        for (const address of to) {
          const messageId = /^Message-ID: (.+)\r$/im.exec(source)?.[1] ?? ''
          arrivals.set(address, [...(arrivals.get(address) ?? []), messageId])
        }
      const addresses = [...during.mails.keys()]
      const lost = ends === 'sent' ? addresses.filter((address) => !arrivals.has(address)) : []
      const often = addresses.filter((address) => (arrivals.get(address)?.length ?? 0) > most)
      const unlike = addresses.filter((address) => new Set(arrivals.get(address) ?? []).size > 1)
      const [p99, p99Calm] = [percentile(during.times, 0.99), percentile(calm.times, 0.99)]
      test.diagnostic(
        `${addresses.length} mails; p99 of asking ${p99Calm.toFixed(0)} ms before and ${p99.toFixed(0)} ms meanwhile; ${taken.length} arrivals`,
      )
      report('E12', title, {
        'mails asked for meanwhile': [addresses.length],
        'lost without a word': [lost.length, { is: 0 }],
        [`arrived more than ${most === 2 ? 'twice, or twice' : 'once'} and not under one Message-ID`]: [
          often.length + unlike.length,
          { is: 0 },
        ],
        'p99 of asking for one before, ms': [p99Calm],
        'p99 of asking for one meanwhile, ms': [p99, { atMost: Math.round(p99Calm * 1.1 + 10) }],
        ...(ends === 'sent' && {
          'sent again, mails a second': [addresses.length / (drainedMs / 1_000), { atLeast: 10 }],
        }),
      })
      assert.deepEqual({ lost, often, unlike }, { lost: [], often: [], unlike: [] })
      assert.ok(Math.max(...during.times) < WAITED_MS, 'a request waited for the mail server')
      if (ends === 'failed') {
        const [id] = during.mails.values()
        const { status, text } = await ashlar.call('GET', `/api/v1/mail/${id}`, { token: admin.token })
        assert.equal(status, 200, text)
        assert.match(text, /550 no such person/)
      }
    })
  }
})
