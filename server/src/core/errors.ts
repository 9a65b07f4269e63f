// What can go wrong, in the product's words. Only the HTTP edge turns a kind into a status number.

export type ErrorKind =
  | 'malformed' // the request cannot be read at all
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method_not_allowed'
  | 'conflict'
  | 'stale' // If-Match named an older version
  | 'too_large'
  | 'unsupported_media'
  | 'invalid' // readable, and against a rule
  | 'locked'
  | 'limited'
  | 'unavailable'
  | 'range' // no byte of what is asked for is there
  | 'full' // there is no room to keep it
  | 'internal'

/** One field at fault. `path` is dotted (`address.street`), `in` says which part of the request it stands in. */
export interface FieldFault {
  in: 'body' | 'query' | 'path' | 'header'
  path: string
  code: string
  message: string
}

export interface ProblemDetails {
  /** Field by field, for `invalid` and per-field conflicts. */
  fields?: FieldFault[]
  /** Seconds after which a new try makes sense: becomes `Retry-After`. */
  retryAfter?: number
  /** What operators read in the log; never sent. */
  cause?: unknown
  /** More facts that the caller may see, such as the missing permission. */
  facts?: Record<string, unknown>
}

/** An error with two voices: `message` is public, `cause` is for the operator. `code` is stable and dotted (`users.not_found`). */
export class Problem extends Error {
  readonly kind: ErrorKind
  readonly code: string
  readonly fields: FieldFault[]
  readonly retryAfter: number | undefined
  readonly facts: Record<string, unknown>

  constructor(kind: ErrorKind, code: string, message: string, details: ProblemDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'Problem'
    this.kind = kind
    this.code = code
    this.fields = details.fields ?? []
    this.retryAfter = details.retryAfter
    this.facts = details.facts ?? {}
  }
}

/** The catalogue of one module: each code once, with its kind and its public sentence. */
export type ErrorCatalogue = Record<string, { kind: ErrorKind; message: string }>

/**
 * Declares a module's errors and returns one thrower-ready factory for each code.
 * The declared catalogue is kept for the reference page: a code that is not declared cannot be made.
 */
export function defineErrors<const C extends ErrorCatalogue>(catalogue: C) {
  for (const [code, entry] of Object.entries(catalogue)) declared.set(code, entry)
  return (code: keyof C & string, details?: ProblemDetails & { message?: string }): Problem => {
    const entry = catalogue[code]!
    return new Problem(entry.kind, code, details?.message ?? entry.message, details)
  }
}

const declared = new Map<string, { kind: ErrorKind; message: string }>()

/** Every code that a loaded module declares, sorted: the source of the errors page. */
export function errorCatalogue(): { code: string; kind: ErrorKind; message: string }[] {
  return [...declared].map(([code, entry]) => ({ code, ...entry })).sort((a, b) => a.code.localeCompare(b.code))
}

/** The kind of a code that a loaded module declares. */
export function kindOf(code: string): ErrorKind | undefined {
  return declared.get(code)?.kind
}

/** An `invalid` problem about one field of the body. */
export function invalidField(path: string, code: string, message: string): Problem {
  return new Problem('invalid', 'request.invalid', 'The request has invalid fields.', {
    fields: [{ in: 'body', path, code, message }],
  })
}

/** A value that may be sent under two names, which must not disagree. */
export function eitherOf<T>(first: T | undefined, second: T | undefined, secondName: string): T | undefined {
  if (first !== undefined && second !== undefined && first !== second) throw contradiction(secondName)
  return first ?? second
}

/** The refusal of a field that says something else than another name of it. */
export function contradiction(field: string): Problem {
  return invalidField(field, 'contradiction', 'This says something else than the same field under its other name.')
}

export const requestErrors = defineErrors({
  'request.malformed': { kind: 'malformed', message: 'The request could not be read.' },
  'request.invalid': { kind: 'invalid', message: 'The request has invalid fields.' },
  'request.too_large': { kind: 'too_large', message: 'The request is larger than this server accepts.' },
  'request.unsupported_media': { kind: 'unsupported_media', message: 'This content type is not supported here.' },
  'request.not_found': { kind: 'not_found', message: 'There is nothing at this address.' },
  'request.method_not_allowed': { kind: 'method_not_allowed', message: 'This method is not supported here.' },
  'request.limited': { kind: 'limited', message: 'Too many requests. Try again later.' },
  'request.too_many_downloads': {
    kind: 'limited',
    message: 'Too many downloads of yours are running at once. Begin this one when another has ended.',
  },
  'request.timeout': { kind: 'unavailable', message: 'The request took too long.' },
  'access.unauthenticated': { kind: 'unauthenticated', message: 'Sign in to do this.' },
  'access.forbidden': { kind: 'forbidden', message: 'You may not do this.' },
  'access.reauthentication_required': {
    kind: 'forbidden',
    message: 'This needs a recent proof that it is you. Confirm it, or sign in again.',
  },
  'access.mfa_enrollment_required': {
    kind: 'forbidden',
    message: 'This tenant asks for a second factor. Add one to go on.',
  },
  'access.tenant_not_found': { kind: 'not_found', message: 'There is no such tenant, or you do not belong to it.' },
  'data.conflict': { kind: 'conflict', message: 'This value is taken.' },
  'data.invalid': { kind: 'invalid', message: 'A value is out of the range that can be kept.' },
  'server.unavailable': { kind: 'unavailable', message: 'The service is not available right now. Try again shortly.' },
  'server.internal': { kind: 'internal', message: 'Something went wrong. The request id helps to find it.' },
})
