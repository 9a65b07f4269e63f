// What an operation answers, as its OpenAPI document says: every status, with the shape of what it carries.
import { type ErrorKind, errorCatalogue, type FieldFault, Problem } from '../../core/errors.ts'
import type { Dialect } from './dialects/index.ts'
import { exampleOf } from './examples.ts'
import { IDEMPOTENCY_CODES, isRepeatable } from './idempotency.ts'
import { statusOf } from './problems.ts'
import { isPublic, type Route } from './routes.ts'

type Json = Record<string, unknown>

const GENERAL_ERRORS = [
  'request.malformed',
  'request.limited',
  'server.internal',
  'server.unavailable',
  'request.timeout',
]
/** Of whatever may carry a body, whether it is read or not. */
const BODY_ERRORS = ['request.too_large', 'request.unsupported_media']

/** By status: the success, what a caller who has it already gets, and every refusal with its codes. */
export function responsesOf(dialect: Dialect, route: Route, kinds: Map<string, ErrorKind>): Json {
  const byStatus = new Map<number, string[]>()
  for (const code of codesOf(route)) {
    const kind = kinds.get(code)
    if (!kind) throw new Error(`${route.operation} names the error ${code}, which no module declares.`)
    const status = dialect.base === 'envelope' && kind === 'invalid' ? 400 : statusOf(kind)
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const errors = [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, list]) => [
      status,
      {
        description: [...new Set(list)].map((code) => `\`${code}\``).join(', '),
        content: {
          [dialect.problemContentType]: {
            schema: dialect.problemSchema,
            example: problemExample(dialect, route, list[0]!),
          },
        },
      },
    ])
  return { ...successesOf(dialect, route), ...Object.fromEntries(errors) }
}

function codesOf(route: Route): string[] {
  const isOpen = isPublic(route.access)
  const inTenant = !isOpen && route.access !== 'admin'
  return [
    ...(isOpen ? [] : ['access.unauthenticated', 'access.forbidden']),
    ...(isPublic(route.access) && route.access.or ? ['access.unauthenticated'] : []),
    ...(route.fresh ? ['access.reauthentication_required'] : []),
    ...(inTenant && !route.enrolling ? ['access.mfa_enrollment_required'] : []),
    ...(route.method !== 'GET' || route.query || route.params ? ['request.invalid'] : []),
    ...(route.params ? ['request.not_found'] : []),
    ...(route.errors ?? []),
    ...(inTenant ? ['access.tenant_not_found'] : []),
    ...(route.binary && route.unhurried ? ['request.too_many_downloads'] : []),
    ...(isRepeatable(route) ? IDEMPOTENCY_CODES : []),
    ...(route.method === 'GET' ? [] : BODY_ERRORS),
    ...GENERAL_ERRORS,
  ]
}

function successesOf(dialect: Dialect, route: Route): Json {
  const content = successContent(dialect, route)
  return {
    [route.status ?? 200]: { description: 'Success', content },
    ...(route.headers?.range && { 206: { description: 'The parts that `Range` names', content } }),
    ...(isConditional(route) && { 304: { description: 'What `If-None-Match` names is still what there is' } }),
  }
}

/** Whether the route tells a caller that nothing has changed: a single resource with a version, or whoever reads the header. */
function isConditional({ method, headers, answer }: Route): boolean {
  const { properties = {} } = answer as { properties?: Json }
  return method === 'GET' && (headers?.['if-none-match'] !== undefined || 'updatedAt' in properties)
}

/** What the dialect really answers for the code. */
function problemExample(dialect: Dialect, route: Route, code: string): unknown {
  const { kind, message } = errorCatalogue().find((entry) => entry.code === code)!
  const fields: FieldFault[] =
    code === 'request.invalid'
      ? [{ in: 'body', path: 'email', code: 'format', message: 'This is not a valid email.' }]
      : []
  const instance = (dialect.prefix + route.path).replace(/:\w+/g, 'cmi8z2n4w0q5t1v7x3y9b6d2')
  return dialect.problem(new Problem(kind, code, message, { fields }), {
    status: statusOf(kind),
    requestId: '8220d218b7a77ae973a5827b',
    instance,
  }).body
}

function successContent(dialect: Dialect, route: Route): Json {
  const streamed = route.streams && (route.streamed ?? route.answer)
  const stream = streamed && { 'text/event-stream': { schema: streamed, example: exampleOf(streamed, 'answer') } }
  if (stream && !route.streamed) return stream
  return route.binary
    ? Object.fromEntries(route.binary.map((type) => [type, { schema: route.answer }]))
    : {
        'application/json': {
          schema: dialect.answerSchema(route),
          example: dialect.success(route, exampleOf(route.answer, 'answer')),
        },
        ...stream,
      }
}
