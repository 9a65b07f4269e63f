// How requests are refused: by the dialect of their address, with a request id, and with nothing of the server's inside.
import { randomBytes } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Problem, requestErrors } from '../../core/errors.ts'
import { canonical, dialectFor } from './dialects/index.ts'
import { headersOfLimit } from './limits.ts'
import { lingerAfterAnswer } from './lingering.ts'
import { statusOf, toProblem } from './problems.ts'

/** Answers with what was thrown, as the caller may see it; what an operator must know goes to the log. */
export function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = toProblem(error)
  if (problem.kind === 'internal' || problem.kind === 'unavailable' || problem.code.startsWith('data.')) {
    request.log.error({ code: problem.code, error: describe(problem.cause ?? problem) }, 'request failed')
  }
  const instance = request.url.split('?')[0]!
  const dialect = request.routeOptions.config?.dialect ?? dialectFor(instance)
  const { status, contentType, body } = dialect.problem(problem, {
    status: statusOf(problem.kind),
    requestId: request.id,
    instance,
  })
  if (problem.retryAfter !== undefined) reply.header('retry-after', String(problem.retryAfter))
  if (problem.kind === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
  if (problem.kind === 'method_not_allowed') reply.header('allow', (problem.facts.allowed as string[]).join(', '))
  reply.headers(headersOfLimit(problem))
  if (!request.raw.complete) leaveBody(request, reply)
  return reply.code(status).header('cache-control', 'no-store').type(contentType).serializer(JSON.stringify).send(body)
}

const DRAINED_BYTES = 1_048_576

/**
 * A keep-alive connection would take an unread body for the next request. A short one is read to its end; with a long one the
 * connection ends, in a way that the client gets its answer and not a reset.
 */
function leaveBody({ raw }: FastifyRequest, reply: FastifyReply): void {
  const length = Number(raw.headers['content-length'] ?? Number.POSITIVE_INFINITY)
  if (length <= DRAINED_BYTES && reply.getHeader('connection') !== 'close') raw.resume()
  else {
    reply.header('connection', 'close')
    lingerAfterAnswer(raw)
  }
}

/** What an operator needs of an error: never the object itself, nor PostgreSQL's detail, which may hold the whole row. */
function describe(error: unknown): object {
  const { name, message, code, stack, table, column, constraint } = (error ?? {}) as Record<string, unknown>
  return { name, message, code, table, column, constraint, stack }
}

/** Answers what Node could not read as a request (RFC 9110, 15.5) or waited for in vain, and ends the connection. */
export function refuseConnection(headers: Record<string, string>): (error: Error, socket: Socket) => void {
  return (error, socket) => {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ECONNRESET' || socket.destroyed) return
    if (socket.writable) socket.write(connectionAnswer(connectionProblem(code), headers))
    socket.destroy(error)
  }
}

/** The status of the answer with which this server ended a connection; undefined where somebody else ended it. */
export function refusedWith({ errored }: Pick<Socket, 'errored'>): number | undefined {
  const { code } = (errored ?? {}) as NodeJS.ErrnoException
  return code?.startsWith('HPE_') || code?.startsWith('ERR_HTTP_') ? connectionProblem(code).status : undefined
}

function connectionProblem(code: string | undefined): { status: number; problem: Problem } {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return {
      status: 408,
      problem: requestErrors('request.malformed', { message: 'The request took too long to arrive.' }),
    }
  if (code === 'HPE_HEADER_OVERFLOW')
    return { status: 431, problem: requestErrors('request.malformed', { message: 'The headers are too large.' }) }
  return { status: 400, problem: requestErrors('request.malformed') }
}

function connectionAnswer(
  { status, problem }: ReturnType<typeof connectionProblem>,
  headers: Record<string, string>,
): string {
  const requestId = randomBytes(12).toString('hex')
  const { body, contentType } = canonical.problem(problem, { status, requestId, instance: '' })
  const text = JSON.stringify(body)
  const all = {
    ...headers,
    'cache-control': 'no-store',
    'content-type': contentType,
    'content-length': String(Buffer.byteLength(text)),
    'x-request-id': requestId,
    connection: 'close',
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, '', text].join('\r\n')
}
