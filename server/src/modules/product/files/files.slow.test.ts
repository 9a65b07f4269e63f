// AVL-1: uploads over slow lines arrive, however long they take; those that stand still are cut off.
import assert from 'node:assert/strict'
import { readdir, rm } from 'node:fs/promises'
import { type ClientRequest, request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Person, startApp, type TestApp } from '../../../../test/harness.ts'
import { folder as newDir } from '../../../drivers/blobs/blobs.fixture.ts'

const REQUEST_MS = 2_000
const HEAD = '--x\r\ncontent-disposition: form-data; name="file"; filename="slow.txt"\r\n\r\n'
const TAIL = '\r\n--x--\r\n'

describe('uploads over slow lines', () => {
  let ashlar: TestApp
  let dir: string
  let person: Person
  before(async () => {
    dir = await newDir()
    const env = { UPLOAD_DIR: dir, DEFAULT_ROLE: 'manager', REQUEST_TIMEOUT: `${REQUEST_MS}ms`, HEADERS_TIMEOUT: '1' }
    ashlar = await startApp({ env })
    person = await ashlar.person()
  })
  after(async () => {
    await ashlar?.stop()
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  interface Answered {
    status: number | undefined
    body: Record<string, unknown>
    ms: number
  }

  /** Sends so many bytes every 100 ms, so many times; the answer has no status where the connection was cut without one. */
  function upload(token: string, bytes: number, times: number): { sent: ClientRequest; answered: Promise<Answered> } {
    const { hostname, port } = new URL(ashlar.url)
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=x' }
    const began = performance.now()
    const sent = request({ hostname, port, path: '/api/v1/files/upload', method: 'POST', headers })
    const answered = new Promise<Answered>((resolve) => {
      const end = (status: number | undefined, text = '') =>
        resolve({ status, body: text ? JSON.parse(text) : {}, ms: performance.now() - began })
      sent.on('response', async (answer) => end(answer.statusCode, (await answer.toArray()).join('')))
      sent.on('error', () => end(undefined))
    })
    void (async () => {
      sent.write(HEAD)
      for (let count = 0; count < times && !sent.destroyed; count++) {
        sent.write('a'.repeat(bytes))
        await sleep(100)
      }
      sent.end(TAIL)
    })()
    return { sent, answered }
  }

  /** A token of the same session that ends sooner. */
  function endingIn(seconds: number): string {
    const claims = JSON.parse(Buffer.from(person.token.split('.')[1]!, 'base64url').toString())
    return ashlar.app.accessTokens.sign('user', { ...claims, exp: Math.floor(Date.now() / 1000) + seconds })
  }

  it('take longer than other requests may, as long as something comes', async () => {
    const { status, body, ms } = await upload(person.token, 4_000, 70).answered
    assert.equal(status, 201, JSON.stringify(body))
    assert.ok(ms > 3 * REQUEST_MS)
    assert.equal(body.size, 280_000)
  })

  it('are cut off when hardly anything comes, and leave nothing', async () => {
    const before = (await readdir(dir, { recursive: true })).length
    const { status, ms } = await upload(person.token, 10, 200).answered
    assert.ok(status === 408 || status === undefined, `${status}`)
    assert.ok(ms < REQUEST_MS + 5_000, `${ms} ms`)
    for (let tries = 0; tries < 50; tries++) {
      if ((await ashlar.rows(`SELECT 1 FROM blobs WHERE state = 'arriving'`)).length === 0) break
      await sleep(100)
    }
    assert.deepEqual(await ashlar.rows(`SELECT 1 FROM blobs WHERE state = 'arriving'`), [])
    assert.equal((await readdir(dir, { recursive: true })).length, before)
  })

  it('outlast the access token, and not the session', async () => {
    // Tokens are taken for five seconds longer, as clocks differ.
    const token = endingIn(-3)
    const { status, body } = await upload(token, 4_000, 40).answered
    assert.equal(status, 201, JSON.stringify(body))
    const late = await ashlar.call('GET', '/api/v1/files', { token })
    assert.equal(late.status, 401, 'the token had ended meanwhile')

    const { answered } = upload(endingIn(-3), 4_000, 40)
    await sleep(500)
    assert.equal((await ashlar.call('POST', '/api/v1/auth/logout', { token: person.token })).status, 200)
    assert.equal((await answered).status, 401)
  })
})
