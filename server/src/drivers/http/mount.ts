// Mounting: one declared route on one base becomes one Fastify route, guard and checks included.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Actor, UserActor } from '../../core/actor.ts'
import { requestErrors } from '../../core/errors.ts'
import { answerWriter } from './answers.ts'
import type { Arrivals } from './arrivals.ts'
import { camelKeysFor } from './casing.ts'
import type { Dialect } from './dialects/index.ts'
import type { Downloads } from './downloads.ts'
import { versionReader } from './etags.ts'
import { type Authenticator, admit, endOf, type Freshness, isFresh, readmit, readmitUploader } from './guard.ts'
import { type Idempotency, isRepeatable, KEY_HEADER, REPLAYED_HEADER } from './idempotency.ts'
import type { RateLimiter } from './limits.ts'
import { dropKept, type Multipart, readMultipart } from './multipart.ts'
import type { BodyKind, RequestFacts, Route } from './routes.ts'
import type { OpenStreams, Streaming } from './streams.ts'
import { compileCheck } from './validation.ts'

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | undefined
  }
  interface FastifyContextConfig {
    /** Present on every route: the declared one, or why the route has none. */
    route?: Route
    open?: string
    dialect?: Dialect
  }
}

export interface MountParts {
  arrivals: Arrivals
  authenticator: Authenticator
  limiter: RateLimiter
  freshness: Freshness
  /** Without it the Idempotency-Key header has no effect. */
  idempotency?: Idempotency
  tenantChoice(request: FastifyRequest): string | undefined
  streams: OpenStreams
  downloads: Downloads
}

const A_DAY_MS = 86_400_000

export function mount(app: FastifyInstance, dialect: Dialect, route: Route, parts: MountParts): void {
  const accepts = route.accepts ?? ['json']
  const readInput = compileInput(dialect, route)
  const answer = answerWriter(dialect, route, parts.downloads)
  const readVersion = versionReader(route)
  const idempotency = isRepeatable(route) ? parts.idempotency : undefined
  // fast-json-stringify writes only what the schema lists; the other dialects change the shape after it.
  const answersAsDeclared =
    (dialect.base === 'canonical' || dialect.base === 'plain') && !route.binary && !route.streams

  app.route({
    method: route.method,
    url: dialect.prefix + route.path,
    config: { route, dialect },
    ...(answersAsDeclared && { schema: { response: { [route.status ?? 200]: route.answer } } }),
    ...(route.bodyLimit && { bodyLimit: route.bodyLimit }),
    // The time of a handler begins with the headers: an upload may take long to arrive.
    ...((route.unhurried || route.files || route.uploads) && { handlerTimeout: A_DAY_MS }),
    onRequest: async (request, reply) => {
      if (route.answerHeaders) reply.headers(route.answerHeaders)
      const facts = factsOf(request, route, dialect, parts)
      const { authenticator, limiter, freshness } = parts
      const identified = (actor: Actor) => {
        request.actor = actor
      }
      const { headers } = await admit(route, request.headers.authorization, facts, {
        authenticator,
        limiter,
        freshness,
        identified,
      })
      reply.headers(headers)
      if (route.body) refuseOtherBodies(request, accepts)
    },
    handler: async (request, reply) => {
      const keeper = request.actor as UserActor
      if (route.files || route.uploads) parts.arrivals.expectUpload(request.raw)
      const arrived = await readBody(request, route)
      try {
        const value = await handle(request, reply, arrived)
        return route.streams && reply.sent ? reply : answer(request, reply, value)
      } finally {
        await dropKept(route.uploads, keeper, arrived.uploads)
      }
    },
  })

  async function handle(request: FastifyRequest, reply: FastifyReply, arrived: Arrived): Promise<unknown> {
    const input = readInput(request, arrived.fields)
    const facts = factsOf(request, route, dialect, parts)
    if (route.body) {
      const again = route.files || route.uploads ? readmitUploader : readmit
      request.actor = await again(route, request.headers.authorization, facts, parts, request.actor!)
    }
    const { files, uploads } = arrived
    const context = {
      ...input,
      actor: request.actor!,
      facts: { ...facts, fresh: isFresh(request.actor!, parts.freshness) },
      ifMatch: readVersion(request.headers['if-match']),
      files,
      uploads,
      headers: declaredHeaders(request, route),
      stream: route.streams && streamingOf(request, reply, { route, facts, parts }),
    }
    const work = () => route.handle(context as never)
    const shown = async (value: unknown) => (route.show ? route.show(value, context as never) : value)
    const header = idempotency && request.headers[KEY_HEADER]?.toString()
    if (header === undefined) return shown(await work())
    const call = {
      actor: request.actor as UserActor,
      route,
      header,
      input: route.uploads ? { ...input, files: uploads.map(({ id: _, ...about }) => about) } : input,
      replaying: () => void reply.header(REPLAYED_HEADER, 'true'),
    }
    return shown(await idempotency!.once(call, work))
  }
}

