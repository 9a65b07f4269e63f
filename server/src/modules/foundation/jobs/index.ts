// The door of the jobs module.
export { adminJobRoutes, jobRoutes } from './jobs.routes.ts'
export { createJobDesk, type JobDesk, type JobDeskParts } from './jobs.service.ts'
