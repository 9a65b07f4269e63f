// `ashlar verify isolation`: proves over HTTP that no tenant reaches another, on a server of its own or on a running one.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../app.ts'
import { ensureSecrets, loadConfig } from '../config.ts'
import { createLog } from '../drivers/telemetry/log.ts'
import { readArguments, UsageError } from './arguments.ts'
import { findDatabase, readConfig } from './ground.ts'
import { type Proof, proveIsolation } from './isolation/index.ts'
import { reportOf } from './isolation/report.ts'
import { bringUpToDate, closeDrivers, openDrivers, VERSION } from './runtime.ts'
import { prepareInstallation } from './setup.ts'

const USAGE = 'ashlar verify isolation [--url URL] [--json]'

export async function verify(args: string[]): Promise<void> {
  const { values, positionals } = readArguments(args, {
    url: { type: 'string' },
    json: { type: 'boolean', default: false },
  })
  if (positionals.join(' ') !== 'isolation') throw new UsageError(USAGE)
  if (values.url !== undefined && !URL.canParse(values.url)) throw new UsageError(`"${values.url}" is not a URL.`)
  const proof = values.url === undefined ? await proveOnItsOwn() : await proveAt(new URL(values.url).origin)
  console.log(values.json ? JSON.stringify(proof, null, 2) : reportOf(proof))
  if (!proof.holds) process.exitCode = 1
}

/** On a whole server in this process, over a database that is removed afterwards. */
async function proveOnItsOwn(): Promise<Proof> {
  const folder = await mkdtemp(join(tmpdir(), 'ashlar-verify-'))
  const password = `Aa1!${randomBytes(18).toString('base64url')}`
  const variables = {
    DATA_DIR: folder,
    ADMIN_PASSWORD: password,
    RATE_LIMIT_ENABLED: 'false',
    LOG_LEVEL: 'silent',
  }
  const config = ensureSecrets(loadConfig(variables, { dotenvPath: false, terminal: false }))
  const log = createLog(config.log)
  const place = await findDatabase(config, log)
  try {
    await bringUpToDate(config, place)
    const drivers = await openDrivers(config, place, log)
    const app = await createApp(config, drivers, VERSION)
    await prepareInstallation(app, drivers.database, config)
    await drivers.jobs.start()
    try {
      const url = await app.http.listen('127.0.0.1', 0)
      const admin = { login: config.admin.email, password }
      return await proveIsolation({ url, admin, database: drivers.database })
    } finally {
      await app.http.drain()
      await drivers.jobs.stop({ graceMs: 1_000 })
      await closeDrivers(drivers)
    }
  } finally {
    await place.embedded?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** On a running server; its rows are compared where DATABASE_URL names its database. */
async function proveAt(url: string): Promise<Proof> {
  const { admin: account, database } = loadConfig()
  const { email: login, password } = account
  const admin = password === undefined ? undefined : { login, password }
  if (database.url === undefined) return proveIsolation({ url, admin })
  const { config, log } = readConfig()
  const place = await findDatabase(config, log)
  const drivers = await openDrivers(config, place, log)
  try {
    return await proveIsolation({ url, admin, database: drivers.database })
  } finally {
    await closeDrivers(drivers)
  }
}
