// Load with wrk, and what it cost: requests a second, latencies, CPU of the server process and of PostgreSQL.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const TICKS_PER_SECOND = 100

export interface Request {
  url: string
  method?: string
  headers?: Record<string, string>
  /** A Lua expression of the body, evaluated for each request; `n` counts them. */
  luaBody?: string
  /** A Lua expression of the path; the URL's when left out. */
  luaPath?: string
  /** Lua that stands before the requests are made: what the body's expression needs, or a `response` function. */
  luaSetup?: string
}

export interface Measured {
  perSecond: number
  p50Ms: number
  p99Ms: number
  /** CPU of the server process and of PostgreSQL for one request, in microseconds. */
  serverCpuUs: number
  databaseCpuUs: number
  errors: number
}

export interface Process {
  pid: number
  postmaster: number
}

let scripts = 0

/** One slice of load on one thread of wrk. */
export async function measure(
  request: Request,
  of: Process,
  options: { connections: number; seconds: number },
): Promise<Measured> {
  const script = join(tmpdir(), `ashlar-bench-${process.pid}-${scripts++}.lua`)
  writeFileSync(script, luaFor(request))
  const before = cpuOf(of)
  const { stdout } = await run('wrk', [
    '-t1',
    `-c${options.connections}`,
    `-d${options.seconds}s`,
    '--timeout',
    '10s',
    '-s',
    script,
    request.url,
  ])
  const after = cpuOf(of)
  rmSync(script)
  const figure = /FIGURES (\d+) (\d+) ([\d.]+) ([\d.]+) (\d+)/.exec(stdout)
  if (!figure) throw new Error(`wrk printed no figures:\n${stdout}`)
  const [requests, microseconds, p50, p99, errors] = figure.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return {
    perSecond: requests / (microseconds / 1e6),
    p50Ms: p50 / 1000,
    p99Ms: p99 / 1000,
    serverCpuUs: ((after.server - before.server) * 1e6) / Math.max(1, requests),
    databaseCpuUs: ((after.database - before.database) * 1e6) / Math.max(1, requests),
    errors,
  }
}

function luaFor({ method = 'GET', headers = {}, luaBody, luaPath = 'nil', luaSetup = '' }: Request): string {
  const set = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  )
  const body = luaBody
    ? `local n = 0\nfunction request()\n  n = n + 1\n  return wrk.format(nil, ${luaPath}, nil, ${luaBody})\nend\n`
    : ''
  return `wrk.method = ${JSON.stringify(method)}\n${set.join('\n')}\n${luaSetup}\n${body}
function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format("FIGURES %d %d %f %f %d", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end\n`
}

/** Seconds of CPU so far: of the process, and of PostgreSQL with the children that have ended. */
function cpuOf({ pid, postmaster }: Process): { server: number; database: number } {
  const database = [postmaster, ...childrenOf(postmaster)].reduce(
    (sum, one) => sum + secondsOf(one, one === postmaster),
    0,
  )
  return { server: secondsOf(pid, false), database }
}

function secondsOf(pid: number, withEnded: boolean): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ').map(Number)
    const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15)
    return (user + system + (withEnded ? endedUser + endedSystem : 0)) / TICKS_PER_SECOND
  } catch {
    return 0
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]) === parent
      } catch {
        return false
      }
    })
}

/** The slice in the middle by requests a second. */
export function median(slices: readonly Measured[]): Measured {
  return [...slices].sort((a, b) => a.perSecond - b.perSecond)[Math.floor(slices.length / 2)]!
}

/** Resident memory of a process, in MB. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024
}
