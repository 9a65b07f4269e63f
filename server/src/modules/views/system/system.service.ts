// How the server is: cheap answers, remembered for a moment so that health checks cost nothing.
import { CLOCK_TOLERANCE_MS, type Clock, skewOf } from '../../../core/clock.ts'
import { requestErrors } from '../../../core/errors.ts'
import { type Database, readTime } from '../../../drivers/database/index.ts'
import { networkOf, type RateLimiter } from '../../../drivers/http/index.ts'
import { type Metrics, type MetricsText, opensMetrics } from '../../../drivers/telemetry/index.ts'

export interface Health {
  name: string
  version: string
  environment: string
  status: 'ok' | 'degraded' | 'stopping'
  database: 'connected' | 'disconnected'
  timestamp: string
}

export interface System {
  health(): Promise<Health>
  /** Whether requests may come: migrated, connected, with a clock that agrees with the database's, and not stopping. */
  isReady(): Promise<boolean>
  cache(): { cache: 'memory' | 'redis'; bus: 'connected' | 'disconnected'; status: 'ok' | 'degraded' }
  /** All metrics as text, for whoever has the token. */
  metrics(authorization: string | undefined, ip: string): Promise<MetricsText>
  stopping(): void
}

export interface SystemParts {
  database: Pick<Database, 'global'>
  bus: { connected(): boolean }
  clock: Clock
  log: { error(facts: object, message: string): void; info(facts: object, message: string): void }
  metrics: Pick<Metrics, 'gauge' | 'text'>
  limiter: Pick<RateLimiter, 'take'>
  /** Undefined: nobody sees them here. */
  metricsToken: string | undefined
  about: { name: string; version: string; environment: string; cache: 'memory' | 'redis' }
}

const REMEMBERED_MS = 1_000

interface Look {
  connected: boolean
  /** Tokens, codes and delays of this node mean what they mean elsewhere. */
  onTime: boolean
}

export function createSystem(parts: SystemParts): System {
  const { database, bus, clock, log, about, metrics, metricsToken } = parts
  let asked: { at: number; look: Promise<Look> } | undefined
  let stopping = false
  let wasOnTime = true

  async function lookOnce(): Promise<Look> {
    const sent = clock.now()
    const there = await readTime(database.global).catch(() => undefined)
    if (there === undefined) return { connected: false, onTime: wasOnTime }
    const skewMs = Math.round(Math.abs(skewOf(there, { sent, received: clock.now() })))
    const onTime = skewMs <= CLOCK_TOLERANCE_MS
    if (!onTime && wasOnTime)
      log.error({ skewMs }, 'the clock of this machine differs from the database’s: this node is not ready')
    if (onTime && !wasOnTime) log.info({ skewMs }, 'the clock of this machine agrees with the database’s again')
    wasOnTime = onTime
    return { connected: true, onTime }
  }

  function look(): Promise<Look> {
    // By a clock that nobody sets: the other one is what is in doubt.
    const now = performance.now()
    if (!asked || now - asked.at > REMEMBERED_MS) asked = { at: now, look: lookOnce() }
    return asked.look
  }

  async function isReady(): Promise<boolean> {
    const { connected, onTime } = await look()
    return connected && onTime && !stopping
  }

  metrics.gauge('ready', async () => [[Number(await isReady()), {}]])
  return {
    async health() {
      const { connected, onTime } = await look()
      return {
        name: about.name,
        version: about.version,
        environment: about.environment,
        status: stopping ? 'stopping' : connected && onTime ? 'ok' : 'degraded',
        database: connected ? 'connected' : 'disconnected',
        timestamp: new Date(clock.now()).toISOString(),
      }
    },
    isReady,
    cache: () => ({
      cache: about.cache,
      bus: bus.connected() ? 'connected' : 'disconnected',
      status: bus.connected() ? 'ok' : 'degraded',
    }),
    async metrics(authorization, ip) {
      if (metricsToken === undefined) throw requestErrors('request.not_found')
      if (!opensMetrics(authorization, metricsToken)) {
        await parts.limiter.take('anonymous', networkOf(ip))
        throw requestErrors('access.unauthenticated')
      }
      const gathered = await metrics.text().catch((cause: unknown) => {
        throw requestErrors('server.unavailable', { cause, retryAfter: 1 })
      })
      if (!gathered) throw requestErrors('request.not_found')
      return gathered
    },
    stopping() {
      stopping = true
    },
  }
}
