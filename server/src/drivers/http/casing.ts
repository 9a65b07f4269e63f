// Key spelling: schemas name the camelCase key, bodies may use either spelling, the envelope dialect answers in snake_case.
import type { TSchema } from 'typebox'

export function toSnake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Every key of a JSON value in snake_case. A key that is there in both spellings stands once. */
export function snakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeKeys)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [toSnake(key), snakeKeys(inner)]))
}

type Rename = (value: unknown) => unknown

/**
 * A function that gives the keys of a value the schema's spelling: `new_password` becomes `newPassword` where the schema
 * has that key. A body with both spellings of one key is left as it is, so that validation refuses the unknown one.
 */
export function camelKeysFor(schema: TSchema | undefined): Rename {
  const shape = schema as { type?: unknown; properties?: Record<string, TSchema>; items?: TSchema } | undefined
  if (shape?.items) {
    const inner = camelKeysFor(shape.items)
    return (value) => (Array.isArray(value) ? value.map(inner) : value)
  }
  const properties = shape?.properties
  if (!properties) return (value) => value
  const bySnake = new Map(Object.keys(properties).map((key) => [toSnake(key), key]))
  const inner = new Map(Object.entries(properties).map(([key, property]) => [key, camelKeysFor(property)]))
  return (value) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
    const renamed: Record<string, unknown> = {}
    for (const [key, field] of Object.entries(value)) {
      const camel = bySnake.get(key)
      const name = camel !== undefined && !(camel in value) ? camel : key
      renamed[name] = inner.get(name)?.(field) ?? field
    }
    return renamed
  }
}
