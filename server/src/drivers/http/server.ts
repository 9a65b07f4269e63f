// The HTTP server: limits, headers, the error edge, and every declared route on every base that serves it.
import { setTimeout as sleep } from 'node:timers/promises'
import cors from '@fastify/cors'
import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController,
} from 'fastify'
import type { TSchema } from 'typebox'
import { type Clock, systemClock } from '../../core/clock.ts'
import { type Meter, type Metrics, noMetrics, type Tracing } from '../telemetry/index.ts'
import { networkOf } from './addresses.ts'
import { jsonWriter } from './answers.ts'
import { watchArrivals } from './arrivals.ts'
import { watchConnections } from './closing.ts'
import { dialects } from './dialects/index.ts'
import { serveDocuments } from './documents.ts'
import { Downloads } from './downloads.ts'
import type { Authenticator } from './guard.ts'
import { type HeaderOptions, securityHeaders } from './headers.ts'
import { type Idempotency, REPLAYED_HEADER } from './idempotency.ts'
import { readBodies, requestId, tenantChooser } from './incoming.ts'
import type { RateLimiter } from './limits.ts'
import { refusalWhere } from './methods.ts'
import { mount } from './mount.ts'
import { refuse, refuseConnection } from './refusals.ts'
import { countDataFault } from './request-metrics.ts'
import { type Access, faultsOf, type Route } from './routes.ts'
import { OpenStreams } from './streams.ts'
import { tellOfRequests } from './telling.ts'

export interface HttpOptions extends Omit<HeaderOptions, 'csp'> {
  cspMode: HeaderOptions['csp']
  bodyLimit: number
  requestTimeoutMs: number
  headersTimeoutMs: number
  handlerTimeoutMs: number
  keepAliveTimeoutMs: number
  maxConnections: number
  /** Addresses and networks (CIDR) whose X-Forwarded-For is believed; empty trusts nobody. */
  trustedProxies: readonly string[]
  corsOrigins: readonly string[]
  /** Serves /docs, /redoc and the OpenAPI documents. */
  documents: boolean
  version: string
  tenancy: { strategy: 'header' | 'subdomain' | 'none'; mainDomain: string | undefined }
  /** How old a proof of a secret may be for routes that need a recent one. */
  reauthenticationSeconds: number
}

export interface HttpParts {
  routes: readonly Route[]
  authenticator: Authenticator
  limiter: RateLimiter
  /** The system's when left out. */
  clock?: Clock
  /** Without it the Idempotency-Key header has no effect. Closed with the server. */
  idempotency?: Idempotency
  /** Told of every answer and every connection. */
  meter?: Pick<Meter, 'answered' | 'watch'>
  metrics?: Metrics
  tracing?: Tracing | undefined
  log: FastifyBaseLogger
}

/** One method of one address as it is served. */
export interface MountedRoute {
  method: string
  url: string
  /** The declared access, or why there is none to declare. */
  access: Access | { open: string }
  operation: string | undefined
}

export interface HttpServer {
  app: FastifyInstance
  /** Everything that answers, in the order of mounting. */
  mounted: readonly MountedRoute[]
  /** Starts to listen; answers the address, `http://127.0.0.1:8000`. */
  listen(host: string, port: number): Promise<string>
  /**
   * Tells clients to leave (`Connection: close`), goes on answering for `delayMs`, then ends the streams, stops accepting
   * and waits for what is in flight.
   */
  drain(delayMs?: number): Promise<void>
}

