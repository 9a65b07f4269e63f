// Examples for the OpenAPI document, from the examples, defaults and formats that the schemas carry.

interface Shape {
  type?: string | string[]
  properties?: Record<string, Shape>
  required?: string[]
  items?: Shape
  anyOf?: Shape[]
  enum?: unknown[]
  const?: unknown
  examples?: unknown[]
  default?: unknown
  format?: string
  minimum?: number
}

const BY_FORMAT: Record<string, unknown> = {
  email: 'mason@example.com',
  'date-time': '2026-11-21T09:30:00.000Z',
  password: 'Gr4nite-Quarry!',
}

const BY_TYPE: Record<string, unknown> = { string: 'text', boolean: true, null: null, number: 1.5 }

/** A value that the schema accepts. In a body only what must be sent stands, and what says what it looks like. */
export function exampleOf(schema: unknown, part: 'body' | 'answer'): unknown {
  const shape = schema as Shape
  if (shape.examples?.length) return shape.examples[0]
  if (shape.const !== undefined) return shape.const
  if (shape.default !== undefined) return shape.default
  if (shape.enum?.length) return shape.enum[0]
  if (shape.anyOf?.length) return exampleOf(shape.anyOf[0], part)
  if (shape.properties) {
    const shown = Object.entries(shape.properties).filter(
      ([name, inner]) => part === 'answer' || shape.required?.includes(name) || (inner.examples && !/Ids?$/.test(name)),
    )
    return Object.fromEntries(shown.map(([name, inner]) => [name, exampleOf(inner, part)]))
  }
  if (shape.items) return [exampleOf(shape.items, part)]
  if (shape.format && shape.format in BY_FORMAT) return BY_FORMAT[shape.format]
  if (Array.isArray(shape.type) && shape.type.includes('null')) return null
  const type = Array.isArray(shape.type) ? shape.type[0] : shape.type
  return type === 'integer'
    ? (shape.minimum ?? 1)
    : type === 'object'
      ? {}
      : type === 'array'
        ? []
        : BY_TYPE[type ?? 'string']
}
