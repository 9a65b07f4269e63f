// Coming in and writing: sign-ins beside the machine's hash rate, refreshes and audited writes beside bare ones.
import { availableParallelism } from 'node:os'
import { hash, verify } from '@node-rs/argon2'
import { type Measured, median, residentMb } from './load.ts'
import type { Report } from './report.ts'
import { type Bench, type Installation, signIn, tokensOf } from './servers.ts'
import type { Load, Slices } from './slices.ts'

const ACCOUNTS = 1_000
const CONNECTIONS = 8
const JSON_BODY = { 'content-type': 'application/json' }

export async function measureEntry(bench: Bench, slices: Slices, report: Report): Promise<void> {
  const database = await bench.database('bench_entry', ACCOUNTS)
  const ashlar = await bench.ashlar(database)
  const bare = await bench.limit(database)
  const memory = (when: string, target: number) =>
    report.facts.push({ what: `memory of the server, ${when}`, value: residentMb(ashlar.pid), unit: 'MB', target })
  memory('idle', 150)
  const token = await signIn(ashlar.url, 'administrator', 'Adm1n-Passw0rd!')
  const headers = { ...JSON_BODY, authorization: `Bearer ${token}` }
  await measureSignIns({ ashlar, headers }, slices, report)
  await measureWrites({ ashlar, bare, headers }, slices, report)
  memory('after this load', 250)
  await ashlar.stop()
  await bare.stop()
}

interface Entered {
  ashlar: Installation
  headers: Record<string, string>
}

async function measureSignIns({ ashlar, headers }: Entered, slices: Slices, report: Report): Promise<void> {
  const signIns: Load = {
    server: ashlar,
    connections: CONNECTIONS,
    request: {
      url: `${ashlar.url}/api/v1/auth/login`,
      method: 'POST',
      headers: JSON_BODY,
      luaBody: `'{"login":"p' .. (n % ${ACCOUNTS} + 1) .. '","password":"123456"}'`,
    },
  }
  const rate = 'sign-ins, beside the machine’s Argon2id rate'
  report.lines.push({ what: rate, target: 0.9, ...(await besideHashRate(signIns, slices)) })
  const list: Load = {
    server: ashlar,
    connections: CONNECTIONS,
    request: { url: `${ashlar.url}/api/v1/users?page=1&limit=10`, headers },
  }
  const storm = '`GET /users` during a storm of sign-ins, beside calm'
  report.lines.push({ what: storm, target: 0.5, ...(await slices.inTurns({ ...list, beside: signIns }, list)) })
}

async function measureWrites(parts: Entered & { bare: Installation }, slices: Slices, report: Report): Promise<void> {
  const { ashlar, bare, headers } = parts
  const limit = (path: string) => ({ server: bare, connections: CONNECTIONS, request: { url: bare.url + path } })
  const refresh = { server: ashlar, connections: CONNECTIONS, request: () => refreshes(ashlar) }
  report.lines.push({
    what: '`POST /auth/refresh` beside a bare transaction of two statements',
    target: 0.6,
    ...(await slices.inTurns(refresh, limit('/transaction'))),
  })
  // Of other people, one after the other: as the insert, no two writes at one time are of the same row.
  const found = await fetch(`${ashlar.url}/api/v1/users?sortBy=username&sortOrder=desc&limit=100`, { headers })
  const { data } = (await found.json()) as { data: { id: string }[] }
  const write = {
    url: ashlar.url,
    method: 'PATCH',
    headers,
    luaSetup: `local ids = {${data.map(({ id }) => `"${id}"`)}}`,
    luaPath: `'/api/v1/users/' .. ids[n % #ids + 1]`,
    luaBody: `'{"bio":"' .. n .. '"}'`,
  }
  report.lines.push({
    what: '`PATCH /users/{id}`, audited, beside a bare insert',
    target: 0.5,
    ...(await slices.inTurns({ server: ashlar, connections: CONNECTIONS, request: write }, limit('/insert'))),
  })
}

async function besideHashRate(
  signIns: Load,
  slices: Slices,
): Promise<{ ours: Measured; limit: { perSecond: number } }> {
  const measured: Measured[] = []
  const rates: number[] = []
  for (let round = 0; round < slices.rounds; round++) {
    rates.push(await hashesPerSecond(slices.seconds))
    measured.push(await slices.one(signIns))
  }
  return { ours: median(measured), limit: { perSecond: rates.sort((a, b) => a - b)[Math.floor(rates.length / 2)]! } }
}

/** Argon2id verifications a second with the server's parameters, on every core. */
async function hashesPerSecond(seconds: number): Promise<number> {
  const stored = await hash('123456', { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  const begun = performance.now()
  const end = begun + seconds * 1000
  let count = 0
  const verifyOn = async () => {
    for (; performance.now() < end; count++) await verify(stored, '123456')
  }
  await Promise.all(Array.from({ length: availableParallelism() }, verifyOn))
  return count / ((performance.now() - begun) / 1000)
}

/** Each answer's token is the next request's: every refresh rotates. */
async function refreshes(ashlar: Installation) {
  const people = Array.from({ length: 32 }, (_, i) => `p${i + 1}`)
  const tokens = (await Promise.all(people.map((person) => tokensOf(ashlar.url, person, '123456')))).flatMap(
    (pair) => pair?.refreshToken ?? [],
  )
  return {
    url: `${ashlar.url}/api/v1/auth/refresh`,
    method: 'POST',
    headers: JSON_BODY,
    luaSetup: `local tokens, first, last = {${tokens.map((token) => JSON.stringify(token)).join(',')}}, 1, ${tokens.length}
function response(status, headers, body)
  local token = string.match(body, '"refreshToken":"([^"]+)"')
  if token then last = last + 1; tokens[last] = token end
end`,
    luaBody: `(function() first = first + 1; return '{"refreshToken":"' .. tokens[first - 1] .. '"}' end)()`,
  }
}
