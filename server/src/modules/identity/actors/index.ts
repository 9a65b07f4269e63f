// The door of the actors module.
export { createActors, narrow } from './actors.service.ts'
