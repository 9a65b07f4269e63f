// The connection pool of the application role: bounded waits, bounded statements, and no way for a lost server to end the process.
import { createHash } from 'node:crypto'
import pg from 'pg'
import { Problem } from '../../core/errors.ts'
import { preparePreludes } from './prelude.ts'

export interface PoolOptions {
  /** Connection URL of the application role. */
  url: string
  size: number
  /** How long a request waits for a connection, in milliseconds. */
  waitMs: number
  statementMs: number
  lockMs: number
  idleTransactionMs: number
  /** An unused connection is closed after this many milliseconds. */
  idleMs: number
  /** A connection is replaced after this many seconds, used or not. */
  recycleSeconds: number
  /** Behind a pooler, whose connections are no single client's: the timeouts stand at the role then. */
  pooled?: boolean
  /** Off for a pooler in transaction mode that does not keep prepared statements. */
  prepared: boolean
  applicationName: string
}

export interface PoolLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
}

// TIMESTAMP(3) columns of the shared schema hold UTC; BIGINT counts and sizes stay far below 2^53.
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === pg.types.builtins.TIMESTAMP && format !== 'binary')
      return (text: string) => new Date(`${text.replace(' ', 'T')}Z`)
    if (oid === pg.types.builtins.INT8 && format !== 'binary') return parseSafeInteger
    return pg.types.getTypeParser(oid, format as 'text')
  },
}

function parseSafeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is beyond 2^53`)
  return value
}

/** A pg pool whose idle and checked-out connections all have an error listener (a missing one ends the process). */
export function createPool(options: PoolOptions, log: PoolLog): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.size,
    connectionTimeoutMillis: options.waitMs,
    idleTimeoutMillis: options.idleMs,
    maxLifetimeSeconds: options.recycleSeconds,
    ...(!options.pooled && timeoutsOf(options)),
    application_name: options.applicationName,
    keepAlive: true,
    types: types as unknown as pg.CustomTypesConfig,
    ...(options.prepared && { onConnect: preparePreludes }),
  } as pg.PoolConfig)
  const lost = (error: Error) => log.warn({ reason: error.message }, 'a database connection was lost')
  pool.on('error', lost)
  pool.on('connect', (client) => client.on('error', lost))
  return pool
}

export type Timeouts = Pick<PoolOptions, 'statementMs' | 'lockMs' | 'idleTransactionMs'>

/** PostgreSQL's settings of how long a session may take, in milliseconds. */
export function timeoutsOf({ statementMs, lockMs, idleTransactionMs }: Timeouts) {
  return {
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: idleTransactionMs,
  }
}

const names = new Map<string, string>()

/** The name under which a statement is prepared: the same for the same text in every process. */
export function statementName(text: string): string {
  let name = names.get(text)
  if (!name) {
    name = `a_${createHash('sha256').update(text).digest('base64url').slice(0, 20)}`
    names.set(text, name)
  }
  return name
}

/** True when the failure is the connection's or the server's, so that the same work may succeed shortly. */
export function isUnavailable(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  if (code) return UNAVAILABLE_CODES.has(code) || code.startsWith('08') || code.startsWith('53')
  return Boolean(
    message &&
      /timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|timeout expired/.test(
        message,
      ),
  )
}

// 57P01-57P03: the server shuts down, crashed or starts; 57014 is a statement timeout; 55P03 a lock timeout; 25P03 an idle transaction; 40001/40P01 lost races.
const UNAVAILABLE_CODES = new Set(
  'ECONNREFUSED ECONNRESET EPIPE ENOENT ETIMEDOUT EHOSTUNREACH ENOTFOUND 57P01 57P02 57P03 57014 55P03 25P03 40001 40P01'.split(
    ' ',
  ),
)

/** The product's error for a database that cannot be used right now. */
export function unavailable(cause: unknown): Problem {
  return new Problem(
    'unavailable',
    'server.unavailable',
    'The service is not available right now. Try again shortly.',
    { cause, retryAfter: 1 },
  )
}
