// The door of the jobs module.
export { jobEvents } from './jobs.events.ts'
export { adminJobRoutes, jobRoutes } from './jobs.routes.ts'
export { createJobDesk, type JobDesk } from './jobs.service.ts'
