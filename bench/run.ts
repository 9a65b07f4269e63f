// `npm run bench`: Ashlar beside the limit of the machine, in one interleaved run, as ratios.
//
//   npm run bench                 1,000 and 200,000 accounts, prints the table
//   npm run bench -- --write      and writes docs/reference/benchmarks.md
//   npm run bench -- --quick      short slices, to see that it works
//
// Needs wrk. Nothing else may run on the machine meanwhile.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { hash, verify } from '@node-rs/argon2'
import { type Measured, measure, median, type Request } from './load.ts'
import { type Bench, type Installation, startBench } from './servers.ts'

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
})
const SECONDS = values.quick ? 1 : 3
const ROUNDS = values.quick ? 1 : 3
const SIZES: [string, number][] = [
  ['1 k', 1_000],
  ['200 k', 200_000],
]
const COMMON_WORD = 'Mason'
const RARE_WORD = 'slate77'

if (spawnSync('wrk', ['-v']).error) {
  console.error('The benchmark needs wrk (apt-get install wrk).')
  process.exit(1)
}

interface Line {
  what: string
  ours: Measured
  /** Undefined where nothing bare does the same. */
  limit: Measured | undefined
}

const bench = await startBench()
const lines: Line[] = []
let hashRate = 0
try {
  for (const [label, accounts] of SIZES) await measureSize(bench, label, accounts)
} finally {
  await bench.stop()
}
const report = render()
console.log(report)
if (values.write) writeFileSync(resolve(import.meta.dirname, '../docs/reference/benchmarks.md'), report)

async function measureSize(bench: Bench, label: string, accounts: number): Promise<void> {
  const database = await bench.database(`bench_${accounts}`, accounts)
  const ashlar = await bench.ashlar(database)
  const limit = await bench.limit(database)
  const token = await signIn(ashlar.url, 'administrator', 'Adm1n-Passw0rd!')
  const headers = { authorization: `Bearer ${token}` }
  const pair = async (what: string, path: string, limitPath: string | undefined, connections = 32) => {
    const ours: Request = { url: ashlar.url + path, headers }
    const bare = limitPath === undefined ? undefined : { url: limit.url + limitPath, headers }
    lines.push({ what: `${what}, ${label}`, ...(await interleave([ashlar, ours], bare && [limit, bare], connections)) })
  }
  await pair('`GET /auth/me` beside the same query', '/api/v1/auth/me', '/me')
  if (accounts === 1_000) await pair('`GET /auth/me` beside bare JWT verification', '/api/v1/auth/me', '/jwt')
  await pair('`GET /users?page=1&limit=10`', '/api/v1/users?page=1&limit=10', '/users?limit=10')
  await pair(
    `search by a common word`,
    `/api/v1/users?search=${COMMON_WORD}&limit=10`,
    `/users?search=${COMMON_WORD}&limit=10`,
  )
  await pair(
    `search by a rare word`,
    `/api/v1/users?search=${RARE_WORD}&limit=10`,
    `/users?search=${RARE_WORD}&limit=10`,
  )
  if (accounts === 1_000) await measureLogins(ashlar)
  await ashlar.stop()
  await limit.stop()
}

async function measureLogins(ashlar: Installation): Promise<void> {
  const body = `'{"login":"p' .. (n % 1000 + 1) .. '","password":"123456"}'`
  const request: Request = {
    url: `${ashlar.url}/api/v1/auth/login`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    luaBody: body,
  }
  const slices: Measured[] = []
  const rates: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    rates.push(await hashesPerSecond())
    slices.push(
      await measure(request, { pid: ashlar.pid, postmaster: bench.postmaster }, { connections: 8, seconds: SECONDS }),
    )
  }
  hashRate = rates.sort((a, b) => a - b)[Math.floor(rates.length / 2)]!
  lines.push({
    what: 'logins, beside the machine’s Argon2id rate',
    ours: median(slices),
    limit: {
      ...median(slices),
      perSecond: hashRate,
      p50Ms: Number.NaN,
      p99Ms: Number.NaN,
      serverCpuUs: Number.NaN,
      databaseCpuUs: Number.NaN,
    },
  })
}

