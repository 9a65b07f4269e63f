// What the queue's tests share; run as a program it is a worker process that a test can kill in the middle of a job.
import Type from 'typebox'
import { openDatabase, testLog } from '../../../test/application.ts'
import { type Database, sql } from '../database/index.ts'
import { createJobs, type JobSettings, type Jobs } from './index.ts'

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

/** Jobs with short intervals, on a handle of their own. */
export function openJobs(of: { appUrl: string; rolePrefix: string }): {
  jobs: Jobs
  database: Database
  close(): Promise<void>
} {
  const database = openDatabase(of)
  const jobs = createJobs({ url: of.appUrl, database, log: testLog, monitorSeconds: 1 })
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
  const { jobs } = openJobs({ appUrl: process.env.TEST_APP_URL!, rolePrefix: process.env.TEST_ROLE_PREFIX! })
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
