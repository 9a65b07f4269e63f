// Lists: what a caller asks for, and what a list answers.

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
export function encodeCursor(key: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url')
}

/** The sort key inside a cursor, or undefined when it is not one of ours. */
export function decodeCursor(cursor: string): (string | number | null)[] | undefined {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return Array.isArray(key) && key.every((part) => part === null || ['string', 'number'].includes(typeof part))
      ? (key as (string | number | null)[])
      : undefined
  } catch {
    return undefined
  }
}
