// What is told of each request, once, to the log, the metrics and the trace: at its end, of a stream when it begins, and also where the client left.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Meter, type Metrics, noMetrics, type Tracing } from '../telemetry/index.ts'
import { refusedWith } from './refusals.ts'
import { logAnswer, pathShower } from './request-log.ts'
import { countAnswer, expectDataFaults } from './request-metrics.ts'
import { endTrace, followRequests } from './request-traces.ts'
import type { Route } from './routes.ts'

declare module 'fastify' {
  interface FastifyRequest {
    isTold: boolean
    /** Tells that the client has left. */
    onLeaving: (() => void) | undefined
  }
}

export interface TellingParts {
  routes: readonly Route[]
  meter?: Pick<Meter, 'answered'> | undefined
  metrics?: Metrics | undefined
  tracing?: Tracing | undefined
}

export interface Telling {
  /** For requests that the hooks do not see. */
  answered(request: FastifyRequest, reply: FastifyReply): void
  /** A stream began: how long it is listened to is its client's business, and nothing of the request is held for it. */
  opened(request: FastifyRequest, reply: FastifyReply): void
}

/** Before any other hook. */
export function tellOfRequests(
  app: FastifyInstance,
  { routes, meter, metrics = noMetrics, tracing }: TellingParts,
): Telling {
  const shown = pathShower(routes)
  expectDataFaults(metrics)

  function tell(request: FastifyRequest, reply: FastifyReply, hasLeft = false): void {
    if (request.isTold) return
    request.isTold = true
    endTrace(request, reply, hasLeft)
    countAnswer(metrics, request, reply, hasLeft)
    if (!hasLeft) meter?.answered(reply.statusCode, reply.elapsedTime)
    logAnswer(request, reply, { shown, hasLeft })
  }

  app.decorateRequest('isTold', false)
  app.decorateRequest('onLeaving', undefined)
  followRequests(app, shown, tracing)
  app.addHook('onRequest', (request, reply, done) => {
    request.onLeaving = () => {
      const status = reply.raw.headersSent ? undefined : refusedWith(request.raw.socket)
      if (status !== undefined) reply.code(status)
      tell(request, reply, status === undefined)
    }
    reply.raw.once('close', request.onLeaving)
    done()
  })
  app.addHook('onResponse', async (request, reply) => tell(request, reply))
  return {
    answered: (request, reply) => tell(request, reply),
    opened(request, reply) {
      tell(request, reply)
      if (request.onLeaving) reply.raw.off('close', request.onLeaving)
    },
  }
}
