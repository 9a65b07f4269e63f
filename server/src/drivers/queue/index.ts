// The door of the queue driver.
export { type Change, isJobId, type JobOwner, ownedBy } from './control.ts'
export {
  type AbandonedJob,
  type InstallationJobDefinition,
  type InstallationRun,
  type JobDefinition,
  type JobOutcome,
  JobRefused,
  type JobRun,
  type JobSettings,
  type TenantDatabase,
} from './definition.ts'
export { installQueue } from './install.ts'
export { createJobs, type EnqueueOptions, type Jobs, type JobsOptions } from './jobs.ts'
export { listSchedules, type ScheduleRow } from './schedules.ts'
