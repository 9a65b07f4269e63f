// Notifications over HTTP: one's own, and nobody else's.
import { alias, Body, Deleted, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import {
  Counted,
  Marks,
  Notification,
  NotificationQuery,
  Notifications as NotificationsPage,
  PreferenceChanges,
  Preferences,
  UnreadNotifications,
} from './notifications.schema.ts'
import type { Notifications } from './notifications.service.ts'

const access = 'notifications:view'
const Nothing = Body({}, { examples: [{}] })
const ABSENT = ['notifications.not_found'] as const

export function notificationRoutes(notifications: Notifications): Route[] {
  const prefer = route({
    method: 'PUT',
    path: '/notifications/preferences',
    operation: 'notifications.prefer',
    access,
    summary: 'Say what one wants to hear of, and where',
    description:
      'In the application, by mail, both or not at all, for each kind; kinds that are left out stay as they are. Mails about the ' +
      'safety of the account are sent in any case.',
    body: PreferenceChanges,
    answer: Preferences,
    handle: ({ actor, body, facts }) => notifications.prefer(actor, body, facts),
  })
  return [
    route({
      method: 'GET',
      path: '/notifications',
      operation: 'notifications.list',
      access,
      summary: "List one's notifications",
      description:
        'The newest first, in the language of the reader. What they are about has a name as long as the reader may know it. The total ' +
        'counts to 10,000.',
      query: NotificationQuery,
      answer: NotificationsPage,
      handle: ({ actor, query }) => notifications.list(actor, query),
    }),
    route({
      method: 'GET',
      path: '/notifications/unread-count',
      operation: 'notifications.unreadCount',
      access,
      summary: 'Count what is unread',
      answer: UnreadNotifications,
      handle: async ({ actor }) => ({ count: await notifications.unreadCount(actor) }),
    }),
    route({
      method: 'GET',
      path: '/notifications/preferences',
      operation: 'notifications.preferences',
      access,
      summary: 'Read what one wants to hear of, and where',
      answer: Preferences,
      handle: ({ actor }) => notifications.preferences(actor),
    }),
    prefer,
    alias(prefer, { method: 'PATCH', operation: 'notifications.changePreferences' }),
    route({
      method: 'PUT',
      path: '/notifications/read-all',
      operation: 'notifications.markAll',
      access,
      summary: 'Mark everything as read',
      body: Nothing,
      answer: Counted,
      handle: async ({ actor, facts }) => ({
        message: 'Everything is read.',
        count: await notifications.markAll(actor, facts),
      }),
    }),
    route({
      method: 'POST',
      path: '/notifications/read',
      operation: 'notifications.markMany',
      access,
      summary: 'Mark many as read, or as unread',
      description: 'Ids that name none of one’s own are left out.',
      body: Marks,
      answer: Counted,
      handle: async ({ actor, body, facts }) => ({
        message: 'They are marked.',
        count: await notifications.markMany(actor, body, facts),
      }),
    }),
    route({
      method: 'PUT',
      path: '/notifications/:id/read',
      operation: 'notifications.markRead',
      access,
      summary: 'Mark a notification as read',
      params: IdParams('notification'),
      body: Nothing,
      answer: Notification,
      errors: ABSENT,
      handle: ({ actor, params, facts }) => notifications.mark(actor, params.id, true, facts),
    }),
    route({
      method: 'PUT',
      path: '/notifications/:id/unread',
      operation: 'notifications.markUnread',
      access,
      summary: 'Mark a notification as unread',
      description: 'One about messages stays read where a newer one tells of the same conversation.',
      params: IdParams('notification'),
      body: Nothing,
      answer: Notification,
      errors: ABSENT,
      handle: ({ actor, params, facts }) => notifications.mark(actor, params.id, false, facts),
    }),
    route({
      method: 'DELETE',
      path: '/notifications',
      operation: 'notifications.deleteAll',
      access,
      summary: 'Delete all notifications',
      answer: Counted,
      handle: async ({ actor, facts }) => ({
        message: 'They were deleted.',
        count: await notifications.removeAll(actor, facts),
      }),
    }),
    route({
      method: 'DELETE',
      path: '/notifications/:id',
      operation: 'notifications.delete',
      access,
      summary: 'Delete a notification',
      params: IdParams('notification'),
      answer: Deleted,
      errors: ABSENT,
      handle: async ({ actor, params, facts }) => {
        await notifications.remove(actor, params.id, facts)
        return { message: 'The notification was deleted.', id: params.id }
      },
    }),
  ]
}
