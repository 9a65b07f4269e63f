// Conversations with language models and their history over HTTP.
import { Deleted, IdParams, type Route, route } from '../../../drivers/http/index.ts'
import {
  AnswerPage,
  Cleared,
  ClearHistory,
  Conversation,
  ConversationChanges,
  ConversationPage,
  ConversationQuery,
  HistoryQuery,
  NewConversation,
} from './ai.schema.ts'
import type { Ai } from './ai.service.ts'

export function aiConversationRoutes(ai: Ai): Route[] {
  return [
    route({
      method: 'GET',
      path: '/ai/history',
      operation: 'ai.history',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'Read what one asked and what was answered, the latest first',
      query: HistoryQuery,
      answer: AnswerPage,
      errors: ['ai.conversation_not_found'],
      handle: ({ actor, query }) => ai.history(actor, query),
    }),
    route({
      method: 'POST',
      path: '/ai/clear-history',
      operation: 'ai.clear',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'Remove all of one’s conversations, or one',
      body: ClearHistory,
      answer: Cleared,
      errors: ['ai.conversation_not_found'],
      handle: async ({ actor, body, facts }) => ({
        conversations: await ai.clear(actor, body.conversationId, facts),
        message: 'What was said is gone.',
      }),
    }),
    route({
      method: 'GET',
      path: '/ai/conversations',
      operation: 'ai.conversations',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'List one’s conversations with language models',
      query: ConversationQuery,
      answer: ConversationPage,
      handle: ({ actor, query }) => ai.list(actor, query),
    }),
    route({
      method: 'POST',
      path: '/ai/conversations',
      operation: 'ai.converse',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'Begin a conversation with nothing in it',
      body: NewConversation,
      status: 201,
      answer: Conversation,
      handle: ({ actor, body, facts }) => ai.create(actor, body, facts),
    }),
    route({
      method: 'GET',
      path: '/ai/conversations/:id',
      operation: 'ai.conversation',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'Read a conversation; what was said in it is in the history',
      params: IdParams('AI conversation'),
      answer: Conversation,
      errors: ['ai.conversation_not_found'],
      handle: ({ actor, params }) => ai.get(actor, params.id),
    }),
    route({
      method: 'PATCH',
      path: '/ai/conversations/:id',
      operation: 'ai.rename',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'Rename a conversation',
      params: IdParams('AI conversation'),
      body: ConversationChanges,
      answer: Conversation,
      errors: ['ai.conversation_not_found'],
      handle: ({ actor, params, body, facts }) => ai.rename(actor, params.id, body.title, facts),
    }),
    route({
      method: 'DELETE',
      path: '/ai/conversations/:id',
      operation: 'ai.delete',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'Remove a conversation with everything in it',
      params: IdParams('AI conversation'),
      answer: Deleted,
      errors: ['ai.conversation_not_found'],
      handle: async ({ actor, params, facts }) => {
        await ai.remove(actor, params.id, facts)
        return { message: 'The conversation was removed.', id: params.id }
      },
    }),
  ]
}
