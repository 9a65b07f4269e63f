// Settings of language models: where they are, and how much of them may be used.
import { readHttpUrl } from '../formats.ts'
import { duration, integer, list, secret, text } from '../kinds.ts'

const models = (name: string, about: string) =>
  list<string>(name, about, { default: [], of: 'names of models', item: (one) => one })
const tokens = (name: string, about: string, standard: number, min = 0) =>
  integer(name, about, { default: standard, min, max: 1_000_000_000_000 })

export const ai = {
  ollama: {
    url: text('OLLAMA_HOST', 'Where Ollama answers, such as http://localhost:11434; unset for none.', {
      allowed: 'an http(s) address, or a host with or without a port',
      read: readOllamaHost,
    }),
    models: models('OLLAMA_MODELS', 'Which of its models are offered; all of them when empty.'),
  },
  openai: {
    url: text(
      'OPENAI_BASE_URL',
      'Where a server answers that speaks the API of OpenAI, with its path; set it or the key for models of that kind.',
      { allowed: 'an http(s) address', read: readHttpUrl, shown: 'https://api.openai.com/v1 when there is a key' },
    ),
    key: secret('OPENAI_API_KEY', 'The key for that server; some need none.'),
    models: models('OPENAI_MODELS', 'Which of its models are offered; all that it lists when empty.'),
  },
  defaultModel: text(
    'AI_DEFAULT_MODEL',
    'The model of whoever names none, such as ollama/llama3; the first that there is when unset. Tenants can choose another.',
  ),
  contextTokens: tokens(
    'AI_CONTEXT_TOKENS',
    'How much a model is told at most, its answer included; what is older is left out.',
    8_192,
    512,
  ),
  maxOutputTokens: tokens(
    'AI_MAX_OUTPUT_TOKENS',
    'How long one answer may be; less than AI_CONTEXT_TOKENS.',
    2_048,
    16,
  ),
  tenantTokens: tokens(
    'AI_TENANT_TOKENS_PER_DAY',
    'How many tokens a tenant may use in a day (UTC); 0 for any number.',
    2_000_000,
  ),
  userTokens: tokens('AI_USER_TOKENS_PER_DAY', 'The same for one person in a tenant.', 200_000),
  concurrency: integer('AI_ANSWERS_AT_ONCE', 'How many answers one person may have written at once.', {
    default: 2,
    min: 1,
    max: 1_000,
  }),
  retentionSeconds: duration(
    'AI_RETENTION_DAYS',
    'How long what was asked and answered is kept after a conversation was last used; 0 for ever. Tenants can choose less.',
    { unit: 'd', to: 's', default: 365, min: 0, max: 36_500 },
  ),
  firstTokenMs: duration(
    'AI_FIRST_TOKEN_TIMEOUT',
    'How long a model may take to begin: the first time it has to be loaded.',
    {
      unit: 's',
      to: 'ms',
      default: 120,
      min: 1,
      max: 600,
    },
  ),
  stallMs: duration('AI_STALL_TIMEOUT', 'How long a model may fall silent in the middle of an answer.', {
    unit: 's',
    to: 'ms',
    default: 30,
    min: 1,
    max: 600,
  }),
}

/** As Ollama itself reads it: a scheme and a port may be missing. */
function readOllamaHost(given: string): string {
  if (/^[a-z]+:\/\//i.test(given)) return readHttpUrl(given)
  return readHttpUrl(/:\d+$/.test(given) ? `http://${given}` : `http://${given}:11434`)
}
