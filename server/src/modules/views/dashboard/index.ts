// The door of the dashboard module.
export { countDaysJob } from './counting.ts'
export { dashboardRoutes } from './dashboard.routes.ts'
export { createDashboard, type Dashboard } from './dashboard.service.ts'
