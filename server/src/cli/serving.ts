// The server: start in order, listen when ready, drain on a signal.
import cluster from 'node:cluster'
import { createApp } from '../app.ts'
import type { Config } from '../config.ts'
import type { DatabasePlace } from '../drivers/database/index.ts'
import { gatherMetrics } from '../drivers/telemetry/index.ts'
import type { Log } from '../drivers/telemetry/log.ts'
import { superviseWorkers } from './cluster.ts'
import { leavingSign } from './leaving.ts'
import { openAt } from './ports.ts'
import { endOnSignals } from './process.ts'
import { bringUpToDate, closeDrivers, openDrivers, openMetricsPort, tryDatabase, VERSION } from './runtime.ts'
import { type FirstAdministrator, prepareInstallation } from './setup.ts'

/** How long running jobs may finish at a stop; the rest is given back and runs elsewhere. */
const JOB_GRACE_MS = 5_000
/** How long answers of language models may go on; the rest is broken off, and kept as far as it is. */
const ANSWER_GRACE_MS = 5_000

export async function serveFrom(config: Config, place: DatabasePlace, log: Log): Promise<void> {
  const { processes } = config.server
  // Of several processes the first one speaks for all.
  const sign = leavingSign(cluster.isPrimary ? config.server.shutdownFile : undefined, log)
  if (processes > 1 && cluster.isPrimary) {
    await bringUpToDate(config, place)
    await tryDatabase(config, place, log)
    const { port, token } = config.metrics
    const metrics =
      port === undefined && token === undefined ? undefined : await openMetricsPort(config, await gatherMetrics(), log)
    await superviseWorkers(processes, sign, log)
    metrics?.close()
    return
  }
  if (cluster.isPrimary) await bringUpToDate(config, place)
  const drivers = await openDrivers(config, place, log)
  const app = await createApp(config, drivers, VERSION)
  const administrator = await prepareInstallation(app, drivers.database, config)
  // Before anything else can fail: the password is kept nowhere.
  if (administrator) introduce(administrator)
  await drivers.jobs.start({ work: config.worker.inProcess })
  const metrics = cluster.isPrimary ? await openMetricsPort(config, drivers.metrics.text, log) : undefined
  endOnSignals({
    log,
    timeoutMs: config.server.shutdownTimeoutMs,
    words: 'stopping: requests in flight are finished first',
    async end() {
      sign.put()
      app.system.stopping()
      await Promise.all([
        app.http.drain(config.server.shutdownDelayMs),
        app.ai.drain(config.server.shutdownDelayMs + ANSWER_GRACE_MS),
      ])
      metrics?.close()
      await app.accessLog.settle()
      await drivers.jobs.stop({ graceMs: JOB_GRACE_MS })
      await closeDrivers(drivers)
      await place.embedded?.stop()
    },
  })
  const { host, port } = config.server
  const address = await openAt({ setting: 'PORT', host, port }, () => app.http.listen(host, port))
  sign.take()
  log.info({ address, version: VERSION, environment: config.app.environment }, 'listening')
  if (config.log.format === 'pretty' || administrator) welcome(address, config, administrator)
}

function introduce({ email, password }: FirstAdministrator): void {
  const lines = [
    '',
    `  Sign in as       ${email}`,
    password
      ? `  Password         ${password}   (shown this once and kept nowhere: change it after signing in)`
      : '  Password         the one in ADMIN_PASSWORD',
    '',
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

function welcome(address: string, config: Config, administrator: FirstAdministrator | undefined): void {
  const lines = [
    '',
    `  Ashlar ${VERSION} is ready at ${address}`,
    '',
    ...(config.server.documents ? [`  Try the API      ${address}/docs`, `  Read about it    ${address}/redoc`] : []),
    `  Health           ${address}/health`,
    '',
    ...(administrator
      ? [
          `  curl -s ${address}/api/v1/auth/login -H 'content-type: application/json' -d '{"email":"${administrator.email}","password":"…"}'`,
          '',
        ]
      : []),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}
