// Hostile requests for a declared route: every part that it reads, filled with what no client should send.
import type { Schema } from '../../src/cli/isolation/document.ts'
import { exampleBody, type Filling, PIXEL } from '../../src/cli/isolation/requests.ts'
import { exampleOf } from '../../src/drivers/http/examples.ts'
import type { Route } from '../../src/drivers/http/routes.ts'
import { BODIES, ENCODED, HEADERS, MULTIPARTS, TYPES, VALUES } from './values.ts'

export interface HostileRequest {
  what: string
  method: string
  path: string
  headers: Record<string, string>
  body?: string | Buffer
}

interface Shape {
  properties?: Record<string, Shape>
  items?: Shape
  type?: string | string[]
}

/** What fills the places of a request that are as they should be. */
export type Known = Pick<Filling, 'own' | 'word' | 'secret'>

/** The request that the route's declaration shows as an example, and every hostile one that it gives rise to. */
export function requestsFor(
  route: Route,
  prefix: string,
  known: Known,
): { valid: HostileRequest; hostile: HostileRequest[] } {
  const params = ((route.params ?? {}) as Schema).properties ?? {}
  const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1]!)
  const fill = (value: (name: string) => string) =>
    names.reduce((path, name) => path.replace(`:${name}`, value(name)), prefix + route.path)
  const path = fill((name) => known.own(params[name]?.['x-id-of'] ?? '') ?? 'cmi8z2n4w0q5t1v7x3y9b6d2')
  const schema = (route.body ?? {}) as Schema
  const example = exampleBody({ schema, example: exampleOf(schema, 'body') ?? {} }, known)
  const base = { method: route.method, path, headers: {} as Record<string, string> }
  const json = { 'content-type': 'application/json' }
  const withBody = route.method === 'GET' ? {} : { headers: json, body: JSON.stringify(example) }
  const hostile = [
    ...pathsOf(fill, path).map(([what, path]) => ({ ...base, ...withBody, what, path })),
    ...queriesOf(route).map(([what, query]) => ({ ...base, ...withBody, what, path: `${path}?${query}` })),
    ...HEADERS.map((headers) => ({
      ...base,
      ...withBody,
      what: `header ${Object.keys(headers)[0]}`,
      headers: { ...withBody.headers, ...headers },
    })),
    ...(route.method === 'GET' ? [] : bodiesOf(route, example)).map((hostile) => ({ ...base, ...hostile })),
  ]
  const sent = route.accepts?.includes('json') === false ? encoded(route, example) : withBody
  return { valid: { ...base, ...sent, path: path + queryOf(route), what: 'its example' }, hostile }
}

/** What the query must have. */
function queryOf(route: Route): string {
  const { properties = {}, required = [] } = (route.query ?? {}) as Schema
  const query = new URLSearchParams(
    required.map((key): [string, string] => [key, String(exampleOf(properties[key], 'body') ?? 'x')]),
  )
  return query.size ? `?${query}` : ''
}

/** A body where JSON is not read. */
function encoded(route: Route, example: unknown): Pick<HostileRequest, 'headers' | 'body'> {
  const fields = Object.entries(example as Record<string, string>)
  if (!route.accepts?.includes('multipart'))
    return { headers: { 'content-type': TYPES[5]! }, body: new URLSearchParams(fields).toString() }
  const part = (about: string, content: string) =>
    `--line\r\ncontent-disposition: form-data; ${about}\r\n\r\n${content}\r\n`
  const files = [...Object.keys(route.files ?? {}), ...(route.uploads?.fields ?? [])].slice(0, 1)
  const text = [
    ...fields.map(([name, value]) => part(`name="${name}"`, value)),
    ...files.map((name) => part(`name="${name}"; filename="pixel.png"`, PIXEL.toString('latin1'))),
  ].join('')
  return {
    headers: { 'content-type': 'multipart/form-data; boundary=line' },
    body: Buffer.from(`${text}--line--\r\n`, 'latin1'),
  }
}

