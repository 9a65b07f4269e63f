// The application's own handle on a test's database.
import { createDatabase, type Database } from '../src/drivers/database/index.ts'
import { createLog } from '../src/drivers/telemetry/log.ts'
import type { TestDatabase } from './database.ts'

/** Says nothing, unless TEST_LOG names a level. */
export const testLog = createLog({ level: process.env.TEST_LOG ?? 'silent', format: 'json' })

/** Opens a small pool as the application's role. Close it before the test's database is dropped. */
export function openDatabase({ appUrl, rolePrefix }: Pick<TestDatabase, 'appUrl' | 'rolePrefix'>): Database {
  const waits = { waitMs: 5_000, statementMs: 5_000, lockMs: 2_000, idleTransactionMs: 10_000, idleMs: 10_000 }
  const rest = { size: 5, recycleSeconds: 3_600, prepared: true, applicationName: 'ashlar-test' }
  return createDatabase({ url: appUrl, ...waits, ...rest, acrossRole: `${rolePrefix}_across` }, testLog)
}
