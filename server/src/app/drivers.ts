// The outside world, as this process reaches it.
import type { Clock } from '../core/clock.ts'
import type { Bus } from '../drivers/bus/index.ts'
import type { Database } from '../drivers/database/index.ts'
import type { LimitStore } from '../drivers/http/index.ts'
import type { Mailer } from '../drivers/mailer/index.ts'
import type { Jobs } from '../drivers/queue/index.ts'
import type { Log } from '../drivers/telemetry/log.ts'

export interface Drivers {
  database: Database
  bus: Bus
  jobs: Jobs
  /** Undefined: mail stays in the outbox. */
  mailer: Mailer | undefined
  limits: LimitStore
  clock: Clock
  log: Log
}
