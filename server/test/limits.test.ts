// Rate limits that hold for an installation, not for a process.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Client, createClient, createFleet, type Fleet, type ServerProcess } from './processes.ts'

const ANONYMOUS = 20

describe('rate limits across two processes', () => {
  let fleet: Fleet
  let client: Client

  before(async () => {
    fleet = await createFleet({
      env: { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_UNAUTHENTICATED: String(ANONYMOUS), RATE_LIMIT_STORE: 'postgres' },
    })
    client = createClient({ connections: 32 })
  })
  after(async () => {
    client?.close()
    await fleet?.stop()
  })

  async function pair(env: Record<string, string> = {}): Promise<{ nodes: ServerProcess[]; stop(): Promise<void> }> {
    const nodes = [await fleet.start(env), await fleet.start(env)]
    return {
      nodes,
      async stop() {
        for (const node of nodes) node.kill('SIGKILL')
        await Promise.all(nodes.map(({ exited }) => exited))
        await fleet.rows('TRUNCATE rate_limits')
      },
    }
  }

  /** Sends as many at once; counts the answers by status. */
  async function flood(
    { nodes }: { nodes: ServerProcess[] },
    count: number,
    path: string,
    headersOf: (turn: number) => Record<string, string> = () => ({}),
  ): Promise<Record<string, number>> {
    const answers = await Promise.all(
      Array.from({ length: count }, (_, turn) =>
        client.call('GET', nodes[turn % 2]!.url + path, { headers: headersOf(turn) }),
      ),
    )
    for (const { status, headers } of answers) {
      if (status === 429) assert.ok(Number(headers['retry-after']) > 0)
    }
    const counted = Object.groupBy(answers, ({ status }) => status)
    return Object.fromEntries(Object.entries(counted).map(([status, list]) => [status, list?.length ?? 0]))
  }

  it('RATE-1: two processes count as one, on addresses without a route as well', async () => {
    const both = await pair()
    assert.deepEqual(await flood(both, 3 * ANONYMOUS, '/api/v1/nothing'), { 404: ANONYMOUS, 429: 2 * ANONYMOUS })
    // Undecodable addresses draw on the same count, and so does a stranger's token.
    assert.deepEqual(await flood(both, 4, '/api/v1/%zz'), { 429: 4 })
    assert.deepEqual(await flood(both, 4, '/api/v1/users/me', () => ({ authorization: 'Bearer x' })), { 429: 4 })
    await both.stop()
  })

  it('RATE-1: eight addresses of one IPv6 /64 are one caller, another /64 is another', async () => {
    const both = await pair({ TRUST_PROXY: '127.0.0.1' })
    const from = (network: string) => (turn: number) => ({
      'x-forwarded-for': `2001:db8:1:${network}::${(turn % 8) + 1}`,
    })
    assert.deepEqual(await flood(both, 2 * ANONYMOUS, '/api/v1/nothing', from('a')), { 404: ANONYMOUS, 429: ANONYMOUS })
    assert.deepEqual(await flood(both, 5, '/api/v1/nothing', from('b')), { 404: 5 })
    await both.stop()
  })

  it('RATE-2: without a trusted proxy a thousand forwarded addresses are one caller', async () => {
    const both = await pair()
    const spoofed = (turn: number) => ({
      'x-forwarded-for': `203.0.${turn >> 8}.${turn & 255}`,
      'x-real-ip': `198.51.100.${turn & 255}`,
    })
    assert.deepEqual(await flood(both, 1_000, '/api/v1/nothing', spoofed), { 404: ANONYMOUS, 429: 1_000 - ANONYMOUS })
    await both.stop()
  })
})
