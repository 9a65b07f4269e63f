// The walk: every operation of every base, asked by everybody with what no client should send, and every answer looked at.
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Dialect, dialects } from '../../src/drivers/http/dialects/index.ts'
import { rawClient } from '../../src/drivers/http/edge.fixture.ts'
import { halolightDocument, mainDocument } from '../../src/drivers/http/openapi.ts'
import type { Route } from '../../src/drivers/http/routes.ts'
import { startAiServer } from '../ai-servers.ts'
import { startApp, type TestApp } from '../harness.ts'
import { type Contract, contractOf } from './contract.ts'
import { type HostileRequest, requestsFor } from './hostile.ts'
import { makeWorld, ROLES, type Role, type World } from './world.ts'

export interface WalkOptions {
  /** About how many. */
  requests: number
  seed: number
  /** How often all operations are walked: the first time fills what a server fills once. */
  rounds: number
}

export interface Walked {
  seed: number
  count: number
  seconds: number
  statuses: Record<Role, Map<number, number>>
  operations: number
  /** Operations that nothing was sent to. */
  untried: string[]
  /** Operations that answered at least one request with what it asks for. */
  succeeded: number
  /** What is wrong, one sentence each. */
  faults: string[]
  slowestMs: number
  /** Of the heap after garbage collection, from the end of the first round to the end of the last, as a part of one; undefined for one round. */
  growth: number | undefined
  /** Values that PostgreSQL refused: a schema should have. */
  holes: string[]
}

export const SLOW_MS = 2_000
const PARALLEL = 24
/** How many writing operations one tenant serves before its things are used up. */
const WRITES_PER_TENANT = 40

interface Target {
  dialect: Dialect
  route: Route
}

/** Starts a server, walks, and stops it. */
export async function walk(options: WalkOptions): Promise<Walked> {
  const models = await startAiServer()
  const ashlar = await startApp({
    jobs: true,
    env: {
      HASH_QUEUE: '10000',
      ARGON2_MEMORY_KIB: '64',
      ARGON2_TIME_COST: '1',
      OLLAMA_HOST: models.ollama,
      ACCESS_TOKEN_EXPIRE_MINUTES: '600',
    },
  })
  try {
    return await walkAll(ashlar, options)
  } finally {
    await ashlar.stop()
    await models.close()
  }
}

async function walkAll(ashlar: TestApp, { requests, seed, rounds }: WalkOptions): Promise<Walked> {
  const began = performance.now()
  const { routes } = ashlar.app
  const documents = [mainDocument(routes, 'test'), halolightDocument(routes, 'test')]
  const contract = contractOf(documents)
  const targets = inOrder(dialects.flatMap((dialect) => dialect.routes(routes).map((route) => ({ dialect, route }))))
  const world = await makeWorld(ashlar, documents)
  const postbox = createPostbox(ashlar.url, contract)
  const share = Math.ceil(requests / targets.length / ROLES.length / rounds)
  const random = randomFrom(seed)
  const heaps: number[] = []
  for (let round = 0; round < rounds; round++) {
    await world.renew()
    let writes = 0
    for (const target of targets) {
      if (target.route.method !== 'GET' && ++writes % WRITES_PER_TENANT === 0) await world.renew()
      for (const role of ROLES) await tryTarget(target, role, { world, postbox, share, random })
    }
    heaps.push(await heapAfterCollection())
  }
  postbox.close()
  const { tried, succeeded, holes, ...found } = postbox.found
  return {
    ...found,
    seed,
    seconds: (performance.now() - began) / 1_000,
    operations: contract.names.length,
    untried: contract.names.filter((name) => !tried.has(name)),
    succeeded: succeeded.size,
    holes: [...holes],
    growth: rounds > 1 ? heaps.at(-1)! / heaps[0]! - 1 : undefined,
  }
}

/** Reading first, as the things are all there; what takes away last. */
function inOrder(targets: Target[]): Target[] {
  const rank = ({ route: { method } }: Target) => ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].indexOf(method)
  return targets.sort((a, b) => rank(a) - rank(b))
}

interface Trying {
  world: World
  postbox: Postbox
  share: number
  random: () => number
}

/** The example as it should be, and so many hostile ones that all together the share is sent. */
async function tryTarget(
  { dialect, route }: Target,
  role: Role,
  { world, postbox, share, random }: Trying,
): Promise<void> {
  const headers = await world.headersOf(role, route)
  const { valid, hostile } = requestsFor(route, dialect.prefix, world.known())
  const chosen = Array.from({ length: share - 1 }, () => hostile[Math.floor(random() * hostile.length)]!)
  const send = (one: HostileRequest) =>
    postbox.send(role, { ...one, headers: { ...headers, ...one.headers } }, `${dialect.base} ${route.operation}`)
  await send(valid)
  for (let at = 0; at < chosen.length; at += PARALLEL) await Promise.all(chosen.slice(at, at + PARALLEL).map(send))
}

type Postbox = ReturnType<typeof createPostbox>

/** Sends, and keeps what came of it. */
function createPostbox(url: string, contract: Contract) {
  const client = rawClient(url)
  const statuses = Object.fromEntries(ROLES.map((role) => [role, new Map<number, number>()])) as Walked['statuses']
  const found = {
    count: 0,
    statuses,
    faults: [] as string[],
    slowestMs: 0,
    tried: new Set<string>(),
    succeeded: new Set<string>(),
    holes: new Set<string>(),
  }

  async function send(role: Role, request: HostileRequest, operation: string): Promise<void> {
    const { method, path, body, what } = request
    const length = Buffer.byteLength(body ?? '')
    const headers = { ...request.headers, ...(body !== undefined && { 'content-length': String(length) }) }
    const fault = (words: string) => void found.faults.push(`${operation} as ${role} with ${what} ${words}`)
    const began = performance.now()
    try {
      const answer = await client.send(method, path, headers, body)
      const ms = performance.now() - began
      const { status } = answer
      found.count++
      statuses[role].set(status, (statuses[role].get(status) ?? 0) + 1)
      found.slowestMs = Math.max(found.slowestMs, ms)
      const name = contract.nameOf(method, path)
      if (name) found.tried.add(name)
      if (name && status < 400) found.succeeded.add(name)
      if (/"code":"data\./.test(answer.text)) found.holes.add(`${operation} with ${what}`)
      if (status >= 500) return fault(`answered ${status}: ${answer.text.slice(0, 300)}`)
      if (ms > SLOW_MS) return fault(`took ${ms.toFixed(0)} ms`)
      if (!answer.headers['x-request-id']) return fault(`answered ${status} without a request id`)
      const breach = contract.breachOf(method, path, answer)
      if (breach) fault(breach)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      // A refusal before the body is read ends the connection; a client that still writes then sees the end, not the answer.
      if (!(length > 60_000 && (code === 'EPIPE' || code === 'ECONNRESET'))) fault(`${code} ${message}`)
    }
  }

  return { found, send, close: () => client.close() }
}

/** Numbers below one that a seed repeats (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What the process still holds, in bytes, once what was sent off is done. */
async function heapAfterCollection(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await sleep(1_000)
  collect()
  collect()
  return process.memoryUsage().heapUsed
}
