// The door of the bus driver.
export type { Bus, Message } from './bus.ts'
export { createCache } from './cache.ts'
export { createPostgresBus } from './postgres.ts'
export { createRedisBus } from './redis.ts'
