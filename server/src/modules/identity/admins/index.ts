// The door of the admins module.

export { impersonationEvents } from './admins.events.ts'
export { adminRoutes } from './admins.routes.ts'
export { type Admins, createAdmins } from './admins.service.ts'
