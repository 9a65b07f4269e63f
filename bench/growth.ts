// Growth: what people do most, in an installation of a thousand of everything beside one of a million, in turns.
import pg from 'pg'
import { fillBig } from '../server/test/big/fill.ts'
import { COMMON_WORD, RARE_WORD } from '../server/test/big/tables.ts'
import type { Report } from './report.ts'
import { type Bench, type Installation, signIn } from './servers.ts'
import type { Load, Slices } from './slices.ts'

export interface GrowthSize {
  /** Of accounts, documents, messages and entries of the audit trail. */
  rows: number
  tenants: number
}

const SMALL: GrowthSize = { rows: 1_000, tenants: 1 }
/** Accounts that can sign in, in either. */
const PEOPLE = 100
const ADMIN = { login: 'administrator', password: 'Adm1n-Passw0rd!' }
const MEMBER = { login: 'p1', password: '123456' }

interface Place {
  ashlar: Installation
  admin: Record<string, string>
  member: Record<string, string>
}

type Who = 'admin' | 'member'

const get =
  (path: string, who: Who = 'admin') =>
  (place: Place): Load => ({
    server: place.ashlar,
    connections: 8,
    request: { url: `${place.ashlar.url}/api/v1${path}`, headers: place[who] },
  })

/** The ratio that we want at least: flat is 1; a search finds a thousand times as much. */
const LOADS: { what: string; target: number; load(place: Place): Load }[] = [
  { what: 'a page of people', target: 0.7, load: get('/users?page=1&limit=10') },
  { what: 'people by a common word', target: 0.5, load: get('/users?search=Mason&limit=10') },
  { what: 'people by a rare word', target: 0.5, load: get('/users?search=b500@big&limit=10') },
  {
    what: 'a permission check (`GET /notifications/unread-count`)',
    target: 0.7,
    load: get('/notifications/unread-count'),
  },
  { what: 'documents, for who sees everything', target: 0.7, load: get('/documents?limit=10') },
  { what: 'documents, for who sees their own', target: 0.7, load: get('/documents?limit=10', 'member') },
  { what: 'documents by title', target: 0.7, load: get('/documents?sortBy=title&sortOrder=asc&limit=10') },
  { what: 'documents by a common word', target: 0.5, load: get(`/documents?search=${COMMON_WORD}&limit=10`) },
  { what: 'documents by a rare word', target: 0.5, load: get(`/documents?search=${RARE_WORD}&limit=10`) },
  {
    what: 'the last messages of a conversation with half of all',
    target: 0.7,
    load: get('/messages/conversations/bc1?limit=50'),
  },
  { what: 'a list of conversations', target: 0.7, load: get('/messages/conversations?limit=10') },
  { what: 'a page of the audit trail', target: 0.7, load: get('/audit-logs?limit=10') },
  {
    what: 'a page of the audit trail, of one action',
    target: 0.7,
    load: get('/audit-logs?action=auth.login&limit=10'),
  },
  {
    what: 'a sign-in',
    target: 0.83,
    load: ({ ashlar }) => ({
      server: ashlar,
      connections: 8,
      request: {
        url: `${ashlar.url}/api/v1/auth/login`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        luaBody: `'{"login":"p' .. (n % ${PEOPLE} + 1) .. '","password":"123456"}'`,
      },
    }),
  },
]

/** Both installations run at once and take turns: what else the machine does meets both alike. */
export async function measureGrowth(bench: Bench, slices: Slices, report: Report, size: GrowthSize): Promise<void> {
  const [small, large] = [await enter(bench, 'bench_small', SMALL), await enter(bench, 'bench_grown', size)]
  const sizes = `${size.rows.toLocaleString('en')} of each in ${size.tenants.toLocaleString('en')} tenants beside 1,000`
  for (const { what, target, load } of LOADS) {
    const { ours, limit } = await slices.inTurns(load(large), load(small))
    report.growth.push({ what: `${what}, ${sizes}`, ours, limit, target })
  }
  await large.ashlar.stop()
  await small.ashlar.stop()
}

async function enter(bench: Bench, name: string, { rows, tenants }: GrowthSize): Promise<Place> {
  const url = await bench.database(name, PEOPLE, tenants)
  const amounts = { accounts: rows, documents: rows, messages: rows, audit: rows }
  await fillBig(url, amounts, { admin: await idOf(url, ADMIN.login), member: await idOf(url, MEMBER.login) })
  const ashlar = await bench.ashlar(url)
  const headersOf = async ({ login, password }: typeof ADMIN) => ({
    authorization: `Bearer ${await signIn(ashlar.url, login, password)}`,
  })
  return { ashlar, admin: await headersOf(ADMIN), member: await headersOf(MEMBER) }
}

async function idOf(url: string, username: string): Promise<string> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ id: string }>('SELECT id FROM users WHERE username = $1', [username])
    return rows[0]!.id
  } finally {
    await client.end()
  }
}
