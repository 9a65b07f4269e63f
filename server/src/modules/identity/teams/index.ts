// The door of the teams module.
export { teamRoutes } from './teams.routes.ts'
export { createTeams, type Teams } from './teams.service.ts'
