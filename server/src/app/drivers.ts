// The outside world, as this process reaches it.
import type { Clock } from '../core/clock.ts'
import type { Bus } from '../drivers/bus/index.ts'
import type { Database, DatabaseTime } from '../drivers/database/index.ts'
import type { LimitStore } from '../drivers/http/index.ts'
import type { Mailer } from '../drivers/mailer/index.ts'
import type { Jobs } from '../drivers/queue/index.ts'
import type { Metrics, Tracing } from '../drivers/telemetry/index.ts'
import type { Log } from '../drivers/telemetry/log.ts'

export interface Drivers {
  database: Database
  bus: Bus
  jobs: Jobs
  /** Undefined: mail stays in the outbox. */
  mailer: Mailer | undefined
  limits: LimitStore
  /** This machine's. */
  clock: Clock
  databaseTime: DatabaseTime
  log: Log
  metrics: Metrics
  /** Undefined: no traces are sent. */
  tracing: Tracing | undefined
}

/** What is read of the drivers whenever somebody asks for the metrics. */
export function readDrivers({ database, bus, metrics }: Drivers, version: string): void {
  metrics.gauge('build', () => [[1, { version, node: process.version }]])
  metrics.gauge('databaseUp', async () => [[Number(await database.ping()), {}]])
  metrics.gauge('poolSize', () => [[database.stats().size, {}]])
  metrics.gauge('poolWaiting', () => [[database.stats().waiting, {}]])
  metrics.gauge('poolConnections', () => {
    const { total, idle } = database.stats()
    return [
      [total - idle, { state: 'used' }],
      [idle, { state: 'idle' }],
    ]
  })
  metrics.gauge('busUp', () => [[Number(bus.connected()), {}]])
}