function pathsOf(fill: (value: (name: string) => string) => string, valid: string): [string, string][] {
  return [
    ...(valid === fill(() => 'x')
      ? []
      : ENCODED.map((value): [string, string] => [`path ${value.slice(0, 30)}`, fill(() => value)])),
    ['a long address', `${valid}?x=${'y'.repeat(9_000)}`],
    ['a fragment', `${valid}#x`],
  ]
}

function queriesOf(route: Route): [string, string][] {
  const keys = Object.keys((route.query as Shape | undefined)?.properties ?? {})
  return [
    ...keys.flatMap((key) =>
      ENCODED.map((value): [string, string] => [`query ${key}=${value.slice(0, 30)}`, `${key}=${value}`]),
    ),
    ...keys.map((key): [string, string] => [`query ${key} a hundred times`, Array(100).fill(`${key}=1`).join('&')]),
    ...keys.map((key): [string, string] => [`query ${key} as an object`, `${key}[a]=1&${key}[]=2&${key}.b=3`]),
    ['query of its prototype', '__proto__=1&constructor=2&toString=3&__proto__[x]=4'],
    ['query of ampersands', '&&&==&=&%26&;'],
  ]
}

function bodiesOf(route: Route, example: unknown): Pick<HostileRequest, 'what' | 'headers' | 'body'>[] {
  const json = { 'content-type': 'application/json' }
  const fields = fieldsOf(route.body as Shape | undefined, [])
  const text = JSON.stringify(example ?? {})
  const multipart = { 'content-type': 'multipart/form-data; boundary=line' }
  return [
    ...fields.flatMap((field) =>
      VALUES.map((value) => ({
        what: `body ${field.join('.')} ${value.slice(0, 30)}`,
        headers: json,
        body: replaced(example, field, value),
      })),
    ),
    ...fields.map((field) => ({
      what: `body without ${field.join('.')}`,
      headers: json,
      body: replaced(example, field, undefined),
    })),
    ...fields.map((field) => ({
      what: `body with ${field.join('.')} twice`,
      headers: json,
      body: `{"${field[0]}":1,${text.slice(1)}`,
    })),
    ...BODIES.map(([what, body]) => ({ what: `body of ${what}`, headers: json, body })),
    ...TYPES.map((type) => ({ what: `type ${type}`, headers: { 'content-type': type }, body: text })),
    ...MULTIPARTS.map(([what, body]) => ({
      what: `multipart with ${what}`,
      headers: multipart,
      body: Buffer.from(body, 'latin1'),
    })),
    { what: 'a form of many', headers: { 'content-type': TYPES[5]! }, body: Array(2_000).fill('a=1').join('&') },
    {
      what: 'a form of oddities',
      headers: { 'content-type': TYPES[5]! },
      body: 'login=%00&password=%zz&__proto__=1&a[b]=c&=&login=1',
    },
    { what: 'an unknown key', headers: json, body: `{"unheardOf":{"of":1},${text.slice(1)}`.replace(',}', '}') },
  ]
}

function fieldsOf(shape: Shape | undefined, above: string[]): string[][] {
  return Object.entries(shape?.properties ?? {}).flatMap(([key, inner]) => [
    [...above, key],
    ...fieldsOf(inner, [...above, key]),
  ])
}

/** JSON text of the example with one field set to other text, or left out. */
function replaced(example: unknown, [key, ...rest]: string[], text: string | undefined): string {
  const entries = new Map(
    Object.entries((example ?? {}) as object).map(([name, value]) => [name, JSON.stringify(value)]),
  )
  if (rest.length) entries.set(key!, replaced((example as Record<string, unknown> | undefined)?.[key!], rest, text))
  else if (text === undefined) entries.delete(key!)
  else entries.set(key!, text)
  return `{${[...entries].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join()}}`
}
