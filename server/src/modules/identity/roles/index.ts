// The door of the roles module.
export { type HeldRole, createRoles, type Roles } from './roles.service.ts'
