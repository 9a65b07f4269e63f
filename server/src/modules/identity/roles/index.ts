// The door of the roles module.
export { createRoles, type HeldRole, type Roles } from './roles.service.ts'
