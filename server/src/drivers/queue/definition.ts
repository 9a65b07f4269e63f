// What a kind of job is: its settings, which live in the database, and its handler, which lives in the program.
import type { Static, TSchema } from 'typebox'
import type { Executor, Tx } from '../database/index.ts'
import type { Log } from '../telemetry/log.ts'

export interface JobSettings<P extends TSchema = TSchema> {
  /** `noun.verb`: the queue's name too. */
  name: string
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
}

/** A handle on the rows of the job's tenant. */
export interface TenantDatabase extends Executor {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

export interface JobRun<P = unknown> {
  payload: P
  tenantId: string
  database: TenantDatabase
  /** The same for every try: the key under which an effect happens once. */
  jobId: string
  /** From 1. */
  attempt: number
  /** Aborted at the timeout, when another worker has taken the job, and when the process must end. */
  signal: AbortSignal
  log: Log
  /**
   * Makes the effect and the end of the job one: commits with `tx`, or throws when this try no longer holds the job, so
   * that nothing is written twice. The handler must have nothing left to do after that transaction.
   */
  complete(tx: Tx): Promise<void>
}

/** What is known of a job that was given up. */
export interface AbandonedJob<P = unknown>
  extends Pick<JobRun<P>, 'payload' | 'tenantId' | 'database' | 'jobId' | 'log'> {
  reason: string
}

export interface JobDefinition<P extends TSchema = TSchema> extends JobSettings<P> {
  /** Runs at least once for each committed job. Throws to be tried again; `JobRefused` to be given up at once. */
  handler(run: JobRun<Static<P>>): Promise<void>
  /** Called at least once after the job was given up for good, in whatever process. */
  abandoned?(job: AbandonedJob<Static<P>>): Promise<void>
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
  tenantId: string
  payload: unknown
}
