// The dashboard of a large tenant: each route for whoever sees everything, and for somebody with a little of their own.
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Report } from './report.ts'
import { type Bench, signIn } from './servers.ts'
import type { Slices } from './slices.ts'

const ROUTES = ['stats', 'visits', 'sales', 'products', 'orders', 'activities', 'pie', 'tasks', 'overview']
const CONNECTIONS = 4
const DAYS = 365

export interface DashboardSize {
  accounts: number
  /** Rows of the activity log, and a fifth as many of the audit log. */
  activities: number
  /** Documents, and as many files. */
  documents: number
}

export async function measureDashboard(
  bench: Bench,
  slices: Slices,
  report: Report,
  size: DashboardSize,
): Promise<void> {
  const databaseUrl = await bench.database('bench_dashboard', size.accounts)
  await fill(databaseUrl, size)
  const ashlar = await bench.ashlar(databaseUrl)
  const viewers = [
    { who: 'who sees everything', login: 'administrator', password: 'Adm1n-Passw0rd!' },
    { who: 'who sees their own', login: 'p1', password: '123456' },
  ]
  for (const counted of [false, true]) {
    if (counted) {
      const value = await count(databaseUrl)
      report.facts.push({
        what: 'the first night of the dashboard, its wait for the clock included',
        value,
        unit: 's',
        target: 60,
      })
    }
    for (const { who, login, password } of viewers) {
      const headers = { authorization: `Bearer ${await signIn(ashlar.url, login, password)}` }
      // Before the first night only what the job counts can differ.
      for (const name of counted ? ROUTES : ['stats', 'visits']) {
        const request = { url: `${ashlar.url}/api/v1/dashboard/${name}`, headers }
        await slices.one({ server: ashlar, request, connections: 1 }, 1)
        const { p50Ms, p99Ms, perSecond, errors } = await slices.one({
          server: ashlar,
          request,
          connections: CONNECTIONS,
        })
        const what = `\`${name}\` for ${who}${counted ? '' : ', before the first night'}`
        report.dashboard.push({ what, p50Ms, p99Ms, perSecond, errors })
      }
    }
  }
  await ashlar.stop()
}

/** A year of them, spread evenly, by the superuser: the tables' triggers keep what they keep. */
async function fill(databaseUrl: string, { accounts, activities, documents }: DashboardSize): Promise<void> {
  const ago = (most: number) => `now() - make_interval(secs => (n::float8 / ${most}) * ${DAYS * 86_400})`
  const person = `'cdemovol' || lpad(to_hex(1 + (n::bigint * 7919) % ${accounts}), 17, '0')`
  const audited = Math.floor(activities / 5)
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    for (const statement of [
      `INSERT INTO activity_logs (id, "actorId", action, "targetType", "targetId", "createdAt")
       SELECT 'bl' || n, ${person}, 'document.update', 'document', 'bd' || (1 + n % ${documents}), ${ago(activities)} FROM generate_series(1, ${activities}) n`,
      `INSERT INTO audit_logs (id, "tenantId", seq, at, actor, "actorId", action, "targetType", "targetId", "previousHash", hash, chain)
       SELECT 'ba' || n, 'default', -n, ${ago(audited)}, 'user:' || ${person}, ${person},
         CASE WHEN n % 2 = 0 THEN 'auth.login' ELSE 'documents.save' END, 'document', 'bd' || (1 + n % ${documents}), '', '', 0
       FROM generate_series(1, ${audited}) n`,
      `INSERT INTO documents (id, title, content, folder, type, size, views, "ownerId", "createdAt", "updatedAt")
       SELECT 'bd' || n, 'Document ' || n, '', '', 'doc', n, n % 1000, ${person}, ${ago(documents)}, ${ago(documents)} FROM generate_series(1, ${documents}) n`,
      `INSERT INTO files (id, name, path, "mimeType", size, "ownerId", "createdAt", "updatedAt")
       SELECT 'bf' || n, 'File ' || n, '/b' || n, (ARRAY['image/png', 'video/mp4', 'text/plain', 'application/pdf', 'application/zip'])[1 + n % 5],
         n, ${person}, ${ago(documents)}, ${ago(documents)} FROM generate_series(1, ${documents}) n`,
      `INSERT INTO document_shares (id, "documentId", "sharedWithId", "createdAt")
       SELECT 'bs' || n, 'bd' || n, ${person}, ${ago(documents)} FROM generate_series(1, ${documents}, 3) n`,
      'VACUUM ANALYZE',
    ])
      await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Has the nightly count run now, and waits for its end; answers how many seconds that took. */
async function count(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const begun = performance.now()
    await client.query(`UPDATE job_schedules SET "nextAt" = now() WHERE name = 'dashboard.count'`)
    for (let counted = 0; counted === 0; await sleep(100)) {
      counted = (await client.query('SELECT 1 FROM daily_counts WHERE through IS NOT NULL')).rowCount ?? 0
      if (performance.now() - begun > 600_000) throw new Error('The nightly count did not end.')
    }
    return (performance.now() - begun) / 1000
  } finally {
    await client.end()
  }
}
