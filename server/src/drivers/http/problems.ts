// The error edge: everything that can be thrown becomes one Problem, and only here kinds become status numbers.
import { type ErrorKind, Problem, requestErrors } from '../../core/errors.ts'
import { databaseProblem } from '../database/failures.ts'

const STATUS: Record<ErrorKind, number> = {
  malformed: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  stale: 412,
  too_large: 413,
  unsupported_media: 415,
  invalid: 422,
  range: 416,
  locked: 423,
  limited: 429,
  internal: 500,
  unavailable: 503,
  full: 507,
}

export function statusOf(kind: ErrorKind): number {
  return STATUS[kind]
}

export const TITLES: Record<ErrorKind, string> = {
  malformed: 'Bad request',
  unauthenticated: 'Not signed in',
  forbidden: 'Forbidden',
  not_found: 'Not found',
  method_not_allowed: 'Method not allowed',
  conflict: 'Conflict',
  stale: 'Precondition failed',
  too_large: 'Content too large',
  unsupported_media: 'Unsupported media type',
  invalid: 'Invalid fields',
  range: 'Range not satisfiable',
  locked: 'Locked',
  limited: 'Too many requests',
  internal: 'Internal error',
  unavailable: 'Service unavailable',
  full: 'Insufficient storage',
}

/** What was thrown, as the product's error: ours as it is, the framework's and the database's by code, the rest as internal. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  const known = error instanceof Error ? (frameworkProblem(error) ?? databaseProblem(error)) : undefined
  // Anything can be thrown, `undefined` as well.
  return known ?? requestErrors('server.internal', { cause: error ?? new Error('nothing was thrown') })
}

function frameworkProblem(error: Error & { code?: string; statusCode?: number }): Problem | undefined {
  const code = error.code ?? ''
  if (
    code === 'FST_ERR_CTP_BODY_TOO_LARGE' ||
    code === 'FST_REQ_FILE_TOO_LARGE' ||
    (code.startsWith('FST_') && code.endsWith('_LIMIT'))
  ) {
    return requestErrors('request.too_large', { cause: error })
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE' || code === 'FST_INVALID_MULTIPART_CONTENT_TYPE')
    return requestErrors('request.unsupported_media', { cause: error })
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY')
    return requestErrors('request.malformed', {
      message: 'The body is empty, and its content type says JSON.',
      cause: error,
    })
  if (code === 'FST_ERR_HANDLER_TIMEOUT') return requestErrors('request.timeout', { cause: error, retryAfter: 1 })
  // Fastify's own refusals and a body that is no JSON: the caller's fault, whatever the exact code.
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500)
    return requestErrors('request.malformed', { cause: error })
  return undefined
}
