// Settings of how much is done at once and for how long: rate limits, password hashing, event streams.
import { boolean, choice, duration, integer, rate } from '../kinds.ts'

export const limits = {
  enabled: boolean('RATE_LIMIT_ENABLED', 'Whether requests are counted and refused when there are too many.', {
    default: true,
  }),
  store: choice(
    'RATE_LIMIT_STORE',
    'Where requests are counted; auto takes Redis when it is set, memory on the embedded database (one process), else PostgreSQL.',
    {
      of: ['auto', 'memory', 'postgres', 'redis'],
      default: 'auto',
    },
  ),
  authenticated: rate('RATE_LIMIT_AUTHENTICATED', 'Requests of one signed-in actor.', { default: 100 }),
  anonymous: rate('RATE_LIMIT_UNAUTHENTICATED', 'Requests of one address without signing in.', { default: 20 }),
  auth: rate('RATE_LIMIT_AUTH_ENDPOINTS', 'Requests of one address to sign in, register and reset passwords.', {
    default: 5,
  }),
  ai: rate('RATE_LIMIT_AI', 'Questions of one signed-in actor to a language model.', { default: 20 }),
  refresh: rate('RATE_LIMIT_REFRESH', 'Token refreshes from one address.', { default: 30 }),
  login: {
    limit: integer('RATE_LIMIT_ATTEMPTS', 'Sign-in attempts from one address on one account within the window.', {
      default: 5,
      min: 1,
      max: 100_000,
    }),
    windowSeconds: duration('RATE_LIMIT_WINDOW_MINUTES', 'The window in which sign-in attempts are counted.', {
      unit: 'm',
      to: 's',
      default: 15,
      min: 1,
      max: 1440,
    }),
  },
}

export const hashing = {
  memoryKib: integer('ARGON2_MEMORY_KIB', 'Memory for one password hash, in KiB.', {
    default: 19_456,
    min: 8,
    max: 4_194_304,
  }),
  passes: integer('ARGON2_TIME_COST', 'Passes over that memory.', { default: 2, min: 1, max: 100 }),
  concurrency: integer('HASH_CONCURRENCY', 'How many passwords are hashed at once.', {
    min: 1,
    max: 1024,
    shown: 'the number of cores',
  }),
  queue: integer('HASH_QUEUE', 'How many more may wait; beyond that the answer is 503.', {
    default: 50,
    min: 0,
    max: 10_000,
  }),
}

export const events = {
  retentionDays: integer(
    'EVENTS_RETENTION_DAYS',
    'For how long events are kept: a stream can go on after any of them.',
    {
      default: 7,
      min: 1,
      max: 365,
    },
  ),
  heartbeatMs: duration('EVENTS_HEARTBEAT', 'How often an event stream says that it is still there.', {
    unit: 's',
    to: 'ms',
    default: 15,
    min: 1,
    max: 300,
  }),
  lifeMs: duration('EVENTS_STREAM_LIFE', 'How long an event stream lives before its client has to come back.', {
    unit: 'm',
    to: 'ms',
    default: 30,
    min: 1,
    max: 1440,
  }),
  perPerson: integer('EVENTS_STREAMS_PER_PERSON', 'How many event streams one person may have open on one process.', {
    default: 10,
    min: 1,
    max: 1_000_000,
  }),
  perProcess: integer(
    'EVENTS_STREAMS_PER_PROCESS',
    'How many event streams one process has open at most; less than MAX_CONNECTIONS, so that requests get through.',
    { default: 10_000, min: 0, max: 1_000_000 },
  ),
}
