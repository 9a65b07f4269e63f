// Messages over HTTP: sending, reading, changing.
import { alias, Deleted, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import { CONTENT_ERRORS } from '../access/index.ts'
import { conversationRoutes } from './messages.conversations.routes.ts'
import {
  ChatMessage,
  MarkedRead,
  MessageChange,
  MessageParams,
  MessageQuery,
  Messages as MessagesPage,
  NewMessage,
  ReadUpTo,
  UnreadCount,
} from './messages.schema.ts'
import type { Messages } from './messages.service.ts'

const OWN = [
  'conversations.not_found',
  'messages.not_found',
  'messages.sender_only',
  'messages.too_late',
  'messages.deleted',
] as const

export function messageRoutes(messages: Messages): Route[] {
  const list = route({
    method: 'GET',
    path: '/messages/conversations/:id',
    operation: 'messages.list',
    access: 'messages:view',
    summary: 'Read a conversation',
    description:
      'The newest messages, from the oldest of them to the newest; `nextCursor` leads to what is older, `previousCursor` to what ' +
      'is newer. Reading marks nothing as read.',
    params: IdParams('conversation'),
    query: MessageQuery,
    answer: MessagesPage,
    errors: ['conversations.not_found'],
    handle: ({ actor, params, query }) => messages.messages(actor, params.id, query),
  })
  const markRead = route({
    method: 'PUT',
    path: '/messages/conversations/:id/read',
    operation: 'messages.read',
    access: 'messages:view',
    summary: 'Mark messages as read',
    description: 'All of them, or those up to one. What is read stays read.',
    params: IdParams('conversation'),
    body: ReadUpTo,
    answer: MarkedRead,
    errors: ['conversations.not_found', 'messages.not_found'],
    handle: ({ actor, params, body, facts }) => messages.markRead(actor, params.id, body, facts),
  })
  return [
    ...conversationRoutes(messages),
    route({
      method: 'GET',
      path: '/messages/unread-count',
      operation: 'messages.unreadCount',
      access: 'messages:view',
      summary: 'Count what is unread',
      answer: UnreadCount,
      handle: ({ actor }) => messages.unread(actor),
    }),
    list,
    alias(list, { path: '/messages/:id', operation: 'messages.listOf' }),
    markRead,
    alias(markRead, { path: '/messages/:id/read', operation: 'messages.readOf' }),
    route({
      method: 'POST',
      path: '/messages/send',
      operation: 'messages.send',
      access: 'messages:send',
      summary: 'Send a message',
      description:
        'Into a conversation, or to a member of the tenant. With an `Idempotency-Key` it is sent once, however often it is repeated.',
      body: NewMessage,
      status: 201,
      answer: ChatMessage,
      errors: ['conversations.not_found', 'messages.nobody_there', ...CONTENT_ERRORS.file],
      handle: ({ actor, body, facts }) => messages.send(actor, body, facts),
    }),
    route({
      method: 'PATCH',
      path: '/messages/conversations/:id/messages/:messageId',
      operation: 'messages.edit',
      access: 'messages:send',
      summary: 'Edit a message',
      description: 'For who sent it, within `MESSAGE_CHANGE_MINUTES`.',
      params: MessageParams,
      body: MessageChange,
      answer: ChatMessage,
      errors: OWN,
      handle: ({ actor, params, body, facts }) => messages.edit(actor, params, body.content, facts),
    }),
    route({
      method: 'DELETE',
      path: '/messages/conversations/:id/messages/:messageId',
      operation: 'messages.delete',
      access: 'messages:send',
      summary: 'Delete a message',
      description:
        'For who sent it, within `MESSAGE_CHANGE_MINUTES`. Its content is gone; that there was one stays to be seen.',
      params: MessageParams,
      answer: Deleted,
      errors: OWN,
      handle: async ({ actor, params, facts }) => {
        await messages.remove(actor, params, facts)
        return { message: 'The message was deleted.', id: params.messageId }
      },
    }),
  ]
}
