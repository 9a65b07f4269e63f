// The door of the messages module.
export { messageEvents } from './messages.events.ts'
export { messageRoutes } from './messages.routes.ts'
export { createMessages, type Messages } from './messages.service.ts'
export type { OnSent } from './service/parts.ts'
