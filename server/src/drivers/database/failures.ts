// PostgreSQL's complaints about data, in the product's words: the one place that knows SQLSTATE.
import { type Problem, requestErrors } from '../../core/errors.ts'

interface PostgresError {
  code: string
  constraint?: string
  table?: string
  column?: string
}

/**
 * Class 22 (a value that cannot be stored) and 23 (a constraint) as `invalid`, `conflict` and `not_found`; undefined for
 * anything else. Reaching this is a hole in a schema: the cause is kept for the log.
 */
export function databaseProblem(error: unknown): Problem | undefined {
  const { code } = error as PostgresError
  if (typeof code !== 'string' || code.length !== 5) return undefined
  if (code === '23505' || code === '23P01') return requestErrors('data.conflict', { cause: error })
  if (code === '23503')
    return requestErrors('data.conflict', {
      cause: error,
      message: 'Something that this refers to does not exist or is still in use.',
    })
  if (code.startsWith('22') || code.startsWith('23')) return requestErrors('data.invalid', { cause: error })
  return undefined
}

/** Whether the failure is this unique constraint or index, so that a service can name the field. */
export function violates(error: unknown, ...constraints: string[]): boolean {
  const { code, constraint } = (error ?? {}) as PostgresError
  return code === '23505' && constraint !== undefined && constraints.includes(constraint)
}
