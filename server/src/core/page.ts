// Lists: what a caller asks for, and what a list answers.
import { requestErrors } from './errors.ts'

export interface PageRequest {
  /** From 1. */
  page: number
  /** 1 to 100. */
  limit: number
  search?: string
  sortBy?: string
  sortOrder?: 'asc' | 'desc'
  /** Where the last page ended, from `meta.nextCursor`; wins over `page`. */
  cursor?: string
}

export interface PageMeta {
  total: number
  page: number
  limit: number
  totalPages: number
  nextCursor?: string
}

export interface Page<T> {
  data: T[]
  meta: PageMeta
}

/** Puts rows and an exact total into the shape that every list answers. */
export function pageOf<T>(data: T[], total: number, request: PageRequest, nextCursor?: string): Page<T> {
  return {
    data,
    meta: {
      total,
      page: request.page,
      limit: request.limit,
      totalPages: Math.ceil(total / request.limit),
      ...(nextCursor && { nextCursor }),
    },
  }
}

/** A cursor is the sort key of the last row, opaque to callers. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

type KeyType = 'string' | 'number' | 'time'
type KeyOf<T extends readonly KeyType[]> = { -readonly [K in keyof T]: T[K] extends 'number' ? number : string }

// As PostgreSQL writes a timestamptz, and as ISO 8601 does.
const TIME = /^\d{4}-(?:0\d|1[0-2])-[0-3]\d[ T][0-2]\d:[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\d\d(?::?\d\d)?)$/

function isKey(part: unknown, type: KeyType | undefined): boolean {
  if (type === 'number') return Number.isSafeInteger(part)
  if (typeof part !== 'string' || part.length > 300) return false
  return type === 'time' ? TIME.test(part) : part.isWellFormed() && !part.includes('\0')
}

/** The sort key inside a cursor that encodeCursor made. Throws `request.invalid` for anything else. */
export function decodeCursor<const T extends readonly KeyType[]>(cursor: string, shape: T): KeyOf<T> {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(key) && key.length === shape.length && key.every((part, at) => isKey(part, shape[at])))
      return key as KeyOf<T>
  } catch {
    // Not JSON: the same answer as any other foreign cursor.
  }
  throw requestErrors('request.invalid', {
    fields: [
      { in: 'query', path: 'cursor', code: 'unknown_cursor', message: 'This is not a cursor that this list gave.' },
    ],
  })
}
