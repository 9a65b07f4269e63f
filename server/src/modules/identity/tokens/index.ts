// The door of the personal access tokens module.
export { isPersonalToken } from './secret.ts'
export { tokenEvents } from './tokens.events.ts'
export { tokenRoutes } from './tokens.routes.ts'
export { createPersonalTokens, type PersonalTokens } from './tokens.service.ts'