/** Builds the server. Throws with every undeclared route's name before anything listens. */
export async function createHttp(options: HttpOptions, parts: HttpParts): Promise<HttpServer> {
  const faults = faultsOf(parts.routes)
  if (faults.length) throw new Error(`The routes cannot be mounted:\n- ${faults.join('\n- ')}`)

  const headers = securityHeaders({ csp: options.cspMode, hsts: options.hsts })
  const refuseStranger = async (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const limited = await parts.limiter
      .take('anonymous', networkOf(request.ip))
      .catch((refusal: unknown) => ({ refusal }))
    return refuse('refusal' in limited ? limited.refusal : error, request, reply)
  }
  const { metrics = noMetrics } = parts
  const app = createInstance(options, parts.log, {
    clientErrorHandler: refuseConnection(headers),
    // An address that cannot be decoded belongs to no route, so none of the hooks below runs for it.
    frameworkErrors(error, request, reply) {
      reply.headers(headers).header('x-request-id', request.id)
      void refuseStranger(error, request, reply).then(() => telling.answered(request, reply))
    },
  })
  let draining = false
  const downloads = new Downloads()
  const mounted: MountedRoute[] = []

  app.decorateRequest('actor', undefined)
  const telling = tellOfRequests(app, parts)
  const streams = new OpenStreams(telling.opened)
  app.addHook('onRoute', ({ config, method, url }) => {
    // OPTIONS is the CORS preflight: it answers headers only.
    if (method === 'OPTIONS') return
    const access = config?.route?.access ?? (config?.open === undefined ? undefined : { open: config.open })
    if (!access) throw new Error(`${method} ${url} is mounted without a declared access.`)
    for (const one of [method].flat()) mounted.push({ method: one, url, access, operation: config?.route?.operation })
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(headers)
    reply.header('x-request-id', request.id)
    if (draining) reply.header('connection', 'close')
  })
  readBodies(app)
  app.setSerializerCompiler(({ schema }) => jsonWriter(schema as TSchema))
  if (options.corsOrigins.length) await app.register(cors, corsOptions(options.corsOrigins))
  await app.register(formbody, { bodyLimit: options.bodyLimit })
  await app.register(multipart)

  app.setErrorHandler((error, request, reply) => {
    countDataFault(metrics, error)
    return refuse(error, request, reply)
  })
  const refusalAt = refusalWhere(mounted)
  app.setNotFoundHandler((request, reply) => refuseStranger(refusalAt(request.url), request, reply))

  const tenantChoice = tenantChooser(options.tenancy)
  const freshness = { clock: parts.clock ?? systemClock, seconds: options.reauthenticationSeconds }
  const closing = watchConnections(app.server, (socket) => parts.meter?.watch(socket))
  metrics.gauge('connections', () => [[closing.size(), {}]])
  metrics.gauge('streams', () => [[streams.size, {}]])
  const arrivals = watchArrivals(app.server, options.requestTimeoutMs, refuseConnection(headers))
  for (const dialect of dialects) {
    for (const route of dialect.routes(parts.routes))
      mount(app, dialect, route, { ...parts, freshness, tenantChoice, arrivals, streams, downloads })
  }
  app.addHook('onClose', async () => parts.idempotency?.close())
  // The listener closes right after this hook.
  app.addHook('preClose', () => closing.quiet())
  if (options.documents) serveDocuments(app, parts.routes, options.version)
  await app.ready()

  return {
    app,
    mounted,
    listen: (host, port) => app.listen({ host, port }),
    async drain(delayMs = 0) {
      draining = true
      if (delayMs > 0) await sleep(delayMs)
      streams.stop()
      // A connection whose request began before may be kept open by its client when the request is done.
      const stopSweeping = closing.sweep()
      await app.close().finally(stopSweeping)
    },
  }
}

type Refusals = Pick<FastifyServerOptions, 'clientErrorHandler' | 'frameworkErrors'>

function createInstance(options: HttpOptions, log: FastifyBaseLogger, refusals: Refusals): FastifyInstance {
  const app = Fastify({
    ...refusals,
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimit,
    // Node has one time for all requests; see arrivals.ts.
    requestTimeout: 0,
    handlerTimeout: options.handlerTimeoutMs,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    maxRequestsPerSocket: 10_000,
    forceCloseConnections: 'idle',
    // Whoever was let in before the listener closed is served.
    return503OnClosing: false,
    trustProxy: options.trustedProxies.length ? [...options.trustedProxies] : false,
    genReqId: requestId,
    routerOptions: { maxParamLength: 200 },
    http: { headersTimeout: options.headersTimeoutMs, connectionsCheckingInterval: 2_000, maxHeaderSize: 16_384 },
  })
  app.server.maxConnections = options.maxConnections
  return app as unknown as FastifyInstance
}

function corsOptions(origins: readonly string[]) {
  return {
    origin: [...origins],
    credentials: false,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: [
      'authorization',
      'content-type',
      'x-tenant-id',
      'x-request-id',
      'if-match',
      'if-none-match',
      'idempotency-key',
      'last-event-id',
      'x-link-pass',
    ],
    exposedHeaders: [
      'x-request-id',
      'etag',
      'retry-after',
      REPLAYED_HEADER,
      'ratelimit-limit',
      'ratelimit-remaining',
      'ratelimit-reset',
    ],
    maxAge: 600,
    hideOptionsRoute: true,
  }
}
