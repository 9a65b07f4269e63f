// The door of the files module.
export { RANGE_HEADERS } from './files.content.routes.ts'
export { fileEvents } from './files.events.ts'
export { fileRoutes } from './files.routes.ts'
export { createFiles, type Files } from './files.service.ts'
export { thumbnailJob } from './pictures/thumbnails.ts'
export { type Opened, opening } from './service/reading.ts'
export { kindOf } from './types.ts'
