// Reading: the signed-in person, lists and searches, in a small and in a large installation.
import type { Report } from './report.ts'
import { type Bench, signIn } from './servers.ts'
import type { Slices } from './slices.ts'

const SIZES = [
  ['1 k', 1_000],
  ['200 k', 200_000],
] as const
const COMMON_WORD = 'Mason'
/** An address that exactly one person has, in an installation of either size. */
const RARE_WORD = encodeURIComponent('sven.wagner500@')

const LISTS = [
  { what: '`GET /users?page=1&limit=10`', path: '/users?page=1&limit=10', limit: '/users?limit=10', growth: 0.8 },
  { what: 'search by a common word', path: `/users?search=${COMMON_WORD}&limit=10`, growth: 0.5 },
  { what: 'search by a rare word', path: `/users?search=${RARE_WORD}&limit=10`, growth: 0.5 },
]

export async function measureLists(bench: Bench, slices: Slices, report: Report): Promise<void> {
  for (const [label, accounts] of SIZES) {
    const database = await bench.database(`bench_${accounts}`, accounts)
    const ashlar = await bench.ashlar(database)
    const bare = await bench.limit(database)
    const headers = { authorization: `Bearer ${await signIn(ashlar.url, 'administrator', 'Adm1n-Passw0rd!')}` }
    const pair = async (what: string, target: number, path: string, limitPath: string) => {
      const ours = { server: ashlar, request: { url: `${ashlar.url}/api/v1${path}`, headers } }
      const limit = { server: bare, request: { url: bare.url + limitPath, headers } }
      report.lines.push({ what: `${what}, ${label}`, target, ...(await slices.inTurns(ours, limit)) })
    }
    await pair('`GET /auth/me` beside the same query', 1.5, '/auth/me', '/me')
    if (accounts === SIZES[0][1]) await pair('`GET /auth/me` beside bare JWT verification', 0.5, '/auth/me', '/jwt')
    for (const { what, path, limit = path } of LISTS) await pair(what, 0.9, path, limit)
    await ashlar.stop()
    await bare.stop()
  }
  for (const { what, growth } of LISTS) {
    const [small, large] = SIZES.map(([label]) => report.lines.find((line) => line.what === `${what}, ${label}`)!.ours)
    report.growth.push({ what: `${what}, 200 k accounts`, ours: large!, limit: small!, target: growth })
  }
}
