// The door of the queue driver.
export { inBatches, inEveryTenant } from './batches.ts'
export { type Change, isJobId, type JobOwner, ownedBy } from './control.ts'
export {
  type InstallationJobDefinition,
  type JobDefinition,
  type JobOutcome,
  JobRefused,
  type JobRun,
  type JobSettings,
  nightlyJob,
  type TenantDatabase,
} from './definition.ts'
export { installQueue } from './install.ts'
export { createJobs, type Jobs } from './jobs.ts'
export { listSchedules, type ScheduleRow } from './schedules.ts'
