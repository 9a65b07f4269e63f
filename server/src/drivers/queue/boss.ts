// pg-boss as the application may use it: it changes no schema, and works inside our transactions.
import { PgBoss } from 'pg-boss'
import type { Tx } from '../database/index.ts'
import { foreign } from '../database/sql.ts'
import type { Log } from '../telemetry/log.ts'
import { SCHEMA } from './install.ts'

const CONNECTIONS = 3

export function connectBoss(url: string, monitorSeconds: number, log: Log): PgBoss {
  const options = {
    connectionString: url,
    schema: SCHEMA,
    application_name: 'ashlar-jobs',
    max: CONNECTIONS,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    // Handed on to pg: housekeeping that takes longer than this is not to hold its connection.
    statement_timeout: 30_000,
    migrate: false,
    createSchema: false,
    schedule: false,
    useListenNotify: true,
    supervise: true,
    superviseIntervalSeconds: monitorSeconds,
    monitorIntervalSeconds: monitorSeconds,
    maintenanceIntervalSeconds: 3_600,
    // The owner's business: bloat is still reported.
    reindex: false,
  }
  const boss = new PgBoss(options)
  // A listener is what keeps a lost database from ending the process. While it is lost every look at a queue says so.
  const lost = seldom((error: Error) => log.warn({ reason: error.message }, 'the job queue cannot reach its tables'))
  boss.on('error', lost)
  boss.on('warning', ({ message, data }) => log.warn({ data }, message))
  return boss
}

export async function refuseMissingQueues(boss: PgBoss, names: string[]): Promise<void> {
  const known = new Set((await boss.getQueues()).map((queue) => queue.name))
  const missing = names.filter((name) => !known.has(name))
  if (missing.length === 0) return
  await boss.stop({ graceful: false })
  throw new Error(`The database knows no queue for ${missing.join(', ')}: migrate it first.`)
}

/** pg-boss's view of our transaction. */
export function inside(tx: Tx): { executeSql(text: string, values?: unknown[]): Promise<{ rows: object[] }> } {
  return { executeSql: async (text, values) => ({ rows: await tx.query(foreign(text, values)) }) }
}

const SELDOM_MS = 10_000

function seldom<A>(call: (argument: A) => void): (argument: A) => void {
  let last = Number.NEGATIVE_INFINITY
  return (argument) => {
    const now = performance.now()
    if (now - last < SELDOM_MS) return
    last = now
    call(argument)
  }
}