/** Argon2id verifications a second with the server's parameters, on every core. */
async function hashesPerSecond(): Promise<number> {
  const stored = await hash('123456', { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  const end = performance.now() + SECONDS * 1000
  let count = 0
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      while (performance.now() < end) {
        await verify(stored, '123456')
        count++
      }
    }),
  )
  return count / ((performance.now() - begun) / 1000)
}

async function interleave(
  ours: [Installation, Request],
  limit: [Installation, Request] | undefined,
  connections: number,
): Promise<{ ours: Measured; limit: Measured | undefined }> {
  const slices: { ours: Measured[]; limit: Measured[] } = { ours: [], limit: [] }
  const once = ([server, request]: [Installation, Request], seconds: number) =>
    measure(request, { pid: server.pid, postmaster: bench.postmaster }, { connections, seconds })
  await once(ours, 1)
  if (limit) await once(limit, 1)
  for (let round = 0; round < ROUNDS; round++) {
    slices.ours.push(await once(ours, SECONDS))
    if (limit) slices.limit.push(await once(limit, SECONDS))
  }
  return { ours: median(slices.ours), limit: limit && median(slices.limit) }
}

async function signIn(url: string, login: string, password: string): Promise<string> {
  const response = await fetch(`${url}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login, password }),
  })
  const { accessToken } = (await response.json()) as { accessToken?: string }
  if (!accessToken) throw new Error(`sign-in answered ${response.status}`)
  return accessToken
}

function render(): string {
  const rows = lines.map(({ what, ours, limit }) => {
    const ratio = limit ? ratioOf(ours, limit) : ''
    return `| ${what} | ${figure(ours.perSecond)} | ${limit ? figure(limit.perSecond) : ''} | ${ratio} | ${ours.p50Ms.toFixed(1)} | ${ours.p99Ms.toFixed(1)} | ${cpu(ours)} | ${limit && !Number.isNaN(limit.serverCpuUs) ? cpu(limit) : ''} | ${ours.errors} |`
  })
  const own = (what: string) => {
    const [small, large] = SIZES.map(
      ([label]) => lines.find((line) => line.what === `${what}, ${label}`)?.ours.perSecond ?? Number.NaN,
    )
    return `| ${what} | ${(large! / small!).toFixed(2)} |`
  }
  const scale = ['`GET /users?page=1&limit=10`', 'search by a common word', 'search by a rare word'].map(own)
  return `# Benchmarks

Written by \`npm run bench -- --write\`: Ashlar with everything on (rights, tenants, row-level security, sessions checked, logs on; rate limits off)
beside the limit, a bare \`node:http\` server that runs the same statements without any of it. Both work on the same PostgreSQL, with durable settings,
and take turns: ${ROUNDS} slices of ${SECONDS} s each, 32 connections (logins 8), the slice in the middle is shown. Absolute figures belong to the machine
(${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}, shared by server, database and load generator); ratios are what counts. Errors of the logins
are people of the demonstration data who are suspended.

| what | requests/s | limit | ratio | p50 ms | p99 ms | CPU µs (server + database) | limit's CPU µs | errors |
|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

How the larger installation compares with the smaller one, Ashlar only:

| what | 200 k against 1 k |
|---|---|
${scale.join('\n')}
`
}

/** A limit that answered hardly anything in its slices gives no ratio. */
function ratioOf(ours: Measured, limit: Measured): string {
  return limit.perSecond < 1 ? '(timed out)' : `**${(ours.perSecond / limit.perSecond).toFixed(2)}**`
}

function figure(perSecond: number): string {
  return perSecond >= 100 ? Math.round(perSecond).toLocaleString('en') : perSecond.toFixed(1)
}

function cpu({ serverCpuUs, databaseCpuUs }: Measured): string {
  return `${Math.round(serverCpuUs)} + ${Math.round(databaseCpuUs)}`
}
