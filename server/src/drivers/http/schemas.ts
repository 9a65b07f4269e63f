// Schemas that many routes share, and the helpers that keep them exact.
import Type, { type Static, type TObject, type TSchema, type TUnsafe } from 'typebox'

/** A value or null, as JSON Schema's type array (OpenAPI 3.1), which serialises faster than anyOf. */
export function Nullable<T extends TSchema>(schema: T): TUnsafe<Static<T> | null> {
  const { type, enum: words } = schema as unknown as { type: string; enum?: unknown[] }
  return Type.Unsafe({ ...schema, type: [type, 'null'], ...(words && { enum: [...words, null] }) })
}

/** A string of 1 to `max` characters after trimming is the service's business; this bounds what comes in. */
export const Text = (max: number, options: Record<string, unknown> = {}) =>
  Type.String({ minLength: 1, maxLength: max, ...options })

/** An id, and of what: `x-id-of` tells clients of the document, and the proof of isolation, what stands there. */
export const IdOf = (noun: string, options: Record<string, unknown> = {}) =>
  Type.String({
    minLength: 1,
    maxLength: 64,
    'x-id-of': noun,
    examples: ['cmi8z2n4w0q5t1v7x3y9b6d2'],
    ...options,
  })

/** The path parameter `:id`. */
export const IdParams = (noun: string) => Type.Object({ id: IdOf(noun) })

export const Timestamp = Type.String({
  format: 'date-time',
  description: 'ISO 8601, UTC.',
  examples: ['2026-11-21T09:30:00.000Z'],
})
export const Email = Type.String({ format: 'email', maxLength: 254, examples: ['mason@example.com'] })

export const PageQuery = {
  page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, default: 1, description: 'From 1.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10, description: 'How many a page holds.' })),
  search: Type.Optional(
    Type.String({ maxLength: 200, description: 'Finds the text anywhere in the searchable fields, in any case.' }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 500, description: 'Where the last page ended (meta.nextCursor); wins over page.' }),
  ),
}

/** Query fields for sorting by one of the named keys. */
export function sorting<const K extends string>(keys: readonly K[], standard: K, order: 'asc' | 'desc' = 'desc') {
  return {
    sortBy: Type.Optional(Type.Unsafe<K>({ type: 'string', enum: [...keys], default: standard })),
    sortOrder: Type.Optional(Type.Unsafe<'asc' | 'desc'>({ type: 'string', enum: ['asc', 'desc'], default: order })),
  }
}

/** One of the named words. */
export function OneOf<const K extends string>(words: readonly K[], options: Record<string, unknown> = {}): TUnsafe<K> {
  return Type.Unsafe<K>({ type: 'string', enum: [...words], ...options })
}

/** What every list answers. */
export function pageAnswer<T extends TSchema>(item: T) {
  return Type.Object({
    data: Type.Array(item),
    meta: Type.Object({
      total: Type.Integer({
        description:
          'Exact up to 1,000. Beyond that it may be ten seconds old, and most lists count no further than 10,000.',
      }),
      page: Type.Integer(),
      limit: Type.Integer(),
      totalPages: Type.Integer(),
      nextCursor: Type.Optional(Type.String()),
    }),
  })
}

export const Message = Type.Object({ message: Type.String() }, { title: 'Message' })
export const Deleted = Type.Object({ message: Type.String(), id: Type.String() }, { title: 'Deleted' })
export const IdList = (noun: string) =>
  Type.Object(
    { ids: Type.Array(IdOf(noun), { minItems: 1, maxItems: 100, uniqueItems: true }) },
    { additionalProperties: false },
  )

/** A body: unknown keys are refused where the dialect refuses them. */
export function Body<P extends Record<string, TSchema>>(
  properties: P,
  options: Record<string, unknown> = {},
): TObject<P> {
  return Type.Object(properties, { additionalProperties: false, ...options })
}
