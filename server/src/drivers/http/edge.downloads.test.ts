// Downloads of one reader at once: so many, and others never pay for them.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Type from 'typebox'
import { type Person, startApp, type TestApp } from '../../../test/harness.ts'
import { serveRoutes } from './edge.fixture.ts'
import { Download, type Route, route } from './routes.ts'

const MAX = 32

describe('downloads that run at once', () => {
  let ashlar: TestApp
  let served: Awaited<ReturnType<typeof serveRoutes>>
  let [anna, ben]: Person[] = []
  let opened = 0

  async function* endless() {
    opened++
    try {
      for (;;) {
        yield Buffer.alloc(1024)
        await sleep(20)
      }
    } finally {
      opened--
    }
  }
  const slow = (path: string, given: Partial<Route>) =>
    route({
      method: 'GET',
      path,
      operation: `probe${path.replace('/', '.')}`,
      access: 'user',
      summary: 'Download for ever',
      answer: Type.String(),
      binary: ['text/plain'],
      unhurried: true,
      handle: async () => new Download(200, { 'content-type': 'text/plain' }, async () => endless()),
      ...(given as object),
    })

  before(async () => {
    ashlar = await startApp()
    ;[anna, ben] = [await ashlar.person(), await ashlar.person()]
    const short = async () => new Download(200, {}, async () => Readable.from([Buffer.from('short')]))
    served = await serveRoutes(ashlar, [
      slow('/own', {}),
      slow('/public', { access: { public: 'a probe of the tests' } }),
      slow('/short', { handle: short }),
    ])
  })
  after(async () => {
    await served?.drain()
    await ashlar?.stop()
  })

  async function begin(path: string, person?: Person, method = 'GET') {
    const stop = new AbortController()
    const headers = person ? { authorization: `Bearer ${person.token}` } : {}
    const response = await fetch(`${served.url}/api/v1${path}`, { method, headers, signal: stop.signal })
    return { response, stop: () => stop.abort() }
  }
  async function until(holds: () => boolean): Promise<void> {
    for (let tries = 0; !holds() && tries < 200; tries++) await sleep(20)
  }

  for (const path of ['/own', '/public'])
    it(`a reader of ${path} has ${MAX} of them; the next is told to wait, and others are not`, async () => {
      const person = path === '/own' ? anna : undefined
      const running = await Promise.all(Array.from({ length: MAX }, () => begin(path, person)))
      assert.ok(running.every(({ response }) => response.status === 200))
      const { response } = await begin(path, person)
      assert.equal(response.status, 429)
      assert.ok(Number(response.headers.get('retry-after')) > 0)
      assert.equal(((await response.json()) as { code: string }).code, 'request.too_many_downloads')
      assert.equal(opened, MAX, 'nothing is opened for one that is refused')
      assert.equal((await begin(path, person, 'HEAD')).response.status, 200)
      const other = await begin('/own', ben)
      assert.equal(other.response.status, 200)
      for (const one of [other, running[0]!]) one.stop()
      await until(() => opened === MAX - 1)
      const again = await begin(path, person)
      assert.equal(again.response.status, 200, 'one that broke off makes room')
      for (const one of [...running, again]) one.stop()
      await until(() => opened === 0)
      assert.equal(opened, 0)
    })

  it('those that have ended take nobody’s place', async () => {
    for (let times = 0; times < 2 * MAX; times++) {
      const { response } = await begin('/short', anna)
      assert.deepEqual([response.status, await response.text()], [200, 'short'])
    }
  })
})
