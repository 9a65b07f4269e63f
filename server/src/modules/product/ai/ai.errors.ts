// What can go wrong with conversations with language models. What is somebody else's is not there.
import { defineErrors } from '../../../core/errors.ts'

export const aiErrors = defineErrors({
  'ai.no_provider': {
    kind: 'unavailable',
    message:
      'No language model is set up here: set OLLAMA_HOST, or OPENAI_API_KEY or OPENAI_BASE_URL, and start again.',
  },
  'ai.no_model': {
    kind: 'unavailable',
    message: 'The providers of language models offer none right now. Try again shortly.',
  },
  'ai.model_unavailable': {
    kind: 'unavailable',
    message: 'The model that was chosen is not there right now. Try again shortly, or name another one.',
  },
  'ai.conversation_not_found': { kind: 'not_found', message: 'There is no such conversation.' },
  'ai.answer_not_found': { kind: 'not_found', message: 'There is no such answer.' },
  'ai.still_writing': {
    kind: 'conflict',
    message: 'An answer of this conversation is still being written. Stop it first.',
  },
  'ai.not_last': { kind: 'conflict', message: 'Only the last answer of a conversation can be written again.' },
  'ai.too_many_answers': {
    kind: 'limited',
    message: 'As many answers are being written for you as may be at once. Wait for one, or stop it.',
  },
  'ai.too_many_streams': {
    kind: 'limited',
    message: 'You follow as many answers as one person may at once. Close one first.',
  },
  'ai.budget_used_up': { kind: 'limited', message: 'The tokens of this day are used up.' },
  'ai.question_too_long': { kind: 'too_large', message: 'The question is longer than the model can be told.' },
  'ai.provider_failed': { kind: 'unavailable', message: 'The language model failed. Try again, or take another one.' },
  'ai.provider_stalled': {
    kind: 'unavailable',
    message: 'The language model fell silent. Try again, or take another one.',
  },
  'ai.broken_off': {
    kind: 'unavailable',
    message: 'The process that wrote this answer went away. What there is of it was kept; it can be written again.',
  },
  'ai.access_ended': { kind: 'forbidden', message: 'Whoever asked may not use language models here any more.' },
})

/** The codes with which an answer can end instead of being complete. */
export const ENDS = ['ai.provider_failed', 'ai.provider_stalled', 'ai.broken_off', 'ai.access_ended'] as const
export type EndCode = (typeof ENDS)[number]
