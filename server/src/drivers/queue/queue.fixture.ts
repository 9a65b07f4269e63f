// What the queue's tests share; run as a program it is a worker process that a test can kill in the middle of a job.
import Type from 'typebox'
import { createDatabase, type Database, sql } from '../database/index.ts'
import { createLog } from '../telemetry/log.ts'
import { createJobs, type JobSettings, type Jobs } from './index.ts'

export const log = createLog({ level: process.env.TEST_LOG ?? 'silent', format: 'json' })

export const quick = { limit: 2, delaySeconds: 1, backoff: true, maxDelaySeconds: 2 }

/** Writes its effect in the transaction that ends it; the process of this file never gets that far. */
export const noteJob = {
  name: 'note.write',
  schema: Type.Object({ note: Type.String({ maxLength: 50 }) }),
  retry: quick,
  timeoutSeconds: 60,
  concurrency: 2,
  heartbeatSeconds: 10,
} satisfies JobSettings

/** The application's handle on a test's database. */
export function openDatabase(url: string, rolePrefix: string): Database {
  const waits = { waitMs: 5_000, statementMs: 5_000, lockMs: 2_000, idleTransactionMs: 10_000, idleMs: 10_000 }
  const rest = { recycleSeconds: 3_600, prepared: true, applicationName: 'ashlar-test' }
  return createDatabase({ url, size: 5, ...waits, ...rest, acrossRole: `${rolePrefix}_across` }, log)
}

/** Jobs with short intervals, on a handle of their own. */
export function openJobs(url: string, rolePrefix: string): { jobs: Jobs; database: Database; close(): Promise<void> } {
  const database = openDatabase(url, rolePrefix)
  const jobs = createJobs({ url, database, log, monitorSeconds: 1 })
  return {
    jobs,
    database,
    async close() {
      await jobs.stop({ graceMs: 0 })
      await database.close()
    },
  }
}

if (import.meta.main) {
  const { jobs } = openJobs(process.env.TEST_APP_URL!, process.env.TEST_ROLE_PREFIX!)
  jobs.define({
    ...noteJob,
    async handler({ payload, database, jobId, complete }) {
      await database.transaction(async (tx) => {
        await tx.run(sql`INSERT INTO notes (job, note) VALUES (${jobId}, ${(payload as { note: string }).note})`)
        await complete(tx)
        process.stdout.write('held\n')
        await new Promise((resolve) => setTimeout(resolve, 600_000))
      })
    },
  })
  await jobs.start()
}
