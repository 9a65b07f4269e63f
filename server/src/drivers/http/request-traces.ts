// Requests as what this process does: whatever happens in their course knows the route and the trace.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { actorName } from '../../core/actor.ts'
import { type Doing, doing, during, readTraceparent, type Span, type Tracing } from '../telemetry/index.ts'

declare module 'fastify' {
  interface FastifyRequest {
    doing: Doing | undefined
  }
}

/** Has every request followed; with `tracing` each but those to the plain base, health checks mostly, is a span. */
export function followRequests(
  app: FastifyInstance,
  shown: (path: string) => string,
  tracing: Tracing | undefined,
): void {
  app.decorateRequest('doing', undefined)
  app.addHook('onRequest', (request, _reply, done) => {
    const { route, dialect } = request.routeOptions.config ?? {}
    const { traceparent } = request.headers
    const span = tracing && dialect?.base !== 'plain' ? spanOf(tracing, request, shown) : undefined
    const facts = { route: route?.operation ?? 'none', reqId: request.id }
    request.doing = { facts, traceId: span?.traceId ?? readTraceparent(traceparent)?.traceId, span }
    during(request.doing, done)
  })
  // A body arrives in the course of its connection.
  app.addHook('preValidation', (request, _reply, done) => {
    if (doing() === request.doing) done()
    else during(request.doing!, done)
  })
}

function spanOf(tracing: Tracing, request: FastifyRequest, shown: (path: string) => string): Span {
  const { url: pattern, config } = request.routeOptions
  const known = config?.route && pattern
  return tracing.begin(
    'SERVER',
    known ? `${request.method} ${pattern}` : request.method,
    request.headers.traceparent?.toString(),
    {
      'http.request.method': request.method,
      'url.path': shown(request.url.split('?')[0]!),
      ...(known && { 'http.route': pattern, 'ashlar.operation': config.route!.operation }),
      'ashlar.request_id': request.id,
    },
  )
}

/** The end of a request's span. */
export function endTrace(request: FastifyRequest, reply: FastifyReply, hasLeft: boolean): void {
  const { actor } = request
  const span = request.doing?.span
  if (!span) return
  if (!hasLeft || reply.raw.headersSent) span.set({ 'http.response.status_code': reply.statusCode })
  span.set({
    ...(actor && { 'ashlar.actor': actorName(actor) }),
    ...(actor && 'tenantId' in actor && { 'ashlar.tenant': actor.tenantId }),
    ...(hasLeft && { 'ashlar.client_left': true }),
  })
  if (reply.statusCode >= 500) span.fail()
  span.end()
}
