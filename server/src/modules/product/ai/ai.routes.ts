// Conversations with language models over HTTP.
import type { UserActor } from '../../../core/actor.ts'
import { requestErrors } from '../../../core/errors.ts'
import { IdParams, type Route, route, type Streaming } from '../../../drivers/http/index.ts'
import { aiChoosingRoutes } from './ai.choosing.routes.ts'
import { aiConversationRoutes } from './ai.conversations.routes.ts'
import { Again, Answer, AnswerEvents, Ask } from './ai.schema.ts'
import type { Ai } from './ai.service.ts'
import type { Asked } from './service/asking.ts'

const ASKING = [
  'ai.no_provider',
  'ai.no_model',
  'ai.model_unavailable',
  'ai.conversation_not_found',
  'ai.still_writing',
  'ai.too_many_answers',
  'ai.too_many_streams',
  'ai.budget_used_up',
  'ai.question_too_long',
  'ai.provider_failed',
  'ai.provider_stalled',
  'ai.broken_off',
  'ai.access_ended',
] as const

interface Shown {
  actor: UserActor
  body: { stream?: boolean }
  stream: Streaming | undefined
}

export function aiRoutes(ai: Ai): Route[] {
  /** The answer as it was asked for: whole, or as a stream. */
  const shown = (done: unknown, { actor, body, stream }: Shown) => {
    const { id } = done as Asked
    return body.stream === false ? ai.whole(actor, id) : ai.stream(actor, id, stream!)
  }
  return [
    ...aiChoosingRoutes(ai),
    route({
      method: 'POST',
      path: '/ai/ask',
      operation: 'ai.ask',
      access: 'ai:use',
      rate: 'ai',
      bases: ['canonical'],
      summary: 'Ask a language model',
      description:
        'The answer is written by the server whether or not the connection lasts: `GET /ai/answers/{id}/events` goes on with it, at any process. ' +
        'Repeated with the same `Idempotency-Key` it is the same answer again. `stream: false` waits for all of it.',
      body: Ask,
      bodyLimit: 262_144,
      answer: Answer,
      streamed: AnswerEvents,
      streams: true,
      unhurried: true,
      errors: ASKING,
      handle: ({ actor, body, facts, stream }) => {
        if (body.stream !== false) ai.mustHaveRoom(actor)
        return ai.ask({ actor, facts, streaming: stream! }, body)
      },
      show: shown,
    }),
    route({
      method: 'POST',
      path: '/ai/answers/:id/regenerate',
      operation: 'ai.regenerate',
      access: 'ai:use',
      rate: 'ai',
      bases: ['canonical'],
      summary: 'Have the last answer of a conversation written again',
      description:
        'The new one takes its place when it ends with a text; until then, and where it fails, the old one counts. What was chosen for the old one holds for the new one. Answers like `POST /ai/ask`.',
      params: IdParams('AI answer'),
      body: Again,
      answer: Answer,
      streamed: AnswerEvents,
      streams: true,
      unhurried: true,
      errors: [...ASKING, 'ai.answer_not_found', 'ai.not_last'],
      handle: ({ actor, params, body, facts, stream }) => {
        if (body.stream !== false) ai.mustHaveRoom(actor)
        return ai.again({ actor, facts, streaming: stream! }, params.id, body)
      },
      show: shown,
    }),
    route({
      method: 'GET',
      path: '/ai/answers/:id',
      operation: 'ai.answer',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'Read an answer',
      params: IdParams('AI answer'),
      answer: Answer,
      errors: ['ai.answer_not_found'],
      handle: ({ actor, params }) => ai.answer(actor, params.id),
    }),
    route({
      method: 'GET',
      path: '/ai/answers/:id/events',
      operation: 'ai.events',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'Follow an answer, from its beginning or from where one was',
      description:
        'With `Last-Event-ID` the stream goes on exactly after that piece, whichever process writes the answer and whichever answers this request. Without it, it begins with `start`.',
      params: IdParams('AI answer'),
      headers: { 'last-event-id': 'The id of the last piece that arrived: the stream goes on after it.' },
      answer: AnswerEvents,
      streams: true,
      errors: ['ai.answer_not_found', 'ai.too_many_streams'],
      handle: ({ actor, params, headers, stream }) =>
        ai.stream(actor, params.id, stream!, placeOf(headers['last-event-id'])),
    }),
    route({
      method: 'POST',
      path: '/ai/answers/:id/stop',
      operation: 'ai.stop',
      access: 'ai:use',
      bases: ['canonical'],
      summary: 'Stop an answer',
      description:
        'The provider’s request is closed, and what was written is kept. An answer that has ended stays as it is.',
      params: IdParams('AI answer'),
      answer: Answer,
      errors: ['ai.answer_not_found'],
      handle: ({ actor, params, facts }) => ai.stop(actor, params.id, facts),
    }),
    ...aiConversationRoutes(ai),
  ]
}

/** The number of a piece. Throws for what no stream has given. */
function placeOf(sent: string | undefined): number | undefined {
  if (sent === undefined || sent === '') return undefined
  if (/^\d{1,9}$/.test(sent)) return Number(sent)
  throw requestErrors('request.invalid', {
    fields: [
      { in: 'header', path: 'last-event-id', code: 'unknown_place', message: 'No stream of answers gave this.' },
    ],
  })
}
