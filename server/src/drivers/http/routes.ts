// What a route is: one declaration from which mounting, guarding, validating, answering and documenting all follow.
import type { Static, TSchema } from 'typebox'
import type { Actor, AdminActor, UserActor } from '../../core/actor.ts'
import type { Permission } from '../../core/permission.ts'
import type { Streaming } from './streams.ts'

/**
 * Who may enter.
 * - `{ public: reason }`: anyone; with `or: 'admin'` a bearer token is read as an admin's where one is sent, and refused when it is none
 * - `session`: a signed-in user in person, neither by a personal access token nor an admin in the user's name (credentials and sign-in state)
 * - `user`: a signed-in user or a personal access token
 * - `admin`: an account of the back-office realm
 * - a permission such as `users:view`, held in the tenant of the request
 */
export type Access = { public: string; or?: 'admin' } | 'session' | 'user' | 'admin' | Permission

/** The bucket that a call is counted in. `general` and `ai` are per actor when signed in, else per address. */
export type RateClass = 'general' | 'ai' | 'auth' | 'refresh' | 'uncounted'

/** An API base, by the dialect that it speaks. `plain` is the root without a dialect of its own: health and documents. */
export type Base = 'canonical' | 'halolight' | 'envelope' | 'plain'

export type BodyKind = 'json' | 'form' | 'multipart'

export interface UploadedFile {
  /** As the caller named it: a label, never a path. */
  name: string
  bytes: Buffer
}

/** A file of a multipart body while it arrives. */
export interface ArrivingFile {
  /** As the caller named it: a label, never a path. */
  name: string
  /** The content type that the caller says it has. */
  type: string
  content: AsyncIterable<Buffer>
}

/** A file that was kept while it arrived. */
export interface Kept {
  /** What the sink knows it by. */
  id: string
  bytes: number
  /** In hexadecimal. */
  sha256: string
}

export interface KeptFile extends Kept {
  /** The name of its field. */
  field: string
  name: string
}

/** Where a route keeps files while they arrive, so that memory holds none of them whole. */
export interface UploadSink {
  /** The names of the fields that may carry files, each any number of times. */
  fields: readonly string[]
  maxFiles: number
  /** Of all files of a request together. */
  maxBytes: number
  /** Reads the content to its end and keeps it. What it throws ends the request. */
  keep(actor: UserActor, file: ArrivingFile): Promise<Kept>
  /** Removes what nobody took over meanwhile. Called at the end of every request that kept something. */
  drop(actor: UserActor, ids: readonly string[]): Promise<void>
}

/** Facts of the request that services may record or decide by. */
export interface RequestFacts {
  requestId: string
  ip: string
  userAgent: string
  base: Base
  /** The tenant that the request names by header or subdomain: an id or a slug, not yet checked. */
  tenantChoice: string | undefined
  /** The tenant that the path names, on routes with a `tenantParam`. */
  tenantInPath?: string | undefined
  /** The person whom the path names, on routes with a `leaverParam`. */
  leaver?: string | undefined
  /** Whether the caller proved a secret a short while ago: for verbs that ask it of some callers only. */
  fresh?: boolean
}

export interface RouteContext<A extends Access, P, Q, B> {
  actor: ActorFor<A>
  params: P
  query: Q
  body: B
  facts: RequestFacts
  /** The version that `If-Match` names: `updatedAt` in milliseconds. Only for routes that name an error of kind `stale`; others refuse it. */
  ifMatch: number | undefined
  files: Record<string, UploadedFile>
  /** What the route's `uploads` kept, in the order of the body. */
  uploads: readonly KeptFile[]
  /** The headers that the route declares, by their declared names. */
  headers: Record<string, string | undefined>
  /** Only for routes that stream. */
  stream: Streaming | undefined
}

type ActorFor<A extends Access> = A extends 'admin' ? AdminActor : A extends { public: string } ? Actor : UserActor

export interface RouteDefinition<
  A extends Access = Access,
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** In Fastify's form, without the base: `/users/:id`. */
  path: string
  /** Stable name, `noun.verb`: the OpenAPI operationId, the log's route, the dialects' key. */
  operation: string
  access: A
  /** Needs a proof of a secret that is younger than REAUTHENTICATION_MINUTES. Refreshing is none. */
  fresh?: true
  /** The path parameter with the id of a tenant: what that tenant asks of a session holds, whichever the request is for. Null: it asks nothing here. */
  tenantParam?: string | null
  /** The path parameter with the id of a person, who may do this to themselves whatever that tenant asks: leave it. */
  leaverParam?: string
  /** Also for whoever must add a second factor before anything else. */
  enrolling?: true
  rate?: RateClass
  /** Where it is served; `canonical` and `halolight` when left out. */
  bases?: readonly Base[]
  summary: string
  description?: string
  params?: P
  query?: Q
  body?: B
  /** Content types that the body may have; JSON when left out. */
  accepts?: readonly BodyKind[]
  /** Names and size limits of the files that a multipart body may carry. */
  files?: Record<string, { maxBytes: number }>
  /** Where the files of a multipart body go that are too large for memory; instead of `files`, for signed-in users. */
  uploads?: UploadSink
  /** The path parameter that is a secret: the log names neither it nor what follows it. */
  secretParam?: string
  /** Headers of every answer, refusals too. */
  answerHeaders?: Readonly<Record<string, string>>
  /** Request headers that the handler reads, in lower case, each with what it is for, and of what it is an id. */
  headers?: Record<string, string | { description: string; idOf: string }>
  /** Largest body in bytes, where it differs from the server's limit. */
  bodyLimit?: number
  /** The status of success: 200 when left out. */
  status?: 200 | 201 | 202
  /** What success looks like. */
  answer: TSchema
  /**
   * The handler answers with `Binary` bytes, a `Streamed` file or a `Download` instead of JSON: the media types that they may
   * have, one of any type where what somebody stored is answered.
   */
  binary?: readonly string[]
  /** The answer is written while it is made, however long that takes: only a reader who stands still ends it. */
  unhurried?: true
  /** The handler opens a stream of server-sent events by `stream.open`, or throws before that. What it returns without opening one is answered. */
  streams?: true
  /** What the stream looks like, where the route answers `answer` or a stream, as it is asked. */
  streamed?: TSchema
  /** The message of success in the envelope dialect. */
  message?: string | ((answer: unknown) => string)
  /** Codes of the errors.md page that this route can answer beside the general ones. */
  errors?: readonly string[]
  handle(context: RouteContext<A, Static<P>, Static<Q>, Static<B>>): Promise<unknown>
  /**
   * Makes the answer of what `handle` returned, now or, where the request is a repetition under its Idempotency-Key, the first
   * time: `handle` does the work once, this shows it every time.
   */
  show?(done: unknown, context: RouteContext<A, Static<P>, Static<Q>, Static<B>>): Promise<unknown>
}

