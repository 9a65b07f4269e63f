// What an OpenAPI document says that the proof needs: its operations, and every place in them that bears an id.

export interface Schema {
  type?: string | string[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  format?: string
  contentMediaType?: string
  /** Of what it is the id. */
  'x-id-of'?: string
}

interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  schema: Schema
}

interface Content {
  schema: Schema
  example?: unknown
}

export interface Operation {
  id: string
  method: string
  /** With parameters in braces: `/api/v1/users/{id}`. */
  path: string
  /** `public`, `user`, `session`, `admin` or `permission`. */
  access: string
  parameters: Parameter[]
  body: (Content & { type: string }) | undefined
  /** Of the success. */
  status: string
  answer: Schema | undefined
}

export interface Place {
  operation: Operation
  in: 'path' | 'query' | 'header' | 'body'
  /** The way to it through objects; `[]` for every item of a list. */
  keys: string[]
  /** Of what the id is; undefined where the document does not say. */
  noun: string | undefined
}

type Json = Record<string, unknown>
type Listed = { [key: string]: unknown } & {
  parameters?: Parameter[]
  requestBody?: { content: Record<string, Content> }
}

/** The operations of a document, with every reference replaced by what it refers to. */
export function operationsOf(document: Json): Operation[] {
  const { schemas = {} } = (document.components ?? {}) as { schemas?: Record<string, Schema> }
  const paths = resolved(document.paths, schemas) as Record<string, Record<string, Listed>>
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, listed]) => ({
      id: String(listed.operationId),
      method: method.toUpperCase(),
      path,
      access: String(listed['x-access']),
      parameters: listed.parameters ?? [],
      body: bodyOf(listed),
      ...successOf(listed),
    })),
  )
}

function resolved(node: unknown, schemas: Record<string, Schema>): unknown {
  if (Array.isArray(node)) return node.map((inner) => resolved(inner, schemas))
  if (node === null || typeof node !== 'object') return node
  const { $ref, ...rest } = node as { $ref?: string }
  if ($ref !== undefined) return resolved(schemas[$ref.split('/').at(-1)!], schemas)
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, resolved(value, schemas)]))
}

/** JSON where it is accepted. */
function bodyOf({ requestBody }: Listed): Operation['body'] {
  const content = Object.entries(requestBody?.content ?? {})
  const [type, chosen] = content.find(([name]) => name === 'application/json') ?? content[0] ?? []
  return type && chosen ? { ...chosen, type } : undefined
}

function successOf({ responses }: Listed): Pick<Operation, 'status' | 'answer'> {
  const listed = Object.entries(responses as Record<string, { content?: Record<string, Content> }>)
  const [status, success] = listed.find(([code]) => code.startsWith('2'))!
  return { status, answer: success.content?.['application/json']?.schema }
}

/** Every place of an operation whose schema says that it bears an id, or whose name does. */
export function placesOf(operation: Operation): Place[] {
  const parameters = operation.parameters.flatMap(({ name, in: where, schema }) =>
    idsIn(schema, [name]).map((found) => ({ operation, in: where, ...found })),
  )
  const body = operation.body ? idsIn(operation.body.schema, []) : []
  return [...parameters, ...body.map((found) => ({ operation, in: 'body' as const, ...found }))]
}

function idsIn(schema: Schema, keys: string[]): Pick<Place, 'keys' | 'noun'>[] {
  const noun = schema['x-id-of']
  const name = keys.findLast((key) => key !== '[]') ?? ''
  const isLeaf = !schema.properties && !schema.items && !schema.anyOf
  if (noun !== undefined || (isLeaf && bearsId(name))) return [{ keys, noun }]
  return [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => idsIn(inner, [...keys, key])),
    ...(schema.items ? idsIn(schema.items, [...keys, '[]']) : []),
    ...(schema.anyOf ?? []).flatMap((inner) => idsIn(inner, keys)),
  ]
}

function bearsId(name: string): boolean {
  return /^ids?$|I[dD]s?$|[_-]ids?$/.test(name)
}

/** `PATCH /api/v1/users/{id} body roleIds.[]` */
export function nameOf({ operation: { method, path }, in: where, keys }: Place): string {
  return `${method} ${path} ${where} ${keys.join('.')}`
}

/** The ids that an answer carries, by what they are ids of. */
export function idsOf(schema: Schema | undefined, answer: unknown, found = new Map<string, Set<string>>()) {
  if (schema === undefined || answer === null || answer === undefined) return found
  const noun = schema['x-id-of']
  if (noun !== undefined && typeof answer === 'string') found.set(noun, (found.get(noun) ?? new Set()).add(answer))
  for (const [key, inner] of Object.entries(schema.properties ?? {})) idsOf(inner, (answer as Json)[key], found)
  if (schema.items && Array.isArray(answer)) for (const item of answer) idsOf(schema.items, item, found)
  for (const inner of schema.anyOf ?? []) idsOf(inner, answer, found)
  return found
}

/** Of what the answers of a schema carry ids. */
export function nounsOf(schema: Schema | undefined): string[] {
  if (schema === undefined) return []
  const own = schema['x-id-of']
  const inner = [
    ...Object.values(schema.properties ?? {}),
    ...(schema.items ? [schema.items] : []),
    ...(schema.anyOf ?? []),
  ]
  return [...(own === undefined ? [] : [own]), ...inner.flatMap(nounsOf)]
}
