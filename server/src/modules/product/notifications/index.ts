// The door of the notifications module.
export { notificationEvents } from './notifications.events.ts'
export { notificationRoutes } from './notifications.routes.ts'
export { createNotifications, type Notifications } from './notifications.service.ts'
export { mailJob } from './service/mailing.ts'
export { forgetNotificationsJob } from './service/retention.ts'
export { tellJob } from './service/telling.ts'
