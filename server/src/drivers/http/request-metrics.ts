// What is counted of requests: by operation and base, as they are declared, and never by what stands in an address.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { databaseProblem } from '../database/failures.ts'
import type { Metrics } from '../telemetry/index.ts'

const CLASSES = ['', '1xx', '2xx', '3xx', '4xx', '5xx']

/** What nginx calls a client that did not wait for the answer, or for all of it. */
export const CLIENT_LEFT = 499

/** An answer was written, or its client left. */
export function countAnswer(
  metrics: Pick<Metrics, 'count' | 'observe'>,
  request: FastifyRequest,
  { statusCode, elapsedTime }: FastifyReply,
  hasLeft: boolean,
): void {
  const { route, dialect } = request.routeOptions.config ?? {}
  metrics.count('requests', {
    base: dialect?.base ?? 'none',
    status: String(hasLeft ? CLIENT_LEFT : statusCode),
  })
  // How long a client waited before it left says little of us.
  if (hasLeft) return
  const status = CLASSES[Math.floor(statusCode / 100)] ?? 'other'
  metrics.observe('answerSeconds', { route: route?.operation ?? 'none', class: status }, elapsedTime / 1_000)
}

/** Codes that are likely: the first of each is to be seen as an increase. */
const DATA_FAULTS = ['22001', '22003', '22021', '22P02', '23502', '23503', '23505', '23514']

export function expectDataFaults(metrics: Pick<Metrics, 'count'>): void {
  for (const code of DATA_FAULTS) metrics.count('dataRefused', { code }, 0)
}

/** Something that no schema refused and the database did. */
export function countDataFault(metrics: Pick<Metrics, 'count'>, error: unknown): void {
  if (error instanceof Error && databaseProblem(error)) metrics.count('dataRefused', { code: (error as PgError).code })
}

type PgError = Error & { code: string }
