// The door of the documents module.
export { documentEvents } from './documents.events.ts'
export { documentRoutes } from './documents.routes.ts'
export { createDocuments, type Documents } from './documents.service.ts'