/** Bytes with their content type; `cacheControl` where they may be kept, `headers` in place of the server's own. */
export class Binary {
  readonly type: string
  readonly bytes: Buffer
  readonly cacheControl: string
  readonly headers: Readonly<Record<string, string>>

  constructor(type: string, bytes: Buffer, cacheControl = 'no-store', headers: Record<string, string> = {}) {
    this.type = type
    this.bytes = bytes
    this.cacheControl = cacheControl
    this.headers = headers
  }
}

/** A file that is written while its content is made. */
export class Streamed {
  readonly type: string
  readonly fileName: string
  readonly content: AsyncIterable<string | Uint8Array>

  constructor(type: string, fileName: string, content: AsyncIterable<string | Uint8Array>) {
    this.type = type
    this.fileName = fileName
    this.content = content
  }
}

/** A file with headers of its own, which is opened when it is sent: not for HEAD, and not where nothing has changed. */
export class Download {
  readonly status: 200 | 206 | 304
  readonly headers: Readonly<Record<string, string>>
  readonly open: (() => Promise<AsyncIterable<Uint8Array>>) | undefined
  /** Who reads it, where the request itself does not say so: by a link of their own. */
  readonly reader: UserActor | undefined

  constructor(
    status: 200 | 206 | 304,
    headers: Record<string, string>,
    open: (() => Promise<AsyncIterable<Uint8Array>>) | undefined,
    reader?: UserActor,
  ) {
    this.status = status
    this.headers = headers
    this.open = open
    this.reader = reader
  }
}

/** A mounted route: the definition with its types erased. */
export type Route = Omit<RouteDefinition, 'handle' | 'show'> & {
  handle(context: RouteContext<Access, never, never, never>): Promise<unknown>
  show?(done: unknown, context: RouteContext<Access, never, never, never>): Promise<unknown>
}

/** Declares a route; the handler's context is typed by the access and the schemas. */
export function route<const A extends Access, P extends TSchema, Q extends TSchema, B extends TSchema>(
  definition: RouteDefinition<A, P, Q, B>,
): Route {
  return definition as unknown as Route
}

/** The same handler under a second method or path, with an operation name of its own. */
export function alias(
  original: Route,
  change: Partial<Pick<Route, 'method' | 'path' | 'bases' | 'summary'>> & { operation: string },
): Route {
  return { ...original, ...change }
}

export function isPublic(access: Access): access is { public: string } {
  return typeof access === 'object'
}

/** The permission that the route needs, or undefined when it is open by another rule. */
export function permissionOf(access: Access): Permission | undefined {
  return typeof access === 'string' && access.includes(':') ? access : undefined
}

/** Whether users reach a tenant by the path. */
function namesTenant({ access, params }: Route): boolean {
  const { properties = {} } = (params ?? {}) as { properties?: Record<string, { 'x-id-of'?: string }> }
  const isForUsers = typeof access === 'string' && access !== 'admin'
  return isForUsers && Object.values(properties).some((property) => property['x-id-of'] === 'tenant')
}

/** Sentences about what is wrong with the declarations: a route that nobody guards, a name used twice. */
export function faultsOf(routes: readonly Route[]): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  for (const one of routes) {
    const name = `${one.method} ${one.path} (${one.operation})`
    if (!isDeclaredAccess(one.access))
      faults.push(`${name} declares no access: name a permission, a kind of actor, or a reason to be public.`)
    if (one.tenantParam === undefined && namesTenant(one))
      faults.push(
        `${name} names a tenant in its path: declare the parameter (tenantParam), or null if it asks nothing.`,
      )
    if (seen.has(one.operation)) faults.push(`${name} uses an operation name that another route has.`)
    seen.add(one.operation)
  }
  return faults
}

function isDeclaredAccess(access: unknown): boolean {
  if (typeof access === 'object' && access !== null)
    return (
      typeof (access as { public?: unknown }).public === 'string' && (access as { public: string }).public.length > 5
    )
  return (
    access === 'session' ||
    access === 'user' ||
    access === 'admin' ||
    (typeof access === 'string' && /^[a-z]+:[a-z]+$/.test(access))
  )
}
