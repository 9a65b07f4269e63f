// The OpenAPI 3.1 document of a base, from the same declarations that mount the routes.
import type { TSchema } from 'typebox'
import { type ErrorKind, errorCatalogue } from '../../core/errors.ts'
import { hoistSchemas } from './components.ts'
import { type Dialect, dialects } from './dialects/index.ts'
import { comparesVersions } from './etags.ts'
import { exampleOf } from './examples.ts'
import { isRepeatable } from './idempotency.ts'
import { responsesOf } from './responses.ts'
import { isPublic, permissionOf, type Route } from './routes.ts'

type Json = Record<string, unknown>

/** The document of the main API: the canonical base, the plain root and the envelope dialect. */
export function mainDocument(routes: readonly Route[], version: string): Json {
  return document(
    dialects.filter((dialect) => dialect.base !== 'halolight'),
    routes,
    { title: 'Ashlar API', version },
  )
}

/** The document of the HaloLight base. */
export function halolightDocument(routes: readonly Route[], version: string): Json {
  return document(
    dialects.filter((dialect) => dialect.base === 'halolight'),
    routes,
    { title: 'Ashlar API, HaloLight dialect', version },
  )
}

function document(
  served: readonly Dialect[],
  routes: readonly Route[],
  info: { title: string; version: string },
): Json {
  const kinds = new Map(errorCatalogue().map((entry) => [entry.code, entry.kind]))
  const paths: Record<string, Json> = {}
  const tags = new Set<string>()
  for (const dialect of served) {
    for (const route of dialect.routes(routes)) {
      const path = (dialect.prefix + route.path).replace(/:(\w+)/g, '{$1}')
      const tag = route.operation.split('.')[0]!
      tags.add(tag)
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(dialect, route, tag, kinds) }
    }
  }
  const schemas: Record<string, Json> = {}
  const shared = hoistSchemas(paths, schemas)
  return {
    openapi: '3.1.0',
    info: { ...info, license: { name: 'MIT', identifier: 'MIT' }, description: DESCRIPTION },
    servers: [{ url: '/' }],
    tags: [...tags].sort().map((name) => ({ name })),
    paths: shared,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a.localeCompare(b))),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An access token from sign-in, or a personal access token.',
        },
      },
    },
  }
}

const DESCRIPTION =
  'Identity, permissions, tenants and collaboration modules. Every operation names the permission it needs (`x-permission`); a row of another tenant answers exactly as one that does not exist.'

function operationOf(dialect: Dialect, route: Route, tag: string, kinds: Map<string, ErrorKind>): Json {
  const permission = permissionOf(route.access)
  const suffix = dialect.base === 'canonical' || dialect.base === 'plain' ? '' : `.${dialect.base}`
  return {
    operationId: `${route.operation}${suffix}`,
    tags: [tag],
    summary: route.summary,
    description: [route.description, accessSentence(route), route.fresh && FRESH_SENTENCE].filter(Boolean).join('\n\n'),
    ...securityOf(route),
    'x-access': isPublic(route.access) ? 'public' : permission ? 'permission' : route.access,
    ...(permission && { 'x-permission': permission }),
    ...(route.fresh && { 'x-fresh': true }),
    'x-rate-class': route.rate ?? 'general',
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...headerParameters(route),
    ],
    ...(route.body && { requestBody: bodyOf(route) }),
    responses: responsesOf(dialect, route, kinds),
  }
}

/** The empty requirement beside the bearer's says that the token is optional. */
function securityOf({ access }: Route): Json {
  if (!isPublic(access)) return { security: [{ bearer: [] }] }
  return access.or ? { security: [{}, { bearer: [] }] } : {}
}

const FRESH_SENTENCE = 'Needs a recent proof of a secret: a sign-in or `POST /auth/reauthenticate`.'

function accessSentence({ access }: Route): string {
  if (isPublic(access)) return `Open to anyone: ${access.public}.`
  if (access === 'session') return 'For a signed-in user, not by a personal access token.'
  if (access === 'user') return 'For a signed-in user.'
  if (access === 'admin') return 'For an account of the back-office realm.'
  return `Needs the permission \`${access}\`.`
}

function parametersOf(schema: TSchema | undefined, where: 'path' | 'query'): Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(property.description !== undefined && { description: property.description }),
    schema: property,
  }))
}

function headerParameters(route: Route): Json[] {
  const declared: Json[] = Object.entries(route.headers ?? {}).map(([name, about]) => ({
    name,
    in: 'header',
    required: false,
    schema: { type: 'string', ...(typeof about === 'object' && { 'x-id-of': about.idOf }) },
    description: typeof about === 'object' ? about.description : about,
  }))
  if (comparesVersions(route)) declared.push(IF_MATCH_HEADER)
  if (isPublic(route.access) || route.access === 'admin') return declared
  return [
    ...declared,
    ...(isRepeatable(route) ? [IDEMPOTENCY_HEADER] : []),
    {
      name: 'X-Tenant-ID',
      in: 'header',
      required: false,
      schema: { type: 'string', 'x-id-of': 'tenant' },
      description: 'Chooses among the tenants of the caller, by id or slug.',
    },
  ]
}

const IF_MATCH_HEADER = {
  name: 'If-Match',
  in: 'header',
  required: false,
  schema: { type: 'string' },
  description:
    'An ETag that a read answered: what was changed since then is not changed again (412). Other routes refuse it.',
}

const IDEMPOTENCY_HEADER = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', minLength: 1, maxLength: 255 },
  example: '8e03978e-40d5-43dd-bc93-6e4faa3e2a4f',
  description:
    'Makes repeating the request safe: for 24 hours the same key with the same request gets the first answer again (`Idempotency-Replayed: true`) and nothing is done twice. One key for each request, such as a UUID.',
}

const MEDIA = { json: 'application/json', form: 'application/x-www-form-urlencoded', multipart: 'multipart/form-data' }

function bodyOf(route: Route): Json {
  const required = Boolean((route.body as unknown as { required?: string[] }).required?.length)
  const content = (route.accepts ?? ['json']).map((kind) => [
    MEDIA[kind],
    {
      schema: kind === 'multipart' ? withFiles(route) : route.body,
      ...(kind !== 'multipart' && { example: exampleOf(route.body, 'body') }),
    },
  ])
  return { required, content: Object.fromEntries(content) }
}

function withFiles(route: Route): Json {
  const body = route.body as unknown as { properties: Json }
  const file = { type: 'string', contentMediaType: 'application/octet-stream' }
  const files = [
    ...Object.keys(route.files ?? {}).map((name) => [name, file]),
    ...(route.uploads?.fields ?? []).map((name) => [name, { type: 'array', items: file }]),
  ]
  return { ...body, properties: { ...body.properties, ...Object.fromEntries(files) } }
}
