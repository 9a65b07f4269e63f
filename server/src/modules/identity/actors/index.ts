// The door of the actors module.
export { type Actors, createActors, narrow } from './actors.service.ts'
