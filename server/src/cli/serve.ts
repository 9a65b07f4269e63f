// `ashlar serve`: start in order, listen when ready, drain on a signal.
import cluster from 'node:cluster'
import { createApp } from '../app.ts'
import type { Config } from '../config.ts'
import { superviseWorkers } from './cluster.ts'
import { endOnSignals } from './process.ts'
import { bringUpToDate, closeDrivers, findDatabase, openDrivers, readConfig, VERSION } from './runtime.ts'
import { prepareInstallation } from './setup.ts'

/** How long running jobs may finish at a stop; the rest is given back and runs elsewhere. */
const JOB_GRACE_MS = 5_000

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
  endOnSignals({
    log,
    timeoutMs: config.server.shutdownTimeoutMs,
    words: 'stopping: requests in flight are finished first',
    async end() {
      app.system.stopping()
      await app.http.drain(config.server.shutdownDelayMs)
      await drivers.jobs.stop({ graceMs: JOB_GRACE_MS })
      await closeDrivers(drivers)
      await place.embedded?.stop()
    },
  })
  const address = await app.http.listen(config.server.host, config.server.port)
  log.info({ address, version: VERSION, environment: config.app.environment }, 'listening')
  if (config.log.format === 'pretty' || administrator) welcome(address, config, administrator)
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
