// The door of the links module.
export { linkEvents } from './links.events.ts'
export { linkRoutes } from './links.routes.ts'
export { createLinks, forgetLinksJob, type Links } from './links.service.ts'
