// `ashlar worker`: works on jobs and serves no API; says how it is on a port of its own where one is set.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createModules } from '../app.ts'
import type { Database } from '../drivers/database/index.ts'
import { refuseArguments, UsageError } from './arguments.ts'
import { findDatabase, readConfig } from './ground.ts'
import { openAt } from './ports.ts'
import { endOnSignals } from './process.ts'
import { bringUpToDate, closeDrivers, openDrivers, openMetricsPort, VERSION } from './runtime.ts'

/** Of the time that a stop may take, what giving jobs back and closing need at the end. */
const CLOSING_MS = 4_000

export async function worker(args: string[]): Promise<void> {
  refuseArguments(args, 'worker')
  const { config, log } = readConfig({ existing: true })
  const place = await findDatabase(config, log, true)
  // A database that this process started itself has no server beside it, and would end with it.
  if (place.embedded) {
    await place.embedded.stop()
    throw new UsageError('A worker works beside a server: start `ashlar serve` first, or set DATABASE_URL.')
  }
  await bringUpToDate(config, place)
  const drivers = await openDrivers(config, place, log)
  createModules(config, drivers, VERSION)
  await drivers.jobs.start()
  const metrics = await openMetricsPort(config, drivers.metrics.text, log)
  const { healthPort } = config.worker
  const health =
    healthPort === undefined ? undefined : await answerHealth(drivers.database, config.server.host, healthPort)
  const timeoutMs = config.server.shutdownTimeoutMs
  endOnSignals({
    log,
    timeoutMs,
    words: 'stopping: no job is begun any more, running ones may finish',
    async end() {
      health?.close()
      metrics?.close()
      await drivers.jobs.stop({ graceMs: Math.max(0, timeoutMs - CLOSING_MS) })
      await closeDrivers(drivers)
    },
  })
  log.info({ health: health && addressOf(health), version: VERSION }, 'working')
}

/** 200 while the database answers, 503 while it does not, whatever is asked for. */
async function answerHealth(database: Pick<Database, 'ping'>, host: string, port: number): Promise<Server> {
  const server = createServer(async (_, response) => {
    const up = await database.ping()
    response.writeHead(up ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(JSON.stringify({ status: up ? 'ok' : 'degraded' }))
  })
  const listening = () => new Promise<void>((done, fail) => server.once('error', fail).listen(port, host, done))
  await openAt({ setting: 'WORKER_HEALTH_PORT', host, port }, listening)
  return server
}

function addressOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
