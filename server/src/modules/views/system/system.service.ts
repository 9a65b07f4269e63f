// How the server is: cheap answers, remembered for a moment so that health checks cost nothing.
import type { Clock } from '../../../core/clock.ts'
import type { Database } from '../../../drivers/database/index.ts'

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
  /** Whether requests may come: migrated, connected and not stopping. */
  isReady(): Promise<boolean>
  cache(): { cache: 'memory' | 'redis'; bus: 'connected' | 'disconnected'; status: 'ok' | 'degraded' }
  stopping(): void
}

export interface SystemParts {
  database: Pick<Database, 'ping'>
  bus: { connected(): boolean }
  clock: Clock
  about: { name: string; version: string; environment: string; cache: 'memory' | 'redis' }
}

const REMEMBERED_MS = 1_000

export function createSystem({ database, bus, clock, about }: SystemParts): System {
  let asked: { at: number; answer: Promise<boolean> } | undefined
  let stopping = false

  function connected(): Promise<boolean> {
    const now = clock.now()
    if (!asked || now - asked.at > REMEMBERED_MS) asked = { at: now, answer: database.ping() }
    return asked.answer
  }

  return {
    async health() {
      const up = await connected()
      return {
        name: about.name,
        version: about.version,
        environment: about.environment,
        status: stopping ? 'stopping' : up ? 'ok' : 'degraded',
        database: up ? 'connected' : 'disconnected',
        timestamp: new Date(clock.now()).toISOString(),
      }
    },
    isReady: async () => !stopping && (await connected()),
    cache: () => ({
      cache: about.cache,
      bus: bus.connected() ? 'connected' : 'disconnected',
      status: bus.connected() ? 'ok' : 'degraded',
    }),
    stopping() {
      stopping = true
    },
  }
}
