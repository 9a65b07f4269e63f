// Every metric of the house, for Prometheus: what it is called, what it counts, and which labels it has. Labels take few values: never an id, never a path.

interface Definition {
  /** With its unit, as the conventions of Prometheus have it: `_total`, `_seconds`, `_bytes`. */
  name: string
  help: string
  labels: readonly string[]
}

export interface Counter extends Definition {
  kind: 'counter'
}

export interface Histogram extends Definition {
  kind: 'histogram'
  buckets: readonly number[]
}

export interface Gauge extends Definition {
  kind: 'gauge'
  /**
   * How the readings of the processes of `WEB_CONCURRENCY` become one: what each has of its own is added up, of what all read
   * alike the largest counts, and of yes and no the no.
   */
  together: 'sum' | 'max' | 'min'
}

const counter = <const L extends readonly string[]>(name: string, help: string, labels: L) =>
  ({ kind: 'counter', name, help, labels }) as const satisfies Counter

const gauge = <const L extends readonly string[]>(
  name: string,
  help: string,
  labels: L,
  together: Gauge['together'] = 'sum',
) => ({ kind: 'gauge', name, help, labels, together }) as const satisfies Gauge

const histogram = <const L extends readonly string[]>(
  name: string,
  help: string,
  labels: L,
  buckets: readonly number[],
) => ({ kind: 'histogram', name, help, labels, buckets }) as const satisfies Histogram

const ANSWER_SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const STATEMENT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5]
const JOB_SECONDS = [0.01, 0.05, 0.25, 1, 5, 30, 120, 600, 3_600]
const TOKEN_SECONDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60]

export const METRICS = {
  build: gauge('ashlar_build_info', 'Always 1: which version runs, on which Node.', ['version', 'node'], 'max'),

  ready: gauge(
    'ashlar_ready',
    'Whether requests may come: 1, or 0 while it stops, while the database is away, and while its clock differs.',
    [],
    'min',
  ),

  requests: counter(
    'ashlar_http_requests_total',
    'Requests by base and status; 499 where the client did not wait for the answer or for all of it.',
    ['base', 'status'],
  ),
  answerSeconds: histogram(
    'ashlar_http_request_duration_seconds',
    'From the headers of a request to the end of its answer, of a stream to its beginning, by operation and class of status.',
    ['route', 'class'],
    ANSWER_SECONDS,
  ),
  connections: gauge('ashlar_http_connections', 'Open connections of clients.', []),
  streams: gauge('ashlar_http_streams', 'Open streams of events and of answers of models.', []),
  uploads: counter('ashlar_uploads_total', 'Files that were received, and how that ended.', ['outcome']),
  uploadedBytes: counter('ashlar_uploaded_bytes_total', 'Bytes of files that were kept.', []),

  databaseUp: gauge('ashlar_db_up', 'Whether the database answers: 1 or 0.', [], 'min'),
  poolConnections: gauge('ashlar_db_pool_connections', 'Connections of the pool, in use and idle.', ['state']),
  poolSize: gauge('ashlar_db_pool_size', 'How many connections the pool may have.', []),
  poolWaiting: gauge('ashlar_db_pool_waiting', 'Requests that wait for a connection of the pool.', []),
  statementSeconds: histogram(
    'ashlar_db_statement_duration_seconds',
    'From sending a statement to its result.',
    [],
    STATEMENT_SECONDS,
  ),
  slowStatements: counter('ashlar_db_slow_statements_total', 'Statements that took DB_SLOW_QUERY or longer.', []),
  databaseAway: counter(
    'ashlar_db_unavailable_total',
    'Work that failed because the database could not be used: no connection, a timeout, a lost race.',
    [],
  ),
  dataRefused: counter(
    'ashlar_db_data_refused_total',
    'Values that only the database refused (SQLSTATE classes 22 and 23): each is a hole in a schema of a route.',
    ['code'],
  ),

  jobs: gauge(
    'ashlar_jobs',
    'Jobs of the installation by kind: ready, deferred, active and failed. Every process reads the same.',
    ['queue', 'state'],
    'max',
  ),
  jobsEnded: counter('ashlar_jobs_ended_total', 'Tries of jobs that this process made, and how they ended.', [
    'queue',
    'outcome',
  ]),
  jobSeconds: histogram('ashlar_job_duration_seconds', 'How long one try of a job took.', ['queue'], JOB_SECONDS),
  jobsGivenUp: counter('ashlar_jobs_given_up_total', 'Jobs that were given up after their last try.', ['queue']),

  busUp: gauge('ashlar_bus_up', 'Whether this process hears the others: 1 or 0.', [], 'min'),
  busMessages: counter('ashlar_bus_messages_total', 'Messages between processes, sent and received.', [
    'topic',
    'direction',
  ]),
  busGaps: counter('ashlar_bus_gaps_total', 'How often messages may have been missed, and caches were emptied.', []),

  mailTries: counter('ashlar_mail_tries_total', 'What the mail server said to each try to deliver a mail.', [
    'outcome',
  ]),
  mailsEnded: counter('ashlar_mails_ended_total', 'Mails that came to their end.', ['state']),

  aiAnswers: counter('ashlar_ai_answers_total', 'Answers of language models, and how they ended.', [
    'provider',
    'state',
  ]),
  aiFailures: counter('ashlar_ai_failures_total', 'Answers that a provider failed in, and how.', ['provider', 'kind']),
  aiTokens: counter('ashlar_ai_tokens_total', 'Tokens that models read and wrote, as far as they are known.', [
    'provider',
    'direction',
  ]),
  aiFirstTokenSeconds: histogram(
    'ashlar_ai_first_token_seconds',
    'From the question to the first piece of the answer.',
    ['provider'],
    TOKEN_SECONDS,
  ),
  aiWriting: gauge('ashlar_ai_answers_writing', 'Answers that are being written.', []),
} as const satisfies Record<string, Counter | Histogram | Gauge>

/** Of what the library counts by itself: what every system has. */
export const OF_PROCESS = [
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'nodejs_eventloop_lag_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_p50_seconds',
  'nodejs_eventloop_lag_p90_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_eventloop_lag_max_seconds',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_external_memory_bytes',
  'nodejs_gc_duration_seconds',
  'nodejs_active_resources_total',
  'nodejs_version_info',
] as const

export type MetricName = keyof typeof METRICS
export type NamesOf<K extends 'counter' | 'gauge' | 'histogram'> = {
  [N in MetricName]: (typeof METRICS)[N]['kind'] extends K ? N : never
}[MetricName]
export type LabelsOf<N extends MetricName> = Record<(typeof METRICS)[N]['labels'][number], string>
