// Lists: what a caller asks for, and what a list answers.
import { type Problem, requestErrors } from './errors.ts'
import { isTimestamp } from './timestamps.ts'

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

/** Puts rows and their total into the shape that every list answers. */
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

/** Where a page begins: after the row that a cursor names, or so many rows behind the first. */
export interface PagePlace {
  limit: number
  offset: number
  after: [key: string, id: string] | undefined
}

/** A row of a sorted list with what a cursor holds to go on after it: its key as text, and its id. */
export interface Placed {
  place: [key: string, id: string]
}

/**
 * The page of a sorted list that a query asks for: its place, for the statement that reads it, and what it answers, with the
 * cursor of the page after. `keyType` is what the keys are in the order asked for; undefined where that order has no cursor.
 * Throws `request.invalid` for a cursor that the list cannot have given.
 */
export function pageAt(
  { page = 1, limit = 10, cursor }: { [K in 'page' | 'limit' | 'cursor']?: PageRequest[K] | undefined },
  keyType: 'string' | 'time' | undefined,
) {
  if (cursor && !keyType)
    throw unknownCursor('A cursor continues the order by createdAt only. Go on by page, or leave out sortBy.')
  const after = cursor && keyType ? decodeCursor(cursor, [keyType, 'string']) : undefined
  const request = { page, limit }
  const place: PagePlace = { limit, offset: after ? 0 : (page - 1) * limit, after }
  return {
    request,
    place,
    answer<R extends Placed, T>(rows: readonly R[], total: number, show: (row: R) => T): Page<T> {
      const last = keyType && rows.length === limit ? rows.at(-1) : undefined
      const data = rows.map((row) => show(row))
      return pageOf(data, total, request, last && encodeCursor(last.place))
    },
  }
}

/** A cursor is the sort key of the last row, opaque to callers. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

type KeyType = 'string' | 'number' | 'time'
type KeyOf<T extends readonly KeyType[]> = { -readonly [K in keyof T]: T[K] extends 'number' ? number : string }

function isKey(part: unknown, type: KeyType | undefined): boolean {
  if (type === 'number') return Number.isSafeInteger(part)
  if (typeof part !== 'string' || part.length > 300) return false
  return type === 'time' ? isTimestamp(part) : part.isWellFormed() && !part.includes('\0')
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
  throw unknownCursor('This is not a cursor that this list gave.')
}

/** The refusal of a cursor that says nothing about the list that was asked for. */
export function unknownCursor(message: string): Problem {
  return requestErrors('request.invalid', {
    fields: [{ in: 'query', path: 'cursor', code: 'unknown_cursor', message }],
  })
}
