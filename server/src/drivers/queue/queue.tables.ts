// When scheduled jobs are due. What waits and runs stands in the schema of pg-boss.
import { pgTable, text } from 'drizzle-orm/pg-core'
import { moment } from '../database/columns.ts'

export const jobSchedules = pgTable('job_schedules', {
  name: text().primaryKey(),
  cron: text().notNull(),
  timeZone: text().notNull(),
  nextAt: moment().notNull(),
  /** The due time that last fired. */
  lastAt: moment(),
})
