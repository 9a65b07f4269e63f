// What comes in and what goes out of conversations with language models.
import Type, { type Static } from 'typebox'
import { Body, IdOf, Nullable, OneOf, PageQuery, pageAnswer, Text, Timestamp } from '../../../drivers/http/index.ts'
import type { Answer as AnswerRow } from './answers.queries.ts'
import type { Conversation as ConversationRow } from './conversations.queries.ts'

/** The longest question, in characters. */
const MAX_QUESTION = 32_000

const Question = Text(MAX_QUESTION, { examples: ['When do the masons meet?'] })
export const ModelName = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'An id of `GET /ai/models`, or the name alone.',
  examples: ['ollama/llama3'],
})

const Knowledge = Type.Boolean({
  description: 'Whether documents that the caller may read are looked through first; as the tenant says when left out.',
})
const Tools = Type.Boolean({ default: true, description: 'Whether the model may use tools, as the caller.' })

export const Ask = Body(
  {
    query: Type.Optional(Question),
    message: Type.Optional({ ...Question, description: 'Another name of `query`.' }),
    model: Type.Optional(ModelName),
    conversationId: Type.Optional(
      IdOf('AI conversation', {
        description: 'The conversation that it goes on; a new one begins where none is named.',
      }),
    ),
    stream: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Server-sent events; false: one JSON answer when all of it is there.',
      }),
    ),
    knowledge: Type.Optional(Knowledge),
    tools: Type.Optional(Tools),
  },
  { examples: [{ query: 'When do the masons meet?', stream: false }] },
)
export type Ask = Static<typeof Ask>

export const Again = Body(
  {
    model: Type.Optional(ModelName),
    stream: Type.Optional(Type.Boolean({ default: true })),
    knowledge: Type.Optional(
      Type.Boolean({ description: 'Like at `POST /ai/ask`; as the answer had it when left out.' }),
    ),
    tools: Type.Optional(Type.Boolean({ description: 'The same.' })),
  },
  { examples: [{ stream: false }] },
)
export type Again = Static<typeof Again>

export const Citation = Type.Object({
  documentId: IdOf('document'),
  title: Type.String(),
})
export type Citation = Static<typeof Citation>

export const STATES = ['running', 'done', 'stopped', 'failed', 'broken'] as const

export const Answer = Type.Object(
  {
    id: IdOf('AI answer'),
    conversationId: IdOf('AI conversation'),
    number: Type.Integer({ description: 'Its place in the conversation, from 1.' }),
    question: Type.String(),
    content: Type.String({
      description: 'What the model wrote, as it wrote it: never trust it as HTML. Empty while it is being written.',
    }),
    state: OneOf(STATES, { description: 'stopped, failed and broken answers keep the text that there was.' }),
    reason: Nullable(
      Type.String({ description: 'stop, length or budget of a complete one; the code of an error of what is not.' }),
    ),
    model: Type.String({ examples: ['ollama/llama3'] }),
    citations: Type.Array(Citation, {
      description: 'Documents that the model was told, of those that the caller may read at this moment.',
    }),
    usage: Type.Object({ inputTokens: Type.Integer(), outputTokens: Type.Integer() }),
    firstTokenMs: Nullable(Type.Integer({ description: 'From the question to the first piece.' })),
    totalMs: Nullable(Type.Integer()),
    createdAt: Timestamp,
    finishedAt: Nullable(Timestamp),
  },
  { title: 'AiAnswer' },
)
export type Answer = Static<typeof Answer>
export const AnswerPage = pageAnswer(Answer)

export const AnswerEvents = Type.String({
  description:
    'Server-sent events: `start` (the answer’s id, its conversation, model and citations; id 0), `delta` (`text`), `tool` (`name`, `state`), and last ' +
    '`done` (`state`, `reason`, `usage`) or `error` (`code`, `message`, `state`). Each has a number as its id, from which the stream goes on by `Last-Event-ID`. A `start` on a ' +
    'stream that went on says that the text comes from its beginning.',
  examples: ['id: 1\nevent: delta\ndata: {"text":"On Monday"}\n\n'],
})

export const Conversation = Type.Object(
  {
    id: IdOf('AI conversation'),
    title: Type.String(),
    answers: Type.Integer({ description: 'How often something was answered in it.' }),
    createdAt: Timestamp,
    updatedAt: Timestamp,
  },
  { title: 'AiConversation' },
)
export type Conversation = Static<typeof Conversation>
export const ConversationPage = pageAnswer(Conversation)

const { page, limit, search, cursor } = PageQuery
export const ConversationQuery = Type.Object({ page, limit, search, cursor })
export type ConversationQuery = Static<typeof ConversationQuery>

const Title = Text(200, { examples: ['Questions about masons'] })
export const NewConversation = Body(
  { title: Type.Optional(Title) },
  { examples: [{ title: 'Questions about masons' }] },
)
export type NewConversation = Static<typeof NewConversation>
export const ConversationChanges = Body({ title: Title })

export const HistoryQuery = Type.Object({
  conversationId: Type.Optional(IdOf('AI conversation', { description: 'Only of this conversation.' })),
  page,
  limit,
  cursor,
})
export type HistoryQuery = Static<typeof HistoryQuery>

export const ClearHistory = Body(
  {
    conversationId: Type.Optional(
      IdOf('AI conversation', { description: 'Only this one; all of them where none is named.' }),
    ),
  },
  { examples: [{}] },
)
export const Cleared = Type.Object(
  { message: Type.String(), conversations: Type.Integer() },
  { title: 'AiHistoryCleared' },
)

/** Every field of an answer that leaves. */
export function toAnswer(row: AnswerRow, citations: Citation[]): Answer {
  const { inputTokens, outputTokens } = row
  return {
    id: row.id,
    conversationId: row.conversationId,
    number: row.number,
    question: row.question,
    content: row.content,
    state: row.state,
    reason: row.reason,
    model: modelId(row),
    citations,
    usage: { inputTokens, outputTokens },
    firstTokenMs: row.firstTokenMs,
    totalMs: row.totalMs,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
  }
}

export function modelId({ provider, model }: Pick<AnswerRow, 'provider' | 'model'>): string {
  return `${provider}/${model}`
}

export function toConversation(row: ConversationRow): Conversation {
  const { id, title, lastNumber, createdAt, updatedAt } = row
  return { id, title, answers: lastNumber, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() }
}
