// `ashlar serve`: start in order, listen when ready, drain on a signal.
import cluster from 'node:cluster'
import type { App, Drivers } from '../app.ts'
import { createApp } from '../app.ts'
import type { Config } from '../config.ts'
import type { DatabasePlace } from '../drivers/database/index.ts'
import type { Log } from '../drivers/telemetry/log.ts'
import { superviseWorkers } from './cluster.ts'
import { bringUpToDate, closeDrivers, findDatabase, openDrivers, readConfig, VERSION } from './runtime.ts'
import { prepareInstallation } from './setup.ts'

/** How long running jobs may finish at a stop; the rest is given back and runs elsewhere. */
const JOB_GRACE_MS = 5_000

/** A terminal and a service manager tell every process of a group, and the first process tells the others again. */
const SAME_SIGNAL_MS = 500

export async function serve(): Promise<void> {
  const { config, log } = readConfig()
  const place = await findDatabase(config, log)
  const { processes } = config.server
  if (processes > 1 && cluster.isPrimary) {
    await bringUpToDate(config, place)
    await superviseWorkers(processes, log)
    return
  }
  if (cluster.isPrimary) await bringUpToDate(config, place)
  const drivers = await openDrivers(config, place, log)
  const app = await createApp(config, drivers, VERSION)
  const administrator = await prepareInstallation(app, drivers.database, config)
  await drivers.jobs.start({ work: config.worker.inProcess })
  stopOnSignals({ app, drivers, place, config, log })
  const address = await app.http.listen(config.server.host, config.server.port)
  log.info({ address, version: VERSION, environment: config.app.environment }, 'listening')
  if (config.log.format === 'pretty' || administrator) welcome(address, config, administrator)
}

interface Running {
  app: App
  drivers: Drivers
  place: DatabasePlace
  config: Config
  log: Log
}

function stopOnSignals({ app, drivers, place, config, log }: Running): void {
  let stoppingSince: number | undefined
  const stop = async (signal: string, exitCode = 0) => {
    if (stoppingSince !== undefined) {
      if (performance.now() - stoppingSince < SAME_SIGNAL_MS) return
      log.warn({ signal }, 'second signal: leaving at once')
      process.exit(1)
    }
    stoppingSince = performance.now()
    log.info({ signal }, 'stopping: requests in flight are finished first')
    const hard = setTimeout(() => {
      log.error({}, 'stopping took too long')
      process.exit(1)
    }, config.server.shutdownTimeoutMs)
    app.system.stopping()
    await app.http.drain(config.server.shutdownDelayMs)
    await drivers.jobs.stop({ graceMs: JOB_GRACE_MS })
    await closeDrivers(drivers)
    await place.embedded?.stop()
    clearTimeout(hard)
    log.info({}, 'stopped')
    process.exit(exitCode)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
  process.on('unhandledRejection', (reason) => {
    log.fatal(
      { reason: reason instanceof Error ? { message: reason.message, stack: reason.stack } : String(reason) },
      'unhandled rejection',
    )
    void stop('unhandledRejection', 1)
  })
}

function welcome(
  address: string,
  config: Config,
  administrator: { email: string; password: string | undefined } | undefined,
): void {
  const lines = [
    '',
    `  Ashlar ${VERSION} is ready at ${address}`,
    '',
    ...(config.server.documents ? [`  Try the API      ${address}/docs`, `  Read about it    ${address}/redoc`] : []),
    `  Health           ${address}/health`,
    '',
    ...(administrator
      ? [
          `  Sign in as       ${administrator.email}`,
          administrator.password
            ? `  Password         ${administrator.password}   (shown this once and kept nowhere: change it after signing in)`
            : '  Password         the one in ADMIN_PASSWORD',
          '',
          `  curl -s ${address}/api/v1/auth/login -H 'content-type: application/json' -d '{"email":"${administrator.email}","password":"…"}'`,
          '',
        ]
      : []),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
