// The door of the documents module.
export { documentRoutes } from './documents.routes.ts'
export { createDocuments, type Documents } from './documents.service.ts'
