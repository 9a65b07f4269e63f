// The door of the roles module.
export { permissionRoutes } from './permissions.routes.ts'
export { roleEvents } from './roles.events.ts'
export { mustHold } from './roles.policy.ts'
export type { HeldRole } from './roles.queries.ts'
export { roleRoutes } from './roles.routes.ts'
export { createRoles, type Roles } from './roles.service.ts'
