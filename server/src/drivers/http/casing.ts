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
 * A function that gives the keys of a value the schema's spelling, in place: `new_password` becomes `newPassword` where the
 * schema has that key. A body with both spellings of one key is left as it is, so that validation refuses the unknown one. Only
 * the schema's own keys are looked for, however many the value has.
 */
export function camelKeysFor(schema: TSchema | undefined): Rename {
  const shape = schema as { type?: unknown; properties?: Record<string, TSchema>; items?: TSchema } | undefined
  if (shape?.items) {
    const inner = camelKeysFor(shape.items)
    if (inner === unchanged) return unchanged
    return (value) => (Array.isArray(value) ? value.map(inner) : value)
  }
  if (!shape?.properties) return unchanged
  const keys = Object.entries(shape.properties)
    .map(([camel, property]) => ({ camel, snake: toSnake(camel), rename: camelKeysFor(property) }))
    .filter(({ camel, snake, rename }) => camel !== snake || rename !== unchanged)
  if (keys.length === 0) return unchanged
  return (value) => {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
    const fields = value as Record<string, unknown>
    for (const { camel, snake, rename } of keys) {
      if (snake !== camel && Object.hasOwn(fields, snake) && !Object.hasOwn(fields, camel)) {
        fields[camel] = fields[snake]
        delete fields[snake]
      }
      if (Object.hasOwn(fields, camel)) fields[camel] = rename(fields[camel])
    }
    return fields
  }
}

const unchanged: Rename = (value) => value
