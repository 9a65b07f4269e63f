// The door of the storage module.

export type { Received } from './service/keeping.ts'
export { sweepBlobsJob } from './service/sweep.ts'
export { storageErrors } from './storage.errors.ts'
export { storageEvents } from './storage.events.ts'
export { storageRoutes } from './storage.routes.ts'
export { createStorage, type Storage } from './storage.service.ts'
