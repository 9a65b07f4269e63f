// What every verb stands on: its configuration, its log, and where its database is. Little enough to be loaded before the rest.
import { type Config, ensureSecrets, loadConfig } from '../config.ts'
import { type DatabasePlace, hasDatabase, placeDatabase, type RolePassword } from '../drivers/database/index.ts'
import { createSealer } from '../drivers/sealing/index.ts'
import { createLog, type Log } from '../drivers/telemetry/log.ts'
import { UsageError } from './arguments.ts'

/** What a verb is about. */
export interface Subject {
  /** A database that is there already: one that is made for the verb would answer every question well. */
  existing?: boolean
}

export function readConfig({ existing = false }: Subject = {}): { config: Config; log: Log } {
  const settings = loadConfig()
  const { database, app } = settings
  // Before anything is made, secrets as well.
  if (existing && !hasDatabase({ ...database, dataDir: app.dataDir })) throw new UsageError(nothingIn(app.dataDir))
  const config = ensureSecrets(settings)
  const log = createLog(config.log)
  for (const notice of config.notices) log.warn({}, notice)
  return { config, log }
}

function nothingIn(dataDir: string): string {
  return `There is no database here: DATABASE_URL is not set, and DATA_DIR (${dataDir}) holds none.
Is this the folder and the environment of the service? \`ashlar serve\` and \`ashlar migrate up\` make a database.`
}

/** The database of the configuration; `beside` for verbs that may run next to a server. */
export function findDatabase(config: Config, log: Log, beside = false): Promise<DatabasePlace> {
  const { url, appUrl, rolePrefix } = config.database
  const { dataDir } = config.app
  return placeDatabase({ url, appUrl, appPassword: appPasswordOf(config), rolePrefix, dataDir }, log, beside)
}

export function appPasswordOf({ database, encryption }: Config): RolePassword {
  return { made: database.appPassword, sealer: createSealer(encryption.keys) }
}
