// The door of the auth module.
export { authRoutes } from './auth.routes.ts'
export { type Auth, createAuth } from './auth.service.ts'
export { sendLinkJob } from './service/letters.ts'
export { createThrottle } from './throttle.ts'
