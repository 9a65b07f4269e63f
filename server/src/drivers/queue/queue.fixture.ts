// What the queue's tests share; run as a program it is a worker process that a test can kill: in the middle of the one job
// that it holds for ever, with
// `work` anywhere, between effect and end most of the time; with `block` it falls silent there and lives on.
import { setTimeout as sleep } from 'node:timers/promises'
import Type from 'typebox'
import { openDatabase, testLog } from '../../../test/application.ts'
import { type Database, sql } from '../database/index.ts'
import { createJobs, type JobSettings, type Jobs } from './index.ts'

export const quick = { limit: 2, delaySeconds: 1, backoff: true, maxDelaySeconds: 2 }

/** Writes its effect in the transaction that ends it. */
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

export const BLOCKED_MS = 16_000

/** Looks until something is there. */
export async function until<T>(look: () => T[] | Promise<T[]>, withinMs = 15_000): Promise<T[]> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(50)) {
    const found = await look()
    if (found.length > 0) return found
  }
  throw new Error(`Nothing came within ${withinMs} ms.`)
}

if (import.meta.main) {
  const works = process.argv[2] === 'work'
  const blocks = process.argv[2] === 'block'
  const gapMs = Number(process.argv[3])
  const { jobs } = openJobs({ appUrl: process.env.TEST_APP_URL!, rolePrefix: process.env.TEST_ROLE_PREFIX! })
  jobs.define({
    ...noteJob,
    async handler({ payload, database, jobId, attempt, complete }) {
      if (works) await database.run(sql`INSERT INTO starts (job, attempt) VALUES (${jobId}, ${attempt})`)
      await database.transaction(async (tx) => {
        await tx.run(sql`INSERT INTO notes (job, note) VALUES (${jobId}, ${(payload as { note: string }).note})`)
        if (works) await sleep(Math.random() * gapMs)
        // Says nothing to anybody meanwhile: to the others it is dead.
        if (blocks) for (const end = Date.now() + BLOCKED_MS; Date.now() < end; );
        await complete(tx)
        if (works || blocks) return
        process.stdout.write('held\n')
        await sleep(600_000)
      })
    },
  })
  await jobs.start()
}
