// The door of the queue driver.
export {
  type AbandonedJob,
  type JobDefinition,
  JobRefused,
  type JobRun,
  type JobSettings,
  type TenantDatabase,
} from './definition.ts'
export { installQueue } from './install.ts'
export { createJobs, type EnqueueOptions, type Jobs, type JobsOptions } from './jobs.ts'
