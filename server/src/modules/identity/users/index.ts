// The door of the users module.
export { renderAvatar } from './avatars.ts'
export { type Letter, masked, normalizeEmail, tellOldAddress } from './service/parts.ts'
export { userErrors } from './users.errors.ts'
export { userEvents } from './users.events.ts'
export type { Credentials } from './users.queries.ts'
export { userRoutes } from './users.routes.ts'
export { AnyTenantChanges, AnyTenantQuery, Registration, toUser, User, UserOfAnyTenant } from './users.schema.ts'
export { createUsers, type Users } from './users.service.ts'
