// A mail server that is away: nobody who asks for a mail waits for it, and every mail arrives once when it is back.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { report } from '../../../../test/figures.ts'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { FULL_SIZE } from '../../../../test/processes.ts'
import { openPostOffice, type PostOffice } from './mail.fixture.ts'

const AWAY_MS = FULL_SIZE ? 60_000 : 2_500
const EVERY_MS = FULL_SIZE ? 50 : 100

describe('a mail server that is away for a while', () => {
  let post: PostOffice
  let ashlar: TestApp
  let admin: Person
  let sent = 0

  before(async () => {
    post = await openPostOffice()
    const { env } = post
    ashlar = await startApp({ env, jobs: true })
    admin = await ashlar.admin()
  })
  after(async () => {
    await ashlar?.stop()
    await post?.close()
  })

  /** Asks for mails at a steady pace; answers how long each answer took, in order. */
  async function sendFor(ms: number): Promise<number[]> {
    const times: Promise<number>[] = []
    for (const end = Date.now() + ms; Date.now() < end; await sleep(EVERY_MS)) {
      const json = { recipients: [`away${++sent}@example.com`], subject: `Mail ${sent}`, body: 'One.' }
      const began = performance.now()
      times.push(
        ashlar.call('POST', '/api/v1/mail/email/background', { token: admin.token, json }).then(({ status, body }) => {
          assert.deepEqual([status, body.state], [202, 'queued'])
          return performance.now() - began
        }),
      )
    }
    return (await Promise.all(times)).sort((a, b) => a - b)
  }

  const at = (times: number[], share: number) => times[Math.floor((times.length - 1) * share)]!.toFixed(1)

  it('MAIL-2: loses no mail, sends none twice, and holds up no request', async (test) => {
    const up = await sendFor(AWAY_MS)
    const { port } = post
    const taken = [post.taken]
    await post.close()
    const down = await sendFor(AWAY_MS)
    const waiting = await ashlar.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM mails WHERE state IN ('queued', 'sending')`,
    )
    assert.ok(waiting[0]!.n >= down.length, `${waiting[0]!.n} wait`)
    post = await openPostOffice({ port })
    taken.push(post.taken)
    // The delays of the tries pass at once: that they come by themselves is shown where one mail waits for them.
    const list = await ashlar.rows<{ id: string }>(`SELECT id FROM mails WHERE state IN ('queued', 'sending')`)
    // A process that has just found it away believes so for a second.
    await sleep(1_100)
    if (!FULL_SIZE)
      for (const { id } of list) await ashlar.call('POST', `/api/v1/mail/${id}/retry`, { token: admin.token })
    const began = Date.now()
    const left = async () =>
      (await ashlar.rows<{ n: number }>(`SELECT count(*)::int AS n FROM mails WHERE state <> 'sent'`))[0]!.n
    while ((await left()) > 0 && Date.now() - began < 300_000) await sleep(200)
    const arrived = taken.flat().flatMap(({ to }) => to)
    test.diagnostic(
      `${sent} mails; answers p50 and p99 in ms: ${at(up, 0.5)} and ${at(up, 0.99)} before, ${at(down, 0.5)} and ${at(down, 0.99)} while it was away; all arrived ${Date.now() - began} ms after it was back`,
    )
    report('E12', `the mail server away for ${AWAY_MS / 1_000} s, and back`, {
      'mails asked for': [sent],
      'lost, or arrived twice': [sent - new Set(arrived).size + (arrived.length - new Set(arrived).size), { is: 0 }],
      'p99 of asking for one before, ms': [Number(at(up, 0.99))],
      'p99 of asking for one meanwhile, ms': [
        Number(at(down, 0.99)),
        { atMost: Math.round(Number(at(up, 0.99)) * 1.1 + 10) },
      ],
    })
    assert.equal(arrived.length, sent)
    assert.equal(new Set(arrived).size, sent)
  })
})
