// Large tenants among many: lists and sign-ins beside those of a small tenant in a small installation.
import type { Measured } from './load.ts'
import type { Report } from './report.ts'
import { type Bench, type Installation, signIn } from './servers.ts'
import type { Load, Slices } from './slices.ts'

const SMALL = { name: 'bench_few', members: 100, tenants: 10 }
const LARGE = { name: 'bench_many', members: 100_000, tenants: 10_000 }
/** Within 1.2 times the time of the small one. */
const TARGET = 1 / 1.2
const CONNECTIONS = 8

interface Place {
  ashlar: Installation
  headers: Record<string, string>
}

const list =
  (path: string) =>
  ({ ashlar, headers }: Place): Load => ({ server: ashlar, request: { url: `${ashlar.url}/api/v1${path}`, headers } })

const LOADS: { what: string; load(place: Place): Load }[] = [
  { what: '`GET /users?page=1&limit=10`', load: list('/users?page=1&limit=10') },
  { what: '`GET /tenants/{id}/members?limit=10`', load: list('/tenants/default/members?limit=10') },
  { what: '`GET /tenants/{id}/members?level=OWNER`', load: list('/tenants/default/members?level=OWNER') },
  {
    what: 'sign-ins',
    load: ({ ashlar }) => ({
      server: ashlar,
      connections: CONNECTIONS,
      request: {
        url: `${ashlar.url}/api/v1/auth/login`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        luaBody: `'{"login":"p' .. (n % ${SMALL.members} + 1) .. '","password":"123456"}'`,
      },
    }),
  },
]

/** Both installations run at once and take turns: what else the machine does meets both alike. */
export async function measureTenants(bench: Bench, slices: Slices, report: Report): Promise<void> {
  const [small, large] = [await enter(bench, SMALL), await enter(bench, LARGE)]
  for (const { what, load } of LOADS) {
    const { ours, limit }: { ours: Measured; limit: Measured } = await slices.inTurns(load(large), load(small))
    const line = `${what}, tenant of 100,000 among 10,000 beside one of 100 among 10`
    report.growth.push({ what: line, ours, limit, target: Number(TARGET.toFixed(2)) })
  }
  await large.ashlar.stop()
  await small.ashlar.stop()
}

async function enter(bench: Bench, { name, members, tenants }: typeof SMALL): Promise<Place> {
  const ashlar = await bench.ashlar(await bench.database(name, members, tenants))
  const token = await signIn(ashlar.url, 'administrator', 'Adm1n-Passw0rd!')
  return { ashlar, headers: { authorization: `Bearer ${token}` } }
}
