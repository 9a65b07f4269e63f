// Messages over HTTP: conversations, and who is in them.
import { alias, Deleted, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import {
  Conversation,
  ConversationChanges,
  ConversationQuery,
  Conversations,
  MemberParams,
  MemberRemoved,
  NewConversation,
  NewMembers,
} from './messages.schema.ts'
import type { Messages } from './messages.service.ts'

const MANAGED = ['conversations.not_found', 'conversations.group_only', 'conversations.managers_only'] as const

export function conversationRoutes(messages: Messages): Route[] {
  const list = route({
    method: 'GET',
    path: '/messages/conversations',
    operation: 'conversations.list',
    access: 'messages:view',
    summary: "List one's conversations",
    description:
      'The one with the latest message first, each with that message and how many are unread. `search` looks at names of groups ' +
      'and of people. The total counts to 10,000.',
    query: ConversationQuery,
    answer: Conversations,
    handle: ({ actor, query }) => messages.list(actor, query),
  })
  const leave = route({
    method: 'DELETE',
    path: '/messages/conversations/:id',
    operation: 'conversations.leave',
    access: 'messages:view',
    summary: 'Leave a conversation',
    description:
      'Whoever left sees and hears no more of it. A private one is there again, from then on, when one of the two writes to the other. ' +
      'With the last person the conversation goes.',
    params: IdParams('conversation'),
    answer: Deleted,
    errors: ['conversations.not_found'],
    handle: async ({ actor, params, facts }) => {
      await messages.leave(actor, params.id, facts)
      return { message: 'You left the conversation.', id: params.id }
    },
  })
  const update = route({
    method: 'PATCH',
    path: '/messages/conversations/:id',
    operation: 'conversations.edit',
    access: 'messages:send',
    summary: 'Rename a group, or give it a picture',
    description: 'For its owner and its administrators.',
    params: IdParams('conversation'),
    body: ConversationChanges,
    answer: Conversation,
    errors: MANAGED,
    handle: ({ actor, params, body, facts }) => messages.update(actor, params.id, body, facts),
  })
  return [
    list,
    alias(list, { path: '/messages', operation: 'conversations.listAll' }),
    route({
      method: 'POST',
      path: '/messages/conversations',
      operation: 'conversations.create',
      access: 'messages:send',
      summary: 'Begin a conversation',
      description:
        'A group of `memberIds`, which the caller owns, or the private conversation with `recipientId`: there is one for each pair of ' +
        'people, and it is answered where it is there already.',
      body: NewConversation,
      status: 201,
      answer: Conversation,
      handle: ({ actor, body, facts }) => messages.create(actor, body, facts),
    }),
    update,
    alias(update, { method: 'PUT', operation: 'conversations.replace' }),
    leave,
    alias(leave, { path: '/messages/:id', operation: 'conversations.leaveOf' }),
    route({
      method: 'POST',
      path: '/messages/conversations/:id/members',
      operation: 'conversations.add',
      access: 'messages:send',
      summary: 'Add people to a group',
      description: 'For its owner and its administrators. Who is added sees what is sent from then on.',
      params: IdParams('conversation'),
      body: NewMembers,
      answer: Conversation,
      errors: [...MANAGED, 'conversations.full'],
      handle: ({ actor, params, body, facts }) => messages.add(actor, params.id, body.userIds, facts),
    }),
    route({
      method: 'DELETE',
      path: '/messages/conversations/:id/members/:userId',
      operation: 'conversations.removeMember',
      access: 'messages:view',
      summary: 'Take somebody out of a group, or leave it',
      description: 'Everybody may leave; taking out others is for its owner and its administrators.',
      params: MemberParams,
      answer: MemberRemoved,
      errors: [...MANAGED, 'conversations.member_not_found', 'conversations.owner_stays'],
      handle: async ({ actor, params: { id, userId }, facts }) => {
        await messages.removeMember(actor, { id, userId }, facts)
        return { message: 'The person is no longer in the conversation.', id, userId }
      },
    }),
  ]
}
