// The door of the events module.
export { eventRoutes } from './events.routes.ts'
export { createEvents, type Events, keepEventsJob, type MayRead } from './events.service.ts'
export type { NewFact } from './publishing.ts'
export { type Subscriber, type SubscriberRun, subscriberJob } from './subscriptions.ts'
