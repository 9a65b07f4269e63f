// The door of the system module.
export { systemRoutes } from './system.routes.ts'
export { createSystem, type System } from './system.service.ts'
