// What happens to notifications: told to the one person whose they are.
import Type from 'typebox'
import { byPerson, defineEvent, type Fact } from '../../../core/events.ts'

const Owner = Type.Object({ userId: Type.String({ description: 'Whose it is.' }) })
const live = { users: ({ payload }: Fact<{ userId: string }>) => [payload.userId] }

export const notificationCreated = defineEvent({
  name: 'notifications.created',
  aggregate: 'notification',
  summary: 'Somebody has a notification.',
  schema: Type.Object({ userId: Owner.properties.userId, kind: Type.String({ examples: ['message'] }) }),
  live,
})

export const notificationsRead = defineEvent({
  name: 'notifications.read',
  aggregate: 'user',
  summary: 'Somebody read notifications, marked them as unread, or deleted them: their count is another.',
  schema: Owner,
  live,
  follows: { 'notifications.mark': byPerson, 'notifications.delete': byPerson },
})

export const notificationEvents = [notificationCreated, notificationsRead]
