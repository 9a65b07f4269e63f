// E10: one of two nodes has a clock that is off. By a little nobody notices; by more it says itself that it must not be asked.
import assert from 'node:assert/strict'
import { existsSync, globSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../src/core/clock.ts'
import { codeAt, fromBase32, stepAt } from '../src/modules/identity/mfa/totp.ts'
import { type AccessClaims, createAccessTokens } from '../src/modules/identity/sessions/index.ts'
import { report } from './figures.ts'
import { startApp } from './harness.ts'
import {
  type Client,
  createClient,
  createFleet,
  eventually,
  type Fleet,
  FULL_SIZE,
  PUBLIC_URL,
  register,
  SECRET,
  type ServerProcess,
  type Somebody,
} from './processes.ts'

const [FAKETIME] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
/** A node must say within this time that its clock is off. */
const NOTICED_MS = 60_000
const SMALL = ['+1', '-1', '+4', '-4']
const LARGE = FULL_SIZE ? ['+30', '-30', '+120', '-120', '+3600', '-3600'] : ['+30', '-3600']
/** As the nodes make them. */
const tokens = createAccessTokens({
  issuer: PUBLIC_URL,
  keys: [{ algorithm: 'HS256', material: SECRET }],
  clock: systemClock,
})
const ROUNDS = FULL_SIZE ? 20 : 3

describe('E10: a clock that is off', () => {
  it('is noticed by the node that has it, and forgotten when it is right again', async () => {
    const ashlar = await startApp()
    try {
      const ready = async () => (await ashlar.call('GET', '/health/ready')).status
      const status = async () => (await ashlar.call('GET', '/health')).body.status
      assert.equal(await ready(), 200)
      for (const off of [4_000, 30_000, -34_000, -60_000]) {
        ashlar.clock.advance(off)
        await sleep(1_050)
        const expected = off === 4_000 || off === -34_000 ? 200 : 503
        assert.deepEqual([await ready(), await status()], [expected, expected === 200 ? 'ok' : 'degraded'], `${off} ms`)
      }
      assert.equal((await ashlar.call('GET', '/health/live')).status, 200)
    } finally {
      await ashlar.stop()
    }
  })
})

describe('E10: two nodes, one by a clock of its own', {
  skip: FAKETIME === undefined && 'faketime is not installed',
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ashlar-clock-'))
  let fleet: Fleet
  let here: ServerProcess
  let off: ServerProcess
  let client: Client

  const byItsOwnClock = {
    LD_PRELOAD: FAKETIME!,
    FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  }

  /** Sets the clock of the second node, while it runs. */
  function setClock(seconds: string): void {
    writeFileSync(join(folder, 'next'), `${seconds}\n`)
    renameSync(join(folder, 'next'), join(folder, 'clock'))
  }

  before(async () => {
    setClock('+0')
    fleet = await createFleet()
    here = await fleet.start()
    off = await fleet.start(byItsOwnClock)
    client = createClient()
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const claimsOf = (token: string): AccessClaims =>
    JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
  const ready = async (node: ServerProcess) => (await client.call('GET', `${node.url}/health/ready`)).status
  /** Until the clock of the second node has moved: it looks at its file once a second. */
  const moved = (seconds: string) =>
    eventually(async () => {
      const { timestamp } = (await client.call('GET', `${off.url}/health`)).body
      return Math.abs(Date.parse(timestamp) - Date.now() - Number(seconds) * 1_000) < 400
    }, 5_000)

  type Expect = (what: string, reply: { status: number; text: string }, right: number) => void

  /** A link of one node is good on the other. */
  async function download(token: string, one: ServerProcess, other: ServerProcess, expect: Expect): Promise<void> {
    const form = new FormData()
    form.set('file', new Blob(['by the clock']), 'clock.txt')
    const headers = { authorization: `Bearer ${token}` }
    const sent = await fetch(`${one.url}/api/v1/files/upload`, { method: 'POST', headers, body: form })
    const { id } = (await sent.json()) as { id: string }
    const link = await client.call('GET', `${one.url}/api/v1/files/${id}/download-url`, { token })
    expect('link', link, 200)
    expect('download', await client.call('GET', other.url + link.body.url), 200)
  }

  /** A code of an authenticator, which goes by the true time, on either node. */
  async function useCode(
    { email, password, id }: Somebody,
    token: string,
    one: ServerProcess,
    other: ServerProcess,
    expect: Expect,
  ): Promise<void> {
    const post = (node: ServerProcess, path: string, json: object, by?: string) =>
      client.call('POST', `${node.url}/api/v1/auth/${path}`, { json, ...(by && { token: by }) })
    const begun = await post(one, 'mfa/totp/enroll', { name: 'Phone' }, token)
    expect('enrolment', begun, 200)
    const code = () => codeAt(fromBase32(begun.body.secret), stepAt(Date.now()))
    expect('first code', await post(one, 'mfa/totp/confirm', { id: begun.body.id, code: code() }, token), 200)
    // The next code comes in half a minute: this one again, as if it had not been used.
    await fleet.rows('UPDATE mfa_factors SET "lastStep" = NULL WHERE "userId" = $1', [id])
    const signedIn = await post(one, 'login', { login: email, password })
    expect('password', signedIn, 200)
    expect('code', await post(other, 'mfa/verify', { mfaToken: signedIn.body.mfaToken, code: code() }), 200)
  }

  /** What somebody does who is sent to either node by turns; the answers that were not what they would be without any skew. */
  async function useBoth(): Promise<string[]> {
    const faults: string[] = []
    const expect = (what: string, { status, text }: { status: number; text: string }, right: number) => {
      if (status !== right) faults.push(`${what}: ${status} ${text.slice(0, 150)}`)
    }
    for (const [one, other] of [
      [here, off],
      [off, here],
    ] as const) {
      const person = await register(client, one.url)
      const me = (node: ServerProcess, token: string) => client.call('GET', `${node.url}/api/v1/users/me`, { token })
      expect('token', await me(other, person.token), 200)
      const refresh = (node: ServerProcess, refreshToken: string) =>
        client.call('POST', `${node.url}/api/v1/auth/refresh`, { json: { refreshToken } })
      const next = await refresh(other, person.refreshToken)
      expect('refresh', next, 200)
      // Within the grace time the same successor, whichever node is asked.
      const again = await refresh(one, person.refreshToken)
      expect('refresh again', again, 200)
      if (again.body?.refreshToken !== next.body?.refreshToken) faults.push('two successors of one refresh token')
      expect('refreshed token', await me(one, next.body.accessToken), 200)
      const write = (node: ServerProcess) =>
        client.call('POST', `${node.url}/api/v1/documents`, {
          token: next.body.accessToken,
          json: { title: person.id, content: 'by the clock' },
          headers: { 'idempotency-key': person.id },
        })
      const written = await write(one)
      expect('write', written, 201)
      const repeated = await write(other)
      expect('write again', repeated, 201)
      if (repeated.body?.id !== written.body?.id) faults.push('a write was done twice')
      await download(next.body.accessToken, one, other, expect)
      await useCode(person, next.body.accessToken, one, other, expect)
      expect('logout', await client.call('POST', `${one.url}/api/v1/auth/logout`, { token: person.token }), 200)
    }
    return faults
  }

  it('up to 4 seconds, stepped while it runs: nothing fails on either node', async (test) => {
    const faults: string[] = []
    for (const seconds of SMALL) {
      setClock(seconds)
      assert.ok(await moved(seconds), `the clock did not move to ${seconds}`)
      for (let round = 0; round < ROUNDS; round++)
        faults.push(...(await useBoth()).map((fault) => `${seconds} s: ${fault}`))
      await sleep(1_100)
      assert.deepEqual([await ready(here), await ready(off)], [200, 200], `${seconds} s`)
    }
    test.diagnostic(`${SMALL.length * ROUNDS * 2} stories over both nodes`)
    report('E10', 'a clock of one of two nodes off by 1 to 4 s, stepped while it runs', {
      'stories over both nodes (sign-in, refresh, writes, links, second factors, sign-out)': [
        SMALL.length * ROUNDS * 2,
      ],
      'requests that failed': [faults.length, { is: 0 }],
    })
    assert.deepEqual(faults, [])
  })

  it(`more than 5 seconds: that node is not ready, the other one is, and it recovers by itself`, async (test) => {
    const noticed: number[] = []
    const forgotten: number[] = []
    for (const seconds of LARGE) {
      setClock(seconds)
      let began = performance.now()
      assert.ok(
        await eventually(async () => (await ready(off)) === 503, NOTICED_MS, 100),
        `${seconds} s is not noticed`,
      )
      noticed.push(performance.now() - began)
      assert.equal(await ready(here), 200)
      assert.equal((await client.call('GET', `${off.url}/health/live`)).status, 200)
      setClock('+0')
      began = performance.now()
      assert.ok(await eventually(async () => (await ready(off)) === 200, NOTICED_MS, 100), 'it does not come back')
      forgotten.push(performance.now() - began)
    }
    const slowest = Math.max(...noticed)
    test.diagnostic(
      `${LARGE.join(', ')} s: not ready after ${slowest.toFixed(0)} ms at most, ready again after ${Math.max(...forgotten).toFixed(0)} ms`,
    )
    report('E10', `a clock of one of two nodes off by ${LARGE.join(', ')} s`, {
      'until that node says that it is not ready, ms': [slowest, { atMost: NOTICED_MS }],
      'until it is ready again, ms': [Math.max(...forgotten), { atMost: NOTICED_MS }],
    })
    assert.deepEqual(await useBoth(), [])
  })

  it('an access token ends at the same moment on both nodes, however much the clock of one is off', async () => {
    const wrong: string[] = []
    let right = 0
    for (const seconds of [...SMALL, ...LARGE]) {
      setClock(seconds)
      assert.ok(await moved(seconds), `the clock did not move to ${seconds}`)
      const person = await register(client, off.url)
      const claims = claimsOf(person.token)
      assert.ok(Math.abs(claims.iat - Date.now() / 1_000) < 3, `${seconds} s: issued at ${claims.iat}`)
      for (const [left, status] of [
        [3, 200],
        [-3, 200],
        [-7, 401],
        [-60, 401],
      ] as const) {
        const token = tokens.sign('user', { ...claims, exp: Math.floor(Date.now() / 1_000) + left })
        for (const [name, node] of Object.entries({ here, off })) {
          const found = (await client.call('GET', `${node.url}/api/v1/users/me`, { token })).status
          if (found === status) right++
          else wrong.push(`${seconds} s, ${left} s before the end, ${name}: ${found}`)
        }
      }
    }
    setClock('+0')
    assert.deepEqual(wrong, [])
    assert.equal(right, [...SMALL, ...LARGE].length * 8)
  })

  it('a node that starts an hour ahead or behind judges them alike, and goes on when its clock is put right', async () => {
    for (const seconds of ['+3600', '-3600']) {
      setClock(seconds)
      const node = await fleet.start(byItsOwnClock)
      const me = async (token: string) => (await client.call('GET', `${node.url}/api/v1/users/me`, { token })).status
      const { token } = await register(client, here.url)
      const own = await register(client, node.url)
      const ended = tokens.sign('user', { ...claimsOf(token), exp: Math.floor(Date.now() / 1_000) - 60 })
      assert.deepEqual([await me(token), await me(own.token), await me(ended)], [200, 200, 401], seconds)
      setClock('+0')
      await sleep(1_500)
      assert.deepEqual(
        [await me(token), await me(own.token), await me(ended)],
        [200, 200, 401],
        `${seconds}, put right`,
      )
    }
  })

  it('an access token is accepted for no more than 5 s after its end, on a node that is 4 s behind as on one that is right', {
    skip: !FULL_SIZE && 'a token lives for a minute at least',
  }, async () => {
    const [short, behind] = [await fleet.start({ ACCESS_TOKEN_EXPIRE_MINUTES: '1' }), off]
    setClock('-4')
    assert.ok(await moved('-4'))
    const { token } = await register(client, short.url)
    const { exp } = claimsOf(token)
    const lastAccepted = { here: 0, behind: 0 }
    await sleep(exp * 1_000 - Date.now() - 1_000)
    for (const end = exp * 1_000 + 12_000; Date.now() < end; await sleep(100)) {
      for (const [name, node] of Object.entries({ here, behind })) {
        const asked = Date.now()
        if ((await client.call('GET', `${node.url}/api/v1/users/me`, { token })).status === 200)
          lastAccepted[name as 'here'] = asked - exp * 1_000
      }
    }
    report('E10', 'a token that has ended', {
      'accepted for so long after its end, ms': [lastAccepted.here, { atMost: 5_000 }],
      'the same on a node that is 4 s behind, ms': [lastAccepted.behind, { atMost: 5_000 }],
    })
    setClock('+0')
    for (const ms of Object.values(lastAccepted)) assert.ok(ms > 0 && ms < 5_250, JSON.stringify(lastAccepted))
  })

  it('no process ended, and no answer took less than no time', async () => {
    for (const { pid, lines } of [here, off]) {
      process.kill(pid, 0)
      assert.deepEqual(
        lines.filter(({ level }) => level === 'fatal'),
        [],
      )
      const negative = lines.filter((line) =>
        Object.entries(line).some(([name, value]) => /ms$/i.test(name) && Number(value) < 0),
      )
      assert.deepEqual(negative, [])
    }
    assert.ok(existsSync(join(folder, 'clock')))
  })
})
