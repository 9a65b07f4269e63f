// What a kind of job is: its settings, which live in the database, and its handler, which lives in the program.
import Type, { type Static, type TSchema } from 'typebox'
import type { Executor, Tx } from '../database/index.ts'
import type { Log } from '../telemetry/log.ts'

export interface JobSettings<P extends TSchema = TSchema> {
  /** `noun.verb`: the queue's name too. */
  name: string
  /** Whose its jobs are: a tenant's unless said otherwise, or nobody's but the installation's. */
  scope?: 'tenant' | 'installation'
  /** What a job is told. Row security does not guard the queue's tables: ids only, never content and never a secret. */
  schema: P
  retry: {
    /** How often it is tried again after the first time. */
    limit: number
    delaySeconds: number
    /** Whether each delay is about twice the one before, at random between half and whole. */
    backoff: boolean
    /** The longest delay, with backoff. */
    maxDelaySeconds: number
  }
  /** How long one try may take: its signal is aborted then, and the try has failed. At most a day. */
  timeoutSeconds: number
  /** How many jobs of this kind one process works on at once. */
  concurrency: number
  /** Silence after which the worker counts as dead, in seconds: 20 unless said otherwise, at least 10. */
  heartbeatSeconds?: number
  /** For how long a job is kept after its end, in days: 7 unless said otherwise. */
  keepDays?: number
  /** When the installation runs it by itself, with an empty payload. */
  schedule?: JobSchedule
}

export interface JobSchedule {
  /** Five fields from minutes to days of the week, or six with seconds before them. */
  cron: string
  /** IANA name of the zone whose clock it follows. */
  timeZone: string
}

/**
 * The settings of work that the installation does by itself once a night, at the cron's time in UTC: it is told nothing, may
 * take an hour, and is tried again for some hours where it fails. A process does one at a time.
 */
export function nightlyJob<const N extends string>(name: N, cron: string) {
  return {
    name,
    scope: 'installation',
    schedule: { cron, timeZone: 'UTC' },
    schema: Type.Object({}),
    retry: { limit: 10, delaySeconds: 60, backoff: true, maxDelaySeconds: 3_600 },
    timeoutSeconds: 3_600,
    concurrency: 1,
  } satisfies JobSettings
}

/** A handle on the rows of the job's tenant. */
export interface TenantDatabase extends Executor {
  /** Commits only while this try holds the job: not after it was cancelled, nor when another worker has taken it. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

/** What a job of the installation is run with. */
export interface InstallationRun<P = unknown> {
  payload: P
  /** The same for every try: the key under which an effect happens once. */
  jobId: string
  /** From 1. */
  attempt: number
  /** Aborted at the timeout, when the job was cancelled, when another worker has taken it, and when the process must end. */
  signal: AbortSignal
  log: Log
  /** Tells how far it is, from 0 to 1, to whoever asks. As often as one likes: it is written once a second at most. */
  progress(fraction: number, note?: string): void
  /**
   * Makes the effect and the end of the job one: commits with `tx`, or throws when this try no longer holds the job, so
   * that nothing is written twice. The handler must have nothing left to do after that transaction.
   */
  complete(tx: Tx, result?: JobOutcome): Promise<void>
}

/** What a job of a tenant is run with. */
export interface JobRun<P = unknown> extends InstallationRun<P> {
  tenantId: string
  database: TenantDatabase
}

/** What a job leaves for people to read: counts and ids, at most 2,000 characters as JSON. */
export type JobOutcome = Record<string, string | number | boolean | null>

/** What is known of a job that was given up. */
export interface AbandonedJob<P = unknown>
  extends Pick<JobRun<P>, 'payload' | 'tenantId' | 'database' | 'jobId' | 'log'> {
  reason: string
}

export interface JobDefinition<P extends TSchema = TSchema> extends JobSettings<P> {
  scope?: 'tenant'
  /** Runs at least once for each committed job. Throws to be tried again; `JobRefused` to be given up at once. */
  handler(run: JobRun<Static<P>>): Promise<JobOutcome | undefined> | Promise<void>
  /** Called at least once after the job was given up or cancelled, in whatever process. */
  abandoned?(job: AbandonedJob<Static<P>>): Promise<void>
  /**
   * Called in the transaction in which a person has a given-up job tried again: takes back what `abandoned` did, or throws
   * `JobRefused` with a sentence for that person.
   */
  revived?(tx: Tx, payload: Static<P>, jobId: string): Promise<void>
}

export interface InstallationJobDefinition<P extends TSchema = TSchema> extends JobSettings<P> {
  scope: 'installation'
  handler(run: InstallationRun<Static<P>>): Promise<JobOutcome | undefined> | Promise<void>
}

/** Thrown by a handler when no further try can succeed: the job goes to the dead letters. */
export class JobRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'JobRefused'
  }
}

/** What stands in a job's row. */
export interface Envelope {
  /** Null for a job of the installation. */
  tenantId: string | null
  payload: unknown
  /** The `traceparent` of what caused it, where traces are sent. */
  trace?: string
}
