// The door of the auth module.
export { authErrors } from './auth.errors.ts'
export { authRoutes } from './auth.routes.ts'
export { ChangePassword, Login, Refresh } from './auth.schema.ts'
export { type Auth, createAuth } from './auth.service.ts'
export { createSecretCheck, type SecretParts } from './secrets.ts'
export { changeAddressJob } from './service/addresses.ts'
export { sendLinkJob } from './service/letters.ts'