type Arrived = Omit<Multipart, 'fields'> & { fields: unknown }

async function readBody(request: FastifyRequest, route: Route): Promise<Arrived> {
  return request.isMultipart?.() ? readMultipart(request, route) : { fields: request.body, files: {}, uploads: [] }
}

function compileInput(
  dialect: Dialect,
  route: Route,
): (request: FastifyRequest, sentBody: unknown) => { params: unknown; query: unknown; body: unknown } {
  const checkParams = route.params && compileCheck('path', route.params, 'refuse')
  const checkQuery = route.query && compileCheck('query', route.query, 'ignore')
  const checkBody = route.body && compileCheck('body', route.body, dialect.unknownKeys)
  const camelQuery = camelKeysFor(route.query)
  const camelBody = camelKeysFor(route.body)
  return (request, sentBody) => {
    checkParams?.(request.params)
    let query: unknown
    if (checkQuery) {
      query = dialect.accept(route, 'query', camelQuery({ ...(request.query as object) }))
      checkQuery(query)
    }
    let body: unknown
    if (checkBody) {
      body = dialect.accept(route, 'body', camelBody(sentBody ?? {}))
      checkBody(body, sentBody === undefined ? 'The request has no body, and needs one.' : undefined)
    }
    return { params: request.params, query, body }
  }
}

function streamingOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { route, facts, parts }: { route: Route; facts: RequestFacts; parts: MountParts },
): Streaming {
  // Kept as long as the stream: neither the request nor the answer is to be held by it.
  const { authorization } = request.headers
  const { authenticator, freshness, streams } = parts
  return {
    open: (held) => streams.open(request, reply, held),
    async readmit() {
      const actor = await readmit(route, authorization, facts, { authenticator, freshness })
      return { actor, until: endOf(authorization, actor, authenticator) }
    },
  }
}

function declaredHeaders(request: FastifyRequest, { headers = {} }: Route): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, request.headers[name]?.toString()]))
}

const KINDS: Record<string, BodyKind> = {
  'application/json': 'json',
  'application/x-www-form-urlencoded': 'form',
  'multipart/form-data': 'multipart',
}

function refuseOtherBodies(request: FastifyRequest, accepts: readonly BodyKind[]): void {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (!type) return
  const kind = KINDS[type]
  if (!kind || !accepts.includes(kind)) {
    throw requestErrors('request.unsupported_media', {
      message: `This route reads ${accepts.map((one) => Object.keys(KINDS).find((key) => KINDS[key] === one)).join(' or ')}.`,
    })
  }
}

function factsOf(request: FastifyRequest, route: Route, dialect: Dialect, parts: MountParts): RequestFacts {
  const params = request.params as Record<string, string>
  return {
    requestId: request.id,
    ip: request.ip,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 512),
    base: dialect.base,
    tenantChoice: parts.tenantChoice(request),
    ...(route.tenantParam && { tenantInPath: params[route.tenantParam] }),
    ...(route.leaverParam && { leaver: params[route.leaverParam] }),
  }
}
