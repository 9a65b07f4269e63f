// Requests made from an operation's declaration: its example, with given ids in given places.
import type { Operation, Place, Schema } from './document.ts'

export interface Request {
  method: string
  path: string
  headers: Record<string, string>
  body?: string | FormData
}

export interface Filling {
  /** What stands in which place; a list takes all of them, any other place the first. */
  ids: ReadonlyMap<Place, string[]>
  /** An id of the caller's own tenant for what must be named beside. */
  own(noun: string): string | undefined
  /** Letters that no request had before: names and addresses that may stand once only get them. */
  word: string
  headers?: Record<string, string>
  /** The caller's password, for what asks for it. */
  secret?: string
}

/** The smallest picture. */
export const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

/** The operation's request with ids in their places, and the rest as its example says. */
export function requestOf(operation: Operation, filling: Filling): Request {
  const { ids, own, headers = {} } = filling
  const places = [...ids].map(([place, values]) => ({ ...place, values }))
  const at = (where: Place['in'], name: string) => places.find((place) => place.in === where && place.keys[0] === name)
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name) => {
    const noun = operation.parameters.find((one) => one.in === 'path' && one.name === name)?.schema['x-id-of']
    return encodeURIComponent(at('path', name)?.values[0] ?? own(noun ?? '') ?? 'x')
  })
  const query = new URLSearchParams()
  for (const { name, in: where, required, schema } of operation.parameters) {
    if (where !== 'query') continue
    for (const value of at('query', name)?.values ?? (required ? [own(schema['x-id-of'] ?? '') ?? 'x'] : []))
      query.append(name, value)
  }
  const chosen = places.filter((place) => place.in === 'header').map(({ keys, values }) => [keys[0]!, values[0]!])
  let body = operation.body && exampleBody(operation.body, filling)
  for (const { in: where, keys, values } of places) if (where === 'body') body = put(body, keys, values)
  const { type, content } = operation.body ? encoded(operation.body, body) : {}
  return {
    method: operation.method,
    path: query.size ? `${path}?${query}` : path,
    headers: { ...headers, ...Object.fromEntries(chosen), ...(type !== undefined && { 'content-type': type }) },
    ...(content !== undefined && { body: content }),
  }
}

/** The example, with what may stand once only made new, and ids of one's own where one must be named. */
export function exampleBody(
  { schema, example }: Pick<NonNullable<Operation['body']>, 'schema' | 'example'>,
  { own, word, secret }: Pick<Filling, 'own' | 'word' | 'secret'>,
): unknown {
  const filled = (inner: Schema, value: unknown, name: string): unknown => {
    const noun = inner['x-id-of']
    if (noun !== undefined) return own(noun) ?? value
    if (Array.isArray(value)) return value.map((item) => filled(inner.items ?? {}, item, name))
    if (value !== null && typeof value === 'object')
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, filled(inner.properties?.[key] ?? {}, item, key)]),
      )
    if (typeof value !== 'string') return value
    if (inner.format === 'password' && !/^new/.test(name)) return secret ?? value
    if (inner.format === 'email') return `${word}@example.com`
    if (name === 'phone') return `+${[...word].map((letter) => letter.charCodeAt(0) % 9).join('')}`
    return /^(name|slug|subdomain|username|action)$/.test(name) ? `${value}${word}` : value
  }
  return filled(schema, example ?? {}, '')
}

function put(target: unknown, [key, ...rest]: string[], values: string[]): unknown {
  if (key === undefined) return values[0]
  if (key === '[]') return values.map((value) => put((target as unknown[] | undefined)?.[0], rest, [value]))
  return { ...(target as object), [key]: put((target as Record<string, unknown> | undefined)?.[key], rest, values) }
}

/** A form writes its type itself, with the boundary. */
function encoded(
  { type, schema }: NonNullable<Operation['body']>,
  body: unknown,
): { type?: string; content?: string | FormData } {
  if (type === 'application/json') return { type, content: JSON.stringify(body) }
  const form = new FormData()
  for (const [name, value] of Object.entries((body ?? {}) as Record<string, string>)) form.append(name, value)
  for (const [name, { contentMediaType, items }] of Object.entries(schema.properties ?? {}))
    if ((contentMediaType ?? items?.contentMediaType) !== undefined)
      form.append(name, new Blob([PIXEL], { type: 'image/png' }), 'pixel.png')
  return { content: form }
}
