// The door of the teams module.
export { teamEvents } from './teams.events.ts'
export { teamsAmong } from './teams.queries.ts'
export { teamRoutes } from './teams.routes.ts'
export { createTeams, type Teams } from './teams.service.ts'
