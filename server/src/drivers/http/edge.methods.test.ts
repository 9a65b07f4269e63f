// A method that an address does not have is refused with those that it has; an address that nobody has is not there.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startApp, type TestApp } from '../../../test/harness.ts'
import { rawClient } from './edge.fixture.ts'

const USERS = 'DELETE, GET, HEAD, PATCH, PUT'

describe('methods', () => {
  let ashlar: TestApp
  let client: ReturnType<typeof rawClient>
  before(async () => {
    ashlar = await startApp()
    client = rawClient(ashlar.url)
  })
  after(async () => {
    client?.close()
    await ashlar?.stop()
  })

  const refused = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
    const answer = await client.send(method, path, headers, body)
    return { ...answer, body: JSON.parse(answer.text || 'null') }
  }

  it('another one is 405 with Allow, in the words of each base', async () => {
    const canonical = await refused('PUT', '/api/v1/users')
    assert.deepEqual([canonical.status, canonical.headers.allow], [405, 'GET, HEAD, POST'])
    assert.equal(canonical.headers['content-type'], 'application/problem+json; charset=utf-8')
    const { code, status, title, type, allowed } = canonical.body
    assert.deepEqual([code, status, title], ['request.method_not_allowed', 405, 'Method not allowed'])
    assert.deepEqual([type, allowed], ['/docs/errors#request.method_not_allowed', ['GET', 'HEAD', 'POST']])

    const halolight = await refused('DELETE', '/api/auth/login')
    assert.deepEqual([halolight.status, halolight.headers.allow], [405, 'POST'])
    assert.deepEqual([halolight.body.code, halolight.body.detail], [code, 'This method is not supported here.'])

    const enveloped = await refused('GET', '/auth/login')
    assert.deepEqual([enveloped.status, enveloped.headers.allow], [405, 'POST'])
    assert.deepEqual([enveloped.body.success, enveloped.body.error.code], [false, code])

    const plain = await refused('POST', '/health')
    assert.deepEqual([plain.status, plain.headers.allow, plain.body.code], [405, 'GET, HEAD', code])
    assert.equal((await client.send('HEAD', '/health')).status, 200)
  })

  it('an address with a parameter is as deep as it is, and read as the router reads it', async () => {
    const PATH = '/api/v1/users/someone'
    for (const path of [PATH, `${PATH}?page=1`, '/api/v1/%75sers/some%2Fone', '/api/v1/users/%E4%BD%A0'])
      assert.deepEqual(await allowOf('POST', path), [405, USERS], path)
    // Two routes have it: one by its name, one as a parameter.
    assert.deepEqual(await allowOf('MKCOL', '/api/v1/users/batch-delete'), [405, 'DELETE, GET, HEAD, PATCH, POST, PUT'])
    for (const path of [
      `${PATH}/nothing/here`,
      `${PATH}/`,
      '/api/v1/users/',
      '/api/v1/user',
      '/api/v1/USERS/someone',
      '/api/v1/users%2Fsomeone',
      '/api/v1/%2575sers/someone',
      '/api/v1/constructor',
      '/nothing',
      '/',
    ])
      assert.deepEqual(await allowOf('POST', path), [404, undefined], path)
  })

  const allowOf = async (method: string, path: string) => {
    const { status, headers } = await client.send(method, path)
    return [status, headers.allow]
  }

  it('any word that HTTP has for a method is refused so, and an address that cannot be decoded is none', async () => {
    for (const method of ['PROPFIND', 'TRACE', 'OPTIONS', 'POST', 'MKCOL'])
      assert.deepEqual(await allowOf(method, '/api/v1/users/x'), [405, USERS], method)
    for (const method of ['GET', 'PUT', 'PROPFIND'])
      for (const path of ['/api/v1/users/%zz', '/api/v1/users/%E0%A4', '/%', '/api/v1/%ff/x'])
        assert.deepEqual(await allowOf(method, path), [400, undefined], `${method} ${path}`)
  })

  it('whatever is served answers its own methods and no other', async () => {
    const { mounted } = ashlar.app.http
    const urls = [...new Set(mounted.map(({ url }) => url))]
    assert.ok(urls.length > 200)
    for (const url of urls) {
      const [status, allow] = await allowOf('PROPFIND', url.replaceAll(/:\w+/g, 'no-such-one'))
      assert.equal(status, 405, url)
      const own = mounted.filter((one) => one.url === url).map(({ method }) => method)
      assert.deepEqual(
        own.filter((method) => !String(allow).split(', ').includes(method)),
        [],
        url,
      )
      assert.equal(own.includes('GET'), own.includes('HEAD'), url)
    }
  })

  it('preflights stay with CORS, where there is any', async () => {
    const listing = await startApp({ env: { CORS_ORIGINS: 'https://app.example.com' } })
    const listed = rawClient(listing.url)
    try {
      const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'PUT' }
      const preflight = await listed.send('OPTIONS', '/api/v1/users/x', headers)
      assert.deepEqual([preflight.status, preflight.headers.allow], [204, undefined])
      const post = await listed.send('POST', '/api/v1/users/x', { origin: headers.origin })
      assert.deepEqual([post.status, post.headers.allow], [405, USERS])
    } finally {
      listed.close()
      await listing.stop()
    }
  })

  it('strangers pay for it as for what is not there', async () => {
    const limited = await startApp({ env: { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_UNAUTHENTICATED: '3/hour' } })
    const stranger = rawClient(limited.url)
    try {
      const answers = []
      for (const path of ['/api/v1/users', '/nothing', '/api/auth/me', '/api/v1/users', '/nothing'])
        answers.push(await stranger.send('PUT', path))
      assert.deepEqual(
        answers.map(({ status, headers }) => [status, headers.allow !== undefined]),
        [
          [405, true],
          [404, false],
          [405, true],
          [429, false],
          [429, false],
        ],
      )
    } finally {
      stranger.close()
      await limited.stop()
    }
  })
})
