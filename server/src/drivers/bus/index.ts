// The door of the bus driver.
export type { Bus, Message } from './bus.ts'
export { createPostgresBus } from './postgres.ts'
