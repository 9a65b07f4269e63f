// Nobody enters a route that is not public without a credential, however the address is spelt.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startApp, type TestApp } from '../../../test/harness.ts'
import { OPTIONS, quiet, type RawAnswer, rawClient, serveRoutes } from './edge.fixture.ts'
import { isPublic, type Route } from './routes.ts'
import { createHttp, type HttpServer, type MountedRoute } from './server.ts'

const SNAPSHOT = fileURLToPath(new URL('./public-routes.txt', import.meta.url))

function isOpen(access: MountedRoute['access']): boolean {
  return typeof access === 'object'
}

describe('AUTH-1: the way in', () => {
  let ashlar: TestApp
  let http: HttpServer & { url: string }
  let client: ReturnType<typeof rawClient>
  const executed: string[] = []

  before(async () => {
    ashlar = await startApp()
    // The same routes, guards and identity; only the handlers are replaced, and say that they ran.
    const spied = ashlar.app.routes.map(
      (route): Route => ({
        ...route,
        handle: async () => {
          if (!isPublic(route.access)) executed.push(route.operation)
          throw new Error('the handler ran')
        },
      }),
    )
    http = await serveRoutes(ashlar, spied)
    client = rawClient(http.url)
  })
  after(async () => {
    client?.close()
    await http?.drain()
    await ashlar?.stop()
  })

  /** Valid in every respect but for its time. */
  async function expiredToken(): Promise<string> {
    const { id } = await ashlar.person()
    const [session] = await ashlar.rows<{ id: string }>('SELECT id FROM sessions WHERE "userId" = $1', [id])
    const now = Math.floor(Date.now() / 1000)
    const claims = { sub: id, sid: session!.id, tid: 'default', auth_time: now - 100 }
    const token = ashlar.app.accessTokens.sign('user', { ...claims, iat: now - 100, exp: now - 10 })
    const valid = ashlar.app.accessTokens.sign('user', { ...claims, iat: now - 100, exp: now + 100 })
    assert.equal((await ashlar.call('GET', '/api/v1/users/me', { token: valid })).status, 200)
    return token
  }

  function spellings(path: string): string[] {
    const [, first = '', ...rest] = path.split('/')
    return [
      path,
      `/${path}`,
      path.replace(/\/(?=[^/]*$)/, '//'),
      `${path}/`,
      `${path};x=1`,
      `${path}?`,
      `/${first}%2F${rest.join('/')}`,
      path.replace(/\/(?=[^/]*$)/, '%2f'),
      path.toUpperCase(),
      `/.${path}`,
      `/x/..${path}`,
      `${path}/.`,
      `${path}%00`,
      `${path}%20`,
      path.replace(/[a-z](?=[^a-z]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
      `/${path.slice(1).replaceAll('/', '\\')}`,
    ]
  }

  it('is closed on every route that is not public: no token, garbage, expired; 16 spellings; HEAD', async (test) => {
    const expired = await expiredToken()
    const credentials = [
      '',
      'Bearer garbage',
      'Bearer ',
      'Basic YWRtaW46YWRtaW4=',
      `Bearer ${expired}`,
      expired,
      'Bearer a.b.c',
    ]
    const guarded = http.mounted.filter(({ access }) => !isOpen(access))
    assert.ok(guarded.some(({ method }) => method === 'HEAD'))
    let count = 0
    const wrong: string[] = []
    const statuses = new Map<number, number>()
    for (const { method, url } of guarded) {
      const path = url.replace(/:\w+/g, 'cmi8z2n4w0q5t1v7x3y9b6d2')
      const calls: Promise<void>[] = []
      for (const [turn, spelling] of spellings(path).entries()) {
        // The plain address meets every credential, the others one after the other.
        for (const credential of turn === 0 ? credentials : [credentials[turn % credentials.length]!]) {
          const headers = { ...(credential && { authorization: credential }) }
          const check = ({ status }: RawAnswer) => {
            count++
            statuses.set(status, (statuses.get(status) ?? 0) + 1)
            if (![400, 401, 404, 405, 414].includes(status) || (turn === 0 && status !== 401))
              wrong.push(`${method} ${spelling} with "${credential.slice(0, 20)}" answered ${status}`)
          }
          calls.push(client.send(method, spelling, headers).then(check))
        }
      }
      await Promise.all(calls)
    }
    test.diagnostic(
      `${count} requests on ${guarded.length} methods and addresses: ${[...statuses].map(([status, times]) => `${times} × ${status}`).join(', ')}`,
    )
    assert.deepEqual(wrong, [])
    assert.deepEqual(executed, [])
  })

  it('a credential does open it: the spies would have seen an execution', async () => {
    const { token } = await ashlar.person()
    const { status } = await client.send('GET', '/api/v1/users/me', { authorization: `Bearer ${token}` })
    assert.equal(status, 500)
    assert.deepEqual(executed.splice(0), ['users.me'])
  })

  it('the public addresses are those of the committed list, each with its reason', (test) => {
    const lines = http.mounted.flatMap(({ method, url, access }) =>
      typeof access === 'object' && method !== 'HEAD'
        ? [`${method} ${url}: ${'open' in access ? access.open : access.public}`]
        : [],
    )
    // After a wanted change: npm test -- edge.access --test-update-snapshots
    test.assert.fileSnapshot(`${lines.sort().join('\n')}\n`, SNAPSHOT, { serializers: [String] })
  })

  it('a route without a declared access stops the start, by name', async () => {
    const parts = { authenticator: ashlar.app.actors, limiter: ashlar.app.limiter, log: quiet }
    const [first, second, ...rest] = ashlar.app.routes
    for (const access of [undefined, '', null, {}, { public: '' }, { public: true }, 'anyone', 'Users:View']) {
      const routes = [first!, { ...second!, access } as Route, ...rest]
      await assert.rejects(createHttp(OPTIONS, { ...parts, routes }), (error: Error) => {
        assert.ok(
          error.message.includes(second!.operation) && error.message.includes('declares no access'),
          error.message,
        )
        return true
      })
    }
    await assert.rejects(
      createHttp(OPTIONS, { ...parts, routes: [first!, first!] }),
      /uses an operation name that another route has/,
    )
  })
})
