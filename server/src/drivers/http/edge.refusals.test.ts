// Refusals of bodies that are still arriving: the answer is read, whoever sends it, and the connection ends.
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Person, startApp, type TestApp } from '../../../test/harness.ts'
import { folder as newDir } from '../blobs/blobs.fixture.ts'

const MB = 1024 * 1024
const PATH = '/api/v1/files/upload'
const BODY = (name: string) => [
  `--x\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: image/jpeg\r\n\r\n`,
  'a'.repeat(6 * MB),
  '\r\n--x--\r\n',
]

describe('a refused upload', () => {
  let ashlar: TestApp
  let dir: string
  let person: Person
  before(async () => {
    dir = await newDir()
    ashlar = await startApp({ env: { UPLOAD_DIR: dir, DEFAULT_ROLE: 'manager' } })
    person = await ashlar.person()
  })
  after(async () => {
    await ashlar?.stop()
    if (dir) await rm(dir, { recursive: true, force: true })
  })

  const headersOf = (token?: string) => ({
    'content-type': 'multipart/form-data; boundary=x',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  })

  for (const [status, who] of [
    [415, 'of a file that is not what its name says'],
    [401, 'without a token'],
  ] as const)
    it(`${who} is answered ${status} each time, and never by a reset`, async () => {
      const token = status === 415 ? person.token : undefined
      for (let times = 0; times < 20; times++) {
        const body = BODY('fake.jpg').join('')
        const response = await fetch(ashlar.url + PATH, { method: 'POST', headers: headersOf(token), body })
        assert.equal(response.status, status)
        assert.ok(((await response.json()) as { code: string }).code)
      }
    })

  /** Writes all that it is given before it reads anything, as simple clients do. */
  function writeAll(parts: readonly string[], patience = 20_000) {
    const { hostname, port } = new URL(ashlar.url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    socket.pause()
    const length = parts.join('').length
    const head = Object.entries({ ...headersOf(), host: hostname, 'content-length': String(length) })
    socket.write(`POST ${PATH} HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
    let text = ''
    const ended = new Promise<string>((resolve, reject) => {
      socket.setTimeout(patience, () => socket.destroy(new Error('the connection stays open')))
      socket.on('data', (part) => {
        text += part
      })
      socket.on('end', () => socket.end())
      socket.on('error', reject)
      socket.on('close', () => resolve(text))
    })
    return { socket, ended }
  }

  it('is answered to whoever writes all of it before reading', async () => {
    for (let times = 0; times < 5; times++) {
      const parts = BODY('fake.jpg')
      const { socket, ended } = writeAll(parts)
      for (const part of parts) await new Promise((done) => socket.write(part, done))
      await sleep(50)
      socket.resume()
      assert.match(await ended, /^HTTP\/1\.1 401 /)
    }
  })

  it('takes along no request that is written behind it', async () => {
    const parts = BODY('fake.jpg')
    const { socket, ended } = writeAll(parts)
    for (const part of parts) await new Promise((done) => socket.write(part, done))
    const email = `behind-${person.id}@example.com`
    const json = JSON.stringify({ email, name: 'Behind', password: 'Gr4nite-Quarry!' })
    socket.write(
      `POST /api/v1/auth/register HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`,
    )
    socket.resume()
    assert.equal((await ended).split('HTTP/1.1').length, 2, 'one answer')
    assert.deepEqual(await ashlar.rows('SELECT 1 FROM users WHERE email = $1', [email]), [])
  })

  it('ends the connection of a client that goes silent, and of one that never stops', async () => {
    const silent = writeAll(['a'.repeat(90 * MB)])
    // It keeps its own side open, and hears that the other is gone when it writes again.
    silent.socket.removeAllListeners('end').resume()
    await sleep(6_000)
    silent.socket.write('a', () => silent.socket.write('a'))
    await assert.rejects(silent.ended, /ECONNRESET|EPIPE/)

    const endless = writeAll(['a'.repeat(90 * MB)])
    let written = 0
    const piece = 'a'.repeat(MB)
    let isOver = false
    endless.ended
      .catch(() => undefined)
      .finally(() => {
        isOver = true
      })
    while (!isOver && written < 300) {
      written++
      await Promise.race([new Promise((done) => endless.socket.write(piece, done)), sleep(1_000)])
    }
    assert.ok(written < 300, `took ${written} MB`)
  })
})
