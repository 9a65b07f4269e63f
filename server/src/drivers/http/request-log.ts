// What the log tells of a request: who asked for what, and how it was answered; never a secret that stands in its address.
import type { FastifyReply, FastifyRequest } from 'fastify'
import { actorName } from '../../core/actor.ts'
import { dialects } from './dialects/index.ts'
import { CLIENT_LEFT } from './request-metrics.ts'
import type { Route } from './routes.ts'

/** A function that cuts a path where a secret of a route begins, also where the rest is no address of any route. */
export function pathShower(routes: readonly Route[]): (path: string) => string {
  const secret = routes.filter(({ secretParam }) => secretParam)
  const beginnings = dialects.flatMap((dialect) =>
    dialect.routes(secret).map(({ path, secretParam }) => dialect.prefix + path.split(`:${secretParam}`)[0]),
  )
  return (path) => {
    // As the router reads it: `%73hared` is `shared`.
    const read = decoded(path)
    const beginning = beginnings.find((one) => read.startsWith(one))
    return beginning === undefined ? path : `${beginning}…`
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** One line for each request. `left`: the client did not wait for the answer, or for all of it. */
export function logAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  { shown, hasLeft }: { shown: (path: string) => string; hasLeft: boolean },
): void {
  const route = request.routeOptions.config?.route
  request.log.info(
    {
      method: request.method,
      route: route?.operation ?? 'none',
      path: shown(request.url.split('?')[0]!),
      status: hasLeft && !reply.raw.headersSent ? CLIENT_LEFT : reply.statusCode,
      left: hasLeft || undefined,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ip: request.ip,
      traceId: request.doing?.traceId,
      spanId: request.doing?.span?.spanId,
      ...(request.actor && {
        actor: actorName(request.actor),
        tenant: 'tenantId' in request.actor ? request.actor.tenantId : undefined,
      }),
    },
    'request',
  )
}
