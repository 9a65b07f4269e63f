// The door of the roles module.
export { createRoles, type HeldRole, mustHold, type Roles } from './roles.service.ts'
