// What the tests of links do over HTTP: files, links to them, and what anybody gets by one.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { type Person, startApp, unique } from '../../../../test/harness.ts'
import { folder as newDir } from '../../../drivers/blobs/blobs.fixture.ts'

export const API = '/api/v1'
export const ABSENT = 'cmi8z2n4w0q5t1v7x3y9b6d2'
export const NEVER = randomBytes(32).toString('base64url')

export type Links = Awaited<ReturnType<typeof startLinks>>

/** A whole Ashlar with two people who share files, and the lines of its log. */
export async function startLinks() {
  const dir = await newDir()
  const lines: string[] = []
  const env = { UPLOAD_DIR: dir, DEFAULT_ROLE: 'manager', LOG_LEVEL: 'info' }
  const ashlar = await startApp({ env, onLog: (line) => lines.push(line) })
  const [owner, other] = [await ashlar.person(), await ashlar.person()]

  const call = (person: Person, method: string, path: string, json?: unknown, headers: Record<string, string> = {}) =>
    ashlar.call(method, path.startsWith('/api') ? path : `${API}${path}`, {
      token: person.token,
      headers,
      ...(json !== undefined && { json }),
    })
  async function upload(person: Person, content = unique('content'), headers: Record<string, string> = {}) {
    const file = { bytes: Buffer.from(content), type: 'text/plain', name: `${unique('slab')}.txt` }
    const answer = await ashlar.call('POST', `${API}/files/upload`, {
      token: person.token,
      headers,
      multipart: { file },
    })
    assert.equal(answer.status, 201, answer.text)
    return { id: answer.body.id as string, name: answer.body.name as string, content }
  }
  async function link(person: Person, id: string, json: object = {}, headers: Record<string, string> = {}) {
    const answer = await call(person, 'POST', `/files/${id}/links`, json, headers)
    assert.equal(answer.status, 201, answer.text)
    return answer.body as { id: string; token: string; url: string; state: string }
  }
  async function get(token: string, part = '', headers: Record<string, string> = {}, method = 'GET') {
    const response = await fetch(`${ashlar.url}${API}/files/shared/${token}${part}`, { method, headers })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text.startsWith('{') ? JSON.parse(text) : {},
    }
  }
  const content = (token: string, headers: Record<string, string> = {}) => get(token, '/content', headers)
  const unlock = (token: string, password: string) =>
    ashlar.call('POST', `${API}/files/shared/${token}/unlock`, { json: { password } })
  const shares = async (person: Person, id: string) => (await call(person, 'GET', `/files/${id}/shares`)).body.data
  const logOf = async (id: string) => {
    await ashlar.app.accessLog.settle()
    return ashlar.rows<{ action: string; userId: string | null; linkId: string | null; ip: string; userAgent: string }>(
      `SELECT action, "userId", "linkId", ip, "userAgent" FROM content_accesses WHERE "itemId" = $1 ORDER BY "accessedAt", id`,
      [id],
    )
  }
  /** What a link answers that never was, as each way to it says it. */
  async function mustBeAbsent(token: string, why: string) {
    for (const part of ['', '/content']) {
      const [ended, never] = [await get(token, part), await get(NEVER, part)]
      const shape = ({ status, headers, text }: typeof ended, secret: string) => ({
        status,
        text: text.replaceAll(secret, '').replace(/"requestId":"[^"]+"/, ''),
        headers: [...headers].filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name)),
      })
      assert.equal(ended.status, 404, `${why}: ${part} ${ended.text}`)
      assert.deepEqual(shape(ended, token), shape(never, NEVER), why)
    }
    const tried = await unlock(token, 'granite')
    assert.deepEqual([tried.status, tried.body.code], [404, 'links.not_found'], why)
  }

  async function stop() {
    await ashlar.stop()
    await rm(dir, { recursive: true, force: true })
  }

  return {
    ashlar,
    dir,
    lines,
    owner,
    other,
    call,
    upload,
    link,
    get,
    content,
    unlock,
    shares,
    logOf,
    mustBeAbsent,
    stop,
  }
}
