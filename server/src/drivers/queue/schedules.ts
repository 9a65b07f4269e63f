// Jobs by the clock. When a job is due stands in a row, and whoever advances the row writes the job in the same
// transaction: one firing for each due time on any number of nodes. What fell due while nobody ran fires once.
import type { PgBoss } from 'pg-boss'
import { type Database, type Executor, sql, type Tx } from '../database/index.ts'
import type { Log } from '../telemetry/log.ts'
import type { JobSchedule, JobSettings } from './definition.ts'

export interface ScheduleRow extends JobSchedule {
  name: string
  nextAt: Date
  /** The due time that last fired. */
  lastAt: Date | null
}

/** The first due time after a moment. Throws when the schedule cannot be read or never comes. */
export function dueAfter(boss: Pick<PgBoss, 'previewSchedule'>, { cron, timeZone }: JobSchedule, from: Date): Date {
  try {
    const [next] = boss.previewSchedule(cron, { tz: timeZone, from, count: 1 })
    if (next) return next
  } catch (cause) {
    throw new Error(`The schedule ${cron} in ${timeZone} cannot be read.`, { cause })
  }
  throw new Error(`The schedule ${cron} never comes.`)
}

type Owner = ReturnType<PgBoss['getDb']>

/** Writes the schedules that the program has, and removes all others. One that did not change keeps its place in time. */
export async function putSchedules(boss: PgBoss, owner: Owner, jobs: readonly JobSettings[]): Promise<void> {
  const scheduled = jobs.filter((job) => job.schedule !== undefined)
  for (const { name, schedule } of scheduled) {
    const { cron, timeZone } = schedule!
    await owner.executeSql(
      `INSERT INTO job_schedules AS known (name, cron, "timeZone", "nextAt") VALUES ($1, $2, $3, $4)
       ON CONFLICT (name) DO UPDATE SET cron = excluded.cron, "timeZone" = excluded."timeZone", "nextAt" = excluded."nextAt"
       WHERE (known.cron, known."timeZone") <> (excluded.cron, excluded."timeZone")`,
      [name, cron, timeZone, dueAfter(boss, schedule!, new Date())],
    )
  }
  await owner.executeSql('DELETE FROM job_schedules WHERE name <> ALL ($1)', [scheduled.map(({ name }) => name)])
}

export function listSchedules(db: Executor): Promise<ScheduleRow[]> {
  return db.query<ScheduleRow>(sql`SELECT name, cron, "timeZone", "nextAt", "lastAt" FROM job_schedules ORDER BY name`)
}

export interface SchedulerParts {
  boss: Pick<PgBoss, 'previewSchedule'>
  database: Pick<Database, 'global' | 'inGlobal'>
  log: Log
  /** The jobs that this process knows. */
  names: string[]
  enqueue(tx: Tx, name: string): Promise<unknown>
  lookSeconds: number
}

/** Looks for what is due until it is stopped. */
export function startScheduler({ boss, database, log, names, enqueue, lookSeconds }: SchedulerParts): () => void {
  let stopped = false
  let timer: NodeJS.Timeout | undefined

  const fire = (name: string) =>
    database.inGlobal(async (tx) => {
      // Whoever comes second finds the row locked, or advanced.
      const due = await tx.one<ScheduleRow & { now: Date }>(sql`
        SELECT cron, "timeZone", "nextAt", now() AS now FROM job_schedules
        WHERE name = ${name} AND "nextAt" <= now() FOR UPDATE SKIP LOCKED`)
      if (!due) return
      await enqueue(tx, name)
      await tx.run(sql`
        UPDATE job_schedules SET "lastAt" = ${due.nextAt}, "nextAt" = ${dueAfter(boss, due, due.now)} WHERE name = ${name}`)
    })

  async function look(): Promise<void> {
    try {
      const due = await database.global.query<{ name: string }>(
        sql`SELECT name FROM job_schedules WHERE "nextAt" <= now() AND name = ANY (${names})`,
      )
      for (const { name } of due) await fire(name)
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'the schedules of jobs could not be read')
    }
    if (!stopped) plan()
  }

  function plan(): void {
    // Not all nodes at the same moment.
    timer = setTimeout(() => void look(), lookSeconds * 1_000 * (0.8 + Math.random() * 0.4))
  }

  if (names.length > 0) plan()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
